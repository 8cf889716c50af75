"""How the real commands are started, and where their files are; it must not know what they show.

The commands run in the interpreter of the tests, as they are installed there or found on ``PYTHONPATH``.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final

COLLABTERM: Final = (sys.executable, "-P", "-m", "collabterm")
"""-P: what is installed, not what happens to lie in the folder the tests are started from."""

_PASSED_ON: Final = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


def environment(home: Path, **extra: str) -> dict[str, str]:
    """Return an environment in which a person has ``home`` and nothing else, and no settings.

    Args:
        home: An existing folder; configuration, state and keys of collabterm end up below it.
        extra: Variables to add. Unless ``COLLABTERM_STUN`` is among them, no STUN server is asked.
    """
    extra = {"COLLABTERM_STUN": ""} | extra
    passed_on = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    return {**passed_on, **folders, "HOME": str(home), "LANG": "C.UTF-8", "COLORTERM": "truecolor", **extra}


def join_command(
    room: str, file: Path | None = None, *, server: str | None = None, name: str | None = None
) -> list[str]:
    """Return the command that joins ``room``; without ``server`` at the default address."""
    options = {"--server": server, "--name": name}
    given = [word for option, value in options.items() if value is not None for word in (option, value)]
    return [*COLLABTERM, "join", room, *([str(file)] if file else []), *given]


def serve_command(port: int | None = None, *, host: str | None = None) -> list[str]:
    """Return the command that serves signaling; without ``port`` and ``host`` at the default address."""
    options = {"--host": host, "--port": port}
    given = [word for option, value in options.items() if value is not None for word in (option, str(value))]
    return [*COLLABTERM, "serve", *given]


def eventually(holds: Callable[[], bool], what: str, timeout: float = 10.0) -> None:
    """Wait for a condition of the disk or the system, which nothing announces.

    Raises:
        AssertionError: If it does not come true within ``timeout`` seconds.
    """
    deadline = perf_counter() + timeout
    pause = threading.Event()
    while not holds():
        assert perf_counter() < deadline, f"{what}: not within {timeout:g} s"
        pause.wait(0.01)


def saved(path: Path, content: bytes, timeout: float = 10.0) -> None:
    """Wait until the file at ``path`` holds exactly ``content``.

    Raises:
        AssertionError: With what it holds instead.
    """
    deadline = perf_counter() + timeout
    pause = threading.Event()
    while (found := path.read_bytes() if path.exists() else None) != content:
        if perf_counter() > deadline:
            assert found == content, f"{path} does not hold what it should"
        pause.wait(0.01)

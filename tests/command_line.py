"""A command that is run to its end, and what it printed; must not know which command it is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.product import environment

HEAVY: Final = ("textual", "aiortc", "aioice", "pycrdt", "av", "tree_sitter")
TIMEOUT_S: Final = 30.0


def run(
    *arguments: str,
    home: Path,
    extra: dict[str, str] | None = None,
    python: Sequence[str] = (),
    command: Sequence[str] = ("-m", "collabterm"),
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *python, *command, *arguments],
        env=environment(home, **(extra or {})),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )


def imported(importtime: str) -> set[str]:
    """The top-level packages in the output of ``-X importtime``."""
    names = re.findall(r"^import time:.*\| +([\w.]+)$", importtime, re.MULTILINE)
    return {name.partition(".")[0] for name in names}


def assert_one_sentence(text: str, *words: str) -> None:
    assert len(text.splitlines()) == 1, text
    assert text.startswith("collabterm: ")
    assert "Traceback" not in text
    for word in words:
        assert word in text

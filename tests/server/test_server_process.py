"""The server in a process of its own: what it loads, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

RUN = """
import asyncio, sys
from collabterm_server.service import Service
from collabterm_server.serving import serve_forever

asyncio.run(serve_forever(Service("127.0.0.1", 0), on_ready=lambda url: print(url, flush=True)))
print(sorted(name for name in sys.modules if "." not in name or name.startswith("collabterm")))
"""


def start() -> subprocess.Popen[str]:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(
        [sys.executable, "-c", RUN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_server_well_and_it_has_loaded_nothing_of_an_editor(number: signal.Signals) -> None:
    with start() as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ws://127.0.0.1:")
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    loaded = set(output.translate(str.maketrans("", "", "[]',")).split())
    assert "collabterm_server.relay" in loaded
    assert loaded.isdisjoint({"pycrdt", "aiortc", "aioice", "av", "textual", "rich", "typer", "redis"})
    assert loaded.isdisjoint(
        {"collabterm.document", "collabterm.session", "collabterm.transport", "collabterm.tui"}
    )

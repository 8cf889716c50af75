"""Runs an editor that notes the long turns of its event loop, and reads the notes; must not change its work.

Within a turn nothing more is painted and no key is read: the longest one is how long the screen was frozen.
It is measured where it happens, in the process at the terminal, since whoever measures from outside, such as
by a peer's keys, measures the network and the peer too.
"""

from __future__ import annotations

import os
import selectors
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

_SHORTEST_S = 0.005
_SELECT = selectors.DefaultSelector.select


def watched(argv: Sequence[str], notes: Path) -> list[str]:
    """Return the command that does what ``python ... -m collabterm`` in ``argv`` does, and writes notes."""
    return [sys.executable, "-P", __file__, str(notes), *argv[argv.index("collabterm") + 1 :]]


def longest_turn(notes: Path, start_s: float, end_s: float) -> float:
    """Return the seconds of the longest turn that began between two times of ``perf_counter``, or 0.

    The clock is the same in all processes (Linux, CLOCK_MONOTONIC). Turns under 5 ms are not noted.
    """
    turns = [tuple(map(float, line.split())) for line in notes.read_text().splitlines()]
    return max((ended - began for began, ended in turns if start_s <= began <= end_s), default=0.0)


def _watch(notes: int) -> None:
    """Note, before each time the event loop waits, how long it was busy since the last."""
    began = perf_counter()

    def select(self: selectors.DefaultSelector, timeout: float | None = None) -> Any:
        nonlocal began
        ended = perf_counter()
        if ended - began >= _SHORTEST_S:
            os.write(notes, f"{began} {ended}\n".encode())
        try:
            return _SELECT(self, timeout)
        finally:
            began = perf_counter()

    selectors.DefaultSelector.select = select  # type: ignore[method-assign]  # asyncio offers no hook


if __name__ == "__main__":
    from collabterm.cli import main

    _watch(os.open(sys.argv.pop(1), os.O_WRONLY | os.O_APPEND | os.O_CREAT))
    main()

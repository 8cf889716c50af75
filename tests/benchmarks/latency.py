"""From a key to the own and to the other's screen, in small and large documents; it must not time joins."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from math import inf
from time import perf_counter

from tests.benchmarks.report import MILLISECOND, Effort, Figure, latency_figure, median, percentile, run
from tests.benchmarks.stage import Typist, every, first_line, numbered_lines, stage
from tests.e2e.people import together
from tests.terminal import Terminal

KEYS_PER_SECOND = 10
WARM_UP = 10
SMALL, LARGE = 100, 100_000

RAW_ECHO = """
import os, tty
tty.setraw(0)
os.write(1, b"ready")
while data := os.read(0, 65536):
    os.write(1, data)
"""


def measure(effort: Effort) -> Iterator[Figure]:
    """Measure all keystroke latencies."""
    yield raw_echo(effort)
    yield from two_screens(effort)
    yield large_by_small(effort)


def raw_echo(effort: Effort) -> Figure:
    """Measure what the terminal and this program themselves take."""
    environ = {"PATH": os.environ["PATH"]}
    with Terminal([sys.executable, "-S", "-c", RAW_ECHO], env=environ) as terminal:
        terminal.wait_for("ready")
        typist = Typist(terminal, terminal)
        (samples,) = paced(effort.samples(100), typist)
    p50, p99 = (percentile([echo for (echo,) in samples], percent) / MILLISECOND for percent in (50, 99))
    return Figure(
        "(raw echo without an editor, p50 / p99)", "", f"{p50:.1f} ms / {p99:.1f} ms", met=p50 <= 1.0
    )


def two_screens(effort: Effort) -> Iterator[Figure]:
    """Measure one who types at 10 keys a second while another, connected, looks on."""
    with stage() as party:
        ada = party.join("Ada", "ada.txt", content=numbered_lines(SMALL))
        bob = party.join("Bob")
        together(ada, bob)
        ada.press("ctrl+home", "down", "down")
        typist = Typist(ada, ada, bob)
        (samples,) = paced(effort.samples(320), typist)
    yield latency_figure("key to own screen, p50 / p99", [own for own, _ in samples], 4, 16)
    yield latency_figure(
        "key to the other terminal's screen, p50 / p99", [other for _, other in samples], 8, 25
    )


def large_by_small(effort: Effort) -> Figure:
    """Measure keys in a large and in a small document in turn, and divide."""
    with stage() as party:
        editors = []
        for lines in (SMALL, LARGE):
            room = f"room{lines}"
            editor = party.join("Ada", f"{room}.txt", content=numbered_lines(lines), room=room)
            editor.wait_for(first_line(lines), timeout=60)
            editor.press("ctrl+home", "down", "down")
            editors.append(editor)
        typists = [Typist(editor, editor) for editor in editors]
        seen = paced(effort.samples(200), *typists)
    small, large = (median([own for (own,) in samples]) / MILLISECOND for samples in seen)
    return Figure(
        f"key to own screen at {LARGE:,} lines divided by at {SMALL} lines, p50",
        "≤ 1.3",
        f"{large / small:.2f} ({large:.1f} ms / {small:.1f} ms)",
        large / small <= 1.3,
    )


def paced(keys: int, *typists: Typist, budget_s: float = inf) -> list[list[list[float]]]:
    """Let each typist type so many letters at ``KEYS_PER_SECOND``, in turn and evenly spaced.

    Args:
        keys: How many count; ``WARM_UP`` come before.
        typists: Who types.
        budget_s: After so many seconds it ends with fewer, and half of those count if they are very few.
            It ends as well at a key that is not shown at all.

    Returns:
        For each typist, for each letter, the seconds until each of their terminals showed it.
    """
    seen: list[list[list[float]]] = [[] for _ in typists]
    ticks = every(1 / KEYS_PER_SECOND / len(typists))
    deadline = perf_counter() + budget_s
    while len(seen[-1]) < WARM_UP + keys and perf_counter() < deadline:
        turn = next(ticks) % len(typists)
        try:
            delays = typists[turn].type_one()
        except AssertionError:
            if budget_s == inf:
                raise
            break
        if delays:
            seen[turn].append(delays)
    return [delays[min(WARM_UP, len(delays) // 2) :] for delays in seen]


if __name__ == "__main__":
    run(measure)

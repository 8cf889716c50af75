"""Keys in highlighted code of any size, wrapped or not, and pages turned; must not time peers or large edits.

All is timed from the write into the pseudo-terminal to the bytes that show it, in editors that take turns, so
that what else the machine does meets all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from tests.benchmarks.latency import paced
from tests.benchmarks.report import (
    MILLISECOND,
    Effort,
    Figure,
    latency_figure,
    median,
    run,
    typical_figure,
)
from tests.benchmarks.sources import python_source, statement_row
from tests.benchmarks.stage import Typist, every, stage
from tests.e2e.people import Party, Person

SIZES = (100, 100_000, 1_000_000)
WRAPPED_SIZE = 100_000
WRAPPED_COLUMNS = 60
"""So narrow that many of the code's lines take two rows."""

RATIO_GOAL = 1.3
PAGED_LINES = 100_000
PAGES_PER_SECOND = 30
"""How fast a keyboard repeats a key that is held."""

ROWS_OF_BARS = 3
"""People, status and hints."""

PAGE_GOAL_MS = 16
OPENING_S = 120


def measure(effort: Effort) -> Iterator[Figure]:
    """Measure keys and pages."""
    yield from keys_in_code(effort)
    yield page_down(effort)


def keys_in_code(effort: Effort) -> Iterator[Figure]:
    """Measure letters typed behind a name inside a method in the middle of a file, at 10 a second each."""
    with stage() as party:
        editors = [_at_statement(party, lines) for lines in SIZES]
        wrapped = _at_statement(party, WRAPPED_SIZE, wrap=True)
        typists = [Typist(editor, editor) for editor in (*editors, wrapped)]
        seen = [[own for (own,) in samples] for samples in paced(effort.samples(200), *typists)]
    name = "key to own screen, highlighted Python"
    for lines, samples in zip(SIZES, seen, strict=False):
        yield latency_figure(f"{name}, {lines:,} lines, p50 / p99", samples, 4, 16)
    small, *_, large = (median(samples) / MILLISECOND for samples in seen[: len(SIZES)])
    yield Figure(
        f"the same at {SIZES[-1]:,} lines divided by at {SIZES[0]} lines, p50",
        f"≤ {RATIO_GOAL:g}",
        f"{large / small:.2f} ({large:.1f} ms / {small:.1f} ms)",
        large / small <= RATIO_GOAL,
    )
    yield latency_figure(f"{name}, soft wrap, {WRAPPED_SIZE:,} lines, p50 / p99", seen[-1], 4, 16)


def page_down(effort: Effort) -> Figure:
    """Measure from each PageDown, as often as a held key repeats, to the lowest line number of its page."""
    with stage() as party:
        ada = party.join("Ada", "ada.py", content=python_source(PAGED_LINES), room="pages")
        ada.wait_for(" 1 #", OPENING_S)
        height = len(ada.screen) - ROWS_OF_BARS
        width = len(f"{PAGED_LINES:d}") + 1
        samples = []
        for page in islice(every(1 / PAGES_PER_SECOND), 1, 1 + effort.samples(300)):
            since = ada.received
            sent = ada.press("pagedown")
            lowest = f"{height + page * (height - 1):>{width}} "
            samples.append(ada.first_seen(lowest, since) - sent)
    return typical_figure(f"PageDown held, {PAGED_LINES:,} lines, a page, p50 / p99", samples, PAGE_GOAL_MS)


def _at_statement(party: Party, lines: int, *, wrap: bool = False) -> Person:
    """Open a file in a room of its own and put the cursor at the end of a statement in its middle."""
    source = python_source(lines)
    room = f"{'wrapped' if wrap else 'code'}{lines}"
    editor = party.join("Ada", f"{room}.py", content=source, room=room)
    editor.wait_for(" 1 #", OPENING_S)
    if wrap:
        editor.resize(WRAPPED_COLUMNS, 30)
        editor.press("alt+z")
        editor.wait_for("Wrapping on")
    row = statement_row(source)
    editor.press("ctrl+g")
    editor.type(f"{row + 1}\r")
    editor.press("end")
    editor.wait_for(f"{row + 1}:{len(source.splitlines()[row]) + 1}")
    return editor


if __name__ == "__main__":
    run(measure)

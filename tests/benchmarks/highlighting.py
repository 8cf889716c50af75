"""From a key that makes code into something else to the new colors; must not time the key's own echo."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.report import Effort, Figure, run, typical_figure
from tests.benchmarks.sources import python_source, statement_row
from tests.benchmarks.stage import every, stage
from tests.e2e.people import Person

LINES = 10_000
GOAL_MS = 50
PAUSE_S = 0.2
OPENING_S = 60


def measure(effort: Effort) -> Iterator[Figure]:
    """Measure how soon a statement that becomes a comment looks like one."""
    yield catching_up(effort)


def catching_up(effort: Effort) -> Figure:
    """Measure from ``#`` before a statement, or Backspace behind that, to new colors of its last letter.

    The echo of the key moves the old colors along; the figure ends with the bytes that bring the new ones.
    """
    source = python_source(LINES)
    row = statement_row(source)
    statement = source.splitlines()[row].strip()
    with stage() as party:
        ada = party.join("Ada", "ada.py", content=source, room="colors")
        ada.wait_for(" 1 #", OPENING_S)
        ada.press("ctrl+g")
        ada.type(f"{row + 1}\r")
        ada.press("home")
        y, x = ada.place_of(f"{row + 1}  ")
        x = ada.screen[y].index(statement) + len(statement) - 1
        samples = []
        for number, _ in zip(range(effort.samples(60)), every(PAUSE_S), strict=False):
            samples.append(_change(ada, y, x + number % 2, is_comment=number % 2 == 0))
    return typical_figure(
        f"new colors after a key that changes them, {LINES:,} lines, p50 / p99", samples, GOAL_MS
    )


def _change(ada: Person, y: int, x: int, *, is_comment: bool) -> float:
    """Press the key; the cell at ``x`` moves by one with it."""
    before = ada.cell(y, x).foreground
    after = x + 1 if is_comment else x - 1
    letter = ada.cell(y, x).text
    sent = ada.type("#") if is_comment else ada.press("backspace")
    return (
        ada.first_shown(
            lambda screen: screen.cell(y, after).text == letter and screen.cell(y, after).foreground != before
        )
        - sent
    )


if __name__ == "__main__":
    run(measure)

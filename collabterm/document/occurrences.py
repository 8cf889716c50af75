"""Further cursors where the selected text stands again; must not change the text.

Source: the commands that other editors call "add selection to next find match" and "select all occurrences".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from collabterm.document import motions
from collabterm.document.cursors import Cursors
from collabterm.document.lines import LineIndex, Location
from collabterm.document.selection import Selection

MAX_CURSORS: Final = 1_000
"""More cursors than that make every key slow."""


def with_next(lines: LineIndex, cursors: Cursors) -> Cursors:
    """Select the words at the cursors; once something is selected, also where it stands next.

    The search goes on from the main cursor and wraps around; what is selected already is passed over.
    """
    if cursors.are_empty:
        return _words(lines, cursors)
    wanted = lines.text_between(cursors.main.start, cursors.main.end)
    if "\n" in wanted or not wanted:
        return cursors
    taken = {one.start for one in cursors.selections}
    found = (one for one in _around(lines, wanted, cursors.main.end) if one.start not in taken)
    following = next(found, None)
    return cursors if following is None else cursors.with_added(following)


def at_every(lines: LineIndex, cursors: Cursors) -> Cursors:
    """Select what the main cursor selects, or its word, everywhere, up to ``MAX_CURSORS`` times."""
    main = cursors.main if not cursors.main.is_empty else motions.word_at(lines, cursors.head)
    wanted = lines.text_between(main.start, main.end)
    if "\n" in wanted or not wanted:
        return cursors
    found = [main]
    for row, text in enumerate(lines.rows(0, lines.row_count)):
        if wanted in text:
            found += [
                one
                for one in (_selected(row, column, wanted) for column in _columns(text, wanted))
                if one != main
            ]
        if len(found) >= MAX_CURSORS:
            break
    return Cursors.of(found[:MAX_CURSORS], 0)


def _around(lines: LineIndex, wanted: str, location: Location) -> Iterator[Selection]:
    """Yield where ``wanted`` stands, from a location on and then from the top to its row."""
    first = location.row
    for row, text in enumerate(lines.rows(first, lines.row_count), first):
        if wanted in text:
            for column in _columns(text, wanted, location.column if row == first else 0):
                yield _selected(row, column, wanted)
    for row, text in enumerate(lines.rows(0, first + 1)):
        if wanted in text:
            for column in _columns(text, wanted):
                yield _selected(row, column, wanted)


def _words(lines: LineIndex, cursors: Cursors) -> Cursors:
    """Select the words at the cursors; where there is none, nothing."""

    def word(one: Selection) -> Selection:
        found = motions.word_at(lines, one.head)
        text = lines.text_between(found.start, found.end)
        return found if any(char.isalnum() or char == "_" for char in text) else one

    return cursors.mapped(word)


def _selected(row: int, column: int, text: str) -> Selection:
    return Selection(Location(row, column), Location(row, column + len(text)))


def _columns(text: str, wanted: str, start: int = 0) -> Iterator[int]:
    """Yield where ``wanted`` begins, from ``start`` on, without overlaps."""
    column = text.find(wanted, start)
    while column >= 0:
        yield column
        column = text.find(wanted, column + len(wanted))

"""Which bracket belongs to which; must not know languages, so one in a string or a comment counts too.

Each kind of pair is counted by itself, so a stray bracket of one kind never hides the pairs of another.

A search is bounded, because it runs whenever the cursor moves: by rows, where a row of several times
``_BLOCK_CHARS`` counts as several, and by the brackets it passes. Both bounds count the same from either
end of a pair, so a partner that is found finds its way back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from collabterm.document.clusters import cluster_start
from collabterm.document.edits import Lines
from collabterm.document.lines import Location

MAX_ROWS: Final = 2_000

_MAX_BRACKETS: Final = 10_000
_BLOCK_CHARS: Final = 256

_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_ANY: Final = re.compile(r"[()\[\]{}]")
_SAME_KIND: Final = {
    bracket: re.compile(f"[{re.escape(opening + closing)}]")
    for opening, closing in _CLOSING.items()
    for bracket in (opening, closing)
}


_Block = tuple[int, str, int, int]
"""A row's number and text, and its columns from the first to before the last that are meant."""


def matching(lines: Lines, location: Location, max_rows: int = MAX_ROWS) -> Location | None:
    """Find the partner of the bracket under the cursor or, if none is there, of the one directly before it.

    Args:
        lines: The text.
        location: Where the cursor is.
        max_rows: How many rows to search, that of the bracket included.
    """
    pair = pair_at(lines, location, max_rows)
    return None if pair is None else pair[1]


def pair_at(lines: Lines, location: Location, max_rows: int = MAX_ROWS) -> tuple[Location, Location] | None:
    """Find the bracket at the cursor, as ``matching`` does, and its partner; the cursor's own comes first."""
    bracket = _bracket_at(lines, location)
    if bracket is None:
        return None
    partner = _partner(lines, bracket, max_rows)
    return None if partner is None else (bracket, partner)


def matching_bracket(lines: Lines, location: Location) -> Location:
    """Go from a bracket to its partner, from elsewhere to the end of the innermost pair around; else stay."""
    bracket = _bracket_at(lines, location)
    reached = _closing_around(lines, location) if bracket is None else _partner(lines, bracket, MAX_ROWS)
    return location if reached is None else reached


def _bracket_at(lines: Lines, location: Location) -> Location | None:
    row, column = location
    line = lines.line(row)
    for start in (column, cluster_start(line, column - 1)):
        if line[start : start + 1] in _SAME_KIND:
            return Location(row, start)
    return None


def _partner(lines: Lines, bracket: Location, max_rows: int) -> Location | None:
    row, column = bracket
    char = lines.line(row)[column]
    search = _brackets_from if char in _CLOSING else _brackets_back_from
    depth = 0
    for match, row in islice(search(lines, bracket, _SAME_KIND[char], max_rows), _MAX_BRACKETS):
        depth += 1 if match[0] == char else -1
        if depth == 0:
            return Location(row, match.start())
    return None


def _closing_around(lines: Lines, location: Location) -> Location | None:
    """Find the first closing bracket whose partner is before ``location``."""
    opened = dict.fromkeys(_CLOSING.values(), 0)
    for match, row in islice(_brackets_from(lines, location, _ANY, MAX_ROWS), _MAX_BRACKETS):
        char = match[0]
        if char in _CLOSING:
            if _CLOSING[char] in opened:
                opened[_CLOSING[char]] += 1
        elif opened.get(char):
            opened[char] -= 1
        elif char in opened:
            closing = Location(row, match.start())
            if _partner(lines, closing, MAX_ROWS):
                return closing
            del opened[char]  # as nothing opened this one, nothing opened the next of its kind
    return None


def _brackets_from(
    lines: Lines, start: Location, pattern: re.Pattern[str], max_rows: int
) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the brackets at and behind ``start`` in text order, each with its row."""
    for row, line, first, last in islice(_blocks_from(lines, start), max_rows):
        for match in pattern.finditer(line, first, last):
            yield match, row


def _brackets_back_from(
    lines: Lines, start: Location, pattern: re.Pattern[str], max_rows: int
) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the brackets at and before ``start``, the last one first, each with its row."""
    for row, line, first, last in islice(_blocks_back_from(lines, start), max_rows):
        for match in reversed(list(pattern.finditer(line, first, last))):
            yield match, row


def _blocks_from(lines: Lines, start: Location) -> Iterator[_Block]:
    for row in range(start.row, lines.row_count):
        line = lines.line(row)
        first = start.column if row == start.row else 0
        for edge in range(first - first % _BLOCK_CHARS, max(len(line), 1), _BLOCK_CHARS):
            yield row, line, max(edge, first), edge + _BLOCK_CHARS


def _blocks_back_from(lines: Lines, start: Location) -> Iterator[_Block]:
    for row in range(start.row, -1, -1):
        line = lines.line(row)
        last = start.column if row == start.row else max(len(line) - 1, 0)
        for edge in range(last - last % _BLOCK_CHARS, -1, -_BLOCK_CHARS):
            yield row, line, edge, min(edge + _BLOCK_CHARS, last + 1)

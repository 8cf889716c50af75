"""The highlights of one row: which columns are what; must not know colors or how they were found."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from collabterm.document.prefixes import common_prefix

HIGHLIGHTED_COLUMNS: Final = 2_000
"""Behind this column of a row nothing is highlighted: a row of 1 MB must not cost more than others."""


class Highlight(NamedTuple):
    """Columns of a row (code points, the last one exclusive), and what the grammar's query names them."""

    first_column: int
    last_column: int
    capture: str


RowHighlights = tuple[Highlight, ...]
"""A row's highlights in painting order: where two overlap, the later one is seen."""


def carried(highlights: RowHighlights, old: str, new: str) -> RowHighlights:
    """Move a row's highlights along with an edit: what is typed at a word's end looks like the word."""
    start = common_prefix(old, new)
    end = len(old) - common_prefix(old[start:][::-1], new[start:][::-1])
    growth = len(new) - len(old)

    def moved(column: int) -> int:
        return column if column < start else max(column, end) + growth

    moved_along = (Highlight(moved(first), moved(last), name) for first, last, name in highlights)
    return tuple(highlight for highlight in moved_along if highlight.first_column < highlight.last_column)


def columns_of_bytes(line: str) -> Sequence[int]:
    """Map each byte of a row, and its end, to the column in code points, up to the last one highlighted."""
    line = line[:HIGHLIGHTED_COLUMNS]
    if line.isascii():
        return range(len(line) + 1)
    begins = (byte & 0xC0 != 0x80 for byte in line.encode(errors="replace"))
    return list(accumulate(begins, initial=0))

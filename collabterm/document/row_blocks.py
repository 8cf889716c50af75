"""Which whole rows a command on rows is about; must not change them.

The empty row behind a final newline is none of them: to move or to delete it would take the newline away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from collabterm.document.edits import Lines
from collabterm.document.selection import Selection


class RowBlock(NamedTuple):
    """Some consecutive rows, ``last`` among them."""

    first: int
    last: int


def last_row(lines: Lines) -> int:
    """Find the last row, not counting the empty one behind a final newline."""
    last = lines.row_count - 1
    return last - 1 if last > 0 and not lines.line(last) else last


def row_block(lines: Lines, selection: Selection) -> RowBlock | None:
    """Find the rows that a selection touches; a row at whose very start it ends is not touched."""
    first, last = selection.start.row, selection.end.row
    if last > first and selection.end.column == 0:
        last -= 1
    last = min(last, last_row(lines))
    return RowBlock(first, last) if first <= last else None


def row_blocks(lines: Lines, selections: Iterable[Selection], gap: int = 1) -> list[RowBlock]:
    """Find the rows that selections in text order touch, joining blocks that are close.

    Args:
        lines: The text.
        selections: In text order.
        gap: The distance in rows up to which two blocks become one: 0 joins those that share a row, 1 also
            those next to each other.
    """
    blocks: list[RowBlock] = []
    for selection in selections:
        block = row_block(lines, selection)
        if block is None:
            continue
        if blocks and block.first <= blocks[-1].last + gap:
            blocks[-1] = RowBlock(blocks[-1].first, max(blocks[-1].last, block.last))
        else:
            blocks.append(block)
    return blocks


def touched_rows(lines: Lines, selections: Iterable[Selection]) -> Iterator[int]:
    """Yield each row that selections in text order touch, once."""
    for first, last in row_blocks(lines, selections):
        yield from range(first, last + 1)

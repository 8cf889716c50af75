"""All matches in a text, found piece by piece and kept up to date; must not change it or read a clock."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import accumulate
from typing import Final

from collabterm.document.lines import LineIndex, Location, Replacement
from collabterm.document.search import MAX_MATCHES, Pattern, TooSlow, Within, find_joined
from collabterm.document.selection import Selection

_BLOCK_ROWS: Final = 1024
_JOINED_ROWS: Final = 256
_SINGLE_ROWS: Final = 16
_COLUMN_BITS: Final = 32


class Absent(Enum):
    """Why there is no match to go to."""

    NOT_YET = "the rows in between were not scanned yet"
    NOWHERE = "the text has no match"


class Scan:
    """Finds all matches in a text, piece by piece: from ``first_row`` to the end, then from the top.

    The rows are kept in blocks, each scanned up to some row; a change of the text makes its block forget what
    comes behind it. When ``lines`` has changed, ``follow`` the change before calling anything else.
    """

    __slots__ = ("_blocks", "_joins", "_lines", "_next", "_pattern", "_starts", "_within", "count")

    def __init__(self, lines: LineIndex, pattern: Pattern, first_row: int = 0, within: Within = None) -> None:
        first_row = min(first_row, lines.row_count - 1)
        before = _blocks(first_row)
        self._lines = lines
        self._pattern = pattern
        self._within = within
        self._blocks = before + _blocks(lines.row_count - first_row)
        self._next = len(before)
        self._starts: list[int] | None = None
        self._joins = pattern.is_joinable
        self.count = 0

    @property
    def is_complete(self) -> bool:
        """Whether every row was scanned."""
        return self._find_unscanned() is None

    @property
    def is_capped(self) -> bool:
        """Whether there are more matches than are kept, so that ``advance`` does no more."""
        return self.count >= MAX_MATCHES and not self.is_complete

    def advance(self, max_rows: int, timeout_s: float, has_time: Callable[[], bool] = lambda: True) -> bool:
        """Scan the next rows; return whether nothing is left to do, as the scan is complete or capped.

        Args:
            max_rows: How many rows at most.
            timeout_s: How long the pattern may take for one row.
            has_time: Asked after each few rows; after each one if rows cannot be joined, or are slow.

        Raises:
            TooSlow: If the pattern took longer for a row; another try would take as long.
        """
        while max_rows > 0 and self.count < MAX_MATCHES:
            index = self._find_unscanned()
            if index is None:
                return True
            self._next = index
            max_rows -= self._scan_piece(index, max_rows, timeout_s, has_time)
            if not has_time():
                break
        return self.count >= MAX_MATCHES or self.is_complete

    def follow(self, replacement: Replacement) -> None:
        """Take notice of a change of the text; the changed rows are the next to be scanned."""
        first, row = self._find_block(replacement.start.row)
        last, _ = self._find_block(replacement.old_end.row)
        old = self._blocks[first : last + 1]
        self.count -= sum(len(block.starts) for block in old)
        grown = replacement.new_end.row - replacement.old_end.row
        row_count = sum(block.row_count for block in old) + grown
        if row_count <= 2 * _BLOCK_ROWS:
            old[0].forget(row)
            old[0].row_count = row_count
            self.count += len(old[0].starts)
            self._blocks[first : last + 1] = old[:1]
        else:
            self._blocks[first : last + 1] = _blocks(row_count)
        if grown or last > first:
            self._starts = None
        self._next = first
        if self._within is not None:
            self._within = [selection.shifted(replacement, grows=True) for selection in self._within]

    def index_of(self, location: Location) -> int | None:
        """Return which match begins at ``location``, counted from 1 at the top; None if unknown or none."""
        index, row = self._find_block(location.row)
        before, block = self._blocks[:index], self._blocks[index]
        key = _key(row, location.column)
        at = bisect_left(block.starts, key)
        if block.starts[at : at + 1] != array("Q", [key]) or not all(other.is_scanned for other in before):
            return None
        return sum(len(other.starts) for other in before) + at + 1

    def next_after(self, location: Location) -> Selection | Absent:
        """Return the first match that begins at or behind ``location``, else the first of the text."""
        index, row = self._find_block(location.row)
        at = bisect_left(self._blocks[index].starts, _key(row, location.column))
        for number in self._around(index, 1):
            block = self._blocks[number]
            if at < len(block.starts):
                return self._selection(number, at)
            if not block.is_scanned:
                return Absent.NOT_YET
            at = 0
        return Absent.NOWHERE

    def previous_before(self, location: Location) -> Selection | Absent:
        """Return the last match that begins before ``location``, else the last of the text."""
        index, row = self._find_block(location.row)
        at = bisect_left(self._blocks[index].starts, _key(row, location.column)) - 1
        is_known = self._blocks[index].scanned >= min(row + 1, self._blocks[index].row_count)
        for number in self._around(index, -1):
            if not is_known:
                return Absent.NOT_YET
            if at >= 0:
                return self._selection(number, at)
            preceding = self._blocks[(number - 1) % len(self._blocks)]
            at, is_known = len(preceding.starts) - 1, preceding.is_scanned
        return Absent.NOWHERE

    def _scan_piece(self, index: int, max_rows: int, timeout_s: float, has_time: Callable[[], bool]) -> int:
        """Scan some rows of a block; return how many, or 0 if they have to be scanned one by one."""
        block = self._blocks[index]
        first = self._row_starts()[index] + block.scanned
        wanted = min(max_rows, _JOINED_ROWS if self._joins else _SINGLE_ROWS, block.row_count - block.scanned)
        texts = list(self._lines.rows(first, first + wanted))
        if self._joins:
            try:
                self._scan_rows(block, texts, first, timeout_s)
            except TooSlow:
                self._joins = False
                return 0
            return wanted
        for row, text in enumerate(texts, first):
            self._scan_rows(block, [text], row, timeout_s)
            if not has_time():
                return row + 1 - first
        return wanted

    def _scan_rows(self, block: _Block, texts: Sequence[str], first: int, timeout_s: float) -> None:
        """Scan the next rows of a block at once."""
        start = first - block.scanned
        matches = find_joined(self._pattern, texts, first, self._within, timeout_s)
        block.starts.extend([_key(row - start, column) for row, column, _, _ in matches])
        block.ends.extend([match.end for match in matches])
        block.scanned += len(texts)
        self.count += len(matches)

    def _find_unscanned(self) -> int | None:
        return next(
            (index for index in self._around(self._next, 1) if not self._blocks[index].is_scanned), None
        )

    def _around(self, index: int, step: int) -> Iterator[int]:
        """Yield the numbers of all blocks, beginning and ending with ``index``."""
        count = len(self._blocks)
        return (number % count for number in range(index, index + step * (count + 1), step))

    def _selection(self, index: int, at: int) -> Selection:
        block = self._blocks[index]
        row, column = divmod(block.starts[at], 1 << _COLUMN_BITS)
        row += self._row_starts()[index]
        return Selection(Location(row, column), Location(row, block.ends[at]))

    def _find_block(self, row: int) -> tuple[int, int]:
        starts = self._row_starts()
        index = bisect_right(starts, row) - 1
        return index, row - starts[index]

    def _row_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *accumulate(block.row_count for block in self._blocks[:-1])]
        return self._starts


@dataclass(slots=True)
class _Block:
    """Consecutive rows, of which the first ``scanned`` are known.

    Matches begin at ``starts`` (row within the block and column in one number) and end at columns ``ends``.
    """

    row_count: int
    scanned: int = 0
    starts: array[int] = field(default_factory=lambda: array("Q"))
    ends: array[int] = field(default_factory=lambda: array("Q"))

    @property
    def is_scanned(self) -> bool:
        return self.scanned == self.row_count

    def forget(self, row: int) -> None:
        self.scanned = min(self.scanned, row)
        kept = bisect_left(self.starts, _key(row, 0))
        del self.starts[kept:]
        del self.ends[kept:]


def _blocks(row_count: int) -> list[_Block]:
    return [_Block(min(_BLOCK_ROWS, row_count - row)) for row in range(0, row_count, _BLOCK_ROWS)]


def _key(row: int, column: int) -> int:
    return row << _COLUMN_BITS | column

"""Rows of text as rows of the screen, wrapped or not; must not know which of them are on screen.

A row that is wrapped takes one *segment* or more, each shown on a screen row of its own. Every column is in
exactly one of them, and every one has a cell on screen, so the cursor is never moved without being seen to:

- The last cell of a screen row is kept for the blank at a break, or for the cursor behind the row's end.
- Blanks that do not fit there are not hidden in the margin; they begin the next segment.
- A row that fills its last segment to the last cell gets an empty segment more, for the cursor alone.
- Only a cluster that alone is wider than the screen, such as a tab on a tiny one, is not seen whole.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

from collabterm.document.clusters import cluster_end, cluster_start
from collabterm.document.display import TAB_SIZE, DisplayLine, display_line
from collabterm.document.edits import Lines
from collabterm.document.lines import Location

_BLANKS: Final = " \t\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000"
_HYPHENS: Final = "\u2010\u2013\u2014-"
_IDEOGRAPHS: Final = "\u3041-\u3096\u30a1-\u30fa\u3400-\u4db5\u4e00-\u9fa5\uac00-\ud7a3"
_NEVER_FIRST: Final = (
    "\u3001\u3002\u3005\u3009\u300b\u300d\u300f\u3011\u30fc\uff01\uff09\uff0c\uff0e\uff1a\uff1b\uff1f"
)
"""Closing punctuation and marks of length, that begin no line (UAX #14, CL and NS)."""

_blank: Final = re.compile(f"[{_BLANKS}]").match
_up_to_last_break: Final = re.compile(
    # Hyphens part words, but neither options such as --all nor numbers and dates (UAX #14, LB20a and LB25).
    rf"(?s)[{_BLANKS}]*+.*"
    rf"(?:[{_BLANKS}]|(?<=\w)[{_HYPHENS}]+(?=[^\W\d_])|[{_IDEOGRAPHS}{_NEVER_FIRST}](?![{_NEVER_FIRST}]))(?=.)"
).match

_CACHED_LINES: Final = 1_024
_CACHED_LINE_CHARS: Final = 4_096
_CACHED_HUGE_LINES: Final = 2


class Segment(NamedTuple):
    """A piece of a row that is shown on one screen row.

    Attributes:
        first_column: Where it begins.
        last_column: Where it ends; that column is in the next segment, if there is one.
        first_cell: Where it begins in the row's ``DisplayLine``.
        last_cell: Where it ends there.
        indent: How many empty cells stand before it on screen.
    """

    first_column: int
    last_column: int
    first_cell: int
    last_cell: int
    indent: int


class Spot(NamedTuple):
    """A screen row of the text: a row's segment, counted from 0."""

    row: int
    segment: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows are laid out on screen.

    A spot that an edit or another width has done away with counts as the last of its row, or of the text.

    Attributes:
        tab_size: The cells from one tab stop to the next.
        wrap_width: The cells of a screen row, at least 1; None to let rows run on to the right.
    """

    tab_size: int = TAB_SIZE
    wrap_width: int | None = None

    def segments(self, line: str) -> Sequence[Segment]:
        """Cut a row into what its screen rows show; at least one."""
        if self.wrap_width is None:
            return (Segment(0, len(line), 0, display_line(line, self.tab_size).width, 0),)
        wrap = _wrap_ordinary if len(line) <= _CACHED_LINE_CHARS else _wrap_huge
        return wrap(line, self.wrap_width, self.tab_size)

    def place(self, line: str, column: int) -> tuple[int, int]:
        """Find the segment in which the cluster of ``column`` is, and the cell of its screen row.

        The cell counts from the left of the text, hanging indentation included.
        """
        cell = display_line(line, self.tab_size).cell_of(column)
        if self.wrap_width is None:
            return 0, cell
        segments = self.segments(line)
        index = bisect_right(segments, max(column, 0), key=attrgetter("first_column")) - 1
        segment = segments[index]
        return index, segment.indent + cell - segment.first_cell

    def column_at(self, line: str, segment_index: int, cell: int) -> int:
        """Find the first column of the cluster that covers a cell of a segment's screen row.

        Before a segment's first cell that is its first cluster. Behind its last cell it is its last cluster;
        in the last segment, the row's end.
        """
        display = display_line(line, self.tab_size)
        if self.wrap_width is None:
            return display.column_at(max(cell, 0))
        segments = self.segments(line)
        segment = segments[min(segment_index, len(segments) - 1)]
        cell = segment.first_cell + max(cell - segment.indent, 0)
        if segment is not segments[-1]:
            cell = min(cell, segment.last_cell - 1)
        return display.column_at(cell)

    def spot_of(self, lines: Lines, location: Location) -> Spot:
        """Find the screen row that shows ``location``."""
        if self.wrap_width is None:
            return Spot(location.row, 0)
        return Spot(location.row, self.place(lines.line(location.row), location.column)[0])

    def location_at(self, lines: Lines, spot: Spot, cell: int) -> Location:
        """Find the location of the cluster that covers a cell of a screen row, as ``column_at`` does."""
        row, segment = self.clamped(lines, spot)
        return Location(row, self.column_at(lines.line(row), segment, cell))

    def clamped(self, lines: Lines, spot: Spot) -> Spot:
        """Bring ``spot`` into the text."""
        row, segment = spot
        if row < 0:
            return Spot(0, 0)
        if row >= lines.row_count:
            row = lines.row_count - 1
            return Spot(row, self._last_segment(lines, row))
        return Spot(row, min(max(segment, 0), self._last_segment(lines, row)))

    def moved(self, lines: Lines, spot: Spot, count: int) -> Spot:
        """Go ``count`` screen rows down, or up if negative, as far as the text goes."""
        row, segment = self.clamped(lines, spot)
        if self.wrap_width is None:
            return Spot(min(max(row + count, 0), lines.row_count - 1), 0)
        segment += count
        while segment < 0 and row > 0:
            row -= 1
            segment += self._last_segment(lines, row) + 1
        while (last := self._last_segment(lines, row)) < segment and row + 1 < lines.row_count:
            row += 1
            segment -= last + 1
        return Spot(row, min(max(segment, 0), last))

    def distance(self, lines: Lines, spot: Spot, other: Spot, limit: int) -> int:
        """Count the screen rows from ``spot`` down to ``other``; negative if that is above.

        Returns:
            The count, or ``limit`` if it is greater and ``-limit`` if it is less; no more rows are looked at.
        """
        first, last = sorted((self.clamped(lines, spot), self.clamped(lines, other)))
        if self.wrap_width is None:
            count = last.row - first.row
        else:
            count = -first.segment
            row = first.row
            while row < last.row and count < limit:
                count += self._last_segment(lines, row) + 1
                row += 1
            count += last.segment
        count = min(count, limit)
        return count if spot <= other else -count

    def up(self, lines: Lines, location: Location, goal_cell: int, rows: int = 1) -> Location:
        """Go up to the cluster that covers ``goal_cell`` of a screen row; from the first to the start."""
        spot = self.spot_of(lines, location)
        if spot == (0, 0):
            return Location(0, 0)
        return self.location_at(lines, self.moved(lines, spot, -rows), goal_cell)

    def down(self, lines: Lines, location: Location, goal_cell: int, rows: int = 1) -> Location:
        """Go down to the cluster that covers ``goal_cell`` of a screen row; from the last to the end."""
        spot = self.spot_of(lines, location)
        below = self.moved(lines, spot, rows)
        if below == spot:
            return Location(spot.row, len(lines.line(spot.row)))
        return self.location_at(lines, below, goal_cell)

    def _last_segment(self, lines: Lines, row: int) -> int:
        return 0 if self.wrap_width is None else len(self.segments(lines.line(row))) - 1


def _wrap(line: str, width: int, tab_size: int) -> Sequence[Segment]:
    """Cut a row into segments of ``width`` cells at most."""
    display = display_line(line, tab_size)
    width = max(width, 1)
    if display.width < width:
        return (Segment(0, len(line), 0, display.width, 0),)
    hanging = min(display.cell_of(len(line) - len(line.lstrip(" \t"))), width // 2)
    segments = []
    column = cell = indent = 0
    while display.width - cell >= width - indent:
        last_column = _break(line, display, column, cell + width - indent)
        last_cell = display.cell_of(last_column)
        segments.append(Segment(column, last_column, cell, last_cell, indent))
        column, cell, indent = last_column, last_cell, hanging
    segments.append(Segment(column, len(line), cell, display.width, indent))
    return tuple(segments)


def _break(line: str, display: DisplayLine, start: int, last_cell: int) -> int:
    """Find where the segment that starts at ``start`` ends, of which at most ``last_cell`` can be seen."""
    fit = display.column_at(last_cell - 1)  # all before it leaves the last cell free
    if _blank(line, fit) and cluster_end(line, fit) == fit + 1:
        return fit + 1 if display.cell_of(fit + 1) <= last_cell or fit == start else fit
    end = fit
    while up_to_break := _up_to_last_break(line, start, end + 1):
        end = up_to_break.end()
        if cluster_start(line, end) == end:
            return end
        end -= 1
    return fit if fit > start else cluster_end(line, start)


_wrap_ordinary = lru_cache(maxsize=_CACHED_LINES)(_wrap)
_wrap_huge = lru_cache(maxsize=_CACHED_HUGE_LINES)(_wrap)

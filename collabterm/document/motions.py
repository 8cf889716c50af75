"""Where the cursor goes; must not change text or know what is selected.

Every motion takes a location and returns one on a cluster boundary, so the cursor never stands inside
what the reader sees as one character.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Protocol

from collabterm.document.clusters import boundary_after, cluster_end, cluster_start, starts_before
from collabterm.document.display import display_line
from collabterm.document.lines import Location


class Lines(Protocol):
    """The rows of a text, as much as motions and commands need of them."""

    @property
    def row_count(self) -> int:
        """The number of rows, at least 1."""

    def line(self, row: int) -> str:
        """Read one row without its newline."""


class _Kind(Enum):
    SPACE = auto()
    WORD = auto()
    PUNCTUATION = auto()


def clamp(lines: Lines, location: Location) -> Location:
    """Bring ``location`` into the text and onto the start of its cluster."""
    row, column = location
    if row < 0:
        return document_start(lines)
    if row >= lines.row_count:
        return document_end(lines)
    return Location(row, cluster_start(lines.line(row), column))


def out_of_cluster(lines: Lines, location: Location) -> Location:
    """Bring a location that an edit left inside a cluster, such as by adding a mark, behind the cluster."""
    row, column = location
    line = lines.line(row)
    return location if cluster_start(line, column) == column else Location(row, cluster_end(line, column))


def left(lines: Lines, location: Location) -> Location:
    """Go one cluster back; from a row's start to the end of the row above."""
    row, column = location
    if column > 0:
        return Location(row, cluster_start(lines.line(row), column - 1))
    return _end_of(lines, row - 1) if row > 0 else location


def right(lines: Lines, location: Location) -> Location:
    """Go one cluster on; from a row's end to the start of the row below."""
    row, column = location
    line = lines.line(row)
    if column < len(line):
        return Location(row, cluster_end(line, column))
    return Location(row + 1, 0) if row + 1 < lines.row_count else location


def word_left(lines: Lines, location: Location) -> Location:
    """Go back over white space, then to the start of a word or a run of punctuation; row ends are stops."""
    row, column = location
    if column == 0:
        return left(lines, location)
    line = lines.line(row)
    column = _run_start(line, column, _Kind.SPACE)
    if column > 0:
        column = _run_start(line, column, _kind(line, cluster_start(line, column - 1)))
    return Location(row, column)


def word_right(lines: Lines, location: Location) -> Location:
    """Go on over white space, then to the end of a word or a run of punctuation; row ends are stops."""
    row, column = location
    line = lines.line(row)
    if column >= len(line):
        return right(lines, location)
    column = _run_end(line, cluster_start(line, column), _Kind.SPACE)
    if column < len(line):
        column = _run_end(line, column, _kind(line, column))
    return Location(row, column)


def line_start(lines: Lines, location: Location) -> Location:
    """Go to the row's first column."""
    return Location(location.row, 0)


def line_end(lines: Lines, location: Location) -> Location:
    """Go behind the row's last character."""
    return _end_of(lines, location.row)


def document_start(lines: Lines, location: Location | None = None) -> Location:
    """Go to the start of the text."""
    return Location(0, 0)


def document_end(lines: Lines, location: Location | None = None) -> Location:
    """Go to the end of the text."""
    return _end_of(lines, lines.row_count - 1)


def up(lines: Lines, location: Location, goal_cell: int, rows: int = 1) -> Location:
    """Go ``rows`` up to the cluster that covers ``goal_cell``; from the first row to the text's start."""
    if location.row == 0:
        return document_start(lines)
    return _at_cell(lines, max(location.row - rows, 0), goal_cell)


def down(lines: Lines, location: Location, goal_cell: int, rows: int = 1) -> Location:
    """Go ``rows`` down to the cluster that covers ``goal_cell``; from the last row to the text's end."""
    last = lines.row_count - 1
    if location.row >= last:
        return document_end(lines)
    return _at_cell(lines, min(location.row + rows, last), goal_cell)


def _at_cell(lines: Lines, row: int, cell: int) -> Location:
    return Location(row, display_line(lines.line(row)).column_at(cell))


def _end_of(lines: Lines, row: int) -> Location:
    return Location(row, len(lines.line(row)))


def _run_start(line: str, column: int, kind: _Kind) -> int:
    for start in starts_before(line, column):
        if _kind(line, start) is not kind:
            break
        column = start
    return column


def _run_end(line: str, column: int, kind: _Kind) -> int:
    while column < len(line) and _kind(line, column) is kind:
        column = boundary_after(line, column)
    return column


def _kind(line: str, column: int) -> _Kind:
    """Tell what the cluster that starts at ``column`` is to a word motion, by its base character."""
    char = line[column]
    if char.isspace():
        return _Kind.SPACE
    return _Kind.WORD if char.isalnum() or char == "_" else _Kind.PUNCTUATION

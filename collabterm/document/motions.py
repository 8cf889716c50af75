"""Where the cursor goes; must not change text or know what is selected.

Every motion takes a location and returns one on a cluster boundary, so the cursor never stands inside
what the reader sees as one character.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto
from functools import cache
from typing import Final

from collabterm.document.clusters import boundary_after, cluster_end, cluster_start, starts_before
from collabterm.document.edits import Lines
from collabterm.document.lines import Location
from collabterm.document.selection import Selection

__all__ = [
    "Lines",
    "Motion",
    "clamp",
    "document_end",
    "document_start",
    "left",
    "line_end",
    "out_of_cluster",
    "paragraph_down",
    "paragraph_up",
    "right",
    "row_at",
    "smart_home",
    "word_at",
    "word_left",
    "word_right",
]

Motion = Callable[[Lines, Location], Location]
"""What a key that only moves the cursor does."""

_FIRST_BLOCK_CHARS: Final = 64
_white_space: Final = re.compile(r"\s*").match


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


def smart_home(lines: Lines, location: Location) -> Location:
    """Go to the first character that is not white space; from there, or if there is none, to column 0."""
    row, column = location
    line = lines.line(row)
    indent = _white_space(line)
    assert indent is not None, "a pattern that matches nothing at all matches everywhere"
    text_start = cluster_start(line, indent.end())
    return Location(row, 0 if text_start in (column, len(line)) else text_start)


def line_end(lines: Lines, location: Location) -> Location:
    """Go behind the row's last character."""
    return _end_of(lines, location.row)


def paragraph_up(lines: Lines, location: Location) -> Location:
    """Go to the nearest blank row above, but for those that the cursor is among; else to the text's start."""
    row = location.row
    while row > 0 and _is_blank(lines, row):
        row -= 1
    while row > 0 and not _is_blank(lines, row):
        row -= 1
    return Location(row, 0)


def paragraph_down(lines: Lines, location: Location) -> Location:
    """Go to the nearest blank row below, but for those that the cursor is among; else to the text's end."""
    row, row_count = location.row, lines.row_count
    while row < row_count and _is_blank(lines, row):
        row += 1
    while row < row_count and not _is_blank(lines, row):
        row += 1
    return Location(row, 0) if row < row_count else document_end(lines)


def document_start(lines: Lines, location: Location | None = None) -> Location:
    """Go to the start of the text."""
    return Location(0, 0)


def document_end(lines: Lines, location: Location | None = None) -> Location:
    """Go to the end of the text."""
    return _end_of(lines, lines.row_count - 1)


def word_at(lines: Lines, location: Location) -> Selection:
    """Select as a double click does: the word here or ending here, else the white space or punctuation.

    Returns:
        A run of at least one cluster; empty only if the row is.
    """
    row, column = location
    line = lines.line(row)
    if not line:
        return Selection.at(Location(row, 0))
    column = cluster_start(line, column)
    before = cluster_start(line, column - 1)
    if column == len(line) or _kind(line, before) is _Kind.WORD:
        column = before
    kind = _kind(line, column)
    return Selection(
        Location(row, _run_start(line, column, kind)), Location(row, _run_end(line, column, kind))
    )


def row_at(lines: Lines, location: Location) -> Selection:
    """Select what a triple click does: the row with its newline; the last row has none."""
    row = location.row
    end = Location(row + 1, 0) if row + 1 < lines.row_count else _end_of(lines, row)
    return Selection(Location(row, 0), end)


def _end_of(lines: Lines, row: int) -> Location:
    return Location(row, len(lines.line(row)))


def _is_blank(lines: Lines, row: int) -> bool:
    line = lines.line(row)
    return not line or line.isspace()


def _run_start(line: str, column: int, kind: _Kind) -> int:
    """Find where the clusters of one kind that end at the boundary ``column`` begin."""
    while True:
        column = _ascii_run_start(line, column, kind)
        for start in starts_before(line, column):
            if _kind(line, start) is not kind:
                return column
            column = start
            if line[start].isascii():
                break
        else:
            return column


def _run_end(line: str, column: int, kind: _Kind) -> int:
    """Find where the clusters of one kind that begin at the boundary ``column`` end."""
    while column < len(line) and _kind(line, column) is kind:
        if line[column].isascii():
            # The last one of the run may carry marks; each of those before it is a cluster by itself.
            column += _ascii_run_length(line, column, kind) - 1
        column = boundary_after(line, column)
    return column


def _ascii_run_start(line: str, column: int, kind: _Kind) -> int:
    """Walk back from a boundary over ASCII characters of one kind, a growing block at a time.

    No cluster continues with an ASCII character, so each of them is one. Cluster by cluster, a word of 4 MB,
    as data in base64 is, took 2.8 s; so it takes 10 ms.
    """
    size = _FIRST_BLOCK_CHARS
    while column > 0:
        block = line[max(column - size, 0) : column][::-1]
        length = _ascii_run_length(block, 0, kind)
        column -= length
        if length < len(block):
            break
        size *= 2
    return column


def _ascii_run_length(line: str, column: int, kind: _Kind) -> int:
    match = _ascii_run(kind).match(line, column)
    assert match is not None, "a pattern that matches nothing at all matches everywhere"
    return match.end() - column


@cache
def _ascii_run(kind: _Kind) -> re.Pattern[str]:
    members = "".join(char for char in map(chr, range(0x80)) if _kind(char, 0) is kind)
    return re.compile(f"[{re.escape(members)}]*")


def _kind(line: str, column: int) -> _Kind:
    """Tell what the cluster that starts at ``column`` is to a word motion, by its base character."""
    char = line[column]
    if char.isspace():
        return _Kind.SPACE
    return _Kind.WORD if char.isalnum() or char == "_" else _Kind.PUNCTUATION

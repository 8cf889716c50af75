"""All matches of a pattern replaced, in parts that are one undo step; must not know the screen or the time.

It goes from the last row to the first, so that what is above a part stays where it is; what others write in
the meantime moves the parts to come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final, NamedTuple

from collabterm.document.edits import JOINED_EDITS, JOINED_ROWS, MAX_EDITS, Edit, coalesced
from collabterm.document.lines import LineIndex, Location
from collabterm.document.replacing import Replacing, replace_in_rows, replace_in_runs
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document, Step

PART_ROWS: Final = 2_000
"""A part has no more rows than this, however much time there is."""


def replace_all(
    document: Document,
    replacing: Replacing,
    match_count: int,
    clock: Callable[[], float],
    has_time: Callable[[], bool] = lambda: True,
) -> Iterator[int]:
    """Replace all matches.

    Args:
        document: Where.
        replacing: What and by what.
        match_count: About how many there are: beyond ``MAX_EDITS``, neighbours are joined into one edit.
        clock: Any steady clock, in seconds.
        has_time: Asked after each few rows, and after each one of a slow pattern, whether the part goes on.

    Yields:
        How many were replaced so far, after each part.

    Raises:
        TooSlow: If the pattern took longer for a row; what was replaced so far can be undone.
    """
    lines, within = document.lines, replacing.within
    done = 0
    step = Step.WHOLE
    end = Selection.at(Location(lines.row_count, 0))
    with document.marked([end, *(within or ())], grow=True) as marks:
        while (bottom := marks[0].head.row) > 0:
            here = replace(replacing, within=None if within is None else marks[1:])
            part = _part(lines, here, bottom, match_count, has_time)
            marks[0] = Selection.at(Location(part.top, 0))
            document.edit(part.edits, clock(), step)
            if part.edits:
                step = Step.CONTINUED
            done += part.replaced
            yield done


class _Part(NamedTuple):
    """Some rows above those that are done.

    Attributes:
        top: The first row.
        edits: What is to be done, in coordinates of the text before any of it.
        replaced: How many matches that replaces.
    """

    top: int
    edits: Sequence[Edit]
    replaced: int


def _part(
    lines: LineIndex, replacing: Replacing, bottom: int, match_count: int, has_time: Callable[[], bool]
) -> _Part:
    """Replace upwards from ``bottom`` as long as there is time."""
    is_many = match_count > MAX_EDITS
    is_plain = replacing.template.constant is not None and not replacing.pattern.query.is_regex
    is_dense = is_many and match_count * JOINED_ROWS > lines.row_count
    in_runs = is_dense and is_plain and replacing.within is None
    first_row = max(bottom - PART_ROWS, 0)
    pieces = (_runs if in_runs else _matches)(lines, replacing, first_row, bottom)
    found: list[_Part] = []
    for piece in pieces:
        found.append(piece)
        if not has_time():
            break
    edits: Sequence[Edit] = list(chain.from_iterable(piece.edits for piece in reversed(found)))
    count = sum(piece.replaced for piece in found)
    if is_many and not in_runs:
        edits = coalesced(lines, edits, max(count * JOINED_EDITS // match_count, 1))
    return _Part(found[-1].top, edits, count)


def _matches(lines: LineIndex, replacing: Replacing, first_row: int, bottom: int) -> Iterator[_Part]:
    """Replace each match by itself, the last rows first."""
    for top, edits in replace_in_rows(lines, replacing, first_row, bottom):
        yield _Part(top, edits, len(edits))


def _runs(lines: LineIndex, replacing: Replacing, first_row: int, bottom: int) -> Iterator[_Part]:
    """Replace whole runs of rows, the last ones first."""
    rows = min(-(-lines.row_count // JOINED_EDITS), JOINED_ROWS)
    piece_rows = max(JOINED_ROWS // rows, 1) * rows
    text = replacing.template.constant or ""
    for last in range(bottom, first_row, -piece_rows):
        top = max(last - piece_rows, first_row)
        yield _Part(top, *replace_in_runs(lines, replacing.pattern, text, top, last, rows))

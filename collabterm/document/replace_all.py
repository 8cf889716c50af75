"""All matches of a pattern replaced, in parts that are one undo step; must not know the screen or the time.

It goes from the last row to the first, so that what is above a part stays where it is; what others write in
the meantime moves the parts to come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from collabterm.document.edits import JOINED_ROWS, MAX_EDITS, Edit, coalesced
from collabterm.document.lines import LineIndex, Location
from collabterm.document.replacing import Template, replace_in_rows, replace_in_runs
from collabterm.document.search import Pattern, Within
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document, Step

PART_ROWS: Final = 2_000


def replace_all(
    document: Document,
    pattern: Pattern,
    template: Template,
    match_count: int,
    within: Within,
    clock: Callable[[], float],
    timeout_s: float,
) -> Iterator[int]:
    """Replace all matches.

    Args:
        document: Where.
        pattern: What.
        template: By what.
        match_count: About how many there are: beyond ``MAX_EDITS``, neighbours are joined into one edit.
        within: If given, only inside these selections, in text order.
        clock: Any steady clock, in seconds.
        timeout_s: How long the pattern may take for one row.

    Yields:
        How many were replaced so far, after each part.

    Raises:
        TooSlow: If the pattern took longer for a row; what was replaced so far can be undone.
    """
    lines = document.lines
    done = 0
    step = Step.WHOLE
    end = Selection.at(Location(lines.row_count, 0))
    with document.marked([end, *(within or ())], grow=True) as marks:
        while (bottom := marks[0].head.row) > 0:
            top = max(bottom - PART_ROWS, 0)
            marks[0] = Selection.at(Location(top, 0))
            inside = None if within is None else marks[1:]
            edits, count = _edits(lines, pattern, template, (top, bottom), match_count, inside, timeout_s)
            document.edit(edits, clock(), step)
            if edits:
                step = Step.CONTINUED
            done += count
            yield done


def _edits(
    lines: LineIndex,
    pattern: Pattern,
    template: Template,
    rows: tuple[int, int],
    match_count: int,
    within: Within,
    timeout_s: float,
) -> tuple[Sequence[Edit], int]:
    """Return the edits for the rows of one part, and how many matches they replace."""
    is_plain = template.constant is not None and not pattern.query.is_regex
    is_dense = match_count > MAX_EDITS and match_count * JOINED_ROWS > lines.row_count
    if is_dense and is_plain and within is None:
        run_rows = min(-(-lines.row_count // MAX_EDITS), JOINED_ROWS)
        return replace_in_runs(lines, pattern, template.constant or "", *rows, run_rows)
    edits = replace_in_rows(lines, pattern, template, *rows, within, timeout_s)
    limit = max(len(edits) * MAX_EDITS // max(match_count, 1), 1)
    return coalesced(lines, edits, limit), len(edits)

"""Changes that leave every row a row, as edits; must not know which command makes them.

A million changed rows are joined into edits here, before there are a million edits to make and to follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from collabterm.document.cursors import Cursors
from collabterm.document.edited_lines import EditedLines
from collabterm.document.edits import JOINED_EDITS, MAX_EDITS, Edit, Lines, Rewrite
from collabterm.document.lines import Location
from collabterm.document.selection import Selection


class Span(NamedTuple):
    """The columns of a row from ``start`` to before ``end`` are to become ``text``, which has no newline."""

    start: int
    end: int
    text: str


def change_rows(
    lines: Lines,
    cursors: Cursors,
    changes: Mapping[int, Sequence[Span]],
    follow: Callable[[EditedLines, Selection], Selection],
    max_edits: int = MAX_EDITS,
) -> Rewrite | None:
    """Put changes of rows and the cursors to come with them together.

    Args:
        lines: The text before.
        cursors: In the text before.
        changes: By row, ascending; for each at least one span, ascending and disjoint.
        follow: Finds where a selection is in the edited lines.
        max_edits: More changed rows than this are joined with those between them.

    Returns:
        Nothing if nothing changes.
    """
    if not changes:
        return None
    ends = (end.row for each in cursors.selections for end in (each.anchor, each.head))
    near = [edit for row in sorted(set(ends)) for edit in _edits(row, changes.get(row, ()))]
    edited = EditedLines(lines, near)
    placed = edited.placed([follow(edited, each) for each in cursors.selections], cursors.main_index)
    if len(changes) > max_edits:
        return Rewrite(tuple(_joined(lines, changes, min(max_edits, JOINED_EDITS))), placed)
    return Rewrite(tuple(edit for row, spans in changes.items() for edit in _edits(row, spans)), placed)


def _edits(row: int, spans: Sequence[Span]) -> Iterator[Edit]:
    for start, end, text in spans:
        yield Edit(Location(row, start), Location(row, end), text)


def _joined(lines: Lines, changes: Mapping[int, Sequence[Span]], limit: int) -> Iterator[Edit]:
    """Join changed rows to ``limit`` edits, from the first one's first span to the last one's last."""
    rows = list(changes)
    size = -(-len(rows) // limit)
    for index in range(0, len(rows), size):
        first, last = rows[index], rows[min(index + size, len(rows)) - 1]
        texts = [_changed(lines.line(row), changes.get(row, ())) for row in range(first, last + 1)]
        start, end = changes[first][0].start, changes[last][-1].end
        text = "\n".join(texts)
        kept = len(lines.line(last)) - end
        yield Edit(Location(first, start), Location(last, end), text[start : len(text) - kept])


def _changed(line: str, spans: Sequence[Span]) -> str:
    parts: list[str] = []
    column = 0
    for start, end, text in spans:
        parts += [line[column:start], text]
        column = end
    return "".join([*parts, line[column:]])

"""What a command does to the text, as edits to be made and cursors to be put; must not make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from collabterm.document.cursors import Cursors
from collabterm.document.lines import Edit, replacements
from collabterm.document.selection import Selection

__all__ = ["MAX_EDITS", "Edit", "Lines", "Rewrite", "coalesced", "replace_each", "replacements"]

MAX_EDITS: Final = 5_000
"""More edits in one step are joined with their neighbours. The CRDT walks past each of them for every later
key: after 4,000, made and undone four times, a key cost 13 ms, after 100,000 45 ms (measured)."""

JOINED_EDITS: Final = 1_000
"""What they are joined to: as few as possible, because a join costs precision. The text between the joined
edits is written anew, and undoing it takes back what others changed there in the meantime."""

JOINED_ROWS: Final = 200
"""Edits further apart are not joined: the text between them would be written anew."""


class Lines(Protocol):
    """The rows of a text, as much as motions and commands need of them."""

    @property
    def row_count(self) -> int:
        """The number of rows, at least 1."""

    def line(self, row: int) -> str:
        """Read one row without its newline."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Edits that belong together, and the cursors that come with them.

    Attributes:
        edits: Ascending and disjoint (they may touch), in coordinates of the text before any of them.
        cursors: In coordinates of the text after all of them.
    """

    edits: tuple[Edit, ...]
    cursors: Cursors


def replace_each(cursors: Cursors, edits: Sequence[Edit]) -> Rewrite:
    """Make one edit for each cursor, in the same order, and put every cursor behind its edit's text."""
    selections = [Selection.at(replacement.new_end) for replacement in replacements(edits)]
    return Rewrite(
        tuple(edit for edit in edits if edit.text or edit.start != edit.end),
        Cursors.of(selections, cursors.main_index),
    )


def coalesced(lines: Lines, edits: Sequence[Edit], limit: int | None = None) -> Sequence[Edit]:
    """Join neighbouring edits, with the text between them, if there are too many.

    Args:
        lines: The text before them.
        edits: Ascending and disjoint.
        limit: How many dense ones are left at most; ``JOINED_EDITS`` of more than ``MAX_EDITS`` if None.
    """
    if len(edits) <= (MAX_EDITS if limit is None else limit):
        return edits
    limit = JOINED_EDITS if limit is None else limit
    size = -(-len(edits) // limit)
    runs: list[list[Edit]] = []
    for edit in edits:
        is_near = runs and edit.end.row - runs[-1][0].start.row <= JOINED_ROWS
        if is_near and len(runs[-1]) < size:
            runs[-1].append(edit)
        else:
            runs.append([edit])
    return [_joined(lines, run) if len(run) > 1 else run[0] for run in runs]


def _joined(lines: Lines, edits: Sequence[Edit]) -> Edit:
    parts: list[str] = []
    row, column = edits[0].start
    text = lines.line(row)
    for edit in edits:
        while row < edit.start.row:
            parts += [text[column:], "\n"]
            row, column = row + 1, 0
            text = lines.line(row)
        parts += [text[column : edit.start.column], edit.text]
        if edit.end.row > row:
            text = lines.line(edit.end.row)
        row, column = edit.end
    return Edit(edits[0].start, edits[-1].end, "".join(parts))

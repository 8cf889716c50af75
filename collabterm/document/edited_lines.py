"""The rows of a text as edits will leave them, and where its places go; must not make the edits."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Literal

from collabterm.document import motions
from collabterm.document.cursors import Cursors
from collabterm.document.edits import Edit, Lines, Rewrite, coalesced, replacements
from collabterm.document.lines import Location
from collabterm.document.selection import Selection


class EditedLines:
    """What a text will be; any row or place is found without making the whole of it.

    Attributes:
        replacements: What each edit does, in coordinates of the text after those before it.
    """

    __slots__ = ("_edits", "_end_rows", "_lines", "_starts", "replacements")

    def __init__(self, lines: Lines, edits: Sequence[Edit]) -> None:
        self._lines = lines
        self._edits = edits
        self._starts = [edit.start for edit in edits]
        self.replacements = list(replacements(edits))
        self._end_rows = [replacement.new_end.row for replacement in self.replacements]

    @property
    def row_count(self) -> int:
        """The number of rows, at least 1."""
        return self._lines.row_count + self._rows_added_before(len(self._edits))

    def line(self, row: int) -> str:
        """Read one row without its newline."""
        index = bisect_left(self._end_rows, row)
        old_row, column = row - self._rows_added_before(index), 0
        parts: list[str] = []
        while index < len(self._edits) and self.replacements[index].start.row <= row:
            edit, (start, _, new_end) = self._edits[index], self.replacements[index]
            if start.row == row:
                parts.append(self._lines.line(edit.start.row)[column : edit.start.column])
            parts.append(edit.text.split("\n")[row - start.row])
            if new_end.row > row:
                return "".join(parts)
            old_row, column = edit.end
            index += 1
        return "".join([*parts, self._lines.line(old_row)[column:]])

    def shift(self, location: Location, *, sticks: Literal["before", "after"]) -> Location:
        """Find where a place in the old text will be; ``sticks`` as in ``selection.shift``."""
        index = bisect_right(self._starts, location) - 1
        if index < 0:
            return location
        edit, (start, _, new_end) = self._edits[index], self.replacements[index]
        if location < edit.end or location == edit.start:
            return start if sticks == "before" else new_end
        if location.row > edit.end.row:
            return Location(location.row + new_end.row - edit.end.row, location.column)
        return Location(new_end.row, location.column + new_end.column - edit.end.column)

    def around(self, selection: Selection) -> Selection:
        """Keep a selection around its text and what is put at its edges, and a cursor before its text."""
        if selection.is_empty:
            return Selection.at(self.shift(selection.head, sticks="after"))
        start = self.shift(selection.start, sticks="before")
        return facing(selection, start, self.shift(selection.end, sticks="after"))

    def staying(self, selection: Selection) -> Selection:
        """Keep both ends of a selection at the text before them."""
        anchor, head = selection.anchor, selection.head
        return Selection(self.shift(anchor, sticks="before"), self.shift(head, sticks="before"))

    def placed(self, selections: Sequence[Selection], main_index: int) -> Cursors:
        """Make cursors of selections in the edited text.

        An end inside a cluster, such as one that a deletion made of two, goes behind it.
        """
        ends = ((selection.anchor, selection.head) for selection in selections)
        whole = [
            Selection(motions.out_of_cluster(self, anchor), motions.out_of_cluster(self, head))
            for anchor, head in ends
        ]
        return Cursors.of(whole, main_index)

    def rewrite(self, selections: Sequence[Selection], main_index: int) -> Rewrite | None:
        """Put the edits and the cursors to come with them together; see ``placed``.

        Returns:
            Nothing if there is nothing to edit.
        """
        edits = [edit for edit in self._edits if edit.text or edit.start != edit.end]
        if not edits:
            return None
        return Rewrite(tuple(coalesced(self._lines, edits)), self.placed(selections, main_index))

    def _rows_added_before(self, index: int) -> int:
        return self._end_rows[index - 1] - self._edits[index - 1].end.row if index else 0


def facing(selection: Selection, start: Location, end: Location) -> Selection:
    """Select from ``start`` to ``end`` in the direction of ``selection``."""
    return Selection(end, start) if selection.head < selection.anchor else Selection(start, end)

"""What is selected, and how a selection survives changes made elsewhere; must not know lines or cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from collabterm.document.lines import Location, Replacement


@dataclass(frozen=True, slots=True)
class Selection:
    """The text between where selecting began (``anchor``) and the cursor (``head``)."""

    anchor: Location
    head: Location

    @classmethod
    def at(cls, location: Location) -> Self:
        """Make the empty selection of a cursor at ``location``."""
        return cls(location, location)

    @property
    def start(self) -> Location:
        """The end that comes first in the text."""
        return min(self.anchor, self.head)

    @property
    def end(self) -> Location:
        """The end that comes last in the text."""
        return max(self.anchor, self.head)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is selected."""
        return self.anchor == self.head

    def shifted(self, replacement: Replacement, *, grows: bool = False) -> Selection:
        """Follow a change made by somebody else.

        Text inserted exactly at an empty selection comes after the cursor; text inserted at either edge of a
        non-empty one stays outside, unless it ``grows``. A selection whose text is all replaced becomes
        empty, or holds the new text if it ``grows``.
        """
        if self.is_empty:
            return Selection.at(shift(self.head, replacement, sticks="before"))
        start = shift(self.start, replacement, sticks="before" if grows else "after")
        end = shift(self.end, replacement, sticks="after" if grows else "before")
        start = min(start, end)
        return Selection(start, end) if self.anchor < self.head else Selection(end, start)


def shift(location: Location, replacement: Replacement, *, sticks: Literal["before", "after"]) -> Location:
    """Find where ``location`` is once ``replacement`` has happened.

    Args:
        location: A place in the text before the change.
        replacement: The change.
        sticks: Where a location inside the replaced text, or exactly at an insertion, goes: ``before`` the
            new text or ``after`` it.

    Returns:
        The same place in the text after the change.
    """
    start, old_end, new_end = replacement
    if location < start:
        return location
    if location < old_end or location == start:
        return start if sticks == "before" else new_end
    if location.row > old_end.row:
        return Location(location.row + new_end.row - old_end.row, location.column)
    return Location(new_end.row, location.column + new_end.column - old_end.column)

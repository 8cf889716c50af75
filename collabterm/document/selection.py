"""What is selected, and how a selection survives changes made elsewhere; must not know lines or cells."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
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


class Shifts:
    """Several replacements made ready to move many selections; costs less than one after the other.

    Args:
        replacements: Each in coordinates of the text after those before it. Those of one transaction ascend;
            wherever they do not, such as between two transactions, another run of them begins, and only the
            runs are gone through one after the other.
    """

    __slots__ = ("_runs",)

    def __init__(self, replacements: Sequence[Replacement]) -> None:
        self._runs: Sequence[Replacement | _Run] = replacements
        if len(replacements) > 1:
            self._runs = [run[0] if len(run) == 1 else _Run(run) for run in _ascending(replacements)]

    def location(self, location: Location, *, sticks: Literal["before", "after"]) -> Location:
        """Find where ``location`` is after all of them; ``sticks`` as in ``shift``."""
        for run in self._runs:
            if isinstance(run, _Run):
                location = run.location(location, sticks=sticks)
            else:
                location = shift(location, run, sticks=sticks)
        return location

    def selection(self, selection: Selection, *, grows: bool = False) -> Selection:
        """Follow all of them; see ``Selection.shifted``."""
        for run in self._runs:
            if isinstance(run, _Run):
                selection = run.selection(selection, grows=grows)
            elif selection.end >= run.start:
                selection = selection.shifted(run, grows=grows)
        return selection


class _Run:
    """Replacements that ascend, found by where they were in the text before all of them.

    As they ascend, ``start`` and ``new_end`` of each are coordinates of the text after all of them too.
    """

    __slots__ = ("_behind", "_gone", "_old_ends", "_old_starts", "_replacements")

    def __init__(self, replacements: Sequence[Replacement]) -> None:
        self._replacements = replacements
        self._old_starts: list[Location] = []
        self._old_ends: list[Location] = []
        rows = columns = (
            0  # how far the text behind the last one moved; the columns only in the row of its end
        )
        row = -1
        for start, old_end, new_end in replacements:
            first, last = (
                Location(place.row - rows, place.column - (columns if place.row == row else 0))
                for place in (start, old_end)
            )
            self._old_starts.append(first)
            self._old_ends.append(last)
            rows, columns, row = new_end.row - last.row, new_end.column - last.column, new_end.row
        self._behind = [new_end for _, _, new_end in replacements]
        self._gone = self._old_ends[:]
        for index in reversed(range(len(replacements))):
            start, _, new_end = replacements[index]
            if index + 1 < len(replacements) and replacements[index + 1].start == new_end:
                self._behind[index] = self._behind[index + 1]
                self._gone[index] = self._gone[index + 1]
            if start < new_end:
                self._gone[index] = self._old_starts[index]

    def location(self, location: Location, *, sticks: Literal["before", "after"]) -> Location:
        """Find where ``location`` is after all of them.

        After a replacement it may be exactly where the next one starts: it stays before that too, or comes
        to be behind all that touch.
        """
        index = self._index(location)
        if index < 0:
            return location
        start, _, new_end = self._replacements[index]
        old_end = self._old_ends[index]
        if location < old_end or location == self._old_starts[index]:
            return start if sticks == "before" else self._behind[index]
        if location.row > old_end.row:
            return Location(location.row + new_end.row - old_end.row, location.column)
        return Location(new_end.row, location.column + new_end.column - old_end.column)

    def selection(self, selection: Selection, *, grows: bool) -> Selection:
        """Follow all of them.

        A selection whose text is deleted is a cursor from then on: it does not grow by what the next one
        inserts there.
        """
        if selection.is_empty:
            return Selection.at(self.location(selection.head, sticks="before"))
        old_start, old_end = selection.start, selection.end
        start = self.location(old_start, sticks="before" if grows else "after")
        if grows and (index := self._index(old_start)) >= 0 and old_end <= self._gone[index]:
            return Selection.at(start)
        end = self.location(old_end, sticks="after" if grows else "before")
        start = min(start, end)
        return Selection(start, end) if selection.anchor < selection.head else Selection(end, start)

    def _index(self, location: Location) -> int:
        """Return the first that starts at ``location``, else the last that starts before it, else -1."""
        index = bisect_left(self._old_starts, location)
        starts_there = index < len(self._old_starts) and self._old_starts[index] == location
        return index if starts_there else index - 1


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


def _ascending(replacements: Sequence[Replacement]) -> Iterator[list[Replacement]]:
    """Cut replacements wherever one starts before the end of the last."""
    run: list[Replacement] = []
    for replacement in replacements:
        if run and replacement.start < run[-1].new_end:
            yield run
            run = []
        run.append(replacement)
    if run:
        yield run

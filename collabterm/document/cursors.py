"""One person's cursors: selections in text order that do not overlap; must not know lines or cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from collabterm.document.lines import Location, Replacement
from collabterm.document.selection import Selection, Shifts


@dataclass(frozen=True, slots=True)
class Cursors:
    """At least one selection.

    Attributes:
        selections: In text order; no two overlap or share an empty end.
        main_index: Which of them the view follows and other people see.
    """

    selections: tuple[Selection, ...]
    main_index: int = 0

    @classmethod
    def at(cls, location: Location) -> Self:
        """Make a single cursor that selects nothing."""
        return cls((Selection.at(location),))

    @classmethod
    def single(cls, selection: Selection) -> Self:
        """Make a single cursor that selects something."""
        return cls((selection,))

    @classmethod
    def of(cls, selections: Sequence[Selection], main_index: int = 0) -> Self:
        """Make cursors of selections in any order; those that overlap become one.

        Args:
            selections: At least one.
            main_index: Which of them is the main one.
        """
        if len(selections) == 1:
            return cls((selections[0],))
        order = sorted(
            range(len(selections)), key=lambda index: (selections[index].start, selections[index].end)
        )
        merged: list[Selection] = []
        main = 0
        for index in order:
            selection = selections[index]
            if merged and _overlap(merged[-1], selection):
                merged[-1] = _union(merged[-1], selection)
            else:
                merged.append(selection)
            if index == main_index:
                main = len(merged) - 1
        return cls(tuple(merged), main)

    @property
    def main(self) -> Selection:
        """The selection that the view follows."""
        return self.selections[self.main_index]

    @property
    def head(self) -> Location:
        """Where the main cursor is."""
        return self.main.head

    @property
    def are_empty(self) -> bool:
        """Whether nothing is selected by any of them."""
        return all(selection.is_empty for selection in self.selections)

    def __len__(self) -> int:
        return len(self.selections)

    def mapped(self, change: Callable[[Selection], Selection]) -> Self:
        """Return the cursors after each selection was changed."""
        return self.of([change(selection) for selection in self.selections], self.main_index)

    def with_added(self, selection: Selection) -> Self:
        """Return the cursors with one more, which becomes the main one."""
        return self.of((*self.selections, selection), len(self.selections))

    def shifted(self, replacements: Iterable[Replacement]) -> Self:
        """Return the cursors after changes made by somebody else; see ``Selection.shifted``."""
        replacements = tuple(replacements)
        if len(self.selections) > 1 and len(replacements) > 1:
            return self.mapped(Shifts(replacements).selection)
        selections = list(self.selections)
        for replacement in replacements:  # to make one ready for one other costs more than it saves
            selections = [
                selection.shifted(replacement) if selection.end >= replacement.start else selection
                for selection in selections
            ]
        return self.of(selections, self.main_index)


def _overlap(one: Selection, following: Selection) -> bool:
    """Whether two selections, the first not behind the second, share text or a cursor."""
    if one.is_empty or following.is_empty:
        return following.start <= one.end
    return following.start < one.end


def _union(one: Selection, following: Selection) -> Selection:
    start, end = one.start, max(one.end, following.end)
    is_backward = one.head < one.anchor or following.head < following.anchor
    return Selection(end, start) if is_backward else Selection(start, end)

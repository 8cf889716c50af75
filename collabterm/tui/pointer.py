"""What the mouse does in the text; must not know how a click comes in or what is painted.

A click puts the cursor, a double click selects a word and a triple click a row; dragging goes on in the same
unit, and beyond an edge it scrolls. With Shift a click extends the selection; with Alt or Ctrl it adds a
cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from textual import events

from collabterm.document import motions
from collabterm.document.cursors import Cursors
from collabterm.document.edits import Lines
from collabterm.document.lines import Location, Replacement
from collabterm.document.selection import Selection, shift

MULTI_CLICK_S: Final = 0.4
WHEEL_ROWS: Final = 3

Unit = Callable[[Lines, Location], Selection]


def _nothing_at(lines: Lines, location: Location) -> Selection:
    return Selection.at(location)


_UNITS: Final[tuple[Unit, ...]] = (_nothing_at, motions.word_at, motions.row_at)
"""What one, two and three clicks select."""


@dataclass(frozen=True, slots=True)
class Drag:
    """A button that is held down.

    Attributes:
        unit: What it selects at least.
        origin: What it selected at first.
        others: The cursors that stay beside it.
    """

    unit: Unit
    origin: Selection
    others: tuple[Selection, ...]

    def shifted(self, replacement: Replacement) -> Drag:
        """Follow a change of the text."""
        others = tuple(one.shifted(replacement) for one in self.others)
        return Drag(self.unit, self.origin.shifted(replacement), others)


class Pointer:
    """The mouse.

    Args:
        lines: The text.
        clock: Any steady clock, in seconds.
    """

    def __init__(self, lines: Lines, clock: Callable[[], float]) -> None:
        self._lines = lines
        self._clock = clock
        self._drag: Drag | None = None
        self._clicks = 0
        self._clicked_s = float("-inf")
        self._clicked_at: Location | None = None

    @property
    def is_dragging(self) -> bool:
        """Whether a button is held down."""
        return self._drag is not None

    def press(self, event: events.MouseEvent, location: Location, cursors: Cursors) -> Cursors:
        """Take a press of the button at a location; return the cursors after it."""
        now_s = self._clock()
        is_again = now_s - self._clicked_s < MULTI_CLICK_S and location == self._clicked_at
        self._clicks = self._clicks % len(_UNITS) + 1 if is_again else 1
        self._clicked_s, self._clicked_at = now_s, location
        unit = _UNITS[self._clicks - 1]
        if event.shift:
            origin = Selection.at(cursors.main.anchor)
            self._drag = Drag(unit, origin, ())
            return self.drag(location)
        adds = event.meta or event.ctrl
        others = cursors.selections if adds and self._clicks == 1 else ()
        if adds and self._clicks > 1 and self._drag is None:
            others = tuple(one for one in cursors.selections if one is not cursors.main)
        self._drag = Drag(unit, unit(self._lines, location), others)
        return self.drag(location)

    def drag(self, location: Location) -> Cursors:
        """Take a move of the mouse with the button held down; return the cursors after it."""
        assert self._drag is not None, "the mouse is dragged only after a press"
        origin, there = self._drag.origin, self._drag.unit(self._lines, location)
        if there.start < origin.start:
            selection = Selection(origin.end, there.start)
        else:
            selection = Selection(origin.start, max(origin.end, there.end))
        if origin.is_empty and there.is_empty:
            selection = Selection(origin.head, there.head)
        return Cursors.of((*self._drag.others, selection), len(self._drag.others))

    def follow(self, replacements: Sequence[Replacement]) -> None:
        """Take up one transaction: what was pressed is where its text is now."""
        for replacement in replacements:
            if self._drag is not None:
                self._drag = self._drag.shifted(replacement)
            if self._clicked_at is not None:
                self._clicked_at = shift(self._clicked_at, replacement, sticks="before")

    def release(self) -> None:
        """Take the release of the button."""
        self._drag = None

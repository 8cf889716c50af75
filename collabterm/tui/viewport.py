"""Which part of the text is on screen; pure, and must not know what is in the text.

Two rules: after a person's own move the cursor is visible, and somebody else's edit never moves the rows
under their eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

from collabterm.document.lines import Location, Replacement
from collabterm.document.selection import shift

_SIDE_CELLS: Final = 4
"""Scrolled sideways, this much stays visible around the cursor."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """``width`` by ``height`` cells that show the text from row ``top`` and cell ``left`` on."""

    top: int = 0
    left: int = 0
    width: int = 80
    height: int = 24

    def resized(self, width: int, height: int) -> Self:
        """Return the viewport in another size."""
        return replace(self, width=max(width, 1), height=max(height, 1))

    def showing(self, row: int, cell: int) -> Self:
        """Return the viewport scrolled no further than needed to show a cell of a row."""
        top = min(max(self.top, row - self.height + 1), row)
        left = self.left
        margin = min(_SIDE_CELLS, self.width // 4)
        if cell < left + margin:
            left = max(cell - margin, 0)
        elif cell >= left + self.width - margin:
            left = cell - self.width + margin + 1
        if not self.left and cell < self.width - 1:
            left = 0  # the margin is no reason to scroll what is visible as it is
        return replace(self, top=top, left=left)

    def scrolled(self, rows: int, row_count: int) -> Self:
        """Return the viewport moved by some rows, within the text."""
        return replace(self, top=min(max(self.top + rows, 0), max(row_count - 1, 0)))

    def shifted(self, replacement: Replacement) -> Self:
        """Return the viewport that shows the same rows after somebody else's edit."""
        first = shift(Location(self.top, 0), replacement, sticks="before")
        return replace(self, top=first.row)

"""Which screen rows of the text are seen; pure, and must not know what is painted on them.

Two rules: after a person's own move the cursor is visible, and somebody else's edit never moves the rows
under their eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

from collabterm.document.edits import Lines
from collabterm.document.lines import Location, Replacement
from collabterm.document.selection import shift
from collabterm.document.wrapping import Layout, Spot

_SIDE_CELLS: Final = 4
"""Scrolled sideways, this much stays visible around the cursor."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """``width`` by ``height`` cells that show the text from screen row ``top`` and cell ``left`` on.

    After an edit or with another layout ``top`` may be a spot that is no more; it counts as the nearest.
    """

    top: Spot = Spot(0, 0)  # noqa: RUF009 -- a tuple, so it can be shared
    left: int = 0
    width: int = 80
    height: int = 24

    def resized(self, width: int, height: int) -> Self:
        """Return the viewport in another size."""
        return replace(self, width=max(width, 1), height=max(height, 1))

    def laid_out_anew(self, before: Layout, after: Layout, lines: Lines) -> Self:
        """Return the viewport that, with another layout, shows what was at the top with the one before."""
        top = before.location_at(lines, self.top, 0)
        left = self.left if after.wrap_width is None else 0
        return replace(self, top=after.spot_of(lines, top), left=left)

    def showing(self, layout: Layout, lines: Lines, location: Location) -> Self:
        """Return the viewport scrolled no further than needed to show a location.

        If that is more than its height, the location comes to the middle.
        """
        spot = layout.spot_of(lines, location)
        y = layout.distance(lines, self.top, spot, 2 * self.height)
        if 0 <= y < self.height:
            top = layout.clamped(lines, self.top)
        elif -self.height <= y < 0:
            top = min(spot, self._last_full_top(layout, lines))
        elif self.height <= y < 2 * self.height:
            top = layout.moved(lines, spot, 1 - self.height)
        else:
            bottom = layout.moved(lines, spot, self.height - 1 - self.height // 2)
            top = layout.moved(lines, bottom, 1 - self.height)
        return replace(self, top=top, left=self._left_showing(layout, lines, location))

    def scrolled(self, layout: Layout, lines: Lines, screen_rows: int, *, stays_full: bool = False) -> Self:
        """Return the viewport moved by some screen rows, within the text.

        Args:
            layout: How the text is laid out.
            lines: The text.
            screen_rows: How far down; negative for up.
            stays_full: Whether to stop where the text's last screen row is the viewport's last, and not only
                where it is the first.
        """
        top = layout.moved(lines, self.top, screen_rows)
        if stays_full and screen_rows > 0:
            top = min(top, max(self._last_full_top(layout, lines), layout.clamped(lines, self.top)))
        return replace(self, top=top)

    def filled(self, layout: Layout, lines: Lines) -> Self:
        """Return the viewport scrolled up as far as the rows behind the text's end could show some of it."""
        return replace(self, top=min(layout.clamped(lines, self.top), self._last_full_top(layout, lines)))

    def shifted(self, replacement: Replacement) -> Self:
        """Return the viewport that shows the same rows after somebody else's edit."""
        row, segment = self.top
        # What a later segment shows is behind the row's start, so text inserted just there pushes it down.
        first = Location(row, min(segment, 1))
        if replacement.start.row < row and first < replacement.old_end:
            segment = 0
        return replace(self, top=Spot(shift(first, replacement, sticks="before").row, segment))

    def spots(self, layout: Layout, lines: Lines) -> list[Spot | None]:
        """List which spot each screen row shows; None behind the end of the text."""
        row, first = layout.clamped(lines, self.top)
        spots: list[Spot | None] = []
        while len(spots) < self.height and row < lines.row_count:
            count = 1 if layout.wrap_width is None else len(layout.segments(lines.line(row)))
            last = min(count, first + self.height - len(spots))
            spots.extend(Spot(row, segment) for segment in range(first, last))
            row, first = row + 1, 0
        return spots + [None] * (self.height - len(spots))

    def location_at(self, layout: Layout, lines: Lines, x: int, y: int) -> Location:
        """Find the location at a cell of the viewport, or the nearest; beyond an edge, one row further."""
        spot = layout.moved(lines, self.top, min(max(y, -1), self.height))
        return layout.location_at(lines, spot, max(x, 0) + self.left)

    def _last_full_top(self, layout: Layout, lines: Lines) -> Spot:
        """Find the top with which the text's last screen row is the viewport's last."""
        last_row = lines.row_count - 1
        end = layout.spot_of(lines, Location(last_row, len(lines.line(last_row))))
        return layout.moved(lines, end, 1 - self.height)

    def _left_showing(self, layout: Layout, lines: Lines, location: Location) -> int:
        if layout.wrap_width is not None:
            return 0
        _, cell = layout.place(lines.line(location.row), location.column)
        if not self.left and cell < self.width - 1:
            return 0  # the margin is no reason to scroll what is visible as it is
        margin = min(_SIDE_CELLS, self.width // 4)
        if cell < self.left + margin:
            return max(cell - margin, 0)
        if cell >= self.left + self.width - margin:
            return cell - self.width + margin + 1
        return self.left

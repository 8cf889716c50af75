"""A widget made of rows that paints the changed ones straight to the terminal; must not know what they show.

Textual paints from a timer that an idle message resumes, four turns of the event loop later and behind
whatever else waits, such as sending the edit to seven peers; and it asks every widget on the screen for
every update. Here a key's rows are on the terminal before the key's handler returns. Textual still asks
for all rows (``render_lines``) when it lays out the screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

BURST_S: Final = 0.008
"""Changes that follow each other faster than this, such as keys typed ahead, are painted together."""


class Rows(Widget):
    """A widget whose subclass says, with ``render_line``, what each row looks like."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._due: set[int] = set()
        self._painting: asyncio.TimerHandle | None = None
        self._painted_s = float("-inf")

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the rows of a region, as Textual asks for them."""
        return [self.render_line(y).crop(crop.x, crop.right) for y in range(crop.y, crop.bottom)]

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Show colors as they are: a theme for few colors or none names just those."""
        return ()

    def repaint(self, rows: Iterable[int] | None = None) -> None:
        """Paint some rows, or all, before anything else that waits."""
        height = self.size.height
        self._due.update(range(height) if rows is None else (row for row in rows if 0 <= row < height))
        if self._due and self._painting is None and self.is_mounted:
            loop = asyncio.get_running_loop()
            self._painting = loop.call_at(max(loop.time(), self._painted_s + BURST_S), self._paint)

    def paint_now(self) -> None:
        """Paint what is due at once, unless something was painted just before."""
        if self._painting is not None and self._painting.when() <= asyncio.get_running_loop().time():
            self._painting.cancel()
            self._paint()

    def _paint(self) -> None:
        self._painting = None
        due, self._due = sorted(self._due), set()
        app = self.app
        driver = app._driver  # noqa: SLF001  # Textual has no public way to write to its terminal
        if driver is None or not app.is_running or app.return_code is not None or app.is_headless:
            return
        self._painted_s = asyncio.get_running_loop().time()
        region, console = self.region, app.console
        written = [
            f"\x1b[{region.y + y + 1};{region.x + 1}H{self.render_line(y).render(console)}"
            for y in due
            if y < region.height
        ]
        driver.write("".join(written))

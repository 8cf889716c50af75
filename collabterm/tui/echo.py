"""Painting at once what a key or a peer changed; must not decide what is painted.

Textual paints from a timer that an idle message resumes: four turns of the event loop later, behind
whatever else is waiting, such as sending the edit to seven peers. One module reaches into its screen
for that, and only here: the screen is up 2 to 4 ms earlier (``tests/benchmarks``). In a burst, such as
keys typed ahead, painting is left to Textual's timer, which paints once for many.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.widget import Widget

BURST_S: Final = 0.008
"""Keys that follow each other faster than this are painted together."""


class Echo:
    """Paints a widget without waiting.

    Args:
        widget: What changes at a key.
        clock: Any steady clock, in seconds.
    """

    def __init__(self, widget: Widget, clock: Callable[[], float]) -> None:
        self._widget = widget
        self._clock = clock
        self._painted_s = float("-inf")

    def paint(self) -> None:
        """Paint what is due on the widget, unless something was painted just before."""
        widget = self._widget
        now_s = self._clock()
        if not widget._repaint_required or now_s - self._painted_s < BURST_S:  # noqa: SLF001  # see the module
            return
        self._painted_s = now_s
        screen = widget.screen
        widget._repaint_required = False  # noqa: SLF001
        screen._dirty_widgets.add(widget)  # noqa: SLF001
        screen._on_timer_update()  # noqa: SLF001

"""Work that takes longer than a screen may stand still, done in parts; must not know what the work is.

While it goes on the screen is painted and the network served, and whatever the person does waits in order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator


class Work:
    """At most one piece of work, and what waits for its end."""

    def __init__(self) -> None:
        self._parts: Iterator[None] | None = None
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_going_on = False

    @property
    def is_busy(self) -> bool:
        """Whether work goes on, or something that waited for it has not been done yet."""
        return self._parts is not None or bool(self._waiting)

    def start(self, parts: Iterator[None]) -> None:
        """Do the first part now and the others in turns of the event loop; work of one part is done at once.

        What is started while work goes on comes after it.
        """
        if self._parts is not None:
            self._waiting.append(lambda: self.start(parts))
            return
        self._parts = parts
        if not self._is_going_on:  # else a deed that waited starts it, and one call may not nest in another
            self._go_on()

    def after(self, deed: Callable[[], None]) -> None:
        """Do something once all that was started or put off before is done; at once if nothing was."""
        if self.is_busy:
            self._waiting.append(deed)
        else:
            deed()

    def _go_on(self) -> None:
        """Do the next part; if it was the last, do what waits, up to work of more than one part."""
        self._is_going_on = True
        try:
            while self.is_busy:
                if self._parts is None:
                    self._waiting.popleft()()
                elif self._has_more(self._parts):
                    asyncio.get_running_loop().call_later(0, self._go_on)
                    return
        finally:
            self._is_going_on = False

    def _has_more(self, parts: Iterator[None]) -> bool:
        """Do the next part of the work; return whether it was not the last."""
        has_more = False
        try:
            has_more = next(parts, self) is not self
        finally:
            if not has_more:
                self._parts = None
        return has_more

"""People at real editors on one document, each with a terminal in memory; must not say what they do there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import permutations
from typing import Final, TypeVar
from unicodedata import normalize

from textual import events
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from wcwidth import wcwidth

from collabterm.document.display import display_line
from collabterm.document.wrapping import Layout, Spot
from collabterm.session.presence import RENEWAL_S
from collabterm.session.room import MOVED_CURSOR_S, Room
from collabterm.tui.app import EditorApp
from collabterm.tui.decorations import LABEL_S
from collabterm.tui.settings import EditorSettings
from tests.document.rewriting import check_cursors
from tests.emulator import Emulator
from tests.gathering import Gathering
from tests.in_memory_network import TICK_S, InMemoryNetwork
from tests.tui.stage import Drawer
from tests.waiting import until

WIDTH, HEIGHT = 40, 10
_NO_WRAPPING: Final = b"\x1b[?7l"
"""A row whose width pyte sees differently stays out of the next row."""

Heard = TypeVar("Heard")


class Seat:
    """One person's editor, and the terminal it writes to."""

    def __init__(
        self, room: Room, network: InMemoryNetwork, settings: EditorSettings, language: str | None
    ) -> None:
        self.room = room
        self.terminal = Emulator(WIDTH, HEIGHT)
        self.terminal.feed(_NO_WRAPPING)
        self.written: list[str] = []
        self.app = EditorApp(
            room,
            "room",
            Drawer(),
            lambda: network.now_s,
            settings,
            language,
            driver_class=self._driver_class(),
        )
        room._listeners[:] = [self._at_work(listener) for listener in room._listeners]
        changes = room.document._listeners
        changes[:] = [self._at_work(listener) for listener in changes]

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Run the editor, in a task of its own: Textual knows the app at work by the task's context."""
        ready, over = asyncio.Event(), asyncio.Event()

        async def run() -> None:
            async with self.app.run_test(headless=False, size=(WIDTH, HEIGHT)):
                ready.set()
                await over.wait()

        running = asyncio.create_task(run())
        await ready.wait()
        try:
            yield
        finally:
            over.set()
            await running

    async def press(self, *keys: str) -> None:
        """Press keys as the terminal's driver hands them to the app, with nothing in between."""
        for key in keys:
            await self._happen(events.Key(key, key if len(key) == 1 else None))

    async def paste(self, text: str) -> None:
        """Paste as the terminal's driver hands it to the app."""
        await self._happen(events.Paste(text))

    async def click(self, row: int, column: int, *, shift: bool = False, alt: bool = False) -> None:
        """Click a cell of the editor."""
        x, y = column, row + self.app.view.region.y
        for kind in (events.MouseDown, events.MouseUp):
            await self._happen(kind(None, x, y, 0, 0, 1, shift, alt, False, screen_x=x, screen_y=y))

    async def redecorate(self) -> None:
        """Take down what only time takes down, and wait until nothing is left to paint."""
        with self.app._context():
            self.app.view.redecorate()
        await self.painted()

    async def painted(self) -> None:
        """Wait until nothing is left to paint."""
        await until(lambda: self.app.view._painting is None and not self.app.view._due, "painted")

    def expected_rows(self) -> list[str]:
        """Return what the document has at the rows in view, beside their numbers."""
        view, lines = self.app.view.viewport, self.room.document.lines
        settings = self.app._appearance.settings
        gutter = len(str(lines.row_count)) + 2 if settings.line_numbers else 0
        width = WIDTH - gutter
        layout = Layout(settings.tab_size, width if settings.wrap else None)
        spots = [
            Spot(row, segment)
            for row in range(lines.row_count)
            for segment in range(len(layout.segments(lines.line(row))))
        ]
        first = spots.index(layout.clamped(lines, view.top))
        shown: list[str] = []
        for row, index in spots[first : first + self.app.view.size.height]:
            display = display_line(lines.line(row), settings.tab_size)
            number = "" if index else str(row + 1)
            piece = display.slice(view.left, view.left + width)
            if settings.wrap:
                segment = layout.segments(lines.line(row))[index]
                piece = " " * segment.indent + display.slice(segment.first_cell, segment.last_cell)
            shown.append(f"{number:>{gutter - 1}} {piece}" if gutter else piece)
        return shown + [""] * (self.app.view.size.height - len(shown))

    def check(self) -> None:
        """Check that the screen shows the text, and that the cursors are in it."""
        view, lines = self.app.view, self.room.document.lines
        for y, expected in enumerate(self.expected_rows()):
            assert view.render_line(y).text.rstrip(" ") == expected.rstrip(" ")
            if can_emulate(view.render_line(y).text):
                assert bare(self.shown(y + view.region.y)) == bare(expected), f"row {y} on the terminal"
        check_cursors(self.room.document.text(), view.editor.cursors)
        for participant in self.room.participants:
            if participant.selection is not None:
                lines.offset_at(participant.selection.anchor)
                lines.offset_at(participant.selection.head)

    def check_sight(self) -> None:
        """Check that the cursor is on the screen, as it must be after an own edit."""
        view, lines = self.app.view, self.room.document.lines
        layout = view.editor.layout
        assert layout.spot_of(lines, view.selection.head) in view.viewport.spots(layout, lines)

    @property
    def is_asked(self) -> bool:
        """Whether keys go to a prompt."""
        return self.app._prompt is not None

    @property
    def is_busy(self) -> bool:
        """Whether a command or a search still goes on."""
        return self.app._work.is_busy or not self.app.view.finder.is_complete

    async def _happen(self, event: events.Event) -> None:
        with self.app._context():
            await self.app.on_event(event)

    def _at_work(self, listener: Callable[[Heard], None]) -> Callable[[Heard], None]:
        """Return a listener that Textual knows to belong to this app; a real process has only one."""

        def listen(heard: Heard) -> None:
            with self.app._context():
                listener(heard)

        return listen

    def shown(self, row: int) -> str:
        """Return a row of the terminal."""
        return "".join(self.terminal.cell(row, column).text for column in range(WIDTH))

    def _driver_class(self) -> type[Driver]:
        seat = self

        class Recorder(HeadlessDriver):
            """Shows what Textual and the editor write to the terminal."""

            @property
            def is_headless(self) -> bool:
                return False

            def write(self, data: str) -> None:
                seat.written.append(data)
                seat.terminal.feed(data.encode())

        return Recorder


def bare(text: str) -> str:
    """Return a row as it can be compared: composed, and without what the emulator drops."""
    return "".join(char for char in normalize("NFC", text) if wcwidth(char) > 0).rstrip()


def can_emulate(text: str) -> bool:
    """Return whether pyte gives a row the width that a terminal with emoji sequences gives it."""
    return sum(max(wcwidth(char), 0) for char in text) == WIDTH


PLAIN_SEAT: Final = (EditorSettings(line_numbers=False), None)


@asynccontextmanager
async def seated(
    gathering: Gathering, choose: Callable[[], tuple[EditorSettings, str | None]] = lambda: PLAIN_SEAT
) -> AsyncIterator[list[Seat]]:
    """Seat everybody of a gathering at an editor."""
    seats = [Seat(room, gathering.network, *choose()) for room in gathering.network.rooms.values()]
    async with AsyncExitStack() as stack:
        for seat in seats:
            await stack.enter_async_context(seat.taken())
        yield seats


async def settle(gathering: Gathering, seats: list[Seat]) -> None:
    """Let everything arrive and be painted, names at cursors fade, and check all screens."""
    for seat in seats:
        while seat.is_asked:
            await seat.press("escape")
    gathering.settle()
    pass_time(gathering, LABEL_S + MOVED_CURSOR_S)
    for seat in seats:
        await seat.redecorate()
        seat.check()
    if not all(sees_cursors_of(*pair) for pair in permutations(seats, 2)):
        # A cursor that overtook the text it was in is put right when it is told the next time.
        pass_time(gathering, RENEWAL_S)
    for seat, other in permutations(seats, 2):
        assert sees_cursors_of(seat, other)


def pass_time(gathering: Gathering, seconds: float) -> None:
    """Let time pass over a network that delivers everything."""
    for _ in range(round(seconds / TICK_S) + 2):
        gathering.network.pass_time(TICK_S)
        gathering.network.deliver_all()


def sees_cursors_of(seat: Seat, other: Seat) -> bool:
    """Return whether somebody sees another's cursor where it is."""
    (seen,) = [one for one in seat.room.participants if one.peer_id == other.room.presence._peer_id]
    return seen.selection == other.app.view.selection

"""Several real editors on one document: after any plan all show the same text, and it is on their screens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Final, TypeVar
from unicodedata import normalize

import pytest
from textual import events
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from wcwidth import wcwidth

from collabterm.document.clusters import cluster_start
from collabterm.document.display import display_line
from collabterm.document.lines import Location
from collabterm.session.room import MOVED_CURSOR_S, Room
from collabterm.tui.app import EditorApp
from collabterm.tui.editor_view import LABEL_S
from tests.emulator import Emulator
from tests.gathering import FILLER, PIECES, Gathering
from tests.in_memory_network import TICK_S, InMemoryNetwork
from tests.tui.stage import Drawer
from tests.waiting import until

WIDTH, HEIGHT = 40, 10
_NO_WRAPPING: Final = b"\x1b[?7l"
"""A row whose width pyte sees differently stays out of the next row."""

SEEDS: Final = range(24)
STEPS: Final = 120

MOTIONS: Final = (
    "left", "right", "up", "down", "home", "end", "pageup", "pagedown", "ctrl+left", "ctrl+right",
    "ctrl+home", "ctrl+end", "shift+left", "shift+right", "shift+up", "shift+down",
    "ctrl+shift+right", "escape",
)  # fmt: skip
EDITS: Final = (
    "enter", "enter", "tab", "backspace", "backspace", "delete", "ctrl+w", "ctrl+delete", "ctrl+z", "ctrl+z",
    "ctrl+y",
)  # fmt: skip

Heard = TypeVar("Heard")


class Seat:
    """One person's editor, and the terminal it writes to."""

    def __init__(self, room: Room, network: InMemoryNetwork) -> None:
        self.room = room
        self.terminal = Emulator(WIDTH, HEIGHT)
        self.terminal.feed(_NO_WRAPPING)
        self.written: list[str] = []
        self.app = EditorApp(room, "room", Drawer(), lambda: network.now_s, driver_class=self._driver_class())
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

    async def click(self, row: int, column: int, *, shift: bool = False) -> None:
        """Click a cell of the editor."""
        x, y = column, row + self.app.editor.region.y
        for kind in (events.MouseDown, events.MouseUp):
            await self._happen(kind(None, x, y, 0, 0, 1, shift, False, False, screen_x=x, screen_y=y))

    async def redecorate(self) -> None:
        """Take down what only time takes down, and wait until nothing is left to paint."""
        with self.app._context():
            self.app.editor.redecorate()
        await self.painted()

    async def painted(self) -> None:
        """Wait until nothing is left to paint."""
        await until(lambda: self.app.editor._painting is None and not self.app.editor._due, "painted")

    def expected_rows(self) -> list[str]:
        """Return what the document has at the rows in view."""
        view, lines = self.app.editor.viewport, self.room.document.lines
        rows = range(view.top, view.top + view.height)
        texts = [lines.line(row) if row < lines.row_count else "" for row in rows]
        return [display_line(text).slice(view.left, view.left + view.width) for text in texts]

    def check(self) -> None:
        """Check that the screen shows the text, and that the cursor is in it."""
        editor, lines = self.app.editor, self.room.document.lines
        for y, expected in enumerate(self.expected_rows()):
            assert editor.render_line(y).text == expected
            if can_emulate(expected):
                assert bare(self.shown(y + editor.region.y)) == bare(expected), f"row {y} on the terminal"
        for location in (editor.selection.anchor, editor.selection.head):
            line = lines.line(location.row)
            assert cluster_start(line, location.column) == location.column
        for participant in self.room.participants:
            if participant.selection is not None:
                lines.offset_at(participant.selection.anchor)
                lines.offset_at(participant.selection.head)

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


@asynccontextmanager
async def seated(gathering: Gathering) -> AsyncIterator[list[Seat]]:
    """Seat everybody of a gathering at an editor."""
    seats = [Seat(room, gathering.network) for room in gathering.network.rooms.values()]
    async with AsyncExitStack() as stack:
        for seat in seats:
            await stack.enter_async_context(seat.taken())
        yield seats


async def settle(gathering: Gathering, seats: list[Seat]) -> None:
    """Let everything arrive and be painted, names at cursors fade, and check all screens."""
    gathering.settle()
    for _ in range(round((LABEL_S + MOVED_CURSOR_S) / TICK_S) + 2):
        gathering.network.pass_time(TICK_S)
        gathering.network.deliver_all()
    for seat in seats:
        await seat.redecorate()
        seat.check()
    for seat in seats:
        for other in seats:
            if other is not seat:
                (seen,) = [
                    one for one in seat.room.participants if one.peer_id == other.room.presence._peer_id
                ]
                assert seen.selection == other.app.editor.selection


async def act(gathering: Gathering, seat: Seat, peer: str, random: Random) -> None:
    """Let one person do one thing at their editor."""
    match random.choices(range(6), (30, 25, 20, 8, 6, 2))[0]:
        case 0:
            keys = [gathering.token() for _ in range(random.randint(1, 4))]
        case 1:
            keys = random.choices(EDITS, k=random.randint(1, 3))
        case 2:
            keys = random.choices(MOTIONS, k=random.randint(1, 3))
        case 3:
            keys = []
            pieces = random.choices((*FILLER, *PIECES, "\n"), k=random.randint(0, 20))
            with gathering.noting(peer):
                await seat.paste("".join((gathering.token(), *pieces, gathering.token())))
        case 4:
            keys = []
            await seat.click(
                random.randrange(HEIGHT - 2), random.randrange(WIDTH), shift=random.random() < 0.3
            )
        case _:
            keys = ["ctrl+a", gathering.token()]
    for key in keys:
        with gathering.noting(peer):
            await seat.press(key)


async def carry(gathering: Gathering, random: Random) -> None:
    """Let the network do one thing."""
    network = gathering.network
    link = random.choice(network.links)
    match random.choices(range(6), (30, 30, 20, 10, 4, 3))[0]:
        case 0:
            network.speak_all()
            network.deliver(*link, random.randint(1, 4))
        case 1:
            network.speak_all()
            network.deliver_datagram(*link, random.randrange(4), copies=random.randint(0, 2))
        case 2:
            network.pass_time(random.choice((0.01, 0.1, 0.5, 1.0)))
        case 3:
            network.deliver_all()
        case 4:
            random.choice((network.cut, network.notice_loss, network.mend))(*link)
        case _:
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_any_plan_all_screens_show_the_same_text(seed: int) -> None:
    random = Random(seed)
    gathering = Gathering(random.choice((2, 3)), random.choice(("mesh", "line")))
    async with seated(gathering) as seats:
        for step in range(STEPS):
            index = random.randrange(len(seats))
            if random.random() < 0.5:
                await act(gathering, seats[index], gathering.peers[index], random)
            else:
                await carry(gathering, random)
            gathering.check()
            if step % 40 == 39:
                await settle(gathering, seats)


async def test_keys_that_come_in_one_read_take_effect_in_their_order() -> None:
    gathering = Gathering(2)
    async with seated(gathering) as seats:
        await seats[0].press("K", "backspace", "U")
        await settle(gathering, seats)
        assert [seat.room.document.text() for seat in seats] == ["U", "U"]
        assert [seat.terminal.rows[1].rstrip() for seat in seats] == ["U", "U"]


async def test_edits_above_the_view_paint_nothing_in_it() -> None:
    gathering = Gathering(2)
    async with seated(gathering) as seats:
        ann, bob = seats
        await ann.paste("\n".join(f"row {number}" for number in range(60)))
        await settle(gathering, seats)
        before, cursor = ann.terminal.rows[1:-1], ann.app.editor.selection.head
        ann.written.clear()
        await bob.press("ctrl+home", "enter", "x", "enter")
        gathering.network.deliver_all()
        await ann.painted()
        assert ann.room.document.text().startswith("\nx\nrow 0\n")
        assert ann.terminal.rows[1:-1] == before
        assert ann.app.editor.selection.head == Location(cursor.row + 2, cursor.column)
        assert not any("row" in written for written in ann.written), "rows that did not change were painted"
        await settle(gathering, seats)


async def test_undo_takes_back_ones_own_and_leaves_the_others_text_on_both_screens() -> None:
    gathering = Gathering(2)
    async with seated(gathering) as seats:
        ann, bob = seats
        await ann.press("m", "i", "n", "e")
        await settle(gathering, seats)
        await bob.press("home", "h", "i", "s", "space")
        await bob.press(" ")
        await settle(gathering, seats)
        await ann.press("ctrl+z")
        await settle(gathering, seats)
        assert {seat.room.document.text() for seat in seats} == {"his "}
        await ann.press("ctrl+y")
        await settle(gathering, seats)
        assert {seat.terminal.rows[1].rstrip() for seat in seats} == {"his mine"}


async def test_nothing_that_controls_a_terminal_comes_through_text_or_names() -> None:
    gathering = Gathering(2)
    gathering.room("b").presence.name = "\x1b]0;owned\x07\x9b2J\u202eevil"
    async with seated(gathering) as seats:
        ann, bob = seats
        ann.written.clear()
        await bob.paste("\x1b]0;owned\x07 \x9b2J \x00 \x85 \u202e \u2066 \u200f \u2028 \x7f")
        await settle(gathering, seats)
        written = "".join(ann.written)
        assert "owned" in written
        assert not set("\x07\x9b\x00\x85\u202e\u2066\u200f\u2028\x7f") & set(written)
        assert "\x1b]" not in written

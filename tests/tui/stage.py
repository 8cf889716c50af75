"""The editor on a screen in memory, with people in the same room; it must not look at what they see.

Ana sits at the screen. The others are rooms without one, joined to hers by a network in memory, whose
clock is the only one the editor knows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.drivers.headless_driver import HeadlessDriver
from textual.keys import _character_to_key as character_to_key
from textual.pilot import Pilot
from textual.widget import Widget

from collabterm.document.cursors import Cursors
from collabterm.document.lines import Edit, Location
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document
from collabterm.errors import FileProblem
from collabterm.session.room import Room
from collabterm.tui.app import EditorApp
from collabterm.tui.saving import NeedsPath, Saved, SaveOutcome
from collabterm.tui.settings import EditorSettings
from tests.in_memory_network import InMemoryNetwork
from tests.waiting import until

CLIENT_IDS = {"ana": 1, "bob": 2, "cleo": 3, "dan": 4}

BARE = EditorSettings(line_numbers=False, hints=False)
"""Nothing on the screen but people, text and status: a cell of the editor is a cell of the text."""


@dataclass(slots=True)
class Drawer:
    """A file keeper that keeps nothing: it notes what it was asked and answers what it is told to."""

    name: str = ""
    is_modified: bool = False
    answers: list[SaveOutcome | FileProblem | RuntimeError] = field(default_factory=list)
    asked: list[tuple[str | None, bool]] = field(default_factory=list)

    def save(self, path: str | None = None, *, overwrite: bool = False) -> SaveOutcome:
        """Answer with the next answer; without one, the file is saved if it has a name."""
        self.asked.append((path, overwrite))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            answer = Saved(path or self.name) if path or self.name else NeedsPath()
        if isinstance(answer, Saved):
            self.name, self.is_modified = answer.name, False
        return answer


@dataclass(frozen=True, slots=True)
class PaintedCell:
    """One cell of the screen; a wide character is in its first cell, and the second is empty."""

    text: str
    style: Style

    @property
    def background(self) -> str:
        """The color behind the text."""
        color = self.style.color if self.style.reverse else self.style.bgcolor
        return color.name if color is not None else ""


class Stage:
    """A room, its people and the app that shows it to ana."""

    def __init__(
        self,
        text: str = "",
        *others: str,
        settings: EditorSettings = BARE,
        file: str = "",
        language: str | None = None,
    ) -> None:
        self.network = InMemoryNetwork()
        self.rooms = {name: Room(Document(CLIENT_IDS[name]), name, name) for name in ("ana", *others)}
        for name, room in self.rooms.items():
            self.network.add(name, room)
        if text:
            self.rooms["ana"].document.seed(text, {})
        self.drawer = Drawer(file)
        self.written: list[str] = []
        self.app = EditorApp(
            self.rooms["ana"],
            "demo",
            self.drawer,
            lambda: self.network.now_s,
            settings,
            language,
            driver_class=_recording(self.written),
        )
        self._others = others

    @asynccontextmanager
    async def playing(self, width: int = 40, height: int = 10) -> AsyncIterator[Pilot[int]]:
        """Show the screen; join the others to it, so that everybody has the text."""
        async with self.app.run_test(headless=False, size=(width, height)) as pilot:
            for other in self._others:
                self.network.lay("ana", other)
            self.network.deliver_all()
            await pilot.pause()
            self.written.clear()
            yield pilot

    @property
    def text(self) -> str:
        """Ana's text."""
        return self.rooms["ana"].document.text()

    @property
    def head(self) -> tuple[int, int]:
        """Row and column of ana's cursor."""
        return self.app.view.selection.head

    @property
    def cursors(self) -> Cursors:
        """All of ana's cursors."""
        return self.app.view.editor.cursors

    @property
    def heads(self) -> list[tuple[int, int]]:
        """Rows and columns of all of ana's cursors."""
        return [one.head for one in self.cursors.selections]

    @property
    def selected(self) -> str:
        """The text that ana has selected."""
        return self._between(self.app.view.selection)

    @property
    def all_selected(self) -> list[str]:
        """What each of ana's cursors selects."""
        return [self._between(one) for one in self.cursors.selections]

    def _between(self, selection: Selection) -> str:
        return self.rooms["ana"].document.lines.text_between(selection.start, selection.end)

    def puts_cursor(self, name: str, head: tuple[int, int], anchor: tuple[int, int] | None = None) -> None:
        """Let somebody else move their cursor by hand, and tell everybody."""
        selection = Selection(Location(*(anchor or head)), Location(*head))
        self.network.pass_time(0.05)
        self.rooms[name].move_cursor(selection, self.network.now_s, by_hand=True)
        self.network.deliver_all()

    def writes(self, name: str, row: int, column: int, text: str, *, over: int = 0) -> None:
        """Let somebody else replace ``over`` characters, and tell everybody."""
        start, end = Location(row, column), Location(row, column + over)
        self.rooms[name].document.edit([Edit(start, end, text)], self.network.now_s)
        self.network.deliver_all()

    def widget_rows(self, widget: Widget) -> list[list[PaintedCell]]:
        """Return what a widget paints, cell by cell."""
        return [_cells(widget, y) for y in range(widget.size.height)]

    def cell(self, row: int, column: int) -> PaintedCell:
        """Return one cell of the editor."""
        return _cells(self.app.view, row)[column]

    @property
    def editor_rows(self) -> list[str]:
        """The editor's rows without the blanks at their ends."""
        height = self.app.view.size.height
        return [self.app.view.render_line(y).text.rstrip() for y in range(height)]

    @property
    def status(self) -> str:
        """The row of status and questions."""
        return self.app._status_bar.render_line(0).text.strip()

    async def status_says(self, words: str) -> None:
        """Wait until the row of status and questions contains some words."""
        await until(lambda: words in self.status, f"{words!r} in the status bar, which is {self.status!r}")

    @property
    def hints(self) -> str:
        """The row of hints; nothing if it is not there."""
        bar = self.app._hint_bar
        return bar.render_line(0).text.strip() if bar.display else ""

    @property
    def people(self) -> str:
        """The top row."""
        return self.app._participants_bar.render_line(0).text.strip()

    async def mouse(
        self,
        pilot: Pilot[int],
        kind: type[events.MouseEvent],
        row: int,
        column: int,
        *,
        shift: bool = False,
        alt: bool = False,
        ctrl: bool = False,
    ) -> None:
        """Report the mouse at a cell of the editor, as the terminal does: to the app."""
        x, y = column, row + self.app.view.region.y
        button = 1 if issubclass(kind, events.MouseDown | events.MouseUp | events.MouseMove) else 0
        report = kind(None, x, y, 0, 0, button, shift, alt, ctrl, screen_x=x, screen_y=y)
        self.app.post_message(report)
        await pilot.pause()

    async def click(
        self,
        pilot: Pilot[int],
        row: int,
        column: int,
        *,
        times: int = 1,
        shift: bool = False,
        alt: bool = False,
        ctrl: bool = False,
    ) -> None:
        """Click a cell of the editor, some times in quick succession but long after any click before."""
        self.network.pass_time(1.0)
        for _ in range(times):
            for kind in (events.MouseDown, events.MouseUp):
                await self.mouse(pilot, kind, row, column, shift=shift, alt=alt, ctrl=ctrl)

    async def press(self, *keys: str) -> None:
        """Press keys as the terminal's driver hands them to the app, with nothing in between."""
        for key in keys:
            character = " " if key == "space" else key if len(key) == 1 else None
            await self._happen(events.Key(key, character))

    async def type(self, text: str) -> None:
        """Press the key of each character."""
        for character in text:
            await self._happen(events.Key(character_to_key(character), character))

    async def run(self, title: str) -> None:
        """Run a command as somebody does who knows what it is called: from the palette."""
        await self.press("ctrl+p")
        await self.type(title)
        await self.press("enter")

    async def _happen(self, event: events.Event) -> None:
        with self.app._context():
            await self.app.on_event(event)

    async def paste(self, pilot: Pilot[int], text: str) -> None:
        """Paste as the terminal does: to the app."""
        self.app.post_message(events.Paste(text))
        await pilot.pause()


def _recording(written: list[str]) -> type[HeadlessDriver]:
    """Make the driver of a terminal that is not there, which keeps what is written to it."""

    class Recorder(HeadlessDriver):
        def write(self, data: str) -> None:
            written.append(data)

    return Recorder


def _cells(widget: Widget, y: int) -> list[PaintedCell]:
    cells: list[PaintedCell] = []
    for segment in widget.render_line(y):
        for char, width in _clusters(segment.text):
            cells.append(PaintedCell(char, segment.style or Style()))
            cells += [PaintedCell("", segment.style or Style())] * (width - 1)
    return cells


def _clusters(text: str) -> list[tuple[str, int]]:
    """Cut a text into its characters, marks with their bases, and the cells each takes."""
    clusters: list[tuple[str, int]] = []
    for char in text:
        if clusters and cell_len(clusters[-1][0] + char) == clusters[-1][1]:
            clusters[-1] = (clusters[-1][0] + char, clusters[-1][1])
        else:
            clusters.append((char, cell_len(char)))
    return clusters

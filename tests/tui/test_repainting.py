"""The editor repaints every row that changed: a terminal that is sent those alone shows what it should."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest
from textual.app import App, ComposeResult

from collabterm.document.lines import Edit, Location
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document
from collabterm.session.room import Room
from collabterm.tui.editor_view import EditorView
from tests.in_memory_network import InMemoryNetwork
from tests.waiting import until

WIDTH, HEIGHT = 24, 8
KEYS = [
    ("a", "a"), ("space", " "), ("中", "中"), ("enter", None), ("backspace", None), ("delete", None),
    ("tab", None),
    ("up", None), ("down", None), ("left", None), ("right", None), ("home", None), ("end", None),
    ("pageup", None), ("pagedown", None), ("ctrl+home", None), ("ctrl+end", None), ("ctrl+w", None),
    ("shift+up", None), ("shift+down", None), ("shift+end", None), ("ctrl+z", None), ("ctrl+y", None),
    ("escape", None), ("ctrl+a", None),
]  # fmt: skip


class SentRows(EditorView):
    """An editor that keeps what a terminal shows that got only the rows that were due."""

    def __init__(self, room: Room, clock: Callable[[], float]) -> None:
        super().__init__(room, clock)
        self.shown: dict[int, object] = {}
        self.sent_rows = 0

    def repaint(self, rows: Iterable[int] | None = None) -> None:
        wanted = range(self.size.height) if rows is None else [row for row in rows if 0 <= row < HEIGHT]
        self.shown |= dict.fromkeys(wanted)
        super().repaint(rows)

    def send(self) -> None:
        """Paint the rows that are due."""
        for row, sent in self.shown.items():
            if sent is None:
                self.shown[row] = self.render_line(row)
                self.sent_rows += 1

    def is_shown_right(self) -> bool:
        """Whether the terminal shows what it would show if all rows were painted now."""
        return all(self.shown[row] == self.render_line(row) for row in range(HEIGHT))


class EditorAlone(App[None]):
    """A screen with an editor and nothing else."""

    def __init__(self, editor: SentRows) -> None:
        super().__init__()
        self.editor = editor

    def compose(self) -> ComposeResult:
        yield self.editor


class Scene:
    """Ana's editor, and bob who writes elsewhere."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.network = InMemoryNetwork()
        self.rooms = {
            name: Room(Document(number), name, name) for number, name in enumerate(["ana", "bob"], 1)
        }
        for name, room in self.rooms.items():
            self.network.add(name, room)
        self.editor = SentRows(self.rooms["ana"], lambda: self.network.now_s)
        self.editor.styles.height = HEIGHT

    def begin(self) -> None:
        """Fill the screen, and paint it whole."""
        self.network.lay("ana", "bob")
        self.editor.paste("".join(f"{'word ' * (number % 7)}\n" for number in range(30)))
        self.network.deliver_all()
        self.editor.repaint()
        self.editor.send()

    def act(self) -> str:
        """Do any one thing that may change the screen, and return which."""
        act = self.random.choice([self.press, self.press, self.press, self.write, self.point, self.wait])
        return act()

    def press(self) -> str:
        key, character = self.random.choice(KEYS)
        self.editor.press(key, character)
        self.network.deliver_all()
        return key

    def write(self) -> str:
        document = self.rooms["bob"].document
        start, end = sorted((self.somewhere(), self.somewhere()))
        end = min(end, Location(start.row + 2, 0)) if end.row > start.row + 2 else end
        text = self.random.choice(["", "x", "long " * 8, "\n", "\n\n\n", "a\tb", "中"])
        document.edit([Edit(start, end, text)], self.network.now_s)
        self.network.deliver_all()
        return f"bob writes {text!r} from {start} to {end}"

    def point(self) -> str:
        selection = Selection(self.somewhere(), self.somewhere())
        self.network.pass_time(0.05)
        self.rooms["bob"].move_cursor(selection, self.network.now_s, by_hand=True)
        self.network.deliver_all()
        return f"bob selects {selection}"

    def wait(self) -> str:
        self.network.pass_time(self.random.choice([0.1, 2.0]))
        self.network.deliver_all()
        self.editor.redecorate()  # as the timer does that takes names down
        return "time passes"

    def somewhere(self) -> Location:
        lines = self.rooms["bob"].document.lines
        row = self.random.randrange(min(lines.row_count, 40))
        return Location(row, self.random.randint(0, len(lines.line(row))))


@pytest.mark.parametrize("seed", range(6))
async def test_rows_that_were_not_repainted_have_not_changed(seed: int) -> None:
    scene = Scene(seed)
    async with EditorAlone(scene.editor).run_test(size=(WIDTH, HEIGHT)):
        scene.begin()
        done: list[str] = []
        for _ in range(250):
            done.append(scene.act())
            scene.editor.send()
            assert scene.editor.is_shown_right(), f"after {done[-4:]}, seed {seed}"


async def test_a_key_within_a_row_repaints_that_row_alone() -> None:
    scene = Scene(0)
    async with EditorAlone(scene.editor).run_test(size=(WIDTH, HEIGHT)):
        scene.begin()
        scene.editor.press("ctrl+home", None)
        scene.editor.send()
        await until(scene.editor.is_shown_right, "the screen is up to date")
        sent = scene.editor.sent_rows
        scene.editor.press("x", "x")
        scene.editor.send()
        assert scene.editor.sent_rows - sent == 1

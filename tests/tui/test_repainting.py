"""The editor repaints every row that changed: a terminal that is sent those alone shows what it should."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.strip import Strip

from collabterm.document.file_style import FileStyle
from collabterm.document.languages import language_named
from collabterm.document.lines import Edit, Location
from collabterm.document.search import Query
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document
from collabterm.session.room import Room
from collabterm.tui.clipboard import Copied
from collabterm.tui.editor_view import EditorView
from collabterm.tui.settings import EditorSettings
from collabterm.tui.theme import DARK, LIGHT
from collabterm.tui.work import Work
from tests.in_memory_network import InMemoryNetwork
from tests.waiting import until

WIDTH, HEIGHT = 24, 8
TYPED = ["a", " ", "中", "(", "]", '"']
COMMANDS = [
    "newline", "backspace", "delete", "tab", "outdent", "delete_word_left", "undo", "redo", "duplicate",
    "delete_rows", "move_rows_up", "move_rows_down", "join_rows", "toggle_comment", "upper_case",
    "up", "down", "left", "right", "line_start", "line_end", "page_up", "page_down", "document_start",
    "document_end", "paragraph_down", "matching_bracket", "select_nothing", "select_all", "select_line",
    "add_cursor_above", "add_cursor_below", "add_next_match", "cursor_at_every_match",
]  # fmt: skip
EXTENDING = ["up", "down", "line_end", "word_right", "page_down"]

BARE = EditorSettings(line_numbers=False)
SETTINGS = [
    BARE,
    EditorSettings(),
    EditorSettings(wrap=True),
    EditorSettings(wrap=True, line_numbers=False, blanks=True, color_column=9, tab_size=3),
]


class SentRows(EditorView):
    """An editor that keeps what a terminal shows that got only the rows that were due."""

    def __init__(self, room: Room, clock: Callable[[], float], settings: EditorSettings) -> None:
        self.shown: dict[int, object] = {}
        self.sent_rows = 0
        super().__init__(room, clock, settings, DARK, Work())

    def repaint(self, rows: Iterable[int] | None = None) -> None:
        wanted = range(self.size.height) if rows is None else [row for row in rows if 0 <= row < HEIGHT]
        self.shown |= dict.fromkeys(wanted)
        super().repaint(wanted)

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

    def __init__(self, view: SentRows) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield self.view


class Scene:
    """Ana's editor, and bob who writes elsewhere."""

    def __init__(self, seed: int, settings: EditorSettings = BARE) -> None:
        self.random = random.Random(seed)
        self.network = InMemoryNetwork()
        self.rooms = {
            name: Room(Document(number), name, name) for number, name in enumerate(["ana", "bob"], 1)
        }
        for name, room in self.rooms.items():
            self.network.add(name, room)
        self.settings = settings
        self.view = SentRows(self.rooms["ana"], lambda: self.network.now_s, settings)
        self.view.styles.height = HEIGHT
        self.acts = [
            *[self.command] * 6, self.type, self.extend, self.write, self.point, self.wait, self.wheel,
            self.search, self.cover, self.look,
        ]  # fmt: skip

    def begin(self) -> None:
        """Fill the screen, and paint it whole."""
        self.network.lay("ana", "bob")
        python = language_named("python")
        assert python is not None
        self.view.write_as(FileStyle(python))
        rows = (f"{'  ' * (number % 3)}x = ({'word ' * (number % 7)})\t# {number} \n" for number in range(30))
        self.view.editor.paste(Copied("".join(rows)))
        self.view.editor.run("document_start")
        self.network.deliver_all()
        self.view.repaint()
        self.view.send()

    def act(self) -> str:
        """Do any one thing that may change the screen, and return which."""
        done = self.random.choice(self.acts)()
        self.network.deliver_all()
        return done

    def command(self) -> str:
        name = self.random.choice(COMMANDS)
        assert self.view.editor.run(name)
        return name

    def type(self) -> str:
        character = self.random.choice(TYPED)
        self.view.editor.type(character)
        return character

    def extend(self) -> str:
        name = self.random.choice(EXTENDING)
        self.view.editor.run(name, extends=True)
        return f"Shift {name}"

    def write(self) -> str:
        document = self.rooms["bob"].document
        start, end = sorted((self.somewhere(), self.somewhere()))
        end = min(end, Location(start.row + 2, 0)) if end.row > start.row + 2 else end
        text = self.random.choice(["", "x", "long " * 8, "\n", "\n\n\n", "a\tb", "中", '"""'])
        document.edit([Edit(start, end, text)], self.network.now_s)
        return f"bob writes {text!r} from {start} to {end}"

    def point(self) -> str:
        selection = Selection(self.somewhere(), self.somewhere())
        self.network.pass_time(0.05)
        self.rooms["bob"].move_cursor(selection, self.network.now_s, by_hand=True)
        return f"bob selects {selection}"

    def wait(self) -> str:
        self.network.pass_time(self.random.choice([0.1, 2.0]))
        self.network.deliver_all()
        self.view.redecorate()  # as the timer does that takes names down
        return "time passes"

    def wheel(self) -> str:
        self.view._scroll(rows := self.random.choice([-3, 3]))
        return f"wheel {rows}"

    def search(self) -> str:
        text = self.random.choice(["", "wor", "x"])
        self.view.finder.look_for(Query(text), Location(0, 0), None)
        self.view.repaint()
        if text:
            self.view.finder.find_next(self.view.selection.head, self.view.show_match)
        else:
            self.view.show_match(None)
        return f"search {text!r}"

    def cover(self) -> str:
        count = self.random.choice([0, 0, 1, 3])
        self.view.lay_over([Strip([Segment("-" * WIDTH)])] * count)
        return f"cover {count} rows"

    def look(self) -> str:
        self.settings = replace(self.settings, blanks=not self.settings.blanks)
        theme = self.random.choice([DARK, LIGHT])
        self.view.show_as(self.settings, theme)
        return f"look {theme.name}"

    def somewhere(self) -> Location:
        lines = self.rooms["bob"].document.lines
        row = self.random.randrange(min(lines.row_count, 40))
        return Location(row, self.random.randint(0, len(lines.line(row))))


@pytest.mark.parametrize("settings", SETTINGS, ids=["bare", "numbers", "wrapped", "marks"])
@pytest.mark.parametrize("seed", range(3))
async def test_rows_that_were_not_repainted_have_not_changed(seed: int, settings: EditorSettings) -> None:
    scene = Scene(seed, settings)
    async with EditorAlone(scene.view).run_test(size=(WIDTH, HEIGHT)) as pilot:
        scene.begin()
        done: list[str] = []
        for _ in range(250):
            done.append(scene.act())
            if scene.random.random() < 0.1:
                done.append("pause")
                await pilot.pause()  # syntax and search go on
            scene.view.send()
            assert scene.view.is_shown_right(), f"after {done[-4:]}, seed {seed}"


async def test_a_key_within_a_row_repaints_that_row_alone() -> None:
    scene = Scene(0)
    async with EditorAlone(scene.view).run_test(size=(WIDTH, HEIGHT)):
        scene.begin()
        await until(lambda: scene.view._highlighter._due is None, "the syntax is known")
        scene.view.send()
        assert scene.view.is_shown_right()
        sent = scene.view.sent_rows
        scene.view.editor.type("x")
        scene.view.send()
        assert scene.view.sent_rows - sent == 1

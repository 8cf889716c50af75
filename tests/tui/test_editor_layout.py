"""The text beside its line numbers, wrapped or scrolled, and colored by what its words are."""

from __future__ import annotations

from dataclasses import replace

from textual.app import App, ComposeResult

from collabterm.document.lines import Location
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document
from collabterm.session.room import Room
from collabterm.tui.decorations import Spans
from collabterm.tui.editor_view import EditorView
from collabterm.tui.theme import DARK
from collabterm.tui.work import Work
from tests.tui.stage import BARE, Stage
from tests.waiting import until

WORDS = "one two three\nfour five\n\nsix"
MANY = "\n".join(f"row {number}" for number in range(100))
NUMBERED = replace(BARE, line_numbers=True)
WRAPPED = replace(BARE, wrap=True)

# -- layout


async def test_line_numbers_stand_beside_the_text_and_widen_with_it() -> None:
    stage = Stage("\n".join(f"row {number}" for number in range(9)), settings=NUMBERED)
    async with stage.playing(40, 14):
        assert stage.editor_rows[0] == " 1 row 0"
        assert stage.editor_rows[8] == " 9 row 8"
        assert stage.editor_rows[9] == ""
        await stage.press("ctrl+end", "enter")
        assert stage.editor_rows[0] == "  1 row 0"
        assert stage.editor_rows[9].rstrip() == " 10"
        assert stage.cell(9, 1).style != stage.cell(8, 2).style
        await stage.press("ctrl+z")
        assert stage.editor_rows[0] == " 1 row 0"


async def test_a_click_on_a_line_number_goes_to_the_rows_start() -> None:
    stage = Stage(WORDS, settings=NUMBERED)
    async with stage.playing(40, 14) as pilot:
        await stage.click(pilot, 1, 3 + 5)
        assert stage.head == (1, 5)
        await stage.click(pilot, 1, 1)
        assert stage.head == (1, 0)


async def test_line_numbers_give_way_on_a_screen_that_has_no_room_for_them() -> None:
    stage = Stage(WORDS, settings=NUMBERED)
    async with stage.playing(6, 6):
        assert stage.editor_rows[0] == "one tw"


async def test_a_long_row_scrolls_sideways_with_the_cursor() -> None:
    stage = Stage("x" * 30 + "END\nshort")
    async with stage.playing(20, 6):
        await stage.press("end")
        assert stage.editor_rows[0].endswith("END")
        assert stage.editor_rows[1] == ""
        await stage.press("home")
        assert stage.editor_rows[:2] == ["x" * 20, "short"]


async def test_a_wrapped_row_goes_on_below_and_keys_go_by_what_is_seen() -> None:
    stage = Stage("one two three four five\nsix", settings=WRAPPED)
    async with stage.playing(12, 8):
        assert stage.editor_rows[:3] == ["one two", "three four", "five"]
        await stage.press("down")
        assert stage.head == (0, 8)
        await stage.press("end")
        assert stage.head == (0, 23)
        await stage.press("up", "up")
        assert stage.head[0] == 0
        assert stage.head[1] < 8


async def test_a_click_on_a_wrapped_row_finds_the_character_there() -> None:
    stage = Stage("one two three four five\nsix", settings=WRAPPED)
    async with stage.playing(12, 8) as pilot:
        await stage.click(pilot, 1, 6)
        assert stage.head == (0, 14)
        await stage.click(pilot, 3, 1)
        assert stage.head == (1, 1)


async def test_only_the_first_screen_row_of_a_wrapped_row_is_numbered() -> None:
    stage = Stage("one two three four five\nsix", settings=replace(WRAPPED, line_numbers=True))
    async with stage.playing(15, 8):
        assert stage.editor_rows[:4] == [" 1 one two", "   three four", "   five", " 2 six"]


async def test_wrapping_is_switched_and_the_view_stays_where_it_is() -> None:
    stage = Stage("\n".join(f"{number} one two three four five" for number in range(50)))
    async with stage.playing(16, 8):
        await stage.press(*["pagedown"] * 3)
        top = stage.editor_rows[0]
        await stage.press("alt+z")
        assert stage.editor_rows[0] == top.removesuffix(" f")[: len(stage.editor_rows[0])]
        assert stage.editor_rows[1].startswith("three")
        await stage.press("alt+z")
        assert stage.editor_rows[0] == top


async def test_resizing_keeps_the_cursor_in_view() -> None:
    stage = Stage(MANY)
    async with stage.playing(40, 12) as pilot:
        await stage.press(*["down"] * 9)
        await pilot.resize_terminal(40, 6)
        assert f"row {stage.head[0]}" in stage.editor_rows


async def test_the_cursors_row_has_its_own_ground() -> None:
    stage = Stage(WORDS)
    async with stage.playing():
        assert DARK.current_line.bgcolor is not None
        ground = DARK.current_line.bgcolor.name
        assert stage.cell(0, 20).background == ground
        assert stage.cell(1, 20).background != ground
        await stage.press("down")
        assert stage.cell(0, 20).background != ground
        assert stage.cell(1, 20).background == ground


async def test_brackets_that_belong_together_are_shown_at_the_cursor() -> None:
    stage = Stage("f(a, (b))")
    async with stage.playing():
        await stage.press("right")
        assert [stage.cell(0, column).style.underline for column in (1, 5, 7, 8)] == [False, None, None, True]
        await stage.press("ctrl+right_square_bracket")
        assert stage.head == (0, 8)
        assert stage.cell(0, 1).style.underline


# -- highlighting


async def is_highlighted(stage: Stage, row: int, column: int, capture: str) -> None:
    ink = DARK.ink_of(capture)
    assert ink is not None
    await until(lambda: stage.cell(row, column).style.color == ink.color, f"{capture} at {row}, {column}")


async def test_python_is_highlighted_by_its_files_name_and_follows_what_is_typed() -> None:
    stage = Stage("import os\nx = 1\n", file="main.py")
    async with stage.playing(80, 10):
        await is_highlighted(stage, 0, 1, "keyword")
        await is_highlighted(stage, 1, 4, "number")
        await stage.press("ctrl+home", "enter")
        keyword = DARK.ink_of("keyword")
        assert keyword is not None
        assert stage.cell(1, 1).style.color == keyword.color  # at once, before anything is parsed again
        await stage.press("#")
        await is_highlighted(stage, 1, 3, "comment")
        await stage.status_says("python")


async def test_a_language_may_be_asked_for_or_told_by_the_first_line() -> None:
    for stage in (
        Stage("if x: pass", language="python"),
        Stage("#!/usr/bin/env python3\nif x: pass"),
    ):
        async with stage.playing(40, 10):
            await is_highlighted(stage, stage.text.count("\n"), 1, "keyword")


async def test_another_language_is_taken_over_at_once() -> None:
    stage = Stage("if x: pass", language="python")
    async with stage.playing(60, 10):
        await is_highlighted(stage, 0, 1, "keyword")
        await stage.run("set the language")
        await stage.type("text")
        await stage.press("enter")
        assert stage.cell(0, 1).style.color == DARK.text.color


async def test_a_text_that_comes_later_from_somebody_tells_its_style() -> None:
    stage = Stage("", "bob")
    async with stage.playing(40, 10):
        stage.writes("bob", 0, 0, "#!/usr/bin/python\nif x:\n  y = (1)\n")
        await is_highlighted(stage, 1, 0, "keyword")
        await stage.press("ctrl+end", "tab")
        assert stage.text.endswith("\n  ")


class CountingView(EditorView):
    """An editor that counts how often it works out what lies over the text."""

    worked_out = 0

    def _current_spans(self) -> Spans:
        self.worked_out += 1
        return super()._current_spans()


class CountingApp(App[None]):
    """A screen with an editor and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        room = Room(Document(1), "ana", "ana")
        room.document.seed(MANY, {})
        self.view = CountingView(room, lambda: 0.0, BARE, DARK, Work())

    def compose(self) -> ComposeResult:
        yield self.view


async def test_a_key_that_scrolls_works_out_once_what_lies_over_the_text() -> None:
    app = CountingApp()
    async with app.run_test(size=(40, 6)):
        for command in ("down", "document_end", "up", "document_start", "page_down"):
            before = app.view.worked_out
            app.view.editor.run(command)
            assert app.view.worked_out - before == 1, command
        before = app.view.worked_out
        app.view.show_match(Selection(Location(80, 0), Location(82, 0)))
        assert app.view.worked_out - before == 1
        assert app.view.render_line(0).text.startswith("row ")

"""The text on the screen: keys, mouse, other people's edits, and their cursors, selections and names."""

from __future__ import annotations

import unicodedata
from functools import partial

import pytest
from rich.color import Color
from textual import events

from collabterm.document.lines import Edit, Location
from collabterm.session.presence import COLORS
from collabterm.tui.decorations import LABEL_S
from collabterm.tui.theme import DARK, selection_style
from tests.tui.stage import CLIENT_IDS, Stage
from tests.waiting import until

WORDS = "one two three\nfour five\n\nsix"
MANY = "\n".join(f"row {number}" for number in range(100))


def color_of(name: str) -> str:
    """Return the color that the room gives to a person."""
    return COLORS[CLIENT_IDS[name] % len(COLORS)]


def tint_of(name: str) -> str:
    """Return the color of a person's selection."""
    color = selection_style(color_of(name), DARK).bgcolor
    assert color is not None
    return color.name


# -- keys


@pytest.mark.parametrize(
    ("keys", "head"),
    [
        (["right", "right"], (0, 2)),
        (["end", "right"], (1, 0)),
        (["down", "left"], (0, 13)),
        (["ctrl+right"], (0, 3)),
        (["ctrl+right", "ctrl+right", "ctrl+left"], (0, 4)),
        (["ctrl+end"], (3, 3)),
        (["ctrl+end", "ctrl+home"], (0, 0)),
        (["end", "down"], (1, 9)),
        (["end", "down", "down", "up", "up"], (0, 13)),
        (["end", "home"], (0, 0)),
    ],
)
async def test_motions_move_the_cursor(keys: list[str], head: tuple[int, int]) -> None:
    stage = Stage(WORDS)
    async with stage.playing() as pilot:
        await pilot.press(*keys)
        assert stage.head == head
        assert stage.selected == ""


@pytest.mark.parametrize(
    ("keys", "selected"),
    [
        (["shift+right", "shift+right"], "on"),
        (["shift+end"], "one two three"),
        (["shift+down"], "one two three\n"),
        (["ctrl+shift+right"], "one"),
        (["ctrl+end", "shift+home"], "six"),
        (["ctrl+shift+end"], WORDS),
        (["ctrl+a"], WORDS),
        (["shift+right", "shift+left"], ""),
        (["shift+right", "escape"], ""),
        (["shift+right", "right"], ""),
    ],
)
async def test_shift_selects(keys: list[str], selected: str) -> None:
    stage = Stage(WORDS)
    async with stage.playing() as pilot:
        await pilot.press(*keys)
        assert stage.selected == selected


async def test_a_page_moves_view_and_cursor_and_back_again() -> None:
    stage = Stage(MANY)
    async with stage.playing(40, 12) as pilot:
        await pilot.press("pagedown")
        assert stage.head == (9, 0)
        assert stage.editor_rows[0] == "row 9"
        await pilot.press("pagedown", "pageup", "pageup")
        assert stage.head == (0, 0)
        assert stage.editor_rows[0] == "row 0"
        await pilot.press("ctrl+end")
        assert stage.editor_rows[-1] == "row 99"
        await pilot.press("shift+pageup")
        assert stage.selected == MANY[MANY.index("row 90") + 6 :]


async def test_typing_replaces_what_is_selected_and_undo_brings_it_back() -> None:
    stage = Stage(WORDS)
    async with stage.playing() as pilot:
        await pilot.press("shift+end", "X", "Y")
        assert stage.text.startswith("XY\nfour")
        await pilot.press("ctrl+z")
        assert stage.text == WORDS
        await pilot.press("ctrl+y")
        assert stage.text.startswith("XY\nfour")


async def test_undo_leaves_other_peoples_edits_alone() -> None:
    stage = Stage("", "bob")
    async with stage.playing() as pilot:
        await pilot.press("a", "b")
        stage.network.deliver_all()
        stage.writes("bob", 0, 2, "BOB")
        await pilot.press("ctrl+z", "ctrl+z")
        assert stage.text == "BOB"


CODE = "def f(x):\n    if x:\n        return 1\n"


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("ctrl+end up end enter !", CODE.replace("1\n", "1\n        !\n")),
        ("end enter !", CODE.replace(":\n", ":\n    !\n", 1)),
        ("down down home X", CODE.replace("return", "Xreturn")),
        ("down down home home X", CODE.replace("        return", "X        return")),
        ("down tab", CODE.replace("    if", "        if")),
        ("down shift+down shift+tab", CODE.replace("    if", "if")),
        ("down end backspace", CODE.replace("if x:", "if x")),
        ("down home backspace", CODE.replace("    if", "if")),
        ("ctrl+delete delete", CODE.replace("def ", "")),
        ("end ctrl+w ctrl+backspace", CODE.replace("(x):", "(")),
        ("ctrl+d", CODE.replace("def f(x):\n", "def f(x):\ndef f(x):\n")),
        ("ctrl+k", CODE.replace("def f(x):\n", "")),
        ("ctrl+shift+k ctrl+shift+k", "        return 1\n"),
        ("alt+down", "    if x:\ndef f(x):\n        return 1\n"),
        ("down alt+up", "    if x:\ndef f(x):\n        return 1\n"),
        ("down alt+j", CODE.replace(":\n        return", ": return")),
        ("ctrl+slash", "# " + CODE),
        ("ctrl+slash ctrl+slash", CODE),
        ("ctrl+l ctrl+l alt+u", CODE.replace("def f(x)", "DEF F(X)").replace("if x", "IF X")),
        ("ctrl+shift+right alt+u alt+l", CODE),
        ("ctrl+shift+right (", CODE.replace("def", "(def)")),
        ("ctrl+g 3 enter X", CODE.replace("        return", "X        return")),
        ("ctrl+g 2 colon 5 enter X", CODE.replace("    if", "    Xif")),
        ("alt+shift+down alt+shift+down !", "!def f(x):\n!    if x:\n!        return 1\n"),
        ("down down alt+shift+up !", CODE.replace("    if", "!    if").replace("        re", "!        re")),
        ("ctrl+right ctrl+right ctrl+right right alt+m y", CODE.replace("x", "y")),
        ("ctrl+right ctrl+right ctrl+right right alt+n alt+n y", CODE.replace("x", "y")),
        ("alt+shift+down ! escape ?", "!def f(x):\n!?    if x:\n        return 1\n"),
        ("ctrl+a delete ctrl+z", CODE),
        ("ctrl+down X", CODE + "X"),
        ("ctrl+end ctrl+up X", "X" + CODE),
        ("ctrl+right ctrl+right ctrl+right ctrl+right_square_bracket X", CODE.replace("x)", "xX)", 1)),
    ],
)
async def test_keys_do_what_they_are_known_for(keys: str, text: str) -> None:
    stage = Stage(CODE, language="python")
    async with stage.playing():
        for key in keys.split():
            await (stage.type(":") if key == "colon" else stage.press(key))
        assert stage.text == text
        assert stage.app.failure is None


# -- the mouse


async def test_a_click_puts_the_cursor_under_it_or_as_near_as_there_is_text() -> None:
    stage = Stage(WORDS)
    async with stage.playing() as pilot:
        for cell, head in (((1, 3), (1, 3)), ((0, 39), (0, 13)), ((2, 5), (2, 0)), ((7, 1), (3, 1))):
            await stage.mouse(pilot, events.MouseDown, *cell)
            await stage.mouse(pilot, events.MouseUp, *cell)
            assert stage.head == head


async def test_a_click_on_wide_characters_and_tabs_finds_the_character_there() -> None:
    stage = Stage("中村\tx")
    async with stage.playing() as pilot:
        for column, found in ((0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (7, 2), (8, 3), (9, 4)):
            await stage.click(pilot, 0, column)
            assert stage.head == (0, found)


async def test_a_drag_selects_and_a_click_with_shift_extends() -> None:
    stage = Stage(WORDS)
    async with stage.playing() as pilot:
        await stage.mouse(pilot, events.MouseDown, 0, 4)
        await stage.mouse(pilot, events.MouseMove, 1, 4)
        assert stage.selected == "two three\nfour"
        await stage.mouse(pilot, events.MouseMove, 0, 7)
        await stage.mouse(pilot, events.MouseUp, 0, 7)
        assert stage.selected == "two"
        await stage.mouse(pilot, events.MouseMove, 3, 0)
        assert stage.selected == "two"
        await stage.mouse(pilot, events.MouseDown, 0, 13, shift=True)
        assert stage.selected == "two three"


async def test_a_drag_held_beyond_an_edge_scrolls_on_until_it_comes_back() -> None:
    stage = Stage(MANY)
    async with stage.playing(40, 12) as pilot:
        await stage.mouse(pilot, events.MouseDown, 0, 0)
        await stage.mouse(pilot, events.MouseMove, 10, 0)
        assert stage.head[0] >= 10
        await until(lambda: stage.head[0] >= 14, "the text scrolls by itself")
        await stage.mouse(pilot, events.MouseMove, 5, 2)
        head = stage.head
        assert stage.editor_rows[5] == f"row {head[0]}"
        assert stage.app.view._drag_timer is None
        await stage.mouse(pilot, events.MouseMove, -1, 0)
        await until(lambda: stage.head == (0, 0), "the text scrolls back")
        await stage.mouse(pilot, events.MouseUp, -1, 0)
        assert stage.selected == ""


async def test_moving_a_held_mouse_beyond_an_edge_makes_it_scroll_no_faster() -> None:
    stage = Stage(MANY)
    async with stage.playing(40, 12) as pilot:
        await stage.mouse(pilot, events.MouseDown, 0, 0)
        for _ in range(5):
            await stage.mouse(pilot, events.MouseMove, 10, 0)
        view = stage.app.view
        callbacks = [timer._callback for timer in view._timers if timer._task is not None]
        drags = [one for one in callbacks if isinstance(one, partial) and one.args == (view._drag,)]
        assert len(drags) <= 1


async def test_the_wheel_looks_elsewhere_and_leaves_the_cursor() -> None:
    stage = Stage(MANY)
    async with stage.playing(40, 12) as pilot:
        await stage.mouse(pilot, events.MouseScrollDown, 3, 3)
        await stage.mouse(pilot, events.MouseScrollDown, 3, 3)
        assert stage.editor_rows[0] == "row 6"
        assert stage.head == (0, 0)
        await stage.mouse(pilot, events.MouseScrollUp, 3, 3)
        assert stage.editor_rows[0] == "row 3"
        await pilot.press("x")
        assert stage.editor_rows[0] == "xrow 0"


async def test_the_mouse_on_the_other_rows_does_nothing() -> None:
    stage = Stage(WORDS)
    async with stage.playing() as pilot:
        await stage.mouse(pilot, events.MouseDown, -1, 5)
        await stage.mouse(pilot, events.MouseDown, 8, 5)
        assert stage.head == (0, 0)


async def test_a_drag_ends_when_the_mouse_moves_with_no_button_pressed() -> None:
    stage = Stage(WORDS)
    async with stage.playing() as pilot:
        await stage.mouse(pilot, events.MouseDown, 0, 4)
        await stage.mouse(pilot, events.MouseMove, 0, 7)
        stage.app.view.point(
            events.MouseMove(None, 0, 0, 0, 0, 0, False, False, False, screen_x=0, screen_y=3)
        )
        assert stage.selected == "two"
        await stage.mouse(pilot, events.MouseMove, 1, 4)
        assert stage.selected == "two"


async def test_a_drag_survives_that_others_delete_where_it_began() -> None:
    stage = Stage(MANY, "bob")
    async with stage.playing(40, 12) as pilot:
        await stage.press("ctrl+end")
        await stage.mouse(pilot, events.MouseDown, 9, 0)
        await stage.mouse(pilot, events.MouseMove, 5, 0)
        bob = stage.rooms["bob"].document
        bob.edit([Edit(Location(0, 0), bob.lines.end, "all new")], stage.network.now_s)
        stage.network.deliver_all()
        await stage.mouse(pilot, events.MouseMove, 0, 3)
        assert stage.text == "all new"
        assert stage.app.failure is None
        assert stage.app.is_running


async def test_a_drag_selects_from_the_same_character_when_others_write_before_it() -> None:
    stage = Stage(WORDS, "bob")
    async with stage.playing() as pilot:
        await stage.mouse(pilot, events.MouseDown, 0, 4)
        stage.writes("bob", 0, 0, "zero ")
        await stage.mouse(pilot, events.MouseMove, 0, 12)
        assert stage.selected == "two"


# -- other people


async def test_what_others_write_appears_and_moves_the_own_cursor_along() -> None:
    stage = Stage(WORDS, "bob")
    async with stage.playing() as pilot:
        await pilot.press("down", "right", "right")
        stage.writes("bob", 0, 0, "zero\n")
        assert stage.editor_rows[:3] == ["zero", "one two three", "four five"]
        assert stage.head == (2, 2)
        stage.writes("bob", 2, 0, "X", over=1)
        assert stage.head == (2, 2)


async def test_edits_above_the_view_do_not_move_what_is_read() -> None:
    stage = Stage(MANY, "bob")
    async with stage.playing(40, 12) as pilot:
        await pilot.press("pagedown", "pagedown", "pagedown")
        before = stage.editor_rows
        stage.writes("bob", 3, 0, "new\nrows\n")
        assert stage.editor_rows == before
        stage.writes("bob", 0, 0, "", over=3)
        assert stage.editor_rows == before


async def test_a_cursor_is_painted_in_its_persons_color_and_named_for_a_while() -> None:
    stage = Stage(WORDS, "bob")
    async with stage.playing():
        stage.puts_cursor("bob", (1, 3))
        assert stage.cell(1, 3).background == color_of("bob")
        assert stage.editor_rows[1] == "four five   bob"
        label = stage.editor_rows[1].index("bob")
        assert stage.cell(1, label).background == color_of("bob")
        stage.network.pass_time(LABEL_S + 0.1)
        await until(lambda: "bob" not in stage.editor_rows[1], "the name goes")
        assert stage.cell(1, 3).background == color_of("bob")
        stage.puts_cursor("bob", (1, 4))
        assert "bob" in stage.editor_rows[1]


async def test_a_name_without_room_behind_its_row_is_shown_above_or_below_it() -> None:
    stage = Stage(f"{'x' * 39}\n{'y' * 39}\n", "bob")
    async with stage.playing(40):
        stage.puts_cursor("bob", (0, 2))
        assert stage.editor_rows[1].startswith("yy bob yyy")
        stage.puts_cursor("bob", (1, 38))
        assert stage.editor_rows[0].endswith(" bob")


async def test_a_selection_is_painted_in_its_persons_color() -> None:
    stage = Stage(WORDS, "bob")
    async with stage.playing():
        stage.puts_cursor("bob", (1, 4), (0, 4))
        tint = tint_of("bob")
        assert [stage.cell(0, column).background == tint for column in (3, 4, 12, 13)] == [
            False,
            True,
            True,
            True,
        ]
        assert [stage.cell(1, column).background == tint for column in (0, 3, 5)] == [True, True, False]
        assert stage.cell(1, 4).background == color_of("bob")


async def test_the_own_cursor_is_painted_on_top_of_another_in_the_same_cell() -> None:
    stage = Stage(WORDS, "bob", "cleo")
    async with stage.playing() as pilot:
        await pilot.press("down", "right")
        stage.puts_cursor("bob", (1, 1))
        stage.puts_cursor("cleo", (1, 1), (0, 0))
        assert stage.cell(1, 1).style.reverse
        assert stage.cell(1, 1).background not in (color_of("bob"), color_of("cleo"))
        await pilot.press("right")
        assert stage.cell(1, 2).style.reverse
        assert stage.cell(1, 1).background in (color_of("bob"), color_of("cleo"))


async def test_the_own_cursor_is_painted_on_top_of_another_persons_name() -> None:
    stage = Stage(f"{'x' * 39}\n{'y' * 39}\n", "bob")
    async with stage.playing() as pilot:
        await pilot.press("down", "right", "right", "right", "right")
        stage.puts_cursor("bob", (0, 2))
        assert stage.editor_rows[1].startswith("yy byb yyy")
        assert stage.cell(1, 4).style.reverse
        assert stage.cell(1, 4).background != color_of("bob")


async def test_who_left_leaves_no_cursor_behind() -> None:
    stage = Stage(WORDS, "bob")
    async with stage.playing():
        stage.puts_cursor("bob", (1, 3), (0, 0))
        stage.network.cut("ana", "bob")
        backgrounds = {cell.background for row in stage.widget_rows(stage.app.view) for cell in row}
        assert not backgrounds & {color_of("bob"), tint_of("bob")}


async def test_two_people_have_two_colors() -> None:
    stage = Stage(WORDS, "bob", "cleo")
    async with stage.playing():
        stage.puts_cursor("bob", (0, 1))
        stage.puts_cursor("cleo", (1, 1))
        assert stage.cell(0, 1).background != stage.cell(1, 1).background


async def test_a_cursor_on_a_wide_character_covers_it_whole() -> None:
    stage = Stage("a中b", "bob")
    async with stage.playing():
        stage.puts_cursor("bob", (0, 1))
        backgrounds = [stage.cell(0, column).background == color_of("bob") for column in range(4)]
        assert backgrounds == [False, True, True, False]


HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\x00\x7f\r\x0b\x0c\x85\u2028\u202e\u2066\u200f\u061ctext"


async def test_control_characters_and_bidi_marks_reach_no_row() -> None:
    stage = Stage(f"{HOSTILE}\n" * 5, "bob")
    bob = stage.rooms["bob"].presence
    bob.name = HOSTILE
    async with stage.playing(60) as pilot:
        stage.puts_cursor("bob", (1, 3), (0, 0))
        stage.rooms["ana"].peer_came("mallory", HOSTILE)
        await stage.paste(pilot, HOSTILE)
        stage.app.tell(HOSTILE)
        app = stage.app
        for widget in (app._participants_bar, app.view, app._status_bar):
            for y in range(widget.size.height):
                strip = widget.render_line(y)
                assert strip.cell_length == 60
                categories = {unicodedata.category(char) for segment in strip for char in segment.text}
                assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}


async def test_a_color_that_a_peer_claims_is_one_that_can_be_painted() -> None:
    stage = Stage(WORDS, "bob")
    stage.rooms["bob"].presence.color = "\x1b[31m"
    async with stage.playing():
        stage.puts_cursor("bob", (1, 3))
        assert Color.parse(stage.cell(1, 3).background)


async def test_a_cursor_outside_of_the_text_is_shown_at_its_end() -> None:
    stage = Stage(WORDS, "bob")
    async with stage.playing():
        stage.puts_cursor("bob", (900, 900))
        assert stage.cell(3, 3).background == color_of("bob")

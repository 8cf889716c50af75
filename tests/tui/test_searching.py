"""Find and replace in the app: the keys that people press, and what is then on the screen and in the text."""

from __future__ import annotations

import pytest
from textual import events

from collabterm.document.lines import Edit, Location
from collabterm.tui.find_bar import FindBar
from collabterm.tui.finder import TOO_SLOW
from collabterm.tui.searching import PATIENCE_S, STOPPABLE_S
from collabterm.tui.theme import DARK
from tests.tui.stage import Stage
from tests.waiting import until

TEXT = "one foo\ntwo Foo food\nthree\nfoo"


def bar(stage: Stage) -> str:
    """Return the row of the find field."""
    rows = [*stage.editor_rows, stage.status]
    return next((row.strip() for row in rows if row.strip().startswith("Find:")), "")


async def bar_says(stage: Stage, words: str) -> None:
    await until(lambda: words in bar(stage), f"{words!r} in the bar, which is {bar(stage)!r}")


def matched(stage: Stage) -> list[tuple[int, int]]:
    """Return the cells that are painted as matches, but for the one that the search stands at."""
    rows = enumerate(stage.widget_rows(stage.app.view))
    ground = DARK.match.bgcolor
    return [(y, x) for y, row in rows for x, cell in enumerate(row) if cell.style.bgcolor == ground]


def stands_at(stage: Stage) -> tuple[tuple[int, int], tuple[int, int]] | None:
    match = stage.app.view.match
    return (match.start, match.end) if match is not None else None


# -- finding


async def test_the_view_goes_to_the_first_match_while_one_types_and_the_cursor_stays() -> None:
    stage = Stage("x\n" * 200 + "needle\n" + "x\n" * 50)
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        await stage.type("need")
        await until(lambda: stands_at(stage) == ((200, 0), (200, 4)), "the search stands at the match")
        assert "needle" in stage.editor_rows
        assert stage.head == (0, 0)
        await bar_says(stage, "1 of 1")


async def test_enter_and_the_arrows_walk_from_match_to_match_and_around() -> None:
    stage = Stage(TEXT)
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        await stage.type("foo")
        await bar_says(stage, "1 of 4")
        walked = []
        for key in ("enter", "down", "f3", "enter", "up", "shift+enter"):
            await stage.press(key)
            at = stands_at(stage)
            assert at is not None
            walked.append(at[0])
        assert walked == [(1, 4), (1, 8), (3, 0), (0, 4), (3, 0), (1, 8)]
        await bar_says(stage, "3 of 4")


async def test_all_matches_in_view_are_marked_until_the_bar_is_closed() -> None:
    stage = Stage(TEXT)
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        await stage.type("foo")
        await bar_says(stage, "1 of 4")
        assert matched(stage) == [*((1, x) for x in (4, 5, 6, 8, 9, 10)), *((3, x) for x in range(3))]
        ground = DARK.match_current.bgcolor
        assert [stage.cell(0, x).style.bgcolor == ground for x in (3, 4, 6, 7)] == [False, True, True, False]
        await stage.press("escape")
        assert matched(stage) == []
        assert stands_at(stage) is None
        assert stage.selected == "foo"
        assert stage.head == (0, 7)


@pytest.mark.parametrize(
    ("toggle", "typed", "summary"),
    [
        ("alt+c", "foo", "1 of 3"),
        ("alt+w", "foo", "1 of 3"),
        ("alt+r", "f.o+$", "1 of 2"),
        ("alt+r", "^t", "1 of 2"),
        ("", "f.o", "no match"),
        ("", "zzz", "no match"),
    ],
)
async def test_toggles_change_what_is_found(toggle: str, typed: str, summary: str) -> None:
    stage = Stage(TEXT)
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        if toggle:
            await stage.press(toggle)
        await stage.type(typed)
        await bar_says(stage, summary)


async def test_a_bad_pattern_is_told_in_the_bar_and_marks_nothing() -> None:
    stage = Stage("a(b")
    async with stage.playing(100, 12):
        await stage.press("ctrl+f", "alt+r")
        await stage.type("(")
        await bar_says(stage, "missing )")
        assert matched(stage) == []
        await stage.press("enter", "alt+a")
        assert stage.text == "a(b"
        await stage.press("backspace", "b")
        await bar_says(stage, "1 of 1")


async def test_a_pattern_that_takes_too_long_is_given_up_and_keys_go_on() -> None:
    stage = Stage("x" * 5_000)
    async with stage.playing(140, 12):
        await stage.press("ctrl+f", "alt+r")
        await stage.type("(x+x+)+y")
        await bar_says(stage, TOO_SLOW[:30])
        await stage.press("escape", "ctrl+home", "z")
        assert stage.text.startswith("zx")


async def test_f3_goes_on_with_the_bar_closed_and_selects_what_it_finds() -> None:
    stage = Stage(TEXT)
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        await stage.type("foo")
        await stage.press("escape", "f3")
        await until(lambda: stage.head == (1, 7), "the next match is selected")
        assert stage.selected == "Foo"
        await stage.status_says("foo: ")
        await stage.press("shift+f3")
        await until(lambda: stage.head == (0, 7), "the match before is selected")
        await stage.press("shift+f3")
        await until(lambda: stage.head == (3, 3), "it goes around")


async def test_f3_asks_what_to_find_if_nothing_was_sought_yet() -> None:
    stage = Stage(TEXT)
    async with stage.playing(100, 12):
        await stage.press("f3")
        assert bar(stage).startswith("Find:")


@pytest.mark.parametrize("text", ["one", "x\n" * 3_000])
async def test_f3_says_so_if_there_is_nothing(text: str) -> None:
    stage = Stage(text)
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        await stage.type("zzz")
        await stage.press("escape", "f3")
        await stage.status_says("zzz: no match")


async def test_what_is_selected_in_a_row_is_what_one_looks_for() -> None:
    stage = Stage(TEXT)
    async with stage.playing(100, 12):
        await stage.press("ctrl+end", "shift+home", "ctrl+f")
        await bar_says(stage, "foo")
        await bar_says(stage, "4 of 4")
        await stage.press("enter")
        at = stands_at(stage)
        assert at is not None
        assert at[0] == (0, 4)


async def test_matches_follow_what_others_write_meanwhile() -> None:
    stage = Stage(TEXT, "bob")
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        await stage.type("foo")
        await bar_says(stage, "1 of 4")
        stage.writes("bob", 0, 0, "foo\n")
        await bar_says(stage, "2 of 5")
        assert stands_at(stage) == ((1, 4), (1, 7))


async def test_escape_in_the_text_takes_down_the_marks_of_f3() -> None:
    stage = Stage(TEXT)
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        await stage.type("foo")
        await stage.press("escape", "f3")
        await until(lambda: matched(stage), "the matches are marked")
        await stage.press("escape")
        assert matched(stage) == []


FAR = "x\n" * 400_000
"""More rows than are searched at once."""


async def is_idle(stage: Stage) -> None:
    await until(lambda: not stage.app._work.is_busy, "all keys are taken", 30.0)


def delete_rows(stage: Stage, first: int, last: int) -> None:
    """Let Bob delete rows."""
    stage.rooms["bob"].document.edit([Edit(Location(first, 0), Location(last, 0), "")], stage.network.now_s)
    stage.network.deliver_all()


async def test_the_search_starts_at_the_same_place_of_a_text_that_others_shorten() -> None:
    stage = Stage("foo\n" * 3_000 + "bar foo", "bob")
    async with stage.playing(100, 12):
        await stage.press("ctrl+end", "ctrl+f")
        delete_rows(stage, 1, 3_000)
        await stage.type("foo")
        await bar_says(stage, "1 of 2")
        await stage.press("up")
        assert stands_at(stage) == ((1, 4), (1, 7))


async def test_all_is_replaced_while_others_shorten_the_text() -> None:
    stage = Stage("foo\n" * 6_000 + "bar foo", "bob")
    async with stage.playing(100, 12):
        await stage.press("ctrl+end")
        await open_replacing(stage, "foo", "x")
        await stage.press("alt+a")
        delete_rows(stage, 1, 6_000)
        await is_idle(stage)
        await bar_says(stage, "Replaced")
        await until(lambda: stage.app.view.finder.is_complete, "every row was searched again")
        assert stage.text == "x\nbar x"


async def test_what_is_typed_after_f3_comes_in_place_of_the_match_however_far_it_is() -> None:
    stage = Stage(FAR + "needle")
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        await stage.type("needle")
        await stage.press("escape", "ctrl+home", "f3", "a", "b")
        assert stage.text == FAR + "needle"
        await is_idle(stage)
        assert stage.text == FAR + "ab"


async def test_a_match_that_f3_does_not_find_soon_is_not_selected_later() -> None:
    stage = Stage(FAR + "needle")
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        await stage.type("needle")
        await stage.press("escape", "ctrl+home", "f3", "a")
        stage.network.pass_time(PATIENCE_S + 1.0)
        await is_idle(stage)
        assert stage.text == "a" + FAR + "needle"
        await stage.status_says("needle: searching")
        await until(lambda: stage.app.view.finder.is_complete, "every row was searched")
        assert (stage.head, stage.selected) == ((0, 1), "")


async def test_each_enter_is_a_step_however_far_the_match_is() -> None:
    stage = Stage(FAR + "needle\n" * 5)
    async with stage.playing(100, 12):
        await stage.press("ctrl+f")
        await stage.type("needle")
        await stage.press("enter", "enter", "up", "enter", "enter")
        await is_idle(stage)
        assert stands_at(stage) == ((400_003, 0), (400_003, 6))
        await stage.press("escape")
        assert stage.selected == "needle"


# -- replacing


async def open_replacing(stage: Stage, find: str, replacement: str) -> None:
    await stage.press("ctrl+r")
    await stage.type(find)
    await stage.press("tab")
    await stage.type(replacement)


async def test_one_match_after_the_other_is_replaced_and_each_is_an_undo_step() -> None:
    stage = Stage(TEXT)
    async with stage.playing(100, 12):
        await open_replacing(stage, "foo", "X")
        await bar_says(stage, "1 of 4")
        await stage.press("enter")
        assert stage.text == "one X\ntwo Foo food\nthree\nfoo"
        await until(lambda: stands_at(stage) == ((1, 4), (1, 7)), "the next match")
        await stage.press("enter")
        assert stage.text == "one X\ntwo X food\nthree\nfoo"
        await stage.press("escape", "ctrl+z")
        assert stage.text == "one X\ntwo Foo food\nthree\nfoo"
        await stage.press("ctrl+z")
        assert stage.text == TEXT


async def test_all_matches_are_replaced_in_one_undo_step() -> None:
    stage = Stage(TEXT)
    async with stage.playing(100, 12):
        await stage.press("ctrl+end")
        await open_replacing(stage, "foo", "barn")
        await stage.press("alt+a")
        await until(lambda: not stage.app._work.is_busy, "all is replaced")
        assert stage.text == "one barn\ntwo barn barnd\nthree\nbarn"
        await stage.press("escape", "ctrl+z")
        await until(lambda: not stage.app._work.is_busy, "all is undone")
        assert stage.text == TEXT
        await stage.press("ctrl+y")
        await until(lambda: not stage.app._work.is_busy, "all is done again")
        assert stage.text == "one barn\ntwo barn barnd\nthree\nbarn"


async def test_how_many_were_replaced_is_said_while_the_bar_is_open_and_after_it() -> None:
    stage = Stage(TEXT)
    async with stage.playing(100, 12):
        await open_replacing(stage, "foo", "bar")
        await stage.press("alt+a")
        await bar_says(stage, "Replaced 4")
        await stage.press("escape")
        await stage.status_says("Replaced 4")


async def test_many_rows_are_replaced_in_parts_and_undone_as_one_while_keys_wait() -> None:
    stage = Stage("foo foo\n" * 5_000)
    async with stage.playing(100, 12):
        await open_replacing(stage, "foo", "x")
        await stage.press("alt+a", "escape", "ctrl+home", "!")
        await until(lambda: not stage.app._work.is_busy, "all is replaced", 30.0)
        assert stage.text == "!" + "x x\n" * 5_000
        await stage.press("ctrl+z", "ctrl+z")
        await until(lambda: not stage.app._work.is_busy, "all is undone", 30.0)
        assert stage.text == "foo foo\n" * 5_000


async def test_escape_stops_a_long_replacement_and_undo_takes_back_what_it_did() -> None:
    text = "foo bar\n" * 30_000
    stage = Stage(text)
    async with stage.playing(100, 12) as pilot:
        await stage.press("ctrl+r")
        await stage.type("foo")
        await stage.press("tab")
        await stage.type("quux")
        await bar_says(stage, "of 30,000")
        with stage.app._context():
            await stage.app.on_event(events.Key("alt+a", None))
            assert stage.app._work.is_busy
            stage.network.pass_time(STOPPABLE_S + 0.1)
            await stage.app.on_event(events.Key("escape", None))
        await until(lambda: not stage.app._work.is_busy, "the work is over")
        await bar_says(stage, "stopped before the end")
        assert 0 < stage.text.count("quux") < 30_000
        await stage.press("escape", "ctrl+z")
        await until(lambda: not stage.app._work.is_busy, "the undo is over")
        assert stage.text == text
        await pilot.pause()


async def test_groups_of_a_pattern_are_put_into_the_replacement() -> None:
    stage = Stage("ab cd")
    async with stage.playing(100, 12):
        await stage.press("ctrl+r", "alt+r")
        await stage.type(r"(\w)(\w)")
        await stage.press("tab")
        await stage.type(r"\2\1")
        await stage.press("alt+a")
        await until(lambda: stage.text == "ba dc", "the letters are swapped")


async def test_a_replacement_that_cannot_be_understood_is_told_and_changes_nothing() -> None:
    stage = Stage("ab")
    async with stage.playing(100, 12):
        await stage.press("ctrl+r", "alt+r")
        await stage.type("(a)")
        await stage.press("tab")
        await stage.type(r"\7")
        await stage.press("alt+a")
        assert stage.text == "ab"
        summary = bar(stage)
        assert "1 of 1" not in summary
        assert "group" in summary


async def test_replacing_stays_within_the_selection_of_several_rows() -> None:
    stage = Stage("foo\n foo\n foo\nfoo")
    async with stage.playing(100, 12):
        await stage.press("down", "shift+down", "shift+end")
        await open_replacing(stage, "foo", "a foo")
        await bar_says(stage, "of 2")
        await stage.press("alt+a")
        await until(lambda: not stage.app._work.is_busy, "all is replaced")
        assert stage.text == "foo\n a foo\n a foo\nfoo"
        assert stage.app.view.finder.match_count == 2


async def test_own_cursors_stay_where_they_are_when_all_is_replaced() -> None:
    stage = Stage("foo\nfoo end\nfoo")
    async with stage.playing(100, 12):
        await stage.press("down", "end")
        await open_replacing(stage, "foo", "longer")
        await stage.press("alt+a", "escape")
        await until(lambda: not stage.app._work.is_busy, "all is replaced")
        assert stage.text == "longer\nlonger end\nlonger"
        assert stage.head == (1, 10)


async def test_replacing_one_keeps_to_the_selection_wherever_others_move_it() -> None:
    stage = Stage("foo\n foo\n foo foo\nfoo", "bob")
    async with stage.playing(140, 12):
        await stage.press("down", "shift+down", "shift+end")
        await open_replacing(stage, "foo", "X")
        await bar_says(stage, "of 3")
        await stage.press("enter")
        stage.writes("bob", 0, 0, "foo\n")
        await stage.press("tab", "backspace")
        await bar_says(stage, "of 2")
        await stage.press("alt+s")
        await bar_says(stage, "of 5")
        await stage.press("alt+s")
        await bar_says(stage, "of 2")
        await stage.press("alt+a")
        await is_idle(stage)
        assert stage.text == "foo\nfoo\n X\n Xo Xo\nfoo"


@pytest.mark.parametrize("key", ["enter", "alt+a"])
async def test_a_replacement_that_cannot_be_understood_is_an_error_and_the_search_stays(key: str) -> None:
    stage = Stage("ab ab", "bob")
    async with stage.playing(100, 12):
        await stage.press("ctrl+r", "alt+r")
        await stage.type("a")
        await bar_says(stage, "1 of 2")
        await stage.press("tab")
        await stage.type(r"\q")
        await stage.press(key)
        stage.writes("bob", 0, 5, "a")
        await until(lambda: stage.app.view.finder.is_complete, "every row was searched")
        await bar_says(stage, "unknown escape")
        prompt = stage.app._prompt
        assert isinstance(prompt, FindBar)
        assert prompt.has_error
        assert stage.text == "ab aba"
        assert stands_at(stage) == ((0, 0), (0, 1))
        await stage.press("backspace", "backspace", "x", "enter")
        await bar_says(stage, "1 of 2")
        assert stage.text == "xb aba"


async def test_a_replacement_that_takes_too_long_is_an_error_in_the_bar() -> None:
    stage = Stage("ab", "bob")
    async with stage.playing(140, 12):
        await stage.press("ctrl+r", "alt+r")
        await stage.type("(x+x+)+y|ab")
        await bar_says(stage, "1 of 1")
        await stage.press("tab", "z")
        stage.writes("bob", 0, 2, "x" * 5_000)
        await stage.press("enter")
        prompt = stage.app._prompt
        assert isinstance(prompt, FindBar)
        assert (prompt.summary, prompt.has_error) == (TOO_SLOW, True)
        assert stage.text.startswith("abx")


async def test_escape_ends_the_waiting_for_a_slow_search_and_closes_the_bar() -> None:
    stage = Stage(("a" * 18 + "b\n") * 3_000)
    async with stage.playing(100, 12):
        await stage.press("ctrl+f", "alt+r")
        await stage.type("(a|a)+$")
        with stage.app._context():
            for key in ("enter", "enter", "escape"):
                await stage.app.on_event(events.Key(key, None))
        await until(lambda: not bar(stage), "the bar is closed", 5.0)
        assert not stage.app._work.is_busy
        await stage.press("x")
        assert stage.text.startswith("xaaa")

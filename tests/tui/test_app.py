"""The application on a screen in memory: saving, leaving, failing, its rows and the order of its keys."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

import pytest
from textual import events
from textual.pilot import Pilot

from collabterm.session.events import SignedIn, SignedOut
from collabterm.tui.bindings import COMMANDS, make_keymap
from collabterm.tui.clipboard import MAX_TERMINAL_BYTES
from tests.tui.stage import BARE, Stage
from tests.waiting import until

# -- failing


async def fails(
    stage: Stage, cause: Callable[[Pilot[int]], object], capfd: pytest.CaptureFixture[str]
) -> None:
    """Cause an error of ours and see the editor end in order."""

    async def play(pilot: object) -> None:
        assert isinstance(pilot, Pilot)
        cause(pilot)
        await asyncio.wait_for(stage.app._exception_event.wait(), 5.0)

    await stage.app.run_async(headless=True, size=(40, 10), auto_pilot=play)
    assert isinstance(stage.app.failure, RuntimeError)
    assert stage.app.return_code == 1
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_an_error_while_a_key_is_handled_ends_the_editor_in_order(
    capfd: pytest.CaptureFixture[str],
) -> None:
    stage = Stage("text")
    stage.drawer.answers = [RuntimeError("a mistake")]
    await fails(stage, lambda pilot: stage.app.post_message(events.Key("ctrl+s", None)), capfd)


async def test_an_error_outside_of_any_handler_ends_the_editor_in_order(
    capfd: pytest.CaptureFixture[str],
) -> None:
    stage = Stage("text")
    await fails(stage, lambda pilot: stage.app.fail(RuntimeError("a mistake")), capfd)


async def test_of_several_errors_the_first_is_kept() -> None:
    stage = Stage("text")
    first = RuntimeError("the cause")

    async def play(pilot: object) -> None:
        stage.app.fail(first)
        stage.app.fail(RuntimeError("the consequence"))

    await stage.app.run_async(headless=True, size=(40, 10), auto_pilot=play)
    assert stage.app.failure is first


# -- what is shown


async def test_the_end_of_a_notice_does_not_take_down_a_later_one() -> None:
    stage = Stage("text")
    async with stage.playing(60):
        stage.app.tell("Look here")
        stage.app.tell("And here")
        assert "And here" in stage.status
        stage.app._end_notice("Look here")
        assert "And here" in stage.status
        stage.app._end_notice("And here")
        assert "And here" not in stage.status


async def test_the_status_bar_shows_room_connection_file_and_position() -> None:
    stage = Stage("one\ntwo", "bob")
    stage.drawer.name = "notes.txt"
    async with stage.playing(80) as pilot:
        stage.rooms["ana"].set_signaling(SignedIn(hosting=True))
        stage.network.pass_time(0.5)
        stage.network.deliver_all()
        await pilot.press("down", "end")
        await stage.status_says("2:4")
        await stage.status_says("● in sync with 1 │ hosting")
        assert stage.status.startswith("demo │ ")
        assert stage.status.endswith("notes.txt │ 2:4")


async def test_the_status_bar_follows_what_becomes_of_the_connection() -> None:
    stage = Stage("one", "bob")
    async with stage.playing(80):
        stage.rooms["ana"].set_signaling(SignedOut("gone"))
        await stage.status_says("no server, trying again")
        stage.network.cut("ana", "bob")
        stage.rooms["ana"].set_signaling(SignedIn(hosting=False))
        await stage.status_says("alone here")
        stage.rooms["ana"].peer_came("bob", "bob")
        await stage.status_says("◌ connecting to bob")


async def test_people_are_listed_as_they_come_and_go() -> None:
    stage = Stage("", "bob", "cleo")
    async with stage.playing(60):
        assert stage.people == "● ana (you)  ● bob  ● cleo"
        stage.network.cut("ana", "bob")
        assert stage.people == "● ana (you)  ● cleo"
        stage.rooms["ana"].peer_came("dan", "dan")
        assert stage.people == "● ana (you)  ● cleo  ● dan (connecting)"


@pytest.mark.parametrize("size", [(20, 5), (10, 4), (5, 3), (3, 2), (1, 1)])
async def test_no_size_of_the_terminal_breaks_the_editor(size: tuple[int, int]) -> None:
    stage = Stage("a long line of text that does not fit\n" * 30, "bob")
    async with stage.playing(60, 20) as pilot:
        stage.puts_cursor("bob", (2, 30), (0, 3))
        await pilot.press("ctrl+end", "shift+up")
        await pilot.resize_terminal(*size)
        stage.puts_cursor("bob", (28, 3))
        await pilot.press("x", "pagedown", "pageup", "ctrl+s", "a", "escape")
        await pilot.resize_terminal(60, 20)
        await pilot.press("ctrl+home", "y")
        assert stage.editor_rows[0].startswith("ya long line")
        assert stage.app.failure is None


async def test_keys_that_arrive_together_take_effect_in_the_order_they_were_typed() -> None:
    stage = Stage()
    async with stage.playing(60) as pilot:
        for key, character in [("K", "K"), ("backspace", "\x7f"), ("U", "U"), ("left", None), ("a", "a")]:
            stage.app.post_message(events.Key(key, character))
        stage.app.post_message(events.Paste("12"))
        stage.app.post_message(events.Key("b", "b"))
        await pilot.pause()
        assert stage.text == "a12bU"


async def test_keys_typed_ahead_are_for_the_question_that_an_earlier_one_asked() -> None:
    stage = Stage("text")
    async with stage.playing(60) as pilot:
        for key, character in [("ctrl+s", None), ("a", "a"), ("enter", "\r"), ("b", "b")]:
            stage.app.post_message(events.Key(key, character))
        await pilot.pause()
        assert stage.drawer.asked == [(None, False), ("a", False)]
        assert stage.text == "btext"


@pytest.mark.parametrize("key", ["ctrl+backslash", "ctrl+b", "alt+x", "insert", "f9", "ctrl+shift+f9"])
async def test_a_key_without_a_meaning_changes_nothing(key: str) -> None:
    stage = Stage("text")
    async with stage.playing(60) as pilot:
        await pilot.press(key)
        assert stage.text == "text"
        assert stage.app.is_running
        assert stage.app.focused is stage.app.view


# -- prompts over the text


async def test_the_palette_finds_a_command_by_its_title_and_runs_it() -> None:
    stage = Stage("b\na")
    async with stage.playing(60, 20):
        await stage.press("ctrl+a", "ctrl+p")
        await stage.type("sort")
        assert any("Sort the lines" in row for row in stage.editor_rows)
        assert stage.status.startswith("Command: sort")
        await stage.press("enter")
        assert stage.text == "a\nb"
        assert stage.status.startswith("demo")


async def test_leaving_the_palette_runs_nothing_and_shows_the_text_again() -> None:
    stage = Stage("\n".join(f"row {number}" for number in range(30)))
    async with stage.playing(60, 20):
        before = stage.editor_rows
        await stage.press("ctrl+p")
        assert stage.editor_rows != before
        await stage.press("escape")
        assert stage.editor_rows == before


async def test_a_click_in_the_palette_runs_what_is_under_it() -> None:
    stage = Stage("text")
    async with stage.playing(60, 20) as pilot:
        await stage.press("ctrl+a", "ctrl+p")
        await stage.type("case")
        (row,) = [at for at, text in enumerate(stage.editor_rows) if "Upper case" in text]
        await stage.mouse(pilot, events.MouseDown, row, 5)
        assert stage.text == "TEXT"
        assert stage.status.startswith("demo")


async def test_the_wheel_scrolls_an_open_page_and_not_the_text() -> None:
    stage = Stage("\n".join(f"row {number}" for number in range(30)))
    async with stage.playing(60, 12) as pilot:
        before = stage.editor_rows
        await stage.press("f1")
        page = stage.editor_rows
        await stage.mouse(pilot, events.MouseScrollDown, 3, 3)
        assert stage.editor_rows[0] == page[3]
        await stage.mouse(pilot, events.MouseScrollUp, 3, 3)
        assert stage.editor_rows == page
        await stage.press("escape")
        assert stage.editor_rows == before


async def test_the_help_lists_the_keys_as_they_are_bound_here() -> None:
    keymap = make_keymap({"ctrl+t": "save", "ctrl+s": "none"})
    stage = Stage("text", settings=replace(BARE, keymap=keymap), file="notes.txt")
    async with stage.playing(80, 100):
        await stage.press("f1")
        (line,) = [row for row in stage.editor_rows if row.endswith(" Save")]
        assert "Ctrl-T" in line
        assert "Ctrl-S " not in "".join(stage.editor_rows)
        await stage.press("escape", "ctrl+s")
        assert stage.drawer.asked == []
        await stage.press("ctrl+t")
        assert stage.drawer.asked == [(None, False)]


async def test_an_open_prompt_is_laid_out_anew_when_the_terminal_changes() -> None:
    stage = Stage("text")
    async with stage.playing(60, 20) as pilot:
        await stage.press("ctrl+p")
        await pilot.resize_terminal(30, 6)
        assert all(stage.app.view.render_line(y).cell_length == 30 for y in range(stage.app.view.size.height))
        assert stage.app._status_bar.render_line(0).cell_length == 30
        await pilot.resize_terminal(60, 20)
        assert stage.status.startswith("Command:")
        await stage.press("escape")
        assert stage.editor_rows[0] == "text"


async def test_what_lay_under_a_prompt_is_shown_as_it_is_by_now() -> None:
    stage = Stage("\n".join(f"row {number}" for number in range(30)), "bob")
    async with stage.playing(60, 20):
        await stage.press(*["down"] * 14)
        own = stage.cell(14, 0)
        await stage.press("ctrl+p")
        stage.puts_cursor("bob", (15, 2))
        await stage.press("escape")
        assert stage.cell(14, 0) == own
        assert "bob" in stage.editor_rows[15]


# -- the clipboard


def osc_52(text: str) -> str:
    """Return what makes a terminal of xterm's kind keep a text."""
    return f"\x1b]52;c;{b64encode(text.encode()).decode()}\x07"


async def test_what_is_copied_is_in_the_terminals_clipboard_too() -> None:
    stage = Stage("one two ünï")
    async with stage.playing(60):
        await stage.press("ctrl+end", "ctrl+shift+left", "ctrl+c")
        assert stage.written == [osc_52("ünï")]
        await stage.status_says("Copied 3 characters")
        await stage.press("home", "ctrl+v")
        assert stage.text == "ünïone two ünï"


async def test_one_character_is_said_to_be_one() -> None:
    stage = Stage("one")
    async with stage.playing(60):
        await stage.press("shift+right", "ctrl+c")
        await stage.status_says("Copied 1 character")
        assert "characters" not in stage.status


async def test_without_a_selection_the_row_is_copied_and_pasted_above() -> None:
    stage = Stage("one\ntwo")
    async with stage.playing(60):
        await stage.press("right", "ctrl+c", "down", "ctrl+v")
        assert stage.written == [osc_52("one\n")]
        assert stage.text == "one\none\ntwo"
        assert stage.head == (2, 1)


async def test_what_is_cut_is_gone_and_can_be_pasted() -> None:
    stage = Stage("one\ntwo\nthree")
    async with stage.playing(60):
        await stage.press("shift+right", "ctrl+k")
        assert stage.text == "two\nthree"
        await stage.status_says("Cut 1 line")
        await stage.press("home", "shift+right", "ctrl+x")
        assert stage.text == "wo\nthree"
        await stage.press("ctrl+end", "ctrl+v", "ctrl+v")
        assert stage.text == "wo\nthreett"
        assert stage.written == [osc_52("one\n"), osc_52("t")]


async def test_lines_cut_one_after_the_other_are_pasted_together() -> None:
    stage = Stage("one\ntwo\nthree\nfour")
    async with stage.playing(60):
        await stage.press("ctrl+k", "ctrl+k")
        await stage.status_says("Cut 2 lines")
        await stage.press("ctrl+end", "ctrl+v")
        assert stage.text == "three\none\ntwo\nfour"
        await stage.press("ctrl+home", "ctrl+k", "ctrl+v")
        assert stage.text == "three\none\ntwo\nfour"


async def test_a_paste_or_a_click_between_two_cuts_begins_anew() -> None:
    stage = Stage("one\ntwo\nthree\nfour")
    async with stage.playing(60) as pilot:
        await stage.press("ctrl+k")
        await stage.paste(pilot, "x")
        await stage.press("ctrl+k")
        assert stage.app._copies.copied.text == "xtwo\n"
        await stage.click(pilot, 1, 0)
        await stage.press("ctrl+k")
        assert stage.app._copies.copied.text == "four\n"


async def test_a_language_that_was_chosen_stays_when_others_begin_to_write() -> None:
    stage = Stage("", "bob")
    async with stage.playing(90, 14):
        await stage.run("set the language")
        await stage.type("python")
        await stage.press("enter", "x")
        stage.writes("bob", 0, 0, "hello ")
        await stage.status_says("python")
        assert stage.app.view.editor.style.language.name == "python"


async def test_more_than_the_terminal_takes_is_kept_here_and_that_is_said() -> None:
    stage = Stage("x" * (MAX_TERMINAL_BYTES + 1))
    async with stage.playing(120):
        await stage.press("ctrl+a", "ctrl+c")
        assert stage.written == []
        await stage.status_says("here; it is too much for the terminal's clipboard")
        await stage.press("right", "ctrl+v")
        assert len(stage.text) == 2 * (MAX_TERMINAL_BYTES + 1)


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+x", "ctrl+k"])
async def test_copying_nothing_keeps_what_was_copied_before(key: str) -> None:
    stage = Stage("one\n")
    async with stage.playing(60):
        await stage.press("shift+end", "ctrl+c", "ctrl+end", key, "ctrl+v")
        assert stage.written == [osc_52("one")]
        assert stage.text == "one\none"


async def test_pasting_before_anything_was_copied_does_nothing() -> None:
    stage = Stage("one")
    async with stage.playing(60):
        await stage.press("ctrl+v")
        assert stage.text == "one"


async def test_a_paste_is_one_undo_step_and_tells_what_it_left_out() -> None:
    stage = Stage("ab")
    async with stage.playing(80) as pilot:
        await stage.press("right", "x")
        await stage.paste(pilot, "1\r\n2\r3\t\x1b[31m\x00")
        assert stage.text == "ax1\n2\n3\t[31mb"
        assert stage.head == (2, 6)
        await stage.status_says("Pasted without 2 control characters")
        await stage.press("ctrl+z")
        assert stage.text == "axb"
        await stage.press("ctrl+z")
        assert stage.text == "ab"


async def test_what_is_typed_right_behind_a_paste_is_another_step() -> None:
    stage = Stage("ab")
    async with stage.playing(80) as pilot:
        await stage.paste(pilot, "12")
        await stage.press("y", "ctrl+z")
        assert stage.text == "12ab"


async def test_a_harmless_paste_is_not_remarked_on() -> None:
    stage = Stage("")
    async with stage.playing(60) as pilot:
        await stage.paste(pilot, "a\r\n\tb\x0c")
        await stage.status_says("2:4")
        assert "control" not in stage.status


# -- the order of things


async def test_keys_wait_for_work_that_goes_on_and_then_come_in_their_order() -> None:
    stage = Stage("")
    async with stage.playing(60):
        parts = iter([None] * 3)
        stage.app._work.start(parts)
        await stage.press("a", "b", "left", "c")
        assert stage.text == ""
        await until(lambda: not stage.app._work.is_busy, "the work is done")
        assert stage.text == "acb"


async def test_every_command_has_somebody_to_run_it() -> None:
    stage = Stage("one\ntwo")
    async with stage.playing(40, 8):
        for command in COMMANDS:
            assert command.name in stage.app._commands or stage.app.view.editor.run(command.name)

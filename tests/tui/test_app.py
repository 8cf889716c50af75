"""The application on a screen in memory: saving, leaving, failing, its rows and the order of its keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual import events
from textual.pilot import Pilot

from collabterm.errors import FileUnwritable
from collabterm.session.events import SignedIn, SignedOut
from collabterm.tui.saving import NeedsConsent, NeedsPath, Saved
from tests.tui.stage import Stage
from tests.waiting import until


async def status_says(stage: Stage, words: str) -> None:
    await until(lambda: words in stage.status, f"{words!r} in the status bar, which is {stage.status!r}")


# -- saving


async def test_saving_says_so() -> None:
    stage = Stage("text")
    stage.drawer.name, stage.drawer.is_modified = "notes.txt", True
    async with stage.playing(60) as pilot:
        assert "notes.txt ●" in stage.status
        await pilot.press("ctrl+s")
        assert "Saved notes.txt" in stage.status
        assert "●" not in stage.status
        assert stage.drawer.asked == [(None, False)]


async def test_without_a_file_saving_asks_where() -> None:
    stage = Stage("text")
    async with stage.playing(60) as pilot:
        assert "no file" in stage.status
        await pilot.press("ctrl+s", "n", "e", "W", "backspace", "w", "full_stop", "t", "x", "t")
        assert stage.status == "Save as: new.txt▏"
        await pilot.press("enter")
        assert "Saved new.txt" in stage.status
        assert stage.drawer.asked == [(None, False), ("new.txt", False)]
        assert stage.text == "text"


async def test_a_path_can_be_pasted_and_only_its_first_line_counts() -> None:
    stage = Stage("text")
    async with stage.playing(60) as pilot:
        await pilot.press("ctrl+s")
        await stage.paste(pilot, "~/a b.txt\nrm -rf\n")
        assert stage.status == "Save as: ~/a b.txt▏"
        await stage.paste(pilot, "")
        await pilot.press("enter")
        assert stage.drawer.asked[-1] == ("~/a b.txt", False)
        assert stage.text == "text"


@pytest.mark.parametrize("keys", [["escape"], ["enter"], ["space", "enter"]])
async def test_no_path_is_no_saving(keys: list[str]) -> None:
    stage = Stage("text")
    async with stage.playing(60) as pilot:
        await pilot.press("ctrl+s", *keys)
        assert stage.drawer.asked == [(None, False)]
        assert stage.status.startswith("demo")


async def test_a_file_that_differs_is_overwritten_only_after_a_yes() -> None:
    stage = Stage("text")
    stage.drawer.name = "notes.txt"
    stage.drawer.answers = [NeedsConsent("notes.txt"), NeedsConsent("notes.txt")]
    async with stage.playing(70) as pilot:
        await pilot.press("ctrl+s")
        assert stage.status.startswith("notes.txt on disk is different. Overwrite it?")
        await pilot.press("n", "enter", "escape")
        assert stage.drawer.asked == [(None, False)]
        assert stage.status.startswith("demo")
        await pilot.press("ctrl+s", "y")
        assert stage.drawer.asked[1:] == [(None, False), (None, True)]
        assert "Saved notes.txt" in stage.status


async def test_saving_under_another_name_that_exists_asks_too_and_keeps_the_name() -> None:
    stage = Stage("text")
    stage.drawer.answers = [NeedsPath(), NeedsConsent("b"), Saved("b")]
    async with stage.playing(60) as pilot:
        await pilot.press("ctrl+s", "b", "enter", "y")
        assert stage.drawer.asked == [(None, False), ("b", False), ("b", True)]


async def test_what_was_not_saved_and_why_is_said_and_the_editor_stays() -> None:
    stage = Stage("text")
    stage.drawer.name, stage.drawer.is_modified = "notes.txt", True
    stage.drawer.answers = [FileUnwritable(path="notes.txt", reason="disk full")]
    async with stage.playing(120) as pilot:
        await pilot.press("ctrl+s", "x")
        assert "notes.txt was not saved (disk full)" in stage.status
        assert stage.text == "xtext"


async def test_the_end_of_a_notice_does_not_take_down_a_later_one() -> None:
    stage = Stage("text")
    async with stage.playing(60):
        stage.app.notify_person("Look here")
        stage.app.notify_person("And here")
        assert "And here" in stage.status
        stage.app._end_notice("Look here")
        assert "And here" in stage.status
        stage.app._end_notice("And here")
        assert "And here" not in stage.status


# -- leaving


async def leaves(stage: Stage, *keys: str, after_s: float = 0.0) -> bool:
    """Press keys, after a while, and return whether the editor ended."""
    async with stage.playing(80) as pilot:
        stage.network.pass_time(after_s)
        stage.network.deliver_all()
        for _ in range(20):
            stage.network.pass_time(0.05)
            stage.network.deliver_all()
        await pilot.press(*keys)
        return stage.app.return_code is not None


async def test_quitting_an_empty_room_asks_nothing() -> None:
    stage = Stage()
    assert await leaves(stage, "ctrl+q")
    assert stage.app.return_value == 0


async def test_quitting_saved_text_asks_nothing() -> None:
    stage = Stage("text")
    stage.drawer.name = "notes.txt"
    assert await leaves(stage, "ctrl+q")


async def test_quitting_text_that_others_hold_and_nobody_named_a_file_for_asks_nothing() -> None:
    stage = Stage("text", "bob")
    stage.drawer.is_modified = True
    assert await leaves(stage, "ctrl+q", after_s=1.0)


async def test_quitting_text_that_others_may_not_hold_yet_asks() -> None:
    stage = Stage("text", "bob")
    stage.drawer.is_modified = True
    assert not await leaves(stage, "x", "ctrl+q", after_s=1.0)


async def test_quitting_text_that_others_are_not_known_to_hold_yet_asks() -> None:
    stage = Stage("text", "bob")
    stage.drawer.is_modified = True
    async with stage.playing(100) as pilot:
        stage.app.editor.press("x", "x")
        await pilot.press("ctrl+q")
        assert stage.status.startswith("The text is not known to be anywhere else. Save? y yes")
        assert stage.app.return_code is None


@pytest.mark.parametrize("others", [(), ("bob",)])
async def test_quitting_text_that_its_file_does_not_hold_asks(others: tuple[str, ...]) -> None:
    stage = Stage("text", *others)
    stage.drawer.name, stage.drawer.is_modified = "notes.txt", True
    async with stage.playing(80) as pilot:
        await pilot.press("ctrl+q")
        assert stage.status == "The text is not saved. Save? y yes, n quit without, Esc stay"
        assert stage.app.return_code is None


async def test_quitting_the_last_copy_of_a_text_without_a_file_asks() -> None:
    stage = Stage("text")
    stage.drawer.is_modified = True
    async with stage.playing(100) as pilot:
        await pilot.press("ctrl+q")
        assert stage.status.startswith("The text is not known to be anywhere else. Save? y yes")
        assert stage.app.return_code is None


@pytest.mark.parametrize(
    ("keys", "ends", "asked"),
    [
        (["escape"], False, []),
        (["x"], False, []),
        (["n"], True, []),
        (["y"], True, [(None, False)]),
    ],
)
async def test_the_question_before_quitting_does_what_it_says(
    keys: list[str], ends: bool, asked: list[tuple[str | None, bool]]
) -> None:
    stage = Stage("text")
    stage.drawer.name, stage.drawer.is_modified = "notes.txt", True
    assert await leaves(stage, "ctrl+q", *keys) == ends
    assert stage.drawer.asked == asked
    assert stage.text == "text"


async def test_saving_before_quitting_asks_for_a_path_first_and_quits_after_it() -> None:
    stage = Stage("text")
    stage.drawer.is_modified = True
    assert await leaves(stage, "ctrl+q", "y", "a", "enter")
    assert stage.drawer.asked == [(None, False), ("a", False)]


async def test_text_that_could_not_be_saved_before_quitting_keeps_the_editor() -> None:
    stage = Stage("text")
    stage.drawer.name, stage.drawer.is_modified = "notes.txt", True
    stage.drawer.answers = [FileUnwritable(path="notes.txt", reason="disk full")]
    assert not await leaves(stage, "ctrl+q", "y")


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


async def test_the_status_bar_shows_room_connection_file_and_position() -> None:
    stage = Stage("one\ntwo", "bob")
    stage.drawer.name = "notes.txt"
    async with stage.playing(80) as pilot:
        stage.rooms["ana"].set_signaling(SignedIn(hosting=True))
        stage.network.pass_time(0.5)
        stage.network.deliver_all()
        await pilot.press("down", "end")
        await status_says(stage, "2:4")
        await status_says(stage, "● in sync with 1 │ hosting")
        assert stage.status.startswith("demo │ ")
        assert stage.status.endswith("notes.txt │ 2:4")


async def test_the_status_bar_follows_what_becomes_of_the_connection() -> None:
    stage = Stage("one", "bob")
    async with stage.playing(80):
        stage.rooms["ana"].set_signaling(SignedOut("gone"))
        await status_says(stage, "no server, trying again")
        stage.network.cut("ana", "bob")
        stage.rooms["ana"].set_signaling(SignedIn(hosting=False))
        await status_says(stage, "alone here")
        stage.rooms["ana"].peer_came("bob", "bob")
        await status_says(stage, "◌ connecting to bob")


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


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+p", "f1", "ctrl+backslash", "shift+tab", "ctrl+l", "insert"])
async def test_a_key_without_a_meaning_changes_nothing(key: str) -> None:
    stage = Stage("text")
    async with stage.playing(60) as pilot:
        await pilot.press(key)
        assert stage.text == "text"
        assert stage.app.is_running
        assert stage.app.focused is stage.app.editor

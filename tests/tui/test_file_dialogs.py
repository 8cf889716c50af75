"""Saving and leaving: nothing is overwritten or lost without a yes, and nothing is asked without need."""

from __future__ import annotations

import pytest

from collabterm.errors import FileUnwritable
from collabterm.tui.saving import NeedsConsent, NeedsPath, Saved
from tests.tui.stage import Stage

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
        stage.app.press("x", "x")
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


async def test_a_file_is_saved_under_another_name_on_demand() -> None:
    stage = Stage("text", file="notes.txt")
    async with stage.playing(60):
        await stage.run("save as")
        assert stage.status.startswith("Save as:")
        await stage.type("b.txt")
        await stage.press("enter")
        assert stage.drawer.asked == [("b.txt", False)]
        await stage.status_says("Saved b.txt")

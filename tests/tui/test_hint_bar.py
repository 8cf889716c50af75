"""The row of hints: the keys that are bound, the most needed first, and only where there is room for it."""

from __future__ import annotations

import re

import pytest
from textual import events
from textual.app import App, ComposeResult

from collabterm.tui.bindings import Keymap, command_named, make_keymap
from collabterm.tui.hint_bar import HINTS, HintBar
from collabterm.tui.settings import EditorSettings
from collabterm.tui.theme import DARK, LIGHT
from tests.tui.stage import Stage
from tests.waiting import until


class BarApp(App[None]):
    """A screen with hints and nothing else."""

    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self.bar = HintBar(keymap, DARK)

    def compose(self) -> ComposeResult:
        yield self.bar


def test_every_hint_is_about_a_command() -> None:
    assert all(command_named(name) is not None for name, _ in HINTS)


async def test_each_hint_is_a_key_with_what_it_does() -> None:
    app = BarApp(make_keymap({}))
    async with app.run_test(size=(100, 3)):
        text = app.bar.render_line(0).text
        assert text.startswith(" Ctrl-S Save  Ctrl-Q Quit  F1 Help  Ctrl-P Commands ")


async def test_hints_follow_the_persons_own_keys_and_leave_out_what_has_none() -> None:
    app = BarApp(make_keymap({"f5": "save", "ctrl+q": "none"}))
    async with app.run_test(size=(100, 3)):
        text = app.bar.render_line(0).text
        assert text.startswith(" F5 Save  F1 Help ")
        assert "Quit" not in text


@pytest.mark.parametrize("width", [1, 5, 13, 26, 40, 79, 200])
async def test_only_whole_hints_are_shown_and_the_row_is_filled(width: int) -> None:
    app = BarApp(make_keymap({}))
    async with app.run_test(size=(width, 3)):
        strip = app.bar.render_line(0)
        assert strip.cell_length == width == len(strip.text)
        shown = re.findall(r" [\w-]+(?:-[^ ])? ([A-Z][a-z]+(?: to)?) ", strip.text)
        assert set(shown) <= {title for _, title in HINTS}


async def test_another_theme_is_taken_over_at_once() -> None:
    app = BarApp(make_keymap({}))
    async with app.run_test(size=(60, 3)):
        app.bar.show_as(LIGHT)
        assert app.bar.render_line(0)._segments[1].style == LIGHT.bar


@pytest.mark.parametrize(("height", "is_shown"), [(12, True), (8, True), (7, False), (3, False)])
async def test_a_low_screen_has_no_row_to_spare_for_hints(height: int, is_shown: bool) -> None:
    stage = Stage("text", settings=EditorSettings())
    async with stage.playing(60, height):
        assert bool(stage.hints) == is_shown
        assert stage.app.view.size.height == height - (3 if is_shown else 2)


async def test_hints_come_and_go_with_the_height_and_with_the_command() -> None:
    stage = Stage("text", settings=EditorSettings())
    async with stage.playing(60, 12) as pilot:
        await pilot.resize_terminal(60, 7)
        assert stage.hints == ""
        await pilot.resize_terminal(60, 12)
        assert stage.hints.startswith("Ctrl-S Save")
        await stage.run("show the hints")
        assert stage.hints == ""
        await until(lambda: stage.app.view.size.height == 10, "the text has the room")


async def test_a_click_on_a_hint_runs_its_command_also_while_a_question_is_open() -> None:
    stage = Stage("one\ntwo", settings=EditorSettings())
    async with stage.playing(100, 14) as pilot:
        row = stage.app._hint_bar.region.y - stage.app.view.region.y
        await stage.mouse(pilot, events.MouseDown, row, stage.hints.index("Find") + 1)
        await stage.status_says("Find:")
        await stage.mouse(pilot, events.MouseDown, row, stage.hints.index("Help") + 1)
        await stage.status_says("Esc close")
        await stage.press("escape")
        before = stage.status
        await stage.mouse(pilot, events.MouseDown, row, 99)
        assert stage.status == before

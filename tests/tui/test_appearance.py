"""How the editor looks and writes, as people change it while they work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.style import Style

from collabterm.tui.appearance import theme_of
from collabterm.tui.settings import THEMES, EditorSettings
from collabterm.tui.theme import DARK, LIGHT, MONOCHROME, TERMINAL
from tests.tui.stage import BARE, Stage

TEXT = "def f(x):\n    return 'a'\t \n"


def styles(stage: Stage) -> set[Style]:
    """Return every style on the screen."""
    app = stage.app
    widgets = (app._participants_bar, app.view, app._status_bar, app._hint_bar)
    return {cell.style for widget in widgets for row in stage.widget_rows(widget) for cell in row}


@pytest.mark.parametrize(
    ("settings", "theme"),
    [
        (EditorSettings(), DARK),
        (EditorSettings(theme="light"), LIGHT),
        (EditorSettings(theme="terminal"), TERMINAL),
        (EditorSettings(theme="monochrome"), MONOCHROME),
        (EditorSettings(theme="light", no_color=True), MONOCHROME),
    ],
)
def test_the_theme_is_the_one_that_was_chosen_unless_there_shall_be_no_color(
    settings: EditorSettings, theme: object
) -> None:
    assert theme_of(settings) is theme


@pytest.mark.parametrize(
    "settings", [EditorSettings(theme="monochrome"), EditorSettings(theme="dark", no_color=True)]
)
async def test_without_colors_nothing_on_the_screen_has_one(settings: EditorSettings) -> None:
    stage = Stage(TEXT, "bob", settings=replace(settings, blanks=True, color_column=5), language="python")
    async with stage.playing(60, 14):
        stage.puts_cursor("bob", (1, 3), (0, 2))
        await stage.press("shift+down", "ctrl+f")
        await stage.type("e")
        painted = styles(stage)
        await stage.press("escape", "ctrl+p")
        painted |= styles(stage)
        await stage.press("escape", "f1")
        painted |= styles(stage)
        assert all(style.color is None and style.bgcolor is None for style in painted)


async def test_the_next_theme_repaints_everything_and_comes_around() -> None:
    stage = Stage(TEXT, settings=EditorSettings())
    async with stage.playing(90, 14):
        grounds = []
        for name in (*THEMES[1:], THEMES[0]):
            await stage.run("the next theme")
            await stage.status_says(f"Theme {name}")
            grounds.append((stage.cell(2, 20).style, stage.app._hint_bar.render_line(0)._segments[1].style))
        assert len(set(grounds)) == len(THEMES)
        assert grounds[0] == (LIGHT.text, LIGHT.bar)
        assert grounds[-1] == (DARK.text, DARK.bar)


async def test_another_theme_is_refused_with_a_reason_where_there_shall_be_no_color() -> None:
    stage = Stage(TEXT, settings=replace(BARE, no_color=True))
    async with stage.playing(90, 14):
        await stage.run("the next theme")
        await stage.status_says("No colors, as NO_COLOR is set")
        assert all(style.color is None for style in styles(stage))


async def test_line_numbers_and_blanks_are_switched_on_and_off() -> None:
    stage = Stage(TEXT)
    async with stage.playing(90, 14):
        await stage.run("show line numbers")
        await stage.status_says("Line numbers on")
        assert stage.editor_rows[0].startswith(" 1 def")
        await stage.run("show line numbers")
        assert stage.editor_rows[0].startswith("def")
        plain = stage.editor_rows[1]
        await stage.run("show tabs")
        assert stage.editor_rows[1] != plain
        assert stage.editor_rows[1].startswith("    return 'a'")
        await stage.run("show tabs")
        assert stage.editor_rows[1] == plain


async def test_the_tab_size_is_asked_for_and_changes_what_is_seen() -> None:
    stage = Stage("\tx")
    async with stage.playing(90, 14):
        assert stage.editor_rows[0] == "    x"
        await stage.run("set the tab size")
        await stage.type("8")
        await stage.press("enter")
        assert stage.editor_rows[0] == "        x"
        await stage.status_says("Tab size 8")
        await stage.press("end", "up")
        assert stage.text == "\tx"


@pytest.mark.parametrize("answer", ["0", "17", "x"])
async def test_what_is_no_tab_size_changes_nothing_and_is_told(answer: str) -> None:
    stage = Stage("\tx")
    async with stage.playing(90, 14):
        await stage.run("set the tab size")
        await stage.type(answer)
        await stage.press("enter")
        assert stage.editor_rows[0] == "    x"
        await stage.status_says("it is not a number from 1 to 16")
        await stage.press("escape")
        assert stage.text == "\tx"


async def test_the_indentation_is_the_files_until_another_is_set() -> None:
    stage = Stage("if x:\n  y\n")
    async with stage.playing(90, 14):
        await stage.press("ctrl+end", "tab")
        assert stage.text == "if x:\n  y\n  "
        await stage.run("set the indentation")
        await stage.type("tab")
        await stage.press("enter")
        await stage.status_says("Indenting with tabs")
        await stage.press("tab")
        assert stage.text == "if x:\n  y\n  \t"
        await stage.run("set the indentation")
        await stage.type("a lot")
        await stage.press("enter")
        await stage.status_says('it is neither "tab" nor')
        await stage.press("ctrl+a", "3", "enter")
        await stage.status_says("Indenting with 3 spaces")


async def test_the_indentation_of_the_settings_comes_before_the_files() -> None:
    stage = Stage("if x:\n  y\n", settings=replace(BARE, indent="\t"))
    async with stage.playing(90, 14):
        await stage.press("ctrl+end", "tab")
        assert stage.text.endswith("\n\t")


async def test_a_language_is_set_by_its_name_and_an_unknown_one_is_told() -> None:
    stage = Stage("x", settings=BARE)
    async with stage.playing(200, 14):
        await stage.run("set the language")
        await stage.type("klingon")
        await stage.press("enter")
        await stage.status_says("it is not known here")
        await stage.press("ctrl+a")
        await stage.type("py")
        await stage.press("enter")
        await stage.status_says("Language python")
        await stage.press("ctrl+slash")
        assert stage.text == "# x"

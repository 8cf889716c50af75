"""Themes: each says how everything looks, can be read, and keeps apart what must not be mistaken."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import combinations
from pathlib import Path

import pytest
import textual
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color, ColorSystem, ColorType
from rich.style import Style

from collabterm.session.presence import COLORS
from collabterm.tui.theme import (
    DARK,
    LIGHT,
    MONOCHROME,
    TERMINAL,
    THEME_NAMES,
    Theme,
    contrast,
    cursor_style,
    label_style,
    person_style,
    selection_style,
    theme_named,
)

THEMES = (DARK, LIGHT, TERMINAL, MONOCHROME)
ATTRIBUTES = ("bold", "dim", "italic", "underline", "strike")
NOT_FOR_PAINTING = {"spell", "conceal", "text"}

every_theme = pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
full_color = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
any_color = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}") | st.sampled_from(COLORS)


def styles_of(theme: Theme) -> dict[str, Style]:
    """Return all styles of a theme by name, those for people included."""
    own = {field.name: getattr(theme, field.name) for field in fields(theme)}
    styles = {name: value for name, value in own.items() if isinstance(value, Style)}
    styles |= {f"syntax {capture}": ink for capture, ink in theme.syntax.items()}
    for function in (label_style, cursor_style, selection_style, person_style):
        styles |= {f"{function.__name__} {color}": function(color, theme) for color in COLORS}
    return styles


def look(style: Style) -> tuple[object, ...]:
    """Return what a person sees of a style: ink, ground and attributes, reversed or not."""
    ink, ground = style.color, style.bgcolor
    shown = (ground, ink) if style.reverse else (ink, ground)
    is_reverse = bool(style.reverse) and ink == ground
    return (*shown, is_reverse, *(bool(getattr(style, name)) for name in ATTRIBUTES))


def luminance(color: Color) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    channels = [channel / 255 for channel in color.get_truecolor()]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast_of(style: Style) -> float:
    """Return the contrast of a style's ink on its ground."""
    assert style.color is not None
    assert style.bgcolor is not None
    lighter, darker = sorted((luminance(style.color), luminance(style.bgcolor)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def captures_of_textual() -> set[str]:
    """Return the captures of all highlight queries that Textual brings."""
    folder = Path(textual.__file__).parent / "tree-sitter" / "highlights"
    queries = [re.sub(r"^\s*;.*", "", path.read_text(), flags=re.MULTILINE) for path in folder.glob("*.scm")]
    return {capture for query in queries for capture in re.findall(r"@([a-zA-Z][\w.]*)", query)}


def test_a_theme_is_found_by_each_of_the_names() -> None:
    assert THEME_NAMES == ("dark", "light", "terminal", "monochrome")
    assert [theme_named(name) for name in THEME_NAMES] == list(THEMES)
    with pytest.raises(KeyError):
        theme_named("neon")


# -- syntax


@every_theme
def test_every_capture_of_textuals_queries_has_an_ink(theme: Theme) -> None:
    captures = captures_of_textual() - NOT_FOR_PAINTING
    assert len(captures) > 60
    assert [capture for capture in sorted(captures) if theme.ink_of(capture) is None] == []


def test_a_capture_without_an_ink_takes_that_of_the_name_it_continues() -> None:
    assert DARK.ink_of("function.builtin.special") is DARK.syntax["function"]
    assert DARK.ink_of("string.escape") is DARK.syntax["string.escape"]
    assert DARK.ink_of("string.escape") != DARK.ink_of("string")
    assert DARK.ink_of("functional") is None
    assert DARK.ink_of("spell") is None


def test_code_in_a_string_is_not_painted_as_the_string() -> None:
    inside = DARK.text + DARK.syntax["string"] + DARK.syntax["none"]
    assert inside.color == DARK.text.color


@every_theme
def test_a_syntax_ink_leaves_the_ground_alone(theme: Theme) -> None:
    assert all(ink.bgcolor is None and ink.reverse is None for ink in theme.syntax.values())


# -- colors


@full_color
@pytest.mark.parametrize(
    ("below", "above"),
    [
        ("text", "text"),
        ("text", "cursor"),
        ("text", "other_cursor"),
        ("text", "current_line"),
        ("text", "selection"),
        ("text", "column"),
        ("text", "match"),
        ("text", "match_current"),
        ("text", "bracket"),
        ("text", "gutter_current"),
        ("selection", "bracket"),
        ("bar", "bar"),
        ("bar", "bar_strong"),
        ("bar", "hint_key"),
        ("bar", "prompt"),
        ("bar", "error"),
        ("panel", "panel"),
        ("panel", "panel_selected"),
    ],
)
def test_text_can_be_read_on_its_ground(theme: Theme, below: str, above: str) -> None:
    assert contrast_of(getattr(theme, below) + getattr(theme, above)) >= 4.5


@full_color
def test_code_can_be_read_on_the_ground_and_in_the_cursors_row(theme: Theme) -> None:
    for capture, ink in theme.syntax.items():
        for ground in (Style(), theme.current_line, theme.column):
            assert contrast_of(theme.text + ground + ink) >= 4.5, capture


@full_color
def test_what_is_only_looked_at_now_and_then_can_still_be_read(theme: Theme) -> None:
    assert contrast_of(theme.text + theme.gutter) >= 3.0
    assert contrast_of(theme.text + theme.blanks) >= 3.0
    for capture, ink in theme.syntax.items():
        assert contrast_of(theme.text + ink + theme.selection) >= 3.0, capture


@full_color
@given(any_color)
def test_names_and_what_people_select_can_be_read_whatever_their_color_is(theme: Theme, color: str) -> None:
    assert contrast_of(label_style(color, theme)) >= 4.5
    assert contrast_of(theme.bar + person_style(color, theme)) >= 4.5
    assert contrast_of(theme.text + selection_style(color, theme)) >= 4.5


@full_color
@pytest.mark.parametrize("color", COLORS)
def test_a_selection_can_be_seen_on_the_ground(theme: Theme, color: str) -> None:
    for style in (selection_style(color, theme), theme.selection):
        seen = Style(color=theme.text.bgcolor, bgcolor=style.bgcolor)
        assert contrast_of(seen) > 1.2


@full_color
def test_people_of_different_colors_look_different(theme: Theme) -> None:
    for function in (label_style, cursor_style, selection_style, person_style):
        assert len({look(function(color, theme)) for color in COLORS}) == len(COLORS)


@given(any_color)
def test_the_dark_themes_cursors_have_exactly_the_persons_color(color: str) -> None:
    assert cursor_style(color, DARK).bgcolor == Color.parse(color)
    assert label_style(color, DARK).bgcolor == Color.parse(color)


def test_contrast_is_what_wcag_says() -> None:
    black, white, gray = (Color.parse(name).get_truecolor() for name in ("#000000", "#ffffff", "#767676"))
    assert contrast(black, white) == contrast(white, black) == pytest.approx(21)
    assert contrast(gray, white) == pytest.approx(4.54, abs=0.01)


def test_the_terminal_theme_uses_only_the_terminals_own_colors() -> None:
    for name, style in styles_of(TERMINAL).items():
        for color in (style.color, style.bgcolor):
            assert color is None or color.type in (ColorType.DEFAULT, ColorType.STANDARD), name
    assert TERMINAL.colors is ColorSystem.STANDARD


def test_the_monochrome_theme_uses_no_color() -> None:
    for name, style in styles_of(MONOCHROME).items():
        assert (style.color, style.bgcolor) == (None, None), name


# -- what must not be mistaken for something else


@every_theme
@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize("capture", ["variable", "keyword", "comment", "link"])
def test_cursors_and_selections_of_oneself_and_others_all_look_different(
    theme: Theme, color: str, capture: str
) -> None:
    code = theme.text + theme.syntax[capture]
    laid = {
        "text": Style(),
        "own selection": theme.selection,
        "their selection": selection_style(color, theme),
        "own cursor": theme.cursor,
        "own further cursor": theme.other_cursor,
        "their cursor": cursor_style(color, theme),
    }
    looks = {name: look(code + style) for name, style in laid.items()}
    if theme is MONOCHROME and capture == "link":
        del looks["their selection"]  # underlined, as the link is: all that is left without colors
    for one, other in combinations(looks, 2):
        assert looks[one] != looks[other], (one, other)


@every_theme
def test_cursors_look_the_same_whatever_lies_below(theme: Theme) -> None:
    below = [*theme.syntax.values(), theme.selection, theme.match, theme.bracket, theme.current_line]
    below += [selection_style(color, theme) for color in COLORS]
    below += [label_style(color, theme) for color in COLORS]
    for cursor in (theme.cursor, theme.other_cursor, cursor_style(COLORS[0], theme)):
        assert {look(theme.text + one + cursor) for one in below} == {look(theme.text + cursor)}


@every_theme
def test_the_current_match_looks_different_from_the_others(theme: Theme) -> None:
    looks = [look(theme.text + style) for style in (theme.match, theme.match_current, theme.selection)]
    assert len({*looks, look(theme.text)}) == 4


@every_theme
def test_a_bars_questions_failures_and_plain_text_look_different(theme: Theme) -> None:
    bar = theme.bar
    assert (
        len({look(bar), look(bar + theme.prompt), look(bar + theme.error), look(bar + theme.bar_strong)}) == 4
    )
    assert look(theme.panel) != look(theme.panel + theme.panel_selected)


@full_color
def test_the_own_cursor_is_the_text_reversed(theme: Theme) -> None:
    assert look(theme.text + theme.cursor) == look(theme.text + Style(reverse=True))

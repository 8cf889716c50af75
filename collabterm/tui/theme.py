"""What everything on the screen looks like, as named styles; must not paint or know where anything is.

Styles are made to be added over each other: one that gives only an ink leaves the ground below as it is,
and one that must hide all that lies below sets every attribute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.palette import Palette
from rich.style import Style

READABLE: Final = 4.5
"""The least contrast of text (WCAG 2.2, 1.4.3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Theme:
    """One look of the whole screen.

    Args:
        name: What a person calls it.
        colors: The colors that it uses: any, the terminal's own sixteen, or none.
        text: Ink and ground of the text, below everything in the editor.
        gutter: Line numbers.
        gutter_current: The line number of the cursor's row.
        current_line: Only the ground of the cursor's row.
        selection: The own selections.
        cursor: The own main cursor.
        other_cursor: The own further cursors.
        match: What a search found.
        match_current: The one found that the search stands at.
        bracket: A bracket and its partner.
        column: Only the ground of the column that lines should not pass.
        blanks: The ink of marks for tabs and trailing spaces.
        bar: Ink and ground of the bars.
        bar_strong: What stands out on a bar.
        prompt: A question on a bar.
        error: A failure on a bar.
        hint_key: The name of a key on a bar.
        panel: Ink and ground of lists and menus.
        panel_selected: The chosen entry there.
        syntax: Inks of tree-sitter captures; a name stands for all that continue it after a dot.
    """

    name: str
    colors: ColorSystem | None
    text: Style
    gutter: Style
    gutter_current: Style
    current_line: Style
    selection: Style
    cursor: Style
    other_cursor: Style
    match: Style
    match_current: Style
    bracket: Style
    column: Style
    blanks: Style
    bar: Style
    bar_strong: Style
    prompt: Style
    error: Style
    hint_key: Style
    panel: Style
    panel_selected: Style
    syntax: Mapping[str, Style]

    def ink_of(self, capture: str) -> Style | None:
        """Return the style of a capture, or of the nearest name that it continues; None if it has none."""
        return _ink_of(self, capture)


def theme_named(name: str) -> Theme:
    """Return one of ``THEME_NAMES``.

    Raises:
        KeyError: There is no such theme.
    """
    return _THEMES[name]


@lru_cache(maxsize=256)
def label_style(color: str, theme: Theme) -> Style:
    """Return the style of a person's name, beside their cursor."""
    match theme.colors:
        case None:
            return _block(bold=True, reverse=True)
        case ColorSystem.STANDARD:
            return _block(_nearest(color), "default", bold=True, reverse=True)
        case _:
            ground = Color.parse(color).get_truecolor()
            inks = (_DARK_INK, _WHITE, _BLACK)  # on any ground, white or black is readable
            ink = next(one for one in inks if contrast(one, ground) >= READABLE)
            return _block(ink.hex, color, bold=True)


@lru_cache(maxsize=256)
def cursor_style(color: str, theme: Theme) -> Style:
    """Return the style of a person's cursor; without many colors it is underlined, unlike the own one."""
    if theme.colors is ColorSystem.TRUECOLOR:
        return label_style(color, theme)
    return label_style(color, theme) + Style(bold=False, underline=True)


@lru_cache(maxsize=256)
def selection_style(color: str, theme: Theme) -> Style:
    """Return the style of a person's selection; text stays readable on it, whatever the color is."""
    match theme.colors:
        case None:
            return Style(underline=True)
        case ColorSystem.STANDARD:
            return Style(color=_nearest(color), bgcolor="default", dim=False, underline=False, reverse=True)
        case _:
            ink, ground = _triplet(theme.text.color), _triplet(theme.text.bgcolor)
            return _readable_ground(color, ink, ground)


@lru_cache(maxsize=256)
def person_style(color: str, theme: Theme) -> Style:
    """Return the style of a person's name on a bar: their color, or what of it can be read there."""
    match theme.colors:
        case None:
            return Style(bold=True)
        case ColorSystem.STANDARD:
            return Style(color=_nearest(color), bold=True)
        case _:
            theirs, ground = Color.parse(color).get_truecolor(), _triplet(theme.bar.bgcolor)
            end = max(_BLACK, _WHITE, key=lambda one: contrast(one, ground))
            tints = (_mixed(theirs, end, percent / 100) for percent in range(0, 100, 5))
            readable = next((tint for tint in tints if contrast(tint, ground) >= READABLE), end)
            return Style(color=readable.hex, bold=True)


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """Return the contrast ratio of two colors, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: ColorTriplet) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(one: ColorTriplet, other: ColorTriplet, share: float) -> ColorTriplet:
    """Return the color that lies ``share`` of the way from one color to another."""
    return ColorTriplet(*(round((1 - share) * a + share * b) for a, b in zip(one, other, strict=True)))


def _readable_ground(color: str, ink: ColorTriplet, ground: ColorTriplet) -> Style:
    """Blend as much of a color into the ground as still lets the ink be read, up to a third."""
    theirs = Color.parse(color).get_truecolor()
    tints = (_mixed(ground, theirs, percent / 100) for percent in range(32, 0, -4))
    tint = next((tint for tint in tints if contrast(tint, ink) >= READABLE), ground)
    return Style(bgcolor=tint.hex)


def _triplet(color: Color | None) -> ColorTriplet:
    if color is None:
        raise AssertionError("a theme of any colors gives its text and its bars an ink and a ground")
    return color.get_truecolor()


def _nearest(color: str) -> str:
    """Return the name of the terminal's own color that is nearest, of those told apart from the text."""
    return _STANDARD_NAMES[_STANDARD.match(Color.parse(color).get_truecolor())]


@lru_cache(maxsize=2_048)
def _ink_of(theme: Theme, capture: str) -> Style | None:
    name = capture
    while name not in theme.syntax and "." in name:
        name = name.rpartition(".")[0]
    return theme.syntax.get(name)


def _block(
    color: str | None = None,
    bgcolor: str | None = None,
    *,
    bold: bool = False,
    dim: bool = False,
    underline: bool = False,
    reverse: bool = False,
) -> Style:
    """Return a style that lets no attribute of what is below it through."""
    return Style(
        color=color, bgcolor=bgcolor, bold=bold, dim=dim, underline=underline, reverse=reverse, italic=False
    )


_DARK_INK: Final = ColorTriplet(0x10, 0x12, 0x16)
_BLACK: Final = ColorTriplet(0, 0, 0)
_WHITE: Final = ColorTriplet(255, 255, 255)

# What VGA shows for them. Black, white and greys are the text's; cyan is the own selection's.
_STANDARD_COLORS: Final = {
    "red": (170, 0, 0),
    "green": (0, 170, 0),
    "yellow": (170, 85, 0),
    "blue": (0, 0, 170),
    "magenta": (170, 0, 170),
    "bright_red": (255, 85, 85),
    "bright_green": (85, 255, 85),
    "bright_yellow": (255, 255, 85),
    "bright_blue": (85, 85, 255),
    "bright_magenta": (255, 85, 255),
    "bright_cyan": (85, 255, 255),
}
_STANDARD_NAMES: Final = tuple(_STANDARD_COLORS)
_STANDARD: Final = Palette(list(_STANDARD_COLORS.values()))

_CAPTURES: Final = {
    "plain": "variable embedded none markup",
    "keyword": "keyword conditional repeat exception include import storageclass preproc type.qualifier"
    " charset media supports keyframes constant.builtin boolean json.null variable.builtin function.macro",
    "string": "string constant.character markup.raw text.literal",
    "escape": "escape string.escape string.special punctuation.special",
    "number": "number float constant toml.datetime",
    "comment": "comment",
    "function": "function method constructor",
    "type": "type namespace toml.type",
    "parameter": "parameter variable.parameter",
    "property": "property field css.property json.label yaml.field label attribute tag.attribute",
    "tag": "tag list.marker heading.marker",
    "operator": "operator keyword.operator",
    "punctuation": "punctuation tag.delimiter",
    "heading": "heading markup.heading",
    "link": "link markup.link text.uri",
    "error": "error json.error toml.error html.end_tag_error",
}
"""The captures of Textual's highlight queries, in groups of one look."""

_INKS: Final = {
    "plain": ("#d7dae0", "#24292f", "default", "none"),
    "keyword": ("#d0a0ee", "#8429a8", "magenta", "bold"),
    "string": ("#9bcb7c", "#2d6a2d", "green", "none"),
    "escape": ("#5fd3c4", "#0b665c", "bright_green", "none"),
    "number": ("#e8b06c", "#8a4600", "yellow", "none"),
    "comment": ("#9aa3b0 italic", "#646b76 italic", "default dim", "dim"),
    "function": ("#78bdf8", "#1c5bb5", "bright_blue", "none"),
    "type": ("#e5c07b", "#785000", "cyan", "none"),
    "parameter": ("#e3b796", "#7a3f1c", "default", "none"),
    "property": ("#8fc7e8", "#23597d", "bright_cyan", "none"),
    "tag": ("#f29aa0", "#a8242c", "red", "bold"),
    "operator": ("#7fd0dc", "#0b6070", "default", "none"),
    "punctuation": ("#b4bac6", "#4a515c", "default", "none"),
    "heading": ("#78bdf8 bold", "#1c5bb5 bold", "bright_blue bold", "bold underline"),
    "link": ("#7fd0dc underline", "#0b6070 underline", "cyan underline", "underline"),
    "error": ("#ff9a9a underline", "#b01c24 underline", "bright_red underline", "underline"),
}
"""The ink of each group on the dark and the light theme, in the terminal's colors and without color."""


def _syntax(theme: int) -> Mapping[str, Style]:
    """Give each capture the ink of its group in one column of the table."""
    return MappingProxyType(
        {
            capture: Style.parse(inks[theme])
            for group, inks in _INKS.items()
            for capture in _CAPTURES[group].split()
        }
    )


DARK: Final = Theme(
    name="dark",
    colors=ColorSystem.TRUECOLOR,
    text=Style(color="#d7dae0", bgcolor="#1b1e24"),
    gutter=Style(color="#7d8590", bgcolor="#1b1e24"),
    gutter_current=Style(color="#d7dae0", bgcolor="#242830"),
    current_line=Style(bgcolor="#242830"),
    selection=Style(bgcolor="#4b515c"),
    cursor=_block("#d7dae0", "#1b1e24", reverse=True),
    other_cursor=_block("#1b1e24", "#9097a3", underline=True),
    match=Style(color="#e8eaee", bgcolor="#5c4a12"),
    match_current=Style(color="#101216", bgcolor="#e6b422", bold=True),
    bracket=Style(color="#ffffff", bold=True, underline=True),
    column=Style(bgcolor="#2a2f38"),
    blanks=Style(color="#6e7682"),
    bar=Style(color="#c8ccd4", bgcolor="#2c313a"),
    bar_strong=Style(color="#ffffff", bold=True),
    prompt=_block("#101216", "#e6b422", bold=True),
    error=_block("#ffffff", "#a8323e", bold=True),
    hint_key=Style(color="#e6b422", bold=True),
    panel=Style(color="#d7dae0", bgcolor="#252931"),
    panel_selected=_block("#ffffff", "#2f5d94", bold=True),
    syntax=_syntax(0),
)
"""Light ink on a dark ground."""

LIGHT: Final = Theme(
    name="light",
    colors=ColorSystem.TRUECOLOR,
    text=Style(color="#24292f", bgcolor="#fafafa"),
    gutter=Style(color="#7c828b", bgcolor="#fafafa"),
    gutter_current=Style(color="#24292f", bgcolor="#eef0f4"),
    current_line=Style(bgcolor="#eef0f4"),
    selection=Style(bgcolor="#c9d3e6"),
    cursor=_block("#24292f", "#fafafa", reverse=True),
    other_cursor=_block("#fafafa", "#656c78", underline=True),
    match=Style(color="#24292f", bgcolor="#f6e3a1"),
    match_current=Style(color="#101216", bgcolor="#e6b422", bold=True),
    bracket=Style(color="#000000", bold=True, underline=True),
    column=Style(bgcolor="#e9ebef"),
    blanks=Style(color="#868c96"),
    bar=Style(color="#30363e", bgcolor="#dde1e8"),
    bar_strong=Style(color="#000000", bold=True),
    prompt=_block("#101216", "#e6b422", bold=True),
    error=_block("#ffffff", "#a8323e", bold=True),
    hint_key=Style(color="#7a4a00", bold=True),
    panel=Style(color="#24292f", bgcolor="#eceff3"),
    panel_selected=_block("#ffffff", "#2f5d94", bold=True),
    syntax=_syntax(1),
)
"""Dark ink on a light ground."""

TERMINAL: Final = Theme(
    name="terminal",
    colors=ColorSystem.STANDARD,
    text=Style(color="default", bgcolor="default"),
    gutter=Style(dim=True),
    gutter_current=Style(bold=True),
    current_line=Style(),
    selection=Style(color="black", bgcolor="cyan", dim=False, underline=False, reverse=False),
    cursor=_block("default", "default", reverse=True),
    other_cursor=_block("default", "default", dim=True, underline=True, reverse=True),
    match=Style(color="black", bgcolor="yellow", dim=False, reverse=False),
    match_current=_block("black", "bright_yellow", bold=True, underline=True),
    bracket=Style(bold=True, underline=True),
    column=Style(bgcolor="bright_black"),
    blanks=Style(dim=True),
    bar=Style(color="default", bgcolor="default", reverse=True),
    bar_strong=Style(bold=True),
    prompt=_block("black", "yellow", bold=True),
    error=_block("bright_white", "red", bold=True),
    hint_key=Style(bold=True, underline=True),
    panel=Style(color="default", bgcolor="default", reverse=True),
    panel_selected=_block("black", "cyan", bold=True),
    syntax=_syntax(2),
)
"""The terminal's own colors and ground, as its owner chose them."""

MONOCHROME: Final = Theme(
    name="monochrome",
    colors=None,
    text=Style(),
    gutter=Style(dim=True),
    gutter_current=Style(bold=True),
    current_line=Style(),
    selection=Style(dim=True, underline=False, reverse=True),
    cursor=_block(bold=True, reverse=True),
    other_cursor=_block(dim=True, underline=True, reverse=True),
    match=Style(bold=True, underline=True),
    match_current=_block(bold=True, underline=True, reverse=True),
    bracket=Style(bold=True, underline=True),
    column=Style(dim=True),
    blanks=Style(dim=True),
    bar=Style(reverse=True),
    bar_strong=Style(bold=True),
    prompt=_block(bold=True),
    error=_block(bold=True, underline=True),
    hint_key=Style(bold=True, underline=True),
    panel=Style(reverse=True),
    panel_selected=_block(bold=True),
    syntax=_syntax(3),
)
"""No color at all (https://no-color.org)."""

_THEMES: Final = {theme.name: theme for theme in (DARK, LIGHT, TERMINAL, MONOCHROME)}

THEME_NAMES: Final = tuple(_THEMES)
"""What a person may choose."""

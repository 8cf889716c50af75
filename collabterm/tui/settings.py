"""How a person wants the editor to look and to behave; must not read files or the environment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from collabterm.tui.bindings import Keymap, make_keymap

THEMES: Final = ("dark", "light", "terminal", "monochrome")
"""As in ``theme.THEME_NAMES``, which takes Textual to import."""

SETTING_NAMES: Final = (
    "theme", "wrap", "line_numbers", "tab_size", "indent", "blanks", "color_column", "hints", "keys",
)  # fmt: skip
MAX_TAB_SIZE: Final = 16
MAX_COLOR_COLUMN: Final = 1_000

_DEFAULT_KEYMAP: Final = make_keymap({})


@dataclass(frozen=True, slots=True)
class EditorSettings:
    """What the editor starts with.

    Attributes:
        theme: One of ``THEMES``.
        wrap: Whether long lines go on in the next row of the screen.
        line_numbers: Whether they are shown.
        tab_size: The cells from one tab stop to the next.
        indent: One level of indentation, a tab or some spaces; None to take what the file has.
        blanks: Whether tabs and trailing spaces are shown.
        color_column: The column that a line should not go past; 0 for none.
        hints: Whether the most useful keys are shown.
        no_color: Whether to do without colors (no-color.org).
        keymap: Which key does what.
    """

    theme: str = "dark"
    wrap: bool = False
    line_numbers: bool = True
    tab_size: int = 4
    indent: str | None = None
    blanks: bool = False
    color_column: int = 0
    hints: bool = True
    no_color: bool = False
    keymap: Keymap = _DEFAULT_KEYMAP


def with_setting(settings: EditorSettings, name: str, value: object) -> EditorSettings:
    """Return the settings with one of ``SETTING_NAMES`` as the config file has it.

    Raises:
        ValueError: With a sentence, if the value is not one for this setting.
    """
    match name:
        case "theme":
            if value not in THEMES:
                raise ValueError(f"it is not one of {', '.join(THEMES)}")
            return replace(settings, theme=str(value))
        case "wrap":
            return replace(settings, wrap=_check_switch(value))
        case "line_numbers":
            return replace(settings, line_numbers=_check_switch(value))
        case "blanks":
            return replace(settings, blanks=_check_switch(value))
        case "hints":
            return replace(settings, hints=_check_switch(value))
        case "tab_size":
            return replace(settings, tab_size=_check_number(value, range(1, MAX_TAB_SIZE + 1)))
        case "color_column":
            return replace(settings, color_column=_check_number(value, range(MAX_COLOR_COLUMN + 1)))
        case "indent":
            return replace(settings, indent=_check_indent(value))
        case "keys":
            return replace(settings, keymap=_check_keys(value))
        case _:
            raise AssertionError(f"{name} is none of SETTING_NAMES")


def _check_switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it is neither true nor false")  # noqa: TRY004 - one kind of error
    return value


def _check_number(value: object, allowed: range) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        raise ValueError(f"it is not a number from {allowed.start} to {allowed.stop - 1}")
    return value


def _check_indent(value: object) -> str:
    if value == "tab":
        return "\t"
    try:
        return " " * _check_number(value, range(1, MAX_TAB_SIZE + 1))
    except ValueError as error:
        raise ValueError(f'it is neither "tab" nor a number of spaces from 1 to {MAX_TAB_SIZE}') from error


def _check_keys(value: object) -> Keymap:
    if not isinstance(value, dict):
        raise ValueError("it is not a table: begin one with [keys]")  # noqa: TRY004 - one kind of error
    return make_keymap(dict(_check_bindings(value.items())))


def _check_bindings(items: Iterable[tuple[object, object]]) -> Iterable[tuple[str, str]]:
    for key, command in items:
        if not isinstance(key, str) or not isinstance(command, str):
            raise ValueError(f"what {key} does is not a string in quotes")  # noqa: TRY004 - one kind of error
        yield key, command

"""What a key is called on screen, from Textual's name for it; must not know what any key does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from unicodedata import lookup

from collabterm.document.display import display_line
from collabterm.tui.bindings import canonical

_MODIFIERS: Final = ("super", "hyper", "meta", "ctrl", "alt", "shift")
"""In the order in which they are written."""

_NAMED: Final = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "escape": "Esc",
    "delete": "Del",
    "insert": "Ins",
    "space": "Space",
    "tab": "Tab",
    "enter": "Enter",
    "home": "Home",
    "end": "End",
    "backspace": "Backspace",
}
_CHARACTERS: Final = {
    "slash": "/",
    "backslash": "\\",
    "at": "@",
    "minus": "-",
    "plus": "+",
    "underscore": "_",
    "hyphen_minus": "-",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
}
"""Where Textual's name is its own, or differs from Unicode's by more than the blanks."""


def key_label(key: str) -> str:
    """Write a key as people do: ``ctrl+s`` is ``Ctrl-S`` and ``alt+up`` is ``Alt-↑``."""
    *modifiers, name = canonical(key).split("+")
    modifiers.sort(key=lambda one: _MODIFIERS.index(one) if one in _MODIFIERS else len(_MODIFIERS))
    label = _name_label(name)
    if modifiers and len(label) == 1:
        label = label.upper()
    return "-".join([*(one.capitalize() for one in modifiers), label])


def keys_label(keys: Iterable[str], max_cells: int) -> str:
    """Write as many of a command's keys as ``max_cells`` hold, the first in any case, each label once."""
    written = ""
    for label in dict.fromkeys(map(key_label, keys)):
        longer = f"{written}  {label}" if written else label
        if written and display_line(longer).width > max_cells:
            break
        written = longer
    return written


def _name_label(name: str) -> str:
    if label := _NAMED.get(name) or _CHARACTERS.get(name):
        return label
    if len(name) == 1:
        return name
    try:
        character = lookup(name.replace("_", " "))
    except KeyError:
        return name.replace("_", " ").capitalize()
    return character if character.isprintable() else name.capitalize()

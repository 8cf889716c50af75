"""Every command with its keys, and how people write keys; must not import Textual or run a command.

Keys are called what Textual calls them, with the modifiers in alphabetical order: ``alt+shift+up``. Where
a terminal of xterm's kind and one with the kitty protocol send different keys, both are listed.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

SECTIONS: Final = ("Move", "Select", "Edit", "Lines", "Find", "View", "File and room")


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: As in the config file.
        title: As in the help and in the palette.
        section: Where in the help; one of ``SECTIONS``.
        keys: Its default keys, the first being the one to show.
    """

    name: str
    title: str
    section: str
    keys: tuple[str, ...] = ()


COMMANDS: Final = (
    Command("left", "Left", "Move", ("left",)),
    Command("right", "Right", "Move", ("right",)),
    Command("up", "Up", "Move", ("up",)),
    Command("down", "Down", "Move", ("down",)),
    # macOS terminals send Alt-B and Alt-F for Option with an arrow.
    Command("word_left", "To the word before", "Move", ("ctrl+left", "alt+b")),
    Command("word_right", "To the word after", "Move", ("ctrl+right", "alt+f")),
    Command("line_start", "To the start of the line or its text", "Move", ("home",)),
    Command("line_end", "To the end of the line", "Move", ("end",)),
    Command("page_up", "A page up", "Move", ("pageup",)),
    Command("page_down", "A page down", "Move", ("pagedown",)),
    Command("paragraph_up", "To the paragraph above", "Move", ("ctrl+up",)),
    Command("paragraph_down", "To the paragraph below", "Move", ("ctrl+down",)),
    Command("document_start", "To the start of the text", "Move", ("ctrl+home",)),
    Command("document_end", "To the end of the text", "Move", ("ctrl+end",)),
    Command("matching_bracket", "To the matching bracket", "Move", ("ctrl+right_square_bracket", "alt+p")),
    Command("go_to_line", "Go to a line", "Move", ("ctrl+g",)),
    Command("select_all", "Select all", "Select", ("ctrl+a",)),
    Command("select_line", "Select the line", "Select", ("ctrl+l",)),
    Command("select_nothing", "Back to one cursor, then select nothing", "Select", ("escape",)),
    Command("add_cursor_above", "Add a cursor above", "Select", ("alt+shift+up",)),
    Command("add_cursor_below", "Add a cursor below", "Select", ("alt+shift+down",)),
    Command("add_next_match", "Add a cursor at the next match", "Select", ("alt+n",)),
    Command("cursor_at_every_match", "A cursor at every match", "Select", ("alt+m",)),
    # A line feed is what a paste without brackets ends its lines with.
    Command("newline", "New line", "Edit", ("enter", "shift+enter", "ctrl+j")),
    Command("tab", "Tab, or indent what is selected", "Edit", ("tab",)),
    Command("outdent", "Outdent", "Edit", ("shift+tab",)),
    Command("backspace", "Delete the character before", "Edit", ("backspace", "shift+backspace")),
    Command("delete", "Delete the character after", "Edit", ("delete",)),
    Command(
        "delete_word_left", "Delete the word before", "Edit", ("ctrl+w", "ctrl+backspace", "alt+backspace")
    ),
    Command("delete_word_right", "Delete the word after", "Edit", ("ctrl+delete", "alt+d")),
    Command("undo", "Undo", "Edit", ("ctrl+z",)),
    Command("redo", "Redo", "Edit", ("ctrl+y", "ctrl+shift+z")),
    Command("cut", "Cut", "Edit", ("ctrl+x",)),
    Command("copy", "Copy", "Edit", ("ctrl+c",)),
    Command("paste", "Paste", "Edit", ("ctrl+v",)),
    Command("upper_case", "Upper case", "Edit", ("alt+u",)),
    Command("lower_case", "Lower case", "Edit", ("alt+l",)),
    Command("title_case", "Title case", "Edit"),
    Command("indent", "Indent", "Edit"),
    # Ctrl with Shift and 7 is Ctrl-/ on many European keyboards.
    Command("toggle_comment", "Comment out, or in again", "Lines", ("ctrl+slash", "ctrl+shift+7")),
    Command("move_rows_up", "Move the lines up", "Lines", ("alt+up",)),
    Command("move_rows_down", "Move the lines down", "Lines", ("alt+down",)),
    Command("duplicate", "Duplicate the lines or the selection", "Lines", ("ctrl+d",)),
    Command("cut_rows", "Cut the lines", "Lines", ("ctrl+k",)),
    Command("join_rows", "Join the lines", "Lines", ("alt+j",)),
    Command("sort_rows", "Sort the lines", "Lines"),
    Command("trim_trailing_space", "Remove spaces at the ends of lines", "Lines"),
    Command("delete_rows", "Delete the lines", "Lines", ("ctrl+shift+k",)),
    Command("find", "Find", "Find", ("ctrl+f",)),
    Command("replace", "Replace", "Find", ("ctrl+r",)),
    Command("find_next", "Find the next", "Find", ("f3",)),
    Command("find_previous", "Find the one before", "Find", ("shift+f3", "f15")),
    Command("toggle_wrap", "Wrap long lines, or not", "View", ("alt+z",)),
    Command("toggle_line_numbers", "Show line numbers, or not", "View"),
    Command("toggle_blanks", "Show tabs and trailing spaces, or not", "View"),
    Command("toggle_hints", "Show the hints, or not", "View"),
    Command("next_theme", "The next theme", "View"),
    Command("set_tab_size", "Set the tab size", "View"),
    Command("set_indent", "Set the indentation", "View"),
    Command("set_language", "Set the language", "View"),
    Command("save", "Save", "File and room", ("ctrl+s",)),
    Command("save_as", "Save as", "File and room"),
    Command("quit", "Quit", "File and room", ("ctrl+q",)),
    Command("help", "Help", "File and room", ("f1",)),
    Command("palette", "All commands", "File and room", ("ctrl+p", "f2")),
)

_BY_NAME: Final = {command.name: command for command in COMMANDS}
_UNBOUND: Final = ""
_UNBOUND_WORDS: Final = frozenset({_UNBOUND, "none"})

_MODIFIERS: Final[Mapping[str, str]] = {
    "alt": "alt", "option": "alt", "opt": "alt", "meta": "alt", "m": "alt",
    "ctrl": "ctrl", "control": "ctrl", "c": "ctrl",
    "shift": "shift", "s": "shift",
    "super": "super", "cmd": "super", "win": "super",
}  # fmt: skip
_MODIFIER: Final = re.compile(r"([A-Za-z]+)[+-](?=.)")

_SAME_KEY: Final[Mapping[str, str]] = {
    "ctrl+underscore": "ctrl+slash",
    "ctrl+@": "ctrl+space",
    "ctrl+at": "ctrl+space",
}
"""What Textual calls some bytes of C0, and the key that people press to send them."""

_TEXTUALS_OWN: Final[Mapping[str, str]] = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_CHARACTERS: Final[Mapping[str, str]] = {
    _TEXTUALS_OWN.get(name, name): character
    for character in f"{string.punctuation}¡¢£¤¥§¨°´¿€"
    for name in [re.sub("[- ]", "_", unicodedata.name(character).lower())]
}
_CHARACTER_NAMES: Final = {character: name for name, character in _CHARACTERS.items()}
_NAMED: Final[Mapping[str, str]] = {
    **{name.replace("_", ""): name for name in _CHARACTERS},
    **{name: name for name in ("left", "right", "up", "down", "home", "end", "insert", "delete")},
    **{name: name for name in ("enter", "tab", "space", "backspace", "escape", "pageup", "pagedown")},
    **{f"f{number}": f"f{number}" for number in range(1, 25)},
    "esc": "escape", "return": "enter", "del": "delete", "ins": "insert",
    "pgup": "pageup", "pgdn": "pagedown", "pgdown": "pagedown",
    "←": "left", "→": "right", "↑": "up", "↓": "down",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keymap:
    """Which key does what.

    Attributes:
        bindings: Keys to the names of commands; a key that was unbound has an empty name.
    """

    bindings: Mapping[str, str]

    def command_for(self, key: str) -> tuple[str, bool] | None:
        """Return the name of a key's command, and whether Shift makes it extend the selection."""
        key = canonical(key)
        name = self.bindings.get(key)
        if name is not None:
            return (name, False) if name else None
        *modifiers, last = key.split("+")
        if "shift" in modifiers:
            name = self.bindings.get("+".join([*(one for one in modifiers if one != "shift"), last]))
            if name and _BY_NAME[name].section == "Move":
                return name, True
        return None

    def keys_of(self, command: str) -> tuple[str, ...]:
        """Return the keys of a command, the person's own first."""
        return tuple(key for key, name in self.bindings.items() if name == command)


def make_keymap(overrides: Mapping[str, str]) -> Keymap:
    """Return the default keys, but with these.

    Args:
        overrides: Keys as people write them, to names of commands; ``""`` and ``"none"`` unbind a key.

    Raises:
        ValueError: With a sentence, for what is not a key or not a command, or a key that is there twice.
    """
    chosen: dict[str, str] = {}
    for written, name in overrides.items():
        key = check_key(written)
        if key in chosen:
            raise ValueError(f"{written!r} is there twice")
        if name in _UNBOUND_WORDS:
            chosen[key] = _UNBOUND
        elif name in _BY_NAME:
            chosen[key] = name
        else:
            close = get_close_matches(name, _BY_NAME, n=1)
            advice = f": did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"{name!r} is not a command{advice}")
    defaults = {key: command.name for command in COMMANDS for key in command.keys}
    return Keymap(chosen | {key: name for key, name in defaults.items() if key not in chosen})


def command_named(name: str) -> Command | None:
    """Return the command with this name."""
    return _BY_NAME.get(name)


def canonical(key: str) -> str:
    """Return the one name of a key that Textual calls by several."""
    if "+" not in key:
        return key
    *modifiers, last = key.split("+")
    if not last or "" in modifiers:
        return key
    ordered = "+".join([*sorted(modifiers), last])
    return _SAME_KEY.get(ordered, ordered)


def check_key(key: str) -> str:
    """Return the name of a key as people write it: ``Ctrl-S``, ``C-s``, ``alt+up``, ``F5``, ``Ctrl-/``.

    Raises:
        ValueError: With a sentence, for what is not a key, or is a character that must stay one to type.
    """
    modifiers: set[str] = set()
    rest = key.strip()
    while (found := _MODIFIER.match(rest)) and found[1].lower() in _MODIFIERS:
        modifiers.add(_MODIFIERS[found[1].lower()])
        rest = rest[found.end() :]
    name = _NAMED.get(_squeezed(rest)) or _character_name(rest)
    if name is None:
        raise ValueError(f"{key!r} is not a key: write it like ctrl+s, alt+up or f5")
    if modifiers <= {"shift"} and (name in _CHARACTERS or name == "space" or len(name) == 1):
        raise ValueError(f"{key!r} types a character: add ctrl or alt")
    return canonical("+".join([*sorted(modifiers), name]))


def _character_name(character: str) -> str | None:
    """Return what Textual calls the key of one character, which is small if it is a letter."""
    if len(character) != 1 or not character.isalnum():
        return _CHARACTER_NAMES.get(character)
    lower = character.lower()
    return lower if len(lower) == 1 else character


def _squeezed(name: str) -> str:
    return re.sub("[-_ ]", "", name).lower()

"""Which key does what in the editor: Textual's key names to pure functions; must hold no state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from collabterm.document import commands, motions
from collabterm.document.commands import Edit
from collabterm.document.lines import Location
from collabterm.document.motions import Lines
from collabterm.document.selection import Selection

Motion = Callable[[Lines, Location], Location]
EditCommand = Callable[[Lines, Selection], Edit | None]

MOTIONS: Final[Mapping[str, Motion]] = {
    "left": motions.left,
    "right": motions.right,
    "ctrl+left": motions.word_left,
    "ctrl+right": motions.word_right,
    "home": motions.line_start,
    "end": motions.line_end,
    "ctrl+home": motions.document_start,
    "ctrl+end": motions.document_end,
}

VERTICAL: Final[Mapping[str, tuple[int, bool]]] = {
    "up": (-1, False),
    "down": (1, False),
    "pageup": (-1, True),
    "pagedown": (1, True),
}
"""Direction, and whether by a page."""

EDITS: Final[Mapping[str, EditCommand]] = {
    "enter": commands.newline,
    "tab": commands.tab,
    "backspace": commands.backspace,
    "shift+backspace": commands.backspace,
    "delete": commands.delete,
    "ctrl+backspace": commands.delete_word_left,
    "ctrl+w": commands.delete_word_left,
    "ctrl+delete": commands.delete_word_right,
}


def without_shift(key: str) -> tuple[str, bool]:
    """Return a key's name without its Shift, and whether it had one (``ctrl+shift+left``)."""
    *modifiers, name = key.split("+")
    if "shift" not in modifiers:
        return key, False
    return "+".join([*(one for one in modifiers if one != "shift"), name]), True

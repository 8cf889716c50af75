"""The lowest row: the keys that one needs first; must not know what they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.segment import Segment
from textual.strip import Strip

from collabterm.document.display import display_line
from collabterm.tui.bindings import Keymap
from collabterm.tui.key_labels import key_label
from collabterm.tui.rows import Rows
from collabterm.tui.theme import Theme

HINTS: Final = (
    ("save", "Save"),
    ("quit", "Quit"),
    ("help", "Help"),
    ("palette", "Commands"),
    ("find", "Find"),
    ("replace", "Replace"),
    ("undo", "Undo"),
    ("go_to_line", "Go to"),
    ("copy", "Copy"),
    ("paste", "Paste"),
    ("toggle_comment", "Comment"),
)
"""Commands and what they are called here, the most needed first; those that do not fit are left out."""


@dataclass(frozen=True, slots=True)
class _Hint:
    """A key and what it does, from the cell ``first`` on."""

    command: str
    key: str
    label: str
    first: int

    @property
    def last(self) -> int:
        return self.first + display_line(self.key + self.label).width


class HintBar(Rows):
    """One row of keys with what they do.

    Args:
        keymap: Where the keys come from.
        theme: In which colors.
    """

    def __init__(self, keymap: Keymap, theme: Theme) -> None:
        super().__init__()
        self._keymap = keymap
        self._theme = theme

    def show_as(self, theme: Theme) -> None:
        """Look otherwise."""
        self._theme = theme
        self.repaint()

    def command_at(self, x: int) -> str | None:
        """Return the command whose hint covers a cell."""
        return next((hint.command for hint in self._fitting() if hint.first <= x < hint.last), None)

    def render_line(self, y: int) -> Strip:
        """Paint as many hints as fit."""
        bar, width = self._theme.bar, self.size.width
        segments, used = [], 0
        for hint in self._fitting():
            segments += [Segment(hint.key, bar + self._theme.hint_key), Segment(hint.label, bar)]
            used = hint.last
        return Strip([*segments, Segment(" " * (width - used), bar)], width)

    def _fitting(self) -> Iterator[_Hint]:
        used = 0
        for command, title in HINTS:
            keys = self._keymap.keys_of(command)
            if keys:
                hint = _Hint(command, f" {key_label(keys[0])} ", f"{title} ", used)
                if hint.last <= self.size.width:
                    yield hint
                    used = hint.last

"""The lowest row: the keys that one needs first; must not know what they do."""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from textual.strip import Strip

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

    def render_line(self, y: int) -> Strip:
        """Paint as many hints as fit."""
        bar, width = self._theme.bar, self.size.width
        segments, used = [], 0
        for command, title in HINTS:
            keys = self._keymap.keys_of(command)
            key = f" {key_label(keys[0])} " if keys else ""
            label = f"{title} "
            if not keys or used + len(key) + len(label) > width:
                continue
            segments += [Segment(key, bar + self._theme.hint_key), Segment(label, bar)]
            used += len(key) + len(label)
        return Strip([*segments, Segment(" " * (width - used), bar)], width)

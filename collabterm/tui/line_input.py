"""One line of text being typed, as a value: a key gives the next one; must not know what the line is for.

Tabs are kept, because one may search for them, and shown by a stand-in. Clusters are those of the text as
it is shown, so the cursor stops where the reader sees a character end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from collabterm.document import motions
from collabterm.document.clusters import cluster_end, cluster_start
from collabterm.document.display import display_line, is_text, safe_text
from collabterm.document.lines import Location

MAX_INPUT_CHARS: Final = 1_024


class InputView(NamedTuple):
    """What a field shows of its line, and the cells in it that the cursor covers."""

    text: str
    cursor_cell: int
    cursor_cells: int


@dataclass(frozen=True, slots=True)
class LineInput:
    """A line and the column of the cursor; an *offered* text gives way to what is typed over it."""

    text: str = ""
    cursor: int = 0
    is_offered: bool = False

    @classmethod
    def holding(cls, text: str) -> LineInput:
        """Start with the first line of ``text`` and the cursor behind it."""
        return cls().pasted(text)

    @classmethod
    def offering(cls, text: str) -> LineInput:
        """Start with a text that typing replaces and moving the cursor accepts."""
        held = cls.holding(text)
        return replace(held, is_offered=bool(held.text))

    def pressed(self, key: str, character: str | None) -> LineInput:
        """Return the line after a key; the same when the key means nothing here."""
        if motion := _MOTIONS.get(key):
            return LineInput(self.text, self._reached(motion))
        if motion := _DELETIONS.get(key):
            return self._without(self._reached(motion))
        if key == "ctrl+u":
            return LineInput()
        if key == "ctrl+a":
            return LineInput.offering(self.text)
        return self._with(character) if is_typed(key, character) and character else self

    def pasted(self, text: str) -> LineInput:
        """Put the first line of ``text`` in, without what neither prints nor is a tab."""
        first = text.replace("\r", "\n").partition("\n")[0]
        return self._with("".join(char for char in first if is_text(char) or char == "\t"))

    def view(self, width: int) -> InputView:
        """Show the part of the line around the cursor, in exactly ``width`` cells."""
        shown = _shown(self.text)
        line = display_line(shown)
        first_cell = line.cell_of(self.cursor)
        is_behind = self.cursor == len(shown)
        last_cell = first_cell + 1 if is_behind else line.cell_of(cluster_end(shown, self.cursor))
        left = min(max(first_cell - 2 * width // 3, 0), max(line.width + 1 - width, 0))
        left = min(max(left, last_cell - width), first_cell)
        cell = first_cell - left
        return InputView(line.slice(left, left + width), cell, max(min(last_cell - left, width) - cell, 0))

    def _with(self, text: str) -> LineInput:
        held = LineInput() if self.is_offered and text else self
        room = max(MAX_INPUT_CHARS - len(held.text), 0)
        added = text if len(text) <= room else text[: cluster_start(_shown(text), room)]
        if not added:
            return held
        before, after = held.text[: held.cursor], held.text[held.cursor :]
        return _settled(before + added + after, held.cursor + len(added))

    def _without(self, reached: int) -> LineInput:
        if self.is_offered:
            return LineInput()
        start, end = sorted((self.cursor, reached))
        return _settled(self.text[:start] + self.text[end:], start)

    def _reached(self, motion: _Motion) -> int:
        return motion(_OneRow(_shown(self.text)), Location(0, self.cursor)).column


def is_typed(key: str, character: str | None) -> bool:
    """Return whether a key is text: a terminal may send the letter of an Alt key along with it."""
    return character is not None and is_text(character) and not key.startswith(("alt+", "ctrl+"))


@dataclass(frozen=True, slots=True)
class _OneRow:
    """A line as the only row of a text."""

    text: str
    row_count: int = 1

    def line(self, row: int) -> str:
        """Read the row."""
        return self.text


_Motion = Callable[[_OneRow, Location], Location]

_MOTIONS: Final[Mapping[str, _Motion]] = {
    "left": motions.left,
    "right": motions.right,
    "ctrl+left": motions.word_left,
    "ctrl+right": motions.word_right,
    "home": lambda lines, location: Location(0, 0),
    "end": lambda lines, location: Location(0, len(lines.text)),
}
_DELETIONS: Final[Mapping[str, _Motion]] = {
    "backspace": motions.left,
    "shift+backspace": motions.left,
    "delete": motions.right,
    "ctrl+w": motions.word_left,
    "ctrl+backspace": motions.word_left,
    "alt+backspace": motions.word_left,
    "ctrl+delete": motions.word_right,
    "alt+d": motions.word_right,
}


def _settled(text: str, cursor: int) -> LineInput:
    """Bring the cursor behind the cluster that an edit may have made around it."""
    shown = _shown(text)
    is_between = cluster_start(shown, cursor) == cursor
    return LineInput(text, cursor if is_between else cluster_end(shown, cursor))


def _shown(text: str) -> str:
    return text.replace("\t", _TAB)


_TAB: Final = safe_text("\t")

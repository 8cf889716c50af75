"""What a terminal of xterm's kind shows for the bytes it gets, on top of pyte; it must not fetch them."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import combining

import pyte
from wcwidth import wcwidth

_ALTERNATE_SCREEN: Final = 1049

_NOT_FOR_PYTE: Final = re.compile(
    rb"\x1b\[[<=>][0-?]*[ -/]*[@-~]"  # kitty keyboard, modifyOtherKeys: pyte would print or misread them
    rb"|\x1b\[\?[0-?]*(?:[ -/]+[@-~]|[@-gi-km-~])"  # private, and neither set (h) nor reset (l): questions
    rb"|\x1b\[[0-9;]*:[0-9;:]*m"  # colours and underlines with sub-parameters
    rb"|\x1b[PX^_].*?\x1b\\",  # DCS, SOS, PM and APC strings
    re.DOTALL,
)
_CUT_SHORT: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[PX^_](?:(?!\x1b\\).)*)?\Z", re.DOTALL)
_MODES: Final = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KEYBOARD: Final = re.compile(rb"\x1b\[([<>])[0-9;]*u")

_USUALLY_ON: Final = {7: "automatic margins", 25: "the cursor"}
_USUALLY_OFF: Final = {
    _ALTERNATE_SCREEN: "the alternate screen",
    1000: "mouse clicks",
    1002: "mouse drags",
    1003: "mouse moves",
    1004: "focus reports",
    1006: "SGR mouse reports",
    1015: "urxvt mouse reports",
    1016: "pixel mouse reports",
    2004: "bracketed paste",
    2026: "synchronized output",
    2048: "resize reports",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One character cell: its text and how it is painted (colours as pyte names them, or as RRGGBB)."""

    text: str
    foreground: str
    background: str
    bold: bool
    underlined: bool
    reverse: bool


class Emulator:
    """A screen that bytes are fed to."""

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = _TwoScreens(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Show ``data``, whose sequences may be cut anywhere."""
        data = _NOT_FOR_PYTE.sub(b"", self._rest + data)
        cut = _CUT_SHORT.search(data)
        end = cut.start() if cut else len(data)
        self._rest = data[end:]
        self._stream.feed(data[:end])

    def resize(self, columns: int, rows: int) -> None:
        """Take another size."""
        self._screen.resize(rows, columns)

    @property
    def rows(self) -> list[str]:
        """The screen's rows, each as wide as the screen."""
        return list(self._screen.display)

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the cursor, from 0."""
        return self._screen.cursor.y, self._screen.cursor.x

    def cell(self, row: int, column: int) -> Cell:
        """One cell, rows and columns from 0."""
        char = self._screen.buffer[row][column]
        return Cell(char.data, char.fg, char.bg, char.bold, char.underscore, char.reverse)


class _TwoScreens(pyte.Screen):
    """pyte's screen with what it lacks: joiners, and an alternate screen that gives the first one back."""

    def __init__(self, columns: int, lines: int) -> None:
        self._kept: tuple[Any, Any] | None = None
        super().__init__(columns, lines)

    def draw(self, data: str) -> None:
        # pyte throws the rest of a text away at a character without width, such as a joiner in an emoji.
        super().draw("".join(char for char in data if wcwidth(char) > 0 or combining(char)))

    def set_mode(self, *modes: int, **kwargs: bool) -> None:
        if _ALTERNATE_SCREEN in modes and self._kept is None:
            self._kept = deepcopy(dict(self.buffer)), deepcopy(self.cursor)
            self.erase_in_display(2)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes: int, **kwargs: bool) -> None:
        if _ALTERNATE_SCREEN in modes and self._kept is not None:
            rows, self.cursor = self._kept
            self._kept = None
            self.buffer.clear()
            self.buffer.update(rows)
            self.dirty.update(range(self.lines))
        super().reset_mode(*modes, **kwargs)


def modes_left_behind(raw: bytes) -> list[str]:
    """Return what a program switched on and not off again, or off and not on again, in words."""
    state: dict[int, bool] = {}
    for numbers, action in _MODES.findall(raw):
        state |= {int(number): action == b"h" for number in numbers.split(b";") if number}
    left = [f"{name} left on" for mode, name in _USUALLY_OFF.items() if state.get(mode, False)]
    left += [f"{name} left off" for mode, name in _USUALLY_ON.items() if not state.get(mode, True)]
    pushed = _KEYBOARD.findall(raw)
    if pushed.count(b">") > pushed.count(b"<"):
        left.append("the kitty keyboard protocol left on")
    return left

"""The bytes that a terminal of xterm's kind sends for keys, pastes and the mouse; it must not send them.

Source: xterm's ctlseqs, "PC-Style Function Keys", "Bracketed Paste Mode" and "SGR mouse mode (1006)";
for kitty's protocol, https://sw.kovidgoyal.net/kitty/keyboard-protocol/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEFT_BUTTON: Final = 0
DRAG: Final = 32
WHEEL_UP: Final = 64
WHEEL_DOWN: Final = 65

_PLAIN: Final[Mapping[str, bytes]] = {
    "enter": b"\r",
    "tab": b"\t",
    "shift+tab": b"\x1b[Z",
    "escape": b"\x1b",
    "space": b" ",
    "backspace": b"\x7f",
    "ctrl+space": b"\x00",
    "ctrl+slash": b"\x1f",
    "f1": b"\x1bOP",
    "f2": b"\x1bOQ",
    "f3": b"\x1bOR",
    "f4": b"\x1bOS",
}
_LETTER_FINAL: Final[Mapping[str, str]] = {
    "up": "A",
    "down": "B",
    "right": "C",
    "left": "D",
    "end": "F",
    "home": "H",
    "f1": "P",
    "f2": "Q",
    "f3": "R",
    "f4": "S",
}
_TILDE_NUMBER: Final[Mapping[str, int]] = {
    "insert": 2,
    "delete": 3,
    "pageup": 5,
    "pagedown": 6,
    "f5": 15,
    **{f"f{number}": 11 + number for number in range(6, 11)},
    **{f"f{number}": 12 + number for number in range(11, 13)},
}
_CHARACTER: Final[Mapping[str, str]] = {
    "slash": "/",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "space": " ",
}
_KITTY_NUMBER: Final[Mapping[str, int]] = {
    "escape": 27,
    "enter": 13,
    "tab": 9,
    "backspace": 127,
    "f15": 57378,
}
_MODIFIER: Final[Mapping[str, int]] = {"shift": 1, "alt": 2, "ctrl": 4}


def key_bytes(name: str) -> bytes:
    """Return what a terminal sends for a key named like ``ctrl+s``, ``shift+left`` or ``pageup``."""
    if name in _PLAIN:
        return _PLAIN[name]
    *modifiers, key = name.split("+")
    mask = sum(_MODIFIER[modifier] for modifier in modifiers)
    if key in _LETTER_FINAL:
        return f"\x1b[{f'1;{1 + mask}' if mask else ''}{_LETTER_FINAL[key]}".encode()
    if key in _TILDE_NUMBER:
        return f"\x1b[{_TILDE_NUMBER[key]}{f';{1 + mask}' if mask else ''}~".encode()
    if modifiers[:1] == ["alt"]:
        return b"\x1b" + key_bytes("+".join([*modifiers[1:], key]))
    key = _CHARACTER.get(key, key)
    assert len(key) == 1, f"no key is called {name!r}"
    match modifiers:
        case []:
            return key.encode()
        case ["shift"]:
            return key.upper().encode()
        case ["ctrl"]:
            return bytes((ord(key.upper()) & 0x1F,))
        case _:
            raise AssertionError(f"a terminal cannot send {name!r}")


def kitty_bytes(name: str) -> bytes:
    """Return what a terminal with kitty's protocol sends for a key that types nothing."""
    *modifiers, key = name.split("+")
    number = 1 + sum(_MODIFIER[modifier] for modifier in modifiers)
    if key == "f3":
        return f"\x1b[13;{number}~".encode()
    if key in _LETTER_FINAL or key in _TILDE_NUMBER:
        return key_bytes(name) if modifiers or key not in _PLAIN else f"\x1b[{_LETTER_FINAL[key]}".encode()
    key = _CHARACTER.get(key, key)
    return f"\x1b[{_KITTY_NUMBER.get(key) or ord(key)};{number}u".encode()


def paste_bytes(text: str) -> bytes:
    """Return a bracketed paste; as terminals do, line ends travel as carriage returns."""
    return b"\x1b[200~" + text.replace("\n", "\r").encode() + b"\x1b[201~"


def mouse_bytes(button: int, row: int, column: int, *, released: bool = False) -> bytes:
    """Return one mouse report for the cell at ``row`` and ``column``, both from 0."""
    return f"\x1b[<{button};{column + 1};{row + 1}{'m' if released else 'M'}".encode()

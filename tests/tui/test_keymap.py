"""Which key does what: every name is one that Textual gives to a key, and Shift only ever extends."""

from __future__ import annotations

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from collabterm.tui import keymap
from tests.keys import key_bytes

SENT = [
    "left", "right", "up", "down", "home", "end", "pageup", "pagedown", "ctrl+left", "ctrl+right",
    "ctrl+home", "ctrl+end", "enter", "tab", "backspace", "delete", "ctrl+w", "ctrl+delete",
]  # fmt: skip


def name_of(sent: bytes) -> str:
    """Return what Textual calls the key that a terminal sends as ``sent``."""
    [key] = [message for message in XTermParser().feed(sent.decode()) if isinstance(message, events.Key)]
    return key.key


@pytest.mark.parametrize("name", SENT)
def test_what_a_terminal_sends_for_a_key_is_found_under_its_name(name: str) -> None:
    known = keymap.MOTIONS.keys() | keymap.VERTICAL.keys() | keymap.EDITS.keys()
    assert name_of(key_bytes(name)) == name
    assert name in known


@pytest.mark.parametrize("name", [*keymap.MOTIONS, *keymap.VERTICAL])
def test_with_shift_every_motion_extends(name: str) -> None:
    *modifiers, key = name.split("+")
    with_shift = name_of(key_bytes("+".join([*modifiers, "shift", key])))
    assert keymap.without_shift(with_shift) == (name, True)
    assert keymap.without_shift(name) == (name, False)


def test_no_key_means_two_things() -> None:
    tables = [set(keymap.MOTIONS), set(keymap.VERTICAL), set(keymap.EDITS)]
    assert len(set().union(*tables)) == sum(map(len, tables))


@pytest.mark.parametrize("key", ["A", "plus", "shift", "+"])
def test_what_is_typed_with_shift_is_not_a_motion(key: str) -> None:
    assert keymap.without_shift(key)[0] not in keymap.MOTIONS

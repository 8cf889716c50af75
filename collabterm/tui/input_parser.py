"""What a terminal sends, turned into Textual's messages, in order; must not read it nor know the time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, assert_never

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.message import Message

from collabterm.tui.bindings import canonical
from collabterm.tui.input_splitter import AltKey, Escape, InputSplitter, Keys, Pasted, Piece

LOST_END_S: Final = 1.0
"""A paste that stands still for this long has lost its end."""

ESCAPE_S: Final = 0.03
"""A terminal sends a sequence in one piece, so little is waited for behind an Escape; a person is slower."""

_FOCUS: Final = "\x1b[I"
_MAX_SEQUENCE_CHARS: Final = 32
"""Textual types what is longer as text."""

_COMPOSED: Final = re.compile(r"\x1b\[\d*;\d*;([\d:]+)u")
"""Text from an input method, as the kitty protocol sends it ("Report associated text")."""

_MODIFIER_BITS: Final = (("alt", 2), ("ctrl", 4), ("shift", 1))


class InputParser:
    """Parses input in reads of any size. A pause of ``patience_s`` is told by ``give_up``."""

    def __init__(self) -> None:
        self._splitter = InputSplitter()
        self._parser = XTermParser()

    def feed(self, text: str) -> Iterator[Message]:
        """Yield the messages that are complete with ``text``."""
        for piece in self._splitter.feed(text):
            yield from self._messages(piece)

    @property
    def patience_s(self) -> float | None:
        """How long to wait for the rest of what is kept, in seconds; None if nothing is kept."""
        if self._splitter.is_pasting:
            return LOST_END_S
        if not self._splitter.kept:
            return None
        is_escape = not self._splitter.kept.strip("\x1b")
        return min(ESCAPE_S, constants.ESCAPE_DELAY) if is_escape else constants.ESCAPE_DELAY

    def give_up(self) -> Iterator[Message]:
        """Yield what is kept as what it is without a rest."""
        end = self._splitter.end_paste if self._splitter.is_pasting else self._splitter.flush
        for piece in end():
            yield from self._messages(piece)

    def _messages(self, piece: Piece) -> Iterator[Message]:
        match piece:
            case Keys(text):
                for message in self._parse(text):
                    yield _as_key(message)
            case AltKey(text):
                for message in self._parse(text):
                    if isinstance(message, events.Key):
                        yield events.Key(_with_alt(message.key), None)
            case Escape():
                yield events.Key("escape", "\x1b")
            case Pasted(text):
                yield events.Paste(text)
            case _:
                assert_never(piece)

    def _parse(self, text: str) -> list[Message]:
        if not text.startswith("\x1b"):
            return self._feed(text)
        if len(text) > _MAX_SEQUENCE_CHARS:
            found = _COMPOSED.fullmatch(text)
            codes = found[1].split(":") if found else []
            return [message for code in codes for message in self._feed(f"\x1b[0;;{code}u")]
        messages = self._feed(text)
        if not messages:
            # Textual may not know it: it would wait for more and then type all of it into the text.
            # Another sequence makes it let go of this one.
            self._feed(_FOCUS)
        return messages

    def _feed(self, text: str) -> list[Message]:
        """Return what Textual makes of a text; nothing of a sequence with numbers that cannot be."""
        try:
            return list(self._parser.feed(text))
        except (ValueError, ArithmeticError):
            # Textual's parser is a generator, and an error ends it.
            before, self._parser = self._parser, XTermParser()
            self._parser.mouse_pixels = before.mouse_pixels
            self._parser.terminal_size = before.terminal_size
            self._parser.terminal_pixel_size = before.terminal_pixel_size
            return []


def _as_key(message: Message) -> Message:
    """Return a key under its canonical name; F3 with a modifier looks like a cursor position to Textual."""
    match message:
        case events.Key(key=key) if canonical(key) != key:
            return events.Key(canonical(key), message.character)
        case events.CursorPosition(x=mask, y=0) if 1 <= mask <= 7:
            held = [name for name, bit in _MODIFIER_BITS if mask & bit]
            return events.Key("+".join([*held, "f3"]), None)
        case _:
            return message


def _with_alt(key: str) -> str:
    if len(key) == 1 and key.isupper():
        return canonical(f"alt+shift+{key.lower()}")
    return canonical(f"alt+{key}")

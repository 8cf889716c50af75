"""Pastes cut out of the bytes a terminal sends, before keys are parsed; pure, and must not know Textual.

A terminal in bracketed paste mode puts a paste between two markers (xterm, "Bracketed Paste Mode").
Textual's parser looks at every character of it, 0.6 us each, and loses escape sequences inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_START: Final = "\x1b[200~"
_END: Final = "\x1b[201~"


@dataclass(frozen=True, slots=True)
class Keys:
    """Input outside a paste."""

    text: str


@dataclass(frozen=True, slots=True)
class Pasted:
    """One whole paste, as the terminal sent it."""

    text: str


class PasteSplitter:
    """Splits input, in pieces of any size, into keys and pastes, in order."""

    def __init__(self) -> None:
        self._pasted: list[str] | None = None
        self._tail = ""

    def feed(self, text: str) -> Iterator[Keys | Pasted]:
        """Yield what is complete; half a marker is kept until the next piece."""
        text = self._tail + text
        self._tail = ""
        while text:
            marker = _START if self._pasted is None else _END
            before, found, text = text.partition(marker)
            if not found:
                before, self._tail = _split_partial(before, marker)
            if self._pasted is not None:
                self._pasted.append(before)
                if found:
                    yield Pasted("".join(self._pasted))
                    self._pasted = None
            else:
                if before:
                    yield Keys(before)
                if found:
                    self._pasted = []

    @property
    def is_pasting(self) -> bool:
        """Whether a paste began whose end has not come."""
        return self._pasted is not None

    def end_paste(self) -> Iterator[Pasted]:
        """Yield what came of a paste whose end got lost, so that keys are keys again."""
        if self._pasted is not None:
            pasted, self._pasted = "".join(self._pasted) + self._tail, None
            self._tail = ""
            yield Pasted(pasted)

    def flush(self) -> Iterator[Keys]:
        """Yield what was kept as half a marker, when nothing more came: it was keys (Escape, say)."""
        if self._pasted is None and self._tail:
            tail, self._tail = self._tail, ""
            yield Keys(tail)


def _split_partial(text: str, marker: str) -> tuple[str, str]:
    """Split off an end of ``text`` that may be the beginning of ``marker``."""
    start = text.rfind("\x1b", -len(marker))
    if start >= 0 and marker.startswith(text[start:]):
        return text[:start], text[start:]
    return text, ""

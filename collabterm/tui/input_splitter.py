"""What a terminal sends, cut into keys, Alt keys and pastes; pure, and must not know Textual.

A terminal in bracketed paste mode puts a paste between two markers (xterm, "Bracketed Paste Mode").
Textual's parser looks at every character of it, 0.6 us each, and loses escape sequences inside. It also
takes ``ESC n``, which is how a terminal without the kitty protocol sends Alt-N, for the beginning of a longer
sequence, and garbles it together with the key that follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_ESCAPE: Final = "\x1b"
_END: Final = "\x1b[201~"

_COMPLETE: Final = re.compile(
    r"""\x1b(?:
      (?P<paste> \[200~ )
    | (?P<alt_sequence> \x1b (?: \[[A-DFHZa-d] | \[[0-9]{1,2}[~^$@] | O[A-DFHP-Sa-d] ) )  # as rxvt sends them
    | (?P<sequence>
        \t                                     # Shift-Tab on the Linux console
      | \[\[[A-E]                              # F1 to F5 there
      | \[M[^\x1b]{3}                          # the mouse, before SGR mode
      | \[[0-9]{1,2}\$                         # Shift-Home and its like, as rxvt sends them
      | \[(?![\[M])[0-?]{0,250}[ -/]{0,4}[@-~] # ECMA-48, 5.4
      | O[A-DFHMP-Sa-dj-y]
      )
    | (?P<answer> [P\]^_X][^\x1b\x07]{0,500}(?:\x07|\x1b\\) )
    | (?P<alt> [^\x1b\t\[OP\]^_X] )
    )""",
    re.VERBOSE,
)
_PARTIAL: Final = re.compile(
    r"""\x1b(?:
      \x1b?(?: \[(?: \[ | M[^\x1b]{0,2} | [0-?]{0,250}[ -/]{0,4} ) | O )?
    | [P\]^_X][^\x1b\x07]{0,500}\x1b?
    )?""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Keys:
    """Either some characters, or the one escape sequence of a key or of the mouse."""

    text: str


@dataclass(frozen=True, slots=True)
class AltKey:
    """The character or the escape sequence of one key that was pressed together with Alt."""

    text: str


@dataclass(frozen=True, slots=True)
class Escape:
    """The Escape key itself."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """One whole paste, as the terminal sent it."""

    text: str


Piece = Keys | AltKey | Escape | Pasted


class InputSplitter:
    """Splits input, in reads of any size, into pieces, in order.

    A sequence that is not complete is kept for the next read. Answers of the terminal to questions that
    nobody asked (DCS, OSC and their like) are left out: they would be typed into the text.
    """

    def __init__(self) -> None:
        self._pasted: list[str] | None = None
        self._tail = ""

    def feed(self, text: str) -> Iterator[Piece]:
        """Yield what is complete."""
        text, self._tail = self._tail + text, ""
        at = 0
        while at < len(text):
            if self._pasted is not None:
                end = text.find(_END, at)
                if end < 0:
                    self._tail = _partial_end(text, at)
                    self._pasted.append(text[at : len(text) - len(self._tail)])
                    return
                self._pasted.append(text[at:end])
                yield Pasted("".join(self._pasted))
                self._pasted = None
                at = end + len(_END)
            elif text[at] != _ESCAPE:
                end = text.find(_ESCAPE, at)
                end = len(text) if end < 0 else end
                yield Keys(text[at:end])
                at = end
            elif found := _COMPLETE.match(text, at):
                if found["paste"]:
                    self._pasted = []
                yield from _piece(found)
                at = found.end()
            elif _PARTIAL.fullmatch(text, at):
                self._tail = text[at:]
                return
            else:
                piece, at = _without_sequence(text, at)
                yield piece

    @property
    def is_pasting(self) -> bool:
        """Whether a paste began whose end has not come."""
        return self._pasted is not None

    @property
    def kept(self) -> str:
        """What is kept until more comes."""
        return self._tail

    def end_paste(self) -> Iterator[Piece]:
        """Yield what came of a paste whose end got lost, so that keys are keys again."""
        if self._pasted is not None:
            pasted, self._pasted = "".join(self._pasted) + self._tail, None
            self._tail = ""
            yield Pasted(pasted)

    def flush(self) -> Iterator[Piece]:
        """Yield what was kept as half a sequence, when nothing more came: it was keys (Escape, say)."""
        if self._pasted is not None:
            return
        text, self._tail = self._tail, ""
        at = 0
        while at < len(text):
            if text[at] == _ESCAPE:
                piece, at = _without_sequence(text, at)
                yield piece
            else:
                end = text.find(_ESCAPE, at)
                end = len(text) if end < 0 else end
                yield Keys(text[at:end])
                at = end


def _piece(found: re.Match[str]) -> Iterator[Piece]:
    if found["alt_sequence"]:
        yield AltKey(found["alt_sequence"])
    elif found["sequence"]:
        yield Keys(found[0])
    elif found["alt"]:
        yield AltKey(found["alt"])


def _without_sequence(text: str, at: int) -> tuple[Piece, int]:
    """Return what an Escape that begins no sequence means, and where the text goes on behind it."""
    following = text[at + 1 : at + 2]
    if following in {"", _ESCAPE}:
        return Escape(), at + 1
    return AltKey(following), at + 2


def _partial_end(text: str, start: int) -> str:
    """Return the end of ``text`` that may be the beginning of a paste's end."""
    begin = text.rfind(_ESCAPE, max(start, len(text) - len(_END) + 1))
    return text[begin:] if begin >= 0 and _END.startswith(text[begin:]) else ""

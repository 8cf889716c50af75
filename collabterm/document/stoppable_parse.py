"""A parse that can be stopped, which the binding of tree-sitter makes hard; must not know rows or names.

py-tree-sitter 0.26.1 can be stopped only while it reads through a callback, and keeps a reference to every
piece that it has read: one is dropped here for it, if a probe shows that this version does so too.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Final

from tree_sitter import Language, Parser, Tree

_PIECE_BYTES: Final = 16 * 1024
"""The parser reads so much at once; hostile text makes it read one place many times."""


def parse_or_stop(
    grammar: Language, text: bytes, edited: Tree | None, keep_parsing: Callable[[], bool]
) -> Tree | None:
    """Parse a text; return None once ``keep_parsing`` disagrees, which is asked about every 0.1 ms.

    Time grows with the square of a hostile text (Go: 25 s for 20 kB of operators), and the binding can stop
    a parse only if it reads through a callback. Such a tree has no text for queries to look at, so the text
    is parsed once more from that tree: honest text takes 1.1-1.5 times as long, hostile text at most twice.
    """
    is_stopped = False

    def progress(_offset: int, _has_error: bool) -> bool:
        nonlocal is_stopped
        is_stopped = is_stopped or not keep_parsing()
        return is_stopped

    parse = Parser(grammar).parse
    pieces = _Pieces(text, forgets=_forgets_pieces(grammar))
    try:
        read = (
            parse(pieces.read, edited, progress_callback=progress)
            if edited
            else parse(pieces.read, progress_callback=progress)
        )
    except ValueError:
        if is_stopped:
            return None
        raise
    finally:
        pieces.release()
    return Parser(grammar).parse(text, read)


class _Pieces:
    """A text that the parser reads in pieces.

    The binding (py-tree-sitter 0.26.1) keeps a reference to every piece for good, so that one is dropped here
    when the parser has moved on.
    """

    def __init__(self, text: bytes, *, forgets: bool) -> None:
        self._text = text
        self._forgets = forgets
        self._piece: bytes | None = None

    def read(self, offset: int, _point: object) -> bytes:
        """Return the piece at a byte offset; none at the end."""
        self.release()
        self._piece = self._text[offset : offset + _PIECE_BYTES]
        return self._piece

    def release(self) -> None:
        """Let go of the piece read last."""
        if self._forgets and self._piece is not None:
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(self._piece))
        self._piece = None


@cache
def _forgets_pieces(grammar: Language) -> bool:
    """Tell whether this version of the binding still holds a piece when parser and tree are gone."""
    piece = b"%d " % 2**64  # no constant: those have more owners
    reads = 0

    def read(offset: int, _point: object) -> bytes:
        nonlocal reads
        reads += 1
        return piece if offset == 0 else b""

    before = sys.getrefcount(piece)
    Parser(grammar).parse(read)
    return reads > 0 and sys.getrefcount(piece) > before

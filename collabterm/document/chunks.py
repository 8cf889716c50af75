"""Consecutive lines of a text, kept as one string while nobody needs them; must not know other chunks.

A line as a string of its own takes 50 bytes and more beside its text: a million of them, twice a large file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

CHUNK_LINES: Final = 512
HASH_MODULUS: Final = (1 << 127) - 1
"""A Mersenne prime: hashes of neighbouring pieces combine into the hash of the whole."""

_BLOCK_CHARS: Final = 1 << 20
"""So much of a long text is split at once, so that it is never there as lines as a whole."""


class Chunk:
    """Some lines.

    Attributes:
        count: How many lines.
        size: Their UTF-8 bytes, counting a newline for each (the text's last one too).
    """

    __slots__ = ("_hash", "_lines", "_packed", "_sizes", "_starts", "count", "size")

    def __init__(self, lines: list[str]) -> None:
        self._packed = "\n".join(lines)
        self._lines: list[str] = []
        self._sizes: list[int] = []
        self._starts: list[int] | None = None
        self._hash: tuple[int, int] | None = None
        self.count = len(lines)
        self.size = byte_length(self._packed) + 1

    @property
    def is_open(self) -> bool:
        """Whether the lines are there one by one."""
        return bool(self._lines)

    def open(self) -> None:
        """Split the lines, so that they can be read and changed one by one."""
        if not self._lines:
            self._lines = self._packed.split("\n")
            self._sizes = _sizes(self._lines)
            self._packed = ""

    def pack(self) -> None:
        """Give back the room that single lines take."""
        if self._lines:
            self._packed = "\n".join(self._lines)
            self._lines, self._sizes, self._starts = [], [], None

    def line(self, index: int) -> str:
        """Return one line of an open chunk."""
        return self._lines[index]

    def lines(self) -> Sequence[str]:
        """Return all lines, whether open or not; not to be changed."""
        return self._lines or self._packed.split("\n")

    def text(self) -> str:
        """Return the lines, joined by newlines."""
        return "\n".join(self._lines) if self._lines else self._packed

    def replace(self, first: int, last: int, lines: list[str]) -> None:
        """Replace the lines from ``first`` to before ``last`` of an open chunk."""
        assert self._lines, "the lines of a packed chunk are not there to be replaced"
        sizes = _sizes(lines)
        self.count += len(lines) - (last - first)
        self.size += sum(sizes) - sum(self._sizes[first:last])
        self._lines[first:last] = lines
        self._sizes[first:last] = sizes
        self._starts = self._hash = None

    def offset_of(self, index: int) -> int:
        """Return the byte where a line of an open chunk begins."""
        return self._line_starts()[index]

    def line_at(self, offset: int) -> tuple[int, int]:
        """Return the line of an open chunk that holds a byte, and the byte's offset in it."""
        index = bisect_right(self._line_starts(), offset) - 1
        return index, offset - self._line_starts()[index]

    def hash(self) -> tuple[int, int]:
        """Return the hash of the lines with their newlines, and the power by which hashes before it move."""
        if self._hash is None:
            content = self.text().encode() + b"\n"
            value = int.from_bytes(content, "big") % HASH_MODULUS
            self._hash = (value, pow(256, self.size, HASH_MODULUS))
        return self._hash

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = list(accumulate(self._sizes[:-1], initial=0))
        return self._starts


def chunked(lines: Sequence[str]) -> Iterator[Chunk]:
    """Make chunks of lines."""
    for start in range(0, len(lines), CHUNK_LINES):
        yield Chunk(list(lines[start : start + CHUNK_LINES]))


def chunked_text(text: str, start: int = 0) -> Iterator[Chunk]:
    """Make chunks of the lines of a text from ``start`` on."""
    while True:
        cut = text.find("\n", start + _BLOCK_CHARS)
        if cut < 0:
            yield from chunked(text[start:].split("\n"))
            return
        yield from chunked(text[start:cut].split("\n"))
        start = cut + 1


def byte_length(text: str) -> int:
    """Return the length in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def _sizes(lines: Sequence[str]) -> list[int]:
    if "".join(lines).isascii():
        return [len(line) + 1 for line in lines]
    return [len(line.encode()) + 1 for line in lines]

r"""The rows of a text, and where they are in bytes; must not know the CRDT, the screen or who edits.

Two of the three coordinate systems meet here: a *location* (row, column in code points) and a *byte
offset* (UTF-8, as the CRDT counts). Rows are split at ``\n`` and nowhere else.

Lines are kept in chunks of about ``_CHUNK_LINES`` with their totals, so that looking up or editing
costs O(sqrt n): an edit in a million lines costs what it costs in a hundred.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, chain
from typing import Final, NamedTuple, NewType

ByteOffset = NewType("ByteOffset", int)
"""A position in the UTF-8 bytes of the whole text."""

_CHUNK_LINES: Final = 512
_HASH_MODULUS: Final = (1 << 127) - 1
"""A Mersenne prime: hashes of neighbouring pieces combine into the hash of the whole."""


class Location(NamedTuple):
    """A place between two characters; ``column`` counts code points."""

    row: int
    column: int


class Splice(NamedTuple):
    """A change of the text: ``deleted`` bytes at ``start`` give way to ``inserted``."""

    start: ByteOffset
    deleted: int
    inserted: str


class Replacement(NamedTuple):
    """The same change in locations: what was ``start`` to ``old_end`` is now ``start`` to ``new_end``."""

    start: Location
    old_end: Location
    new_end: Location


class LineIndex:
    """A text as rows, kept up to date by splices.

    The text always has at least one row; a text that ends with a newline has an empty last row.
    """

    __slots__ = ("_byte_starts", "_chunks", "_row_starts")

    def __init__(self, text: str = "") -> None:
        self._chunks = _chunked(text.split("\n"))
        self._row_starts: list[int] | None = None
        self._byte_starts: list[int] | None = None

    @property
    def row_count(self) -> int:
        """The number of rows, at least 1."""
        return self._rows()[-1]

    @property
    def size(self) -> int:
        """The number of UTF-8 bytes."""
        return self._bytes()[-1] - 1

    @property
    def end(self) -> Location:
        """The location behind the last character."""
        row = self.row_count - 1
        return Location(row, len(self.line(row)))

    def line(self, row: int) -> str:
        """Return one row's text without its newline; ``IndexError`` if there is no such row."""
        index, row_in_chunk = self._find_row(row)
        return self._chunks[index].lines[row_in_chunk]

    def rows(self, first: int, last: int) -> Iterator[str]:
        """Yield the texts of the rows from ``first`` up to, not including, ``last``."""
        if first >= last:
            return
        index, start = self._find_row(first)
        wanted = min(last, self.row_count) - first
        while wanted > 0:
            lines = self._chunks[index].lines[start : start + wanted]
            yield from lines
            wanted -= len(lines)
            index, start = index + 1, 0

    def text(self) -> str:
        """Return the whole text."""
        return "\n".join(chain.from_iterable(chunk.lines for chunk in self._chunks))

    def text_between(self, start: Location, end: Location) -> str:
        """Return the text from ``start`` to ``end``."""
        if start.row == end.row:
            return self.line(start.row)[start.column : end.column]
        lines = list(self.rows(start.row, end.row + 1))
        lines[0] = lines[0][start.column :]
        lines[-1] = lines[-1][: end.column]
        return "\n".join(lines)

    def offset_at(self, location: Location) -> ByteOffset:
        """Return the byte offset of a location; ``IndexError`` if it is not in the text."""
        index, row = self._find_row(location.row)
        chunk = self._chunks[index]
        line = chunk.lines[row]
        if not 0 <= location.column <= len(line):
            raise IndexError(f"column {location.column} is not in a line of {len(line)}")
        return ByteOffset(self._bytes()[index] + chunk.starts()[row] + _byte_length(line[: location.column]))

    def location_at(self, offset: int) -> Location:
        """Return the location of a byte offset.

        Raises:
            IndexError: If the offset is not in the text.
            UnicodeDecodeError: If it is inside a character.
        """
        if not 0 <= offset <= self.size:
            raise IndexError(f"byte {offset} is not in a text of {self.size}")
        index = bisect_right(self._bytes(), offset) - 1
        chunk = self._chunks[index]
        rest = offset - self._bytes()[index]
        row = bisect_right(chunk.starts(), rest) - 1
        column = _column_at(chunk.lines[row], rest - chunk.starts()[row])
        return Location(self._rows()[index] + row, column)

    def splice(self, splice: Splice) -> Replacement:
        """Apply one change and return it in locations; raises like ``location_at``."""
        start = self.location_at(splice.start)
        old_end = self.location_at(splice.start + splice.deleted) if splice.deleted else start
        prefix = self.line(start.row)[: start.column]
        suffix = self.line(old_end.row)[old_end.column :]
        lines = splice.inserted.split("\n")
        lines[0] = prefix + lines[0]
        new_end = Location(start.row + len(lines) - 1, len(lines[-1]))
        lines[-1] += suffix
        self._replace_rows(start.row, old_end.row + 1, lines)
        return Replacement(start, old_end, new_end)

    def text_hash(self) -> bytes:
        """Return 16 bytes that two texts share only if they are equal (up to accident, 2**-100).

        A polynomial over the text's bytes: every chunk remembers its own part, so after an edit only
        the chunks that changed are read again. It detects accidents, it does not resist forgery.
        """
        value = 1
        for chunk in self._chunks:
            value = (value * pow(256, chunk.size, _HASH_MODULUS) + chunk.hash()) % _HASH_MODULUS
        return value.to_bytes(16, "big")

    def _replace_rows(self, first: int, last: int, lines: list[str]) -> None:
        first_index, start = self._find_row(first)
        last_index, end = self._find_row(last - 1)
        chunk = self._chunks[first_index]
        if first_index == last_index and len(chunk.lines) + len(lines) <= 2 * _CHUNK_LINES:
            chunk.replace(start, end + 1, lines)
            self._merge_small(first_index)
        else:
            kept_before = chunk.lines[:start]
            kept_after = self._chunks[last_index].lines[end + 1 :]
            self._chunks[first_index : last_index + 1] = _chunked(kept_before + lines + kept_after)
        self._row_starts = self._byte_starts = None

    def _merge_small(self, index: int) -> None:
        """Join a chunk that lost most of its lines with the next one, so that few lines are few chunks."""
        pair = self._chunks[index : index + 2]
        if len(pair) == 2 and sum(len(chunk.lines) for chunk in pair) < _CHUNK_LINES // 2:
            self._chunks[index : index + 2] = _chunked(pair[0].lines + pair[1].lines)

    def _find_row(self, row: int) -> tuple[int, int]:
        starts = self._rows()
        if not 0 <= row < starts[-1]:
            raise IndexError(f"row {row} is not in a text of {starts[-1]} rows")
        index = bisect_right(starts, row) - 1
        return index, row - starts[index]

    def _rows(self) -> list[int]:
        if self._row_starts is None:
            self._row_starts = list(accumulate((len(chunk.lines) for chunk in self._chunks), initial=0))
        return self._row_starts

    def _bytes(self) -> list[int]:
        if self._byte_starts is None:
            self._byte_starts = list(accumulate((chunk.size for chunk in self._chunks), initial=0))
        return self._byte_starts


class _Chunk:
    """Some consecutive lines with their byte sizes, each counting its newline (the text's last one too)."""

    __slots__ = ("_hash", "_starts", "lines", "size", "sizes")

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.sizes = [_byte_length(line) + 1 for line in lines]
        self.size = sum(self.sizes)
        self._starts: list[int] | None = None
        self._hash: int | None = None

    def replace(self, first: int, last: int, lines: list[str]) -> None:
        sizes = [_byte_length(line) + 1 for line in lines]
        self.size += sum(sizes) - sum(self.sizes[first:last])
        self.lines[first:last] = lines
        self.sizes[first:last] = sizes
        self._starts = self._hash = None

    def starts(self) -> list[int]:
        """Return the byte offset of every line within the chunk."""
        if self._starts is None:
            self._starts = list(accumulate(self.sizes[:-1], initial=0))
        return self._starts

    def hash(self) -> int:
        if self._hash is None:
            content = "\n".join(self.lines).encode() + b"\n"
            self._hash = int.from_bytes(content, "big") % _HASH_MODULUS
        return self._hash


def _chunked(lines: list[str]) -> list[_Chunk]:
    return [_Chunk(lines[start : start + _CHUNK_LINES]) for start in range(0, len(lines), _CHUNK_LINES)]


def _byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _column_at(line: str, offset: int) -> int:
    return offset if line.isascii() else len(line.encode()[:offset].decode())

r"""The rows of a text, and where they are in bytes; must not know the CRDT, the screen or who edits.

Two of the three coordinate systems meet here: a *location* (row, column in code points) and a *byte
offset* (UTF-8, as the CRDT counts). Rows are split at ``\n`` and nowhere else.

Lines are kept in chunks with their totals, so that looking up or editing costs O(sqrt n): an edit in a
million lines costs what it costs in a hundred. Only the chunks in use are there line by line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final, NamedTuple, NewType

from collabterm.document.chunks import CHUNK_LINES, HASH_MODULUS, Chunk, byte_length, chunked, chunked_text

ByteOffset = NewType("ByteOffset", int)
"""A position in the UTF-8 bytes of the whole text."""

_OPEN_CHUNKS: Final = 64
_LARGE_CHARS: Final = 1 << 20
"""A longer change goes into chunks of its own, without being split as a whole."""


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


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to be made, in locations: the text between ``start`` and ``end`` is to become ``text``."""

    start: Location
    end: Location
    text: str

    @property
    def new_end(self) -> Location:
        """Where ``text`` ends once it is there."""
        breaks = self.text.count("\n")
        if breaks:
            return Location(self.start.row + breaks, len(self.text) - self.text.rindex("\n") - 1)
        return Location(self.start.row, self.start.column + len(self.text))


def replacements(edits: Iterable[Edit]) -> Iterator[Replacement]:
    """Yield what edits do, one after the other.

    Args:
        edits: Ascending and disjoint, all in coordinates of the text before any of them.

    Yields:
        Each in coordinates of the text after those before it. As the edits ascend, ``start`` and ``new_end``
        are final coordinates too.
    """
    rows = columns = 0  # how far the text behind the last edit moved; the columns only in the row of its end
    row = -1
    for edit in edits:
        start, end = (
            Location(place.row + rows, place.column + (columns if place.row == row else 0))
            for place in (edit.start, edit.end)
        )
        new_end = Edit(start, end, edit.text).new_end
        yield Replacement(start, end, new_end)
        rows += new_end.row - end.row
        columns, row = new_end.column - edit.end.column, edit.end.row


class LineIndex:
    """A text as rows, kept up to date by splices.

    The text always has at least one row; a text that ends with a newline has an empty last row.
    """

    __slots__ = ("_byte_starts", "_chunks", "_open", "_row_starts")

    def __init__(self, text: str = "") -> None:
        self._chunks = list(chunked_text(text))
        self._open: deque[Chunk] = deque()
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
        return self._opened(index).line(row_in_chunk)

    def rows(self, first: int, last: int) -> Iterator[str]:
        """Yield the texts of the rows from ``first`` up to, not including, ``last``."""
        if first >= last:
            return
        index, start = self._find_row(first)
        wanted = min(last, self.row_count) - first
        while wanted > 0:
            lines = self._chunks[index].lines()[start : start + wanted]
            yield from lines
            wanted -= len(lines)
            index, start = index + 1, 0

    def text(self) -> str:
        """Return the whole text."""
        return "\n".join(chunk.text() for chunk in self._chunks)

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
        chunk = self._opened(index)
        line = chunk.line(row)
        if not 0 <= location.column <= len(line):
            raise IndexError(f"column {location.column} is not in a line of {len(line)}")
        before = byte_length(line[: location.column])
        return ByteOffset(self._bytes()[index] + chunk.offset_of(row) + before)

    def clamp(self, location: Location) -> Location:
        """Return the location in the text that is nearest."""
        row = min(max(location.row, 0), self.row_count - 1)
        return Location(row, min(max(location.column, 0), len(self.line(row))))

    def location_at(self, offset: int) -> Location:
        """Return the location of a byte offset.

        Raises:
            IndexError: If the offset is not in the text.
            UnicodeDecodeError: If it is inside a character.
        """
        if not 0 <= offset <= self.size:
            raise IndexError(f"byte {offset} is not in a text of {self.size}")
        index = bisect_right(self._bytes(), offset) - 1
        chunk = self._opened(index)
        row, rest = chunk.line_at(offset - self._bytes()[index])
        column = _column_at(chunk.line(row), rest)
        return Location(self._rows()[index] + row, column)

    def splice(self, splice: Splice) -> Replacement:
        """Apply one change and return it in locations; raises like ``location_at``."""
        return self.splice_all([splice])[0]

    def splice_all(self, splices: Sequence[Splice]) -> list[Replacement]:
        """Apply changes that ascend, each in coordinates after those before it; all of them or none.

        Returns:
            The same changes in locations.

        Raises:
            IndexError: If an offset is not in the text, or a change lies before the one ahead of it.
            UnicodeDecodeError: If an offset is inside a character.
        """
        if not splices:
            return []
        edits: list[Edit] = []
        moved = reached = 0
        for start, deleted, inserted in splices:
            first = start - moved
            if first < reached:
                raise IndexError(f"byte {first} lies before {reached}, where the last change ended")
            reached = first + deleted
            location = self.location_at(first)
            edits.append(Edit(location, self.location_at(reached) if deleted else location, inserted))
            moved += byte_length(inserted) - deleted
        touched = [chunk for run in reversed(list(_runs(edits))) for chunk in self._rewrite_rows(run)]
        done = list(replacements(edits))
        if len(done) == 1 and done[0].start.row == done[0].old_end.row == done[0].new_end.row:
            self._shift_bytes(self._find_row(done[0].start.row)[0] + 1, moved)
            return done
        changed = set(map(id, touched))
        for index in [at for at, chunk in enumerate(self._chunks) if id(chunk) in changed][::-1]:
            self._balance(index)
        self._row_starts = self._byte_starts = None
        return done

    def text_hash(self) -> bytes:
        """Return 16 bytes that two texts share only if they are equal (up to accident, 2**-100).

        A polynomial over the text's bytes: every chunk remembers its own part, so after an edit only
        the chunks that changed are read again. It detects accidents, it does not resist forgery.
        """
        value = 1
        for chunk in self._chunks:
            own, power = chunk.hash()
            value = (value * power + own) % HASH_MODULUS
        return value.to_bytes(16, "big")

    def _rewrite_rows(self, edits: Sequence[Edit]) -> tuple[Chunk, Chunk]:
        """Rewrite the rows that some edits share; return the first and the last chunk that this changed.

        What is above stays where it is, also in the totals, so that the edits above can be made next.
        """
        first, last = edits[0].start, edits[-1].end
        parts = [self.line(first.row)[: first.column], edits[0].text]
        for before, edit in pairwise(edits):
            parts += [self.line(before.end.row)[before.end.column : edit.start.column], edit.text]
        parts.append(self.line(last.row)[last.column :])
        parts = [part for part in parts if part]
        text = parts[0] if len(parts) == 1 else "".join(parts)
        index, start = self._find_row(first.row)
        last_index, end = self._find_row(last.row)
        self._opened(index)
        last_chunk = self._opened(last_index)
        chunk = self._opened(index)  # again, as opening the other may have packed it
        if len(text) > _LARGE_CHARS and "\n" in text:
            following = chunked(last_chunk.lines()[end + 1 :])
            head = text.partition("\n")[0]
            chunk.replace(start, chunk.count, [head])
            self._chunks[index + 1 : last_index + 1] = [*chunked_text(text, len(head) + 1), *following]
        elif index == last_index:
            chunk.replace(start, end + 1, text.split("\n"))
        else:  # what follows stays in its chunk, or one change after the other would carry it along
            chunk.replace(start, chunk.count, text.split("\n"))
            is_all = end + 1 == last_chunk.count
            if not is_all:
                last_chunk.replace(0, end + 1, [])
            del self._chunks[index + 1 : last_index + is_all]
        return chunk, last_chunk

    def _shift_bytes(self, index: int, grown: int) -> None:
        """Move the totals from a chunk on; rows stay as they are."""
        if self._byte_starts is not None:
            self._byte_starts[index:] = [start + grown for start in self._byte_starts[index:]]

    def _balance(self, index: int) -> None:
        """Split a chunk that grew, and join one that lost most of its lines with the next one."""
        pair = self._chunks[index : index + 2]
        if pair and pair[0].count > 2 * CHUNK_LINES:
            self._chunks[index : index + 1] = chunked(pair[0].lines())
        elif len(pair) == 2 and sum(chunk.count for chunk in pair) < CHUNK_LINES // 2:
            self._chunks[index : index + 2] = chunked([*pair[0].lines(), *pair[1].lines()])

    def _opened(self, index: int) -> Chunk:
        """Open a chunk, and pack the one that was opened first if there are too many."""
        chunk = self._chunks[index]
        if not chunk.is_open:
            chunk.open()
            self._open.append(chunk)
            if len(self._open) > _OPEN_CHUNKS:
                self._open.popleft().pack()
        return chunk

    def _find_row(self, row: int) -> tuple[int, int]:
        starts = self._rows()
        if not 0 <= row < starts[-1]:
            raise IndexError(f"row {row} is not in a text of {starts[-1]} rows")
        index = bisect_right(starts, row) - 1
        return index, row - starts[index]

    def _rows(self) -> list[int]:
        if self._row_starts is None:
            self._row_starts = list(accumulate((chunk.count for chunk in self._chunks), initial=0))
        return self._row_starts

    def _bytes(self) -> list[int]:
        if self._byte_starts is None:
            self._byte_starts = list(accumulate((chunk.size for chunk in self._chunks), initial=0))
        return self._byte_starts


def _runs(edits: Iterable[Edit]) -> Iterator[list[Edit]]:
    """Group edits that share a row."""
    run: list[Edit] = []
    for edit in edits:
        if run and edit.start.row > run[-1].end.row:
            yield run
            run = []
        run.append(edit)
    if run:
        yield run


def _column_at(line: str, offset: int) -> int:
    return offset if line.isascii() else len(line.encode()[:offset].decode())

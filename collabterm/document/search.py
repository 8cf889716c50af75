r"""What to look for, and where it is in the text; must not change the text or know the screen.

A match lies within one row: ``^`` and ``$`` are a row's ends. It may begin or end inside a grapheme cluster.
Patterns run on the ``regex`` library, as Python's ``re`` cannot be interrupted. Its timeouts count
the CPU time of the process.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import accumulate, chain, islice
from math import prod
from typing import Final, NamedTuple, TypeAlias

import regex

from collabterm.document.lines import LineIndex, Location, Replacement
from collabterm.document.selection import Selection

MAX_MATCHES: Final = 1_000_000
"""Once a scan has found so many, it stops: they take 16 MB, and nobody walks through more."""

_MAX_REPEATS: Final = 100_000
r"""``regex`` unrolls counted repeats to compile them: ``a{100000000}`` took all memory, 10**6 take 0.5 s."""
_BLOCK_ROWS: Final = 1024
_JOINED_ROWS: Final = 256
_SINGLE_ROWS: Final = 16  # A call with a timeout costs 2 µs, and each row is one.
_COLUMN_BITS: Final = 32
_FULL_WORD: Final = r"(?<!\w(?=\w))(?:{})(?!(?<=\w)\w)"
_REPEATS: Final = regex.compile(r"\\.|\{\s*(\d*)", regex.DOTALL)
_JOINABLE: Final = regex.compile(
    r"""(?: [^\\\[({\x00-\x1f] | \{\d*,?\d*\} | \( (?: (?!\?) | \?: | \?<?[=!] | \?P?<\w+> )
    | \\[wdb[^\w\s\x00-\x1f]]
    | \[(?!\^) (?: [^\\\[\]\x00-\x1f] | \\[wd[^\w\s\x00-\x1f]] )+ \] )*+""",
    regex.VERBOSE | regex.VERSION1,
)
"""Patterns that cannot match a newline or look beyond one, so that many rows can be searched at once."""

Within: TypeAlias = Sequence[Selection] | None
"""If given, only matches inside one of these selections count. They are disjoint and in text order."""


class BadPattern(ValueError):  # noqa: N818 - it is worded for the person who typed it
    """A pattern or its replacement cannot be understood; the message is one line that says why."""


class TooSlow(Exception):  # noqa: N818 - a fact about the text, nobody's error
    """A pattern took longer than it was given."""


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody looks for.

    Attributes:
        text: Plain text, or a pattern in the syntax of the ``regex`` library.
        is_regex: Which of the two ``text`` is.
        matches_case: Whether ``a`` and ``A`` differ.
        whole_word: Whether a match must not end in the middle of a word.
    """

    text: str
    is_regex: bool = False
    matches_case: bool = False
    whole_word: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A query made ready.

    Attributes:
        query: What it was made of.
        regex: Matches a whole row or, if ``is_joinable``, rows joined by newlines.
        literal: What to look for without any pattern, if that is enough; it is quicker.
        is_joinable: Whether joined rows have the same matches as single ones.
    """

    query: Query
    regex: regex.Pattern[str]
    literal: str | None
    is_joinable: bool


class Match(NamedTuple):
    """A place where a pattern matches, in columns of one row; ``groups`` is None for a literal."""

    row: int
    start: int
    end: int
    groups: regex.Match[str] | None


class Absent(Enum):
    """Why there is no match to go to."""

    NOT_YET = "the rows in between were not scanned yet"
    NOWHERE = "the text has no match"


def compile_query(query: Query) -> Pattern:
    """Make a query ready; an empty one, or plain text with a newline, matches nothing.

    Raises:
        BadPattern: If it is a pattern that cannot be understood, or one that would take too much memory.
    """
    flags = regex.MULTILINE | (0 if query.matches_case else regex.IGNORECASE)
    if not query.text or (not query.is_regex and "\n" in query.text):
        return Pattern(query, regex.compile("(?!)"), None, is_joinable=True)
    source = query.text if query.is_regex else regex.escape(query.text)
    if query.is_regex:
        _check_repeats(source)
        _compile(source, flags)
    compiled = _compile(_FULL_WORD.format(source) if query.whole_word else source, flags)
    is_literal = query.matches_case and not query.is_regex and not query.whole_word
    is_joinable = not query.is_regex or _JOINABLE.fullmatch(source) is not None
    return Pattern(query, compiled, query.text if is_literal else None, is_joinable)


def find_in_row(pattern: Pattern, text: str, timeout_s: float) -> list[tuple[int, int]]:
    """Return the first and last columns of all matches in one row that are not empty.

    Raises:
        TooSlow: If it takes longer than ``timeout_s``.
    """
    return [(start, end) for _, start, end, _ in islice(_matches(pattern, [text], 0, timeout_s), MAX_MATCHES)]


def find_groups(pattern: Pattern, text: str, timeout_s: float) -> list[regex.Match[str]]:
    """Return all matches that are not empty with their groups; see ``find_in_row``."""
    try:
        # All at once: what happens between two matches would count as their time.
        found = pattern.regex.finditer(text, concurrent=False, timeout=timeout_s)
        matches = list(islice((match for match in found if match.end() > match.start()), MAX_MATCHES))
    except TimeoutError:
        raise TooSlow from None
    if pattern.regex.flags & regex.REVERSE:
        matches.reverse()
    return matches


def find_in_rows(
    lines: LineIndex, pattern: Pattern, first: int, last: int, within: Within, timeout_s: float
) -> list[Match]:
    """Return the matches in the rows from ``first`` up to, not including, ``last``.

    Args:
        lines: The text.
        pattern: What to look for.
        first: The first row.
        last: The row behind the last one.
        within: Where matches count.
        timeout_s: For all rows together if the pattern ``is_joinable``, else for each.

    Raises:
        TooSlow: If it takes longer than that.
    """
    texts = list(lines.rows(first, last))
    pieces = [texts] if pattern.is_joinable else [[text] for text in texts]
    matches: Iterable[Match] = chain.from_iterable(
        _matches(pattern, piece, row, timeout_s) for row, piece in enumerate(pieces, first)
    )
    if within is not None:
        matches = (match for match in matches if _is_inside(within, match))
    return list(islice(matches, MAX_MATCHES))


class Scan:
    """Finds all matches in a text, piece by piece: from ``first_row`` to the end, then from the top.

    The rows are kept in blocks, each scanned up to some row; a change of the text makes its block forget what
    comes behind it. When ``lines`` has changed, ``follow`` the change before calling anything else.
    """

    __slots__ = ("_blocks", "_lines", "_next", "_pattern", "_piece_rows", "_starts", "_within", "count")

    def __init__(self, lines: LineIndex, pattern: Pattern, first_row: int = 0, within: Within = None) -> None:
        before = _blocks(first_row)
        self._lines = lines
        self._pattern = pattern
        self._within = within
        self._blocks = before + _blocks(lines.row_count - first_row)
        self._next = len(before)
        self._starts: list[int] | None = None
        self._piece_rows = _JOINED_ROWS if pattern.is_joinable else _SINGLE_ROWS
        self.count = 0

    @property
    def is_complete(self) -> bool:
        """Whether every row was scanned."""
        return self._find_unscanned() is None

    @property
    def is_capped(self) -> bool:
        """Whether there are more matches than are kept, so that ``advance`` does no more."""
        return self.count >= MAX_MATCHES and not self.is_complete

    def advance(self, max_rows: int, timeout_s: float, has_time: Callable[[], bool] = lambda: True) -> bool:
        """Scan the next rows; return whether nothing is left to do, as the scan is complete or capped.

        Args:
            max_rows: How many rows at most.
            timeout_s: How long the pattern may take for one row.
            has_time: Asked after each few rows; after each one once the pattern proved slow.

        Raises:
            TooSlow: If the pattern took longer for a row; another try would take as long.
        """
        while max_rows > 0 and self.count < MAX_MATCHES:
            index = self._find_unscanned()
            if index is None:
                return True
            self._next = index
            max_rows -= self._scan_piece(index, min(max_rows, self._piece_rows), timeout_s)
            if not has_time():
                break
        return self.count >= MAX_MATCHES or self.is_complete

    def follow(self, replacement: Replacement) -> None:
        """Take notice of a change of the text; the changed rows are the next to be scanned."""
        first, row = self._find_block(replacement.start.row)
        last, _ = self._find_block(replacement.old_end.row)
        old = self._blocks[first : last + 1]
        self.count -= sum(len(block.starts) for block in old)
        grown = replacement.new_end.row - replacement.old_end.row
        row_count = sum(block.row_count for block in old) + grown
        if row_count <= 2 * _BLOCK_ROWS:
            old[0].forget(row)
            old[0].row_count = row_count
            self.count += len(old[0].starts)
            self._blocks[first : last + 1] = old[:1]
        else:
            self._blocks[first : last + 1] = _blocks(row_count)
        if grown or last > first:
            self._starts = None
        self._next = first
        if self._within is not None:
            self._within = [selection.shifted(replacement, grows=True) for selection in self._within]

    def index_of(self, location: Location) -> int | None:
        """Return which match begins at ``location``, counted from 1 at the top; None if unknown or none."""
        index, row = self._find_block(location.row)
        before, block = self._blocks[:index], self._blocks[index]
        key = _key(row, location.column)
        at = bisect_left(block.starts, key)
        if block.starts[at : at + 1] != array("Q", [key]) or not all(other.is_scanned for other in before):
            return None
        return sum(len(other.starts) for other in before) + at + 1

    def next_after(self, location: Location) -> Selection | Absent:
        """Return the first match that begins at or behind ``location``, else the first of the text."""
        index, row = self._find_block(location.row)
        at = bisect_left(self._blocks[index].starts, _key(row, location.column))
        for number in self._around(index, 1):
            block = self._blocks[number]
            if at < len(block.starts):
                return self._selection(number, at)
            if not block.is_scanned:
                return Absent.NOT_YET
            at = 0
        return Absent.NOWHERE

    def previous_before(self, location: Location) -> Selection | Absent:
        """Return the last match that begins before ``location``, else the last of the text."""
        index, row = self._find_block(location.row)
        at = bisect_left(self._blocks[index].starts, _key(row, location.column)) - 1
        is_known = self._blocks[index].scanned > row
        for number in self._around(index, -1):
            if not is_known:
                return Absent.NOT_YET
            if at >= 0:
                return self._selection(number, at)
            preceding = self._blocks[(number - 1) % len(self._blocks)]
            at, is_known = len(preceding.starts) - 1, preceding.is_scanned
        return Absent.NOWHERE

    def _scan_piece(self, index: int, max_rows: int, timeout_s: float) -> int:
        block = self._blocks[index]
        start = self._row_starts()[index]
        first = start + block.scanned
        last = min(first + max_rows, start + block.row_count)
        try:
            matches = find_in_rows(self._lines, self._pattern, first, last, self._within, timeout_s)
        except TooSlow:
            if last - first == 1:
                raise
            self._piece_rows = 1
            return 0
        block.starts.extend([_key(row - start, column) for row, column, _, _ in matches])
        block.ends.extend([match.end for match in matches])
        block.scanned = last - start
        self.count += len(matches)
        return last - first

    def _find_unscanned(self) -> int | None:
        return next(
            (index for index in self._around(self._next, 1) if not self._blocks[index].is_scanned), None
        )

    def _around(self, index: int, step: int) -> Iterator[int]:
        """Yield the numbers of all blocks, beginning and ending with ``index``."""
        count = len(self._blocks)
        return (number % count for number in range(index, index + step * (count + 1), step))

    def _selection(self, index: int, at: int) -> Selection:
        block = self._blocks[index]
        row, column = divmod(block.starts[at], 1 << _COLUMN_BITS)
        row += self._row_starts()[index]
        return Selection(Location(row, column), Location(row, block.ends[at]))

    def _find_block(self, row: int) -> tuple[int, int]:
        starts = self._row_starts()
        index = bisect_right(starts, row) - 1
        return index, row - starts[index]

    def _row_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *accumulate(block.row_count for block in self._blocks[:-1])]
        return self._starts


@dataclass(slots=True)
class _Block:
    """Consecutive rows, of which the first ``scanned`` are known.

    Matches begin at ``starts`` (row within the block and column in one number) and end at columns ``ends``.
    """

    row_count: int
    scanned: int = 0
    starts: array[int] = field(default_factory=lambda: array("Q"))
    ends: array[int] = field(default_factory=lambda: array("Q"))

    @property
    def is_scanned(self) -> bool:
        return self.scanned == self.row_count

    def forget(self, row: int) -> None:
        self.scanned = min(self.scanned, row)
        kept = bisect_left(self.starts, _key(row, 0))
        del self.starts[kept:]
        del self.ends[kept:]


def _blocks(row_count: int) -> list[_Block]:
    return [_Block(min(_BLOCK_ROWS, row_count - row)) for row in range(0, row_count, _BLOCK_ROWS)]


def _key(row: int, column: int) -> int:
    return row << _COLUMN_BITS | column


def _check_repeats(source: str) -> None:
    counts = [int(digits[:10]) for digits in _REPEATS.findall(source) if digits]
    if prod(max(1, count) for count in counts) > _MAX_REPEATS:
        raise BadPattern(f"more than {_MAX_REPEATS:,} repetitions")


def _compile(source: str, flags: int) -> regex.Pattern[str]:
    try:
        return regex.compile(source, flags, cache_pattern=False)
    except regex.error as error:
        raise BadPattern(str(error)) from None
    except RecursionError:
        raise BadPattern("too many nested groups") from None


def _matches(pattern: Pattern, texts: list[str], first: int, timeout_s: float) -> Iterator[Match]:
    """Yield the matches of rows searched at once; what a call costs would else be paid for each row."""
    text = "\n".join(texts)
    spans: Iterable[tuple[int, int, regex.Match[str] | None]]
    if pattern.literal is not None:
        spans = _literal_spans(pattern.literal, text)
    else:
        spans = ((*match.span(), match) for match in find_groups(pattern, text, timeout_s))
    index, row_start, row_end = 0, 0, len(texts[0])
    for start, end, groups in spans:
        while start > row_end:
            index += 1
            row_start, row_end = row_end + 1, row_end + 1 + len(texts[index])
        yield Match(first + index, start - row_start, end - row_start, groups)


def _literal_spans(literal: str, text: str) -> Iterator[tuple[int, int, None]]:
    start = text.find(literal)
    while start >= 0:
        end = start + len(literal)
        yield start, end, None
        start = text.find(literal, end)


def _is_inside(within: Sequence[Selection], match: Match) -> bool:
    start, end = Location(match.row, match.start), Location(match.row, match.end)
    index = bisect_right(within, start, key=lambda selection: selection.start) - 1
    return index >= 0 and end <= within[index].end

"""Some rows of a text, parsed as if they were a text of their own; must not choose them or read a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final, NamedTuple

from tree_sitter import Language, Point, Query, QueryCursor, Tree

from collabterm.document.highlights import Highlight, RowHighlights, carried, columns_of_bytes
from collabterm.document.lines import LineIndex
from collabterm.document.prefixes import common_prefix
from collabterm.document.stoppable_parse import parse_or_stop

_QUERIED_BYTES: Final = 2_000
"""Rows are queried together up to this size, which takes about 1 ms and at worst 6 ms (measured)."""

_MATCH_LIMIT: Final = 1_000
"""Patterns that may be half matched at once; code that people write needs far fewer."""

_MAX_ERROR_CHILDREN: Final = 2_000
_CHECKED_LEVELS: Final = 20

_MAX_HUNKS: Final = 200
"""More places changed at once are taken for one large change."""

_ORDINARY_PRIORITY: Final = 100
_NOT_FOR_PAINTING: Final = frozenset({"spell", "nospell", "conceal"})


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """How much of a text is parsed.

    Attributes:
        whole_rows: A text of at most so many rows
        whole_bytes: and bytes is parsed whole. A window has at most so many bytes and keeps its rows while
            edits at most double both.
        window_rows: Of a larger text, so many rows about the screen.
        climb_rows: A window starts up to so many rows higher if something begins there: the parser cannot
            know that a window starts inside a string.
    """

    whole_rows: int = 4_000
    whole_bytes: int = 256 * 1024
    window_rows: int = 2_000
    climb_rows: int = 300


class Hunk(NamedTuple):
    """Rows ``first`` to ``old_last`` became rows ``first`` to ``new_last`` (both exclusive)."""

    first: int
    old_last: int
    new_last: int

    @property
    def growth(self) -> int:
        """How many rows more there are now."""
        return self.new_last - self.old_last

    def joined(self, later: Hunk) -> Hunk:
        """Take this one and a ``later`` one, and all rows between them, for one change."""
        last = max(self.new_last, later.old_last)
        return Hunk(min(self.first, later.first), last - self.growth, last + later.growth)


class ParsedRows:
    """Some rows and their syntax tree.

    Edits go to a copy of the tree, for the parser to start from. The tree itself stays as it was parsed: an
    edited one has no text, so that a query would skip all conditions on words. Places in the copy must be
    right to the byte; the parser reads beyond its memory if they are not.
    """

    def __init__(
        self,
        grammar: Language,
        query: Query,
        clip: Callable[[str], str],
        limits: WindowLimits,
        margin: int,
    ) -> None:
        self.size = 0
        self._grammar, self._query, self._clip = grammar, query, clip
        self._limits, self._margin = limits, margin
        self._first = 0
        self._lines: list[str] = []
        self._sizes: list[int] = []  # in bytes, with the newline
        self._known: list[RowHighlights | None] = []
        self._tree: Tree | None = None
        self._edited: Tree | None = None
        self._touched: Hunk | None = None  # all that changed since the tree was parsed
        self._bookmark = (0, 0)  # a row and the bytes before it

    @property
    def rows(self) -> range:
        """Which rows of the text these are."""
        return range(self._first, self._first + len(self._lines))

    def load(self, first: int, lines: Iterator[str]) -> None:
        """Take rows of the text from ``first`` on."""
        self._first = first
        self._lines = [self._clip(line) for line in lines]
        self._sizes = [_byte_length(line) + 1 for line in self._lines]
        self._known = [None] * len(self._lines)
        self.size = sum(self._sizes)

    def reaches(self, top: int, bottom: int, row_count: int) -> bool:
        """Tell whether the rows are in the window, not too close to its ends."""
        rows = self.rows
        return rows.start <= max(top - self._margin, 0) and rows.stop >= min(bottom + self._margin, row_count)

    def follow(self, lines: LineIndex, hunks: Sequence[Hunk]) -> bool:
        """Apply changes; return False if the window has to be given up."""
        inside: list[Hunk] = []
        last = self.rows.stop
        for hunk in hunks:
            if hunk.first >= last:
                break
            last += hunk.growth
            if hunk.old_last <= self._first:
                self._first += hunk.growth
            elif hunk.first < self._first or hunk.old_last > last - hunk.growth:
                return False
            else:
                inside.append(hunk)
        if last - self._first > 2 * max(self._limits.whole_rows, self._limits.window_rows):
            return False
        if len(inside) > _MAX_HUNKS:
            inside = [reduce(Hunk.joined, inside)]
        for hunk in inside:
            self._apply(hunk, [self._clip(line) for line in lines.rows(hunk.first, hunk.new_last)])
        return self.size <= 2 * self._limits.whole_bytes

    @property
    def is_stale(self) -> bool:
        """Tell whether there is something to parse."""
        return self._tree is None or self._touched is not None

    def parse(self, keep_parsing: Callable[[], bool]) -> bool:
        """Bring the tree up to date; return False, and leave it as it was, if ``keep_parsing`` stops that."""
        if not self.is_stale:
            return True
        if not keep_parsing():
            return False
        text = _encoded("\n".join([*self._lines, ""]))
        tree = parse_or_stop(self._grammar, text, self._edited, keep_parsing)
        if tree is None:
            return False
        self._tree = tree
        self._edited = self._touched = None
        self._known = [None] * len(self._lines)
        return True

    def find(self, first_row: int, last_row: int, budget: int) -> bool:
        """Query for rows not known until ``budget`` highlights are found; tell whether all rows are known.

        The tree has nothing to say on rows that changed since it was parsed; they count as known.
        """
        if self._tree is None:
            return False
        first = max(first_row - self._first, 0)
        last = min(last_row - self._first, len(self._lines))
        touched = self._touched or Hunk(last, last, last)
        for start, stop, shift in (
            (first, min(last, touched.first), 0),
            (max(first, touched.new_last), last, -touched.growth),
        ):
            for row, end in self._unknown(start, stop):
                if budget <= 0:
                    return False
                budget -= self._learn(self._tree, row, end, shift)
        return True

    def highlights(self, row: int) -> RowHighlights:
        """Return what is known of a row."""
        return (self._known[row - self._first] or ()) if row in self.rows else ()

    def _apply(self, hunk: Hunk, lines: list[str]) -> None:
        row, last = hunk.first - self._first, hunk.old_last - self._first
        old_lines, old_known = self._lines[row:last], self._known[row:last]
        self._edit_tree(row, "\n".join(old_lines), "\n".join(lines))
        known: list[RowHighlights | None] = [()] * len(lines)
        head = carried(old_known[0] or (), old_lines[0], lines[0])
        tail = carried(old_known[-1] or (), old_lines[-1], lines[-1])
        known[-1] = tail
        known[0] = head if len(lines) > 1 or len(old_lines) == 1 else head + tail
        sizes = [_byte_length(line) + 1 for line in lines]
        self.size += sum(sizes) - sum(self._sizes[row:last])
        self._lines[row:last], self._sizes[row:last], self._known[row:last] = lines, sizes, known
        change = Hunk(row, last, row + len(lines))
        self._touched = self._touched.joined(change) if self._touched else change

    def _edit_tree(self, row: int, old: str, new: str) -> None:
        """Tell the tree what differs between two texts that begin in ``row``."""
        if self._edited is None and self._tree is not None:
            self._edited = self._tree.copy()
        offset = self._offset_of(row)
        if self._edited is None:
            return
        start = common_prefix(old, new)
        behind = common_prefix(old[start:][::-1], new[start:][::-1])
        ends = [text[: len(text) - behind] for text in (old, new)]
        start_byte, old_byte, new_byte = (offset + _byte_length(text) for text in (old[:start], *ends))
        start_point, old_point, new_point = (_end_point(row, text) for text in (old[:start], *ends))
        self._edited.edit(start_byte, old_byte, new_byte, start_point, old_point, new_point)

    def _offset_of(self, row: int) -> int:
        marked, offset = self._bookmark
        if row < marked:
            marked, offset = 0, 0
        self._bookmark = (row, offset + sum(self._sizes[marked:row]))
        return self._bookmark[1]

    def _unknown(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield runs of rows whose highlights are not known, none much larger than a query should be."""
        row = first
        while row < last:
            end, size = row, 0
            while end < last and size < _QUERIED_BYTES and self._known[end] is None:
                size += self._sizes[end]
                end += 1
            if end > row:
                yield row, end
            row = max(end, row + 1)

    def _learn(self, tree: Tree, first: int, last: int, shift: int) -> int:
        """Find the highlights of rows ``first`` to ``last``, which are ``shift`` rows further in the tree."""
        found: list[list[Highlight]] = [[] for _ in range(first, last)]
        columns = [columns_of_bytes(line) for line in self._lines[first:last]]
        for start, end, name in _nodes(self._query, tree, first + shift, last + shift):
            start_row, end_row = start.row - shift, end.row - shift
            for row in range(max(start_row, first), min(end_row + 1, last)):
                of_byte = columns[row - first]
                final = len(of_byte) - 1
                left = of_byte[min(start.column, final)] if row == start_row else 0
                right = of_byte[min(end.column, final) if row == end_row else final]
                if left < right:
                    found[row - first].append(Highlight(left, right, name))
        self._known[first:last] = map(tuple, found)
        return sum(map(len, found))


def _nodes(query: Query, tree: Tree, first: int, last: int) -> Iterator[tuple[Point, Point, str]]:
    """Yield where named nodes in these rows start and end, with their names, in painting order.

    Inner nodes come after those around them, and for one node the later pattern wins, as in the editors that
    the queries were written for; before both comes a priority that a pattern sets for itself.
    """
    if _is_hopeless(tree, first):
        return
    cursor = QueryCursor(query, match_limit=_MATCH_LIMIT)
    cursor.set_point_range((first, 0), (last, 0))
    found = [
        (priority, node.start_byte, -node.end_byte, pattern, name, node.start_point, node.end_point)
        for pattern, captures in cursor.matches(tree.root_node)
        for priority in (int(query.pattern_settings(pattern).get("priority") or _ORDINARY_PRIORITY),)
        for name, nodes in captures.items()
        if name[0] != "_" and name not in _NOT_FOR_PAINTING
        for node in nodes
    ]
    for *_, name, start, end in sorted(found):
        yield start, end, name


def _is_hopeless(tree: Tree, row: int) -> bool:
    """Tell whether ``row`` is in a large part that the parser made nothing of, where a query would not end.

    Its time grows with the square of such a node's children: 3 ms at 2,000, 6 s at 88,000 (measured).
    """
    cursor = tree.walk()
    for _ in range(_CHECKED_LEVELS):
        if cursor.node and cursor.node.is_error and cursor.node.child_count > _MAX_ERROR_CHILDREN:
            return True
        if cursor.goto_first_child_for_point((row, 0)) is None:
            break
    return False


def _end_point(row: int, text: str) -> Point:
    """Find where ``text`` ends, in the parser's rows and byte columns, if it begins in ``row``."""
    return Point(row + text.count("\n"), _byte_length(text[text.rfind("\n") + 1 :]))


def _byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(_encoded(text))


def _encoded(text: str) -> bytes:
    return text.encode(errors="replace")

"""What the words of a text are (names, strings, comments), from a syntax tree of the rows about the screen.

It must not load a grammar, pick a color or read a clock: callers say when a slice of work is over.

A tree of a large text cannot keep up with typing (100,000 rows: 30-800 ms a key, measured), so only a
*window* of rows is parsed, as if it were the whole text; a small text is one window. Work is cut in three:
``follow`` moves what is known along with every edit, at once; ``advance`` parses the window and then queries
in slices; ``highlights`` reads what is known, which until the next parse is moved along from the last one.

A window is parsed in one go, but never longer than the caller agrees to: what a peer writes can take the
parser seconds. A parse that was stopped leaves everything as it was, and the window ``is_stale``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from re import Pattern
from typing import Final

from tree_sitter import Language, Query

from collabterm.document.highlights import HIGHLIGHTED_COLUMNS, RowHighlights
from collabterm.document.lines import LineIndex, Replacement
from collabterm.document.parsed_rows import Hunk, ParsedRows, WindowLimits

_LIMITS: Final = WindowLimits()

_TAIL_COLUMNS: Final = 200
"""The parser sees this much of a longer row's end, so that a long string on one row is still closed there."""

_MAX_NEW_HIGHLIGHTS: Final = 1_500
"""So many highlights may be queried before a repaint (about 3 ms); ``advance`` finds the others."""


class SyntaxWindow:
    """The highlights of the rows about the screen, in step with the text.

    Args:
        grammar: The language's grammar.
        query: Which nodes get which names; written for that grammar.
        unsafe_row: A row that this matches from its start is an empty one to the parser.
        limits: How much of the text is parsed.
    """

    def __init__(
        self,
        grammar: Language,
        query: Query,
        unsafe_row: Pattern[str] | None = None,
        limits: WindowLimits = _LIMITS,
    ) -> None:
        self._grammar = grammar
        self._query = query
        self._unsafe_row = unsafe_row
        self._limits = limits
        self._seen = (0, 0)
        self._shown: ParsedRows | None = None
        self._coming: ParsedRows | None = None  # parsed, but not yet; until then the other one is shown

    @property
    def rows(self) -> range:
        """The rows that ``highlights`` knows about."""
        return self._shown.rows if self._shown else range(0)

    def look_at(self, lines: LineIndex, top: int, bottom: int) -> None:
        """Say that rows ``top`` to before ``bottom`` are on the screen; pick another window if need be."""
        top = max(min(top, lines.row_count - 1), 0)
        bottom = max(min(bottom, lines.row_count), top + 1)
        self._seen = (top, bottom)
        if self._shown and self._shown.reaches(top, bottom, lines.row_count):
            self._coming = None
        elif not (self._coming and self._coming.reaches(top, bottom, lines.row_count)):
            self._coming = self._pick(lines)

    def follow(self, lines: LineIndex, replacements: Sequence[Replacement]) -> None:
        """Take up one transaction.

        Args:
            lines: The text after the whole transaction.
            replacements: What happened, each in coordinates of the text after those before it.
        """
        hunks = _hunks(replacements)
        if self._shown and not self._shown.follow(lines, hunks):
            self._shown = None
        if self._coming and not self._coming.follow(lines, hunks):
            self._coming = None

    @property
    def is_stale(self) -> bool:
        """Tell whether there is something to parse."""
        window = self._coming or self._shown
        return window is None or window.is_stale

    def advance(
        self,
        lines: LineIndex,
        keep_going: Callable[[], bool],
        keep_parsing: Callable[[], bool] = lambda: True,
    ) -> bool:
        """Parse, then query.

        Args:
            lines: The text.
            keep_going: Asked between queries whether there is time for another.
            keep_parsing: Asked before and while parsing. A parse that it stops is lost; it starts anew with
                the next call, so wait before that one.

        Returns:
            Whether all is known of the rows on the screen that can be known without another parse.
        """
        if self._shown is None and self._coming is None:
            self.look_at(lines, *self._seen)
        window = self._coming or self._shown
        assert window is not None, "looking at rows picks a window"
        if window.parse(keep_parsing):
            self._shown, self._coming = window, None
        while self._shown and not self._shown.find(*self._seen, budget=1):
            if not keep_going():
                return False
        return True

    def highlights(self, first_row: int, last_row: int) -> list[RowHighlights]:
        """Return the highlights of every row from ``first_row`` to before ``last_row``."""
        window = self._shown
        if window is None:
            return [()] * (last_row - first_row)
        window.find(first_row, last_row, _MAX_NEW_HIGHLIGHTS)
        return [window.highlights(row) for row in range(first_row, last_row)]

    def _pick(self, lines: LineIndex) -> ParsedRows:
        top, bottom = self._seen
        limits = self._limits
        if lines.row_count <= limits.whole_rows and lines.size <= limits.whole_bytes:
            return self._window(lines, 0, lines.row_count, 0)
        reach = max(limits.window_rows - (bottom - top), 0) // 2
        while True:
            first = _fresh_start(lines, max(top - reach, 0), min(limits.climb_rows, reach // 3))
            last = min(bottom + reach, lines.row_count)
            window = self._window(lines, first, last, reach // 4)
            if reach == 0 or window.size <= limits.whole_bytes:
                return window
            reach //= 2

    def _window(self, lines: LineIndex, first: int, last: int, margin: int) -> ParsedRows:
        clip = partial(_clipped, self._unsafe_row)
        window = ParsedRows(self._grammar, self._query, clip, self._limits, margin)
        window.load(first, lines.rows(first, last))
        return window


def _hunks(replacements: Sequence[Replacement]) -> list[Hunk]:
    """Turn changes into changed rows: ascending and disjoint, hence in coordinates of the final text."""
    hunks: list[Hunk] = []
    for start, old_end, new_end in replacements:
        hunk = Hunk(start.row, old_end.row + 1, new_end.row + 1)
        while hunks and hunk.first < hunks[-1].new_last:
            hunk = hunks.pop().joined(hunk)
        hunks.append(hunk)
    return hunks


def _fresh_start(lines: LineIndex, row: int, climb: int) -> int:
    """Find the nearest row at or above ``row`` where something seems to begin, or settle for ``row``."""
    lowest = max(row - climb, 0)
    above = list(lines.rows(max(lowest - 1, 0), row + 1))
    if lowest == 0:
        above.insert(0, "")
    for index in range(len(above) - 1, 0, -1):
        line = above[index]
        if line and line[0] not in " \t)]}" and not above[index - 1].strip():
            return lowest + index - 1
    return row


def _clipped(unsafe_row: Pattern[str] | None, line: str) -> str:
    """Leave out what the parser is not to see of a row."""
    if unsafe_row and unsafe_row.match(line):
        return ""
    if len(line) <= HIGHLIGHTED_COLUMNS + _TAIL_COLUMNS:
        return line
    return line[:HIGHLIGHTED_COLUMNS] + line[-_TAIL_COLUMNS:]

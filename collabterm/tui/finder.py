"""A search that goes on while people type: what is known of its matches; must not paint or move a cursor.

Rows are scanned in slices short enough for keys to pass between them. Whoever asks for the next match before
it is known is called back once it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from collabterm.document.lines import LineIndex, Location, Replacement
from collabterm.document.scan import Absent, Scan
from collabterm.document.search import BadPattern, Pattern, Query, TooSlow, compile_query, find_in_row
from collabterm.document.selection import Selection, Shifts

SLICE_S: Final = 0.005
ROW_TIMEOUT_S: Final = 0.05
"""How long a pattern may take for one row before the search is given up."""

_SLICE_ROWS: Final = 100_000
_MAX_MARKED_CHARS: Final = 10_000
_MARK_TIMEOUT_S: Final = 0.002

TOO_SLOW: Final = "this pattern takes too long here: make it simpler"


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What somebody waits for, and whom to call with it or once there is none."""

    location: Location
    is_forward: bool
    then: Callable[[Selection], None]
    otherwise: Callable[[], None]


class Finder:
    """One document's search.

    Args:
        lines: The text.

    Attributes:
        pattern: What is looked for, if anything.
        problem: Why it cannot be, as a sentence.
        on_progress: Called when more is known.
    """

    def __init__(self, lines: LineIndex) -> None:
        self.pattern: Pattern | None = None
        self.problem = ""
        self._lines = lines
        self.on_progress: Callable[[], None] = lambda: None
        self._scan: Scan | None = None
        self._wanted: _Wanted | None = None
        self._marks = True
        self._due: asyncio.Handle | None = None

    @property
    def match_count(self) -> int:
        """How many matches are known."""
        return self._scan.count if self._scan is not None else 0

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to find out."""
        return self._scan is None or self._scan.is_complete or self._scan.is_capped or bool(self.problem)

    @property
    def is_awaited(self) -> bool:
        """Whether somebody asked for a match and was not called yet."""
        return self._wanted is not None

    def look_for(self, query: Query, start: Location, within: Sequence[Selection] | None) -> None:
        """Start a search, the rows from ``start`` on first; an empty query ends it."""
        self.pattern = self._scan = self._wanted = None
        self.problem = ""
        self._marks = True
        if query.text:
            try:
                self.pattern = compile_query(query)
            except BadPattern as error:
                self.problem = str(error)
            else:
                self._scan = Scan(self._lines, self.pattern, start.row, within)
        self._schedule()
        self.on_progress()

    def call_nobody(self) -> None:
        """Forget whom to call; the search goes on."""
        self._wanted = None

    def close(self) -> None:
        """End the search."""
        self.pattern = self._scan = self._wanted = None
        self.problem = ""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def follow(self, replacements: Sequence[Replacement]) -> None:
        """Follow a change of the text, which holds it already."""
        if self._scan is None:
            return
        for replacement in replacements:
            self._scan.follow(replacement)
        if self._wanted is not None:
            location = Shifts(replacements).location(self._wanted.location, sticks="before")
            self._wanted = replace(self._wanted, location=location)
        self._schedule()

    def find_next(
        self, location: Location, then: Callable[[Selection], None], otherwise: Callable[[], None] = _nothing
    ) -> None:
        """Call ``then`` with the first match at or behind a location, or from the top."""
        self._want(_Wanted(location, True, then, otherwise))

    def find_previous(
        self, location: Location, then: Callable[[Selection], None], otherwise: Callable[[], None] = _nothing
    ) -> None:
        """Call ``then`` with the last match before a location, or from the end."""
        self._want(_Wanted(location, False, then, otherwise))

    def matches_in(self, text: str) -> Sequence[tuple[int, int]]:
        """Return the columns of the matches in a row, to be marked; none in huge rows or after a slow one."""
        if self.pattern is None or self.problem or not self._marks:
            return ()
        if len(text) > _MAX_MARKED_CHARS:
            return ()
        try:
            return find_in_row(self.pattern, text, _MARK_TIMEOUT_S)
        except TooSlow:
            self._marks = False
            return ()

    def summary(self, current: Location | None) -> str:
        """Say what is known of the matches; ``current`` is where the one begins that the search stands at."""
        scan = self._scan
        if self.problem:
            return self.problem
        if scan is None:
            return ""
        if not scan.count:
            return "no match" if self.is_complete else "searching"
        count = f"{scan.count:,}" if scan.is_complete else f"{scan.count:,}+"
        number = scan.index_of(current) if current is not None else None
        if number is not None:
            return f"{number:,} of {count}"
        return f"{count} match" if scan.count == 1 and scan.is_complete else f"{count} matches"

    def _want(self, wanted: _Wanted) -> None:
        """Answer at once if a slice of time is enough, so that keys typed ahead find what they are for."""
        self._wanted = wanted
        self._answer()
        if self._wanted is not None and not self.is_complete:
            self._advance()

    def _answer(self) -> None:
        """Call back whoever waits, if the answer is known by now."""
        if self._wanted is None:
            return
        wanted = self._wanted
        scan = self._scan
        found: Selection | Absent = Absent.NOWHERE
        if scan is not None:
            find = scan.next_after if wanted.is_forward else scan.previous_before
            found = find(wanted.location)
        if found is Absent.NOT_YET and not self.is_complete:
            return
        self._wanted = None
        if isinstance(found, Selection):
            wanted.then(found)
        else:
            wanted.otherwise()

    def _schedule(self) -> None:
        if self._due is None and not self.is_complete:
            self._due = asyncio.get_running_loop().call_later(0, self._advance)

    def _advance(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._scan is None:
            return
        loop = asyncio.get_running_loop()
        until_s = loop.time() + SLICE_S
        try:
            self._scan.advance(_SLICE_ROWS, ROW_TIMEOUT_S, lambda: loop.time() < until_s)
        except TooSlow:
            self.problem = TOO_SLOW
        self._answer()
        self._schedule()
        self.on_progress()

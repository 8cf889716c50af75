"""Syntax highlights of the rows in view, kept up with the text; must not paint, and never delays a key.

After an edit the known highlights move with the text at once. What the syntax makes of the edit is found out
a moment later, in slices short enough for keys to pass between them. Only a parse cannot be cut: one that
takes long is stopped, and after a long one there is a rest, so that no text takes more than 5 % of the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from collabterm.document.highlights import RowHighlights
from collabterm.document.languages import PLAIN, Language
from collabterm.document.lines import LineIndex, Replacement
from collabterm.document.syntax import SyntaxWindow
from collabterm.tui.grammars import load_grammar

SLICE_S: Final = 0.004
DELAY_S: Final = 0.008
"""Keys that follow each other at a typist's speed are parsed once each, after they have been painted."""

PARSE_S: Final = 0.2
"""4,000 rows take 20-80 ms. What takes longer is hostile, or not worth a delay that is felt."""

LONG_S: Final = 0.1
RESTS: Final = 20
"""What took long is followed by a rest this many times as long, without a parse."""


class Highlighter:
    """The highlights of one document's rows.

    Args:
        lines: The text.
        on_changed: Told which rows have other highlights now.
    """

    def __init__(self, lines: LineIndex, on_changed: Callable[[Iterable[int]], None]) -> None:
        self._lines = lines
        self._on_changed = on_changed
        self._language: Language = PLAIN
        self._window: SyntaxWindow | None = None
        self._view = range(0)
        self._rows: Sequence[RowHighlights] = ()
        self._due: asyncio.TimerHandle | None = None
        self._rests_until_s = 0.0

    def set_language(self, language: Language) -> None:
        """Highlight as another language, once there is time to load its grammar."""
        if language == self._language:
            return
        self._language = language
        self._window = None
        self._rests_until_s = 0.0
        self._rows = ()
        self._on_changed(self._view)
        self._schedule()

    def look_at(self, rows: range) -> None:
        """Highlight these rows; what is known of them is there at once."""
        self._view = rows
        if self._window is not None:
            self._window.look_at(self._lines, rows.start, rows.stop)
            self._rows = self._window.highlights(rows.start, rows.stop)
        self._schedule()

    def follow(self, replacements: Sequence[Replacement]) -> None:
        """Follow a change of the text, which holds it already; call ``look_at`` next."""
        if self._window is not None:
            self._window.follow(self._lines, replacements)

    def row(self, row: int) -> RowHighlights:
        """Return the highlights of a row in view."""
        index = row - self._view.start
        return self._rows[index] if 0 <= index < len(self._rows) else ()

    def close(self) -> None:
        """Stop."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _schedule(self, delay_s: float = DELAY_S) -> None:
        """Go on after a delay, or earlier if that is due already."""
        if not self._language.grammar:
            return
        loop = asyncio.get_running_loop()
        at_s = loop.time() + delay_s
        if self._due is not None:
            if self._due.when() <= at_s:
                return
            self._due.cancel()
        self._due = loop.call_at(at_s, self._advance)

    def _advance(self) -> None:
        self._due = None
        window = self._window or self._open_window()
        if window is None:
            return
        clock = asyncio.get_running_loop().time
        begun_s = clock()
        parses_until_s = begun_s + PARSE_S if begun_s >= self._rests_until_s else begun_s
        is_done = window.advance(
            self._lines,
            keep_going=lambda: clock() < begun_s + SLICE_S,
            keep_parsing=lambda: clock() < parses_until_s,
        )
        ended_s = clock()
        if ended_s - begun_s > LONG_S:
            self._rests_until_s = ended_s + RESTS * (ended_s - begun_s)
        if not is_done:
            self._schedule(0)
        elif window.is_stale:
            self._schedule(max(self._rests_until_s - ended_s, DELAY_S))
        before, view = self._rows or [()] * len(self._view), self._view
        self._rows = window.highlights(view.start, view.stop)
        self._on_changed(row for row, old, new in zip(view, before, self._rows, strict=False) if old != new)

    def _open_window(self) -> SyntaxWindow | None:
        grammar = load_grammar(self._language.grammar)
        if grammar is not None:
            self._window = SyntaxWindow(grammar.language, grammar.query, grammar.unsafe_row)
            self._window.look_at(self._lines, self._view.start, self._view.stop)
        return self._window

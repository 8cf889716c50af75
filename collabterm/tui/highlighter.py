"""Syntax highlights of the rows in view, kept up with the text; must not paint, and never delays a key.

After an edit the known highlights move with the text at once. What the syntax makes of the edit is found out
a moment later, in slices short enough for keys to pass between them.
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

    def set_language(self, language: Language) -> None:
        """Highlight as another language, once there is time to load its grammar."""
        if language == self._language:
            return
        self._language = language
        self._window = None
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

    def _schedule(self) -> None:
        if self._due is None and self._language.grammar:
            self._due = asyncio.get_running_loop().call_later(DELAY_S, self._advance)

    def _advance(self) -> None:
        self._due = None
        loop = asyncio.get_running_loop()
        until_s = loop.time() + SLICE_S
        window = self._window or self._open_window()
        if window is None:
            return
        if not window.advance(self._lines, lambda: loop.time() < until_s):
            self._due = loop.call_later(0, self._advance)
        before, view = self._rows or [()] * len(self._view), self._view
        self._rows = window.highlights(view.start, view.stop)
        self._on_changed(row for row, old, new in zip(view, before, self._rows, strict=False) if old != new)

    def _open_window(self) -> SyntaxWindow | None:
        grammar = load_grammar(self._language.grammar)
        if grammar is not None:
            self._window = SyntaxWindow(grammar.language, grammar.query, grammar.unsafe_row)
            self._window.look_at(self._lines, self._view.start, self._view.stop)
        return self._window

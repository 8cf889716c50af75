"""One person's text and undo steps as plain strings, to check a document against; must stay naive."""

from __future__ import annotations

from collections import Counter
from typing import Final

_PAUSE_S: Final = 0.8


class PlainHistory:
    """What the text must be while one person alone edits it.

    It stops knowing (``check`` passes) where plain strings cannot tell, or the CRDT is known to err: a step
    that ended where it began may have changed nothing, and then it is no step; and the CRDT loses track of
    text that a step brought back and an edit may have split (an expected failure in ``test_shared_text``).
    """

    def __init__(self) -> None:
        self._text = ""
        self._undone: list[tuple[str, str]] = []
        self._done: list[tuple[str, str]] = []
        self._last_s = float("-inf")
        self._last_end: int | None = None
        self._has_brought_back = False
        self._has_split = False
        self._knows = True

    def replace(self, start: int, end: int, text: str, now_s: float) -> None:
        """Replace the characters from ``start`` to ``end``; edits in a row, close in time, are one step."""
        before = self._text
        self._text = before[:start] + text + before[end:]
        continues = now_s - self._last_s < _PAUSE_S and self._last_end in (start, end)
        if continues and self._done:
            before = self._done.pop()[0]
        self._done.append((before, self._text))
        self._undone.clear()
        self._has_split |= self._has_brought_back
        self._last_s, self._last_end = now_s, start + len(text)

    def undo(self) -> None:
        """Take back the last step."""
        self._step(self._done, self._undone)

    def redo(self) -> None:
        """Do the last undone step again."""
        self._step(self._undone, self._done)

    def check(self, text: str) -> None:
        """Check a document's text."""
        assert not self._knows or text == self._text

    def _step(self, done: list[tuple[str, str]], undone: list[tuple[str, str]]) -> None:
        self._last_end = None
        if not done:
            return
        before, after = done.pop()
        self._knows = self._knows and before != after and not self._has_split
        self._has_brought_back |= bool(Counter(before) - Counter(after))
        undone.append((after, before))
        self._text = before

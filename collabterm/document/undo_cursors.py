"""Where cursors go when a step is undone or redone; must not know what the step did to the text.

A step remembers its cursors relative to the ranges it changed, because others move everything else in the
meantime. Undo changes the same ranges back, wherever they are by then, and the cursors are found from them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from collabterm.document.cursors import Cursors
from collabterm.document.lines import Edit, Location, Replacement, replacements
from collabterm.document.selection import Selection

LARGE_REWRITE_BYTES: Final = 65_536

_Range = tuple[Location, Location]


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A location, seen from the start or the end of one of the step's ranges."""

    index: int
    from_end: bool
    rows: int
    columns: int
    """From there if ``rows`` is 0, else from the row's start."""


@dataclass(frozen=True, slots=True)
class _Anchors:
    """Cursors, seen from the ranges of a step."""

    selections: tuple[tuple[_Anchor, _Anchor], ...]
    main_index: int


@dataclass(frozen=True, slots=True)
class _Step:
    before: _Anchors | None
    after: _Anchors | None
    edit_count: int
    continues: bool
    """Whether it is a further part of the step before it."""
    rewritten: int
    """How much text it put in place of other text, in bytes."""
    peer_changes: int
    """How many changes of others there had been."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """What an undo or a redo came to.

    Attributes:
        cursors: Where the cursors go; None if they are best left where they are.
        has_more: Whether it was only a part of a long step, so that the same is to be called again.
    """

    cursors: Cursors | None = None
    has_more: bool = False


class UndoCursors:
    """The cursors of every step that can be undone or redone."""

    def __init__(self) -> None:
        self._undoable: list[_Step] = []
        self._redoable: list[_Step] = []

    def record(
        self,
        edits: Sequence[Edit],
        before: Cursors | None,
        after: Cursors | None,
        *,
        continues: bool,
        rewritten: int = 0,
        peer_changes: int = 0,
    ) -> None:
        """Remember a step's cursors, if known; with ``continues`` it is a further part of the last one."""
        self._redoable.clear()
        step = _step(edits, before, after, continues=continues)
        self._undoable.append(replace(step, rewritten=rewritten, peer_changes=peer_changes))

    def is_risky(self, peer_changes: int) -> bool:
        """Return whether undoing the last step may take back what others wrote since, because it is large.

        It wrote text anew that it did not mean to change (``edits.JOINED_EDITS``); undo brings back the old.
        """
        rewritten = 0
        for step in reversed(self._undoable):
            rewritten += step.rewritten
            if not step.continues:
                return rewritten > LARGE_REWRITE_BYTES and step.peer_changes != peer_changes
        return False

    def extend(self, edits: Sequence[Edit], after: Cursors | None) -> None:
        """Take some edits into the last step."""
        self._redoable.clear()
        last = self._undoable[-1]
        self._undoable[-1] = replace(last, after=_step(edits, None, after, continues=False).after)

    def is_redo_risky(self, peer_changes: int) -> bool:
        """Return the same of doing the last undone step again."""
        rewritten = 0
        for number, step in enumerate(reversed(self._redoable)):
            if number and not step.continues:
                break
            rewritten += step.rewritten
            if rewritten > LARGE_REWRITE_BYTES:
                return self._redoable[-1].peer_changes != peer_changes
        return False

    def undone(self, changed: Sequence[Replacement], remaining: int, peer_changes: int = 0) -> Stepped:
        """Take the last part of a step for undone.

        Args:
            changed: What the undo did to the text.
            remaining: How many parts can still be undone; those that had nothing left to undo are gone.
            peer_changes: How many changes of others there have been.
        """
        step = None
        while len(self._undoable) > remaining:
            step = self._undoable.pop()
        if step is None:
            return Stepped()
        self._redoable.append(replace(step, peer_changes=peer_changes))
        return Stepped(_found(step.before, changed, step), has_more=step.continues)

    def redone(self, changed: Sequence[Replacement], remaining: int, peer_changes: int = 0) -> Stepped:
        """Take the last undone part of a step for done again; the same as ``undone`` the other way."""
        step = None
        while len(self._redoable) > remaining:
            step = self._redoable.pop()
        if step is None:
            return Stepped()
        self._undoable.append(replace(step, peer_changes=peer_changes))
        has_more = bool(self._redoable) and self._redoable[-1].continues
        return Stepped(_found(step.after, changed, step), has_more)


def _step(edits: Sequence[Edit], before: Cursors | None, after: Cursors | None, *, continues: bool) -> _Step:
    old = [(edit.start, edit.end) for edit in edits]
    new = [(one.start, one.new_end) for one in replacements(edits)]
    return _Step(_anchored(before, old), _anchored(after, new), len(edits), continues, 0, 0)


def _anchored(cursors: Cursors | None, ranges: Sequence[_Range]) -> _Anchors | None:
    if cursors is None:
        return None
    starts = [start for start, _ in ranges]
    selections = tuple(
        (_anchor(one.anchor, starts, ranges), _anchor(one.head, starts, ranges)) for one in cursors.selections
    )
    return _Anchors(selections, cursors.main_index)


def _anchor(location: Location, starts: Sequence[Location], ranges: Sequence[_Range]) -> _Anchor:
    index = max(bisect_right(starts, location) - 1, 0)
    start, end = ranges[index]
    from_end = location >= end and end != start
    base = end if from_end else start
    rows = location.row - base.row
    return _Anchor(index, from_end, rows, location.column - (0 if rows else base.column))


def _found(anchors: _Anchors | None, changed: Sequence[Replacement], step: _Step) -> Cursors | None:
    if anchors is not None and step.edit_count == len(changed):
        ranges = [(one.start, one.new_end) for one in changed]
        selections = [
            Selection(_resolved(anchor, ranges), _resolved(head, ranges))
            for anchor, head in anchors.selections
        ]
        return Cursors.of(selections, anchors.main_index)
    if changed and step.edit_count == 1:
        return Cursors.at(changed[-1].new_end)
    return None


def _resolved(anchor: _Anchor, ranges: Sequence[_Range]) -> Location:
    base = ranges[anchor.index][anchor.from_end]
    return Location(
        max(base.row + anchor.rows, 0), max(anchor.columns + (0 if anchor.rows else base.column), 0)
    )

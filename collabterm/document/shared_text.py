"""The document of a room: a CRDT text, its line index and one stream of changes.

The only module that touches pycrdt; it must not know peers' connections, the screen or the disk.

Whatever changes the text (typing, undo, a peer, a file's content) goes through one transaction and
comes out of ``subscribe`` as one ``Change``; the line index is updated from the CRDT's own event and
from nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256
from typing import Any, Final

import pycrdt

from collabterm.document.cursors import Cursors
from collabterm.document.deltas import splices
from collabterm.document.edits import coalesced
from collabterm.document.lines import ByteOffset, Edit, LineIndex, Location, Replacement, Splice
from collabterm.document.pieces import PIECE_SIZE, pieces
from collabterm.document.prefixes import common_prefix
from collabterm.document.selection import Selection, Shifts
from collabterm.document.undo_cursors import Stepped, UndoCursors
from collabterm.document.update_bounds import check_bounds
from collabterm.errors import ProtocolError
from collabterm.lib0 import MAX_UINT, Reader

FILE_KEY: Final = "main"
"""The room's first file. Its text is a root type by name, so peers that create it at once merge."""

_TEXT_NAME: Final = f"file:{FILE_KEY}"
_FILES_NAME: Final = "files"
_STEP_KEY: Final = "step"
_GROUP_PAUSE_S: Final = 0.8
"""A pause this long between two edits starts a new undo step."""

_EMPTY_UPDATE: Final = b"\0\0"

_PART_PIECES: Final = 256
"""Pieces of a file that go in at once: 4 MB, whose room is given back, as that of 1 MB is not (measured)."""


class Local(Enum):
    """Origins on this side: an update of any of them goes out to the peers."""

    EDIT = "edit"
    UNDO = "undo"
    SEED = "seed"


class Step(Enum):
    """How an edit relates to the one before it, for undo."""

    TYPED = "typed"
    """One step with it, if it follows closely in time and place."""
    WHOLE = "whole"
    """A step of its own."""
    CONTINUED = "continued"
    """A further part of one long command: undone with it, in as many parts."""


@dataclass(frozen=True, slots=True)
class PeerOrigin:
    """The origin of an update that ``peer_id`` sent."""

    peer_id: str


Origin = Local | PeerOrigin


@dataclass(frozen=True, slots=True)
class Change:
    """One transaction: what it did to the text, in order, and the update that tells others."""

    replacements: tuple[Replacement, ...]
    origin: Origin
    update: bytes


class Document:
    """A room's text on this side.

    Args:
        client_id: This replica's id (53 bits), fresh and random: a reused one diverges for ever.
    """

    def __init__(self, client_id: int) -> None:
        self.client_id = client_id
        self.lines = LineIndex()
        self._doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=client_id)
        self._text = self._doc.get(_TEXT_NAME, type=pycrdt.Text)
        self._files = self._doc.get(_FILES_NAME, type=pycrdt.Map)
        self._listeners: list[Callable[[Change], None]] = []
        self._deltas: list[list[dict[str, Any]]] = []
        self._updates: list[bytes] = []
        self._marks: list[tuple[list[Selection], bool]] = []
        self._subscriptions = (
            self._text.observe(lambda event: self._deltas.append(event.delta)),
            self._doc.observe(lambda event: self._updates.append(event.update)),
        )
        self._undo_step = 0
        self._last_edit_s = float("-inf")
        self._last_ends: tuple[Location, ...] = ()
        self._peer_changes = 0
        self._undo_cursors = UndoCursors()
        self._undo = pycrdt.UndoManager(
            scopes=[self._text], capture_timeout_millis=500, timestamp=lambda: 1000 * self._undo_step
        )
        self._undo.include_origin(Local.EDIT)

    def subscribe(self, listener: Callable[[Change], None]) -> None:
        """Call ``listener`` with every change, after the line index has followed it."""
        self._listeners.append(listener)

    @property
    def is_pristine(self) -> bool:
        """Whether nothing was ever written into this replica, by anyone."""
        return self.state_vector() == b"\0"

    def text(self) -> str:
        """Return the whole text."""
        return self.lines.text()

    def edit(
        self,
        edits: Sequence[Edit],
        now_s: float,
        step: Step = Step.TYPED,
        *,
        before: Cursors | None = None,
        after: Cursors | None = None,
    ) -> None:
        """Make edits as this side's own, in one transaction.

        Args:
            edits: Ascending and disjoint, in coordinates of the text as it is. Lone surrogates are not text
                and are replaced; more than ``edits.MAX_EDITS`` are joined with their neighbours.
            now_s: The time, on any steady clock.
            step: Whether they are an undo step of their own.
            before: The cursors that undo brings back; if None, one behind what it changes.
            after: The cursors that redo brings back; the same.

        Raises:
            IndexError: If an edit is not in the text; nothing changed.
        """
        edits = [
            Edit(edit.start, edit.end, edit.text.encode(errors="replace").decode())
            for edit in coalesced(self.lines, edits)
        ]
        if not edits:
            return
        joins = step is Step.TYPED and self._joins(edits, now_s)
        if not joins:
            self._undo_step += 1
        offsets = [(self.lines.offset_at(edit.start), self.lines.offset_at(edit.end)) for edit in edits]
        changes_text = any(
            last > first or edit.text for edit, (first, last) in zip(edits, offsets, strict=True)
        )
        with self._doc.transaction(origin=Local.EDIT):
            if changes_text and not joins:
                self._set_apart()
            for edit, (first, last) in zip(reversed(edits), reversed(offsets), strict=True):
                if last > first:
                    del self._text[first:last]
                _insert(self._text, first, edit.text)
        change = self._finish(Local.EDIT)
        self._last_edit_s = now_s
        if change is not None:
            ends = tuple(replacement.new_end for replacement in change.replacements)
            self._last_ends = ends if step is Step.TYPED else ()
            if joins:
                self._undo_cursors.extend(edits, after)
            else:
                self._undo_cursors.record(
                    edits,
                    before,
                    after,
                    continues=step is Step.CONTINUED,
                    rewritten=sum(
                        min(last - first, len(edit.text))
                        for edit, (first, last) in zip(edits, offsets, strict=True)
                    ),
                    peer_changes=self._peer_changes,
                )

    @property
    def is_undo_risky(self) -> bool:
        """Whether the next ``undo`` may take back what others wrote since: the step was a large one."""
        return self._undo_cursors.is_risky(self._peer_changes)

    @property
    def is_redo_risky(self) -> bool:
        """The same of the next ``redo``."""
        return self._undo_cursors.is_redo_risky(self._peer_changes)

    def undo(self) -> Stepped:
        """Take back this side's last undo step, or the last part of it."""
        changed = self._step_history(self._undo.undo, can_step=self._undo.can_undo())
        remaining = len(self._undo.undo_stack)
        return self._clamped(self._undo_cursors.undone(changed, remaining, self._peer_changes))

    def redo(self) -> Stepped:
        """Do again what ``undo`` took back, or the next part of it."""
        changed = self._step_history(self._undo.redo, can_step=self._undo.can_redo())
        remaining = len(self._undo.redo_stack)
        return self._clamped(self._undo_cursors.redone(changed, remaining, self._peer_changes))

    def seed(self, content: str | bytes, properties: Mapping[str, str | bool]) -> None:
        """Put a file's content, as a string or in UTF-8, into an empty room.

        The operations carry a client id derived from the content: seeded twice, the same content
        merges into one copy, and different contents never share ids. It goes in from its end, by parts,
        so that no more than a part of a large file is ever there as a string.
        """
        if isinstance(content, str):
            content = content.encode()
        digest = sha256(b"%d " % PIECE_SIZE + content).digest()
        origin: pycrdt.Doc[Any] = pycrdt.Doc(client_id=int.from_bytes(digest, "big") % MAX_UINT)
        text = origin.get(_TEXT_NAME, type=pycrdt.Text)
        bounds = pieces(content)[::-1]
        for number in range(0, max(len(bounds), 1), _PART_PIECES):
            known = origin.get_state()
            with origin.transaction():
                for start, end in bounds[number : number + _PART_PIECES]:
                    text.insert(0, content[start:end].decode())
            with self._transaction(Local.SEED):
                if number == 0:
                    self._files[FILE_KEY] = dict(properties)
                self._doc.apply_update(origin.get_update(known))

    def properties(self) -> Mapping[str, Any]:
        """Return what was seeded about the file (name, newline style); untrusted, possibly empty."""
        value: object = self._files.get(FILE_KEY, None)
        return value if isinstance(value, dict) else {}

    def apply_update(self, update: bytes, origin: PeerOrigin) -> None:
        """Merge what a peer sent; nothing happens if it is already known.

        Raises:
            ProtocolError: If the bytes are no update that can be merged; the document is as before.
        """
        check_bounds(update)
        with self._transaction(origin), _decoding("an update"):
            self._doc.apply_update(update)

    @contextmanager
    def marked(self, selections: Iterable[Selection], *, grow: bool = False) -> Iterator[list[Selection]]:
        """Yield a list of selections that every change of the text moves, until the block is left.

        Args:
            selections: What to mark.
            grow: Whether what is written at their edges comes to be inside; see ``Selection.shifted``.
        """
        marks = (list(selections), grow)
        self._marks.append(marks)
        try:
            yield marks[0]
        finally:
            self._marks = [kept for kept in self._marks if kept is not marks]

    def state_vector(self) -> bytes:
        """Return what this replica has, encoded: a clock for every client."""
        return self._doc.get_state()

    def update_since(self, state_vector: bytes) -> bytes:
        """Return everything that a replica with ``state_vector`` lacks.

        Raises:
            ProtocolError: If the bytes are no state vector.
        """
        decode_state_vector(state_vector)
        with _decoding("a state vector"):
            return self._doc.get_update(state_vector)

    def _joins(self, edits: Sequence[Edit], now_s: float) -> bool:
        """Return whether what is typed goes on where the last edit ended."""
        return (
            now_s - self._last_edit_s < _GROUP_PAUSE_S
            and len(edits) == len(self._last_ends)
            and all(last in (edit.start, edit.end) for edit, last in zip(edits, self._last_ends, strict=True))
        )

    def _step_history(self, step: Callable[[], bool], *, can_step: bool) -> Sequence[Replacement]:
        self._undo_step += 1
        self._last_ends = ()
        if not can_step:
            return ()
        with self._doc.transaction(origin=Local.UNDO):
            self._set_apart()
        step()
        change = self._finish(Local.UNDO)
        return change.replacements if change is not None else ()

    def _set_apart(self) -> None:
        """Use up a clock, so that the CRDT does not join what comes next to what is there.

        It joins neighbours of one client whose clocks follow each other, and undo brings text back as this
        client's, also other people's: joined to text of an earlier step it went with that at the next undo.
        """
        self._files[_STEP_KEY] = None

    def _clamped(self, stepped: Stepped) -> Stepped:
        """Bring cursors into the text that others' edits left outside: those beside what the step changed."""
        if stepped.cursors is None:
            return stepped
        clamp = self.lines.clamp
        inside = stepped.cursors.mapped(lambda one: Selection(clamp(one.anchor), clamp(one.head)))
        return replace(stepped, cursors=inside)

    @contextmanager
    def _transaction(self, origin: Origin) -> Iterator[None]:
        try:
            with self._doc.transaction(origin=origin):
                yield
        finally:
            self._finish(origin)

    def _finish(self, origin: Origin) -> Change | None:
        """Bring the line index up to the CRDT and tell the listeners."""
        if not self._updates and not self._deltas:
            return None
        replacements = self._follow(self._deltas)
        updates = self._updates[:]
        self._deltas.clear()
        self._updates.clear()
        if not updates and not replacements:
            return None
        update = updates[0] if len(updates) == 1 else pycrdt.merge_updates(_EMPTY_UPDATE, *updates)
        if isinstance(origin, PeerOrigin) and replacements:
            self._peer_changes += 1
        if self._last_ends or self._marks:
            shifts = Shifts(replacements)
            if isinstance(origin, PeerOrigin):
                self._last_ends = tuple(shifts.location(end, sticks="before") for end in self._last_ends)
            for marks, grow in self._marks:
                marks[:] = [shifts.selection(mark, grows=grow) for mark in marks]
        change = Change(tuple(replacements), origin, update)
        for listener in self._listeners:
            listener(change)
        return change

    def _follow(self, deltas: list[list[dict[str, Any]]]) -> list[Replacement]:
        """Apply the CRDT's events to the line index."""
        replacements: list[Replacement] = []
        try:
            for delta in deltas:
                replacements += self.lines.splice_all(list(splices(delta)))
        except (IndexError, UnicodeDecodeError):
            return replacements + self._realign()
        return replacements if len(self._text) == self.lines.size else replacements + self._realign()

    def _realign(self) -> list[Replacement]:
        """Make the index equal to the CRDT where an event did not tell all.

        Two causes are known: an embedded object in the text (we write none, a peer may), and wrong
        deltas from an undo after edits of this client under two origins (seen in pycrdt 0.14).
        """
        with self._doc.transaction():
            position = 0
            for content, _ in self._text.diff():
                if isinstance(content, str):
                    position += len(content.encode())
                else:
                    del self._text[position : position + 1]
        old, new = self.lines.text(), str(self._text)
        prefix = common_prefix(old, new)
        suffix = common_prefix(old[prefix:][::-1], new[prefix:][::-1])
        start = ByteOffset(len(old[:prefix].encode()))
        deleted = len(old[prefix : len(old) - suffix].encode())
        return [self.lines.splice(Splice(start, deleted, new[prefix : len(new) - suffix]))]


def _insert(text: pycrdt.Text, offset: int, inserted: str) -> None:
    """Insert text in pieces, the last one first, so that the CRDT does not join them again."""
    for start in reversed(range(0, len(inserted), PIECE_SIZE)):
        text.insert(offset, inserted[start : start + PIECE_SIZE])


def decode_state_vector(state_vector: bytes) -> Mapping[int, int]:
    """Return the clock of every client; raises ``ProtocolError`` if the bytes are no state vector."""
    reader = Reader(state_vector)
    clocks = {reader.read_uint(): reader.read_uint() for _ in range(reader.read_uint())}
    if not reader.at_end:
        raise ProtocolError("a state vector has bytes left over")
    return clocks


@contextmanager
def _decoding(what: str) -> Iterator[None]:
    """Turn pycrdt's various refusals of hostile bytes into the one protocol error."""
    try:
        yield
    except (ValueError, RuntimeError, OverflowError, MemoryError, TypeError) as error:
        raise ProtocolError(f"{what} is damaged") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's panic derives from BaseException
            raise
        raise ProtocolError(f"{what} is damaged") from None

"""Several people who edit one document over a network in memory, and the book of what must be in it.

It decides nothing: a plan (Hypothesis, a seed, a test) says who does what. It checks what must hold after
every step (``check``) and once everything has arrived (``settle``).

The book counts, for every character ever typed, how often it was *created* (inserted, or brought back by
undo or redo) and how often *removed* (deleted, or taken back), as the one who did it saw it; what is moved
is both. Two people may remove the same instance, so at least ``created - removed`` are left. Every insertion
holds a *token*, a character that is used only once: of a token at most ``created`` are left, less one if it
was removed at all. So for a token that was never brought back or moved this is exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

from collabterm.document.lines import Edit, LineIndex, Replacement
from collabterm.document.shared_text import Change, Document, Local
from collabterm.session.events import Alone, InSync
from collabterm.session.room import Room
from tests.crdt_text import crdt_text
from tests.document.plain_text import location_at, offset_of
from tests.in_memory_network import TICK_S, InMemoryNetwork
from tests.plain_history import PlainHistory

FILLER: Final = "ab ~\t\n\r\f\x0b\x1c\x85\u2028\u2029é\u0301\u200d\ufe0f😀👩🏽🇩ᄀ각क्ष\u202e\x1b\x00\ufeff"
"""What files and pastes bring: all that other tools take for a row's end, marks, joiners, controls."""

PIECES: Final = ("\r\n", "\n\n", "e\u0301", "👩🏽\u200d💻", "\r", "\t\t", "")

SHAPES: Final = ("mesh", "line", "star", "ring")
LONGEST_PEACE_S: Final = 40.0
"""A difference that the links' own news do not repair is asked about after 1, 2, 4 ... s."""

_TOKENS_FROM: Final = (0x4E00, 0xF0000)
"""Three bytes in UTF-8 and one unit in UTF-16, as Yjs counts; four and two."""


def is_token(char: str) -> bool:
    """Return whether a character is one that is typed only once."""
    return any(first <= ord(char) < first + 0x5000 for first in _TOKENS_FROM)


def pieces(before: str, after: str, changed: Iterable[Replacement]) -> Iterator[tuple[str, str]]:
    """Yield what each replacement deleted and inserted, and check that together they make the text after."""
    text = before
    for start, old_end, new_end in changed:
        first, last = offset_of(text, start), offset_of(text, old_end)
        inserted = after[offset_of(after, start) : offset_of(after, new_end)]
        yield text[first:last], inserted
        text = text[:first] + inserted + text[last:]
    assert text == after


class Gathering:
    """Peers ``a``, ``b``, ... of one room.

    Args:
        size: How many there are at first.
        shape: Who can be linked to whom: everybody in a ``mesh``, or few, so that others must forward.
    """

    def __init__(self, size: int, shape: str = "mesh") -> None:
        self.network = InMemoryNetwork()
        self.created: Counter[str] = Counter()
        self.removed: Counter[str] = Counter()
        self._shape = shape
        self._tokens = (chr(_TOKENS_FROM[number % 2] + number) for number in count())
        self._authors: set[str] = set()
        self._made: dict[str, list[tuple[Change, str]]] = {}
        self._history: PlainHistory | None = PlainHistory()
        for _ in range(size):
            self.join()

    @property
    def peers(self) -> tuple[str, ...]:
        """Everybody, in the order they came."""
        return tuple(self.network.rooms)

    def room(self, peer: str) -> Room:
        """Return a peer's room."""
        return self.network.rooms[peer]

    def document(self, peer: str) -> Document:
        """Return a peer's document."""
        return self.network.rooms[peer].document

    def join(self) -> None:
        """Let one more come, with nothing, and link as the shape has it."""
        number = len(self.peers)
        peer = "abcdefgh"[number]
        document = Document(1_000 + 37 * number)
        made: list[tuple[Change, str]] = []

        def note(change: Change) -> None:
            if isinstance(change.origin, Local):
                made.append((change, document.text()))

        document.subscribe(note)
        self._made[peer] = made
        self.network.add(peer, Room(document, peer, f"Peer {peer}"))
        for other in self._neighbours(number):
            self.network.lay(peer, other)
        if self._shape == "mesh":
            for one in self.peers:
                self.room(one).set_roster({other: f"Peer {other}" for other in self.peers if other != one})

    def token(self) -> str:
        """Return a character that nobody has typed yet."""
        return next(self._tokens)

    def replace(self, peer: str, place: int, length: int, text: str) -> None:
        """Let a peer replace ``length`` characters at ``place`` (counted round) by ``text``."""
        before = self.document(peer).text()
        start = place % (len(before) + 1)
        end = min(start + length, len(before))
        if start == end and not text:
            return
        locations = location_at(before, start), location_at(before, end)
        now_s = self.network.now_s
        if self._history is not None:
            self._history.replace(start, end, text, now_s)
        with self._noting(peer):
            self.document(peer).edit([Edit(*locations, text)], now_s)

    def undo(self, peer: str) -> None:
        """Let a peer undo."""
        if self._history is not None and peer in self._authors:
            self._history.undo()
        with self._noting(peer):
            self.document(peer).undo()

    def redo(self, peer: str) -> None:
        """Let a peer redo."""
        if self._history is not None and peer in self._authors:
            self._history.redo()
        with self._noting(peer):
            self.document(peer).redo()

    @contextmanager
    def noting(self, peer: str) -> Iterator[None]:
        """Write into the book what a peer does to the text meanwhile, by whatever way."""
        self._history = None
        with self._noting(peer):
            yield

    def check(self) -> None:
        """Check what holds at every moment."""
        for peer, room in self.network.rooms.items():
            text = crdt_text(room.document)
            assert room.document.text() == text, f"the line index of {peer} is not its text"
            if isinstance(room.status, InSync):
                self._check_claim(peer, room, text)
        if self._history is not None and self._authors:
            (author,) = self._authors
            self._history.check(self.document(author).text())

    def settle(self) -> None:
        """Mend every link, let everything arrive, and check that everybody holds what they must."""
        self.network.mend_all()
        deadline_s = self.network.now_s + LONGEST_PEACE_S
        self.network.deliver_all()
        while not self._is_settled() and self.network.now_s < deadline_s:
            self.network.pass_time(TICK_S)
            self.network.deliver_all()
            self.check()
        self._check_agreement()
        self.check_content(self.document(self.peers[0]).text())

    def check_content(self, text: str) -> None:
        """Check that nothing is missing that nobody removed, and nothing there that nobody created."""
        left = Counter(text)
        for char in self.created.keys() | left.keys():
            created, removed = self.created[char], self.removed[char]
            most = created - min(removed, 1) if is_token(char) else left[char]
            assert created - removed <= left[char] <= most, (
                f"U+{ord(char):04X} is there {left[char]} times; {created} created, {removed} removed"
            )

    @contextmanager
    def _noting(self, peer: str) -> Iterator[None]:
        made = self._made[peer]
        assert not made, "an edit that the book does not know"
        before = self.document(peer).text()
        yield
        for change, after in made:
            for deleted, inserted in pieces(before, after, change.replacements):
                self.removed.update(deleted)
                self.created.update(inserted)
            before = after
        if made:
            self._authors.add(peer)
        made.clear()
        if len(self._authors) > 1:
            self._history = None

    def _neighbours(self, number: int) -> Iterable[str]:
        match self._shape:
            case "mesh":
                return self.peers[:number]
            case "line":
                return self.peers[number - 1 : number]
            case "star":
                return self.peers[: min(number, 1)]
            case _:
                return dict.fromkeys(
                    (*self.peers[: min(number, 1)], *self.peers[max(number - 1, 0) : number])
                )

    def _check_claim(self, peer: str, room: Room, text: str) -> None:
        """Check *in sync*: whoever is linked has, the last time they told us, held exactly our text."""
        assert room.status == InSync(len(self.network.linked(peer)))
        for other in self.network.linked(peer):
            told = self.network.told.get((peer, other))
            assert told == text, f"{peer} says it is in sync with {other}, who last stated another text"

    def _is_settled(self) -> bool:
        known = Alone if len(self.peers) == 1 else InSync
        return all(isinstance(room.status, known) for room in self.network.rooms.values())

    def _check_agreement(self) -> None:
        texts = {peer: self.document(peer).text() for peer in self.peers}
        assert len(set(texts.values())) == 1, f"not the same: {texts}"
        statuses = {peer: room.status for peer, room in self.network.rooms.items()}
        assert self._is_settled(), f"the same, and not known to be: {statuses}"
        rebuilt = LineIndex(texts[self.peers[0]])
        for peer in self.peers:
            lines = self.document(peer).lines
            assert list(lines.rows(0, lines.row_count)) == list(rebuilt.rows(0, rebuilt.row_count))
            assert (lines.size, lines.end) == (rebuilt.size, rebuilt.end)
            assert lines.text_hash() == rebuilt.text_hash()

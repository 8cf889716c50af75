"""Who is in which room, and who hears what of it; must not do I/O, read a clock or draw random numbers.

Every method returns deliveries in the order in which they are to be sent. A refusal is a delivery
too: an ERROR to the peer that asked. What is said in a room does not reach any other, and nobody
learns who is in a room that they are not in.

A room begins with its first peer and ends with its last. One whose connection was lost, rather than
ended by LEAVE_ROOM, is awaited for a while: its place is kept, and so is a room that it leaves empty::

    new ── create, join ─► inhabited ── the last one leaves ─► over
                             ▲    └── the last one is lost ─► kept ── all grace has passed ─► over
                             ├── one of the awaited is back ──┤
                             └── all grace has passed ── borrowed ◄── a stranger joins ── kept

The text of a kept room is with those who are awaited, so a stranger who comes first must not put a
file's content into it: they only borrow it (ROOM_JOINED, ``awaited``), and it becomes theirs
(ROOM_CREATED) when nobody came back. Whether a borrower got the text from somebody who was back for a
moment, the server cannot know; it may be told ROOM_CREATED all the same, which a client that has a text
ignores. Somebody who started anew under the same key, after a crash say, takes the place of their own
lost connection and waits for nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from collabterm.errors import BadRoomName
from collabterm.protocol.limits import MAX_PEERS
from collabterm.protocol.signaling import (
    Error,
    ErrorCode,
    Introduction,
    PeerId,
    PeerInfo,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    ServerMessage,
    check_room_name,
)
from collabterm_server.limits import GRACE_S, MAX_ROOMS

_FULL_RETRY_S: Final = 10.0
"""How soon a full room is worth another try."""

Delivery = tuple[PeerId, ServerMessage]
"""To whom, and what."""


@dataclass(frozen=True, slots=True, eq=False)
class _Absence:
    """That one peer was lost, and until when it is awaited."""

    peer: PeerInfo
    room: RoomName
    until: float


@dataclass(slots=True)
class _Room:
    """One room; ``peers`` in the order they came, ``awaited`` in the order they were lost.

    ``borrowers`` are those present who came when nobody was there that had the text.
    """

    opener: PeerId
    peers: dict[PeerId, PeerInfo]
    awaited: dict[PeerId, _Absence] = field(default_factory=dict)
    borrowers: set[PeerId] = field(default_factory=set)

    @property
    def is_borrowed(self) -> bool:
        """Whether all who are present borrow it."""
        return bool(self.borrowers) and self.borrowers >= self.peers.keys()


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """All there is to know of a room; ``awaited`` with the times until when."""

    name: RoomName
    opener: PeerId
    borrowers: frozenset[PeerId]
    peers: tuple[PeerId, ...]
    awaited: tuple[tuple[PeerInfo, float], ...]

    @property
    def is_borrowed(self) -> bool:
        """Whether all who are present borrow it."""
        return bool(self.borrowers) and self.borrowers >= set(self.peers)


class Rooms:
    """The rooms of one server; times are seconds of one monotonic clock.

    A peer's states::

        nowhere ── create, join ─► in one room ── leave, lost ─► nowhere
                                   in one room ── join the same ─► in it, told again who is there

    Args:
        capacity: How many peers a room holds, the awaited ones included.
        max_rooms: How many rooms there may be.
        grace_s: For how long the lost are awaited.
    """

    __slots__ = ("_absences", "_capacity", "_grace_s", "_max_rooms", "_room_of", "_rooms")

    def __init__(
        self, capacity: int = MAX_PEERS, max_rooms: int = MAX_ROOMS, grace_s: float = GRACE_S
    ) -> None:
        self._capacity = capacity
        self._max_rooms = max_rooms
        self._grace_s = grace_s
        self._rooms: dict[RoomName, _Room] = {}
        self._room_of: dict[PeerId, RoomName] = {}
        self._absences: deque[_Absence] = deque()

    def __len__(self) -> int:
        """Return how many rooms there are, those that are kept for somebody included."""
        return len(self._rooms)

    def members(self) -> Iterator[tuple[PeerInfo, RoomName]]:
        """Return everybody who is in a room, with the room."""
        for peer_id, name in self._room_of.items():
            yield self._rooms[name].peers[peer_id], name

    def room_of(self, peer_id: PeerId) -> RoomName | None:
        """Return the room a peer is in."""
        return self._room_of.get(peer_id)

    def record_of(self, name: RoomName) -> RoomRecord | None:
        """Return all there is to know of a room; None if there is none."""
        room = self._rooms.get(name)
        return None if room is None else _record(name, room)

    def records(self) -> Iterator[RoomRecord]:
        """Return all rooms, from which ``restore`` makes an exact copy."""
        for name, room in self._rooms.items():
            yield _record(name, room)

    def restore(self, records: Iterable[RoomRecord], peers: Mapping[PeerId, PeerInfo]) -> None:
        """Make these the rooms; whoever is not among ``peers`` is left out."""
        self._rooms = {record.name: _room(record, peers) for record in records}
        self._room_of = {peer_id: name for name, room in self._rooms.items() for peer_id in room.peers}
        absences = [lost for room in self._rooms.values() for lost in room.awaited.values()]
        self._absences = deque(sorted(absences, key=lambda lost: lost.until))

    def create(self, peer: PeerInfo, room: str, now: float) -> list[Delivery]:
        """Open a room that does not exist yet, and enter it; safe to repeat for whoever is in it."""
        refusal, name = self._check(peer, room)
        if name is None:
            return refusal
        heard = self.expire(now)
        known = self._rooms.get(name)
        if known is None:
            return heard + self._open(peer, name)
        if peer.peer_id in known.peers:
            is_still_new = known.opener == peer.peer_id and len(known.peers) == 1
            again = RoomCreated(name) if is_still_new else _joined(name, known, peer.peer_id)
            return [*heard, (peer.peer_id, again)]
        if not known.peers and all(_are_twins(peer, lost) for lost in known.awaited.values()):
            del self._rooms[name]
            return heard + self._open(peer, name)
        sentence = f"There is a room {name!r} already: join it, or choose another name."
        return heard + _refuse(peer.peer_id, ErrorCode.ROOM_EXISTS, sentence)

    def join(self, peer: PeerInfo, room: str, create: bool, now: float) -> list[Delivery]:
        """Enter a room; with ``create``, open it if it does not exist.

        Joining the room one is in already only answers who else is there, so it is safe to repeat.
        """
        refusal, name = self._check(peer, room)
        if name is None:
            return refusal
        heard = self.expire(now)
        known = self._rooms.get(name)
        if known is None:
            if create:
                return heard + self._open(peer, name)
            sentence = f"There is no room {name!r}: check its name, or ask whoever invited you to open it."
            return heard + _refuse(peer.peer_id, ErrorCode.NO_SUCH_ROOM, sentence)
        if peer.peer_id in known.peers:
            return [*heard, (peer.peer_id, _joined(name, known, peer.peer_id))]
        place = _place_kept_for(peer, known)
        if place is None and len(known.peers) + len(known.awaited) >= self._capacity:
            return heard + self._refuse_full(peer.peer_id, name)
        return heard + self._enter(peer, name, known, place)

    def admit(self, peer: PeerInfo, room: RoomName, now: float) -> list[Delivery]:
        """Take note that another instance let a peer in; unlike ``join`` it is not refused."""
        heard = self.expire(now)
        if self._room_of.get(peer.peer_id) == room:
            return heard
        if peer.peer_id in self._room_of:
            heard += self.leave(peer.peer_id)
        known = self._rooms.get(room)
        if known is None:
            return heard + self._open_anyway(peer, room)
        return heard + self._enter(peer, room, known, _place_kept_for(peer, known))

    def leave(self, peer_id: PeerId) -> list[Delivery]:
        """Leave the room one is in, for good; the others hear it."""
        if peer_id not in self._room_of:
            return _refuse(peer_id, ErrorCode.NOT_IN_ROOM, "You are in no room that you could leave.")
        _, name, known = self._take_out(peer_id)
        if not known.peers and not known.awaited:
            del self._rooms[name]
        heard: list[Delivery] = [(other, PeerLeft(peer_id)) for other in known.peers]
        return heard if known.awaited else heard + _hand_over(name, known)

    def lost(self, peer_id: PeerId, now: float) -> list[Delivery]:
        """Take note that a peer's connection ended; if it was in a room, the others hear that it left."""
        if peer_id not in self._room_of:
            return []
        if self._rooms[self._room_of[peer_id]].is_borrowed:
            return self.leave(peer_id)  # it never had what it would be awaited for
        peer, name, known = self._take_out(peer_id)
        absence = _Absence(peer, name, now + self._grace_s)
        known.awaited[peer_id] = absence
        self._absences.append(absence)
        return [(other, PeerLeft(peer_id)) for other in known.peers]

    def expire(self, now: float) -> list[Delivery]:
        """Wait no longer for those whose grace has passed; to be called every now and then."""
        heard: list[Delivery] = []
        while self._absences and self._absences[0].until <= now:
            heard += self._give_up(self._absences.popleft())
        return heard

    def route(self, introduction: Introduction, sender: PeerId) -> list[Delivery]:
        """Pass an introduction on, its payload unread, to the peer of the same room it is addressed to."""
        name = self._room_of.get(sender)
        if name is None:
            return _refuse(sender, ErrorCode.NOT_IN_ROOM, "You are in no room: join one to meet its peers.")
        to = introduction.to
        if to is None or to == sender or to not in self._rooms[name].peers:
            return _refuse(
                sender,
                ErrorCode.NO_SUCH_PEER,
                "The peer that this was for is not in the room (any more): nothing is to be done.",
            )
        return [(to, replace(introduction, to=None, sender=sender))]

    def _check(self, peer: PeerInfo, room: str) -> tuple[list[Delivery], RoomName | None]:
        """Return the room's name if the peer may ask for it, and else a refusal."""
        try:
            name = check_room_name(room)
        except BadRoomName as error:
            return _refuse(peer.peer_id, ErrorCode.BAD_ROOM_NAME, str(error)), None
        present = self._room_of.get(peer.peer_id)
        if present is None or present == name:
            return [], name
        sentence = f"You are in the room {present!r}: leave it before you enter another."
        return _refuse(peer.peer_id, ErrorCode.ALREADY_IN_ROOM, sentence), None

    def _open(self, peer: PeerInfo, name: RoomName) -> list[Delivery]:
        if len(self._rooms) >= self._max_rooms:
            sentence = f"The server has all the {self._max_rooms} rooms it may have: try again later."
            return _refuse(peer.peer_id, ErrorCode.TOO_MANY, sentence, retry_after=self._grace_s)
        return self._open_anyway(peer, name)

    def _open_anyway(self, peer: PeerInfo, name: RoomName) -> list[Delivery]:
        self._rooms[name] = _Room(peer.peer_id, {peer.peer_id: peer})
        self._room_of[peer.peer_id] = name
        return [(peer.peer_id, RoomCreated(name))]

    def _enter(self, peer: PeerInfo, name: RoomName, known: _Room, place: PeerId | None) -> list[Delivery]:
        present = tuple(known.peers)
        is_borrowing = place != peer.peer_id and (not present or known.is_borrowed)
        awaited = tuple(lost.peer.name for lost in known.awaited.values()) if is_borrowing else ()
        if place is not None:
            del known.awaited[place]
        if is_borrowing and not present and not known.awaited:
            return self._open_anyway(peer, name)
        if is_borrowing:
            known.borrowers.add(peer.peer_id)
        known.peers[peer.peer_id] = peer
        self._room_of[peer.peer_id] = name
        arrivals: list[Delivery] = [(other, PeerJoined(peer)) for other in present]
        others = tuple(known.peers[other] for other in present)
        entrance = [(peer.peer_id, RoomJoined(name, others, awaited)), *arrivals]
        return entrance if known.awaited else entrance + _hand_over(name, known, peer.peer_id)

    def _take_out(self, peer_id: PeerId) -> tuple[PeerInfo, RoomName, _Room]:
        name = self._room_of.pop(peer_id)
        known = self._rooms[name]
        known.borrowers.discard(peer_id)
        return known.peers.pop(peer_id), name, known

    def _give_up(self, absence: _Absence) -> list[Delivery]:
        known = self._rooms.get(absence.room)
        if known is None or known.awaited.get(absence.peer.peer_id) is not absence:
            return []  # it came back, or the room ended
        del known.awaited[absence.peer.peer_id]
        if known.awaited:
            return []
        if not known.peers:
            del self._rooms[absence.room]
            return []
        return _hand_over(absence.room, known)

    def _refuse_full(self, peer_id: PeerId, name: RoomName) -> list[Delivery]:
        sentence = (
            f"The room {name!r} is full ({self._capacity} people): "
            "try again when somebody has left, or meet in another room."
        )
        return _refuse(peer_id, ErrorCode.ROOM_FULL, sentence, _FULL_RETRY_S)


def _record(name: RoomName, room: _Room) -> RoomRecord:
    awaited = tuple((lost.peer, lost.until) for lost in room.awaited.values())
    return RoomRecord(name, room.opener, frozenset(room.borrowers), tuple(room.peers), awaited)


def _room(record: RoomRecord, peers: Mapping[PeerId, PeerInfo]) -> _Room:
    present = {peer_id: peers[peer_id] for peer_id in record.peers if peer_id in peers}
    awaited = {peer.peer_id: _Absence(peer, record.name, until) for peer, until in record.awaited}
    return _Room(record.opener, present, awaited, set(record.borrowers) & present.keys())


def _joined(name: RoomName, room: _Room, peer_id: PeerId) -> RoomJoined:
    others = tuple(peer for peer in room.peers.values() if peer.peer_id != peer_id)
    awaited = tuple(lost.peer.name for lost in room.awaited.values()) if room.is_borrowed else ()
    return RoomJoined(name, others, awaited)


def _hand_over(name: RoomName, room: _Room, heir: PeerId | None = None) -> list[Delivery]:
    """Give a borrowed room, for which nobody is awaited any more, to one who borrows it, else the first."""
    if not room.is_borrowed:
        return []
    room.borrowers.clear()
    room.opener = heir or next(iter(room.peers))
    return [(room.opener, RoomCreated(name))]


def _place_kept_for(peer: PeerInfo, room: _Room) -> PeerId | None:
    """Return the awaited peer whose place this one takes: its own, or that of a twin with the same key."""
    if peer.peer_id in room.awaited:
        return peer.peer_id
    return next((lost.peer.peer_id for lost in room.awaited.values() if _are_twins(peer, lost)), None)


def _are_twins(peer: PeerInfo, lost: _Absence) -> bool:
    return peer.fingerprint == lost.peer.fingerprint


def _refuse(
    peer_id: PeerId, code: ErrorCode, sentence: str, retry_after: float | None = None
) -> list[Delivery]:
    return [(peer_id, Error(code, sentence, retry_after))]

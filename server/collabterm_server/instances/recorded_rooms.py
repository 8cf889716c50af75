"""Rooms that can be written down and made again from it; must not add a rule to those of the rooms."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from collabterm.protocol.signaling import PeerId, PeerInfo, RoomName
from collabterm_server.instances.announcements import RoomRecord
from collabterm_server.rooms import Rooms, _Absence, _Room


class RecordedRooms(Rooms):
    """Rooms of which another instance can have an exact copy."""

    __slots__ = ()

    def record_of(self, name: RoomName) -> RoomRecord | None:
        """Return all there is to know of a room; None if there is none."""
        room = self._rooms.get(name)
        return None if room is None else _record(name, room)

    def records(self) -> Iterator[RoomRecord]:
        """Return all rooms."""
        for name, room in self._rooms.items():
            yield _record(name, room)

    def restore(self, records: Iterable[RoomRecord], peers: Mapping[PeerId, PeerInfo]) -> None:
        """Make these the rooms; whoever is not among ``peers`` is left out."""
        self._rooms = {record.name: _room(record, peers) for record in records}
        self._room_of = {peer_id: name for name, room in self._rooms.items() for peer_id in room.peers}
        absences = [lost for room in self._rooms.values() for lost in room.awaited.values()]
        self._absences = deque(sorted(absences, key=lambda lost: lost.until))


def _record(name: RoomName, room: _Room) -> RoomRecord:
    awaited = tuple((lost.peer, lost.until) for lost in room.awaited.values())
    return RoomRecord(name, room.opener, frozenset(room.borrowers), tuple(room.peers), awaited)


def _room(record: RoomRecord, peers: Mapping[PeerId, PeerInfo]) -> _Room:
    present = {peer_id: peers[peer_id] for peer_id in record.peers if peer_id in peers}
    awaited = {peer.peer_id: _Absence(peer, record.name, until) for peer, until in record.awaited}
    return _Room(record.opener, present, awaited, set(record.borrowers) & present.keys())

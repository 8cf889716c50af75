"""Who is in which room, and who hears what of it; must not do I/O, read a clock or draw random numbers.

Every method returns deliveries in the order in which they are to be sent. A refusal is a delivery
too: an ERROR to the peer that asked. A room begins with its first peer and ends with its last; what
is said in it does not reach any other room, and nobody learns who is in a room that they are not in.
"""

from __future__ import annotations

from dataclasses import replace

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

Delivery = tuple[PeerId, ServerMessage]
"""To whom, and what."""


class Rooms:
    """The rooms of one server.

    A peer's states::

        nowhere ── create, join ─► in one room ── leave, disconnect ─► nowhere
                                   in one room ── join the same ─► in it, told again who is there
    """

    __slots__ = ("_capacity", "_room_of", "_rooms")

    def __init__(self, capacity: int = MAX_PEERS) -> None:
        self._capacity = capacity
        self._rooms: dict[RoomName, dict[PeerId, PeerInfo]] = {}
        self._room_of: dict[PeerId, RoomName] = {}

    def __len__(self) -> int:
        """Return how many rooms there are."""
        return len(self._rooms)

    def create(self, peer: PeerInfo, room: str) -> list[Delivery]:
        """Open a room that does not exist yet, and enter it."""
        try:
            name = check_room_name(room)
        except BadRoomName as error:
            return _refuse(peer.peer_id, ErrorCode.BAD_ROOM_NAME, str(error))
        if name in self._rooms:
            return _refuse(
                peer.peer_id,
                ErrorCode.ROOM_EXISTS,
                f"There is a room {name!r} already: join it, or choose another name.",
            )
        if peer.peer_id in self._room_of:
            return self._refuse_second_room(peer.peer_id)
        self._rooms[name] = {peer.peer_id: peer}
        self._room_of[peer.peer_id] = name
        return [(peer.peer_id, RoomCreated(name))]

    def join(self, peer: PeerInfo, room: str, create: bool) -> list[Delivery]:
        """Enter a room; with ``create``, open it if it does not exist.

        Joining the room one is in already only answers who else is there, so it is safe to repeat.
        """
        try:
            name = check_room_name(room)
        except BadRoomName as error:
            return _refuse(peer.peer_id, ErrorCode.BAD_ROOM_NAME, str(error))
        peers = self._rooms.get(name)
        if peers is not None and peer.peer_id in peers:
            return [(peer.peer_id, RoomJoined(name, _others(peers, peer.peer_id)))]
        if peer.peer_id in self._room_of:
            return self._refuse_second_room(peer.peer_id)
        if peers is None:
            if create:
                return self.create(peer, name)
            return _refuse(
                peer.peer_id,
                ErrorCode.NO_SUCH_ROOM,
                f"There is no room {name!r}: check its name, or ask whoever invited you to open it.",
            )
        if len(peers) >= self._capacity:
            return _refuse(
                peer.peer_id,
                ErrorCode.ROOM_FULL,
                f"The room {name!r} is full ({self._capacity} people): "
                "try again when somebody has left, or meet in another room.",
            )
        present = tuple(peers.values())
        peers[peer.peer_id] = peer
        self._room_of[peer.peer_id] = name
        arrivals: list[Delivery] = [(other.peer_id, PeerJoined(peer)) for other in present]
        return [(peer.peer_id, RoomJoined(name, present)), *arrivals]

    def leave(self, peer_id: PeerId) -> list[Delivery]:
        """Leave the room one is in; the others hear it."""
        if peer_id not in self._room_of:
            return _refuse(peer_id, ErrorCode.NOT_IN_ROOM, "You are in no room that you could leave.")
        return self.disconnect(peer_id)

    def disconnect(self, peer_id: PeerId) -> list[Delivery]:
        """Forget a peer whose connection ended; if it was in a room, the others hear that it left."""
        name = self._room_of.pop(peer_id, None)
        if name is None:
            return []
        peers = self._rooms[name]
        del peers[peer_id]
        if not peers:
            del self._rooms[name]
        return [(other, PeerLeft(peer_id)) for other in peers]

    def route(self, introduction: Introduction, sender: PeerId) -> list[Delivery]:
        """Pass an introduction on, its payload unread, to the peer of the same room it is addressed to."""
        name = self._room_of.get(sender)
        if name is None:
            return _refuse(sender, ErrorCode.NOT_IN_ROOM, "You are in no room: join one to meet its peers.")
        to = introduction.to
        if to is None or to == sender or to not in self._rooms[name]:
            return _refuse(
                sender,
                ErrorCode.NO_SUCH_PEER,
                "The peer that this was for is not in the room (any more): nothing is to be done.",
            )
        return [(to, replace(introduction, to=None, sender=sender))]

    def _refuse_second_room(self, peer_id: PeerId) -> list[Delivery]:
        return _refuse(
            peer_id,
            ErrorCode.ALREADY_IN_ROOM,
            f"You are in the room {self._room_of[peer_id]!r}: leave it before you enter another.",
        )


def _others(peers: dict[PeerId, PeerInfo], peer_id: PeerId) -> tuple[PeerInfo, ...]:
    return tuple(peer for peer in peers.values() if peer.peer_id != peer_id)


def _refuse(peer_id: PeerId, code: ErrorCode, sentence: str) -> list[Delivery]:
    return [(peer_id, Error(code, sentence))]

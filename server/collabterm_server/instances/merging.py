"""How an instance that was cut off finds its way back into the common state; must not change either state.

``old`` is the state as the instance went on with it by itself, ``new`` the common state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from collabterm.protocol.signaling import PeerId, PeerJoined, PeerLeft, RoomCreated, RoomName
from collabterm_server.instances.announcements import Depart, InstanceId, PeerCommand, Restore
from collabterm_server.instances.replica import Replica
from collabterm_server.rooms import Delivery, RoomRecord


def corrections(
    old: Replica, new: Replica, instance: InstanceId, present: Set[PeerId]
) -> Iterator[PeerCommand]:
    """Return what makes the common state true for an instance's own peers.

    Whoever borrowed a room comes last, when those it waits for are known to be lost; everybody else comes
    first, so that a room whose text is there is not taken for one that is only kept.

    Args:
        old: See above.
        new: See above.
        instance: Which instance it is.
        present: Its peers.
    """
    borrowing: list[Restore] = []
    for peer_id in present:
        command = _restoration(old, new, instance, peer_id)
        if command is None:
            continue
        room = None if command.room is None else old.rooms.record_of(command.room)
        if room is not None and room.is_borrowed:
            borrowing.append(command)
        else:
            yield command
    for peer_id, resident in new.residents.items():
        if resident.instance == instance and peer_id not in present:
            yield Depart(peer_id)
    yield from borrowing


def moved_away(new: Replica, instance: InstanceId, present: Iterable[PeerId]) -> list[PeerId]:
    """Return which of an instance's peers have signed in elsewhere since."""
    return [
        peer_id
        for peer_id in present
        if (resident := new.residents.get(peer_id)) is None or resident.instance != instance
    ]


def news(old: Replica, new: Replica, present: Iterable[PeerId]) -> Iterator[Delivery]:
    """Return what an instance's peers have not heard yet of the rooms they are in."""
    heard: dict[RoomName, list[PeerLeft | PeerJoined]] = {}
    for peer_id in present:
        name = old.rooms.room_of(peer_id)
        if name is None:
            continue
        before, after = old.rooms.record_of(name), new.rooms.record_of(name)
        if before is None or after is None:
            continue
        if name not in heard:
            heard[name] = list(_comings_and_goings(before, after, new))
        yield from ((peer_id, message) for message in heard[name])
        if before.is_borrowed and _was_handed_over(before, after, peer_id):
            yield peer_id, RoomCreated(name)


def _restoration(old: Replica, new: Replica, instance: InstanceId, peer_id: PeerId) -> Restore | None:
    room, resident = old.rooms.room_of(peer_id), old.residents[peer_id]
    known = new.residents.get(peer_id)
    if known is not None and known.instance == instance and new.rooms.room_of(peer_id) == room:
        return None
    return Restore(resident.peer, room, old.clock - resident.since)


def _comings_and_goings(
    before: RoomRecord, after: RoomRecord, new: Replica
) -> Iterator[PeerLeft | PeerJoined]:
    for peer_id in before.peers:
        if peer_id not in after.peers:
            yield PeerLeft(peer_id)
    for peer_id in after.peers:
        if peer_id not in before.peers:
            yield PeerJoined(new.residents[peer_id].peer)


def _was_handed_over(before: RoomRecord, after: RoomRecord, peer_id: PeerId) -> bool:
    """Return whether a borrowed room has become this peer's: nobody is there who could hold its text."""
    return not after.is_borrowed and after.opener == peer_id and set(after.peers) <= set(before.peers)

"""Rooms that are written down and made again."""

from __future__ import annotations

from collabterm.protocol.signaling import PeerId, PeerInfo, RoomCreated, RoomJoined, RoomName
from collabterm_server.rooms import Rooms
from tests.server.instances.clusters import peer

ANN, BEA, CAL, DAN = (peer(name) for name in ("Ann", "Bea", "Cal", "Dan"))
PEERS: dict[PeerId, PeerInfo] = {each.peer_id: each for each in (ANN, BEA, CAL, DAN)}


def eventful_rooms() -> Rooms:
    """Return rooms of all kinds: inhabited, borrowed, and kept for longer than one that came later."""
    rooms = Rooms(capacity=3, max_rooms=10, grace_s=20.0)
    rooms.join(ANN, "den", True, 0.0)
    rooms.join(BEA, "loft", True, 1.0)
    rooms.lost(BEA.peer_id, 2.0)
    rooms.lost(ANN.peer_id, 9.0)
    rooms.join(CAL, "loft", True, 10.0)
    rooms.join(DAN, "attic", True, 10.0)
    return rooms


def copy_of(rooms: Rooms) -> Rooms:
    copy = Rooms(capacity=3, max_rooms=10, grace_s=20.0)
    copy.restore(list(rooms.records()), PEERS)
    return copy


def test_a_copy_is_written_down_as_its_original() -> None:
    rooms = eventful_rooms()
    assert list(copy_of(rooms).records()) == list(rooms.records())


def test_a_copy_goes_on_as_its_original_does() -> None:
    for rooms in (eventful_rooms(), copy_of(eventful_rooms())):
        assert rooms.expire(21.0) == []
        assert rooms.expire(23.0) == [(CAL.peer_id, RoomCreated(RoomName("loft")))]
        assert rooms.join(ANN, "den", True, 28.0) == [(ANN.peer_id, RoomJoined(RoomName("den"), ()))]
        assert rooms.create(DAN, "attic", 28.0) == [(DAN.peer_id, RoomCreated(RoomName("attic")))]


def test_who_is_unknown_is_left_out_of_a_copy() -> None:
    copy = Rooms(capacity=3, max_rooms=10, grace_s=20.0)
    copy.restore(list(eventful_rooms().records()), {DAN.peer_id: DAN})
    assert list(copy.members()) == [(DAN, RoomName("attic"))]


def test_a_room_that_does_not_exist_has_no_record() -> None:
    assert eventful_rooms().record_of(RoomName("cellar")) is None

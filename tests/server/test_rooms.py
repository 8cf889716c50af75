"""The rooms, without a network."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.protocol.limits import MAX_PEERS
from collabterm.protocol.signaling import (
    Error,
    ErrorCode,
    IceCandidate,
    Introduction,
    PeerId,
    PeerInfo,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    SdpAnswer,
    SdpOffer,
)
from collabterm_server.rooms import Delivery, Rooms

ANN, BEA, CAL = (PeerInfo(PeerId(name.lower() * 5), name, f"SHA256:{name}") for name in ("Ann", "Bea", "Cal"))
DEN = RoomName("den")


def refusal_of(deliveries: list[Delivery], peer: PeerInfo) -> ErrorCode:
    [(to, message)] = deliveries
    assert to == peer.peer_id
    assert isinstance(message, Error)
    assert message.message.endswith(".")
    return message.code


def rooms_with(*peers: PeerInfo, capacity: int = MAX_PEERS) -> Rooms:
    rooms = Rooms(capacity)
    for peer in peers:
        rooms.join(peer, DEN, create=True)
    return rooms


def test_the_first_one_creates_the_room_and_the_next_hears_who_is_there() -> None:
    rooms = Rooms()
    assert rooms.join(ANN, "den", create=True) == [(ANN.peer_id, RoomCreated(DEN))]
    assert rooms.join(BEA, "den", create=True) == [
        (BEA.peer_id, RoomJoined(DEN, (ANN,))),
        (ANN.peer_id, PeerJoined(BEA)),
    ]


def test_a_room_can_be_created_without_joining() -> None:
    rooms = Rooms()
    assert rooms.create(ANN, "den") == [(ANN.peer_id, RoomCreated(DEN))]
    assert rooms.join(BEA, "den", create=False)[0] == (BEA.peer_id, RoomJoined(DEN, (ANN,)))


def test_a_room_that_exists_is_not_created_again() -> None:
    rooms = rooms_with(ANN)
    assert refusal_of(rooms.create(BEA, "den"), BEA) is ErrorCode.ROOM_EXISTS
    assert refusal_of(rooms.create(ANN, "den"), ANN) is ErrorCode.ROOM_EXISTS


def test_joining_without_create_opens_no_room() -> None:
    rooms = Rooms()
    assert refusal_of(rooms.join(ANN, "den", create=False), ANN) is ErrorCode.NO_SUCH_ROOM
    assert len(rooms) == 0


@pytest.mark.parametrize("name", ["", "two words", "den#key", "\x1b[2J", "x" * 65])
def test_a_bad_room_name_is_refused_by_name(name: str) -> None:
    rooms = Rooms()
    assert refusal_of(rooms.join(ANN, name, create=True), ANN) is ErrorCode.BAD_ROOM_NAME
    assert refusal_of(rooms.create(ANN, name), ANN) is ErrorCode.BAD_ROOM_NAME


@pytest.mark.parametrize("create", [True, False])
def test_joining_again_tells_who_is_there_and_disturbs_nobody(create: bool) -> None:
    rooms = rooms_with(ANN, BEA)
    assert rooms.join(ANN, "den", create) == [(ANN.peer_id, RoomJoined(DEN, (BEA,)))]


def test_who_is_alone_and_joins_again_is_not_told_that_the_room_is_new() -> None:
    rooms = rooms_with(ANN)
    assert rooms.join(ANN, "den", create=True) == [(ANN.peer_id, RoomJoined(DEN, ()))]


def test_a_peer_is_in_one_room_at_most() -> None:
    rooms = rooms_with(ANN)
    rooms.create(BEA, "loft")
    assert refusal_of(rooms.join(ANN, "loft", create=False), ANN) is ErrorCode.ALREADY_IN_ROOM
    assert refusal_of(rooms.join(ANN, "attic", create=True), ANN) is ErrorCode.ALREADY_IN_ROOM
    assert refusal_of(rooms.create(ANN, "attic"), ANN) is ErrorCode.ALREADY_IN_ROOM
    assert rooms.join(BEA, "loft", create=True) == [(BEA.peer_id, RoomJoined(RoomName("loft"), ()))]


def test_a_full_room_refuses_one_more_until_somebody_leaves() -> None:
    rooms = rooms_with(ANN, BEA, capacity=2)
    refused = rooms.join(CAL, "den", create=True)
    assert refusal_of(refused, CAL) is ErrorCode.ROOM_FULL
    assert "try again when somebody has left" in refused[0][1].message  # type: ignore[union-attr]  # an Error
    assert rooms.join(ANN, "den", create=True) == [(ANN.peer_id, RoomJoined(DEN, (BEA,)))]
    rooms.leave(BEA.peer_id)
    assert rooms.join(CAL, "den", create=True)[0] == (CAL.peer_id, RoomJoined(DEN, (ANN,)))


@pytest.mark.parametrize("depart", [Rooms.leave, Rooms.disconnect])
def test_the_others_hear_who_has_gone(depart: object) -> None:
    rooms = rooms_with(ANN, BEA, CAL)
    assert callable(depart)
    assert depart(rooms, BEA.peer_id) == [
        (ANN.peer_id, PeerLeft(BEA.peer_id)),
        (CAL.peer_id, PeerLeft(BEA.peer_id)),
    ]
    assert rooms.join(ANN, "den", create=True) == [(ANN.peer_id, RoomJoined(DEN, (CAL,)))]


def test_a_room_ends_with_its_last_peer() -> None:
    rooms = rooms_with(ANN, BEA)
    rooms.leave(ANN.peer_id)
    rooms.disconnect(BEA.peer_id)
    assert len(rooms) == 0
    assert rooms.join(CAL, "den", create=True) == [(CAL.peer_id, RoomCreated(DEN))]


def test_who_is_in_no_room_can_neither_leave_nor_introduce() -> None:
    rooms = rooms_with(ANN)
    assert refusal_of(rooms.leave(BEA.peer_id), BEA) is ErrorCode.NOT_IN_ROOM
    assert rooms.disconnect(BEA.peer_id) == []
    offer = SdpOffer({}, to=ANN.peer_id)
    assert refusal_of(rooms.route(offer, BEA.peer_id), BEA) is ErrorCode.NOT_IN_ROOM


@pytest.mark.parametrize("kind", [SdpOffer, SdpAnswer, IceCandidate])
def test_an_introduction_arrives_with_the_sender_that_the_server_knows(
    kind: type[SdpOffer] | type[SdpAnswer] | type[IceCandidate],
) -> None:
    rooms = rooms_with(ANN, BEA)
    introduction: Introduction = kind({"sdp": "v=0"}, to=BEA.peer_id, sender=CAL.peer_id)
    assert rooms.route(introduction, ANN.peer_id) == [(BEA.peer_id, kind({"sdp": "v=0"}, sender=ANN.peer_id))]


def test_an_introduction_stays_in_its_room() -> None:
    rooms = rooms_with(ANN)
    rooms.create(BEA, "loft")
    for stranger in (BEA.peer_id, CAL.peer_id, ANN.peer_id, None):
        refused = rooms.route(SdpOffer({}, to=stranger), ANN.peer_id)
        assert refusal_of(refused, ANN) is ErrorCode.NO_SUCH_PEER


PEERS = [PeerInfo(PeerId(f"peer{number}"), f"P{number}", "SHA256:all") for number in range(5)]
ACTIONS = st.tuples(
    st.sampled_from(["create", "join", "enter", "leave", "disconnect"]),
    st.sampled_from(PEERS),
    st.sampled_from(["den", "loft"]),
)


@given(st.lists(ACTIONS, max_size=40))
def test_what_peers_are_told_adds_up_to_who_is_there(actions: list[tuple[str, PeerInfo, str]]) -> None:
    """Each peer keeps the list its messages imply; it must be that of everyone else in its room."""
    rooms = Rooms(capacity=3)
    room_of: dict[PeerId, RoomName] = {}
    seen: dict[PeerId, set[PeerId]] = defaultdict(set)
    for action, peer, room in actions:
        for to, message in act(rooms, action, peer, room):
            match message:
                case RoomCreated(name):
                    assert name not in room_of.values()
                    room_of[to], seen[to] = name, set()
                case RoomJoined(name, peers):
                    room_of[to], seen[to] = name, {other.peer_id for other in peers}
                case PeerJoined(newcomer):
                    seen[to].add(newcomer.peer_id)
                case PeerLeft(leaver):
                    seen[to].remove(leaver)
                case _:
                    assert isinstance(message, Error)
                    assert to == peer.peer_id
        if action in ("leave", "disconnect"):
            room_of.pop(peer.peer_id, None)
        for member, name in room_of.items():
            assert seen[member] == {other for other in room_of if room_of[other] == name} - {member}
        assert len(rooms) == len(set(room_of.values()))


def act(rooms: Rooms, action: str, peer: PeerInfo, room: str) -> list[Delivery]:
    match action:
        case "create":
            return rooms.create(peer, room)
        case "join" | "enter":
            return rooms.join(peer, room, create=action == "enter")
        case "leave":
            return rooms.leave(peer.peer_id)
        case _:
            return rooms.disconnect(peer.peer_id)

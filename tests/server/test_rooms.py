"""The rooms, without a network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

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
ANN_AGAIN = PeerInfo(PeerId("again"), "Ann", ANN.fingerprint)

Enter = Callable[..., list[Delivery]]


def refusal_of(deliveries: list[Delivery], peer: PeerInfo) -> ErrorCode:
    [(to, message)] = deliveries
    assert to == peer.peer_id
    assert isinstance(message, Error)
    assert message.message.endswith(".")
    return message.code


def rooms_with(*peers: PeerInfo, capacity: int = MAX_PEERS) -> Rooms:
    rooms = Rooms(capacity)
    for peer in peers:
        rooms.join(peer, DEN, create=True, now=0.0)
    return rooms


def test_the_first_one_creates_the_room_and_the_next_hears_who_is_there() -> None:
    rooms = Rooms()
    assert rooms.join(ANN, "den", create=True, now=0.0) == [(ANN.peer_id, RoomCreated(DEN))]
    assert rooms.join(BEA, "den", create=True, now=0.0) == [
        (BEA.peer_id, RoomJoined(DEN, (ANN,))),
        (ANN.peer_id, PeerJoined(BEA)),
    ]


def test_a_room_can_be_created_without_joining() -> None:
    rooms = Rooms()
    assert rooms.create(ANN, "den", now=0.0) == [(ANN.peer_id, RoomCreated(DEN))]
    assert rooms.join(BEA, "den", create=False, now=0.0)[0] == (BEA.peer_id, RoomJoined(DEN, (ANN,)))


def test_a_room_that_exists_is_not_created_again() -> None:
    rooms = rooms_with(ANN)
    assert refusal_of(rooms.create(BEA, "den", now=0.0), BEA) is ErrorCode.ROOM_EXISTS


def test_creating_a_room_again_is_answered_again_by_how_it_is() -> None:
    rooms = rooms_with(ANN)
    assert rooms.create(ANN, "den", now=0.0) == [(ANN.peer_id, RoomCreated(DEN))]
    rooms.join(BEA, "den", create=True, now=0.0)
    assert rooms.create(ANN, "den", now=0.0) == [(ANN.peer_id, RoomJoined(DEN, (BEA,)))]


def test_there_are_no_more_rooms_than_may_be() -> None:
    rooms = Rooms(max_rooms=1, grace_s=20)
    rooms.create(ANN, "den", now=0.0)
    refused = rooms.join(BEA, "loft", create=True, now=0.0)
    assert refusal_of(refused, BEA) is ErrorCode.TOO_MANY
    assert refused[0][1].retry_after == 20  # type: ignore[union-attr]  # an Error
    assert len(rooms) == 1
    rooms.leave(ANN.peer_id)
    assert rooms.join(BEA, "loft", create=True, now=0.0) == [(BEA.peer_id, RoomCreated(RoomName("loft")))]


def test_joining_without_create_opens_no_room() -> None:
    rooms = Rooms()
    assert refusal_of(rooms.join(ANN, "den", create=False, now=0.0), ANN) is ErrorCode.NO_SUCH_ROOM
    assert len(rooms) == 0


@pytest.mark.parametrize("name", ["", "two words", "den#key", "\x1b[2J", "x" * 65])
def test_a_bad_room_name_is_refused_by_name(name: str) -> None:
    rooms = Rooms()
    assert refusal_of(rooms.join(ANN, name, create=True, now=0.0), ANN) is ErrorCode.BAD_ROOM_NAME
    assert refusal_of(rooms.create(ANN, name, now=0.0), ANN) is ErrorCode.BAD_ROOM_NAME


@pytest.mark.parametrize("create", [True, False])
def test_joining_again_tells_who_is_there_and_disturbs_nobody(create: bool) -> None:
    rooms = rooms_with(ANN, BEA)
    assert rooms.join(ANN, "den", create, now=0.0) == [(ANN.peer_id, RoomJoined(DEN, (BEA,)))]


def test_who_is_alone_and_joins_again_is_not_told_that_the_room_is_new() -> None:
    rooms = rooms_with(ANN)
    assert rooms.join(ANN, "den", create=True, now=0.0) == [(ANN.peer_id, RoomJoined(DEN, ()))]


def test_a_peer_is_in_one_room_at_most() -> None:
    rooms = rooms_with(ANN)
    rooms.create(BEA, "loft", now=0.0)
    assert refusal_of(rooms.join(ANN, "loft", create=False, now=0.0), ANN) is ErrorCode.ALREADY_IN_ROOM
    assert refusal_of(rooms.join(ANN, "attic", create=True, now=0.0), ANN) is ErrorCode.ALREADY_IN_ROOM
    assert refusal_of(rooms.create(ANN, "attic", now=0.0), ANN) is ErrorCode.ALREADY_IN_ROOM
    assert rooms.join(BEA, "loft", create=True, now=0.0) == [(BEA.peer_id, RoomJoined(RoomName("loft"), ()))]


def test_a_full_room_refuses_one_more_until_somebody_leaves() -> None:
    rooms = rooms_with(ANN, BEA, capacity=2)
    refused = rooms.join(CAL, "den", create=True, now=0.0)
    assert refusal_of(refused, CAL) is ErrorCode.ROOM_FULL
    assert "try again when somebody has left" in refused[0][1].message  # type: ignore[union-attr]  # an Error
    assert rooms.join(ANN, "den", create=True, now=0.0) == [(ANN.peer_id, RoomJoined(DEN, (BEA,)))]
    rooms.leave(BEA.peer_id)
    assert rooms.join(CAL, "den", create=True, now=0.0)[0] == (CAL.peer_id, RoomJoined(DEN, (ANN,)))


@pytest.mark.parametrize("is_lost", [False, True])
def test_the_others_hear_who_has_gone(is_lost: bool) -> None:
    rooms = rooms_with(ANN, BEA, CAL)
    assert (rooms.lost(BEA.peer_id, now=0.0) if is_lost else rooms.leave(BEA.peer_id)) == [
        (ANN.peer_id, PeerLeft(BEA.peer_id)),
        (CAL.peer_id, PeerLeft(BEA.peer_id)),
    ]
    assert rooms.join(ANN, "den", create=True, now=0.0) == [(ANN.peer_id, RoomJoined(DEN, (CAL,)))]


def test_a_room_ends_with_its_last_peer() -> None:
    rooms = rooms_with(ANN, BEA)
    rooms.leave(ANN.peer_id)
    rooms.leave(BEA.peer_id)
    assert len(rooms) == 0
    assert rooms.join(CAL, "den", create=True, now=0.0) == [(CAL.peer_id, RoomCreated(DEN))]


def test_who_is_in_no_room_can_neither_leave_nor_introduce() -> None:
    rooms = rooms_with(ANN)
    assert refusal_of(rooms.leave(BEA.peer_id), BEA) is ErrorCode.NOT_IN_ROOM
    assert rooms.lost(BEA.peer_id, now=0.0) == []
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
    rooms.create(BEA, "loft", now=0.0)
    for stranger in (BEA.peer_id, CAL.peer_id, ANN.peer_id, None):
        refused = rooms.route(SdpOffer({}, to=stranger), ANN.peer_id)
        assert refusal_of(refused, ANN) is ErrorCode.NO_SUCH_PEER


def test_who_was_lost_finds_the_room_as_it_was() -> None:
    rooms = rooms_with(ANN)
    assert rooms.lost(ANN.peer_id, now=1.0) == []
    assert len(rooms) == 1
    assert rooms.expire(now=20.9) == []
    assert rooms.join(ANN, "den", create=False, now=20.9) == [(ANN.peer_id, RoomJoined(DEN, ()))]
    assert rooms.expire(now=1_000.0) == []
    assert len(rooms) == 1


def test_a_kept_room_ends_when_nobody_came_back_in_time() -> None:
    rooms = rooms_with(ANN, BEA)
    rooms.lost(ANN.peer_id, now=1.0)
    rooms.lost(BEA.peer_id, now=5.0)
    rooms.expire(now=21.0)
    assert len(rooms) == 1
    rooms.expire(now=25.0)
    assert len(rooms) == 0
    assert rooms.join(ANN, "den", create=True, now=25.0) == [(ANN.peer_id, RoomCreated(DEN))]


def test_the_place_of_who_was_lost_is_kept_and_then_given_away() -> None:
    rooms = rooms_with(ANN, BEA, capacity=2)
    rooms.lost(BEA.peer_id, now=0.0)
    assert refusal_of(rooms.join(CAL, "den", create=True, now=19.0), CAL) is ErrorCode.ROOM_FULL
    assert rooms.join(BEA, "den", create=True, now=19.0)[0] == (BEA.peer_id, RoomJoined(DEN, (ANN,)))
    rooms.lost(BEA.peer_id, now=30.0)
    assert rooms.join(CAL, "den", create=True, now=50.0)[0] == (CAL.peer_id, RoomJoined(DEN, (ANN,)))
    assert refusal_of(rooms.join(BEA, "den", create=True, now=50.0), BEA) is ErrorCode.ROOM_FULL


def test_a_stranger_borrows_a_kept_room_until_its_own_are_back() -> None:
    rooms = rooms_with(ANN)
    rooms.lost(ANN.peer_id, now=0.0)
    assert rooms.join(BEA, "den", create=True, now=1.0) == [(BEA.peer_id, RoomJoined(DEN, (), ("Ann",)))]
    assert rooms.join(CAL, "den", create=True, now=2.0)[0] == (
        CAL.peer_id,
        RoomJoined(DEN, (BEA,), ("Ann",)),
    )
    assert rooms.join(ANN, "den", create=True, now=3.0)[0] == (ANN.peer_id, RoomJoined(DEN, (BEA, CAL)))
    assert rooms.expire(now=1_000.0) == []


def test_a_borrowed_room_becomes_the_first_borrowers_when_nobody_came_back() -> None:
    rooms = rooms_with(ANN)
    rooms.lost(ANN.peer_id, now=0.0)
    for peer in (BEA, CAL):
        rooms.join(peer, "den", create=True, now=1.0)
    assert rooms.expire(now=20.0) == [(BEA.peer_id, RoomCreated(DEN))]
    assert rooms.expire(now=1_000.0) == []
    assert rooms.join(ANN, "den", create=True, now=21.0)[0] == (ANN.peer_id, RoomJoined(DEN, (BEA, CAL)))


@pytest.mark.parametrize("for_good", [False, True])
def test_a_room_whose_own_came_back_for_a_moment_only_still_becomes_the_borrowers(for_good: bool) -> None:
    rooms = rooms_with(ANN)
    rooms.lost(ANN.peer_id, now=0.0)
    rooms.join(BEA, "den", create=True, now=1.0)
    rooms.join(ANN, "den", create=True, now=2.0)
    handed_over = (BEA.peer_id, RoomCreated(DEN))
    if for_good:
        assert rooms.leave(ANN.peer_id) == [(BEA.peer_id, PeerLeft(ANN.peer_id)), handed_over]
    else:
        rooms.lost(ANN.peer_id, now=3.0)
        assert rooms.join(CAL, "den", create=True, now=4.0)[0] == (
            CAL.peer_id,
            RoomJoined(DEN, (BEA,), ("Ann",)),
        )
        assert rooms.expire(now=23.0) == [handed_over]
    assert rooms.expire(now=1_000.0) == []


def test_a_borrower_that_is_lost_is_not_awaited() -> None:
    rooms = rooms_with(ANN)
    rooms.lost(ANN.peer_id, now=0.0)
    rooms.join(BEA, "den", create=True, now=1.0)
    rooms.lost(BEA.peer_id, now=2.0)
    assert rooms.join(BEA, "den", create=True, now=3.0) == [(BEA.peer_id, RoomJoined(DEN, (), ("Ann",)))]
    assert rooms.expire(now=20.0) == [(BEA.peer_id, RoomCreated(DEN))]


@pytest.mark.parametrize(
    "enter", [Rooms.create, lambda rooms, peer, room, now: rooms.join(peer, room, True, now)]
)
def test_who_starts_anew_under_the_same_key_waits_for_nobody(enter: Enter) -> None:
    rooms = rooms_with(ANN)
    rooms.lost(ANN.peer_id, now=0.0)
    assert enter(rooms, ANN_AGAIN, "den", now=1.0) == [(ANN_AGAIN.peer_id, RoomCreated(DEN))]
    assert rooms.expire(now=1_000.0) == []
    assert len(rooms) == 1


def test_a_borrowed_room_becomes_that_of_its_own_who_start_anew() -> None:
    rooms = rooms_with(ANN)
    rooms.lost(ANN.peer_id, now=0.0)
    rooms.join(BEA, "den", create=True, now=1.0)
    assert rooms.join(ANN_AGAIN, "den", create=True, now=2.0) == [
        (ANN_AGAIN.peer_id, RoomJoined(DEN, (BEA,), ("Ann",))),  # or a client would let its file go
        (BEA.peer_id, PeerJoined(ANN_AGAIN)),
        (ANN_AGAIN.peer_id, RoomCreated(DEN)),
    ]
    assert rooms.expire(now=1_000.0) == []


def test_who_starts_anew_takes_the_place_of_their_lost_connection() -> None:
    rooms = rooms_with(ANN, BEA, capacity=2)
    rooms.lost(ANN.peer_id, now=0.0)
    assert rooms.join(ANN_AGAIN, "den", create=True, now=1.0)[0] == (
        ANN_AGAIN.peer_id,
        RoomJoined(DEN, (BEA,)),
    )
    assert refusal_of(rooms.join(ANN, "den", create=True, now=1.0), ANN) is ErrorCode.ROOM_FULL


def test_whom_another_instance_let_in_is_in_even_if_there_was_no_place() -> None:
    rooms = rooms_with(ANN, capacity=1)
    assert rooms.admit(BEA, DEN, now=0.0) == [
        (BEA.peer_id, RoomJoined(DEN, (ANN,))),
        (ANN.peer_id, PeerJoined(BEA)),
    ]
    assert rooms.admit(BEA, DEN, now=0.0) == []
    assert rooms.admit(BEA, RoomName("loft"), now=0.0) == [
        (ANN.peer_id, PeerLeft(BEA.peer_id)),
        (BEA.peer_id, RoomCreated(RoomName("loft"))),
    ]


PEERS = [PeerInfo(PeerId(f"peer{number}"), f"P{number}", f"SHA256:{number % 3}") for number in range(5)]
ACTIONS = st.tuples(
    st.sampled_from(["create", "join", "enter", "leave", "lose", "wait"]),
    st.sampled_from(PEERS),
    st.sampled_from(["den", "loft"]),
)


@given(st.lists(ACTIONS, max_size=40))
def test_what_peers_are_told_adds_up_to_who_is_there(actions: list[tuple[str, PeerInfo, str]]) -> None:
    """Each peer keeps the list its messages imply; it must be that of everyone else in its room."""
    rooms = Rooms(capacity=3, grace_s=3.0)
    room_of: dict[PeerId, RoomName] = {}
    seen: dict[PeerId, set[PeerId]] = defaultdict(set)
    for now, (action, peer, room) in enumerate(actions):
        for to, message in act(rooms, action, peer, room, float(now)):
            match message:
                case RoomCreated(name):
                    assert name not in room_of.values() or room_of[to] == name
                    is_given = name == room_of.get(to) and action != "create"
                    assert not is_given or to in (peer.peer_id, first_in(name, room_of))
                    seen[to] = seen[to] if room_of.get(to) == name else set()
                    room_of[to] = name
                case RoomJoined(name, peers):
                    room_of.pop(to, None)
                    room_of[to], seen[to] = name, {other.peer_id for other in peers}
                case PeerJoined(newcomer):
                    seen[to].add(newcomer.peer_id)
                case PeerLeft(leaver):
                    seen[to].remove(leaver)
                case _:
                    assert isinstance(message, Error)
                    assert to == peer.peer_id
        if action in ("leave", "lose"):
            room_of.pop(peer.peer_id, None)
        for member, name in room_of.items():
            assert seen[member] == {other for other in room_of if room_of[other] == name} - {member}
        assert {info.peer_id: name for info, name in rooms.members()} == room_of
    rooms.expire(now=1_000.0)
    assert len(rooms) == len(set(room_of.values()))


def first_in(room: RoomName, room_of: dict[PeerId, RoomName]) -> PeerId:
    return next(peer for peer, name in room_of.items() if name == room)


def act(rooms: Rooms, action: str, peer: PeerInfo, room: str, now: float) -> list[Delivery]:
    match action:
        case "create":
            return rooms.create(peer, room, now)
        case "join" | "enter":
            return rooms.join(peer, room, action == "enter", now)
        case "leave":
            return rooms.leave(peer.peer_id)
        case "lose":
            return rooms.lost(peer.peer_id, now)
        case _:
            return rooms.expire(now)

"""One instance among several, without a network: what each knows, and what its clients hear."""

from __future__ import annotations

import pytest

from collabterm.protocol.limits import MAX_SIGNAL_BYTES
from collabterm.protocol.signaling import (
    Error,
    ErrorCode,
    IceCandidate,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    SdpOffer,
)
from collabterm_server.instances.announcements import (
    Announcement,
    Bulletin,
    GiveUp,
    InstanceId,
    Introduce,
    RoomRules,
)
from collabterm_server.instances.cluster import Cluster, Step
from tests.server.instances.clusters import (
    ANN,
    BEA,
    CAL,
    DAN,
    GRACE_S,
    PACE,
    let_pass,
    linked,
    two_in_the_den,
)

DEN = RoomName("den")


def test_without_a_bus_everything_is_answered_at_once_and_nothing_is_announced() -> None:
    cluster = Cluster(InstanceId("a"), RoomRules(8, 10, GRACE_S), PACE)
    steps = [
        cluster.sign_in(ANN, 1.0),
        cluster.join(ANN.peer_id, "den", True, 2.0),
        cluster.sign_in(BEA, 3.0),
        cluster.create(BEA.peer_id, "den", 4.0),
        cluster.join(BEA.peer_id, "den", False, 5.0),
        cluster.route(SdpOffer({}, to=ANN.peer_id), BEA.peer_id),
        cluster.leave(ANN.peer_id, 6.0),
        cluster.sign_out(ANN.peer_id, 7.0),
        cluster.tick(8.0),
        cluster.close(),
    ]
    assert [step.deliveries for step in steps[:2]] == [[], [(ANN.peer_id, RoomCreated(DEN))]]
    assert steps[4].deliveries[-1] == (ANN.peer_id, PeerJoined(BEA))
    assert steps[5].deliveries == [(ANN.peer_id, SdpOffer({}, sender=BEA.peer_id))]
    assert steps[6].deliveries == [(BEA.peer_id, PeerLeft(ANN.peer_id))]
    assert not any(step.announcements or step.replaced for step in steps)


def test_who_comes_back_within_the_grace_finds_its_place_and_later_it_is_gone() -> None:
    cluster = Cluster(InstanceId("a"), RoomRules(8, 10, GRACE_S), PACE)
    cluster.sign_in(ANN, 1000.0)
    cluster.join(ANN.peer_id, "den", True, 1000.0)
    for lost_at, back_at, answer in (
        (1001.0, 1000.0 + GRACE_S, RoomJoined(DEN, ())),
        (1100.0, 1101.0 + GRACE_S, RoomCreated(DEN)),
    ):
        cluster.sign_out(ANN.peer_id, lost_at)
        cluster.sign_in(ANN, back_at)
        assert cluster.join(ANN.peer_id, "den", True, back_at).deliveries == [(ANN.peer_id, answer)]


def test_the_last_place_in_a_room_is_taken_by_who_asked_first_on_the_channel() -> None:
    world = linked("a", "b", capacity=1)
    first, second = world.instances
    world.sign_in(first, ANN)
    world.sign_in(second, BEA)
    world.flow()
    world.join(first, ANN, "den")
    world.join(second, BEA, "den")
    world.publish_one(second)
    world.flow()
    assert second.connections[BEA.peer_id].heard == [RoomCreated(DEN)]
    [refusal] = first.connections[ANN.peer_id].heard
    assert isinstance(refusal, Error)
    assert refusal.code is ErrorCode.ROOM_FULL


def test_an_introduction_goes_to_the_one_instance_where_its_peer_is() -> None:
    world = two_in_the_den()
    first, _ = world.instances
    [announcement] = first.cluster.route(SdpOffer({"sdp": "v=0"}, to=BEA.peer_id), ANN.peer_id).announcements
    assert announcement.to == world.instances[1].id
    first.outbox.append(announcement)
    world.flow()
    expected = SdpOffer({"sdp": "v=0"}, sender=ANN.peer_id)
    assert world.instances[1].connections[BEA.peer_id].heard[-1] == expected


@pytest.mark.parametrize(
    ("payload", "code"),
    [({"sdp": "\ud800"}, ErrorCode.BAD_MESSAGE), ({"sdp": "x" * MAX_SIGNAL_BYTES}, ErrorCode.TOO_LARGE)],
)
def test_a_payload_that_no_instance_can_pass_on_is_refused_to_its_sender(
    payload: dict[str, str], code: ErrorCode
) -> None:
    first, _ = two_in_the_den().instances
    step = first.cluster.route(IceCandidate(payload, to=BEA.peer_id), ANN.peer_id)
    [(to, refusal)] = step.deliveries
    assert (to, step.announcements) == (ANN.peer_id, [])
    assert isinstance(refusal, Error)
    assert refusal.code is code


def test_what_is_no_introduction_is_not_passed_on() -> None:
    first, second = two_in_the_den().instances
    origin = second.cluster._origin
    for signal in ("", "{}", '{"type":"HEARTBEAT"}', '{"type":"SDP_OFFER","payload":{},"sender":"nobody"}'):
        bulletin = Bulletin(origin, (Introduce(ANN.peer_id, signal),))
        assert first.cluster.receive(bulletin, 0.0).deliveries == []


def test_signing_in_elsewhere_replaces_the_older_connection_and_its_late_words_count_for_nothing() -> None:
    world = two_in_the_den()
    first, second = world.instances
    older = first.connections[ANN.peer_id]
    world.sign_in(second, ANN)
    world.join(second, ANN, "den")
    world.leave(first, ANN)  # on its way while the other is already in
    while second.outbox:
        world.publish_one(second)
    world.flow()
    assert older.is_replaced
    assert second.connections[ANN.peer_id].others == {BEA.peer_id}
    assert second.connections[BEA.peer_id].others == {ANN.peer_id}


def test_a_newer_connection_hears_no_answer_to_what_the_older_one_asked() -> None:
    world = linked("a", "b")
    first, _ = world.instances
    world.sign_in(first, ANN)
    world.flow()
    world.join(first, ANN, "den")
    newer = world.sign_in(first, ANN)
    world.flow()
    assert newer.heard == []


def test_an_instance_that_says_goodbye_is_missed_at_once() -> None:
    world = two_in_the_den()
    first, second = world.instances
    second.carry_out(second.cluster.close())
    world.flow()
    assert first.connections[ANN.peer_id].heard[-1] == PeerLeft(BEA.peer_id)


def test_an_instance_that_is_silent_is_given_up_within_the_heartbeat() -> None:
    world = two_in_the_den()
    ann = world.instances[0].connections[ANN.peer_id]
    world.crash(world.instances[1])
    let_pass(world, PACE.silence_s)
    assert ann.others == {BEA.peer_id}
    let_pass(world, 2.0)
    assert ann.others == set()
    assert PACE.silence_s + 2.0 < 15.0


def test_an_instance_that_was_given_up_by_mistake_brings_its_peers_back() -> None:
    world = two_in_the_den()
    first, second = world.instances
    first.outbox.append(Announcement(None, first.cluster._origin, GiveUp(second.id)))
    world.flow()
    assert first.connections[ANN.peer_id].heard[-2:] == [PeerLeft(BEA.peer_id), PeerJoined(BEA)]
    assert second.connections[BEA.peer_id].others == {ANN.peer_id}
    assert second.cluster.is_attached


def test_a_blip_costs_nothing() -> None:
    world = two_in_the_den()
    first, second = world.instances
    heard = [len(first.connections[ANN.peer_id].heard), len(second.connections[BEA.peer_id].heard)]
    world.cut(first)
    let_pass(world, PACE.silence_s / 2)
    world.link(first)
    world.flow()
    assert first.cluster.is_attached
    assert [len(first.connections[ANN.peer_id].heard), len(second.connections[BEA.peer_id].heard)] == heard


def test_what_was_asked_when_the_bus_is_lost_is_answered_and_becomes_true_for_all() -> None:
    world = two_in_the_den()
    first, second = world.instances
    cal = world.sign_in(first, CAL)
    world.join(first, CAL, "den")
    world.cut(first)
    assert cal.heard == [RoomJoined(DEN, (ANN, BEA))]
    world.link(first)
    world.flow()
    assert second.connections[BEA.peer_id].others == {ANN.peer_id, CAL.peer_id}


def test_rooms_of_the_same_name_join_up_even_beyond_their_capacity() -> None:
    world = linked("a", "b", capacity=2)
    first, second = world.instances
    world.cut(first)
    for instance, who in ((first, ANN), (first, BEA), (second, CAL), (second, DAN)):
        world.sign_in(instance, who)
        world.join(instance, who, "den")
        world.flow()
    world.settle()
    everybody = {each.peer_id for each in (ANN, BEA, CAL, DAN)}
    for instance in world.instances:
        for connection in instance.connections.values():
            assert connection.others == everybody - {connection.peer.peer_id}


def test_while_the_bus_is_lost_others_stay_until_they_have_been_silent_for_too_long() -> None:
    world = two_in_the_den()
    first, _ = world.instances
    ann = first.connections[ANN.peer_id]
    world.cut(first)
    let_pass(world, PACE.silence_s - 1)
    assert ann.others == {BEA.peer_id}
    let_pass(world, 3.0)
    assert ann.others == set()


def test_a_kept_room_is_kept_on_every_instance_also_on_those_that_start_later() -> None:
    world = two_in_the_den()
    first, second = world.instances
    world.leave(first, ANN)
    world.sign_out(second, BEA)
    world.flow()
    third = world.start("c")
    world.instances.append(third)
    world.link(third)
    world.flow()
    cal = world.sign_in(third, CAL)
    world.join(third, CAL, "den")
    world.flow()
    assert cal.heard == [RoomJoined(DEN, (), awaited=("Bea",))]
    let_pass(world, GRACE_S + 2)
    assert cal.heard[1:] == [RoomCreated(DEN)]


def test_who_borrowed_a_room_while_cut_off_still_owns_it_when_nobody_came_back() -> None:
    world = linked("a", "b")
    first, _ = world.instances
    world.sign_in(first, ANN)
    world.join(first, ANN, "den")
    world.flow()
    world.cut(first)
    world.sign_out(first, ANN)
    cal = world.sign_in(first, CAL)
    world.join(first, CAL, "den")
    assert cal.heard == [RoomJoined(DEN, (), awaited=("Ann",))]
    world.settle()
    assert cal.heard[1:] == [RoomCreated(DEN)]


def test_who_borrowed_a_room_that_only_this_instance_kept_owns_it() -> None:
    world = linked("a", "b")
    first, _ = world.instances
    world.cut(first)
    world.sign_in(first, ANN)
    world.join(first, ANN, "den")
    world.sign_out(first, ANN)
    cal = world.sign_in(first, CAL)
    world.join(first, CAL, "den")
    world.link(first)
    world.flow()
    assert cal.heard == [RoomJoined(DEN, (), awaited=("Ann",)), RoomCreated(DEN)]


def test_time_goes_on_at_one_pace_however_many_instances_there_are() -> None:
    world = linked("a", "b", "c", "d")
    first, second, *_ = world.instances
    world.sign_in(first, ANN)
    world.join(first, ANN, "den")
    world.flow()
    world.sign_out(first, ANN)
    let_pass(world, GRACE_S - 2)
    cal = world.sign_in(second, CAL)
    world.join(second, CAL, "den")
    let_pass(world, 1.0)
    assert cal.heard == [RoomJoined(DEN, (), awaited=("Ann",))]
    let_pass(world, 4.0)
    assert cal.heard[1:] == [RoomCreated(DEN)]


def test_the_grace_goes_on_when_the_bus_is_lost_whatever_the_clock_of_the_instance_says() -> None:
    world = linked("a")
    let_pass(world, 500.0)
    second = world.start("b")
    world.instances.append(second)
    world.now = 50.0  # as on a computer that was started later
    world.link(second)
    world.flow()
    world.sign_in(second, ANN)
    world.join(second, ANN, "den")
    world.flow()
    world.sign_out(second, ANN)
    world.flow()
    world.cut(second)
    cal = world.sign_in(second, CAL)
    world.join(second, CAL, "den")
    let_pass(world, GRACE_S - 2)
    assert cal.heard == [RoomJoined(DEN, (), awaited=("Ann",))]
    let_pass(world, 4.0)
    assert cal.heard[1:] == [RoomCreated(DEN)]


@pytest.mark.parametrize("newer", [0, 1])
def test_of_two_connections_made_while_cut_off_the_newer_one_stays(newer: int) -> None:
    world = linked("a", "b")
    world.cut(world.instances[0])
    older = world.sign_in(world.instances[1 - newer], ANN)
    let_pass(world, 3.0)
    stays = world.sign_in(world.instances[newer], ANN)
    let_pass(world, 3.0)
    world.link(world.instances[0])
    let_pass(world, 3.0)
    assert (older.is_replaced, stays.is_replaced) == (True, False)


def test_an_instance_that_has_said_goodbye_delivers_nothing_any_more() -> None:
    world = two_in_the_den()
    first, second = world.instances
    offer = SdpOffer({}, to=ANN.peer_id)
    [announcement] = second.cluster.route(offer, BEA.peer_id).announcements
    first.cluster.close()
    late = Bulletin(announcement.origin, (announcement.message,))
    assert first.cluster.receive(late, 0.0) == Step()

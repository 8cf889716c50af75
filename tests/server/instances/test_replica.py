"""The state that all instances have in common: whose word counts, and how time passes."""

from __future__ import annotations

from collabterm.protocol.signaling import PeerJoined, RoomCreated, RoomName
from collabterm_server.instances.announcements import (
    Arrive,
    Beat,
    Depart,
    Epoch,
    GiveUp,
    Hello,
    InstanceId,
    Join,
    Origin,
    RoomRules,
)
from collabterm_server.instances.replica import Replica, assemble
from tests.server.instances.clusters import peer

ANN, BEA = peer("Ann"), peer("Bea")
HERE, THERE = (Origin(InstanceId(name), 1, Epoch("here-1")) for name in ("here", "there"))


def replica_of_two() -> Replica:
    replica = Replica(RoomRules(capacity=3, max_rooms=10, grace_s=20.0), clock=100.0)
    for origin in (HERE, THERE):
        replica.apply(Hello(0), origin)
        replica.apply(Beat(0.0), origin)
    return replica


def test_the_foremost_clock_counts_and_time_never_goes_back() -> None:
    replica = replica_of_two()
    clocks = []
    for origin, elapsed_s in (
        (HERE, 3.0),
        (THERE, 1.0),
        (THERE, 1.0),
        (THERE, 2.0),
        (HERE, -5.0),
        (HERE, 2.0),
    ):
        replica.apply(Beat(elapsed_s), origin)
        clocks.append(replica.clock)
    assert clocks == [103.0, 103.0, 103.0, 104.0, 104.0, 105.0]


def test_an_instance_that_has_called_again_starts_from_the_common_clock() -> None:
    replica = replica_of_two()
    replica.apply(Beat(50.0), HERE)
    again = Origin(THERE.instance, 2, THERE.epoch)
    replica.apply(Hello(0), again)
    replica.apply(Beat(7.0), again)
    assert replica.clock == 150.0
    replica.apply(Beat(7.0), again)
    assert replica.clock == 157.0


def test_an_instance_speaks_for_its_own_peers_only() -> None:
    replica = replica_of_two()
    replica.apply(Arrive(ANN), HERE)
    assert replica.apply(Join(ANN.peer_id, "den", True), THERE) == []
    assert replica.apply(Join(ANN.peer_id, "den", True), HERE) == [
        (ANN.peer_id, RoomCreated(RoomName("den")))
    ]
    replica.apply(Depart(ANN.peer_id), THERE)
    replica.apply(Arrive(BEA), THERE)
    heard = replica.apply(Join(BEA.peer_id, "den", True), THERE)
    assert heard[-1] == (ANN.peer_id, PeerJoined(BEA))


def test_what_was_said_before_a_later_call_has_no_effect() -> None:
    replica = replica_of_two()
    replica.apply(Hello(0), Origin(HERE.instance, 2, None))
    replica.apply(Arrive(ANN), HERE)
    replica.apply(Hello(0), HERE)
    assert replica.residents == {}
    assert replica.instances[HERE.instance].call == 2


def test_the_peers_of_an_instance_that_is_given_up_keep_their_places() -> None:
    replica = replica_of_two()
    replica.apply(Arrive(ANN), THERE)
    replica.apply(Join(ANN.peer_id, "den", True), THERE)
    replica.apply(GiveUp(THERE.instance), HERE)
    assert list(replica.instances) == [HERE.instance]
    assert replica.residents == {}
    record = replica.rooms.record_of(RoomName("den"))
    assert record is not None
    assert (record.peers, record.awaited) == ((), ((ANN, 120.0),))


def test_a_snapshot_is_all_there_is_whatever_the_order_of_its_parts() -> None:
    replica = replica_of_two()
    for number in range(1_001):
        replica.apply(Arrive(peer(f"P{number}")), HERE)
        replica.apply(Join(peer(f"P{number}").peer_id, f"room{number}", True), HERE)
    parts = replica.parts(7)
    assert [len(part.residents) for part in parts] == [500, 500, 1]
    assert assemble(reversed(parts)).parts(7) == parts

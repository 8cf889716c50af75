"""How instances come to be one group, without a network: who founds it, who joins, who is no part of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collabterm_server.instances.announcements import (
    Announcement,
    Arrive,
    Beat,
    Bulletin,
    Command,
    Depart,
    Epoch,
    GiveUp,
    InstanceId,
    Origin,
    SnapshotPart,
)
from tests.server.instances.clusters import (
    ANN,
    BEA,
    CAL,
    World,
    let_pass,
    linked,
    peer,
    state_of,
    two_in_the_den,
)

STRANGERS = Origin(InstanceId("x"), 1, Epoch("x-1"))


def test_who_starts_while_an_instance_hangs_asks_another() -> None:
    world = linked("a", "b")
    first, second = world.instances
    world.sign_in(second, ANN)
    world.join(second, ANN, "den")
    world.flow()
    world.instances.remove(first)  # the oldest, which would be asked first
    third = world.start("c")
    world.instances.append(third)
    third.is_linked = True
    third.carry_out(third.cluster.attach(2, world.now))
    let_pass(world, 2.0)
    assert third.cluster.is_attached
    assert third.cluster.room_count == 1


def test_who_is_given_up_while_it_calls_calls_again_and_loses_nobody() -> None:
    world = linked("a")
    first = world.instances[0]
    second = world.start("b")
    world.instances.append(second)
    ann = world.sign_in(second, ANN)
    world.join(second, ANN, "den")
    second.is_linked = True
    second.carry_out(second.cluster.attach(1, world.now))
    world.publish_one(second)
    world.deliver_one(first)
    first.outbox.appendleft(Announcement(None, first.cluster._origin, GiveUp(second.id)))
    world.flow()
    assert second.cluster.is_attached
    assert not ann.is_replaced
    assert state_of(first) == state_of(second)


def test_two_who_start_together_found_one_group() -> None:
    world = World("a", "b", "c")
    for instance in world.instances:
        instance.is_linked = True
        instance.carry_out(instance.cluster.attach(2, world.now))
    let_pass(world, 5.0)
    assert [each.cluster.is_attached for each in world.instances] == [True] * 3
    assert len({each.cluster._epoch for each in world.instances}) == 1
    assert {each.cluster.instance_count for each in world.instances} == {3}


def test_who_is_alone_on_the_bus_does_not_wait_for_others() -> None:
    world = World("a")
    world.link(world.instances[0])
    world.flow()
    assert world.instances[0].cluster.is_attached


def test_of_two_groups_that_meet_one_joins_the_other() -> None:
    world = linked("a")
    world.instances += linked("b").instances
    first, second = world.instances
    for instance, who in ((first, ANN), (second, BEA)):
        world.sign_in(instance, who)
        world.join(instance, who, "den")
    let_pass(world, 5.0)
    assert first.cluster.instance_count == second.cluster.instance_count == 2
    assert first.connections[ANN.peer_id].others == {BEA.peer_id}
    assert second.connections[BEA.peer_id].others == {ANN.peer_id}


def test_a_group_has_the_rules_of_its_founder() -> None:
    world = linked("a")
    world._capacity = 7
    world.instances.append(world.start("b"))
    world.link(world.instances[1])
    world.flow()
    assert state_of(world.instances[1])[0].outline.rules.capacity == 3


def test_a_snapshot_in_many_parts_arrives_whole_and_what_happened_meanwhile_counts() -> None:
    world = linked("a", capacity=8)
    first = world.instances[0]
    for number in range(1_100):
        world.sign_in(first, peer(f"P{number}"))
        world.join(first, peer(f"P{number}"), f"room{number // 8}")
    world.flow()
    second = world.start("b")
    world.instances.append(second)
    world.link(second)
    world.publish_one(second)
    while first.inbox:
        world.deliver_one(first)
    assert sum(isinstance(each.message, SnapshotPart) for each in first.outbox) == 3
    world.sign_out(first, peer("P0"))
    world.publish_one(first)
    world.flow()
    assert state_of(first) == state_of(second)


@pytest.mark.parametrize("command", [Arrive(CAL), Depart(ANN.peer_id), Beat(1e9), GiveUp(InstanceId("a0"))])
def test_what_comes_from_outside_the_group_has_no_effect(command: Command) -> None:
    world = two_in_the_den()
    first, _ = world.instances
    before = state_of(first)
    for origin in (
        STRANGERS,
        Origin(STRANGERS.instance, 1, first.cluster._epoch),
        Origin(world.instances[1].id, 99, first.cluster._epoch),
        replace(world.instances[1].cluster._origin, epoch=STRANGERS.epoch),
    ):
        first.cluster.receive(Bulletin(origin, (command,)), world.now)
    if not isinstance(command, GiveUp):
        assert state_of(first) == before

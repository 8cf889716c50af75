"""Any history of several instances, against what their clients believe in the end."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from collabterm.protocol.signaling import PeerId, PeerInfo, SdpOffer
from tests.server.instances.clusters import PACE, Connection, Instance, World, linked, peer, state_of

PEERS = [peer(name) for name in ("Ann", "Bea", "Cal", "Den", "Eve")]
CAPACITY = 3

instances = st.integers(0, 2)
peers = st.sampled_from(PEERS)
rooms = st.sampled_from(["den", "loft"])


class Instances(RuleBasedStateMachine):
    """Three instances and five people who come, go and come back as they like."""

    def __init__(self) -> None:
        super().__init__()
        self.world = linked("a", "b", "c", capacity=CAPACITY)
        self.was_disturbed = False

    @rule(at=instances, who=peers)
    def sign_in(self, at: int, who: PeerInfo) -> None:
        self.world.sign_in(self.world.instances[at], who)

    @rule(at=instances, who=peers)
    def sign_out(self, at: int, who: PeerInfo) -> None:
        instance = self.world.instances[at]
        if who.peer_id in instance.connections:
            self.world.sign_out(instance, who)

    @rule(at=instances, who=peers, room=rooms, create=st.booleans())
    def join(self, at: int, who: PeerInfo, room: str, create: bool) -> None:
        instance = self.world.instances[at]
        connection = instance.connections.get(who.peer_id)
        if connection is not None and connection.room in (None, room) and not connection.unanswered:
            self.world.join(instance, connection.peer, room, create)

    @rule(at=instances, who=peers, room=rooms)
    def create(self, at: int, who: PeerInfo, room: str) -> None:
        instance = self.world.instances[at]
        connection = instance.connections.get(who.peer_id)
        if connection is not None and connection.room is None and not connection.unanswered:
            self.world.create(instance, connection.peer, room)

    @rule(at=instances, who=peers)
    def leave(self, at: int, who: PeerInfo) -> None:
        instance = self.world.instances[at]
        connection = instance.connections.get(who.peer_id)
        if connection is not None and connection.room is not None and not connection.unanswered:
            self.world.leave(instance, connection.peer)

    @rule(at=instances, who=peers, to=peers)
    def introduce(self, at: int, who: PeerInfo, to: PeerInfo) -> None:
        instance = self.world.instances[at]
        connection = instance.connections.get(who.peer_id)
        if connection is not None:
            offer = SdpOffer({"sdp": "v=0"}, to=to.peer_id)
            instance.carry_out(instance.cluster.route(offer, connection.peer.peer_id))

    @rule(at=instances, number=st.integers(1, 5))
    def publish(self, at: int, number: int) -> None:
        instance = self.world.instances[at]
        for _ in range(min(number, len(instance.outbox))):
            self.world.publish_one(instance)

    @rule(at=instances, number=st.integers(1, 5))
    def deliver(self, at: int, number: int) -> None:
        instance = self.world.instances[at]
        for _ in range(min(number, len(instance.inbox))):
            self.world.deliver_one(instance)

    @rule()
    def flow(self) -> None:
        self.world.flow()

    @rule(beats=st.sampled_from([1, 2, 5, 12, 25]))
    def tick(self, beats: int) -> None:
        self.was_disturbed |= beats > 1  # others can be taken for dead
        for _ in range(beats):
            self.world.tick(PACE.beat_s)

    @rule(seconds=st.sampled_from([0.1, 3.0, 30.0]))
    def stop_for(self, seconds: float) -> None:
        self.world.tick(seconds)

    @rule(at=instances, loses=st.booleans())
    def cut(self, at: int, loses: bool) -> None:
        instance = self.world.instances[at]
        if instance.is_linked:
            self.was_disturbed = True
            self.world.cut(instance, loses=loses)

    @rule(at=instances)
    def link(self, at: int) -> None:
        instance = self.world.instances[at]
        if not instance.is_linked:
            self.world.link(instance)

    @precondition(lambda self: self.world.stray)
    @rule()
    def publish_stray(self) -> None:
        self.world.publish_stray()

    @rule(at=instances)
    def crash(self, at: int) -> None:
        self.was_disturbed = True
        self.world.link(self.world.crash(self.world.instances[at]))

    def teardown(self) -> None:
        self.world.settle()
        assert_agreement(self.world, may_exceed=self.was_disturbed)


def assert_agreement(world: World, *, may_exceed: bool) -> None:
    """Assert that all instances know the same, and that every client has heard just that."""
    assert all(instance.cluster.is_attached for instance in world.instances)
    first, *rest = [state_of(instance) for instance in world.instances]
    assert all(other == first for other in rest)
    assert {each for each, _ in first[0].outline.instances} == {each.id for each in world.instances}
    places = [(instance, each) for instance in world.instances for each in instance.connections.values()]
    assert len({connection.peer for _, connection in places}) == len(places), "one connection a peer"
    assert_clients_know_each_other([connection for _, connection in places], may_exceed)
    assert_state_is_theirs(world.instances[0], places)


def assert_clients_know_each_other(connections: list[Connection], may_exceed: bool) -> None:
    inhabitants: dict[str, set[PeerId]] = defaultdict(set)
    for connection in connections:
        assert connection.unanswered == 0, connection
        if connection.room is not None:
            inhabitants[connection.room].add(connection.peer.peer_id)
    for connection in connections:
        if connection.room is not None:
            assert connection.others == inhabitants[connection.room] - {connection.peer.peer_id}, connection
    if not may_exceed:
        assert all(len(members) <= CAPACITY for members in inhabitants.values())
        creators = [connection.room for connection in connections if connection.has_created]
        assert len(set(creators)) == len(creators), "a room is new to one only"


def assert_state_is_theirs(instance: Instance, places: list[tuple[Instance, Connection]]) -> None:
    [part] = state_of(instance)
    assert {each.peer.peer_id: each.instance for each in part.residents} == {
        connection.peer.peer_id: each.id for each, connection in places
    }
    assert {record.name: set(record.peers) for record in part.rooms if record.peers} == {
        connection.room: connection.others | {connection.peer.peer_id}
        for _, connection in places
        if connection.room is not None
    }


TestInstances = Instances.TestCase
TestInstances.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)

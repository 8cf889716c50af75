"""Instances joined by an ordered channel in memory, and clients that believe what they are told."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import count

from collabterm.protocol.signaling import (
    Error,
    ErrorCode,
    IceCandidate,
    PeerId,
    PeerInfo,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    SdpAnswer,
    SdpOffer,
    ServerMessage,
)
from collabterm_server.instances.announcements import (
    Announcement,
    Bulletin,
    InstanceId,
    RoomRules,
    SnapshotPart,
)
from collabterm_server.instances.announcements_json import decode_bulletin, encode_bulletin
from collabterm_server.instances.cluster import Cluster, Step
from collabterm_server.instances.silence import Pace, pace_for

PACE = pace_for(15.0)
GRACE_S = 20.0


def peer(name: str) -> PeerInfo:
    return PeerInfo(PeerId(name.lower()), name, f"SHA256:{name}")


ANN, BEA, CAL, DAN = peer("Ann"), peer("Bea"), peer("Cal"), peer("Dan")


@dataclass(slots=True)
class Connection:
    """A client's connection to one instance, and what it believes by what it has heard."""

    peer: PeerInfo
    heard: list[ServerMessage] = field(default_factory=list)
    room: RoomName | None = None
    others: set[PeerId] = field(default_factory=set)
    has_created: bool = False
    unanswered: int = 0
    is_replaced: bool = False

    def hear(self, message: ServerMessage) -> None:
        assert not self.is_replaced, "nothing is said to whom the instance has dismissed"
        self.heard.append(message)
        match message:
            case RoomCreated(room):
                self.unanswered -= self.room is None
                self.room, self.has_created = room, True
            case RoomJoined(room, peers):
                self.unanswered -= 1
                self.room, self.others = room, {other.peer_id for other in peers}
            case PeerJoined() | PeerLeft() if self.room is None:
                pass  # said before the instance knew that this client has left
            case PeerJoined(other):
                assert other.peer_id not in self.others, message
                self.others.add(other.peer_id)
            case PeerLeft(peer_id):
                assert peer_id in self.others, message
                self.others.remove(peer_id)
            case Error(code):
                self.unanswered -= code not in (ErrorCode.NO_SUCH_PEER, ErrorCode.NOT_IN_ROOM)
            case SdpOffer(sender=sender) | SdpAnswer(sender=sender) | IceCandidate(sender=sender):
                assert sender is not None, "stamped"


class Instance:
    """One instance with its clients, its way to the channel and its way from it."""

    def __init__(self, name: str, capacity: int = 3, pace: Pace = PACE) -> None:
        rules = RoomRules(capacity, max_rooms=100_000, grace_s=GRACE_S)
        self.id = InstanceId(name)
        self.cluster = Cluster(self.id, rules, pace)
        self.connections: dict[PeerId, Connection] = {}
        self.outbox: deque[Announcement] = deque()
        self.inbox: deque[bytes] = deque()
        self.is_linked = False

    def carry_out(self, step: Step) -> None:
        for peer_id, message in step.deliveries:
            self.connections[peer_id].hear(message)
        self._announce(step.announcements)
        for peer_id in step.replaced:
            self.connections.pop(peer_id).is_replaced = True

    def _announce(self, announcements: list[Announcement]) -> None:
        if self.is_linked:
            self.outbox.extend(announcements)


class World:
    """Instances, their channel and the time, which only passes when told."""

    def __init__(self, *names: str, capacity: int = 3) -> None:
        self.now = 100.0
        self._capacity = capacity
        self._numbers = count()
        self.stray: deque[Announcement] = deque()
        """What an instance had sent over a connection that broke, and may still come."""
        self.instances = [self.start(name) for name in names]

    def start(self, name: str) -> Instance:
        return Instance(f"{name}{next(self._numbers)}", self._capacity)

    def link(self, instance: Instance) -> None:
        others = sum(each.is_linked for each in self.instances if each is not instance)
        instance.is_linked = True
        instance.carry_out(instance.cluster.attach(others, self.now))

    def cut(self, instance: Instance, *, loses: bool = True) -> None:
        instance.is_linked = False
        if not loses:
            self.stray.extend(instance.outbox)
        instance.outbox.clear()
        instance.inbox.clear()
        instance.carry_out(instance.cluster.detach(self.now))

    def crash(self, instance: Instance) -> Instance:
        """End an instance without a word; another takes its place, of which nobody knows yet."""
        for connection in instance.connections.values():
            connection.is_replaced = True
        place = self.instances.index(instance)
        self.instances[place] = self.start(instance.id[0])
        return self.instances[place]

    def publish_one(self, instance: Instance) -> None:
        self._publish(instance.outbox.popleft())

    def publish_stray(self) -> None:
        self._publish(self.stray.popleft())

    def deliver_one(self, instance: Instance) -> None:
        bulletin = decode_bulletin(instance.inbox.popleft())
        instance.carry_out(instance.cluster.receive(bulletin, self.now))

    def tick(self, seconds: float) -> None:
        self.now += seconds
        for instance in self.instances:
            instance.carry_out(instance.cluster.tick(self.now))

    def flow(self) -> None:
        """Let everything arrive that is on its way."""
        while any(each.outbox or each.inbox for each in self.instances):
            for instance in self.instances:
                while instance.outbox:
                    self.publish_one(instance)
            for instance in self.instances:
                while instance.inbox:
                    self.deliver_one(instance)

    def settle(self) -> None:
        """Link everybody, and let time pass until all grace and patience is over."""
        for instance in self.instances:
            if not instance.is_linked:
                self.link(instance)
        for _ in range(60):
            self.flow()
            self.tick(PACE.beat_s)
        self.flow()

    def sign_in(self, instance: Instance, who: PeerInfo) -> Connection:
        older = instance.connections.get(who.peer_id)
        if older is not None:
            older.is_replaced = True
        connection = instance.connections[who.peer_id] = Connection(who)
        instance.carry_out(instance.cluster.sign_in(who, self.now))
        return connection

    def sign_out(self, instance: Instance, who: PeerInfo) -> None:
        del instance.connections[who.peer_id]
        instance.carry_out(instance.cluster.sign_out(who.peer_id, self.now))

    def join(self, instance: Instance, who: PeerInfo, room: str, create: bool = True) -> None:
        instance.connections[who.peer_id].unanswered += 1
        instance.carry_out(instance.cluster.join(who.peer_id, room, create, self.now))

    def create(self, instance: Instance, who: PeerInfo, room: str) -> None:
        instance.connections[who.peer_id].unanswered += 1
        instance.carry_out(instance.cluster.create(who.peer_id, room, self.now))

    def leave(self, instance: Instance, who: PeerInfo) -> None:
        connection = instance.connections[who.peer_id]
        connection.room, connection.has_created = None, False
        connection.others.clear()
        instance.carry_out(instance.cluster.leave(who.peer_id, self.now))

    def _publish(self, announcement: Announcement) -> None:
        data = encode_bulletin(Bulletin(announcement.origin, (announcement.message,)))
        for instance in self.instances:
            if instance.is_linked and announcement.to in (None, instance.id):
                instance.inbox.append(data)


def linked(*names: str, capacity: int = 3) -> World:
    """Return a world in which all instances are attached."""
    world = World(*names, capacity=capacity)
    for instance in world.instances:
        world.link(instance)
        world.flow()
    assert all(instance.cluster.is_attached for instance in world.instances)
    return world


def state_of(instance: Instance) -> list[SnapshotPart]:
    """Return all an instance knows, in comparable form."""
    return instance.cluster._replica.parts(0)


def two_in_the_den() -> World:
    """Return a world where Ann at the first and Bea at the second instance know each other."""
    world = linked("a", "b")
    first, second = world.instances
    for instance, who in ((first, ANN), (second, BEA)):
        world.sign_in(instance, who)
        world.join(instance, who, "den")
        world.flow()
    assert second.connections[BEA.peer_id].others == {ANN.peer_id}
    return world


def let_pass(world: World, seconds: float) -> None:
    for _ in range(round(seconds / PACE.beat_s)):
        world.tick(PACE.beat_s)
        world.flow()

"""One instance among several that act as one server; must not do I/O, read a clock or draw random numbers.

All commands of all instances go over one channel that has an order, and every instance carries them out,
its own included, when they come back from there. So two peers who create the same room on two instances
at the same moment are one who creates it and one who joins, and no room holds more than it may. An
instance's states::

    detached ── attach ─► calling ── snapshot ─► merging ── its own beat is back ─► attached
       ▲                   │ ▲ └── nobody answers, and its own FOUND is back ──────►  │ │
       │                   │ └── given up by the others, or their group goes first ◄──┘ │
       └───── detach ◄─────┴────────────────────────────────────────────────────────────┘

Unless it is attached, what its own peers ask for is carried out at once, on the state as it was known
last; without a bus that is all there is. Other instances stay in that state until they have been silent
for too long: a blip costs nothing. When it is attached again, it restores its peers in the common state:
rooms of the same name join up, even beyond their capacity, and its peers hear who came and went. Once it
has said that it ends, it takes part in nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from math import inf
from typing import Final

from collabterm.protocol.signaling import Error, Introduction, PeerId, PeerInfo
from collabterm_server.instances.announcements import (
    Announcement,
    Arrive,
    Beat,
    Bulletin,
    Command,
    Create,
    Depart,
    Epoch,
    Found,
    GiveUp,
    Hello,
    InstanceId,
    Introduce,
    Join,
    Leave,
    Origin,
    PeerCommand,
    Restore,
    RoomRules,
    SnapshotPart,
    Standing,
)
from collabterm_server.instances.calling import Call
from collabterm_server.instances.carriage import pack, unpack
from collabterm_server.instances.merging import corrections, moved_away, news
from collabterm_server.instances.own_peers import OwnPeers
from collabterm_server.instances.replica import Replica
from collabterm_server.instances.silence import Pace, Silence
from collabterm_server.rooms import Delivery

_ATTEMPTS: Final = 3
"""How many times others are asked for the common state, before there is none."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from something that happened, to be done in the order of these fields.

    ``replaced`` are those whose connection here ends, because they have signed in at another instance.
    """

    deliveries: list[Delivery] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    replaced: list[PeerId] = field(default_factory=list)


class _Phase(Enum):
    DETACHED = auto()
    CALLING = auto()
    MERGING = auto()
    ATTACHED = auto()
    ENDED = auto()


class Cluster:
    """The rooms as one instance serves them; times are seconds of one monotonic clock.

    Every delivery is to a peer that is signed in here.

    Args:
        instance: This run of this process; no other ever has the same.
        rules: What ``Rooms`` is made with; in a group, its founder's count.
        pace: How patient it is with others.
    """

    __slots__ = (
        "_ahead",
        "_call",
        "_calls",
        "_epoch",
        "_last_beat",
        "_merged",
        "_origin",
        "_pace",
        "_peers",
        "_phase",
        "_replica",
        "_silence",
        "instance",
    )

    def __init__(self, instance: InstanceId, rules: RoomRules, pace: Pace) -> None:
        self.instance = instance
        self._pace = pace
        self._phase = _Phase.DETACHED
        self._peers = OwnPeers(instance)
        self._replica = Replica(rules, 0.0)
        self._replica.instances[instance] = Standing(0, True, 0.0)
        self._origin = Origin(instance, 0, None)
        self._epoch: Epoch | None = None
        self._ahead = 0.0  # of the clock of this instance is that of its state, while detached
        self._calls = 0
        self._call: Call | None = None
        self._merged: Replica | None = None
        self._silence = Silence(pace)
        self._last_beat = 0.0

    @property
    def is_attached(self) -> bool:
        """Whether it shares the common state."""
        return self._phase is _Phase.ATTACHED

    @property
    def room_count(self) -> int:
        """How many rooms it knows of."""
        return len(self._replica.rooms)

    @property
    def instance_count(self) -> int:
        """How many instances it knows of, itself included."""
        return len(self._replica.instances)

    def sign_in(self, peer: PeerInfo, now: float) -> Step:
        """Take note that a peer has signed in here; connections before, here or elsewhere, are replaced."""
        self._peers.add(peer.peer_id)
        return self._submit(Arrive(peer), now)

    def sign_out(self, peer_id: PeerId, now: float) -> Step:
        """Take note that a peer's connection to this instance has ended; its place is kept for a while."""
        if peer_id not in self._peers:
            return Step()
        self._peers.remove(peer_id)
        return self._submit(Depart(peer_id), now)

    def create(self, peer_id: PeerId, room: str, now: float) -> Step:
        """Open a room that does not exist yet, and enter it."""
        return self._submit(Create(peer_id, room), now)

    def join(self, peer_id: PeerId, room: str, create: bool, now: float) -> Step:
        """Enter a room; with ``create``, open it if it does not exist."""
        return self._submit(Join(peer_id, room, create), now)

    def leave(self, peer_id: PeerId, now: float) -> Step:
        """Leave the room one is in."""
        return self._submit(Leave(peer_id), now)

    def route(self, introduction: Introduction, sender: PeerId) -> Step:
        """Pass an introduction on, to a peer here or by way of the instance where its peer is."""
        [(to, message)] = self._replica.rooms.route(introduction, sender)
        resident = self._replica.residents.get(to)
        if to == sender or resident is None or resident.instance == self.instance:
            return Step(self._mine([(to, message)]))
        if self._phase is not _Phase.ATTACHED:
            return Step()  # peers try again, and hear it if the other does not come back
        parcel = pack(message, to)
        if isinstance(parcel, Error):
            return Step([(sender, parcel)])
        return Step(announcements=[Announcement(resident.instance, self._origin, parcel)])

    def receive(self, bulletin: Bulletin, now: float) -> Step:
        """Take what came over the bus, whoever it is from."""
        step, origin = Step(), bulletin.origin
        if origin.instance != self.instance:
            self._silence.hear(origin.instance, now)
        for message in bulletin.messages if self._phase is not _Phase.ENDED else ():
            match message:
                case Introduce():
                    step.deliveries.extend(self._introduce(message))
                case SnapshotPart():
                    self._take_part(message, origin, now, step)
                case _:
                    self._hear(message, origin, now, step)
        return step

    def attach(self, others: int, now: float) -> Step:
        """Take note that the bus is there, and how many others listen to it; find the common state."""
        step = Step()
        if self._phase is _Phase.ENDED:
            return step
        self._call_again(0, now, step)
        if others == 0:
            step.announcements.clear()
            self._propose(step)
        return step

    def detach(self, now: float) -> Step:
        """Take note that the bus is lost: go on alone, at first with what has not come back from it."""
        step = Step()
        if self._phase is _Phase.ENDED:
            return step
        if self._phase is _Phase.ATTACHED:
            self._ahead = self._replica.clock - now
        self._phase, self._call, self._merged = _Phase.DETACHED, None, None
        while (command := self._peers.give_up_waiting()) is not None:
            step.deliveries.extend(self._carry_out(command, now))
        return step

    def tick(self, now: float) -> Step:
        """Let time pass; to be called about once in ``beat_s``, attached or not."""
        step = Step()
        if self._phase in (_Phase.MERGING, _Phase.ENDED):
            return step
        others = [each for each in self._replica.instances if each != self.instance]
        silent = [GiveUp(each) for each in self._silence.too_long(others, now)]
        if self._phase is _Phase.ATTACHED:
            self._announce(Beat(now - self._last_beat), step)
            for command in silent:
                self._announce(command, step)
            self._last_beat = now
            return step
        heard = self._replica.advance(now + self._ahead)
        for command in silent:
            heard += self._replica.apply(command, self._origin)
        step.deliveries.extend(self._mine(heard))
        self._pursue_call(now, step)
        return step

    def close(self) -> Step:
        """Tell the others that this instance ends; from then on it takes part in nothing."""
        step = Step()
        if self._phase is _Phase.ATTACHED:
            self._announce(GiveUp(self.instance), step)
        self._phase = _Phase.ENDED
        return step

    def _submit(self, command: PeerCommand, now: float) -> Step:
        if self._phase in (_Phase.DETACHED, _Phase.CALLING):
            return Step(self._carry_out(command, now))
        step = Step()
        if self._phase is _Phase.ENDED:
            return step
        self._peers.wait_for(command)
        if self._phase is _Phase.ATTACHED:
            self._announce(command, step)
        return step

    def _carry_out(self, command: PeerCommand, now: float) -> list[Delivery]:
        heard = self._replica.advance(now + self._ahead)
        return self._mine(heard + self._replica.apply(command, self._origin))

    def _mine(self, deliveries: list[Delivery]) -> list[Delivery]:
        return self._peers.addressed(deliveries, self._replica)

    def _announce(self, command: Command, step: Step) -> None:
        step.announcements.append(Announcement(None, self._origin, command))

    def _introduce(self, parcel: Introduce) -> list[Delivery]:
        unpacked = unpack(parcel)
        return [] if unpacked is None else self._mine(self._replica.rooms.route(*unpacked))

    def _hear(self, command: Command, origin: Origin, now: float, step: Step) -> None:
        if self._phase is _Phase.CALLING:
            self._hear_calling(command, origin, now, step)
        elif self._phase is _Phase.MERGING:
            self._hear_merging(command, origin, now, step)
        elif self._phase is _Phase.ATTACHED:
            self._hear_attached(command, origin, now, step)

    def _hear_calling(self, command: Command, origin: Origin, now: float, step: Step) -> None:
        assert self._call is not None, "calling"
        match command:
            case Found(epoch) if origin.instance == self.instance:
                if epoch == self._call.founding:
                    self._found(epoch, now)
            case Found():
                self._call_again(0, now, step)
            case _:
                self._call.hear(command, origin)

    def _hear_merging(self, command: Command, origin: Origin, now: float, step: Step) -> None:
        assert self._merged is not None, "merging"
        if origin.epoch != self._epoch and not isinstance(command, Hello):
            return
        if command == GiveUp(self.instance):
            self._call_again(0, now, step)
            return
        self._merged.apply(command, origin)
        if isinstance(command, Beat) and origin == self._origin_of_call():
            self._attach_to(self._merged, now, step)

    def _hear_attached(self, command: Command, origin: Origin, now: float, step: Step) -> None:
        match command:
            case Hello(attempt):
                self._replica.apply(command, origin)
                self._answer(attempt, origin, step)
            case Beat() if origin.epoch is not None and origin.epoch != self._epoch:
                if self._epoch is not None and origin.epoch < self._epoch:
                    self._call_again(0, now, step)
            case _ if origin.epoch != self._epoch:
                pass
            case GiveUp(self.instance):
                self._call_again(0, now, step)
            case _:
                self._follow(command, origin, step)

    def _follow(self, command: Command, origin: Origin, step: Step) -> None:
        """Carry out a command of the group, in its order."""
        if origin == self._origin:
            self._peers.came_back(command)
        step.deliveries.extend(self._mine(self._replica.apply(command, origin)))
        if isinstance(command, Arrive | Restore):
            peer_id = command.peer.peer_id
            if self._peers.is_settled(peer_id):
                self._dismiss(moved_away(self._replica, self.instance, [peer_id]), step)

    def _answer(self, attempt: int, origin: Origin, step: Step) -> None:
        """Answer a call if it is this instance's turn."""
        instances = self._replica.instances.items()
        able = [each for each, standing in instances if standing.has_state and each != origin.instance]
        if able and able[attempt % len(able)] == self.instance:
            step.announcements.extend(
                Announcement(origin.instance, self._origin, part) for part in self._replica.parts(origin.call)
            )

    def _call_again(self, attempt: int, now: float, step: Step) -> None:
        step.deliveries.extend(self.detach(now).deliveries)
        self._calls += 1
        self._phase = _Phase.CALLING
        self._call = Call(self.instance, self._calls, attempt, now + self._pace.answer_s)
        origin = Origin(self.instance, self._calls, None)
        step.announcements.append(Announcement(None, origin, Hello(attempt)))

    def _pursue_call(self, now: float, step: Step) -> None:
        """If nobody answers, ask another; if none does, propose to go on from here."""
        if self._call is None or now < self._call.deadline:
            return
        if self._call.attempt + 1 < _ATTEMPTS:
            self._call_again(self._call.attempt + 1, now, step)
        else:
            self._propose(step)

    def _propose(self, step: Step) -> None:
        assert self._call is not None, "calling"
        self._call.founding = Epoch(f"{self.instance}-{self._call.number}")
        self._call.deadline = inf
        origin = Origin(self.instance, self._call.number, None)
        step.announcements.append(Announcement(None, origin, Found(self._call.founding)))

    def _found(self, epoch: Epoch, now: float) -> None:
        assert self._call is not None, "calling"
        number = self._call.number
        self._replica.found(self.instance, number)
        self._be_attached(self._replica, Origin(self.instance, number, epoch), now)

    def _take_part(self, part: SnapshotPart, origin: Origin, now: float, step: Step) -> None:
        if self._phase is not _Phase.CALLING or self._call is None:
            return
        self._call.deadline = max(self._call.deadline, now + self._pace.answer_s)
        merged = self._call.take(part, origin)
        if merged is None:
            return
        standing = merged.instances.get(self.instance)
        if standing is None or standing.call != self._call.number:
            self._call_again(0, now, step)
            return
        self._phase, self._merged, self._epoch = _Phase.MERGING, merged, origin.epoch
        step.deliveries.extend(self._mine(self._replica.advance(now + self._ahead)))
        mine, present = self._origin_of_call(), self._peers.present
        for command in (*corrections(self._replica, merged, self.instance, present), Beat(0.0)):
            step.announcements.append(Announcement(None, mine, command))

    def _attach_to(self, merged: Replica, now: float, step: Step) -> None:
        """Go over from the own state to the common one; what was asked for meanwhile is announced now."""
        self._dismiss(moved_away(merged, self.instance, self._peers.settled()), step)
        step.deliveries.extend(news(self._replica, merged, self._peers.settled()))
        self._be_attached(merged, self._origin_of_call(), now)
        for command in self._peers.waiting():
            self._announce(command, step)

    def _be_attached(self, replica: Replica, origin: Origin, now: float) -> None:
        self._replica, self._origin, self._epoch = replica, origin, origin.epoch
        self._phase, self._call, self._merged = _Phase.ATTACHED, None, None
        self._last_beat = now

    def _origin_of_call(self) -> Origin:
        assert self._call is not None, "calling or merging"
        return Origin(self.instance, self._call.number, self._epoch)

    def _dismiss(self, peer_ids: list[PeerId], step: Step) -> None:
        for peer_id in peer_ids:
            self._peers.remove(peer_id)
        step.replaced.extend(peer_ids)

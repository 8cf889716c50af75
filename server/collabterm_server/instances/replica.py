"""The state that all instances of one server have in common; must not know which instance it is in.

Every instance carries out the same commands in the same order, so all have the same state; nothing here
may depend on anything else, be it an instance's own clock or what it is about to say. Therefore time
comes by command, too: every beat moves the clock of its instance, and the foremost is the common one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, assert_never

from collabterm.protocol.signaling import PeerId
from collabterm_server.instances.announcements import (
    Arrive,
    Beat,
    Command,
    Create,
    Depart,
    Found,
    GiveUp,
    Hello,
    InstanceId,
    Join,
    Leave,
    Origin,
    Outline,
    PeerCommand,
    Resident,
    Restore,
    RoomRules,
    SnapshotPart,
    Standing,
)
from collabterm_server.rooms import Delivery, Rooms

_MOST_PER_PART: Final = 500
"""Residents and rooms in one part of a snapshot: some 200 KB, and a few milliseconds to read."""

_LONGEST_BEAT_S: Final = 60.0
"""No clock jumps further at once, whatever an instance says."""


class Replica:
    """Who is where, by all that has been announced.

    ``instances`` are those of the group, the oldest first.
    """

    __slots__ = ("clock", "instances", "residents", "rooms", "rules")

    def __init__(self, rules: RoomRules, clock: float) -> None:
        self.rules = rules
        self.clock = clock
        self.instances: dict[InstanceId, Standing] = {}
        self.residents: dict[PeerId, Resident] = {}
        self.rooms = Rooms(rules.capacity, rules.max_rooms, rules.grace_s)

    def apply(self, command: Command, origin: Origin) -> list[Delivery]:
        """Carry out a command; what comes from outside the group, or from an older call, has no effect."""
        sender, standing = origin.instance, self.instances.get(origin.instance)
        if isinstance(command, Hello):
            if standing is None or standing.call < origin.call:
                self.instances[sender] = Standing(origin.call, False, self.clock)
            return []
        if standing is None or standing.call != origin.call:
            return []
        match command:
            case Beat(elapsed_s):
                return self._beat(sender, standing, elapsed_s)
            case GiveUp(instance):
                return self._give_up(instance)
            case Found():
                return []
            case _:
                return self._apply_for_peer(command, sender)

    def advance(self, clock: float) -> list[Delivery]:
        """Let time pass up to ``clock``."""
        self.clock = clock
        return self.rooms.expire(clock)

    def found(self, instance: InstanceId, call: int) -> None:
        """Be the state of a group of one; the others known have to call for it, or are given up in time."""
        others = {each: standing for each, standing in self.instances.items() if each != instance}
        self.instances = {instance: Standing(call, True, self.clock)} | {
            each: Standing(standing.call, False, self.clock) for each, standing in others.items()
        }

    def parts(self, call: int) -> list[SnapshotPart]:
        """Return all of the state, as the answer to a call."""
        residents = tuple(self.residents.values())
        rooms = tuple(self.rooms.records())
        outline = Outline(self.rules, self.clock, tuple(self.instances.items()))
        total = max(1, -(-max(len(residents), len(rooms)) // _MOST_PER_PART))
        slices = [slice(at * _MOST_PER_PART, (at + 1) * _MOST_PER_PART) for at in range(total)]
        return [
            SnapshotPart(call, number, total, outline, residents[each], rooms[each])
            for number, each in enumerate(slices)
        ]

    def _beat(self, sender: InstanceId, standing: Standing, elapsed_s: float) -> list[Delivery]:
        elapsed_s = min(max(elapsed_s, 0.0), _LONGEST_BEAT_S)
        clock = standing.clock + elapsed_s if standing.has_state else self.clock
        self.instances[sender] = Standing(standing.call, True, clock)
        return self.advance(clock) if clock > self.clock else []

    def _give_up(self, instance: InstanceId) -> list[Delivery]:
        if self.instances.pop(instance, None) is None:
            return []
        heard: list[Delivery] = []
        for resident in [each for each in self.residents.values() if each.instance == instance]:
            heard += self._depart(resident.peer.peer_id)
        return heard

    def _apply_for_peer(self, command: PeerCommand, sender: InstanceId) -> list[Delivery]:
        match command:
            case Arrive(peer):
                heard = self.rooms.lost(peer.peer_id, self.clock)
                self.residents[peer.peer_id] = Resident(peer, sender, self.clock)
                return heard
            case Restore():
                return self._restore(command, sender)
        resident = self.residents.get(command.peer_id)
        if resident is None or resident.instance != sender:
            return []  # it has signed in elsewhere
        match command:
            case Depart(peer_id):
                return self._depart(peer_id)
            case Create(_, room):
                return self.rooms.create(resident.peer, room, self.clock)
            case Join(_, room, create):
                return self.rooms.join(resident.peer, room, create, self.clock)
            case Leave(peer_id):
                return self.rooms.leave(peer_id)
            case _:
                assert_never(command)

    def _depart(self, peer_id: PeerId) -> list[Delivery]:
        heard = self.rooms.lost(peer_id, self.clock)
        del self.residents[peer_id]
        return heard

    def _restore(self, command: Restore, sender: InstanceId) -> list[Delivery]:
        """Take over where a peer is, if it has not signed in elsewhere since."""
        peer, since = command.peer, self.clock - command.age_s
        known = self.residents.get(peer.peer_id)
        if known is not None and known.instance != sender and known.since > since:
            return []
        self.residents[peer.peer_id] = Resident(peer, sender, since)
        if command.room is not None:
            return self.rooms.admit(peer, command.room, self.clock)
        if self.rooms.room_of(peer.peer_id) is not None:
            return self.rooms.leave(peer.peer_id)
        return []


def assemble(parts: Iterable[SnapshotPart]) -> Replica:
    """Return the state that a snapshot describes; ``parts`` are all of one, in any order.

    What belongs together is looked at only when all is there: a room's peers may be in another part.
    """
    ordered = sorted(parts, key=lambda part: part.number)
    outline = ordered[0].outline
    replica = Replica(outline.rules, outline.clock)
    replica.instances.update(outline.instances)
    for part in ordered:
        for resident in part.residents:
            replica.residents[resident.peer.peer_id] = resident
    peers = {peer_id: resident.peer for peer_id, resident in replica.residents.items()}
    replica.rooms.restore((record for part in ordered for record in part.rooms), peers)
    return replica

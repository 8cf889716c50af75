"""Rooms joined in memory, with links that delay, lose, double, reorder and break; it must not edit.

Nothing happens unless it is asked for, and time passes only in ``pass_time``. A link has two ends, each
with its own belief whether it is open, as over a real network where one side learns first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from collabterm.protocol.limits import MAX_DATAGRAM_BYTES
from collabterm.protocol.messages import Digest, decode_messages
from collabterm.session.outbox import Channel
from collabterm.session.room import Room
from tests.crdt_text import crdt_text

TICK_S: Final = 0.05

Link = tuple[str, str]
"""Whose end it is, and who is at the other."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A payload on its way. ``stated`` is the sender's text when it sent a digest along, else None."""

    payload: bytes
    stated: str | None


@dataclass(slots=True)
class _Pipe:
    """What is on its way in one direction."""

    ordered: deque[Parcel] = field(default_factory=deque)
    datagrams: list[Parcel] = field(default_factory=list)

    def clear(self) -> None:
        self.ordered.clear()
        self.datagrams.clear()


class InMemoryNetwork:
    """Some rooms and the links between them."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.rooms: dict[str, Room] = {}
        self.told: dict[Link, str] = {}
        """For an open end: the text that the peer at the other end held when it last stated a digest."""
        self._pipes: dict[Link, _Pipe] = {}
        self._open: set[Link] = set()

    def add(self, peer_id: str, room: Room) -> None:
        """Put a room on the network, with no link yet."""
        self.rooms[peer_id] = room

    def lay(self, one: str, other: str) -> None:
        """Make a link between two rooms, from now on there to be cut and mended."""
        self._pipes[one, other], self._pipes[other, one] = _Pipe(), _Pipe()
        self.mend(one, other)

    @property
    def links(self) -> Sequence[Link]:
        """Every direction of every link that was laid, open or not."""
        return tuple(self._pipes)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is on its way."""
        return not any(pipe.ordered or pipe.datagrams for pipe in self._pipes.values())

    def is_open(self, one: str, other: str) -> bool:
        """Return whether both ends take the link for open."""
        return {(one, other), (other, one)} <= self._open

    def linked(self, peer_id: str) -> Sequence[str]:
        """Return whom a room takes for linked."""
        return tuple(other for one, other in self._open if one == peer_id)

    def notice_loss(self, one: str, other: str) -> None:
        """Let one end find its link dead; what was on its way is lost, what the other end sends too."""
        if (one, other) not in self._open:
            return
        self._open.discard((one, other))
        self.told.pop((one, other), None)
        self._clear(one, other)
        self.rooms[one].link_closed(other)

    def cut(self, one: str, other: str) -> None:
        """Break a link; both ends notice."""
        self.notice_loss(one, other)
        self.notice_loss(other, one)

    def mend(self, one: str, other: str) -> None:
        """Replace a link by a new one, whatever the ends believe of the old."""
        self.cut(one, other)
        for end, far_end in ((one, other), (other, one)):
            self._open.add((end, far_end))
            self.rooms[end].link_opened(far_end, self.now_s)

    def mend_all(self) -> None:
        """Mend every link that is not open at both ends."""
        for one, other in self.links:
            if not self.is_open(one, other):
                self.mend(one, other)

    def speak(self, peer_id: str) -> None:
        """Let a room send what it has to send now."""
        room = self.rooms[peer_id]
        for outgoing in room.take_outgoing(self.now_s):
            if not self.is_open(peer_id, outgoing.peer_id):
                continue
            states = any(isinstance(message, Digest) for message in decode_messages(outgoing.payload))
            parcel = Parcel(outgoing.payload, crdt_text(room.document) if states else None)
            pipe = self._pipes[peer_id, outgoing.peer_id]
            if outgoing.channel is Channel.COLLABORATION:
                pipe.ordered.append(parcel)
            else:
                assert len(parcel.payload) < MAX_DATAGRAM_BYTES, "a datagram that would be fragmented"
                pipe.datagrams.append(parcel)

    def speak_all(self) -> None:
        """Let every room send what it has to send now."""
        for peer_id in self.rooms:
            self.speak(peer_id)

    def deliver(self, sender: str, receiver: str, count: int) -> None:
        """Deliver up to ``count`` payloads of the reliable channel, in order."""
        ordered = self._pipes[sender, receiver].ordered
        for _ in range(min(count, len(ordered))):
            self._hand_over(sender, receiver, Channel.COLLABORATION, ordered.popleft())

    def deliver_datagram(self, sender: str, receiver: str, index: int, *, copies: int = 1) -> None:
        """Deliver any one of the waiting datagrams, ``copies`` times; none loses it, two keep it too."""
        datagrams = self._pipes[sender, receiver].datagrams
        if not datagrams:
            return
        index %= len(datagrams)
        parcel = datagrams[index] if copies > 1 else datagrams.pop(index)
        for _ in range(copies):
            self._hand_over(sender, receiver, Channel.PRESENCE, parcel)

    def deliver_all(self) -> None:
        """Deliver everything, and what is said in answer, until nothing is on its way."""
        self.speak_all()
        while not self.is_quiet:
            for sender, receiver in self.links:
                pipe = self._pipes[sender, receiver]
                while pipe.datagrams:
                    self.deliver_datagram(sender, receiver, 0)
                self.deliver(sender, receiver, len(pipe.ordered))
            self.speak_all()

    def pass_time(self, seconds: float) -> None:
        """Let time pass; rooms speak meanwhile, and ends that hear nothing find their link dead."""
        for step_s in _steps(seconds):
            self.now_s += step_s
            self.speak_all()
            for peer_id, room in self.rooms.items():
                for silent in room.silent_peers(self.now_s):
                    self.notice_loss(peer_id, silent)

    def _clear(self, one: str, other: str) -> None:
        self._pipes[one, other].clear()
        self._pipes[other, one].clear()

    def _hand_over(self, sender: str, receiver: str, channel: Channel, parcel: Parcel) -> None:
        self.rooms[receiver].receive(sender, channel, parcel.payload, self.now_s)
        if parcel.stated is not None:
            self.told[receiver, sender] = parcel.stated


def _steps(seconds: float) -> Iterator[float]:
    """Cut a time into ticks; a long one is a sleep of the whole machine, and passes at once."""
    if seconds > 10:
        yield seconds
        return
    while seconds > TICK_S:
        yield TICK_S
        seconds -= TICK_S
    yield seconds

"""A signaling server in memory: it introduces peers as the real one would, and must not know meshes.

What it carries is stamped with the sender and passed on at the loop's next turn, unread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from collabterm.protocol.signaling import Introduction, PeerId, PeerInfo, PeerJoined, PeerLeft
from collabterm.transport.signaling_client import EnteredRoom, SignalingEvent

Handler = Callable[[SignalingEvent], None]


class MeetingPlace:
    """One room of a server: who is in it, and which of them cannot reach each other."""

    def __init__(self) -> None:
        self._inside: dict[PeerId, Seat] = {}
        self._apart: set[frozenset[PeerId]] = set()
        self.carried: list[Introduction] = []
        """Every introduction so far, as its receiver saw it."""

    def seat(self, name: str) -> Seat:
        """Make the connection of a peer whose id is its name; it is not in the room yet."""
        return Seat(self, PeerInfo(PeerId(name), name, ""))

    def keep_apart(self, one: str, other: str) -> None:
        """Carry nothing between two peers, as if no path led from one to the other."""
        self._apart.add(frozenset((PeerId(one), PeerId(other))))

    def enter(self, seat: Seat) -> None:
        """Let a peer in, and tell everybody."""
        present = tuple(other.info for other in self._inside.values())
        for other in self._inside.values():
            other.tell(PeerJoined(seat.info))
        self._inside[seat.info.peer_id] = seat
        seat.tell(EnteredRoom(created=not present, hosting=False, peers=present))

    def leave(self, seat: Seat) -> None:
        """Let a peer go, if it is here, and tell everybody."""
        if self._inside.pop(seat.info.peer_id, None) is not None:
            for other in self._inside.values():
                other.tell(PeerLeft(seat.info.peer_id))

    def carry(self, message: Introduction, sender: PeerId) -> None:
        """Pass an introduction on to whom it is for, if that peer is here and can be reached."""
        assert message.to is not None, "an introduction for nobody"
        addressee = self._inside.get(message.to)
        if addressee is not None and frozenset((sender, message.to)) not in self._apart:
            stamped = replace(message, to=None, sender=sender)
            self.carried.append(stamped)
            addressee.tell(stamped)


class Seat:
    """One peer's connection to the meeting place: an introducer."""

    def __init__(self, place: MeetingPlace, info: PeerInfo) -> None:
        self.info = info
        self._place = place
        self._handle: Handler | None = None

    def enter(self, handle: Handler) -> None:
        """Enter the room; ``handle`` is told what happens there from now on."""
        self._handle = handle
        self._place.enter(self)

    def leave(self) -> None:
        """Leave the room; nothing is heard of it any more."""
        self._place.leave(self)
        self._handle = None

    def send(self, message: Introduction) -> None:
        """Carry an introduction to its ``to``."""
        self._place.carry(message, self.info.peer_id)

    def tell(self, event: SignalingEvent) -> None:
        """Let this peer know, at the loop's next turn."""
        asyncio.get_running_loop().call_soon(self._deliver, event)

    def _deliver(self, event: SignalingEvent) -> None:
        if self._handle is not None:
            self._handle(event)

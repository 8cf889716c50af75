"""Offers between clients of a signaling server, and how long each was under way; it must not set goals.

Senders, addressees and moments are drawn at random (a Poisson process), since evenly spaced signals would
never meet each other in the server. One clock times both ends.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from time import perf_counter
from typing import Final

from collabterm.protocol.signaling import RoomName, SdpOffer
from tests.benchmarks.signaling_crowd import Crowd
from tests.benchmarks.signaling_member import Member, frame

_SEALED: Final = "c2VhbGVk" * 250
"""2,000 characters: as long as a sealed offer with a handful of candidates."""

_LAST_ONES_S: Final = 2.0
"""For those still under way at the end; one that needs longer is lost."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Seconds of each signal that arrived, in three parts of which only the first is the server's.

    Attributes:
        latencies_s: From the write at the sender's socket to the read at the addressee's.
        unread_s: What of it the signal had been there and not been read by us.
        late_s: How much later it was written than it should have been; no part of the latency.
        lost: How many did not arrive.
    """

    latencies_s: list[float] = field(default_factory=list)
    unread_s: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    lost: int = 0


def exchange(crowd: Crowd, rate: float, seconds: float) -> Exchange:
    """Let ``rate`` offers a second be sent, while everybody beats."""
    with _no_collection():
        return _exchange(crowd, list(_moments(crowd.insiders(), rate, seconds)))


def _exchange(crowd: Crowd, moments: Sequence[tuple[float, Member, Member]]) -> Exchange:
    latencies_s: list[float] = []
    unread_s: list[float] = []
    late_s: list[float] = []
    sent_at: dict[int, float] = {}
    start = perf_counter()
    end = start + moments[-1][0] + _LAST_ONES_S
    number = 0
    while perf_counter() < end and (number < len(moments) or sent_at):
        while number < len(moments) and start + moments[number][0] <= perf_counter():
            after_s, sender, addressee = moments[number]
            offer = frame(SdpOffer({"number": number, "sealed": _SEALED}, to=addressee.peer_id))
            sent_at[number] = perf_counter()
            late_s.append(sent_at[number] - start - after_s)
            crowd.send(sender, offer)
            number += 1
        next_s = moments[number][0] if number < len(moments) else end - start
        for heard in crowd.turn(start + next_s):
            if heard.message["type"] == "SDP_OFFER":
                latencies_s.append(heard.read_at - sent_at.pop(heard.message["payload"]["number"]))
                unread_s.append(heard.read_at - heard.ready_at)
    return Exchange(latencies_s, unread_s, late_s, lost=len(sent_at))


def _moments(members: list[Member], rate: float, seconds: float) -> Iterator[tuple[float, Member, Member]]:
    """Yield after how many seconds who sends to whom."""
    random = Random(len(members))
    rooms: defaultdict[RoomName, list[Member]] = defaultdict(list)
    for member in members:
        rooms[member.room].append(member)
    shared = [room for room in rooms.values() if len(room) > 1]
    after_s = 0.0
    while (after_s := after_s + random.expovariate(rate)) < seconds:
        sender, addressee = random.sample(random.choice(shared), 2)
        yield after_s, sender, addressee


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the generator from pausing to look through thousands of clients for garbage."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

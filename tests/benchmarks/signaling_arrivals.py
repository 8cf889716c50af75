"""Clients that come to a signaling server, stay, or leave again; it must not set goals.

They come as fast as the server lets them: so many are on their way at a time, and as one enters, the next
one sets out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from operator import attrgetter
from time import perf_counter
from typing import Final

from collabterm.protocol.signaling import RoomName
from tests.benchmarks.signaling_crowd import Crowd, Heard
from tests.benchmarks.signaling_member import Member

ROOM_OF: Final = 4
"""People a room."""

_ON_THEIR_WAY: Final = 48
_PATIENCE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How many came, within how many seconds, and how long each one's way took."""

    number: int
    seconds: float
    ways_s: list[float]

    @property
    def per_second(self) -> float:
        """Return how many came a second."""
        return self.number / self.seconds


def fill(crowd: Crowd, size: int) -> None:
    """Let clients come until ``size`` are inside their rooms.

    Raises:
        AssertionError: If nobody gets in any more.
    """
    missing = size - len(crowd)
    rooms = _rooms(f"held{len(crowd)}")
    on_their_way = 0
    deadline = perf_counter() + _PATIENCE_S
    while missing or on_their_way:
        assert perf_counter() < deadline, f"nobody gets in any more, {missing} are still to come"
        while missing and on_their_way < _ON_THEIR_WAY:
            crowd.connect(next(rooms))
            missing, on_their_way = missing - 1, on_their_way + 1
        if entered := _entered(crowd.turn(deadline)):
            on_their_way -= len(entered)
            deadline = perf_counter() + _PATIENCE_S


def stay(crowd: Crowd, seconds: float) -> int:
    """Let everybody only beat; return how many beats the server answered."""
    end = perf_counter() + seconds
    beats = 0
    while perf_counter() < end:
        beats += sum(heard.message["type"] == "HEARTBEAT" for heard in crowd.turn(end))
    return beats


def come_and_go(crowd: Crowd, seconds: float, staying: int) -> Arrivals:
    """Let clients come, and leave when ``staying`` others have come: so their number is bounded.

    When the time is over, all of them leave.

    Raises:
        AssertionError: If some do not get in or out.
    """
    size = len(crowd)
    rooms = _rooms("visited")
    set_out: dict[Member, float] = {}
    inside: deque[Member] = deque()
    ways_s: list[float] = []
    start = perf_counter()
    end = start + seconds
    while (now := perf_counter()) < end:
        while len(set_out) < _ON_THEIR_WAY:
            set_out[crowd.connect(next(rooms))] = now
        for heard in _entered(crowd.turn(end)):
            ways_s.append(heard.read_at - set_out.pop(heard.member))
            inside.append(heard.member)
            if len(inside) > staying:
                crowd.leave(inside.popleft())
    arrivals = Arrivals(len(ways_s), perf_counter() - start, ways_s)
    _see_off(crowd, [*inside, *set_out], size)
    return arrivals


def _see_off(crowd: Crowd, visitors: list[Member], size: int) -> None:
    """Let visitors leave as soon as they are inside, until the crowd has its ``size`` again."""
    deadline = perf_counter() + _PATIENCE_S
    while len(crowd) > size:
        assert perf_counter() < deadline, f"{len(crowd) - size} clients do not get in or out"
        for member in filter(attrgetter("inside"), visitors):
            crowd.leave(member)
        crowd.turn(deadline)


def _entered(heard: list[Heard]) -> list[Heard]:
    return [one for one in heard if one.message["type"] in {"ROOM_CREATED", "ROOM_JOINED"}]


def _rooms(prefix: str) -> Iterator[RoomName]:
    """Return the room of one newcomer after the other."""
    return (RoomName(f"{prefix}-{number // ROOM_OF}") for number in count())

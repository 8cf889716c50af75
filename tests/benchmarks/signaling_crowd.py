"""Thousands of clients of a signaling server in one thread; it must not decide what they do, or measure it.

Their sockets are read by an epoll loop of their own, since asyncio's would cost as much as the server's. Each
comes from one of a thousand addresses of loopback: one address runs out of ports, which the system keeps
for a minute after a connection has ended.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random
from socket import AF_INET, IPPROTO_IP, IPPROTO_TCP, SO_LINGER, SOCK_STREAM, SOL_SOCKET, TCP_NODELAY, socket
from struct import pack
from time import perf_counter
from typing import Final, Self

from collabterm.protocol.signaling import PeerId, RoomName
from tests.benchmarks.signaling_frames import upgrade_request
from tests.benchmarks.signaling_member import BEAT, FAREWELL, Key, Member, Message

HEARTBEAT_S: Final = 15.0

_KEYS: Final = 10_000
"""As many as clients at a time, so that no cache of the server's gains more here than among people."""

_SOURCES: Final = [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(1_000)]
_IP_BIND_ADDRESS_NO_PORT: Final = 24
"""From Linux's ``in.h``: take the port at ``connect``, where only the pair of addresses must be new."""

_READ_BYTES: Final = 65_536
_AT_ONCE: Final = pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, when it was read, and since when it could have been: the time between is our own delay."""

    member: Member
    message: Message
    read_at: float
    ready_at: float


class Crowd:
    """The clients of the server at ``port``, within ``with``; they beat as long as ``turn`` is called.

    Attributes:
        lost: How many inside a room the server has cut off.
    """

    def __init__(self, port: int) -> None:
        self.lost = 0
        self._port = port
        self._random = Random(port)
        self._keys = [Key.generate() for _ in range(_KEYS)]
        self._numbers = count()
        self._sockets: dict[Member, socket] = {}
        self._members: dict[int, Member] = {}
        self._beats: list[tuple[float, PeerId, Member]] = []
        """When who is due, the soonest first; members themselves have no order."""

    def __enter__(self) -> Self:
        self._epoll = select.epoll()
        return self

    def __exit__(self, *exc_info: object) -> None:
        for sock in self._sockets.values():
            sock.setsockopt(SOL_SOCKET, SO_LINGER, _AT_ONCE)
            sock.close()
        self._epoll.close()

    def __len__(self) -> int:
        """Return how many connections there are, on their way in and out included."""
        return len(self._sockets)

    def insiders(self) -> list[Member]:
        """Return who is in a room, in the order in which they came."""
        return [member for member in self._sockets if member.inside]

    def connect(self, room: RoomName) -> Member:
        """Let one more client come; ``turn`` does the rest."""
        number = next(self._numbers)
        sock = socket(AF_INET, SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)  # as asyncio does: else Nagle's delay is measured, 40 ms
        sock.setsockopt(IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((_SOURCES[number % len(_SOURCES)], 0))
        sock.connect_ex(("127.0.0.1", self._port))
        member = Member(self._keys[number % _KEYS], self._random.randbytes(16), room)
        self._sockets[member] = sock
        self._members[sock.fileno()] = member
        self._epoll.register(sock, select.EPOLLOUT)
        return member

    def send(self, member: Member, frames: bytes) -> None:
        """Send at once; if the connection has ended, ``turn`` is going to find out.

        Raises:
            BlockingIOError: If the server has not read for so long that the system takes no more.
        """
        with suppress(ConnectionError):
            sent = self._sockets[member].send(frames)
            assert sent == len(frames), "the server reads too slowly"

    def leave(self, member: Member) -> None:
        """Leave for good, as a client does; the connection ends when the server ends it."""
        member.inside = False
        self.send(member, FAREWELL)

    def turn(self, until: float) -> list[Heard]:
        """Wait for whatever comes, at most ``until``; answer it, and return it.

        Raises:
            AssertionError: If the server refuses something.
        """
        self._beat()
        if self._beats:
            until = min(until, self._beats[0][0])
        # epoll itself waits for whole milliseconds
        select.select((self._epoll,), (), (), max(0.0, until - perf_counter()))
        ready = self._epoll.poll(0, 1_024)
        ready_at = perf_counter()
        return [heard for fd, mask in ready for heard in self._attend(fd, mask, ready_at)]

    def _beat(self) -> None:
        now = perf_counter()
        while self._beats and self._beats[0][0] <= now:
            due, peer_id, member = heappop(self._beats)
            if member.inside:
                self.send(member, BEAT)
                heappush(self._beats, (due + HEARTBEAT_S, peer_id, member))

    def _attend(self, fd: int, mask: int, ready_at: float) -> Iterator[Heard]:
        member = self._members[fd]
        if mask & select.EPOLLOUT:
            self._epoll.modify(fd, select.EPOLLIN)
            self.send(member, upgrade_request(self._port))
            return
        try:
            data = self._sockets[member].recv(_READ_BYTES)
        except ConnectionError:
            data = b""
        read_at = perf_counter()
        if not data:
            self._forget(member)
            return
        for message in member.hear(data):
            was_inside = member.inside
            if answer := member.answer(message):
                self.send(member, answer)
            if member.inside and not was_inside:  # beats spread out, as those of people who come by and by
                first = read_at + self._random.random() * HEARTBEAT_S
                heappush(self._beats, (first, member.peer_id, member))
            yield Heard(member, message, read_at, ready_at)

    def _forget(self, member: Member) -> None:
        self.lost += member.inside
        member.inside = False
        sock = self._sockets.pop(member)
        del self._members[sock.fileno()]
        sock.close()

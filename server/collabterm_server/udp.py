"""The UDP port that answers STUN; it must not log packets, because anybody can send any number of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

from collabterm_server.addresses import source_of
from collabterm_server.rates import SourceRates, TokenBucket
from collabterm_server.stun import answer_binding

ANSWER_RATE: Final = 2_000
"""Answers a second: twice the joins a second that the server is built for, in less than a tenth of a core."""

ANSWER_BURST: Final = 4_000

SOURCE_RATE: Final = 50
"""Answers a second to one address, which may be forged: 5 KB/s, headers included, hurt nobody."""

SOURCE_BURST: Final = 1_000
"""Once: an office of 300 behind one address whose server restarts, each asking two or three times."""


class StunResponder(asyncio.DatagramProtocol):
    """Answers the Binding requests that come to one UDP socket.

    Args:
        now: A monotonic clock, in seconds, such as the loop's.
        on_answer: Called for each answer sent.
        on_drop: Called for each request left unanswered because too many came.
    """

    def __init__(
        self, now: Callable[[], float], on_answer: Callable[[], None], on_drop: Callable[[], None]
    ) -> None:
        self._now = now
        self._on_answer = on_answer
        self._on_drop = on_drop
        self._all = TokenBucket(ANSWER_RATE, ANSWER_BURST)
        self._by_source = SourceRates(SOURCE_RATE, SOURCE_BURST)
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.DatagramTransport", transport)  # gh-90352, fixed in 3.12

    def datagram_received(self, data: bytes, addr: tuple[str, int] | tuple[str, int, int, int]) -> None:
        """Answer, if it is a request and neither its source nor all together asked too much."""
        answer = answer_binding(data, addr[0], addr[1])
        if answer is None or self._transport is None:
            return
        now = self._now()
        if self._by_source.take(source_of(addr[0]), now) or self._all.take(now):
            self._on_drop()
            return
        self._transport.sendto(answer, addr)
        self._on_answer()

    def error_received(self, exc: Exception) -> None:
        """Go on: it is about a datagram to somebody who is no longer there."""

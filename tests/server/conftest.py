"""A running server, and two peers in one room."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from collabterm.protocol.signaling import PeerJoined
from collabterm_server.limits import ServerLimits
from collabterm_server.relay import SignalingServer
from tests.server.signaling_peer import Pair, signed_in

TALKATIVE = ServerLimits(message_rate=100_000, message_burst=100_000)
"""For what is said, not how often: a test speaks faster than any client."""


@pytest.fixture
async def server() -> AsyncIterator[SignalingServer]:
    async with SignalingServer("127.0.0.1", 0, TALKATIVE) as running:
        yield running


@pytest.fixture
async def pair(server: SignalingServer) -> AsyncIterator[Pair]:
    async with signed_in(server.url, "Ann") as ann, signed_in(server.url, "Bea") as bea:
        await ann.enter("den")
        await bea.enter("den")
        assert await ann.receive() == PeerJoined(bea.info)
        yield Pair(ann, bea)

"""What the server answers to those who do not speak WebSocket, and what it counts."""

from __future__ import annotations

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from collabterm.protocol.signaling import SdpOffer
from collabterm_server.relay import SignalingServer
from tests.server.signaling_peer import Pair, http_get, knocking, signed_in, stats_of


async def test_health_is_a_plain_request(server: SignalingServer) -> None:
    status, headers, body = await http_get(server.port, "/healthz")
    assert (status, body) == (200, "ok\n")
    assert "Server: collabterm" in headers


@pytest.mark.parametrize(
    ("path", "status"), [("/", 426), ("/api", 404), ("/healthz/x", 404), ("/favicon.ico", 404)]
)
async def test_other_plain_requests_are_answered_by_a_sentence(
    server: SignalingServer, path: str, status: int
) -> None:
    answered, _, body = await http_get(server.port, path)
    assert answered == status
    assert "collabterm signaling server" in body


@pytest.mark.parametrize("path", ["/", "/collabterm/", "/ws?x=1"])
async def test_websockets_are_welcome_on_any_path_a_proxy_may_leave(
    server: SignalingServer, path: str
) -> None:
    async with signed_in(server.url + path) as ann:
        assert await ann.enter("den") == ()


async def test_the_health_page_is_no_websocket(server: SignalingServer) -> None:
    with pytest.raises(InvalidStatus):
        await connect(f"{server.url}/healthz", proxy=None)


async def test_compression_is_not_offered(server: SignalingServer) -> None:
    async with connect(server.url, proxy=None) as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


async def test_stats_count_what_happened(pair: Pair, server: SignalingServer) -> None:
    await pair.ann.send(SdpOffer({}, to=pair.bea.peer_id))
    await pair.bea.receive()
    async with knocking(server.url) as stranger:
        await stranger.challenge()
        stats = await stats_of(server.port)
    assert (stats["connections"], stats["handshakes"], stats["rooms"]) == (2, 1, 1)
    assert stats["messages"] == {
        "received": {"AUTH": 2, "JOIN_ROOM": 2, "SDP_OFFER": 1},
        "sent": {
            "CHALLENGE": 3,
            "AUTH_OK": 2,
            "ROOM_CREATED": 1,
            "ROOM_JOINED": 1,
            "PEER_JOINED": 1,
            "SDP_OFFER": 1,
        },
    }


async def test_refused_operations_are_counted_and_operations_stay_zero(
    pair: Pair, server: SignalingServer
) -> None:
    for data in ('{"type":"UPDATE"}', '{"type":"SYNC_STEP1"}', b"\0\0\0", '{"type":"TELEPORT"}'):
        await pair.ann.send_raw(data)
        await pair.ann.refusal()
    stats = await stats_of(server.port)
    assert stats["operations"] == {"total": 0, "perSecond": 0}
    assert stats["operationsRefused"] == 3

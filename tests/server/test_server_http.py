"""What the server answers to those who do not speak WebSocket, and what it counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response

from collabterm.errors import BadOrigin
from collabterm.protocol.signaling import SdpOffer
from collabterm_server.http import (
    READY,
    REDIS_LOST,
    STARTING,
    Readiness,
    check_origin,
    respond,
)
from collabterm_server.relay import SignalingServer
from collabterm_server.stats import Census, Snapshot, Stats
from tests.server.signaling_peer import Pair, http_get, knocking, signed_in, stats_of

EXAMPLE = "https://example.org"
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade"}


@dataclass(frozen=True)
class StillServer:
    """A server in which nothing happens."""

    state: Readiness = READY
    allowed_origins: frozenset[str] = frozenset()

    def readiness(self) -> Readiness:
        return self.state

    def read_stats(self) -> Snapshot:
        return Stats(started=0.0).snapshot(Census(connections=2, handshakes=1, rooms=1), 1.0)


def ask(
    path: str,
    method: str = "GET",
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    server: StillServer | None = None,
) -> Response | None:
    return respond(Request(path, Headers(headers), method), server or StillServer())


def answer(path: str, method: str = "GET", server: StillServer | None = None) -> Response:
    response = ask(path, method, server=server)
    assert response is not None
    return response


@pytest.mark.parametrize(
    ("path", "status"), [("/", 426), ("/api", 404), ("/healthz/x", 404), ("/favicon.ico", 404), ("*", 404)]
)
def test_other_plain_requests_are_answered_by_a_sentence(path: str, status: int) -> None:
    response = answer(path)
    assert response.status_code == status
    assert b"collabterm signaling server" in response.body


@pytest.mark.parametrize(
    ("path", "status", "content_type"),
    [
        ("/healthz", 200, "text/plain; charset=utf-8"),
        ("/readyz", 200, "text/plain; charset=utf-8"),
        ("/api/stats", 200, "application/json"),
        ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"),
        ("/metrics?name[]=x", 200, "text/plain; version=0.0.4; charset=utf-8"),
        ("/", 426, "text/plain; charset=utf-8"),
    ],
)
def test_head_tells_all_that_get_does_but_the_body(path: str, status: int, content_type: str) -> None:
    get, head = answer(path), answer(path, "HEAD")
    assert (get.status_code, head.status_code) == (status, status)
    assert get.headers["Content-Type"] == head.headers["Content-Type"] == content_type
    assert (len(get.body), len(head.body)) == (int(get.headers["Content-Length"]), 0)
    assert "Content-Length" in head.headers


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "PRI", "get"])
@pytest.mark.parametrize("path", ["/healthz", "/", "/nothing"])
def test_other_methods_are_refused_everywhere(method: str, path: str) -> None:
    response = answer(path, method)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/stats", "/metrics", "/", "/nothing"])
def test_no_answer_is_kept_or_taken_for_a_page(path: str) -> None:
    headers = answer(path).headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert (headers["Connection"], headers["Server"]) == ("close", "collabterm")
    assert parsedate_to_datetime(headers["Date"]).tzinfo is not None


@pytest.mark.parametrize(
    ("state", "status", "sentence"),
    [
        (READY, 200, b"ready\n"),
        (STARTING, 503, b"starting: not all is known yet\n"),
        (REDIS_LOST, 200, b"redis is lost: rooms of this instance only\n"),
    ],
)
def test_a_server_says_whether_to_send_it_new_clients(state: Readiness, status: int, sentence: bytes) -> None:
    server = StillServer(state)
    response = answer("/readyz", server=server)
    assert (response.status_code, response.body) == (status, sentence)
    assert answer("/healthz", server=server).status_code == 200


def test_stats_and_metrics_tell_the_same() -> None:
    stats = json.loads(answer("/api/stats").body)
    assert (stats["connections"], stats["handshakes"], stats["rooms"]) == (2, 1, 1)
    assert b"\ncollabterm_connections 2\n" in answer("/metrics").body


def test_a_terminal_needs_no_origin() -> None:
    assert ask("/", headers=UPGRADE) is None


@pytest.mark.parametrize(
    ("origin", "allowed", "may"),
    [
        (EXAMPLE, frozenset({EXAMPLE}), True),
        ("HTTPS://Example.org", frozenset({EXAMPLE}), True),
        (EXAMPLE, frozenset({"*"}), True),
        ("null", frozenset({"*"}), True),
        (EXAMPLE, frozenset(), False),
        ("http://example.org", frozenset({EXAMPLE}), False),
        ("https://example.org:8443", frozenset({EXAMPLE}), False),
        ("https://example.org.evil.test", frozenset({EXAMPLE}), False),
        ("null", frozenset({EXAMPLE}), False),
        ("*", frozenset({EXAMPLE}), False),
        ("", frozenset({EXAMPLE}), False),
    ],
)
def test_a_page_may_connect_if_its_origin_was_allowed(
    origin: str, allowed: frozenset[str], may: bool
) -> None:
    response = ask("/", headers=UPGRADE | {"Origin": origin}, server=StillServer(allowed_origins=allowed))
    if may:
        assert response is None
    else:
        assert response is not None
        assert response.status_code == 403
        assert b"--allow-origin" in response.body


def test_a_page_of_two_origins_is_of_none() -> None:
    headers = [*UPGRADE.items(), ("Origin", EXAMPLE), ("Origin", EXAMPLE)]
    response = ask("/", headers=headers, server=StillServer(allowed_origins=frozenset({EXAMPLE})))
    assert response is not None
    assert response.status_code == 403


def test_the_origin_of_a_plain_request_does_not_matter() -> None:
    response = ask("/healthz", headers={"Origin": EXAMPLE})
    assert response is not None
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://example.org", "https://example.org"),
        (" HTTPS://Example.ORG/ ", "https://example.org"),
        ("https://example.org:443", "https://example.org"),
        ("http://example.org:80", "http://example.org"),
        ("http://example.org:443", "http://example.org:443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:80", "http://[::1]"),
        ("*", "*"),
    ],
)
def test_an_origin_is_understood_as_browsers_write_it(written: str, meant: str) -> None:
    assert check_origin(written) == meant


@pytest.mark.parametrize(
    "text",
    ["", "example.org", "https://", "https://example.org/app", "wss://example.org", "null", "https://*"],
)
def test_what_would_never_match_is_no_origin(text: str) -> None:
    with pytest.raises(BadOrigin) as caught:
        check_origin(text)
    assert str(caught.value).startswith(f"{text!r} is not the origin of web pages: write it like ")


@given(st.text())
def test_any_text_is_an_origin_or_told_not_to_be(text: str) -> None:
    try:
        origin = check_origin(text)
    except BadOrigin:
        return
    assert check_origin(origin) == origin


@given(st.text(), st.sampled_from(["GET", "HEAD", "PUT"]), st.dictionaries(st.text(), st.text()))
def test_any_request_has_an_answer_or_may_try_to_speak_websocket(
    path: str, method: str, headers: dict[str, str]
) -> None:
    request = Request(path, Headers(), method)
    for name, value in headers.items():
        request.headers.set_insecure(name, value)
    response = respond(request, StillServer())
    assert response is None or response.status_code in (200, 403, 404, 405, 426)


async def test_health_is_a_plain_request(server: SignalingServer) -> None:
    status, headers, body = await http_get(server.port, "/healthz")
    assert (status, body) == (200, "ok\n")
    assert "Server: collabterm" in headers


async def test_head_and_other_methods_are_answered_over_the_wire(server: SignalingServer) -> None:
    status, _, body = await http_get(server.port, "/healthz", "HEAD")
    assert (status, body) == (200, "")
    status, headers, _ = await http_get(server.port, "/healthz", "DELETE")
    assert status == 405
    assert "Allow: GET, HEAD" in headers


async def test_a_running_server_is_ready_and_has_metrics(server: SignalingServer) -> None:
    assert (await http_get(server.port, "/readyz"))[::2] == (200, "ready\n")
    status, _, body = await http_get(server.port, "/metrics")
    assert status == 200
    assert "\ncollabterm_connections 0\n" in body


@pytest.mark.parametrize("path", ["/", "/collabterm/", "/ws?x=1"])
async def test_websockets_are_welcome_on_any_path_a_proxy_may_leave(
    server: SignalingServer, path: str
) -> None:
    async with signed_in(server.url + path) as ann:
        assert await ann.enter("den") == ()


async def test_the_health_page_is_no_websocket(server: SignalingServer) -> None:
    with pytest.raises(InvalidStatus):
        await connect(f"{server.url}/healthz", proxy=None)


async def test_a_page_that_nobody_allowed_is_kept_out(server: SignalingServer) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(server.url, origin=EXAMPLE, proxy=None)  # type: ignore[arg-type]  # Origin is a NewType
    assert caught.value.response.status_code == 403


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

"""What loads the signaling server: that it speaks as a client does, and that it counts what it says."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from tests.benchmarks.signaling_arrivals import come_and_go, fill
from tests.benchmarks.signaling_crowd import Crowd
from tests.benchmarks.signaling_exchange import exchange
from tests.benchmarks.signaling_frames import CLOSE, FrameReader, text_frame, upgrade_request
from tests.benchmarks.signaling_process import PinnedServer

SHORT_TEXTS = ("", "ä", "x" * 125, "x" * 126, "x" * 300)
TEXTS = (*SHORT_TEXTS, "x" * 65_535)

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs epoll and /proc")


def upgraded() -> tuple[ServerProtocol, bytes]:
    """Return the library's server side of a connection, and what it has answered to the upgrade."""
    protocol = ServerProtocol()
    protocol.receive_data(upgrade_request(80))
    (request,) = protocol.events_received()
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    return protocol, b"".join(protocol.data_to_send())


def test_the_library_understands_every_frame() -> None:
    protocol, _ = upgraded()
    protocol.receive_data(b"".join(map(text_frame, TEXTS)) + CLOSE)
    frames = [frame for frame in protocol.events_received() if isinstance(frame, Frame)]
    assert [bytes(frame.data).decode() for frame in frames[:-1]] == list(TEXTS)
    assert frames[-1].opcode is Opcode.CLOSE
    assert protocol.close_rcvd is not None
    assert protocol.close_rcvd.code == 1000


@pytest.mark.parametrize(
    ("size", "texts"),
    [(1, SHORT_TEXTS), (2, SHORT_TEXTS), (3, SHORT_TEXTS), (1_000, (*TEXTS, "x" * 65_536)), (10**6, TEXTS)],
)
def test_a_servers_messages_are_read_from_pieces_of_any_size(size: int, texts: tuple[str, ...]) -> None:
    protocol, answer = upgraded()
    for text in texts:
        protocol.send_ping(b"still there?")
        protocol.send_text(text.encode())
    data = answer + b"".join(protocol.data_to_send())
    assert [text.decode() for text in read(data, size)] == list(texts)


def test_a_server_that_does_not_upgrade_is_quoted() -> None:
    with pytest.raises(AssertionError, match="503 Service Unavailable"):
        list(FrameReader().read(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"))


@on_linux
def test_a_crowd_enters_its_rooms_and_every_offer_is_timed_and_arrives() -> None:
    with PinnedServer() as server, Crowd(server.port) as crowd:
        fill(crowd, 8)
        assert len({member.room for member in crowd.insiders()}) == 2
        done = exchange(crowd, rate=400, seconds=0.25)
        assert len(done.latencies_s) == len(done.late_s) > 0
        assert (done.lost, crowd.lost) == (0, 0)
        assert all(0 < latency < 1 for latency in done.latencies_s)


@on_linux
def test_those_who_come_and_go_are_all_gone_in_the_end_and_those_who_stayed_are_still_there() -> None:
    with PinnedServer() as server, Crowd(server.port) as crowd:
        fill(crowd, 4)
        stayed = crowd.insiders()
        arrivals = come_and_go(crowd, seconds=0.2, staying=8)
        assert arrivals.number == len(arrivals.ways_s) > 0
        assert crowd.insiders() == stayed
        assert crowd.lost == 0


def read(data: bytes, size: int) -> Iterator[bytes]:
    """Read what a server has sent, ``size`` bytes at a time."""
    reader = FrameReader()
    for start in range(0, len(data), size):
        yield from reader.read(data[start : start + size])

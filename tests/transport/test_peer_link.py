"""Two ends of one real WebRTC link, over this machine's own interface."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from time import perf_counter
from typing import Any

import pytest

from collabterm.errors import ProtocolError
from collabterm.protocol.limits import MAX_CANDIDATES, MAX_DATAGRAM_BYTES, MAX_FRAME_BYTES
from collabterm.session.outbox import Channel
from collabterm.transport.peer_link import HIGH_WATER_BYTES, PeerLink
from tests.waiting import until


class End:
    """One end of a link and what it was told."""

    def __init__(self, other: str) -> None:
        self.received: list[bytes] = []
        self.datagrams: list[bytes] = []
        self.opened = 0
        self.closed = 0
        self.refuses = False
        self.link = PeerLink(other, (), self._open, self._take, self._close)

    def _open(self, link: PeerLink) -> None:
        self.opened += 1

    def _close(self, link: PeerLink) -> None:
        self.closed += 1

    def _take(self, link: PeerLink, channel: Channel, payload: bytes) -> None:
        if self.refuses:
            raise ProtocolError("the payload is refused")
        (self.received if channel is Channel.COLLABORATION else self.datagrams).append(payload)


@pytest.fixture
async def ends() -> AsyncIterator[tuple[End, End]]:
    ana, bob = End("bob"), End("ana")
    await ana.link.accept(await bob.link.answer(await ana.link.offer()))
    await until(lambda: ana.opened and bob.opened, "the link is open")
    yield ana, bob
    await asyncio.gather(ana.link.close(), bob.link.close())


async def test_a_link_opens_once_on_both_ends(ends: tuple[End, End]) -> None:
    assert [(end.opened, end.closed, end.link.is_open) for end in ends] == [(1, 0, True)] * 2


async def test_payloads_of_any_size_arrive_whole_and_in_order(ends: tuple[End, End]) -> None:
    ana, bob = ends
    noise = random.Random(7).randbytes
    sizes = [0, 1, MAX_FRAME_BYTES - 1, MAX_FRAME_BYTES, MAX_FRAME_BYTES + 1, 300_000, 8 << 20, 2, 0, 70_000]
    payloads = [noise(size) for size in sizes] + [b"the same line again\n" * 100_000]
    for payload in payloads:
        ana.link.send(Channel.COLLABORATION, payload)
    bob.link.send(Channel.COLLABORATION, b"the other way")
    await until(lambda: len(bob.received) == len(payloads), "everything arrived", timeout_s=30.0)
    assert bob.received == payloads
    assert ana.received == [b"the other way"]


async def test_what_waits_is_not_all_handed_to_the_network_at_once(ends: tuple[End, End]) -> None:
    ana, bob = ends
    payload = random.Random(8).randbytes(1 << 20)
    ana.link.send(Channel.COLLABORATION, payload)
    most = 0
    while not bob.received:
        most = max(most, ana.link._collaboration.bufferedAmount)
        await asyncio.sleep(0)
    assert bob.received == [payload]
    assert HIGH_WATER_BYTES / 2 < most < HIGH_WATER_BYTES + MAX_FRAME_BYTES


async def test_datagrams_up_to_the_largest_arrive(ends: tuple[End, End]) -> None:
    ana, bob = ends
    datagrams = [b"", b"here I am", bytes(MAX_DATAGRAM_BYTES - 1)]
    for datagram in datagrams:
        ana.link.send(Channel.PRESENCE, datagram)
    await until(lambda: len(bob.datagrams) == len(datagrams), "the datagrams arrived")
    assert sorted(bob.datagrams, key=len) == datagrams
    assert not bob.received


async def test_a_datagram_overtakes_a_large_payload(ends: tuple[End, End]) -> None:
    ana, bob = ends
    ana.link.send(Channel.COLLABORATION, random.Random(9).randbytes(1 << 20))
    while not bob.datagrams:
        ana.link.send(Channel.PRESENCE, b"here I am")
        await until(lambda: not ana.link._presence.bufferedAmount, "the datagram was sent")
    assert not bob.received
    await until(lambda: bob.received, "the payload arrived")


async def test_what_was_sent_before_drained_is_not_lost_by_the_close(ends: tuple[End, End]) -> None:
    ana, bob = ends
    payload = random.Random(10).randbytes(400_000)
    ana.link.send(Channel.COLLABORATION, payload)
    await ana.link.drained()
    await ana.link.close()
    await until(lambda: bob.closed, "bob notices")
    assert bob.received == [payload]


async def test_closing_is_quick_and_the_other_end_notices(ends: tuple[End, End]) -> None:
    ana, bob = ends
    started = perf_counter()
    await ana.link.close()
    assert perf_counter() - started < 0.5
    await until(lambda: bob.closed, "bob notices", timeout_s=1.0)
    assert (ana.closed, bob.closed) == (0, 1)
    assert not ana.link.is_open
    assert not bob.link.is_open


async def test_closing_is_quick_with_a_large_payload_on_its_way(ends: tuple[End, End]) -> None:
    ana, bob = ends
    ana.link.send(Channel.COLLABORATION, random.Random(11).randbytes(4 << 20))
    started = perf_counter()
    await ana.link.close()
    assert perf_counter() - started < 0.5
    await until(lambda: bob.closed, "bob notices", timeout_s=1.0)


async def test_a_closed_link_sends_nothing_and_fails_at_nothing(ends: tuple[End, End]) -> None:
    ana, bob = ends
    await ana.link.close()
    ana.link.send(Channel.COLLABORATION, b"too late")
    ana.link.send(Channel.PRESENCE, b"too late")
    await ana.link.drained()
    await until(lambda: bob.closed, "bob notices")
    assert bob.received + bob.datagrams == []


@pytest.mark.parametrize(
    "frame",
    [b"", b"\xff", b"\x00no first", b"\x07not deflated", bytes(MAX_FRAME_BYTES + 1), "text", b"\x01a\x01b"],
    ids=["empty", "unknown flags", "no first", "not deflated", "too long", "text", "first twice"],
)
async def test_a_malformed_frame_ends_the_link(ends: tuple[End, End], frame: bytes | str) -> None:
    ana, bob = ends
    for part in (b"\x01a", b"\x01b") if frame == b"\x01a\x01b" else (frame,):
        ana.link._collaboration.send(part)
    await until(lambda: bob.closed, "bob ends the link")
    assert bob.received == []


async def test_a_payload_that_its_receiver_refuses_ends_the_link(ends: tuple[End, End]) -> None:
    ana, bob = ends
    bob.refuses = True
    ana.link.send(Channel.COLLABORATION, b"refused")
    ana.link.send(Channel.COLLABORATION, b"refused again")
    await until(lambda: bob.closed, "bob ends the link")
    assert bob.closed == 1


async def test_only_so_many_candidates_of_a_peer_are_tried() -> None:
    ana, bob = End("bob"), End("ana")
    offer = await ana.link.offer()
    line = "a=candidate:1 1 udp 1 192.0.2.1 {port} typ host\r\n"
    many = "".join(line.format(port=port) for port in range(1, MAX_CANDIDATES + 10))
    await bob.link.answer({**offer, "sdp": offer["sdp"].replace("a=candidate:", f"{many}a=candidate:", 1)})
    for port in (100, 101):
        candidate = line.format(port=port)[2:].strip()
        await bob.link.add_candidate({"candidate": candidate, "sdpMid": "0"})
    transport = bob.link._connection.sctp
    assert transport is not None
    remote = transport.transport.transport.getRemoteCandidates()
    assert [candidate.port for candidate in remote] == list(range(1, MAX_CANDIDATES + 1))
    await asyncio.gather(ana.link.close(), bob.link.close())


@pytest.mark.parametrize(
    "description", [{}, {"type": "offer"}, {"type": "answer", "sdp": "v=0"}, {"type": "offer", "sdp": "m="}]
)
async def test_what_is_no_description_is_a_protocol_error(description: dict[str, Any]) -> None:
    end = End("bob")
    with pytest.raises(ProtocolError):
        await end.link.answer(description)
    await end.link.offer()
    with pytest.raises(ProtocolError):
        await end.link.accept(description)
    with pytest.raises(ProtocolError):
        await end.link.add_candidate(description)
    await end.link.close()

"""Of all STUN and TURN servers that are offered, links use those that answer, and wait for none."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from time import perf_counter, time

import pytest

from collabterm.protocol.signaling import IceServers, PeerId, TurnServer
from collabterm.transport.ice import REFLEXIVE_S, RELAY_S
from collabterm.transport.ice_servers import MAX_TRIED, PACE_S, IceSearch, IceServer, stun_of
from collabterm_server.turn import TurnRelay
from tests.coturn import SECRET, Coturn, why_no_coturn
from tests.introducers import MeetingPlace
from tests.network import SilentUdpServer, free_port
from tests.stun_server import answering, success
from tests.transport.members import Member, all_in_sync
from tests.transport.visitors import listening
from tests.waiting import until

needs_coturn = pytest.mark.skipif(why_no_coturn() is not None, reason=why_no_coturn() or "")

NOTHING = IceServers(None, ())
SLACK_S = 0.5


class Search(IceSearch):
    """A search that counts how often a server was found where there was none."""

    def __init__(self, *stun: str, server_url: str = "", pace_s: float = PACE_S) -> None:
        super().__init__(stun, server_url, self._count, pace_s)
        self.found = 0

    def _count(self) -> None:
        self.found += 1


def offer_of(url: str) -> IceServers:
    return IceServers(None, (TurnServer((f"{url}?transport=tcp",), "ana", "secret"),))


def silent_turn(silent: SilentUdpServer) -> IceServers:
    return IceServers(None, (TurnServer((silent.stun_url.replace("stun", "turn"),), "ana", "secret"),))


def turn_with(*urls: str) -> IceServers:
    return IceServers(None, (TurnRelay(urls, SECRET).credentials(PeerId("ana"), time()),))


async def test_a_stun_server_that_answers_is_used() -> None:
    async with answering(success) as server:
        search = Search(server.url)
        await search.search(NOTHING)
        assert search.servers == (IceServer(server.url),)
        assert search.found == 1


async def test_a_server_is_used_by_its_address_so_that_links_need_not_look_it_up() -> None:
    async with answering(success) as server:
        search = Search(f"stun:localhost:{server.port}")
        await search.search(NOTHING)
        assert search.servers == (IceServer(server.url),)


async def test_dead_servers_are_not_used_and_looked_for_less_than_a_second() -> None:
    with SilentUdpServer() as one, SilentUdpServer() as other:
        async with answering(success) as server:
            search = Search(one.stun_url, server.url, other.stun_url)
            started_s = perf_counter()
            await search.search(NOTHING)
            assert perf_counter() - started_s < REFLEXIVE_S + SLACK_S
            assert search.servers == (IceServer(server.url),)


async def test_a_server_is_used_before_those_that_do_not_answer_are_given_up() -> None:
    with SilentUdpServer() as silent:
        async with answering(success) as server:
            search = Search(silent.stun_url, server.url)
            searching = asyncio.create_task(search.search(NOTHING))
            await until(lambda: search.servers, "a server is used")
            assert not searching.done()
            await searching


async def test_of_those_that_answer_the_first_in_order_is_used_however_late_it_answers() -> None:
    asked = []

    def answer_who_asks_again(request: bytes) -> bytes | None:
        asked.append(request)
        return success(request) if asked.count(request) > 1 else None

    async with answering(answer_who_asks_again) as first, answering(success) as second:
        search = Search(first.url, second.url)
        searching = asyncio.create_task(search.search(NOTHING))
        await until(lambda: search.servers == (IceServer(second.url),), "the second is used")
        await searching
        assert search.servers == (IceServer(first.url),)
        assert search.found == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: b"",
        lambda request: request,
        lambda request: success(request)[:10],
        lambda request: success(bytes(20)),
        lambda request: struct.pack("!HH", 0x0111, 0) + request[4:20],
    ],
    ids=["nothing", "an echo", "too short", "of another transaction", "an error"],
)
async def test_an_answer_that_is_none_does_not_count(answer: Callable[[bytes], bytes]) -> None:
    async with answering(answer) as server:
        search = Search(server.url)
        await search.search(NOTHING)
        assert search.servers == ()


@pytest.mark.parametrize(
    "url", ["stun:nowhere.invalid", "stun:127.0.0.1:1", "stun:", f"stun:{'x' * 64}.example.org"]
)
async def test_an_address_without_a_server_is_not_used(url: str) -> None:
    search = Search(url)
    await search.search(NOTHING)
    assert search.servers == ()


async def test_no_servers_is_no_work() -> None:
    search = Search()
    await search.search(NOTHING)
    assert search.servers == ()


async def test_a_server_that_answers_no_more_is_not_used_after_the_next_search() -> None:
    async with answering(success) as server:
        search = Search(server.url)
        await search.search(NOTHING)
    await search.search(NOTHING)
    assert search.servers == ()


@asynccontextmanager
async def running(search: Search) -> AsyncIterator[Search]:
    """Let a search follow offers meanwhile; it must not fail."""
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(search.run())
        await asyncio.sleep(0)
        yield search
        following.cancel()


async def test_what_is_configured_is_looked_for_before_anything_is_offered() -> None:
    async with answering(success) as server, running(Search(server.url)) as search:
        await until(lambda: search.servers == (IceServer(server.url),), "it is found")


@needs_coturn
async def test_the_first_offer_is_tried_at_once_in_place_of_what_is_tried_already() -> None:
    with Coturn() as coturn:
        async with answering(lambda request: None) as silent, running(Search(silent.url)) as search:
            await until(lambda: silent.requests, "the search is under way")
            search.offer(turn_with(coturn.url))
            began_s = perf_counter()
            await until(lambda: search.servers, "the server is found")
            assert perf_counter() - began_s < SLACK_S


@needs_coturn
async def test_what_an_offer_brought_is_not_used_after_one_that_brings_nothing() -> None:
    with Coturn() as coturn:
        async with running(Search(pace_s=0.1)) as search:
            search.offer(turn_with(coturn.url))
            await until(lambda: search.servers, "the server is found")
            search.offer(NOTHING)
            await until(lambda: not search.servers, "it is not used any more")


async def test_a_flood_of_offers_is_followed_at_the_pace_and_the_newest_wins() -> None:
    knocked: Counter[int] = Counter()

    async def knock(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocked[writer.get_extra_info("sockname")[1]] += 1

    async with AsyncExitStack() as stack:
        doors = [await stack.enter_async_context(listening(knock)) for _ in range(4)]
        offers = [offer_of(url.replace("ws://", "turn:")) for url in doors]
        ports = [int(url.rpartition(":")[2]) for url in doors]
        async with running(Search(pace_s=0.5)) as search:
            search.offer(offers[0])
            await until(lambda: knocked[ports[0]], "the first is tried")
            began_s = perf_counter()
            for offer in [*offers[1:]] * 100:
                search.offer(offer)
                await asyncio.sleep(0)
            await until(lambda: knocked[ports[3]], "the newest is tried")
            assert perf_counter() - began_s > 0.4
        assert knocked == {ports[0]: 1, ports[3]: 1}


async def test_the_same_offer_is_tried_again_for_the_network_may_be_another() -> None:
    async with answering(success) as server, running(Search(server.url, pace_s=0.05)) as search:
        await until(lambda: search.servers, "the server is found")
        asked = len(server.requests)
        search.offer(NOTHING)
        await until(lambda: len(server.requests) > asked, "it is asked again")


async def test_only_so_many_servers_are_tried() -> None:
    async with answering(success) as server:
        search = Search(*["stun:127.0.0.1:1"] * MAX_TRIED, server.url)
        await search.search(NOTHING)
        assert search.servers == ()
        assert not server.requests


@pytest.mark.parametrize(
    ("server_url", "port", "stun"),
    [
        ("wss://example.org", 3478, "stun:example.org:3478"),
        ("ws://192.0.2.1:3001/path", 3001, "stun:192.0.2.1:3001"),
        ("wss://example.org", None, None),
        ("wss://example.org", 0, None),
        ("wss://example.org", 65_536, None),
        ("ws://localhost:3001", 3001, None),
        ("ws://127.0.0.7:3001", 3001, None),
        ("ws://[::1]:3001", 3001, None),
        ("", 3001, None),
    ],
)
def test_stun_is_asked_of_the_signaling_servers_host_unless_that_is_this_machine(
    server_url: str, port: int | None, stun: str | None
) -> None:
    assert stun_of(server_url, port) == stun


@needs_coturn
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_turn_server_that_takes_the_credential_is_used(transport: str) -> None:
    with Coturn() as coturn:
        offered = turn_with(f"{coturn.url}?transport={transport}")
        search = Search()
        await search.search(offered)
        turn = offered.turn[0]
        assert search.servers == (IceServer(turn.urls[0], turn.username, turn.credential),)


@needs_coturn
async def test_a_credential_that_is_wrong_or_over_is_refused_by_coturn_and_not_used() -> None:
    with Coturn() as coturn:
        wrong = TurnRelay((coturn.url,), b"another secret of theirs").credentials(PeerId("ana"), time())
        over = TurnRelay((coturn.url,), SECRET, ttl_s=60).credentials(PeerId("ana"), time() - 120)
        forged = replace(over, username=f"{int(time()) + 600}:ana")
        for refused in (wrong, over, forged):
            search = Search()
            await search.search(IceServers(None, (refused,)))
            assert search.servers == ()
        good = turn_with(coturn.url)
        await search.search(good)
        assert search.servers == (IceServer(coturn.url, good.turn[0].username, good.turn[0].credential),)


@needs_coturn
async def test_of_the_ways_to_a_turn_server_one_that_works_is_used() -> None:
    with SilentUdpServer() as silent, Coturn() as coturn:
        dead = silent.stun_url.replace("stun", "turn")
        offered = turn_with(dead, f"turns:127.0.0.1:{coturn.port}", f"{coturn.url}?transport=tcp")
        search = Search()
        await search.search(offered)
        assert [server.url for server in search.servers] == [f"{coturn.url}?transport=tcp"]


async def test_a_turn_server_that_does_not_answer_is_not_used() -> None:
    with SilentUdpServer() as silent:
        search = Search()
        started_s = perf_counter()
        await search.search(silent_turn(silent))
        assert perf_counter() - started_s < RELAY_S + SLACK_S
        assert search.servers == ()


@pytest.mark.parametrize(
    "turn",
    [
        TurnServer(("turn:127.0.0.1:{port}?transport=tcp",), "ana", "secret"),
        TurnServer(("turns:127.0.0.1:{port}",), "ana", "secret"),
        TurnServer(("stun:127.0.0.1:{port}", "http://127.0.0.1", "turn:[::1]"), "ana", "secret"),
        TurnServer(("turn:127.0.0.1:{port}",), "a" * 70_000, "secret"),
        TurnServer(("turn:127.0.0.1:{port}",), "\ud800", "secret"),
        TurnServer(("turn:127.0.0.1:{port}",), "", ""),
        TurnServer((), "ana", "secret"),
    ],
    ids=["nobody", "nobody with TLS", "no TURN", "a long name", "half a character", "no name", "no address"],
)
async def test_what_cannot_be_a_turn_server_is_not_used(turn: TurnServer) -> None:
    port = free_port()
    urls = tuple(url.replace("{port}", str(port)) for url in turn.urls)
    search = Search()
    await search.search(IceServers(None, (replace(turn, urls=urls),)))
    assert search.servers == ()


async def test_a_link_does_not_wait_for_servers_that_do_not_answer() -> None:
    place = MeetingPlace()
    with SilentUdpServer() as stun, SilentUdpServer() as turn:
        async with Member(place, "ana", [stun.stun_url]) as ana:
            ana.mesh.handle(silent_turn(turn))
            await until(ana.mesh._ready.is_set, "aiortc is loaded")
            started_s = perf_counter()
            async with Member(place, "bob", [stun.stun_url]) as bob:
                bob.mesh.handle(silent_turn(turn))
                await all_in_sync(ana, bob)
                assert perf_counter() - started_s < 1.0


@needs_coturn
async def test_a_link_that_is_open_is_not_opened_anew_when_a_server_is_found() -> None:
    place = MeetingPlace()
    with Coturn() as coturn:
        async with Member(place, "ana") as ana, Member(place, "bob") as bob:
            await all_in_sync(ana, bob)
            link = bob.link_to("ana")
            bob.mesh.handle(turn_with(coturn.url))
            await until(lambda: bob.mesh._ice.servers, "bob uses the server")
            assert bob.link_to("ana") is link
            assert link.is_open

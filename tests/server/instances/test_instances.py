"""Two ``collabterm serve`` on one Redis, with clients on real sockets: they are one server."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from collabterm.protocol.signaling import (
    ErrorCode,
    JoinRoom,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    SdpAnswer,
    SdpOffer,
)
from tests.network import ServerProcess, free_port
from tests.product import environment, serve_command
from tests.server.arrivals import beating_until_news, skip_to
from tests.server.instances.redis_process import HAS_REDIS, RedisProcess
from tests.server.signaling_peer import Identity, Pair, http_get, signed_in

pytestmark = pytest.mark.skipif(not HAS_REDIS, reason="redis-server is not installed")

HEARTBEAT_S = 4.0
LONGEST_S = 120.0
"""A heartbeat whose silence no test waits for: what comes all the same was said."""

DEN = RoomName("den")

Servers = tuple[ServerProcess, ServerProcess]


@pytest.fixture
def redis() -> Iterator[RedisProcess]:
    with RedisProcess(password="right-one") as process:
        yield process


@contextmanager
def two_servers(home: Path, redis: RedisProcess, heartbeat_s: float) -> Iterator[Servers]:
    env = environment(home) | {"COLLABTERM_REDIS": redis.url}
    options = ("--no-stun", "--limit", f"heartbeat_s={heartbeat_s:g}")
    with (
        ServerProcess(free_port(), env, options=options) as first,
        ServerProcess(free_port(), env, options=options) as second,
    ):
        yield first, second


@asynccontextmanager
async def meeting(servers: Servers) -> AsyncIterator[Pair]:
    """Let Ann at the first and Bea at the second instance meet in one room."""
    first, second = servers
    async with signed_in(first.url, "Ann") as ann, signed_in(second.url, "Bea") as bea:
        assert await ann.enter("den") == ()
        assert await bea.enter("den") == (ann.info,)
        assert await ann.receive() == PeerJoined(bea.info)
        yield Pair(ann, bea)


@pytest.fixture
def servers(tmp_path: Path, redis: RedisProcess) -> Iterator[Servers]:
    with two_servers(tmp_path, redis, HEARTBEAT_S) as both:
        yield both


@pytest.fixture
async def pair(servers: Servers) -> AsyncIterator[Pair]:
    async with meeting(servers) as both:
        yield both


async def test_peers_of_two_instances_introduce_themselves_to_each_other(pair: Pair) -> None:
    ann, bea = pair.ann, pair.bea
    await bea.send(SdpOffer({"sdp": "v=0"}, to=ann.peer_id))
    assert await ann.receive() == SdpOffer({"sdp": "v=0"}, sender=bea.peer_id)
    await ann.send(SdpAnswer({"sdp": "v=0 too"}, to=bea.peer_id))
    assert await bea.receive() == SdpAnswer({"sdp": "v=0 too"}, sender=ann.peer_id)


async def test_who_signs_in_at_another_instance_is_replaced_and_keeps_its_place(
    pair: Pair, servers: Servers
) -> None:
    ann, bea = pair.ann, pair.bea
    async with signed_in(servers[1].url, identity=ann.identity) as newer:
        assert (await ann.refusal()).code is ErrorCode.REPLACED
        assert await bea.receive() == PeerLeft(ann.peer_id)
        assert await newer.enter("den") == (bea.info,)
        assert await bea.receive() == PeerJoined(ann.info)


async def test_a_killed_instance_is_missed_and_its_peers_find_their_place(
    pair: Pair, servers: Servers
) -> None:
    """How soon is tested where time only passes when told: in ``test_cluster``."""
    servers[0].kill()
    assert await beating_until_news(pair.bea) == PeerLeft(pair.ann.peer_id)
    async with signed_in(servers[1].url, identity=pair.ann.identity) as ann:
        assert await ann.enter("den") == (pair.bea.info,)


async def test_an_instance_that_is_stopped_is_missed_without_waiting(
    tmp_path: Path, redis: RedisProcess
) -> None:
    with two_servers(tmp_path, redis, LONGEST_S) as servers:
        async with meeting(servers) as pair:
            assert servers[0].stop() == 0
            assert await pair.bea.receive() == PeerLeft(pair.ann.peer_id)


async def test_losing_redis_drops_nobody_and_when_it_is_back_rooms_join_up(
    pair: Pair, servers: Servers, redis: RedisProcess
) -> None:
    ann, bea = pair.ann, pair.bea
    redis.kill()
    assert await beating_until_news(ann) == PeerLeft(bea.peer_id)
    assert await beating_until_news(bea) == PeerLeft(ann.peer_id)
    async with signed_in(servers[0].url, "Cal") as cal:
        assert await cal.enter("den") == (ann.info,)
        assert await skip_to(ann, PeerJoined) == PeerJoined(cal.info)
        status, _, body = await http_get(servers[0].port, "/readyz")
        assert (status, "redis is lost" in body) == (200, True)
        redis.start()
        assert await beating_until_news(ann) == PeerJoined(bea.info)
        assert await beating_until_news(cal) == PeerJoined(bea.info)
        found = {await skip_to(bea, PeerJoined), await skip_to(bea, PeerJoined)}
        assert found == {PeerJoined(ann.info), PeerJoined(cal.info)}


async def test_forty_who_ask_for_one_name_at_once_on_both_make_one_room_of_eight(servers: Servers) -> None:
    async def ask(number: int) -> object:
        async with signed_in(servers[number % 2].url, identity=Identity(f"Peer{number}")) as peer:
            answer = await peer.ask(JoinRoom(DEN, create=True))
            await all_answered.wait()
            return answer

    all_answered = asyncio.Barrier(40)
    answers = await asyncio.gather(*(ask(number) for number in range(40)))
    assert sum(isinstance(answer, RoomCreated) for answer in answers) == 1
    assert sum(isinstance(answer, RoomJoined) for answer in answers) == 7


@pytest.mark.parametrize(
    ("port", "password", "sentence"),
    [
        (None, "wrong-one", "check the user, the password and the database in its address."),
        (0, "right-one", "check the address, and that Redis runs there."),
    ],
)
def test_without_its_redis_a_server_does_not_start_and_says_why_without_the_password(
    tmp_path: Path, redis: RedisProcess, port: int | None, password: str, sentence: str
) -> None:
    port = redis.port if port is None else free_port()
    env = environment(tmp_path) | {"COLLABTERM_REDIS": f"redis://:{password}@127.0.0.1:{port}"}
    ran = subprocess.run(
        serve_command(0, host="127.0.0.1"), env=env, capture_output=True, text=True, timeout=20, check=False
    )
    output = ran.stdout + ran.stderr
    assert ran.returncode == 1
    assert sentence in " ".join(output.split())
    assert "Traceback" not in output
    assert password not in output


def test_a_taken_port_is_told_in_a_sentence_with_redis_too(tmp_path: Path, redis: RedisProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = subprocess.run(
            serve_command(port, host="127.0.0.1"),
            env=environment(tmp_path) | {"COLLABTERM_REDIS": redis.url},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert ran.returncode == 1
    assert f"Port {port} on 127.0.0.1 is already in use" in ran.stderr
    assert "Traceback" not in ran.stderr

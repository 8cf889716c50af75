"""Two ``collabterm serve`` on one Redis, with clients on real sockets: they are one server."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
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
from tests.server.instances.redis_process import HAS_REDIS, RedisProcess
from tests.server.signaling_peer import Identity, Pair, http_get, signed_in

pytestmark = pytest.mark.skipif(not HAS_REDIS, reason="redis-server is not installed")

HEARTBEAT_S = 4.0
DEN = RoomName("den")

Servers = tuple[ServerProcess, ServerProcess]


@pytest.fixture
def redis() -> Iterator[RedisProcess]:
    with RedisProcess(password="right-one") as process:
        yield process


@pytest.fixture
def servers(tmp_path: Path, redis: RedisProcess) -> Iterator[Servers]:
    env = environment(tmp_path) | {"COLLABTERM_REDIS": redis.url}
    options = ("--no-stun", "--limit", f"heartbeat_s={HEARTBEAT_S:g}")
    with (
        ServerProcess(free_port(), env, options=options) as first,
        ServerProcess(free_port(), env, options=options) as second,
    ):
        yield first, second


@pytest.fixture
async def pair(servers: Servers) -> AsyncIterator[Pair]:
    """Ann at the first and Bea at the second instance, in one room."""
    first, second = servers
    async with signed_in(first.url, "Ann") as ann, signed_in(second.url, "Bea") as bea:
        assert await ann.enter("den") == ()
        assert await bea.enter("den") == (ann.info,)
        assert await ann.receive() == PeerJoined(bea.info)
        yield Pair(ann, bea)


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


async def test_a_killed_instance_is_missed_within_the_heartbeat_and_its_peers_find_their_place(
    pair: Pair, servers: Servers
) -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    servers[0].kill()
    assert await pair.bea.receive() == PeerLeft(pair.ann.peer_id)
    assert loop.time() - before < HEARTBEAT_S
    async with signed_in(servers[1].url, identity=pair.ann.identity) as ann:
        assert await ann.enter("den") == (pair.bea.info,)


async def test_an_instance_that_is_stopped_is_missed_at_once(pair: Pair, servers: Servers) -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    assert servers[0].stop() == 0
    assert await pair.bea.receive() == PeerLeft(pair.ann.peer_id)
    assert loop.time() - before < HEARTBEAT_S / 2


async def test_losing_redis_drops_nobody_and_when_it_is_back_rooms_join_up(
    pair: Pair, servers: Servers, redis: RedisProcess
) -> None:
    ann, bea = pair.ann, pair.bea
    redis.kill()
    assert await ann.receive() == PeerLeft(bea.peer_id)
    assert await bea.receive() == PeerLeft(ann.peer_id)
    async with signed_in(servers[0].url, "Cal") as cal:
        assert await cal.enter("den") == (ann.info,)
        assert await ann.receive() == PeerJoined(cal.info)
        status, _, body = await http_get(servers[0].port, "/readyz")
        assert (status, "redis is lost" in body) == (200, True)
        redis.start()
        assert await ann.receive() == PeerJoined(bea.info)
        assert await cal.receive() == PeerJoined(bea.info)
        assert {await bea.receive(), await bea.receive()} == {PeerJoined(ann.info), PeerJoined(cal.info)}


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

"""Instances on a real Redis: what they agree on, and what happens when it or one of them goes away."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from collabterm.errors import BadRedisUrl, RedisRefused, RedisUnreachable
from collabterm.protocol.signaling import (
    IceCandidate,
    Introduction,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    SdpOffer,
)
from collabterm_server.instances.announcements import Announcement, Beat, InstanceId, Introduce, Origin
from collabterm_server.instances.redis_bus import signal_bytes, take_batch
from collabterm_server.limits import DEFAULT_LIMITS
from tests.network import free_port
from tests.server.instances.clusters import peer, state_of
from tests.server.instances.redis_instance import HEARTBEAT_S, RedisInstance
from tests.server.instances.redis_process import HAS_REDIS, RedisProcess
from tests.waiting import until

pytestmark = pytest.mark.skipif(not HAS_REDIS, reason="redis-server is not installed")

ANN, BEA, CAL = peer("Ann"), peer("Bea"), peer("Cal")
DEN = RoomName("den")
NOBODY = Origin(InstanceId("nobody"), 0, None)

LONGEST_S = 120.0
"""A heartbeat whose silence no test waits for: what comes all the same was said."""

MISSING = """
import asyncio, sys
sys.modules["redis"] = None
from collabterm.errors import RedisMissing
from collabterm_server.instances.redis_bus import RedisBus
ignore = lambda *told: None
async def main():
    told = {"on_bulletin": ignore, "on_attached": ignore, "on_lost": ignore}
    async with RedisBus("redis://localhost", "a", 1.0, **told):
        pass
try:
    asyncio.run(main())
except RedisMissing as error:
    print(error)
"""


class Two:
    """A Redis and two instances on it."""

    def __init__(self, redis: RedisProcess, first: RedisInstance, second: RedisInstance) -> None:
        self.redis = redis
        self.first = first
        self.second = second

    @property
    def both(self) -> tuple[RedisInstance, RedisInstance]:
        return self.first, self.second

    async def together(self) -> None:
        """Wait until both are attached, know the same, and know of both."""

        def are() -> bool:
            linked = all(each.cluster.is_attached for each in self.both)
            return linked and self.first.cluster.instance_count == 2 and self._agree()

        await until(are, "both attached")

    async def apart(self) -> None:
        await until(lambda: not any(each.bus.is_linked for each in self.both), "redis lost by both")

    def _agree(self) -> bool:
        [ours], [theirs] = state_of(self.first), state_of(self.second)
        return (ours.residents, ours.rooms) == (theirs.residents, theirs.rooms)


@pytest.fixture
def redis() -> Iterator[RedisProcess]:
    with RedisProcess() as process:
        yield process


@asynccontextmanager
async def two_with(redis: RedisProcess, heartbeat_s: float) -> AsyncIterator[Two]:
    async with (
        RedisInstance("a", redis.url, heartbeat_s) as first,
        RedisInstance("b", redis.url, heartbeat_s) as second,
    ):
        yield Two(redis, first, second)


@pytest.fixture
async def two(redis: RedisProcess) -> AsyncIterator[Two]:
    """Two for whom nobody is ever silent for too long, however busy the machine."""
    async with two_with(redis, LONGEST_S) as both:
        yield both


@pytest.fixture
async def unhurried(redis: RedisProcess) -> AsyncIterator[Two]:
    """Two at the usual pace: a blip is much shorter than the silence they bear."""
    async with two_with(redis, DEFAULT_LIMITS.heartbeat_s) as both:
        yield both


@pytest.fixture
async def hasty(redis: RedisProcess) -> AsyncIterator[Two]:
    """Two who soon give up those that are silent."""
    async with two_with(redis, HEARTBEAT_S) as both:
        yield both


async def test_two_who_create_a_room_at_once_on_two_instances_are_one_who_creates_and_one_who_joins(
    two: Two,
) -> None:
    ann, bea = two.first.enter(ANN, "den"), two.second.enter(BEA, "den")
    await until(lambda: ann.others and bea.others, "both know each other")
    answers = [ann.heard[0], bea.heard[0]]
    assert RoomCreated(DEN) in answers
    assert RoomJoined(DEN, (ANN,)) in answers or RoomJoined(DEN, (BEA,)) in answers


async def test_a_hundred_who_come_at_once_fill_rooms_of_three_and_no_more(two: Two) -> None:
    asked = [two.both[number % 2].enter(peer(f"Peer{number}"), f"room{number % 20}") for number in range(100)]
    await until(lambda: not any(each.unanswered for each in asked), "all answered")
    await two.together()
    inside = [each for each in asked if each.room is not None]
    assert len(inside) == 60
    await until(lambda: all(len(each.others) == 2 for each in inside), "each knows the two others")


async def test_introductions_reach_the_other_instance_in_their_order(two: Two) -> None:
    ann, bea = two.first.enter(ANN, "den"), two.second.enter(BEA, "den")
    await until(lambda: ann.others and bea.others, "both know each other")
    del bea.heard[:]
    offer = SdpOffer({"sdp": "v=0 \u2028 ü"}, to=BEA.peer_id)
    candidates = [IceCandidate({"candidate": number}, to=BEA.peer_id) for number in range(300)]
    introductions: list[Introduction] = [offer, *candidates]
    for each in introductions:
        two.first.carry_out(two.first.cluster.route(each, ANN.peer_id))
    await until(lambda: len(bea.heard) == 301, "all introductions")
    assert bea.heard[0] == SdpOffer(offer.payload, sender=ANN.peer_id)
    assert bea.heard[1:] == [IceCandidate(each.payload, sender=ANN.peer_id) for each in candidates]


async def test_signing_in_at_another_instance_replaces_the_older_connection(two: Two) -> None:
    older, bea = two.first.enter(ANN, "den"), two.second.enter(BEA, "den")
    await until(lambda: older.others and bea.others, "both know each other")
    newer = two.second.enter(ANN, "den")
    await until(lambda: older.is_replaced and newer.room, "replaced")
    assert newer.heard == [RoomJoined(DEN, (BEA,))]
    assert bea.heard[-2:] == [PeerLeft(ANN.peer_id), PeerJoined(ANN)]


async def test_an_instance_that_ends_is_missed_without_waiting_and_its_peers_find_their_place(
    redis: RedisProcess,
) -> None:
    async with RedisInstance("a", redis.url, LONGEST_S) as first:
        ann = first.enter(ANN, "den")
        async with RedisInstance("b", redis.url, LONGEST_S) as second:
            second.enter(BEA, "den")
            await until(lambda: ann.others, "Bea is there")
        await until(lambda: not ann.others, "Bea is missed")
        bea = first.enter(BEA, "den")
        await until(lambda: bea.room, "Bea is back")
        assert bea.heard == [RoomJoined(DEN, (ANN,))]


async def test_an_instance_that_hangs_is_given_up(hasty: Two) -> None:
    """How soon is tested where time only passes when told: in ``test_cluster``."""
    ann, bea = hasty.first.enter(ANN, "den"), hasty.second.enter(BEA, "den")
    await until(lambda: ann.others and bea.others, "both know each other")
    hasty.second.fall_silent()
    await until(lambda: not ann.others, "Bea is missed")


async def test_when_redis_is_lost_local_rooms_go_on_and_when_it_is_back_rooms_join_up(
    hasty: Two,
) -> None:
    ann, bea = hasty.first.enter(ANN, "den"), hasty.second.enter(BEA, "den")
    await until(lambda: ann.others and bea.others, "both know each other")
    hasty.redis.kill()
    await hasty.apart()
    await until(lambda: not ann.others and not bea.others, "each is given up by the other's instance")
    cal = hasty.first.enter(CAL, "den")
    assert cal.heard == [RoomJoined(DEN, (ANN,))]
    hasty.redis.start()
    await hasty.together()
    everybody = {ANN.peer_id, BEA.peer_id, CAL.peer_id}
    for connection in (ann, bea, cal):
        assert connection.others == everybody - {connection.peer.peer_id}


async def test_a_blip_of_redis_costs_nothing(unhurried: Two) -> None:
    ann, bea = unhurried.first.enter(ANN, "den"), unhurried.second.enter(BEA, "den")
    await until(lambda: ann.others and bea.others, "both know each other")
    heard = len(ann.heard), len(bea.heard)
    unhurried.redis.stop()
    unhurried.redis.start()
    await until(lambda: all(each.losses for each in unhurried.both), "redis lost by both")
    await unhurried.together()
    assert (len(ann.heard), len(bea.heard)) == heard
    cal = unhurried.second.enter(CAL, "den")
    await until(lambda: CAL.peer_id in ann.others and cal.room, "they are one server again")


async def test_a_redis_that_hangs_is_lost_and_what_was_asked_meanwhile_is_answered(hasty: Two) -> None:
    ann = hasty.first.enter(ANN, "den")
    await until(lambda: ann.room, "Ann is in")
    hasty.redis.freeze()
    bea = hasty.first.enter(BEA, "den")
    await hasty.apart()
    await until(lambda: bea.room, "Bea is answered")
    hasty.redis.thaw()
    await hasty.together()
    assert (ann.others, bea.others) == ({BEA.peer_id}, {ANN.peer_id})


async def test_an_instance_that_starts_learns_all_there_is(two: Two) -> None:
    count = 1_200  # more than one part of a snapshot
    asked = [two.first.enter(peer(f"Peer{number}"), f"room{number // 3}") for number in range(count)]
    await until(lambda: not any(each.unanswered for each in asked), "all answered")
    async with RedisInstance("c", two.redis.url, LONGEST_S) as third:
        assert third.cluster.room_count == count // 3
        late = third.enter(ANN, "room0")
        await until(lambda: not late.unanswered, "answered")
        assert late.room is None, "the room is full"


async def test_what_others_publish_there_is_ignored(two: Two, caplog: pytest.LogCaptureFixture) -> None:
    ann = two.first.enter(ANN, "den")
    await until(lambda: ann.room, "Ann is in")
    junk = [b"", b"\xff\xfe", b"[" * 100_000, b"{}", b'["a",1,null,[["beat","x"]]]', b'["a",1,null,[["?"]]]']
    with caplog.at_level(logging.WARNING):
        for data in junk:
            publish(two.redis, data)
        await until(lambda: len(caplog.records) >= 2 * len(junk), "a warning at each instance")
    bea = two.second.enter(BEA, "den")
    await until(lambda: bea.others == {ANN.peer_id}, "they go on")
    assert all(each.losses == 0 for each in two.both)


async def test_an_instance_that_cannot_get_rid_of_its_news_gives_redis_up(redis: RedisProcess) -> None:
    async with RedisInstance("a", redis.url, LONGEST_S) as instance:
        redis.freeze()
        instance.bus.publish(Announcement(None, NOBODY, Beat(0.0)) for _ in range(50_001))
        await until(lambda: instance.losses, "redis given up long before it is silent for too long")
        redis.thaw()


async def test_a_redis_that_was_given_up_while_something_was_sent_is_found_again(redis: RedisProcess) -> None:
    """Sending is cut short at the very moment in which it is done: no task may take that for success."""
    async with RedisInstance("a", redis.url, LONGEST_S) as instance:
        redis.freeze()
        instance.bus.publish([Announcement(None, NOBODY, Beat(0.0))])
        instance.bus.publish(Announcement(None, NOBODY, Beat(0.0)) for _ in range(50_001))
        await until(lambda: instance.losses, "redis given up")
        redis.thaw()
        await until(lambda: instance.bus.is_linked, "redis found again")


def test_what_is_published_at_once_is_bounded_in_bytes() -> None:
    parcel = Introduce(ANN.peer_id, "x" * 60_000)
    queue = deque(Announcement(None, NOBODY, parcel) for _ in range(100))
    [(_, bulletin)] = take_batch(queue)
    assert 1_000_000 < sum(map(signal_bytes, bulletin.messages)) <= 1_060_000
    assert len(queue) == 100 - len(bulletin.messages)


async def test_introductions_that_redis_does_not_take_are_dropped_and_commands_are_not(
    redis: RedisProcess,
) -> None:
    async with RedisInstance("a", redis.url, LONGEST_S) as instance:
        redis.freeze()
        parcel = Introduce(ANN.peer_id, "x" * 60_000)
        instance.bus.publish(Announcement(None, NOBODY, parcel) for _ in range(2_000))
        ann = instance.enter(ANN, "den")
        assert len(instance.bus._queue) < 600
        redis.thaw()
        await until(lambda: ann.room, "Ann is in all the same")


async def test_without_redis_it_does_not_start() -> None:
    with pytest.raises(RedisUnreachable, match=r"No Redis answers at redis://127.0.0.1:\d+/0 \(.*\): check"):
        await start(f"redis://:secret@127.0.0.1:{free_port()}/0")


async def test_a_wrong_password_is_named_but_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with RedisProcess(password="right-one") as redis:
        async with RedisInstance("a", redis.url):
            pass
        with pytest.raises(RedisRefused, match="check the user, the password") as caught:
            await start(redis.url.replace("right-one", "wrong-one"))
        with pytest.raises(RedisRefused):
            await start(redis.url.replace(":right-one@", ""))
    assert "wrong-one" not in f"{caught.value!r} {caught.value} {caplog.text}"
    assert "right-one" not in caplog.text


@pytest.mark.parametrize(
    "url", ["", "localhost:6379", "http://localhost", "redis://localhost:port", "redis://[::1"]
)
async def test_what_is_no_address_of_a_redis_is_named(url: str) -> None:
    with pytest.raises(BadRedisUrl, match="is not the address of a Redis: write it like"):
        await start(url)


async def test_what_answers_but_is_no_redis_is_named() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(RedisUnreachable):
            await start(f"redis://127.0.0.1:{port}")


def test_without_its_package_the_sentence_says_what_to_install() -> None:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run(
        [sys.executable, "-c", MISSING], capture_output=True, text=True, env=environ, check=True
    )
    assert ran.stdout.endswith("install collabterm[redis].\n")


async def start(url: str) -> None:
    async with RedisInstance("x", url):
        raise AssertionError(f"it started on {url}")


def publish(redis: RedisProcess, data: bytes) -> None:
    argv = ["redis-cli", "-p", str(redis.port), "-x", "publish", "collabterm:1:0:all"]
    subprocess.run(argv, input=data, check=True, capture_output=True)

"""What each limit of the server keeps a client, an address or everybody from, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final

from websockets.frames import CloseCode

from collabterm.protocol.signaling import (
    Error,
    ErrorCode,
    Heartbeat,
    JoinRoom,
    LeaveRoom,
    RoomCreated,
    RoomName,
    ServerMessage,
)
from collabterm.protocol.signaling_json import encode_signal
from collabterm_server.limits import ServerLimits
from collabterm_server.options import ServerOptions
from collabterm_server.relay import SignalingServer
from tests.server.arrivals import (
    ELSEWHERE,
    arriving,
    is_kept_out,
    is_let_in,
    sign_in_with,
)
from tests.server.raw_client import (
    LOCALHOST,
    at_once,
    dialing,
    frame,
    introduce,
    refusal,
    upgraded,
)
from tests.server.signaling_peer import knocking, signed_in, stats_of, stats_say
from tests.waiting import until

DEN, LOFT = RoomName("den"), RoomName("loft")
NEXT_TO_NEVER: Final = 0.01
"""A rate at which nothing comes back while a test runs."""

ROUNDING_S: Final = 1e-5


def serving(options: ServerOptions | None = None, **limits: float) -> SignalingServer:
    settings: dict[str, Any] = limits
    return SignalingServer(LOCALHOST, 0, ServerLimits(**settings), options or ServerOptions())


def soon(error: Error, within_s: float) -> float:
    """Return when to go on, which must be told and must not be later than that."""
    assert error.retry_after is not None
    assert 0 < error.retry_after <= within_s
    return error.retry_after


def is_refused(answer: ServerMessage) -> bool:
    """Return whether there were too many; anything else is an answer to what was asked."""
    return isinstance(answer, Error) and answer.code is ErrorCode.RATE_LIMITED


async def is_granted_when_told(ask: Callable[[], Awaitable[ServerMessage]], within_s: float) -> None:
    """Ask until it is refused and then until it is granted: at the time that is told, not before or after.

    A machine that is busy makes every answer late and this no less true: the clock is the server's own.
    """
    loop = asyncio.get_running_loop()
    asked = loop.time()
    while not is_refused(answer := await ask()):
        asked = loop.time()
    assert isinstance(answer, Error)
    again = heard = loop.time()
    wait_s = soon(answer, within_s)
    while is_refused(await ask()):
        assert again < heard + wait_s + ROUNDING_S, "refused although the time has come"
        again = loop.time()
    assert loop.time() >= asked + wait_s - ROUNDING_S, "granted although the time has not come"


class TestMessages:
    async def test_too_many_messages_are_refused_unread_until_the_time_that_is_told(self) -> None:
        loop = asyncio.get_running_loop()
        async with serving(message_rate=2, message_burst=20) as server, upgraded(server.port) as ann:
            await introduce(ann)
            ann.write(at_once(*[Heartbeat()] * 25, JoinRoom(DEN, create=True)))
            while (error := await ann.hear()) == Heartbeat():
                pass
            assert isinstance(error, Error)
            assert error.code is ErrorCode.RATE_LIMITED
            assert "this one was not read; go on in " in error.message
            time_told = loop.time() + soon(error, within_s=0.5)
            assert (await stats_of(server.port))["rooms"] == 0
            await until(lambda: loop.time() >= time_told, "the time has come")
            ann.say(JoinRoom(DEN, create=True))
            assert await ann.hear() == RoomCreated(DEN)

    async def test_whoever_floods_on_hears_it_once_more_and_is_closed(self) -> None:
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(serving(message_rate=NEXT_TO_NEVER, message_burst=5))
            ann, bea = [await stack.enter_async_context(upgraded(server.port)) for _ in range(2)]
            await introduce(ann)
            await introduce(bea)
            ann.write(at_once(*[Heartbeat()] * 4, *[Heartbeat()] * 5))
            for _ in range(4):
                assert await ann.hear() == Heartbeat()
            assert (await refusal(ann)).code is ErrorCode.RATE_LIMITED
            await stats_say(server.port, "framesRateLimited", 5)
            ann.write(at_once(Heartbeat(), JoinRoom(DEN, create=True)))
            assert (await refusal(ann)).code is ErrorCode.RATE_LIMITED
            assert await ann.is_closed() == 1013
            await stats_say(server.port, "connections", 1)
            bea.say(Heartbeat())
            assert await bea.hear() == Heartbeat()
            assert (await stats_of(server.port))["rooms"] == 0

    async def test_a_message_at_the_limit_of_this_server_passes_and_one_byte_more_does_not(self) -> None:
        async with serving(max_message_bytes=600) as server, upgraded(server.port) as ann:
            await introduce(ann)
            beat = encode_signal(Heartbeat()).encode()
            ann.write(frame(beat.ljust(600)))
            assert await ann.hear() == Heartbeat()
            ann.write(frame(beat.ljust(601)))
            assert await ann.is_closed() == 1009


class TestJoins:
    async def test_too_many_joins_of_an_address_have_to_wait_and_other_addresses_do_not(self) -> None:
        again = (LeaveRoom(), JoinRoom(DEN, create=True))
        async with serving(join_rate=NEXT_TO_NEVER, join_burst=3) as server, upgraded(server.port) as ann:
            await introduce(ann)
            ann.write(at_once(JoinRoom(DEN, create=True), *again, *again, *again))
            for _ in range(3):
                assert await ann.hear() == RoomCreated(DEN)
            error = await refusal(ann)
            assert error.code is ErrorCode.RATE_LIMITED
            assert error.message.startswith("Too many joins from your address: go on in ")
            soon(error, within_s=1 / NEXT_TO_NEVER)
            async with arriving(server.url, address=ELSEWHERE) as bea:
                await is_let_in(bea)
                assert await bea.enter(LOFT) == ()

    async def test_whoever_waits_as_long_as_told_can_join(self) -> None:
        async with (
            serving(join_rate=4, join_burst=1, message_rate=100_000, message_burst=100_000) as server,
            signed_in(server.url) as ann,
        ):
            await is_granted_when_told(lambda: ann.ask(JoinRoom(DEN, create=False)), within_s=1 / 4)

    async def test_signing_in_takes_one_join_and_the_first_join_after_it_is_free(self) -> None:
        async with serving(join_rate=NEXT_TO_NEVER, join_burst=1) as server, signed_in(server.url) as ann:
            assert await ann.enter(DEN) == ()
            await ann.send(LeaveRoom())
            await ann.send(JoinRoom(DEN, create=True))
            soon(await ann.refusal(), within_s=1 / NEXT_TO_NEVER)

    async def test_the_free_join_is_one(self) -> None:
        async with serving(join_rate=NEXT_TO_NEVER, join_burst=1) as server, signed_in(server.url) as ann:
            await ann.send(JoinRoom(DEN, create=False))
            assert (await ann.refusal()).code is ErrorCode.NO_SUCH_ROOM
            await ann.send(JoinRoom(DEN, create=True))
            assert (await ann.refusal()).code is ErrorCode.RATE_LIMITED

    async def test_an_address_that_guesses_is_refused_before_its_guess_is_looked_at(self) -> None:
        async with serving(join_rate=NEXT_TO_NEVER, join_burst=2) as server:
            for _ in range(2):
                async with knocking(server.url) as guesser:
                    await guesser.challenge()
                    await guesser.send(guesser.identity.auth(bytes(32)))
                    assert (await guesser.refusal()).code is ErrorCode.AUTH_FAILED
            async with knocking(server.url) as late:
                error = await is_kept_out(late)
                assert error.code is ErrorCode.RATE_LIMITED
                soon(error, within_s=1 / NEXT_TO_NEVER)
                assert await late.is_closed() == 1013
            async with arriving(server.url, address=ELSEWHERE) as bea:
                await is_let_in(bea)
            assert (await stats_of(server.port))["signIns"] == 1

    async def test_whoever_waits_as_long_as_told_can_sign_in(self) -> None:
        async with serving(join_rate=4, join_burst=1) as server:

            async def sign_in() -> ServerMessage:
                async with knocking(server.url) as somebody:
                    return await sign_in_with(somebody)

            await is_granted_when_told(sign_in, within_s=1 / 4)


class TestPlaces:
    async def test_a_room_too_many_is_refused_and_there_is_place_again_when_one_ends(self) -> None:
        async with (
            serving(max_rooms=1, grace_s=7) as server,
            signed_in(server.url) as ann,
            signed_in(server.url) as bea,
        ):
            await ann.enter(DEN)
            await bea.send(JoinRoom(LOFT, create=True))
            error = await bea.refusal()
            assert (error.code, error.retry_after) == (ErrorCode.TOO_MANY, 7)
            assert "has all the 1 rooms it may have" in error.message
            assert await bea.enter(DEN) == (ann.info,)
            await bea.send(LeaveRoom())
            await ann.send(LeaveRoom())
            await stats_say(server.port, "rooms", 0)
            assert await bea.enter(LOFT) == ()

    async def test_a_room_holds_as_many_as_the_server_says(self) -> None:
        async with serving(max_peers=2) as server, AsyncExitStack() as stack:
            ann, bea, cid = [await stack.enter_async_context(signed_in(server.url)) for _ in range(3)]
            await ann.enter(DEN)
            await bea.enter(DEN)
            await cid.send(JoinRoom(DEN, create=True))
            error = await cid.refusal()
            assert error.code is ErrorCode.ROOM_FULL
            assert "(2 people)" in error.message
            await bea.send(LeaveRoom())
            await stats_say(server.port, "rooms", 1)
            assert await cid.enter(DEN) == (ann.info,)

    async def test_more_sign_ins_of_an_address_than_may_be_under_way_are_refused_in_words(self) -> None:
        async with serving(max_handshakes_per_source=2) as server, AsyncExitStack() as stack:
            for _ in range(2):
                await (await stack.enter_async_context(knocking(server.url))).challenge()
            async with knocking(server.url) as late:
                error = await late.refusal()
                assert error.code is ErrorCode.RATE_LIMITED
                assert "from your address" in error.message
                soon(error, within_s=60)
                assert await late.is_closed() == 1013
            async with arriving(server.url, address=ELSEWHERE) as bea:
                await is_let_in(bea)

    async def test_far_more_connections_of_an_address_are_cut_off_and_others_are_not(self) -> None:
        async with serving(max_handshakes_per_source=2) as server, AsyncExitStack() as stack:
            for _ in range(4):
                await stack.enter_async_context(dialing(server.port))
            await until(lambda: len(server.reception._clients) == 4, "the server has seen all of them")
            async with dialing(server.port) as late:
                assert await late.rest() == b""
            async with arriving(server.url, address=ELSEWHERE) as bea:
                await is_let_in(bea)
            await stack.aclose()
            await stats_say(server.port, "handshakes", 0)
            async with signed_in(server.url) as ann:
                assert await ann.enter(DEN) == ()

    async def test_the_last_place_is_for_who_signs_in_first(self) -> None:
        async with (
            serving(max_connections=1) as server,
            knocking(server.url) as early,
            knocking(server.url) as late,
        ):
            nonce = (await late.challenge()).nonce
            await is_let_in(early)
            await late.send(late.identity.auth(nonce))
            error = await late.refusal()
            assert error.code is ErrorCode.TOO_MANY
            soon(error, within_s=60)
            assert await late.is_closed() == 1013
            assert await early.enter(DEN) == ()

    async def test_an_address_that_has_all_its_places_is_asked_to_come_back_later(self) -> None:
        async with serving(max_connections_per_source=2) as server, AsyncExitStack() as stack:
            ann, _ = [await stack.enter_async_context(signed_in(server.url)) for _ in range(2)]
            async with knocking(server.url) as late:
                error = await is_kept_out(late)
                assert error.code is ErrorCode.TOO_MANY
                assert "from your address" in error.message
                soon(error, within_s=60)
                assert await late.is_closed() == 1013
            async with arriving(server.url, address=ELSEWHERE) as bea:
                await is_let_in(bea)
            await stats_say(server.port, "connections", 2)
            ann.abort()
            await stats_say(server.port, "connections", 1)
            async with signed_in(server.url) as cid:
                assert await cid.enter(DEN) == ()

    async def test_messages_that_are_not_complete_may_not_fill_the_memory_together(self) -> None:
        whole = frame(b" " * 60_000)
        first, second = whole[:25_000], whole[25_000:]
        async with serving(max_held_bytes=90_000) as server, AsyncExitStack() as stack:
            clients = []
            for number in range(2, 6):
                dialing = upgraded(server.port, local_addr=(f"127.0.0.{number}", 0))
                clients.append(await stack.enter_async_context(dialing))
                await introduce(clients[-1])
            ann, bea, cid, dan = clients
            door = server.reception._door
            for client in (ann, bea, cid):
                client.write(first[:22_000])
            await until(lambda: door._held_bytes > 60_000, "three parts are there")
            dan.write(first)
            assert await dan.is_closed() is None
            ann.write(first[22_000:22_100])
            await until(lambda: door._held_bytes > 66_000, "ann's may grow a little")
            bea.reset()
            cid.reset()
            await until(lambda: 0 < door._held_bytes < 30_000, "ann's is left")
            ann.write(first[22_100:], second)
            assert (await refusal(ann)).code is ErrorCode.BAD_MESSAGE
            await until(lambda: door._held_bytes == 0, "nothing is held")

    async def test_one_address_may_hold_a_quarter_of_what_all_may(self) -> None:
        part = frame(b" " * 60_000)[:20_000]
        async with serving(max_held_bytes=120_000) as server, AsyncExitStack() as stack:
            first, second = [await stack.enter_async_context(upgraded(server.port)) for _ in range(2)]
            for client in (first, second):
                await introduce(client)
            first.write(part)
            await until(lambda: server.reception._door._held_bytes > 15_000, "a part is there")
            second.write(part)
            assert await second.is_closed() is None

    async def test_before_signing_in_a_message_is_small(self) -> None:
        async with serving() as server, upgraded(server.port) as stranger:
            await stranger.hear()
            stranger.write(frame(b" " * 5_000))
            assert await stranger.is_closed() == CloseCode.MESSAGE_TOO_BIG

    async def test_those_who_are_in_do_not_count_as_signing_in(self) -> None:
        async with serving(max_handshakes_per_source=1) as server, AsyncExitStack() as stack:
            for _ in range(5):
                await stack.enter_async_context(signed_in(server.url))
            assert (await stats_of(server.port))["connections"] == 5

"""WebSocket over real sockets: fragments, every way to end, and what breaks RFC 6455."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from websockets.frames import CloseCode, Opcode

from tests.server.raw_client import UPGRADE, RawClient, close_frame, dialing, frame, upgraded
from tests.server.websocket_host import CUT_OFF_S, MAX_BYTES, Host, listening, sweeping
from tests.waiting import until

PING, PONG, CONT, CLOSE = Opcode.PING, Opcode.PONG, Opcode.CONT, Opcode.CLOSE


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with listening() as made:
        yield made


@pytest.fixture
async def client(host: Host) -> AsyncIterator[RawClient]:
    async with upgraded(host.port) as raw:
        yield raw


class TestFragments:
    async def test_a_message_in_fragments_arrives_as_one_and_a_ping_between_is_answered_at_once(
        self, client: RawClient, host: Host
    ) -> None:
        client.write(frame(b"one ", fin=False), frame(b"?", PING))
        assert await client.frame() == (PONG, b"?")
        client.write(frame(b"two ", CONT, fin=False), frame(b"!", PING), frame(b"", CONT, fin=False))
        assert await client.frame() == (PONG, b"!")
        client.write(frame(b"three", CONT))
        assert await client.frame() == (Opcode.TEXT, b"one two three")
        assert host.last.messages == ["one two three"]

    async def test_text_that_is_cut_inside_a_character_arrives_whole(
        self, client: RawClient, host: Host
    ) -> None:
        text = "é😀"
        first, *middle, last = text.encode()
        client.write(frame(bytes((first,)), fin=False))
        client.write(
            *(frame(bytes((byte,)), CONT, fin=False) for byte in middle), frame(bytes((last,)), CONT)
        )
        await client.frame()
        assert host.last.messages == [text]

    async def test_a_binary_message_in_fragments_stays_binary(self, client: RawClient, host: Host) -> None:
        client.write(frame(b"\xff", Opcode.BINARY, fin=False), frame(b"\xfe", CONT))
        await client.frame()
        assert host.last.messages == [b"\xff\xfe"]

    async def test_a_message_that_begins_after_fragments_is_not_mixed_up_with_them(
        self, client: RawClient, host: Host
    ) -> None:
        client.write(frame(b"a", Opcode.BINARY, fin=False), frame(b"b", CONT), frame(b"c"))
        assert [await client.frame(), await client.frame()] == [(Opcode.TEXT, b"ab"), (Opcode.TEXT, b"c")]
        assert host.last.messages == [b"ab", "c"]

    async def test_fragments_that_are_too_much_together_end_the_connection_at_the_first_byte_over(
        self, client: RawClient, host: Host
    ) -> None:
        client.write(frame(b"x" * (MAX_BYTES - 1), fin=False), frame(b"x", CONT))
        await client.frame()
        client.write(frame(b"x" * (MAX_BYTES - 1), fin=False), frame(b"xx", CONT))
        assert await client.is_closed() == CloseCode.MESSAGE_TOO_BIG
        assert len(host.last.messages) == 1

    async def test_a_frame_that_is_announced_too_large_is_refused_before_it_comes(
        self, client: RawClient
    ) -> None:
        client.write(frame(b"x" * (MAX_BYTES + 1))[:8])
        assert await client.is_closed() == CloseCode.MESSAGE_TOO_BIG

    @pytest.mark.parametrize("pieces", [1, 2, 7])
    async def test_text_that_is_not_utf8_ends_the_connection_and_nothing_behind_it_is_heard(
        self, client: RawClient, host: Host, pieces: int
    ) -> None:
        parts = [b"\xe9"] * pieces
        first = frame(parts[0], fin=pieces == 1)
        others = [frame(part, CONT, fin=at == pieces - 2) for at, part in enumerate(parts[1:])]
        client.write(first, *others, frame(b"behind it"), frame(b"\xff"))
        assert await client.is_closed() == CloseCode.INVALID_DATA
        assert host.last.messages == []

    async def test_a_cut_character_at_the_end_of_a_message_is_not_utf8(self, client: RawClient) -> None:
        client.write(frame("é".encode()[:1], fin=False), frame(b"", CONT))
        assert await client.is_closed() == CloseCode.INVALID_DATA


class TestEnds:
    @pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
    async def test_a_client_that_closes_gets_its_code_back_and_the_end_of_tcp(
        self, client: RawClient, host: Host, code: int
    ) -> None:
        client.write(close_frame(code), frame(b"behind it"))
        assert await client.is_closed() == code
        assert host.last.messages == []

    async def test_a_client_that_closes_without_a_code_gets_none(self, client: RawClient) -> None:
        client.write(frame(b"", CLOSE))
        assert await client.frame() == (CLOSE, b"")
        assert await client.rest() == b""

    @pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
    async def test_a_code_that_nobody_may_send_is_a_breach_of_the_protocol(
        self, client: RawClient, code: int
    ) -> None:
        client.write(close_frame(code))
        assert await client.is_closed() == CloseCode.PROTOCOL_ERROR

    async def test_a_server_that_closes_says_why_and_waits_for_the_answer(
        self, client: RawClient, host: Host
    ) -> None:
        host.last.socket.send(b"the last word")
        host.last.socket.close(CloseCode.TRY_AGAIN_LATER)
        assert await client.frame() == (Opcode.TEXT, b"the last word")
        assert await client.frame() == (CLOSE, (1013).to_bytes(2, "big"))
        assert "closed" not in host.last.calls
        client.write(frame(b"not heard any more"), close_frame(1013))
        assert await client.rest() == b""
        client.hang_up()
        await host.is_told_of_the_end()
        assert host.last.messages == []

    async def test_a_client_that_never_answers_a_close_is_cut_off(
        self, client: RawClient, host: Host
    ) -> None:
        socket = host.last.socket
        began = asyncio.get_running_loop().time()
        async with sweeping(socket):
            socket.close(CloseCode.GOING_AWAY)
            assert await client.is_closed(answer=False) == CloseCode.GOING_AWAY
        assert asyncio.get_running_loop().time() - began >= CUT_OFF_S * 0.9
        assert host.last.calls == ["connected", "requested", "opened", "closed"]

    async def test_a_client_that_closes_and_never_ends_tcp_is_cut_off(
        self, client: RawClient, host: Host
    ) -> None:
        async with sweeping(host.last.socket):
            client.write(close_frame(1000))
            client.stop_reading()
            await host.is_told_of_the_end()

    async def test_a_client_that_says_nothing_more_hears_what_was_sent_before_and_the_end(
        self, client: RawClient, host: Host
    ) -> None:
        client.write(frame(b"my last word"))
        client.half_close()
        assert await client.frame() == (Opcode.TEXT, b"my last word")
        assert await client.rest() == b""
        await host.is_told_of_the_end()

    async def test_a_handler_is_told_the_beginning_first_and_the_end_last_and_once(
        self, host: Host, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        async with upgraded(host.port) as client:
            client.write(frame(b"half a mess")[:-3])
            client.reset()
            await host.is_told_of_the_end()
        assert host.last.calls == ["connected", "requested", "opened", "closed"]
        async with dialing(host.port) as client:
            client.write(UPGRADE[:20])
            await until(lambda: len(host.recorders) == 2, "the second client is there")
            client.reset()
            await host.is_told_of_the_end()
        assert host.last.calls == ["connected", "closed"]
        assert caplog.records == []

    async def test_whoever_has_requested_nothing_is_closed_without_a_word(self, host: Host) -> None:
        async with dialing(host.port) as client:
            await until(lambda: host.recorders, "the client is there")
            host.last.socket.close(CloseCode.GOING_AWAY)
            assert await client.rest() == b""

    async def test_a_connection_that_is_aborted_ends_at_once(self, client: RawClient, host: Host) -> None:
        host.last.socket.abort()
        host.last.socket.abort()
        host.last.socket.close(CloseCode.GOING_AWAY)
        assert await client.is_closed() is None
        assert host.last.calls.count("closed") == 1


class TestRequests:
    async def test_a_request_may_come_byte_by_byte(self, host: Host) -> None:
        async with dialing(host.port) as client:
            await until(lambda: host.recorders, "the client is there")
            host.last.drip(UPGRADE)
            assert (await client.head()).startswith("HTTP/1.1 101 ")

    async def test_a_message_may_come_byte_by_byte(self, client: RawClient, host: Host) -> None:
        host.last.drip(frame("dripped é".encode(), fin=False) + frame(b"!", CONT))
        assert host.last.messages == ["dripped é!"]

    async def test_a_message_right_behind_the_request_is_heard_after_the_opening(self, host: Host) -> None:
        async with dialing(host.port) as client:
            client.write(UPGRADE, frame(b"in a hurry"))
            assert "101" in await client.head()
            assert await client.frame() == (Opcode.TEXT, b"in a hurry")

    @pytest.mark.parametrize(
        "behind", [UPGRADE, b"\xff" * 50, frame(b"unmasked", mask=False), close_frame(1000)]
    )
    async def test_nonsense_right_behind_the_request_ends_the_connection_without_an_answer(
        self, host: Host, behind: bytes
    ) -> None:
        async with dialing(host.port) as client:
            client.write(UPGRADE, behind)
            assert await client.rest() == b""
        await host.is_told_of_the_end()
        assert "opened" not in host.last.calls


@pytest.mark.parametrize(
    "data",
    [
        frame(b"hello", mask=False),
        frame(b"no beginning", CONT),
        frame(b"one", fin=False) + frame(b"another"),
        frame(b"unfinished", fin=False) + close_frame(1000),
        frame(b"x" * 126, PING),
        frame(b"", PING, fin=False),
        frame(b"x", CLOSE),
        b"\xc1" + frame(b"a bit that means nothing")[1:],
        b"\x83" + frame(b"an opcode that does not exist")[1:],
    ],
    ids=[
        "no mask",
        "continues nothing",
        "two messages at once",
        "closes within a message",
        "a long ping",
        "half a ping",
        "half a code",
        "a reserved bit",
        "an unknown opcode",
    ],
)
async def test_a_breach_of_the_protocol_ends_the_connection(
    client: RawClient, host: Host, data: bytes
) -> None:
    client.write(frame(b"before"), data, frame(b"behind"))
    assert await client.is_closed() == CloseCode.PROTOCOL_ERROR
    assert host.last.messages == ["before"]

"""A STUN request is told where it came from, in as few bytes as that takes; all else meets silence."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from collabterm_server.stun import MAX_FACTOR, MAX_REQUEST_BYTES, answer_binding
from collabterm_server.udp import ANSWER_BURST, SOURCE_BURST, SOURCE_RATE, StunResponder
from tests.waiting import until

RFC_5769_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff"
    "80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249"
    "c1b571a280280004e57a3bcf"
)
"""RFC 5769 section 2.1: with a user name, integrity, a fingerprint and PRIORITY, which only ICE knows."""

RFC_5769_ID = bytes.fromhex("b7e7a701bc34d686fa87dfae")
RFC_5769_IPV4 = bytes.fromhex("002000080001a147e112a643")
RFC_5769_IPV6 = bytes.fromhex("002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9")
"""The XOR-MAPPED-ADDRESS of sections 2.2 and 2.3: port 32853 of the addresses below."""

transaction_ids = st.binary(min_size=12, max_size=12)
addresses = st.ip_addresses().map(str)
ports = st.integers(1, 65_535)
attributes = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=12)


def request_of(*attributes: tuple[int, bytes], transaction_id: bytes = RFC_5769_ID) -> bytes:
    body = b"".join(
        struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4) for kind, value in attributes
    )
    return struct.pack("!HHI", 0x0001, len(body), 0x2112A442) + transaction_id + body


def answered(request: bytes, host: str = "192.0.2.1", port: int = 32853) -> stun.Message:
    answer = answer_binding(request, host, port)
    assert answer is not None, "no answer"
    return stun.parse_message(answer)


def test_the_addresses_of_rfc_5769_are_told_in_its_bytes() -> None:
    ipv4 = answer_binding(request_of(), "192.0.2.1", 32853)
    ipv6 = answer_binding(request_of(), "2001:db8:1234:5678:11:2233:4455:6677", 32853)
    assert ipv4 == bytes.fromhex("0101000c2112a442") + RFC_5769_ID + RFC_5769_IPV4
    assert ipv6 == bytes.fromhex("010100182112a442") + RFC_5769_ID + RFC_5769_IPV6


@given(transaction_ids, addresses, ports)
def test_the_client_reads_back_where_it_came_from(transaction_id: bytes, host: str, port: int) -> None:
    request = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST, transaction_id))
    answer = answered(request, host, port)
    assert (answer.message_method, answer.message_class) == (stun.Method.BINDING, stun.Class.RESPONSE)
    assert answer.transaction_id == transaction_id
    mapped = str(getattr(ip_address(host), "ipv4_mapped", None) or host)
    assert list(answer.attributes) == ["XOR-MAPPED-ADDRESS"]
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == (mapped, port)


@pytest.mark.parametrize(
    ("host", "told"),
    [("::ffff:192.0.2.7", "192.0.2.7"), ("::ffff:c000:207", "192.0.2.7"), ("fe80::1%eth0", "fe80::1")],
)
def test_an_address_is_told_as_others_would_write_it(host: str, told: str) -> None:
    assert answered(request_of(), host).attributes["XOR-MAPPED-ADDRESS"][0] == told


def test_a_request_with_a_fingerprint_gets_an_answer_with_one() -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.add_fingerprint()
    assert list(answered(bytes(request)).attributes) == ["XOR-MAPPED-ADDRESS", "FINGERPRINT"]


def test_a_fingerprint_that_is_wrong_is_met_with_silence() -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.add_fingerprint()
    flipped = bytes(request)[:-1] + bytes([bytes(request)[-1] ^ 1])
    assert answer_binding(flipped, "192.0.2.1", 1) is None
    assert answer_binding(request_of((0x8028, bytes(8))), "192.0.2.1", 1) is None


def test_credentials_are_ignored_since_there_is_nothing_to_sign_in_to() -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = "ana"
    request.add_message_integrity(b"key")
    assert answered(bytes(request)).message_class is stun.Class.RESPONSE


def test_an_attribute_that_must_be_understood_and_is_not_is_named_in_an_error() -> None:
    request = request_of((0x0003, bytes(4)), (0x8022, b"ok"), (0x0006, b"ana"), (0x7FFF, b""))
    answer = answer_binding(request, "192.0.2.1", 1)
    assert answer is not None
    assert stun.parse_message(answer).attributes["ERROR-CODE"] == (420, "")
    assert answer.endswith(struct.pack("!HHHH", 0x000A, 4, 0x0003, 0x7FFF))


def test_the_request_of_rfc_5769_is_told_that_only_ice_knows_its_priority() -> None:
    answer = answer_binding(RFC_5769_REQUEST, "192.0.2.1", 1)
    assert answer is not None
    parsed = stun.parse_message(answer)
    assert (parsed.message_class, parsed.error_code) == (stun.Class.ERROR, 420)
    assert struct.pack("!HHH", 0x000A, 2, 0x0024) in answer
    assert "FINGERPRINT" in parsed.attributes


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        request_of()[:-1],
        request_of() + b"\0",
        request_of() + bytes(4),
        struct.pack("!HHI", 0x0001, 0, 0x2112A443) + RFC_5769_ID,
        struct.pack("!HHI", 0x0011, 0, 0x2112A442) + RFC_5769_ID,
        struct.pack("!HHI", 0x0101, 0, 0x2112A442) + RFC_5769_ID,
        struct.pack("!HHI", 0x0111, 0, 0x2112A442) + RFC_5769_ID,
        struct.pack("!HHI", 0x0003, 0, 0x2112A442) + RFC_5769_ID,
        struct.pack("!HHI", 0x0001, 2, 0x2112A442) + RFC_5769_ID + bytes(2),
        struct.pack("!HHI", 0x0001, 4, 0x2112A442) + RFC_5769_ID + struct.pack("!HH", 0x8022, 4),
        request_of((0x8022, bytes(MAX_REQUEST_BYTES))),
    ],
    ids=[
        "nothing", "HTTP", "a byte short", "a byte long", "longer than it says", "of RFC 3489",
        "an indication", "an answer", "an error", "of TURN",
        "of odd length", "an attribute cut off", "very long",
    ],
)  # fmt: skip
def test_what_is_no_binding_request_is_met_with_silence(datagram: bytes) -> None:
    assert answer_binding(datagram, "192.0.2.1", 1) is None


def test_a_prefix_of_a_request_is_no_request() -> None:
    for length in range(len(RFC_5769_REQUEST)):
        assert answer_binding(RFC_5769_REQUEST[:length], "192.0.2.1", 1) is None


@given(
    st.one_of(
        st.binary(max_size=200),
        st.builds(lambda head, tail: request_of()[:head] + tail, st.integers(0, 20), st.binary(max_size=80)),
        attributes.map(lambda listed: request_of(*listed)),
    ),
    addresses,
    ports,
)
def test_any_bytes_get_silence_or_an_answer_not_much_longer(datagram: bytes, host: str, port: int) -> None:
    answer = answer_binding(datagram, host, port)
    if answer is not None:
        assert len(answer) <= MAX_FACTOR * len(datagram)
        assert stun.parse_message(answer).transaction_id == datagram[8:20]


class Clock:
    """A clock that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Counts:
    """How often a responder answered and how often it was too much."""

    answered = 0
    dropped = 0

    def answer(self) -> None:
        self.answered += 1

    def drop(self) -> None:
        self.dropped += 1


class Asker(asyncio.DatagramProtocol):
    """Keeps the answers that come."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.answers.append(data)


class Outbox(asyncio.DatagramTransport):
    """A transport that keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[object] = []

    def sendto(self, data: object, addr: object = None) -> None:
        self.sent.append(addr)


@asynccontextmanager
async def asker_and_responder(counts: Counts) -> AsyncIterator[tuple[asyncio.DatagramTransport, Asker]]:
    loop = asyncio.get_running_loop()
    listening, _ = await loop.create_datagram_endpoint(
        lambda: StunResponder(loop.time, counts.answer, counts.drop), local_addr=("127.0.0.1", 0)
    )
    asking, asker = await loop.create_datagram_endpoint(
        Asker, remote_addr=listening.get_extra_info("sockname")
    )
    try:
        yield asking, asker
    finally:
        asking.close()
        listening.close()


async def test_the_port_answers_a_request_and_counts_it() -> None:
    counts = Counts()
    async with asker_and_responder(counts) as (asking, asker):
        asking.sendto(b"garbage")
        asking.sendto(request_of())
        await until(lambda: asker.answers, "an answer came")
        mapped = stun.parse_message(asker.answers[0]).attributes["XOR-MAPPED-ADDRESS"]
        assert mapped == asking.get_extra_info("sockname")
    assert (counts.answered, counts.dropped, len(asker.answers)) == (1, 0, 1)


def responder_of(clock: Clock, counts: Counts) -> tuple[StunResponder, Outbox]:
    responder, outbox = StunResponder(clock, counts.answer, counts.drop), Outbox()
    responder.connection_made(outbox)
    return responder, outbox


def test_a_source_that_asks_too_much_is_answered_only_so_often_and_others_all_the_same() -> None:
    clock, counts = Clock(), Counts()
    responder, outbox = responder_of(clock, counts)
    for port in range(SOURCE_BURST + 10):
        responder.datagram_received(request_of(), ("192.0.2.1", port))
    assert (counts.answered, counts.dropped) == (SOURCE_BURST, 10)
    responder.datagram_received(request_of(), ("192.0.2.2", 1))
    assert outbox.sent[-1] == ("192.0.2.2", 1)
    clock.now_s = 1.0
    for port in range(2 * SOURCE_RATE):
        responder.datagram_received(request_of(), ("192.0.2.1", port))
    assert counts.answered == SOURCE_BURST + 1 + SOURCE_RATE


def test_all_sources_together_are_answered_only_so_often() -> None:
    counts = Counts()
    responder, _ = responder_of(Clock(), counts)
    for number in range(ANSWER_BURST + 10):
        responder.datagram_received(request_of(), (f"198.51.{number >> 8}.{number & 255}", 1))
    assert (counts.answered, counts.dropped) == (ANSWER_BURST, 10)

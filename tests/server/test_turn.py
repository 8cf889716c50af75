"""Credentials for TURN are what coturn computes from the same secret, and the settings for it are checked."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.errors import BadTurnSecret, BadTurnUrl
from collabterm.protocol.ice_urls import IceUrl, parse_ice_url
from collabterm.protocol.signaling import PeerId
from collabterm_server.turn import CREDENTIAL_S, MAX_SECRET_BYTES, TurnRelay, check_turn_url, read_turn_secret

SECRET = b"north wind and a long night"


def test_a_credential_names_its_end_and_its_peer_and_is_signed_with_the_secret() -> None:
    relay = TurnRelay(("turn:turn.example.org",), SECRET, ttl_s=600)
    server = relay.credentials(PeerId("ana"), 1_700_000_000.9)
    assert server.urls == ("turn:turn.example.org",)
    assert server.username == "1700000600:ana"
    signed = hmac.new(SECRET, b"1700000600:ana", hashlib.sha1).digest()
    assert base64.b64decode(server.credential, validate=True) == signed


def test_a_credential_is_the_one_that_openssl_computes() -> None:
    """printf %s 1700043200:ana | openssl dgst -sha1 -hmac 'north wind and a long night' -binary | base64"""
    server = TurnRelay((), SECRET).credentials(PeerId("ana"), 1_700_000_000)
    assert (server.username, server.credential) == ("1700043200:ana", "88l1k3hsSJex8fqtr+nn9Lhc/uU=")


def test_a_credential_outlives_a_working_day() -> None:
    assert CREDENTIAL_S >= 8 * 3600


def test_the_secret_is_not_in_what_a_relay_prints() -> None:
    assert "wind" not in repr(TurnRelay((), SECRET))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("turn:turn.example.org", IceUrl("turn", "turn.example.org", 3478, "udp")),
        ("turn:192.0.2.1:80?transport=udp", IceUrl("turn", "192.0.2.1", 80, "udp")),
        ("turn:turn-1.example.org:443?transport=tcp", IceUrl("turn", "turn-1.example.org", 443, "tcp")),
        ("turns:turn.example.org", IceUrl("turns", "turn.example.org", 5349, "tcp")),
        ("turns:turn.example.org:443?transport=tcp", IceUrl("turns", "turn.example.org", 443, "tcp")),
    ],
)
def test_the_address_of_a_turn_server_is_taken_as_it_is(text: str, url: IceUrl) -> None:
    assert check_turn_url(text) == text
    assert parse_ice_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "", "turn:", "turn.example.org", "turn://turn.example.org", "turn:host:", "turn:host:0",
        "turn:host:65536", "turn:host?transport=sctp", "turns:host?transport=udp", "stun:host", "turn:ho st",
        "turn:host\n", "turn:[2001:db8::1]:3478", "turn:-host", "TURN:host", "turn:ana@host", "turn:host:١",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_turn_server_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadTurnUrl, match=r"write it like turn:host:3478"):
        check_turn_url(text)


def test_a_stun_server_is_read_and_has_no_transport() -> None:
    assert parse_ice_url("stun:192.0.2.1") == IceUrl("stun", "192.0.2.1", 3478)
    assert parse_ice_url("stun:192.0.2.1?transport=udp") is None


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    url = parse_ice_url(text)
    assert url is None or (url.host in text and 1 <= url.port <= 65_535)


@pytest.mark.parametrize("content", [SECRET, SECRET + b"\n", b"\n " + SECRET + b" \r\n"])
def test_a_secret_is_the_only_line_of_its_file(content: bytes) -> None:
    assert read_turn_secret(content, "turn.secret") == SECRET


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b" \n\n", "it is empty"),
        (b"fifteen letters", "it is shorter than 16 characters"),
        (SECRET + b"\n" + SECRET, "it holds more than one line"),
        (b"x" * (MAX_SECRET_BYTES + 1), "it is longer than 1024 characters"),
        (b"\x7fELF" + bytes(40), "it is not plain text"),
    ],
)
def test_a_file_without_one_good_line_is_refused_with_its_name(content: bytes, problem: str) -> None:
    with pytest.raises(BadTurnSecret) as refusal:
        read_turn_secret(content, "turn.secret")
    assert str(refusal.value).startswith(
        f"turn.secret does not hold the secret shared with the TURN server ({problem})"
    )

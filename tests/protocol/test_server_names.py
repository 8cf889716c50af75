"""What a server is called: what a client states that it dialed, and what an operator's name means."""

from __future__ import annotations

import pytest

from collabterm.errors import BadServerName
from collabterm.protocol.server_names import check_server_name, dialed_name, is_called


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("wss://Pair.Example.ORG", "pair.example.org"),
        ("wss://pair.example.org/path?query", "pair.example.org"),
        ("wss://pair.example.org:443", "pair.example.org"),
        ("ws://pair.example.org:80", "pair.example.org"),
        ("ws://pair.example.org:443", "pair.example.org:443"),
        ("wss://pair.example.org:80", "pair.example.org:80"),
        ("ws://localhost:3001", "localhost:3001"),
        ("ws://192.0.2.7:3001", "192.0.2.7:3001"),
        ("ws://[2001:DB8::7]:3001", "[2001:db8::7]:3001"),
        ("ws://[::1]", "[::1]"),
        ("wss://Bücher.example", "xn--bcher-kva.example"),
        ("wss://" + "x" * 64 + ".example", "x" * 64 + ".example"),
    ],
)
def test_what_is_dialed_is_the_host_and_a_port_that_is_not_the_default(url: str, name: str) -> None:
    assert dialed_name(url) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" Pair.Example.org ", "pair.example.org"),
        ("pair.example.org:3001", "pair.example.org:3001"),
        ("bücher.example:3001", "xn--bcher-kva.example:3001"),
        ("[2001:DB8::7]:3001", "[2001:db8::7]:3001"),
        ("192.0.2.7", "192.0.2.7"),
    ],
)
def test_a_name_is_compared_as_dns_has_it(text: str, name: str) -> None:
    assert check_server_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wss://pair.example.org",
        "pair.example.org/",
        "pair.example.org:0",
        "pair.example.org:65536",
        "pair.example.org:",
        "::1",
        "a b",
        "a,b",
        "user@pair.example.org",
        "x" * 300,
        "*.example.org",
    ],
)
def test_what_is_no_name_is_told_with_one_that_is(text: str) -> None:
    with pytest.raises(BadServerName, match=r"write it like pair\.example\.org or pair\.example\.org:3001\."):
        check_server_name(text)


@pytest.mark.parametrize(
    ("name", "dialed", "expected"),
    [
        ("pair.example.org", "pair.example.org", True),
        ("pair.example.org", "pair.example.org:3001", True),
        ("pair.example.org:3001", "pair.example.org:3001", True),
        ("pair.example.org:443", "pair.example.org", True),
        ("pair.example.org:80", "pair.example.org", True),
        ("pair.example.org:443", "pair.example.org:443", True),
        ("[::1]", "[::1]:3001", True),
        ("pair.example.org:3001", "pair.example.org", False),
        ("pair.example.org:3001", "pair.example.org:3002", False),
        ("pair.example.org", "other.example.org", False),
        ("pair.example.org", "pair.example.org.evil.example", False),
        ("pair.example.org", "sub.pair.example.org", False),
        ("pair.example.org", "", False),
        ("pair.example.org", "pair.example.org:3001:1", False),
        ("pair.example.org", "pair.example.org\n", False),
        ("pair.example.org", "wss://pair.example.org", False),
    ],
)
def test_a_name_without_a_port_goes_for_any_and_one_with_a_port_for_that(
    name: str, dialed: str, expected: bool
) -> None:
    assert is_called(name, dialed) is expected

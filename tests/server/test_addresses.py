"""Whose connection it is, with and without proxies."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.errors import BadNetwork
from collabterm_server.addresses import Network, client_address, parse_networks, source_of

PRIVATE = parse_networks("10.0.0.0/8, ::1, fd00::/8")
PROXY, OUTER_PROXY = "10.0.0.1", "10.0.0.2"
CLIENT, OTHER = "203.0.113.7", "198.51.100.9"

WORDS = ("unknown", "_hidden", "host:80")
NOT_QUITE_IPV4 = (
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.4/8",
    "1.2.3.4:",
    "1.2.3.4:123456",
    "١.٢.٣.٤",
)
NOT_QUITE_IPV6 = ("[::1", "::1]", "[1.2.3.4]x", "[::2]:x", "[]", ":::", "fe80::1%lo")

addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(
    lambda address: not isinstance(address, IPv6Address) or address.ipv4_mapped is None
)
texts = st.one_of(
    st.text(),
    st.text("0123456789abcdef:.[]%/, \n"),
    addresses.map(str),
    addresses.map(lambda address: f"[{address}]:80"),
)


def trusted(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in PRIVATE)


def as_said(entry: str, peer: str = PROXY) -> str:
    """Return the client's address if a trusted proxy says this of it."""
    return client_address(peer, [entry], PRIVATE)


def test_without_a_proxy_the_connection_is_the_clients() -> None:
    assert client_address(CLIENT, [], ()) == CLIENT
    assert client_address(CLIENT, [], PRIVATE) == CLIENT


@given(st.lists(texts, max_size=4))
def test_with_nothing_trusted_the_header_is_never_believed(forwarded: list[str]) -> None:
    for peer in (CLIENT, PROXY, "127.0.0.1", "::1", "2001:db8::7"):
        assert client_address(peer, forwarded, ()) == peer


@given(st.lists(texts, max_size=4))
def test_who_is_not_trusted_is_not_believed(forwarded: list[str]) -> None:
    assert client_address(CLIENT, forwarded, PRIVATE) == CLIENT


def test_a_trusted_proxy_is_believed() -> None:
    assert as_said(CLIENT) == CLIENT
    assert as_said("2001:db8::7", peer="::1") == "2001:db8::7"


@pytest.mark.parametrize("forged", [OTHER, PROXY, "127.0.0.1", "nonsense", "", f"{OTHER}, {PROXY}"])
def test_what_the_client_wrote_into_the_header_itself_changes_nothing(forged: str) -> None:
    assert as_said(f"{forged}, {CLIENT}") == CLIENT
    assert as_said(f"{forged}, {CLIENT}, {OUTER_PROXY}") == CLIENT
    assert client_address(PROXY, [forged, CLIENT], PRIVATE) == CLIENT


def test_a_chain_of_trusted_proxies_is_followed_over_all_headers() -> None:
    assert client_address(PROXY, [f"{OTHER},{CLIENT}", "fd00::2", OUTER_PROXY], PRIVATE) == CLIENT


def test_a_client_inside_the_trusted_networks_is_the_leftmost() -> None:
    assert as_said("10.9.9.9, 10.0.0.3") == "10.9.9.9"


@pytest.mark.parametrize(
    "entry", [*WORDS, *NOT_QUITE_IPV4, *NOT_QUITE_IPV6, "", " ", f"{CLIENT}\0", f"{CLIENT} {CLIENT}"]
)
def test_an_entry_that_is_no_address_ends_the_walk_at_the_proxy_that_passed_it_on(entry: str) -> None:
    assert as_said(f"{CLIENT}, {entry}") == PROXY
    assert as_said(f"{CLIENT}, {entry}, {OUTER_PROXY}") == OUTER_PROXY


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("203.0.113.7:555", CLIENT),
        ("[2001:db8::7]:555", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:203.0.113.7", CLIENT),
        ("[::FFFF:cb00:7107]:555", CLIENT),
        ("\t203.0.113.7 ", CLIENT),
    ],
)
def test_however_a_proxy_writes_an_address_it_has_one_spelling(entry: str, address: str) -> None:
    assert as_said(entry) == address


def test_an_ipv4_client_on_an_ipv6_socket_is_an_ipv4_client() -> None:
    assert client_address(f"::ffff:{CLIENT}", [OTHER], ()) == CLIENT
    assert client_address(f"::ffff:{CLIENT}", [OTHER], PRIVATE) == CLIENT
    assert client_address(f"::ffff:{PROXY}", [CLIENT], PRIVATE) == CLIENT


def test_a_list_without_end_is_not_read_to_its_end() -> None:
    assert as_said(",".join([CLIENT, *["10.0.0.3"] * 100_000])) == "10.0.0.3"
    assert client_address(PROXY, [CLIENT, *["10.0.0.3"] * 100_000], PRIVATE) == "10.0.0.3"


@given(st.lists(addresses, min_size=1, max_size=8), st.lists(st.integers(1, 3), max_size=8))
def test_the_client_is_the_first_from_the_right_that_is_not_trusted(
    hops: list[IPv4Address | IPv6Address], cuts: Sequence[int]
) -> None:
    headers: list[str] = []
    rest = [str(hop) for hop in hops[1:]]  # hops[0] is the connection
    for cut in cuts:
        headers.insert(0, ", ".join(reversed(rest[:cut])))
        rest = rest[cut:]
    headers = [header for header in [", ".join(reversed(rest)), *headers] if header]
    expected = next((hop for hop in hops if not trusted(hop)), hops[-1])
    assert client_address(str(hops[0]), headers, PRIVATE) == str(expected)


@given(texts, st.lists(texts, max_size=4), st.sampled_from([(), PRIVATE, parse_networks("0.0.0.0/0,::/0")]))
def test_no_text_breaks_it(peer: str, forwarded: list[str], networks: tuple[Network, ...]) -> None:
    address = client_address(peer, forwarded, networks)
    source_of(address)
    if address not in (peer, peer.removeprefix("::ffff:")):
        ip_network(address)


@given(texts)
def test_no_text_is_without_a_source(address: str) -> None:
    assert source_of(address) == source_of(address)


def test_a_source_is_an_ipv4_address_or_the_64_bits_that_a_subscriber_of_ipv6_has() -> None:
    assert source_of(CLIENT) == CLIENT
    assert source_of(f"::ffff:{CLIENT}") == CLIENT
    assert source_of("2001:db8:1:2::7") == source_of("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert source_of("2001:db8:1:2::7") != source_of("2001:db8:1:3::7")
    assert source_of("fe80::1%eth0") == "fe80::/64"


def test_what_is_no_address_is_its_own_source() -> None:
    assert source_of("") == ""
    assert source_of("a:socket") == "a:socket"


def test_networks_are_listed_with_commas() -> None:
    assert parse_networks("10.0.0.0/8,::1") == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert parse_networks(" 192.0.2.1 , fd00::/8 ") == (ip_network("192.0.2.1/32"), ip_network("fd00::/8"))


def test_a_network_of_mapped_addresses_is_one_of_ipv4() -> None:
    assert parse_networks("::ffff:10.0.0.0/104") == (ip_network("10.0.0.0/8"),)


@pytest.mark.parametrize(
    "text", ["", ",", "10.0.0.0/8,", "proxy.example", "10.0.0.0/33", "10.0.0", "::1/129", "*"]
)
def test_what_is_no_network_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(BadNetwork, match=r"not a network to trust .*: write addresses or networks like 10"):
        parse_networks(text)


def test_a_network_that_names_more_than_its_prefix_is_refused_with_the_right_one() -> None:
    with pytest.raises(BadNetwork, match=r"perhaps 10.0.0.0/8 is meant"):
        parse_networks("10.0.0.1/8")


@given(texts)
def test_any_list_of_networks_is_taken_or_refused_with_the_sentence(text: str) -> None:
    try:
        networks = parse_networks(text)
    except BadNetwork:
        return
    assert len(networks) == text.count(",") + 1

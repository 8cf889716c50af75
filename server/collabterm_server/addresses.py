"""Whose connection it is: the client's address behind proxies, and the source that limits count by.

Must not believe a header unless whoever sent it is trusted: anybody can write one. Looks up nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_interface
from itertools import islice
from typing import Final

from collabterm.errors import BadNetwork

Network = IPv4Network | IPv6Network
"""Addresses that are trusted to say for whom they speak."""

_Address = IPv4Address | IPv6Address

_MAPPED_PREFIX: Final = "::ffff:"
"""An IPv4 client on a socket that listens on IPv6, too (RFC 4291, 2.5.5.2), as the system spells it."""

_MAPPED_BITS: Final = 96

_MAX_HOPS: Final = 16
"""Proxies in a row; a longer list is made up, and to read it would be work that a client gives us."""

_ENTRY: Final = re.compile(
    r"\[(?P<bracketed>[0-9a-f:.]+)\](?::[0-9]{1,5})?|(?P<ported>[0-9.]+):[0-9]{1,5}|(?P<bare>[0-9a-f:.]+)",
    re.IGNORECASE,
)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list like ``10.0.0.0/8,::1``; an address is a network of one.

    Raises:
        BadNetwork: If an entry is no address and no network.
    """
    return tuple(_parse_network(entry.strip()) for entry in text.split(","))


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the address of the client: the connection's own, or what trusted proxies say it is.

    The nearest proxy writes at the right end, so the first address from there that is not trusted is the
    client's: what stands left of it, the client may have made up. An entry that is no address
    ends the walk, too, at the proxy that passed it on.

    Args:
        peer: The address at the other end of the connection.
        forwarded: The values of all ``X-Forwarded-For`` headers, in their order.
        trusted: The proxies.
    """
    if not trusted:  # by far the most servers and clients: nothing is to be parsed
        return peer[len(_MAPPED_PREFIX) :] if peer.startswith(_MAPPED_PREFIX) and "." in peer else peer
    address = _parse_address(peer)
    if address is None:
        return peer
    for entry in islice(_from_the_right(forwarded), _MAX_HOPS):
        if not _is_trusted(address, trusted):
            break
        said = _parse_entry(entry)
        if said is None:
            break
        address = said
    return str(address)


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Return whether the address at the other end of a connection is a proxy's that is believed."""
    address = _parse_address(peer) if trusted else None
    return address is not None and _is_trusted(address, trusted)


def source_of(address: str) -> str:
    """Return what limits by source count by: an IPv4 address, or the /64 of an IPv6 address.

    A /64 is what one IPv6 subscriber has at least (RFC 6177); to count single addresses of it would
    leave everybody with 2**64 tries.
    """
    if ":" not in address:
        return address
    parsed = _parse_address(address)
    if isinstance(parsed, IPv6Address):
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return address if parsed is None else str(parsed)


def _from_the_right(forwarded: Sequence[str]) -> Iterator[str]:
    for value in reversed(forwarded):
        yield from reversed(value.rsplit(",", _MAX_HOPS))


def _is_trusted(address: _Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def _parse_entry(entry: str) -> _Address | None:
    """Return the address of one entry, which some proxies write with its port."""
    match = _ENTRY.fullmatch(entry.strip())
    if match is None or match.lastgroup is None:
        return None
    return _parse_address(match[match.lastgroup])


def _parse_address(text: str) -> _Address | None:
    """Return an address, one that is IPv4 in IPv6 as IPv4, so that it has one spelling."""
    try:
        if ":" not in text:
            return IPv4Address(text)
        address = IPv6Address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address


def _parse_network(entry: str) -> Network:
    try:
        interface = ip_interface(entry)
    except ValueError:
        raise BadNetwork(text=entry, problem="it is neither an address nor a network") from None
    network = interface.network
    if int(interface) != int(network.network_address):
        raise BadNetwork(text=entry, problem=f"it goes on beyond its prefix, perhaps {network} is meant")
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return network if mapped is None else IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))

"""What a STUN server answers to one datagram; must not hold sockets, state or time.

It is the basic server of RFC 8489 section 12: a Binding request is told the address it came from, which
is how a peer behind a NAT learns what others can reach it at. There is no authentication, because the
answer tells nobody anything but where their own datagram came from.

Whoever forges a sender makes us send to somebody else. So all but well-formed requests are met with
silence, and no answer is longer than ``MAX_FACTOR`` times its request.
"""

from __future__ import annotations

import binascii
import struct
from ipaddress import IPv6Address, ip_address
from itertools import chain
from typing import Final

MAX_FACTOR: Final = 2.2
"""An IPv6 address in answer to a bare request: 44 bytes for 20. For IPv4 it is 32, a factor of 1.6."""

MAX_REQUEST_BYTES: Final = 1_232
"""What fits the smallest packet of IPv6; RFC 8489 section 6.1 lets no request be larger."""

_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_MAGIC_COOKIE: Final = 0x2112A442
_BINDING_REQUEST: Final = 0x0001
_BINDING_SUCCESS: Final = 0x0101
_BINDING_ERROR: Final = 0x0111

_ERROR_CODE: Final = 0x0009
_UNKNOWN_ATTRIBUTES: Final = 0x000A
_XOR_MAPPED_ADDRESS: Final = 0x0020
_FINGERPRINT: Final = 0x8028
_FINGERPRINT_XOR: Final = 0x5354554E
_FINGERPRINT_BYTES: Final = 8

_UNDERSTOOD: Final = frozenset(
    {0x0001, 0x0006, 0x0008, 0x0009, 0x000A, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E, 0x0020}
)
"""Of those that must be understood: what RFC 8489 section 14 defines. A basic server needs none of it and
ignores it (section 6.3), above all the credentials of a client that was told to send some."""

_OPTIONAL: Final = 0x8000
"""From here on an attribute may be ignored (RFC 8489 section 14)."""

_UNKNOWN: Final = struct.pack("!HBB", 0, 4, 20)
"""Error 420 without a reason phrase: a program reads it, and every byte of it may hit a stranger."""


def answer_binding(datagram: bytes, host: str, port: int) -> bytes | None:
    """Return the answer to a Binding request, or None where silence is the answer.

    Args:
        datagram: What came.
        host: The address it came from, as the socket names it; an IPv4 address in IPv6 is told as IPv4.
        port: The port it came from.
    """
    if not _HEADER.size <= len(datagram) <= MAX_REQUEST_BYTES:
        return None
    kind, length, cookie, transaction_id = _HEADER.unpack_from(datagram)
    if kind != _BINDING_REQUEST or cookie != _MAGIC_COOKIE or length != len(datagram) - _HEADER.size:
        return None
    attributes = _attributes(datagram)
    if attributes is None:
        return None
    has_fingerprint = bool(attributes) and attributes[-1][0] == _FINGERPRINT
    if has_fingerprint and not _is_intact(datagram, attributes[-1][1]):
        return None
    unknown = [kind for kind, _ in attributes if kind < _OPTIONAL and kind not in _UNDERSTOOD]
    if unknown:
        listed = struct.pack(f"!{len(unknown)}H", *unknown)
        body = _encoded(_ERROR_CODE, _UNKNOWN) + _encoded(_UNKNOWN_ATTRIBUTES, listed)
        return _message(_BINDING_ERROR, transaction_id, body, has_fingerprint)
    body = _encoded(_XOR_MAPPED_ADDRESS, _xor_address(host, port, transaction_id))
    return _message(_BINDING_SUCCESS, transaction_id, body, has_fingerprint)


def _attributes(message: bytes) -> list[tuple[int, bytes]] | None:
    """Return the kinds and values of a message's attributes; None if they do not fill it exactly."""
    found = []
    position = _HEADER.size
    while position + _ATTRIBUTE.size <= len(message):
        kind, length = _ATTRIBUTE.unpack_from(message, position)
        position += _ATTRIBUTE.size
        found.append((kind, message[position : position + length]))
        position += length + -length % 4
    return found if position == len(message) else None


def _is_intact(message: bytes, fingerprint: bytes) -> bool:
    """Return whether the FINGERPRINT at the end is right (RFC 8489 section 14.7)."""
    return fingerprint == _fingerprint(message[:-_FINGERPRINT_BYTES])


def _fingerprint(message: bytes) -> bytes:
    return struct.pack("!I", binascii.crc32(message) ^ _FINGERPRINT_XOR)


def _xor_address(host: str, port: int, transaction_id: bytes) -> bytes:
    """Return the value of XOR-MAPPED-ADDRESS (RFC 8489 section 14.2)."""
    address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    family = 1 if address.version == 4 else 2
    pad = chain(struct.pack("!I", _MAGIC_COOKIE), transaction_id)
    xored = bytes(one ^ other for one, other in zip(address.packed, pad, strict=False))
    return struct.pack("!BBH", 0, family, port ^ (_MAGIC_COOKIE >> 16)) + xored


def _encoded(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _message(kind: int, transaction_id: bytes, body: bytes, has_fingerprint: bool) -> bytes:
    """Return a message; with a FINGERPRINT if the request had one, since then its sender looks for it."""
    length = len(body) + (_FINGERPRINT_BYTES if has_fingerprint else 0)
    message = _HEADER.pack(kind, length, _MAGIC_COOKIE, transaction_id) + body
    return message + _encoded(_FINGERPRINT, _fingerprint(message)) if has_fingerprint else message

"""How this machine can be reached: host addresses and usable STUN servers; must not open links.

Two repairs of what aiortc does by itself: it waits 5 s on each side for a STUN server that does not
answer, so servers are probed first and only those that answered are used; and aioice finds no address on
a machine with no network but loopback, where two terminals must still connect.
"""

from __future__ import annotations

import asyncio
import logging
import os
import struct
from collections.abc import Sequence
from typing import Final, Protocol, cast

import aioice.ice

logger = logging.getLogger(__name__)

PROBE_TIMEOUT_S: Final = 0.4
_MAGIC_COOKIE: Final = 0x2112A442
_BINDING_REQUEST: Final = 0x0001
_BINDING_SUCCESS: Final = 0x0101
_DEFAULT_PORT: Final = 3478

_host_addresses = aioice.ice.get_host_addresses


class FindAddresses(Protocol):
    """Finds this machine's addresses of IPv4 and of IPv6, each if asked for."""

    def __call__(self, use_ipv4: bool, use_ipv6: bool) -> list[str]:
        """Return the addresses."""


def allow_loopback() -> None:
    """Let aioice offer the loopback address where there is no other."""
    aioice.ice.get_host_addresses = or_loopback(_host_addresses)


def or_loopback(find: FindAddresses) -> FindAddresses:
    """Return ``find``, but with the loopback address where that finds none."""

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return find(use_ipv4, use_ipv6) or ["127.0.0.1"]

    return addresses


async def responsive_stun_servers(urls: Sequence[str]) -> list[str]:
    """Return those of the ``stun:host[:port]`` addresses that answer within ``PROBE_TIMEOUT_S``."""
    answers = await asyncio.gather(*(_answers(url) for url in urls))
    for url, answered in zip(urls, answers, strict=True):
        logger.info("STUN server %s %s", url, "answers" if answered else "does not answer, not used")
    return [url for url, answered in zip(urls, answers, strict=True) if answered]


async def _answers(url: str) -> bool:
    host, _, port = url.removeprefix("stun:").partition(":")
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            transport, probe = await loop.create_datagram_endpoint(
                _Probe, remote_addr=(host, int(port or _DEFAULT_PORT))
            )
            try:
                await probe.answered
            finally:
                transport.close()
    except (TimeoutError, OSError):
        return False
    return True


class _Probe(asyncio.DatagramProtocol):
    """One STUN binding request (RFC 8489 section 6) and its answer."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = struct.pack("!HHI12s", _BINDING_REQUEST, 0, _MAGIC_COOKIE, os.urandom(12))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.DatagramTransport", transport).sendto(self._request)  # gh-90352, fixed in 3.12

    def datagram_received(self, data: bytes, addr: object) -> None:
        is_answer = data[:2] == struct.pack("!H", _BINDING_SUCCESS) and data[4:20] == self._request[4:]
        if is_answer and not self.answered.done():
            self.answered.set_result(None)

    def error_received(self, exc: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(exc)

"""The STUN and the TURN server that links use, of all that are offered; must not open links.

aiortc takes one server of each kind and its links wait for it, so only a server that has answered is used:
the first in order among those that have. The search runs beside everything else. aioice loads slowly and is
loaded in another thread, when there is the first server to try.

Whoever runs the signaling server chooses whom we ask, also in our own network, where an address that may be
meant looks like one that may not. So we ask few and seldom, and they get nothing but STUN and TURN requests
or a TLS handshake. Of one that is neither STUN nor TURN the signaling server learns nothing.
"""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from collabterm.protocol.ice_urls import IceUrl, parse_ice_url
from collabterm.protocol.signaling import IceServers

logger = logging.getLogger(__name__)

MAX_TRIED: Final = 8
"""Servers of one kind: whoever runs the signaling server must not have us knock at a whole network."""

PACE_S: Final = 10.0
"""From one offer that is tried to the next: a server renews a credential after hours."""

MAX_CREDENTIAL_CHARS: Final = 508
"""Of a user name: RFC 8489 section 14.3 says less than 509 bytes."""

_MAX_PORT: Final = 65_535
_RELEASE_S: Final = 0.5
_MAGIC_COOKIE: Final = 0x2112A442
_BINDING_REQUEST: Final = 0x0001
_BINDING_SUCCESS: Final = 0x0101


@dataclass(frozen=True, slots=True)
class IceServer:
    """A server for links to use: one RTCIceServer of W3C with one address."""

    url: str
    username: str | None = None
    credential: str | None = None


class IceSearch:
    """Finds the servers that links use, anew for each offer of the signaling server's.

    The same offer is tried again, too: it comes when we sign in, perhaps from another network than before.

    Args:
        stun: The configured STUN servers, ``stun:host[:port]``; better than the signaling server's own.
        server_url: The signaling server, whose host answers STUN if it says so.
        on_found: Called when there is a STUN or a TURN server where there was none.
        pace_s: From one offer that is tried to the next, in seconds.
    """

    def __init__(
        self, stun: Sequence[str], server_url: str, on_found: Callable[[], None], pace_s: float = PACE_S
    ) -> None:
        self._pace_s = pace_s
        self._configured = stun
        self._server_url = server_url
        self._on_found = on_found
        self._newest = IceServers(None, ())
        self._was_offered = asyncio.Event()
        self._found: dict[_Kind, IceServer] = {}

    @property
    def servers(self) -> tuple[IceServer, ...]:
        """What a link that is made now should use: at most one STUN and one TURN server."""
        return tuple(self._found[kind] for kind in ("stun", "turn") if kind in self._found)

    def offer(self, offered: IceServers) -> None:
        """Let ``run`` try what the signaling server offers now; an older offer that still waits is void."""
        self._newest = offered
        self._was_offered.set()

    async def run(self) -> None:
        """Try the configured servers, and again with each offer, but the next no sooner than ``pace_s``."""
        pause_s = 0.0
        while True:
            self._was_offered.clear()
            async with asyncio.TaskGroup() as tasks:
                searching = tasks.create_task(self.search(self._newest))
                await asyncio.sleep(pause_s)
                await self._was_offered.wait()
                searching.cancel()
            pause_s = self._pace_s

    async def search(self, offered: IceServers) -> None:
        """Try the configured and the offered servers, once."""
        stun = self._stun_urls(offered)
        turn = _turn_servers(offered)
        ice = await _loaded() if stun or turn else None
        await asyncio.gather(
            self._try_all("stun", [partial(_try_stun, ice, url) for url in stun]),
            self._try_all("turn", [partial(_try_turn, ice, url, server) for url, server in turn]),
        )

    def _stun_urls(self, offered: IceServers) -> list[IceUrl]:
        own = stun_of(self._server_url, offered.stun_port)
        urls = map(parse_ice_url, [*self._configured, *([own] if own is not None else [])])
        return [url for url in urls if url is not None and url.scheme == "stun"][:MAX_TRIED]

    async def _try_all(self, kind: _Kind, tries: Sequence[_Try]) -> None:
        """Try all at once; use whatever answers first until a better one answers."""
        best = len(tries)

        def answered(rank: int, server: IceServer) -> None:
            nonlocal best
            if rank < best:
                best = rank
                self._use(kind, server)

        await asyncio.gather(*(one(partial(answered, rank)) for rank, one in enumerate(tries)))
        if best == len(tries):
            self._found.pop(kind, None)

    def _use(self, kind: _Kind, server: IceServer) -> None:
        is_first = kind not in self._found
        self._found[kind] = server
        logger.info("links use %s", server.url)
        if is_first:
            self._on_found()


def stun_of(server_url: str, port: int | None) -> str | None:
    """Return the STUN server beside a signaling server; None if there is none, or it is on this machine.

    A server reached over loopback sees loopback addresses, which help nobody.
    """
    host = urlsplit(server_url).hostname
    if host is None or port is None or not 1 <= port <= _MAX_PORT or _is_loopback(host):
        return None
    return f"stun:{host}:{port}"


_Kind = Literal["stun", "turn"]
_Answered = Callable[[IceServer], None]
_Try = Callable[[_Answered], Awaitable[None]]


async def _loaded() -> Any:
    return await asyncio.to_thread(importlib.import_module, "collabterm.transport.ice")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _turn_servers(offered: IceServers) -> list[tuple[IceUrl, IceServer]]:
    servers = [
        (url, IceServer(text, turn.username, turn.credential))
        for turn in offered.turn
        if all(_is_sendable(text) for text in (turn.username, turn.credential))
        for text in turn.urls
        if (url := parse_ice_url(text)) is not None and url.scheme != "stun"
    ]
    return servers[:MAX_TRIED]


def _is_sendable(text: str) -> bool:
    """Return whether aioice can encode it."""
    return 0 < len(text) <= MAX_CREDENTIAL_CHARS and text.isascii() and text.isprintable()


async def _try_stun(ice: Any, url: IceUrl, answered: _Answered) -> None:
    """Ask from each address of this machine, and let links ask from those alone that hear the server."""
    try:
        async with asyncio.timeout(ice.REFLEXIVE_S):
            server = await _resolved(url)
    except (OSError, TimeoutError, UnicodeError) as error:  # UnicodeError: no name of DNS
        logger.info("STUN server %s is not found: %r", url.host, error)
        return
    addresses = frozenset(ice.addresses_that_ask())
    heard: set[str] = set()

    async def ask_from(address: str) -> None:
        if await _hears(ice, address, server):
            heard.add(address)
            ice.do_not_ask_from(addresses - heard, server)
            answered(IceServer(f"stun:{server[0]}:{server[1]}"))

    await asyncio.gather(*map(ask_from, addresses))
    logger.info("STUN server %s answers %d of %d addresses", url.host, len(heard), len(addresses))


async def _try_turn(ice: Any, url: IceUrl, server: IceServer, answered: _Answered) -> None:
    """Allocate an address, as a link would, and release it: so a credential that is refused shows as well."""
    released = asyncio.get_running_loop().create_future()
    try:
        transport, _ = await ice.allocate_briefly(
            partial(_Allocation, released), (url.host, url.port), username=server.username,
            password=server.credential, ssl=url.scheme == "turns", transport=url.transport,
        )  # fmt: skip
    except (OSError, TimeoutError, UnicodeError) as error:
        logger.info("TURN server %s is not used: %r", server.url, error)
        return
    answered(server)
    transport.close()
    await asyncio.wait({released}, timeout=_RELEASE_S)


async def _resolved(url: IceUrl) -> tuple[str, int]:
    """Return an IPv4 address, the only kind from which aioice asks; so no link has to look up the name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(url.host, url.port, family=socket.AF_INET, type=socket.SOCK_DGRAM)
    host, port = found[0][4][:2]
    return str(host), int(port)


async def _hears(ice: Any, address: str, server: tuple[str, int]) -> bool:
    """Return whether the STUN server answers to this address of the machine."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(ice.REFLEXIVE_S):
            transport, probe = await loop.create_datagram_endpoint(
                _Probe, local_addr=(address, 0), remote_addr=server
            )
            try:
                while not probe.answered.done():
                    transport.sendto(probe.request)
                    await asyncio.wait({probe.answered}, timeout=ice.ASK_AGAIN_S)
                await probe.answered
            finally:
                transport.close()
    except (TimeoutError, OSError):
        return False
    return True


class _Probe(asyncio.DatagramProtocol):
    """One STUN Binding request (RFC 8489 section 6) and its answer."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.request = struct.pack("!HHI12s", _BINDING_REQUEST, 0, _MAGIC_COOKIE, os.urandom(12))

    def datagram_received(self, data: bytes, addr: object) -> None:
        is_answer = data[:2] == struct.pack("!H", _BINDING_SUCCESS) and data[4:20] == self.request[4:]
        if is_answer and not self.answered.done():
            self.answered.set_result(None)

    def error_received(self, exc: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(exc)


class _Allocation(asyncio.DatagramProtocol):
    """An address at a TURN server that nobody sends to; ``released`` is done when it is given up."""

    def __init__(self, released: asyncio.Future[None]) -> None:
        self._released = released

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._released.done():
            self._released.set_result(None)

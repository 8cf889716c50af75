"""What aioice does that this editor needs otherwise, repaired in place; must not choose servers.

- On a machine with no network but loopback it finds no address, where two terminals must still connect.
- It waits up to 5 s for a server that does not answer, and asks STUN from every address of the machine,
  though from a bridge of containers, for example, no answer ever comes.
- It settles on the first path that works, whatever its priority: often the relay, where a direct path takes
  one packet more to open through two NATs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final, Protocol, TypeVar

import aioice
import aioice.ice
import aioice.stun
import aioice.turn

REFLEXIVE_S: Final = 0.5
"""For STUN: an answer from far away takes 0.3 s, and a request that is lost is sent again twice before."""

ASK_AGAIN_S: Final = 0.15
"""aioice itself sends a lost request again after half a second only."""

RELAY_S: Final = 0.9
"""For TURN, which takes two questions, over TLS five, and aioice half a second for a packet that is lost."""

DIRECT_FIRST_S: Final = 0.6
"""How long a path through a relay is not tried: time to open two NATs, a lost packet's repeat included."""

ServerAddress = tuple[str, int]
_Answer = TypeVar("_Answer")
_Datagrams = TypeVar("_Datagrams", bound=asyncio.DatagramProtocol)

_host_addresses = aioice.ice.get_host_addresses
_ask_stun = aioice.ice.server_reflexive_candidate
_allocate = aioice.turn.create_turn_endpoint
_check = aioice.ice.Connection.check_start

_deaf_addresses: dict[ServerAddress, frozenset[str]] = {}


class FindAddresses(Protocol):
    """Finds this machine's addresses of IPv4 and of IPv6, each if asked for."""

    def __call__(self, use_ipv4: bool, use_ipv6: bool) -> list[str]:
        """Return the addresses."""


def repair_aioice() -> None:
    """Let every connection that aioice makes from now on behave as this module says."""
    aioice.ice.get_host_addresses = or_loopback(_host_addresses)
    aioice.ice.server_reflexive_candidate = _ask_stun_briefly
    aioice.turn.create_turn_endpoint = allocate_briefly
    setattr(aioice.ice.Connection, "check_start", _check_direct_first)  # noqa: B010 - mypy forbids it plainly


def or_loopback(find: FindAddresses) -> FindAddresses:
    """Return ``find``, but with the loopback address where that finds none."""

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return find(use_ipv4, use_ipv6) or ["127.0.0.1"]

    return addresses


def addresses_that_ask() -> list[str]:
    """Return the addresses from which aioice asks STUN servers."""
    return or_loopback(_host_addresses)(use_ipv4=True, use_ipv6=False)


def do_not_ask_from(addresses: Collection[str], server: ServerAddress) -> None:
    """Let links ask this STUN server from all addresses but these, from which it was not heard."""
    _deaf_addresses[server] = frozenset(addresses)


async def allocate_briefly(
    protocol_factory: Callable[[], _Datagrams], server_addr: ServerAddress, *args: Any, **kwargs: Any
) -> tuple[aioice.turn.TurnTransport, _Datagrams]:
    """Allocate an address at a TURN server, in ``RELAY_S`` or not at all.

    Raises:
        TimeoutError: If it takes longer.
        OSError: If the server cannot be reached, or refuses.
    """
    try:
        async with asyncio.timeout(RELAY_S):
            return await _allocate(protocol_factory, server_addr, *args, **kwargs)
    except aioice.stun.TransactionError as error:
        raise ConnectionRefusedError(str(error)) from error


async def _ask_stun_briefly(
    protocol: aioice.ice.StunProtocol, stun_server: ServerAddress
) -> tuple[aioice.Candidate, None]:
    if protocol.local_candidate.host in _deaf_addresses.get(stun_server, ()):
        raise TimeoutError
    async with asyncio.timeout(REFLEXIVE_S):
        return await _first_of_several(lambda: _ask_stun(protocol, stun_server))


async def _first_of_several(ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """Ask, and ask again every ``ASK_AGAIN_S``; return what comes first."""
    asked: set[asyncio.Future[_Answer]] = set()
    try:
        while True:
            asked.add(asyncio.ensure_future(ask()))
            done, _ = await asyncio.wait(asked, timeout=ASK_AGAIN_S, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return done.pop().result()
    finally:
        for one in asked:
            one.cancel()


async def _check_direct_first(connection: aioice.ice.Connection, pair: aioice.ice.CandidatePair) -> None:
    """Check a pair of candidates as aioice does, but one with a relay in between only after a while."""
    if "relay" in (pair.local_candidate.type, pair.remote_candidate.type):
        connection.check_state(
            pair, pair.State.IN_PROGRESS
        )  # or this pair would keep its turn and starve others
        await asyncio.sleep(DIRECT_FIRST_S)
    await _check(connection, pair)

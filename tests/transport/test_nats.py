"""Two behind a NAT each find a path: with the server's STUN where it is enough, else through a TURN relay."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from collabterm.protocol.signaling import (
    IceServers,
    PeerId,
    PeerInfo,
    PeerJoined,
    RoomCreated,
    RoomJoined,
    RoomName,
    SdpAnswer,
    SdpOffer,
    ServerMessage,
)
from collabterm.protocol.signaling_json import decode_client_message, encode_signal
from collabterm_server.turn import TurnRelay
from tests.coturn import SECRET, Coturn, why_no_coturn
from tests.nat import SERVER, Gate, TwoHomes
from tests.network import why_no_namespaces
from tests.waiting import until

REASON = why_no_namespaces()
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")
needs_coturn = pytest.mark.skipif(why_no_coturn() is not None, reason=why_no_coturn() or "")

DEN: Final = RoomName("den")
LINKED_S: Final = 6.0
NOTHING_S: Final = 1.5
"""As long as a link would take that could be opened, three times over."""

_ROOT: Final = Path(__file__).parents[2]
_PROGRAMS: Final = [sys.executable, "-m", "tests.home_programs"]


class HomePeer:
    """A peer at home 0 or 1, whom the test tells what a signaling server would."""

    def __init__(self, name: str, process: Process) -> None:
        self.info = PeerInfo(PeerId(name), name, "")
        self.other: HomePeer | None = None
        self.carried: list[SdpOffer | SdpAnswer] = []
        self.state: dict[str, Any] = {"servers": [], "paths": {}}
        self._process = process

    def tell(self, message: ServerMessage) -> None:
        """Let it hear a message of the signaling server."""
        assert self._process.stdin is not None, "started with a pipe"
        self._process.stdin.write(encode_signal(message).encode() + b"\n")

    async def listen(self) -> None:
        """Carry what it says to the other, as a signaling server would."""
        assert self._process.stdout is not None, "started with a pipe"
        async for line in self._process.stdout:
            said = json.loads(line)
            if "state" in said:
                self.state = said["state"]
                continue
            message = decode_client_message(line.decode())
            assert isinstance(message, SdpOffer | SdpAnswer), message
            assert self.other is not None, "nobody else is in the room"
            self.carried.append(message)
            self.other.tell(replace(message, to=None, sender=self.info.peer_id))

    @property
    def path(self) -> list[str]:
        """Over which kinds of candidates it is linked; empty if it is not."""
        assert self.other is not None, "nobody else is in the room"
        path: list[str] = self.state["paths"].get(self.other.info.peer_id, [])
        return path


@asynccontextmanager
async def running(argv: Sequence[str], *, limit: int = 1 << 20) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=PIPE, stdout=PIPE, stderr=None, cwd=_ROOT, limit=limit,
        env={"PYTHONPATH": f"{_ROOT}:{_ROOT / 'server'}", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def in_a_room(homes: TwoHomes) -> AsyncIterator[tuple[HomePeer, HomePeer]]:
    """Ana, who is in the room, and Bob, who comes and offers."""
    url = f"ws://{SERVER}:3001"
    async with (
        running(homes.at_home(0, [*_PROGRAMS, "peer", "ana", url])) as at_ana,
        running(homes.at_home(1, [*_PROGRAMS, "peer", "bob", url])) as at_bob,
        asyncio.TaskGroup() as listening,
    ):
        ana, bob = HomePeer("ana", at_ana), HomePeer("bob", at_bob)
        ana.other, bob.other = bob, ana
        tasks = [listening.create_task(one.listen()) for one in (ana, bob)]
        yield ana, bob
        for task in tasks:
            task.cancel()


def enter(ana: HomePeer, bob: HomePeer) -> None:
    ana.tell(RoomCreated(DEN))
    bob.tell(RoomJoined(DEN, (ana.info,)))
    ana.tell(PeerJoined(bob.info))


async def help_both(ana: HomePeer, bob: HomePeer, offered: IceServers, urls: list[str]) -> None:
    """Offer ICE servers to both, and wait until both have found that these answer."""
    for one in (ana, bob):
        one.tell(offered)
    await until(lambda: ana.state["servers"] == bob.state["servers"] == urls, f"both use {urls}")


@asynccontextmanager
async def answering_stun(homes: TwoHomes) -> AsyncIterator[int]:
    """The signaling server's STUN responder in the street; yields its port."""
    async with running(homes.in_street([*_PROGRAMS, "stun", SERVER])) as process:
        assert process.stdout is not None, "started with a pipe"
        yield int(await process.stdout.readline())


def credentials(coturn: Coturn, url: str) -> IceServers:
    relay = TurnRelay((url,), SECRET)
    return IceServers(None, (relay.credentials(PeerId("ana"), time.time()),))


async def test_two_behind_nats_are_linked_with_the_servers_stun_and_not_without() -> None:
    with TwoHomes(Gate.NAT) as homes:
        async with answering_stun(homes) as port, in_a_room(homes) as (ana, bob):
            enter(ana, bob)
            await until(lambda: ana.carried, "ana answers bob's offer")
            with pytest.raises(AssertionError):
                await until(lambda: ana.path or bob.path, "a link without help", NOTHING_S)
            ana.tell(IceServers(port, ()))
            await until(lambda: ana.state["servers"], "ana uses STUN")
            bob.tell(IceServers(port, ()))
            await until(lambda: ana.path and bob.path, "the link is open", LINKED_S)
            assert "relay" not in ana.path + bob.path


@needs_coturn
@pytest.mark.parametrize(
    ("gate", "transport"),
    [(Gate.SYMMETRIC, "udp"), (Gate.WALL, "udp"), (Gate.NO_UDP, "tcp")],
    ids=["symmetric NATs", "no UDP but to the relay", "no UDP at all"],
)
async def test_two_who_cannot_reach_each_other_are_linked_through_coturn(gate: Gate, transport: str) -> None:
    with TwoHomes(gate) as homes, Coturn(SERVER, homes.in_street(())) as coturn:
        async with in_a_room(homes) as (ana, bob):
            url = f"{coturn.url}?transport={transport}"
            await help_both(ana, bob, credentials(coturn, url), [url])
            enter(ana, bob)
            await until(lambda: ana.path and bob.path, "the link is open", LINKED_S)
            assert "relay" in ana.path
            assert "relay" in bob.path


@needs_coturn
async def test_a_relay_is_not_used_where_a_direct_path_can_be_opened() -> None:
    with TwoHomes(Gate.NAT) as homes, Coturn(SERVER, homes.in_street(())) as coturn:
        async with answering_stun(homes) as port, in_a_room(homes) as (ana, bob):
            offered = replace(credentials(coturn, coturn.url), stun_port=port)
            await help_both(ana, bob, offered, [f"stun:{SERVER}:{port}", coturn.url])
            enter(ana, bob)
            await until(lambda: ana.path and bob.path, "the link is open", LINKED_S)
            assert "relay" not in ana.path + bob.path

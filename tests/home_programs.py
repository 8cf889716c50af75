"""What runs in the homes and the street of ``tests.nat``; it must not know that they are namespaces.

``peer NAME SERVER_URL`` is a peer without a text: it reads what a signaling server would say and writes what
a client would, one JSON object a line; lines with ``state`` tell which ICE servers it uses and over which
candidates it is linked. ``stun HOST`` answers STUN on a port of its choice, which it writes.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from random import Random
from typing import Any

from collabterm.document.shared_text import Document
from collabterm.protocol.signaling import Introduction, PeerId, RoomCreated, RoomJoined
from collabterm.protocol.signaling_json import decode_server_message, encode_signal
from collabterm.session.room import Room
from collabterm.transport.mesh import Mesh
from collabterm.transport.peer_link import PeerLink
from collabterm.transport.signaling_client import EnteredRoom, SignalingEvent
from collabterm_server.udp import StunResponder

_LOOK_AGAIN_S = 0.01


class _StandardOutput:
    """Carries introductions to whoever reads."""

    def send(self, message: Introduction) -> None:
        print(encode_signal(message), flush=True)


async def _be_peer(name: str, server_url: str) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    room = Room(Document(secrets.randbits(53)), name, name)
    async with Mesh(room, PeerId(name), _StandardOutput(), (), Random(name), server_url) as mesh:
        telling = asyncio.create_task(_tell_state(mesh))
        async for line in lines:
            mesh.handle(_event(line))
        telling.cancel()


def _event(line: bytes) -> SignalingEvent:
    message: Any = decode_server_message(line.decode())
    match message:
        case RoomCreated():
            return EnteredRoom(created=True, hosting=False, peers=())
        case RoomJoined(peers=peers):
            return EnteredRoom(created=False, hosting=False, peers=peers)
        case _:
            event: SignalingEvent = message
            return event


async def _tell_state(mesh: Mesh) -> None:
    told = None
    while True:
        servers = [server.url for server in mesh._ice.servers]
        links = {peer_id: peer.link for peer_id, peer in mesh._peers.items()}
        paths = {peer_id: _path(link) for peer_id, link in links.items() if link is not None and link.is_open}
        if (state := {"servers": servers, "paths": paths}) != told:
            told = state
            print(json.dumps({"state": state}), flush=True)
        await asyncio.sleep(_LOOK_AGAIN_S)


def _path(link: PeerLink) -> list[str]:
    """Return the types of the candidates at this and at the other end."""
    connection: Any = link._connection
    pair = connection.sctp.transport.transport._connection._nominated[1]
    return [pair.local_candidate.type, pair.remote_candidate.type]


async def _answer_stun(host: str) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: StunResponder(loop.time, lambda: None, lambda: None), local_addr=(host, 0)
    )
    print(transport.get_extra_info("sockname")[1], flush=True)
    await loop.create_future()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["peer", name, server_url]:
            asyncio.run(_be_peer(name, server_url))
        case ["stun", host]:
            asyncio.run(_answer_stun(host))
        case _:
            sys.exit(__doc__)

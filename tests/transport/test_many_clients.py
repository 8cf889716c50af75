"""Two hundred clients whose server is killed and started again: all come back by themselves."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from collabterm.protocol.signaling import PeerId, PeerJoined, PeerLeft
from collabterm.transport.signaling_client import EnteredRoom, LostServer, SignalingEvent
from tests.network import ServerProcess, free_port
from tests.product import environment
from tests.transport.visitors import Visitor
from tests.waiting import until

CLIENTS: Final = 200
ROOMS: Final = 27
"""Seven or eight in each: the most that a room holds."""

MOST_AT_ONCE: Final = CLIENTS // 5
"""Of those who lose the server at one moment, within a hundredth of a second: more would be a herd."""


class Returning(Visitor):
    """A visitor who keeps a list of who is there, as the mesh does."""

    def __init__(self, url: str, number: int) -> None:
        self.room = f"room-{number % ROOMS}"
        super().__init__(url, f"client-{number}", room=self.room)
        self.is_in = False
        self.seen: set[PeerId] = set()

    def follow(self, event: SignalingEvent) -> None:
        super().follow(event)
        match event:
            case EnteredRoom(peers=peers):
                self.is_in, self.seen = True, {peer.peer_id for peer in peers}
            case PeerJoined(peer):
                self.seen.add(peer.peer_id)
            case PeerLeft(peer_id):
                self.seen.discard(peer_id)
            case LostServer():
                self.is_in = False
            case _:
                pass


async def test_two_hundred_clients_of_a_killed_server_come_back_and_see_the_same_peers(
    tmp_path: Path,
) -> None:
    server = ServerProcess(free_port(), environment(tmp_path))
    crowd = [Returning(server.url, number) for number in range(CLIENTS)]
    async with AsyncExitStack() as stack:
        stack.enter_context(server)
        for one in crowd:
            await stack.enter_async_context(one)
        await until(lambda: are_together(crowd), "all are in their rooms", timeout_s=20.0)
        await asyncio.to_thread(server.kill)
        await until(lambda: not any(one.is_in for one in crowd), "all notice that it is gone")
        await asyncio.to_thread(server.start)
        await until(lambda: are_together(crowd), "all are back", timeout_s=20.0)
        assert {len(one.all(EnteredRoom)) for one in crowd} == {2}
        reopened = Counter(one.room for one in crowd if one.all(EnteredRoom)[1].created)
        assert reopened == dict.fromkeys({one.room for one in crowd}, 1)
        pauses = Counter(round(one.all(LostServer)[0].retry_s or 0.0, 2) for one in crowd)
        assert max(pauses.values()) <= MOST_AT_ONCE, sorted(pauses.items())


def are_together(crowd: Sequence[Returning]) -> bool:
    """Return whether everybody is in the room and sees everybody of that room, and nobody else."""
    rooms = defaultdict[str, set[PeerId]](set)
    for one in crowd:
        rooms[one.room].add(one.info.peer_id)
    return all(one.is_in and one.seen == rooms[one.room] - {one.info.peer_id} for one in crowd)

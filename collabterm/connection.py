"""A session's network, put together: signaling, the mesh of links and the server hosted in between.

It must not hold a protocol of its own. Importing it imports websockets, so it is imported late.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from random import SystemRandom

from collabterm.config import DEFAULT_SERVER
from collabterm.errors import (
    BadTokenFile,
    CollabtermError,
    ServerAway,
    ServerBusy,
    ServerNotTrusted,
    ServerProblem,
    ServerRefused,
)
from collabterm.file_keeper import FileKeeper
from collabterm.join_request import JoinRequest
from collabterm.session.events import InSync, RoomEvent, StatusChanged
from collabterm.session.room import Room
from collabterm.storage.token import load_token
from collabterm.transport.identity import Identity
from collabterm.transport.mesh import Mesh
from collabterm.transport.signaling_client import (
    EnteredRoom,
    LostServer,
    RoomHandedOver,
    SignalingClient,
    SignalingEvent,
)

_DEFAULT_HOST, _DEFAULT_PORT = "127.0.0.1", 3001


async def stay_connected(
    request: JoinRequest,
    identity: Identity,
    room: Room,
    keeper: FileKeeper,
    on_refused: Callable[[CollabtermError], None],
    on_notice: Callable[[str], None],
) -> None:
    """Stay in the room until cancelled; then say goodbye.

    Args:
        request: Which room on which server, under which name.
        identity: Who signs in.
        room: Told what arrives.
        keeper: Seeds the room if it is new.
        on_refused: Called if the server cannot be used and there is nothing yet to go on with.
        on_notice: Called with a sentence that the person should read once.
    """
    settings = request.settings
    client = SignalingClient(
        url=settings.server,
        room=request.room,
        name=settings.name,
        identity=replace(identity, token=settings.token),
        host=_host_here if settings.server == DEFAULT_SERVER else None,
        random=SystemRandom(),
        load_token=partial(load_token, settings.token_file) if settings.token_file is not None else None,
    )
    mesh = Mesh(room, identity.peer_id, client, settings.stun, SystemRandom(), settings.server)
    follower = _Follower(room, keeper, mesh, on_refused, on_notice)
    async with mesh:
        gc.collect()
        gc.freeze()  # what the imports left is never garbage; not walking it again keeps pauses off the keys
        await client.run(follower.follow)
        await asyncio.get_running_loop().create_future()


class _Follower:
    """Passes signaling events on to the mesh, and knows whether we have ever been in the room."""

    def __init__(
        self,
        room: Room,
        keeper: FileKeeper,
        mesh: Mesh,
        on_refused: Callable[[CollabtermError], None],
        on_notice: Callable[[str], None],
    ) -> None:
        self._room = room
        self._keeper = keeper
        self._mesh = mesh
        self._on_refused = on_refused
        self._on_notice = on_notice
        self._told = ""
        self._has_entered = False
        self._has_compared = False
        room.subscribe(self._on_room_event)

    def follow(self, event: SignalingEvent) -> None:
        """Seed a room that is new with our file; give up on a server that never worked."""
        match event:
            case EnteredRoom(created=created, awaited=awaited):
                self._has_entered = True
                self._told = ""
                self._keeper.enter(created=created, awaited=bool(awaited))
                if self._keeper.waits_for_room:
                    self._on_notice(f"{self._keeper.name} opens if not")
            case RoomHandedOver():
                self._keeper.enter(created=True)
            case LostServer(problem=problem):
                self._lost(problem)
            case _:
                pass
        self._mesh.handle(event)

    def _lost(self, problem: ServerProblem | BadTokenFile) -> None:
        """Tell what the server said, once; give up on one that has never worked and will not soon."""
        may_pass = isinstance(problem, ServerBusy | ServerAway)
        if not may_pass and not self._has_entered and self._room.document.is_pristine:
            self._on_refused(problem)
        elif (words := _words_for_a_notice(problem)) and self._told != words:
            self._told = words
            self._on_notice(words)

    def _on_room_event(self, event: RoomEvent) -> None:
        if (
            isinstance(event, StatusChanged)
            and isinstance(self._room.status, InSync)
            and not self._has_compared
            and not self._keeper.waits_for_room
        ):
            self._has_compared = True
            self._keeper.compare()


def _words_for_a_notice(problem: ServerProblem | BadTokenFile) -> str:
    """Return what to read while editing goes on; nothing if the status bar says all there is to know."""
    match problem:
        case ServerBusy() | ServerRefused():
            return str(problem.fields["message"])  # which server it is that turns one away is no news
        case BadTokenFile() | ServerNotTrusted():
            return str(problem)
        case _:
            return ""


def _host_here() -> AbstractAsyncContextManager[object]:
    """Make the server that this process hosts when nobody else does."""
    from collabterm_server.relay import SignalingServer  # noqa: PLC0415  # only who hosts pays for it

    return SignalingServer(_DEFAULT_HOST, _DEFAULT_PORT)

"""A lasting session with the signaling server; must not know links or documents.

It signs in, enters the room, beats, and does all of it again after any loss, with backoff and jitter::

    connecting ─ challenge, auth, join ─► in the room ─ loss ─► waiting ─► connecting ...
        └─ refused on this machine's default address ─► hosting the server here ─► connecting
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException

from collabterm.errors import (
    BadTokenFile,
    NotASignalingServer,
    PortInUse,
    ProtocolError,
    ServerProblem,
    ServerUnreachable,
    VersionMismatch,
)
from collabterm.protocol.limits import MAX_ROSTER, MAX_SIGNAL_BYTES, PROTOCOL_VERSION
from collabterm.protocol.server_names import dialed_name
from collabterm.protocol.signaling import (
    AuthOk,
    Challenge,
    Error,
    Heartbeat,
    IceServers,
    Introduction,
    JoinRoom,
    LeaveRoom,
    PeerId,
    PeerInfo,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    ServerMessage,
    SignalingMessage,
    unsupported_version,
)
from collabterm.protocol.signaling_json import UnknownTypeError, decode_server_message, encode_signal
from collabterm.transport.identity import Identity
from collabterm.transport.losses import (
    CLOSED,
    REFUSED_RETRY_S,
    Loss,
    failed_handshake,
    is_connection_refused,
    refusal,
    unreachable,
)

logger = logging.getLogger(__name__)

ANSWER_S: Final = 8.0
FIRST_RETRY_S: Final = 0.2
LONGEST_RETRY_S: Final = 15.0
SPREAD: Final = 1.5
"""Those whom a server tells the same ``retry_after`` come back over half as long again, not at once."""

LEAVE_S: Final = 0.3
MISSED_BEATS: Final = 2.5
SHORTEST_BEAT_S: Final = 1.0
LONGEST_BEAT_S: Final = 120.0
LOST_RACES: Final = 3
"""A port that refuses us and is in use was taken a moment ago by another client; or, if it lasts, was not."""


@dataclass(frozen=True, slots=True)
class EnteredRoom:
    """We are in the room.

    Attributes:
        created: Whether it was new.
        hosting: Whether the server runs in this process.
        peers: Who else is there.
        awaited: The names of those whom it is kept for: they lost their connections, and have its text.
    """

    created: bool
    hosting: bool
    peers: tuple[PeerInfo, ...]
    awaited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomHandedOver:
    """Nobody of those whom the room was kept for came back in time: it is ours as if it had been new."""


@dataclass(frozen=True, slots=True)
class LostServer:
    """The server cannot be used now; another try follows after ``retry_s``, unless that is None."""

    problem: ServerProblem | BadTokenFile
    retry_s: float | None


SignalingEvent = EnteredRoom | RoomHandedOver | LostServer | PeerJoined | PeerLeft | Introduction | IceServers


class _LostError(Exception):
    """The server has refused, and the connection is of no use any more."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(str(loss.problem))
        self.loss = loss


class _Dial(connect):
    """A connection to the server that was asked for, and to no other.

    websockets follows redirects: a server could send us to any address that we reach, and to one that
    cannot be parsed, which raises what no caller expects.
    """

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Take a redirect for any other answer that is no WebSocket."""
        return exc


class SignalingClient:
    """The connection of one terminal to one room.

    Args:
        url: The server, ``ws://`` or ``wss://``.
        room: The room to be in.
        name: The name others see.
        identity: The key that signs in.
        host: Makes the server that this process hosts if none answers at ``url``; None to never host.
        random: Source of the jitter.
        answer_s: How long the server may take to answer, once for the connection and once for the sign-in.
        load_token: Gives the token as it is by now, for each sign-in; may raise ``BadTokenFile``. Without
            it the token is the identity's.
    """

    def __init__(
        self,
        *,
        url: str,
        room: RoomName,
        name: str,
        identity: Identity,
        host: Callable[[], AbstractAsyncContextManager[object]] | None,
        random: Random,
        answer_s: float = ANSWER_S,
        load_token: Callable[[], bytes | None] | None = None,
    ) -> None:
        self._url = url
        self._room = room
        self._name = name
        self._identity = identity
        self._host = host
        self._random = random
        self._answer_s = answer_s
        self._load_token = load_token
        self._connection: ClientConnection | None = None
        self._outgoing: set[asyncio.Task[None]] = set()
        self._is_in_room = False
        self._present: set[PeerId] = set()
        self._hosting = False
        self._lost_races = 0

    async def run(self, handle: Callable[[SignalingEvent], None]) -> None:
        """Stay in the room until cancelled, or until the server can never be used like this."""
        retry_s = FIRST_RETRY_S
        async with AsyncExitStack() as hosted:
            while True:
                entered = False

                def tell(event: SignalingEvent) -> None:
                    nonlocal entered
                    entered = entered or isinstance(event, EnteredRoom)
                    try:
                        handle(event)
                    except Exception as error:  # ours, and not to be taken for the network's
                        raise AssertionError("an event was not followed") from error

                try:
                    loss = await self._stay(tell)
                except OSError as error:
                    if is_connection_refused(error) and await self._start_hosting(hosted):
                        continue
                    loss = unreachable(error, self._url)
                if isinstance(loss.problem, VersionMismatch):
                    handle(LostServer(loss.problem, None))
                    return
                starts_over = entered or loss.starts_over
                retry_s = FIRST_RETRY_S if starts_over else min(2 * retry_s, LONGEST_RETRY_S)
                pause_s = self._jittered(retry_s, loss.least_s)
                logger.info("lost the server, again in %.1f s: %s", pause_s, loss.problem)
                handle(LostServer(loss.problem, pause_s))
                await asyncio.sleep(pause_s)

    def send(self, message: Introduction) -> None:
        """Send an introduction if signed in; a lost one is repeated by the mesh."""
        if self._connection is not None:
            task = asyncio.ensure_future(self._send(self._connection, message))
            self._outgoing.add(task)
            task.add_done_callback(self._outgoing.discard)

    def _jittered(self, retry_s: float, least_s: float) -> float:
        """Return how long to pause: our own pace, but not before the server wants to hear of us again."""
        return max(retry_s * self._random.uniform(0.3, 1.0), least_s * self._random.uniform(1.0, SPREAD))

    async def _stay(self, tell: Callable[[SignalingEvent], None]) -> Loss:
        """Sign in and stay as long as it lasts; return why it ended, but raise what connecting raises."""
        reason = CLOSED
        try:
            async with _Dial(
                self._url,
                compression=None,
                max_size=MAX_SIGNAL_BYTES,
                open_timeout=self._answer_s,
                close_timeout=0.5,
                ping_interval=None,
            ) as connection:
                await self._attend(connection, tell)
        except _LostError as error:
            return error.loss
        except ServerProblem as problem:
            return Loss(problem)
        except BadTokenFile as problem:
            return Loss(problem, REFUSED_RETRY_S)
        except InvalidHandshake as error:
            logger.debug("no WebSocket: %s", error)
            return failed_handshake(error, self._url)
        except ProtocolError as error:
            logger.debug("not a signaling server: %s", error)
            return Loss(NotASignalingServer(url=self._url))
        except ConnectionClosed:
            pass
        except TimeoutError:
            reason = "no answer in time"
        except WebSocketException as error:
            reason = type(error).__name__
        return Loss(ServerUnreachable(url=self._url, reason=reason))

    async def _attend(self, connection: ClientConnection, tell: Callable[[SignalingEvent], None]) -> None:
        """Use a connection until it ends; end it so that the server knows whether we come back.

        One who leaves says so. Any other end must look like a cut cable: after it the server keeps our
        place, and after a closing handshake it might not.
        """
        try:
            async with asyncio.timeout(self._answer_s):
                heartbeat_s = await self._sign_in(connection)
            self._connection = connection
            await self._converse(connection, heartbeat_s, tell)
        except asyncio.CancelledError:
            if self._connection is not None:
                await self._leave(connection)
            raise
        except BaseException:
            connection.transport.abort()
            raise
        finally:
            self._connection = None
            self._is_in_room = False
            self._present.clear()

    async def _leave(self, connection: ClientConnection) -> None:
        """Leave for good, if the network still takes a word."""
        try:
            async with asyncio.timeout(LEAVE_S):
                await self._send(connection, LeaveRoom())
                await connection.close()
        except TimeoutError:
            connection.transport.abort()

    async def _sign_in(self, connection: ClientConnection) -> float:
        challenge = await self._receive(connection)
        if not isinstance(challenge, Challenge):
            raise ProtocolError("the server did not begin with a challenge")
        which = unsupported_version(challenge.version)
        if which is not None:
            upgrade = "the server" if which == "server" else "this collabterm"
            raise VersionMismatch(
                url=self._url, theirs=challenge.version, ours=PROTOCOL_VERSION, which=upgrade
            )
        identity = self._identity
        if self._load_token is not None:
            identity = replace(identity, token=self._load_token())
        await self._send(connection, identity.answer(challenge.nonce, self._name, dialed_name(self._url)))
        answer = await self._receive(connection)
        if not isinstance(answer, AuthOk):
            raise ProtocolError("the server did not answer the sign-in")
        await self._send(connection, JoinRoom(self._room, create=True))
        return min(max(challenge.heartbeat_s, SHORTEST_BEAT_S), LONGEST_BEAT_S)

    async def _converse(
        self, connection: ClientConnection, heartbeat_s: float, tell: Callable[[SignalingEvent], None]
    ) -> None:
        beating = asyncio.create_task(self._beat(connection, heartbeat_s))
        try:
            while True:
                async with asyncio.timeout(MISSED_BEATS * heartbeat_s):
                    message = await self._receive(connection)
                self._count(message)
                match message:
                    case RoomCreated() if self._is_in_room:
                        tell(RoomHandedOver())
                    case RoomCreated():
                        self._is_in_room = True
                        tell(EnteredRoom(created=True, hosting=self._hosting, peers=()))
                    case RoomJoined(peers=peers, awaited=awaited):
                        self._is_in_room = True
                        tell(EnteredRoom(created=False, hosting=self._hosting, peers=peers, awaited=awaited))
                    case Heartbeat() | Challenge() | AuthOk() | Error():
                        continue
                    case _:
                        tell(message)
        finally:
            beating.cancel()

    def _count(self, message: ServerMessage) -> None:
        """Refuse a server that tells of more peers than a room can hold: for each a link would be made."""
        match message:
            case RoomJoined() if self._is_in_room:
                raise ProtocolError("the server let us in twice")
            case RoomJoined(peers=peers, awaited=awaited):
                self._present = {peer.peer_id for peer in peers}
                if len(awaited) > MAX_ROSTER:
                    raise ProtocolError("the server waits for more peers than a room holds")
            case PeerJoined(peer):
                self._present.add(peer.peer_id)
            case PeerLeft(peer_id):
                self._present.discard(peer_id)
            case _:
                return
        if len(self._present) > MAX_ROSTER:
            raise ProtocolError("the server tells of more peers than a room holds")

    async def _beat(self, connection: ClientConnection, heartbeat_s: float) -> None:
        while True:
            await asyncio.sleep(heartbeat_s)
            await self._send(connection, Heartbeat())

    async def _receive(self, connection: ClientConnection) -> ServerMessage:
        """Return the next message that this side knows; raise the server's refusal."""
        while True:
            text = await connection.recv()
            try:
                message = decode_server_message(text)
            except UnknownTypeError as error:
                logger.debug("< ignored: %s", error)
                continue
            logger.debug("< %s", type(message).__name__)
            if isinstance(message, Error):
                loss = refusal(message, self._url, in_room=self._is_in_room)
                if loss is not None:
                    raise _LostError(loss)
                logger.info("the server refused: %s", message.message)
            return message

    async def _send(self, connection: ClientConnection, message: SignalingMessage) -> None:
        logger.debug("> %s", type(message).__name__)
        try:
            await connection.send(encode_signal(message))
        except ConnectionClosed:
            logger.debug("> lost: the connection is closed")

    async def _start_hosting(self, hosted: AsyncExitStack) -> bool:
        """Host the server in this process; return whether somebody listens there now."""
        if self._host is None or self._hosting:
            return False
        try:
            await hosted.enter_async_context(self._host())
        except PortInUse:
            self._lost_races += 1
            await asyncio.sleep(FIRST_RETRY_S / 4)
            return self._lost_races <= LOST_RACES
        except ServerProblem as problem:
            logger.info("cannot host: %s", problem)
            return False
        self._hosting = True
        return True

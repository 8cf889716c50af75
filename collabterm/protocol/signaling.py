"""The messages between a client and the signaling server; both ends use this module.

It must not know their JSON (``signaling_json`` does), keep rooms, or look into what peers send each
other through ``payload``.
One JSON object a WebSocket text message, ``type`` in capitals, fields in snake case. Unknown fields
are ignored, so either end can learn new ones; an unknown type is an error that the server names.

A connection's life, client on the left::

    (connect)              ─►  CHALLENGE {version, nonce, heartbeat_s}
    AUTH {...}             ─►  AUTH_OK {peer_id}            or ERROR, and the socket closes
                               ICE_SERVERS {stun_port, turn}  if it helps with ICE; again before one expires
    JOIN_ROOM | CREATE_ROOM ─► ROOM_CREATED | ROOM_JOINED {room, peers}
                               PEER_JOINED | PEER_LEFT      as others come and go
                               ROOM_CREATED {room}          if those it was kept for did not come back
    SDP_OFFER {to, payload} ─► SDP_OFFER {sender, payload}  at the named peer; likewise the answer
    HEARTBEAT              ─►  HEARTBEAT                    every heartbeat_s, or the server hangs up
    LEAVE_ROOM             ─►  (the others hear PEER_LEFT)

A peer id is not chosen freely: it is a hash of the public key and a nonce of the client's own
(``identity.derive_peer_id``), so a client keeps its id over reconnections and servers, and nobody can take
the id of somebody else without that key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType

from collabterm.errors import BadName, BadRoomName
from collabterm.protocol.limits import (
    MAX_NAME_CHARS,
    MAX_ROOM_NAME_CHARS,
    PROTOCOL_VERSION,
)

PeerId = NewType("PeerId", str)
"""A client as the server introduces it: 20 base32 characters; a connection, not a CRDT replica."""

RoomName = NewType("RoomName", str)


class ErrorCode(StrEnum):
    """Why the server refused; each is answered in the client by a sentence or by a retry."""

    BAD_MESSAGE = "bad_message"
    BAD_VERSION = "bad_version"
    AUTH_FAILED = "auth_failed"
    KEY_REFUSED = "key_refused"
    """The server has a list of keys, and this one is not on it."""
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code, not a secret
    """The server wants a shared secret, and this client has shown none or another."""
    NOT_AUTHENTICATED = "not_authenticated"
    BAD_NAME = "bad_name"
    BAD_ROOM_NAME = "bad_room_name"
    ROOM_EXISTS = "room_exists"
    NO_SUCH_ROOM = "no_such_room"
    ROOM_FULL = "room_full"
    ALREADY_IN_ROOM = "already_in_room"
    NOT_IN_ROOM = "not_in_room"
    NO_SUCH_PEER = "no_such_peer"
    OPERATION_REFUSED = "operation_refused"
    """Document data was sent to the server; it relays none."""
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    """The server is as full as it is allowed to be; ``retry_after`` says when to ask again."""
    RATE_LIMITED = "rate_limited"
    """This client, or all clients from its address, asked too often; ``retry_after`` says when to go on."""
    REPLACED = "replaced"
    """The same key and peer id signed in again; this older connection ends."""
    SHUTTING_DOWN = "shutting_down"


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """A peer as others see it: the name it gave itself, and the fingerprint of the key it signed with."""

    peer_id: PeerId
    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """The server's first word: its version, 32 random bytes to sign, and how often to beat."""

    version: int
    nonce: bytes
    heartbeat_s: float


@dataclass(frozen=True, slots=True)
class Auth:
    """The client's answer: ``signature`` is over ``auth_statement`` by ``public_key`` (Ed25519, 32 bytes).

    ``server`` is the name that the client dialed; it is signed as well, so a server to which this is
    passed on sees that it was meant for another. ``token_proof`` is over the same statement, for a server
    that wants a shared secret.
    """

    version: int
    public_key: bytes
    peer_nonce: bytes
    signature: bytes
    name: str
    server: str
    token_proof: bytes | None = None


@dataclass(frozen=True, slots=True)
class AuthOk:
    """The client is who it says; this is the id others know it by."""

    peer_id: PeerId


@dataclass(frozen=True, slots=True)
class TurnServer:
    """A relay for peers who cannot reach each other, as in W3C's RTCIceServer; the credential expires."""

    urls: tuple[str, ...]
    username: str
    credential: str


@dataclass(frozen=True, slots=True)
class IceServers:
    """What helps peers to find a path: STUN on the server's own host at a UDP port, and TURN servers."""

    stun_port: int | None
    turn: tuple[TurnServer, ...]


@dataclass(frozen=True, slots=True)
class CreateRoom:
    """Open a room that must not exist yet."""

    room: RoomName


@dataclass(frozen=True, slots=True)
class JoinRoom:
    """Enter a room; with ``create``, open it if it does not exist (answered by ROOM_CREATED)."""

    room: RoomName
    create: bool


@dataclass(frozen=True, slots=True)
class LeaveRoom:
    """Leave the room but keep the connection."""


@dataclass(frozen=True, slots=True)
class RoomCreated:
    """The room is new and the receiver may put a file's content into it.

    It answers CREATE_ROOM or JOIN_ROOM; or it comes later, to one who joined a room that was kept for
    others (``RoomJoined.awaited``), when none of them came back in time.
    """

    room: RoomName


@dataclass(frozen=True, slots=True)
class RoomJoined:
    """The receiver is in; ``peers`` were there before it.

    ``awaited`` are the names of those whose connections were lost, where nobody has been there since who
    could hold the room's text; they have a moment to come back.
    """

    room: RoomName
    peers: tuple[PeerInfo, ...]
    awaited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerJoined:
    """Somebody came."""

    peer: PeerInfo


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """Somebody left the room, or the server lost them."""

    peer_id: PeerId


@dataclass(frozen=True, slots=True)
class SdpOffer:
    """Addressed (``to``) by a client, stamped (``sender``) by the server; likewise the next two."""

    payload: Mapping[str, Any]
    to: PeerId | None = None
    sender: PeerId | None = None


@dataclass(frozen=True, slots=True)
class SdpAnswer:
    """The answer to an offer."""

    payload: Mapping[str, Any]
    to: PeerId | None = None
    sender: PeerId | None = None


@dataclass(frozen=True, slots=True)
class IceCandidate:
    """One more candidate for an offer or answer already sent."""

    payload: Mapping[str, Any]
    to: PeerId | None = None
    sender: PeerId | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Still here; both ends send it."""


@dataclass(frozen=True, slots=True)
class Error:
    """A refusal: a code for programs, a sentence for people, and when another try makes sense (seconds)."""

    code: ErrorCode
    message: str
    retry_after: float | None = None


Introduction = SdpOffer | SdpAnswer | IceCandidate
"""What the server carries from one peer to another, unread."""

ClientMessage = Auth | CreateRoom | JoinRoom | LeaveRoom | Introduction | Heartbeat
ServerMessage = (
    Challenge
    | AuthOk
    | IceServers
    | RoomCreated
    | RoomJoined
    | PeerJoined
    | PeerLeft
    | Introduction
    | Heartbeat
    | Error
)
SignalingMessage = ClientMessage | ServerMessage


def check_room_name(name: str) -> RoomName:
    """Return ``name`` as a room name.

    Raises:
        BadRoomName: If it is empty, too long, or holds spaces, controls or ``#``.
    """
    fits = 0 < len(name) <= MAX_ROOM_NAME_CHARS
    if not fits or "#" in name or any(not char.isprintable() or char.isspace() for char in name):
        raise BadRoomName(name=name[: MAX_ROOM_NAME_CHARS + 8], limit=MAX_ROOM_NAME_CHARS)
    return RoomName(name)


def check_name(name: str) -> str:
    """Return ``name``, stripped, as a name to show.

    Raises:
        BadName: If it is empty, too long, or holds characters that do not print.
    """
    stripped = name.strip()
    if not 0 < len(stripped) <= MAX_NAME_CHARS or not stripped.isprintable():
        raise BadName(name=name[: MAX_NAME_CHARS + 8], limit=MAX_NAME_CHARS)
    return stripped


def unsupported_version(theirs: int) -> str | None:
    """Return which side is behind, ``"client"`` or ``"server"``, as a client sees it; None if equal."""
    if theirs == PROTOCOL_VERSION:
        return None
    return "server" if theirs < PROTOCOL_VERSION else "client"

"""The messages between a client and the signaling server, and their JSON; both ends use this module.

It must not open sockets, keep rooms, or look into what peers send each other through ``payload``.
One JSON object a WebSocket text message, ``type`` in capitals, fields in snake case. Unknown fields
are ignored, so either end can learn new ones; an unknown type is an error that the server names.

A connection's life, client on the left::

    (connect)              ─►  CHALLENGE {version, nonce, heartbeat_s}
    AUTH {...}             ─►  AUTH_OK {peer_id}            or ERROR, and the socket closes
    JOIN_ROOM | CREATE_ROOM ─► ROOM_CREATED | ROOM_JOINED {room, peers}
                               PEER_JOINED | PEER_LEFT      as others come and go
    SDP_OFFER {to, payload} ─► SDP_OFFER {sender, payload}  at the named peer; likewise the answer
    HEARTBEAT              ─►  HEARTBEAT                    every heartbeat_s, or the server hangs up
    LEAVE_ROOM             ─►  (the others hear PEER_LEFT)

A peer id is not chosen freely: it is a hash of the public key and a nonce of the client's own
(``derive_peer_id``), so a client keeps its id over reconnections and servers, and nobody can take
the id of somebody else without that key.
"""

from __future__ import annotations

import json
from base64 import b32encode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NewType, assert_never

from collabterm.errors import BadName, BadRoomName, ProtocolError
from collabterm.protocol.json_fields import Fields, load_fields
from collabterm.protocol.limits import (
    MAX_NAME_CHARS,
    MAX_ROOM_NAME_CHARS,
    PROTOCOL_VERSION,
)

PeerId = NewType("PeerId", str)
"""A client as the server introduces it: 20 base32 characters; a connection, not a CRDT replica."""

RoomName = NewType("RoomName", str)

_AUTH_CONTEXT: Final = b"collabterm signaling auth v1\0"
_PEER_ID_CHARS: Final = 20


class ErrorCode(StrEnum):
    """Why the server refused; each is answered in the client by a sentence or by a retry."""

    BAD_MESSAGE = "bad_message"
    BAD_VERSION = "bad_version"
    AUTH_FAILED = "auth_failed"
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
    REPLACED = "replaced"
    """The same key and peer id signed in again; this older connection ends."""
    SHUTTING_DOWN = "shutting_down"


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """A peer as others see it."""

    peer_id: PeerId
    name: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """The server's first word: its version, 32 random bytes to sign, and how often to beat."""

    version: int
    nonce: bytes
    heartbeat_s: float


@dataclass(frozen=True, slots=True)
class Auth:
    """The client's answer: ``signature`` is over ``auth_statement`` by ``public_key`` (Ed25519, 32 bytes)."""

    version: int
    public_key: bytes
    peer_nonce: bytes
    signature: bytes
    name: str


@dataclass(frozen=True, slots=True)
class AuthOk:
    """The client is who it says; this is the id others know it by."""

    peer_id: PeerId


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
    """The room is new and holds only the receiver, which may put a file's content into it."""

    room: RoomName


@dataclass(frozen=True, slots=True)
class RoomJoined:
    """The receiver is in; ``peers`` were there before it."""

    room: RoomName
    peers: tuple[PeerInfo, ...]


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
    Challenge | AuthOk | RoomCreated | RoomJoined | PeerJoined | PeerLeft | Introduction | Heartbeat | Error
)
SignalingMessage = ClientMessage | ServerMessage


class UnknownTypeError(ProtocolError):
    """The bytes received do not follow the protocol ({problem}).

    The type is none that this end knows; ``type_name`` is as received.
    """

    def __init__(self, type_name: str) -> None:
        super().__init__(f"message type {type_name[:40]!r} is unknown")
        self.type_name = type_name


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


def derive_peer_id(public_key: bytes, peer_nonce: bytes) -> PeerId:
    """Return the peer id that belongs to a key and a client's nonce."""
    digest = sha256(len(public_key).to_bytes(2, "big") + public_key + peer_nonce).digest()
    return PeerId(b32encode(digest).decode().lower()[:_PEER_ID_CHARS])


def auth_statement(nonce: bytes, peer_id: PeerId) -> bytes:
    """Return the bytes that AUTH signs: the server's nonce bound to the peer id that is asked for."""
    return _AUTH_CONTEXT + nonce + peer_id.encode()


def encode_signal(message: SignalingMessage) -> str:
    """Return the JSON text of one message."""
    return json.dumps(_to_object(message), separators=(",", ":"), ensure_ascii=False)


def decode_client_message(text: str | bytes) -> ClientMessage:
    """Read a message as the server does.

    Raises:
        UnknownTypeError: If the type is none that a client may send.
        ProtocolError: If it is not such a JSON object.
    """
    fields = load_fields(text)
    match fields.str_of("type"):
        case "AUTH":
            return Auth(
                fields.int_of("version"),
                fields.bytes_of("public_key"),
                fields.bytes_of("peer_nonce"),
                fields.bytes_of("signature"),
                fields.str_of("name"),
            )
        case "CREATE_ROOM":
            return CreateRoom(RoomName(fields.str_of("room")))
        case "JOIN_ROOM":
            return JoinRoom(RoomName(fields.str_of("room")), fields.bool_of("create"))
        case "LEAVE_ROOM":
            return LeaveRoom()
        case "HEARTBEAT":
            return Heartbeat()
        case "SDP_OFFER" | "SDP_ANSWER" | "ICE_CANDIDATE" as kind:
            to = PeerId(fields.str_of("to"))
            return _INTRODUCTIONS[kind](payload=fields.object_of("payload"), to=to)
        case unknown:
            raise UnknownTypeError(unknown)


def decode_server_message(text: str | bytes) -> ServerMessage:
    """Read a message as a client does.

    Raises:
        UnknownTypeError: If the type is none that a server may send.
        ProtocolError: If it is not such a JSON object.
    """
    fields = load_fields(text)
    match fields.str_of("type"):
        case "CHALLENGE":
            return Challenge(
                fields.int_of("version"), fields.bytes_of("nonce"), fields.number_of("heartbeat_s")
            )
        case "AUTH_OK":
            return AuthOk(PeerId(fields.str_of("peer_id")))
        case "ROOM_CREATED":
            return RoomCreated(RoomName(fields.str_of("room")))
        case "ROOM_JOINED":
            peers = tuple(_peer_info(item) for item in fields.list_of("peers"))
            return RoomJoined(RoomName(fields.str_of("room")), peers)
        case "PEER_JOINED":
            return PeerJoined(_peer_info(fields.object_of("peer")))
        case "PEER_LEFT":
            return PeerLeft(PeerId(fields.str_of("peer_id")))
        case "HEARTBEAT":
            return Heartbeat()
        case "ERROR":
            return _error(fields)
        case "SDP_OFFER" | "SDP_ANSWER" | "ICE_CANDIDATE" as kind:
            sender = PeerId(fields.str_of("sender"))
            return _INTRODUCTIONS[kind](payload=fields.object_of("payload"), sender=sender)
        case unknown:
            raise UnknownTypeError(unknown)


_INTRODUCTIONS: Final[Mapping[str, type[SdpOffer] | type[SdpAnswer] | type[IceCandidate]]] = {
    "SDP_OFFER": SdpOffer,
    "SDP_ANSWER": SdpAnswer,
    "ICE_CANDIDATE": IceCandidate,
}


def _to_object(message: SignalingMessage) -> dict[str, Any]:
    match message:
        case Challenge(version, nonce, heartbeat_s):
            return {"type": "CHALLENGE", "version": version, "nonce": _b64(nonce), "heartbeat_s": heartbeat_s}
        case Auth(version, public_key, peer_nonce, signature, name):
            return {
                "type": "AUTH",
                "version": version,
                "public_key": _b64(public_key),
                "peer_nonce": _b64(peer_nonce),
                "signature": _b64(signature),
                "name": name,
            }
        case AuthOk(peer_id):
            return {"type": "AUTH_OK", "peer_id": peer_id}
        case CreateRoom(room):
            return {"type": "CREATE_ROOM", "room": room}
        case JoinRoom(room, create):
            return {"type": "JOIN_ROOM", "room": room, "create": create}
        case LeaveRoom():
            return {"type": "LEAVE_ROOM"}
        case RoomCreated(room):
            return {"type": "ROOM_CREATED", "room": room}
        case RoomJoined(room, peers):
            return {"type": "ROOM_JOINED", "room": room, "peers": [_peer_object(peer) for peer in peers]}
        case PeerJoined(peer):
            return {"type": "PEER_JOINED", "peer": _peer_object(peer)}
        case PeerLeft(peer_id):
            return {"type": "PEER_LEFT", "peer_id": peer_id}
        case SdpOffer():
            return _introduction_object("SDP_OFFER", message)
        case SdpAnswer():
            return _introduction_object("SDP_ANSWER", message)
        case IceCandidate():
            return _introduction_object("ICE_CANDIDATE", message)
        case Heartbeat():
            return {"type": "HEARTBEAT"}
        case Error(code, text, retry_after):
            return {"type": "ERROR", "code": code, "message": text, "retry_after": retry_after}
        case _:
            assert_never(message)


def _introduction_object(kind: str, message: Introduction) -> dict[str, Any]:
    ends = {"to": message.to, "sender": message.sender}
    return {"type": kind, "payload": message.payload} | {
        key: peer_id for key, peer_id in ends.items() if peer_id is not None
    }


def _peer_object(peer: PeerInfo) -> dict[str, Any]:
    return {"peer_id": peer.peer_id, "name": peer.name}


def _peer_info(item: object) -> PeerInfo:
    fields = Fields(item)
    return PeerInfo(PeerId(fields.str_of("peer_id")), fields.str_of("name"))


def _error(fields: Fields) -> Error:
    code = fields.str_of("code")
    retry_after = fields.number_of("retry_after") if fields.has("retry_after") else None
    known = code if code in set(ErrorCode) else ErrorCode.BAD_MESSAGE
    return Error(ErrorCode(known), fields.str_of("message"), retry_after)


def _b64(value: bytes) -> str:
    return b64encode(value).decode()


def unsupported_version(theirs: int) -> str | None:
    """Return which side is behind, ``"client"`` or ``"server"``, as a client sees it; None if equal."""
    if theirs == PROTOCOL_VERSION:
        return None
    return "server" if theirs < PROTOCOL_VERSION else "client"

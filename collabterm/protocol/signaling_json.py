"""The JSON of the signaling messages, as bytes on the wire; it must not decide what a message means.

What arrives may be anything: whatever is not a message of ours raises ``ProtocolError``.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final, assert_never

from collabterm.errors import ProtocolError
from collabterm.protocol.json_fields import Fields, load_fields
from collabterm.protocol.signaling import (
    Auth,
    AuthOk,
    Challenge,
    ClientMessage,
    CreateRoom,
    Error,
    ErrorCode,
    Heartbeat,
    IceCandidate,
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
    SdpAnswer,
    SdpOffer,
    ServerMessage,
    SignalingMessage,
    TurnServer,
)

_HEARTBEAT: Final = Heartbeat()
_HEARTBEAT_TEXT: Final = '{"type":"HEARTBEAT"}'
"""As ``encode_signal`` writes it: nearly all that an idle server reads, so it is known by sight."""

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)

_INTRODUCTIONS: Final[Mapping[str, type[SdpOffer] | type[SdpAnswer] | type[IceCandidate]]] = {
    "SDP_OFFER": SdpOffer,
    "SDP_ANSWER": SdpAnswer,
    "ICE_CANDIDATE": IceCandidate,
}


class UnknownTypeError(ProtocolError):
    """The bytes received do not follow the protocol ({problem}).

    The type is none that this end knows; ``type_name`` is as received.
    """

    def __init__(self, type_name: str) -> None:
        super().__init__(f"message type {type_name[:40]!r} is unknown")
        self.type_name = type_name


def encode_signal(message: SignalingMessage) -> str:
    """Return the JSON text of one message."""
    return _ENCODER.encode(_to_object(message))


def decode_client_message(text: str | bytes) -> ClientMessage:
    """Read a message as the server does.

    Raises:
        UnknownTypeError: If the type is none that a client may send.
        ProtocolError: If it is not such a JSON object.
    """
    if text == _HEARTBEAT_TEXT:
        return _HEARTBEAT
    fields = load_fields(text)
    match fields.str_of("type"):
        case "AUTH":
            return Auth(
                fields.int_of("version"),
                fields.bytes_of("public_key"),
                fields.bytes_of("peer_nonce"),
                fields.bytes_of("signature"),
                fields.str_of("name"),
                fields.str_of("server"),
                fields.bytes_of("token_proof") if fields.has("token_proof") else None,
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
        case "ICE_SERVERS":
            stun_port = fields.int_of("stun_port") if fields.has("stun_port") else None
            return IceServers(stun_port, tuple(_turn_server(item) for item in fields.list_of("turn")))
        case "ROOM_CREATED":
            return RoomCreated(RoomName(fields.str_of("room")))
        case "ROOM_JOINED":
            peers = tuple(_peer_info(item) for item in fields.list_of("peers"))
            awaited = fields.strs_of("awaited") if fields.has("awaited") else ()
            return RoomJoined(RoomName(fields.str_of("room")), peers, awaited)
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


def _to_object(message: SignalingMessage) -> dict[str, Any]:
    match message:
        case Challenge(version, nonce, heartbeat_s):
            return {"type": "CHALLENGE", "version": version, "nonce": _b64(nonce), "heartbeat_s": heartbeat_s}
        case Auth():
            return _auth_object(message)
        case AuthOk(peer_id):
            return {"type": "AUTH_OK", "peer_id": peer_id}
        case IceServers(stun_port, turn):
            servers = [_turn_object(server) for server in turn]
            return {"type": "ICE_SERVERS", "stun_port": stun_port, "turn": servers}
        case CreateRoom(room):
            return {"type": "CREATE_ROOM", "room": room}
        case JoinRoom(room, create):
            return {"type": "JOIN_ROOM", "room": room, "create": create}
        case LeaveRoom():
            return {"type": "LEAVE_ROOM"}
        case RoomCreated(room):
            return {"type": "ROOM_CREATED", "room": room}
        case RoomJoined(room, peers, awaited):
            present = [_peer_object(peer) for peer in peers]
            return {"type": "ROOM_JOINED", "room": room, "peers": present, "awaited": list(awaited)}
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


def _auth_object(auth: Auth) -> dict[str, Any]:
    proof = {} if auth.token_proof is None else {"token_proof": _b64(auth.token_proof)}
    return proof | {
        "type": "AUTH",
        "version": auth.version,
        "public_key": _b64(auth.public_key),
        "peer_nonce": _b64(auth.peer_nonce),
        "signature": _b64(auth.signature),
        "name": auth.name,
        "server": auth.server,
    }


def _introduction_object(kind: str, message: Introduction) -> dict[str, Any]:
    ends = {"to": message.to, "sender": message.sender}
    return {"type": kind, "payload": message.payload} | {
        key: peer_id for key, peer_id in ends.items() if peer_id is not None
    }


def _peer_object(peer: PeerInfo) -> dict[str, Any]:
    return {"peer_id": peer.peer_id, "name": peer.name, "fingerprint": peer.fingerprint}


def _peer_info(item: object) -> PeerInfo:
    fields = Fields(item)
    fingerprint = fields.str_of("fingerprint") if fields.has("fingerprint") else ""
    return PeerInfo(PeerId(fields.str_of("peer_id")), fields.str_of("name"), fingerprint)


def _turn_object(server: TurnServer) -> dict[str, Any]:
    return {"urls": list(server.urls), "username": server.username, "credential": server.credential}


def _turn_server(item: object) -> TurnServer:
    fields = Fields(item)
    return TurnServer(fields.strs_of("urls"), fields.str_of("username"), fields.str_of("credential"))


def _error(fields: Fields) -> Error:
    code = fields.str_of("code")
    retry_after = fields.number_of("retry_after") if fields.has("retry_after") else None
    known = code if code in set(ErrorCode) else ErrorCode.BAD_MESSAGE
    return Error(ErrorCode(known), fields.str_of("message"), retry_after)


def _b64(value: bytes) -> str:
    return b64encode(value).decode()

"""One client's half of the conversation with a signaling server; it must not touch a socket or a clock.

The client signs in with a key of its own, enters its room, and then only says what it is told to.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collabterm.protocol.identity import auth_statement, derive_peer_id
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import (
    Auth,
    ClientMessage,
    Heartbeat,
    JoinRoom,
    LeaveRoom,
    PeerId,
    RoomName,
)
from collabterm.protocol.signaling_json import encode_signal
from tests.benchmarks.signaling_frames import CLOSE, FrameReader, text_frame

Message = dict[str, Any]
"""A server's message as JSON: the protocol's own types cost as much again, on the generator's core."""


def frame(message: ClientMessage) -> bytes:
    """Return a client's message as it goes out."""
    return text_frame(encode_signal(message))


BEAT: Final = frame(Heartbeat())
FAREWELL: Final = frame(LeaveRoom()) + CLOSE

_DIALED: Final = "127.0.0.1"
"""How a client leaves for good, so that its place is not kept for it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and its public half, which takes long to derive."""

    private: Ed25519PrivateKey
    public: bytes

    @classmethod
    def generate(cls) -> Self:
        """Make a new one."""
        private = Ed25519PrivateKey.generate()
        return cls(private, private.public_key().public_bytes_raw())


@dataclass(slots=True, eq=False)
class Member:
    """A client::

        outside ── CHALLENGE: AUTH ── AUTH_OK: JOIN_ROOM ── ROOM_CREATED | ROOM_JOINED ─► inside

    Attributes:
        inside: Whether it is in its room; whoever makes it leave says so here.
    """

    key: Key
    peer_nonce: bytes
    room: RoomName
    inside: bool = False
    peer_id: PeerId = field(init=False)
    _reader: FrameReader = field(init=False, default_factory=FrameReader)

    def __post_init__(self) -> None:
        self.peer_id = derive_peer_id(self.key.public, self.peer_nonce)

    def hear(self, data: bytes) -> Iterator[Message]:
        """Yield the server's messages that are whole now."""
        return map(json.loads, self._reader.read(data))

    def answer(self, message: Message) -> bytes:
        """Return what is to be sent upon a message, or nothing.

        Raises:
            AssertionError: If the server refuses anything: no refusal is part of any load.
        """
        match message["type"]:
            case "CHALLENGE":
                return frame(self._auth(b64decode(message["nonce"])))
            case "AUTH_OK":
                return frame(JoinRoom(self.room, create=True))
            case "ROOM_CREATED" | "ROOM_JOINED":
                self.inside = True
            case "ERROR":
                raise AssertionError(f"the server refuses: {message}")
        return b""

    def _auth(self, nonce: bytes) -> Auth:
        signature = self.key.private.sign(auth_statement(nonce, self.peer_id, _DIALED))
        return Auth(PROTOCOL_VERSION, self.key.public, self.peer_nonce, signature, "Ann", _DIALED)

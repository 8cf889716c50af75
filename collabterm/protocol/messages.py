"""The messages between peers as values, and their bytes; must not know channels, frames or documents.

The format is drawn in the docstring of ``collabterm.protocol``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NewType, assert_never

from collabterm.errors import ProtocolError
from collabterm.lib0 import Reader, write_bytes, write_uint
from collabterm.protocol.limits import (
    MAX_AWARENESS_BYTES,
    MAX_AWARENESS_CLIENTS,
    MAX_MESSAGE_BYTES,
    MAX_MESSAGES,
)

ClientId = NewType("ClientId", int)
"""A CRDT replica (53 bits); never the same thing as a peer id, which is a connection."""

TEXT_HASH_BYTES: Final = 16

_MAX_STATE_BRACKETS: Final = 128
"""More than any client's state has, and too few to nest deeper than Python's own JSON can go."""

_SYNC, _AWARENESS, _QUERY_AWARENESS = 0, 1, 3
_HELLO, _PING, _PONG, _DIGEST = 64, 65, 66, 67
_STEP1, _STEP2, _UPDATE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class SyncStep1:
    """Ask for what the receiver has and ``state_vector`` lacks."""

    state_vector: bytes


@dataclass(frozen=True, slots=True)
class SyncStep2:
    """Answer a sync step 1 with everything its state vector lacks."""

    update: bytes


@dataclass(frozen=True, slots=True)
class Update:
    """Tell what was just edited."""

    update: bytes


@dataclass(frozen=True, slots=True)
class AwarenessEntry:
    """One client's presence: a JSON object, or None when it is gone; the higher clock is the newer."""

    client_id: ClientId
    clock: int
    state: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Awareness:
    """Tell the presence of some clients."""

    entries: tuple[AwarenessEntry, ...]


@dataclass(frozen=True, slots=True)
class QueryAwareness:
    """Ask for every presence the receiver knows."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Open the conversation: the sender's protocol version and CRDT client id."""

    version: int
    client_id: ClientId


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a pong with the same nonce."""

    nonce: int


@dataclass(frozen=True, slots=True)
class Pong:
    """Answer a ping."""

    nonce: int


@dataclass(frozen=True, slots=True)
class Digest:
    """State what the sender holds: its state vector and a hash of its text (16 bytes)."""

    state_vector: bytes
    text_hash: bytes


Message = SyncStep1 | SyncStep2 | Update | Awareness | QueryAwareness | Hello | Ping | Pong | Digest


def encode_message(message: Message) -> bytes:
    """Return the bytes of one message."""
    match message:
        case SyncStep1(state_vector):
            return bytes((_SYNC, _STEP1)) + write_bytes(state_vector)
        case SyncStep2(update):
            return bytes((_SYNC, _STEP2)) + write_bytes(update)
        case Update(update):
            return bytes((_SYNC, _UPDATE)) + write_bytes(update)
        case Awareness(entries):
            return bytes((_AWARENESS,)) + write_bytes(_encode_awareness(entries))
        case QueryAwareness():
            return bytes((_QUERY_AWARENESS,))
        case Hello(version, client_id):
            return bytes((_HELLO,)) + write_uint(version) + write_uint(client_id)
        case Ping(nonce):
            return bytes((_PING,)) + write_uint(nonce)
        case Pong(nonce):
            return bytes((_PONG,)) + write_uint(nonce)
        case Digest(state_vector, text_hash):
            return bytes((_DIGEST,)) + write_bytes(state_vector) + write_bytes(text_hash)
        case _:
            assert_never(message)


def decode_messages(payload: bytes) -> list[Message]:
    """Return every message of a payload, in order.

    Raises:
        ProtocolError: If any byte does not belong to a message of a known type.
    """
    reader = Reader(payload)
    messages: list[Message] = []
    while not reader.at_end:
        if len(messages) == MAX_MESSAGES:
            raise ProtocolError("a payload holds too many messages")
        messages.append(_decode_message(reader))
    return messages


def _decode_message(reader: Reader) -> Message:
    match reader.read_uint():
        case 0:
            return _decode_sync(reader)
        case 1:
            limit = MAX_AWARENESS_CLIENTS * (MAX_AWARENESS_BYTES + 20)
            return Awareness(_decode_awareness(reader.read_bytes(limit)))
        case 3:
            return QueryAwareness()
        case 64:
            return Hello(reader.read_uint(), ClientId(reader.read_uint()))
        case 65:
            return Ping(reader.read_uint())
        case 66:
            return Pong(reader.read_uint())
        case 67:
            state_vector = reader.read_bytes(MAX_MESSAGE_BYTES)
            text_hash = reader.read_bytes(TEXT_HASH_BYTES)
            if len(text_hash) != TEXT_HASH_BYTES:
                raise ProtocolError("a text hash is not 16 bytes")
            return Digest(state_vector, text_hash)
        case unknown:
            raise ProtocolError(f"message type {unknown} is unknown")


def _decode_sync(reader: Reader) -> SyncStep1 | SyncStep2 | Update:
    kind = reader.read_uint()
    body = reader.read_bytes(MAX_MESSAGE_BYTES)
    match kind:
        case 0:
            return SyncStep1(body)
        case 1:
            return SyncStep2(body)
        case 2:
            return Update(body)
        case _:
            raise ProtocolError(f"sync message {kind} is unknown")


def _encode_awareness(entries: tuple[AwarenessEntry, ...]) -> bytes:
    parts = [write_uint(len(entries))]
    for entry in entries:
        parts += (
            write_uint(entry.client_id), write_uint(entry.clock), write_bytes(_encode_state(entry.state)),
        )  # fmt: skip
    return b"".join(parts)


def _encode_state(state: Mapping[str, Any] | None) -> bytes:
    return json.dumps(state, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _decode_awareness(body: bytes) -> tuple[AwarenessEntry, ...]:
    reader = Reader(body)
    count = reader.read_uint()
    if count > MAX_AWARENESS_CLIENTS:
        raise ProtocolError("an awareness update names too many clients")
    entries = tuple(
        AwarenessEntry(
            ClientId(reader.read_uint()),
            reader.read_uint(),
            _decode_state(reader.read_bytes(MAX_AWARENESS_BYTES)),
        )
        for _ in range(count)
    )
    if not reader.at_end:
        raise ProtocolError("an awareness update has bytes left over")
    return entries


def _decode_state(body: bytes) -> Mapping[str, Any] | None:
    """Read a state; refuse one that could not be passed on (lone surrogates, many times ``1e9``)."""
    if body.count(b"[") + body.count(b"{") > _MAX_STATE_BRACKETS:
        raise ProtocolError("an awareness state is nested too deeply")
    try:
        state = json.loads(body.decode(), parse_constant=_refuse_constant)
        is_too_long = len(_encode_state(state)) > MAX_AWARENESS_BYTES
    except ValueError as error:
        raise ProtocolError("an awareness state is not JSON") from error
    if is_too_long:
        raise ProtocolError("an awareness state is over its limit")
    if state is not None and not isinstance(state, dict):
        raise ProtocolError("an awareness state is not an object")
    return state


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")

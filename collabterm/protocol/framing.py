"""Payloads to frames and back: fragmentation, compression and their bounds; must not know any message.

Source: our own, drawn in the docstring of ``collabterm.protocol``. Fragments follow each other
without gaps because the channel is ordered and one sender frames one payload at a time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from collabterm.errors import ProtocolError
from collabterm.protocol.limits import MAX_DATAGRAM_BYTES, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES

_FIRST, _LAST, _DEFLATED = 1, 2, 4
_KNOWN_FLAGS: Final = _FIRST | _LAST | _DEFLATED
_MAX_PART_BYTES: Final = MAX_FRAME_BYTES - 1
_DEFLATE_FROM_BYTES: Final = 4_096
"""Shorter payloads are one packet or a few anyway; compressing them would only cost time."""
_SLICE_BYTES: Final = 65_536
"""Compressed at a time: under a millisecond, so a large payload never holds up a keystroke."""


def encode_datagram(payload: bytes) -> bytes:
    """Return the one frame of a payload that fits a packet (``MAX_DATAGRAM_BYTES`` with its header)."""
    assert len(payload) < MAX_DATAGRAM_BYTES, "a datagram that would be fragmented"
    return bytes((_FIRST | _LAST,)) + payload


def decode_datagram(frame: bytes) -> bytes:
    """Return the payload of a presence frame; ``ProtocolError`` if it is a fragment, or too large."""
    if not 0 < len(frame) <= MAX_DATAGRAM_BYTES or frame[0] != _FIRST | _LAST:
        raise ProtocolError("a datagram is not one whole frame")
    return frame[1:]


def encode_frames(payload: bytes) -> Iterator[bytes]:
    """Yield the frames of a payload, compressing as they are asked for where that pays."""
    deflated = len(payload) >= _DEFLATE_FROM_BYTES
    parts = _parts(_deflate(payload) if deflated else iter((payload,)))
    flags = _FIRST | (_DEFLATED if deflated else 0)
    part = next(parts, b"")
    for following in parts:
        yield bytes((flags,)) + part
        flags, part = 0, following
    yield bytes((flags | _LAST,)) + part


def _deflate(payload: bytes) -> Iterator[bytes]:
    compressor = zlib.compressobj(level=1)
    for start in range(0, len(payload), _SLICE_BYTES):
        yield compressor.compress(payload[start : start + _SLICE_BYTES])
    yield compressor.flush()


def _parts(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Regroup ``chunks`` into parts that fill a frame each; the last may be shorter."""
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        while len(pending) > _MAX_PART_BYTES:
            yield bytes(pending[:_MAX_PART_BYTES])
            del pending[:_MAX_PART_BYTES]
    yield bytes(pending)


class Reassembler:
    """Joins the frames of one channel into payloads.

    Its states::

        idle ── FIRST ─► collecting ── frames ─► collecting ── LAST ─► idle, one payload
         └───── FIRST|LAST ─────────────────────────────────────────► idle, one payload
    """

    __slots__ = ("_inflater", "_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[bytes] | None = None
        self._inflater: zlib._Decompress | None = None
        self._size = 0

    def receive(self, frame: bytes) -> bytes | None:
        """Take one frame; return the payload it completes, if it does.

        Raises:
            ProtocolError: If the frame is malformed, out of order, or the payload outgrows its bound.
        """
        if not frame or len(frame) > MAX_FRAME_BYTES:
            raise ProtocolError("a frame's size is out of bounds")
        flags = frame[0]
        if flags & ~_KNOWN_FLAGS or bool(flags & _FIRST) != (self._parts is None):
            raise ProtocolError("a frame is out of order")
        if flags & _FIRST:
            self._parts, self._size = [], 0
            self._inflater = zlib.decompressobj() if flags & _DEFLATED else None
        elif flags & _DEFLATED:
            raise ProtocolError("a frame is out of order")
        assert self._parts is not None
        self._parts.append(self._inflate(frame[1:]))
        self._size += len(self._parts[-1])
        if self._size > MAX_MESSAGE_BYTES:
            raise ProtocolError("a message is over its limit")
        if not flags & _LAST:
            return None
        if self._inflater is not None and (not self._inflater.eof or self._inflater.unused_data):
            raise ProtocolError("a compressed message is cut short or too long")
        payload = b"".join(self._parts)
        self._parts = self._inflater = None
        return payload

    def _inflate(self, part: bytes) -> bytes:
        if self._inflater is None:
            return part
        room = MAX_MESSAGE_BYTES - self._size
        try:
            inflated = self._inflater.decompress(part, room + 1)
        except zlib.error as error:
            raise ProtocolError("a compressed message is damaged") from error
        if self._inflater.unconsumed_tail:
            raise ProtocolError("a message is over its limit")
        return inflated

"""WebSocket as a client speaks it, at the least cost (RFC 6455); it must not know what the messages mean.

Whoever loads a server from the machine it runs on must cost much less than the server does. So frames are
masked with zeros, which leaves a payload as it is, and a message is one frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_TEXT: Final = 0x81
_CLOSE: Final = 0x88
_MASKED: Final = 0x80
_ZERO_MASK: Final = bytes(4)
_MAX_SHORT: Final = 125
_LENGTH_BYTES: Final = {126: 2, 127: 8}
"""How many bytes of length follow, by what stands in place of a short one."""

CLOSE: Final = bytes([_CLOSE, _MASKED | 2]) + _ZERO_MASK + (1000).to_bytes(2, "big")
"""A client's farewell: the close frame with the code of a normal end."""


def upgrade_request(port: int, *headers: str) -> bytes:
    """Return the HTTP request that asks to speak WebSocket; its key is always the same."""
    lines = (
        "GET / HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *headers,
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def text_frame(text: str) -> bytes:
    """Return the frame of a text message of less than 64 KiB."""
    payload = text.encode()
    size = len(payload)
    if size <= _MAX_SHORT:
        return bytes([_TEXT, _MASKED | size]) + _ZERO_MASK + payload
    return bytes([_TEXT, _MASKED | 126]) + size.to_bytes(2, "big") + _ZERO_MASK + payload


class FrameReader:
    """Takes a server's bytes as they come, and gives whole text messages."""

    __slots__ = ("_rest", "_upgraded")

    def __init__(self) -> None:
        self._rest = b""
        self._upgraded = False

    def read(self, data: bytes) -> Iterator[bytes]:
        """Yield the text messages that are whole now; other frames are passed over.

        Raises:
            AssertionError: If the server's first answer is not that it speaks WebSocket.
        """
        data = self._rest + data
        start = 0
        if not self._upgraded:
            start = data.find(b"\r\n\r\n") + 4
            if start < 4:
                self._rest = data
                return
            assert data.startswith(b"HTTP/1.1 101 "), f"the server answers {data[:200]!r}"
            self._upgraded = True
        while (place := _payload_at(data, start)) is not None:
            if data[start] == _TEXT:
                yield data[place]
            start = place.stop
        self._rest = data[start:]


def _payload_at(data: bytes, start: int) -> slice | None:
    """Return where the payload of the frame at ``start`` is; None if the frame is not whole."""
    if len(data) < start + 2:
        return None
    size, first = data[start + 1], start + 2
    if size > _MAX_SHORT:
        width = _LENGTH_BYTES[size]
        size = int.from_bytes(data[first : first + width], "big")
        first += width
    return slice(first, first + size) if len(data) >= first + size else None

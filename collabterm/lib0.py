"""lib0's variable-length integers and byte strings; must not know any message.

Source: lib0 ``encoding.js`` and ``decoding.js`` (``writeVarUint``, ``writeVarUint8Array``).
"""

from __future__ import annotations

from typing import Final

from collabterm.errors import ProtocolError

MAX_UINT: Final = (1 << 53) - 1
"""The largest integer that every Yjs implementation holds exactly."""

_MAX_UINT_BYTES: Final = 8


def write_uint(value: int) -> bytes:
    """Encode ``value`` (0 to 2**53 - 1), 7 bits a byte, least significant first."""
    assert 0 <= value <= MAX_UINT, "an integer that lib0 cannot carry"
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(0x80 | (value & 0x7F))
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def write_bytes(value: bytes) -> bytes:
    """Encode ``value`` behind its length."""
    return write_uint(len(value)) + value


class Reader:
    """Reads integers and byte strings off a buffer, in order.

    Every method raises ``ProtocolError`` rather than reading past the end.
    """

    __slots__ = ("_buffer", "_position")

    def __init__(self, buffer: bytes) -> None:
        self._buffer = buffer
        self._position = 0

    @property
    def at_end(self) -> bool:
        """Whether nothing is left to read."""
        return self._position >= len(self._buffer)

    def read_uint(self) -> int:
        """Read one integer of at most 53 bits."""
        value = 0
        for index in range(_MAX_UINT_BYTES):
            if self._position >= len(self._buffer):
                raise ProtocolError("an integer is cut short")
            byte = self._buffer[self._position]
            self._position += 1
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if value > MAX_UINT:
                    break
                return value
        raise ProtocolError("an integer is out of range")

    def read_bytes(self, limit: int) -> bytes:
        """Read one byte string of at most ``limit`` bytes."""
        length = self.read_uint()
        if length > limit:
            raise ProtocolError("a field is over its limit")
        end = self._position + length
        if end > len(self._buffer):
            raise ProtocolError("a field is cut short")
        value = self._buffer[self._position : end]
        self._position = end
        return value

"""The bounds of an update, checked before the CRDT reads it; must not know what an update means.

Source: Yjs ``UpdateEncoder.js`` (V1) and lib0 ``encoding.js`` (``writeAny``)::

    update  = varUint(n) . n * ( varUint(structs) . varUint(client) . varUint(clock) . structs * struct )
              . varUint(m) . m * ( varUint(client) . varUint(ranges) . ranges * range )
    range   = varUint(clock) . varUint(length)
    struct  = info(1 byte) . [ ids, parent ] . content         info: content type 0-10 | 32 | 64 | 128

Two things in an update end the whole process from within pycrdt 0.14, where no exception can be caught:
values nested 30,000 deep overflow the stack, and a clock that runs over 32 bits makes it loop for ever.
"""

from __future__ import annotations

from typing import Final

from collabterm.errors import ProtocolError

MAX_CLOCK: Final = 1 << 31
"""What one client can type: two thousand million characters."""

MAX_DEPTH: Final = 64

_GC, _DELETED, _JSON, _BINARY, _STRING, _EMBED, _FORMAT, _TYPE, _ANY, _DOC, _SKIP = range(11)
_HAS_KEY, _HAS_RIGHT_ORIGIN, _HAS_ORIGIN = 32, 64, 128
_NAMED_TYPES: Final = (3, 5)
"""An XML element and an XML hook carry a name; the other shared types carry nothing."""

_UNDEFINED, _NULL, _INTEGER, _FLOAT32, _FLOAT64, _BIGINT = 127, 126, 125, 124, 123, 122
_FALSE, _TRUE, _TEXT, _OBJECT, _ARRAY, _BYTES = 121, 120, 119, 118, 117, 116
_FIXED_SIZES: Final = {_UNDEFINED: 0, _NULL: 0, _FALSE: 0, _TRUE: 0, _FLOAT32: 4, _FLOAT64: 8, _BIGINT: 8}
_WITH_LENGTH: Final = (_TEXT, _BYTES)

_MAX_UINT_BITS: Final = 70


def check_bounds(update: bytes) -> None:
    """Refuse an update that the CRDT could not survive; costs a microsecond a struct.

    Raises:
        ProtocolError: If it is no update, or its clocks or values are out of bounds.
    """
    try:
        _check_deletions(update, _check_structs(update))
    except IndexError as error:
        raise ProtocolError("an update is cut short") from error


def _check_structs(update: bytes) -> int:
    clients, position = _uint(update, 0)
    for _ in range(clients):
        structs, position = _uint(update, position)
        _, position = _uint(update, position)
        clock, position = _uint(update, position)
        for _ in range(structs):
            info = update[position]
            position += 1
            if info & 31 not in (_GC, _SKIP):
                position = _after_relations(update, position, info)
            length, position = _content(update, position, info & 31)
            clock += length
            if clock > MAX_CLOCK or position > len(update):
                raise ProtocolError("an update's clock is out of bounds")
    return position


def _check_deletions(update: bytes, position: int) -> None:
    clients, position = _uint(update, position)
    for _ in range(clients):
        _, position = _uint(update, position)
        ranges, position = _uint(update, position)
        for _ in range(ranges):
            clock, position = _uint(update, position)
            length, position = _uint(update, position)
            if clock + length > MAX_CLOCK:
                raise ProtocolError("a deletion is out of bounds")


def _after_relations(update: bytes, position: int, info: int) -> int:
    """Step over a struct's origins, or its parent and key if it has none."""
    for flag in (_HAS_ORIGIN, _HAS_RIGHT_ORIGIN):
        if info & flag:
            _, position = _uint(update, position)
            _, position = _uint(update, position)
    if info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
        return position
    is_root, position = _uint(update, position)
    if is_root == 1:
        position = _after_bytes(update, position)
    else:
        _, position = _uint(update, position)
        _, position = _uint(update, position)
    return _after_bytes(update, position) if info & _HAS_KEY else position


def _content(update: bytes, position: int, kind: int) -> tuple[int, int]:
    """Return how many clock ticks a content takes, at most, and the position behind it."""
    if kind == _STRING:  # counted in UTF-16 units, which are never more than its bytes
        length, start = _uint(update, position)
        return length, start + length
    if kind in (_GC, _DELETED, _SKIP):
        return _uint(update, position)
    if kind in (_JSON, _ANY):
        length, position = _uint(update, position)
        for _ in range(length):
            position = _after_bytes(update, position) if kind == _JSON else _after_value(update, position, 0)
        return length, position
    if kind in (_BINARY, _EMBED):
        return 1, _after_bytes(update, position)
    if kind == _FORMAT:
        return 1, _after_bytes(update, _after_bytes(update, position))
    if kind == _TYPE:
        shared_type, position = _uint(update, position)
        return 1, _after_bytes(update, position) if shared_type in _NAMED_TYPES else position
    if kind == _DOC:
        return 1, _after_value(update, _after_bytes(update, position), 0)
    raise ProtocolError("an update holds an unknown content")


def _after_value(update: bytes, position: int, depth: int) -> int:
    """Step over one value of lib0's ``any``."""
    if depth > MAX_DEPTH:
        raise ProtocolError("an update's values are nested too deeply")
    tag = update[position]
    position += 1
    if tag in _FIXED_SIZES:
        return position + _FIXED_SIZES[tag]
    if tag == _INTEGER:
        while update[position] & 128:
            position += 1
        return position + 1
    if tag in _WITH_LENGTH:
        return _after_bytes(update, position)
    if tag not in (_ARRAY, _OBJECT):
        raise ProtocolError("an update holds an unknown value")
    length, position = _uint(update, position)
    for _ in range(length):
        if tag == _OBJECT:
            position = _after_bytes(update, position)
        position = _after_value(update, position, depth + 1)
    return position


def _after_bytes(update: bytes, position: int) -> int:
    length, position = _uint(update, position)
    return position + length


def _uint(update: bytes, position: int) -> tuple[int, int]:
    """Read a variable-length integer; ``Reader`` would do, at a third of the speed."""
    byte = update[position]
    if byte < 128:
        return byte, position + 1
    value, shift = byte & 127, 7
    while byte & 128:
        position += 1
        byte = update[position]
        value |= (byte & 127) << shift
        shift += 7
        if shift > _MAX_UINT_BITS:
            raise ProtocolError("an update holds an integer out of range")
    return value, position + 1

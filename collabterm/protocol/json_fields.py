"""Typed access to a JSON object that may hold anything; must not know what any field means."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any, Final

from collabterm.errors import ProtocolError
from collabterm.protocol.limits import MAX_SIGNAL_BYTES

_MAX_BYTES_CHARS: Final = 256
"""Keys, nonces and signatures in base64."""


def load_fields(text: str | bytes) -> Fields:
    """Read the object of one signaling message; ``ProtocolError`` if it is none, here and in all below."""
    if len(text) > MAX_SIGNAL_BYTES:
        raise ProtocolError("a signaling message is over its limit")
    try:
        return Fields(_DECODER.decode(text if isinstance(text, str) else text.decode()))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a signaling message is not JSON") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


class Fields:
    """The fields of one object; every method raises ``ProtocolError`` if the field is of another type."""

    __slots__ = ("_object",)

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict):
            raise ProtocolError("a signaling message is not an object")
        self._object = value

    def has(self, key: str) -> bool:
        """Return whether the field is there and not null."""
        return self._object.get(key) is not None

    def str_of(self, key: str) -> str:
        """Return a string; lone surrogates, which JSON allows, are no text."""
        return _text(key, self._object.get(key))

    def strs_of(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        return tuple(_text(key, item) for item in self.list_of(key))

    def int_of(self, key: str) -> int:
        """Return an integer."""
        value = self._object.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ProtocolError(f"the field {key!r} is not an integer")
        return value

    def number_of(self, key: str) -> float:
        """Return a finite number."""
        value = self._object.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e9:
            raise ProtocolError(f"the field {key!r} is not a number")
        return float(value)

    def bool_of(self, key: str) -> bool:
        """Return true or false; a missing field is false."""
        value = self._object.get(key, False)
        if not isinstance(value, bool):
            raise ProtocolError(f"the field {key!r} is not true or false")
        return value

    def list_of(self, key: str) -> list[Any]:
        """Return a list of anything."""
        value = self._object.get(key)
        if not isinstance(value, list):
            raise ProtocolError(f"the field {key!r} is not a list")
        return value

    def object_of(self, key: str) -> dict[str, Any]:
        """Return an object of anything."""
        value = self._object.get(key)
        if not isinstance(value, dict):
            raise ProtocolError(f"the field {key!r} is not an object")
        return value

    def bytes_of(self, key: str) -> bytes:
        """Return what a short base64 string holds."""
        text = self.str_of(key)
        if len(text) > _MAX_BYTES_CHARS:
            raise ProtocolError(f"the field {key!r} is too long")
        try:
            return b64decode(text, validate=True)
        except (Base64Error, ValueError) as error:
            raise ProtocolError(f"the field {key!r} is not base64") from error


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise ProtocolError(f"the field {key!r} is not a string")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ProtocolError(f"the field {key!r} is not Unicode text") from error
    return value

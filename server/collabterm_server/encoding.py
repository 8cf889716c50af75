"""The bytes of a message that goes out, if it can be passed on at all; must not look into payloads."""

from __future__ import annotations

from typing import Final

from collabterm.protocol.limits import MAX_SIGNAL_BYTES
from collabterm.protocol.signaling import Error, ErrorCode, Heartbeat, ServerMessage
from collabterm.protocol.signaling_json import encode_signal

_HEARTBEAT: Final = encode_signal(Heartbeat()).encode()
"""Most of what a server says; it is always the same."""


def encode_message(message: ServerMessage) -> bytes | Error:
    """Return the JSON text of a message, or what to tell the sender of its payload.

    A payload was JSON when it came, and yet it can fail here: lone surrogates have no UTF-8, nesting
    can exceed what is left of the stack, and ``1e15`` grows to ``1000000000000000.0``. The sender of
    such a payload is to hear of it; its addressee's connection must not suffer.
    """
    if isinstance(message, Heartbeat):
        return _HEARTBEAT
    try:
        data = encode_signal(message).encode()
    except (UnicodeEncodeError, RecursionError):
        return Error(ErrorCode.BAD_MESSAGE, "The message cannot be passed on: the payload is not plain JSON.")
    if len(data) > MAX_SIGNAL_BYTES:
        sentence = f"The message cannot be passed on: a message may have {MAX_SIGNAL_BYTES} bytes."
        return Error(ErrorCode.TOO_LARGE, sentence)
    return data

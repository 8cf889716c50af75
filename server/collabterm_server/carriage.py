"""How an introduction travels to another instance; must not look into payloads or know who is where."""

from __future__ import annotations

from collabterm.errors import ProtocolError
from collabterm.protocol.limits import MAX_SIGNAL_BYTES
from collabterm.protocol.signaling import (
    Error,
    ErrorCode,
    IceCandidate,
    Introduction,
    PeerId,
    SdpAnswer,
    SdpOffer,
)
from collabterm.protocol.signaling_json import decode_client_message, encode_signal
from collabterm_server.announcements import Introduce


def pack(introduction: Introduction, sender: PeerId) -> Introduce | Error:
    """Return what the other instance gets, or why the sender's payload cannot be passed on.

    It is found out here because over there nobody could tell the sender. It can fail although the
    payload came as JSON: lone surrogates have no UTF-8, nesting can exceed what is left of the stack,
    and ``1e15`` grows to ``1000000000000000.0``.
    """
    try:
        signal = encode_signal(introduction)
        size = len(signal.encode())
    except (UnicodeEncodeError, RecursionError):
        return Error(ErrorCode.BAD_MESSAGE, "The message cannot be passed on: the payload is not plain JSON.")
    if size > MAX_SIGNAL_BYTES:
        sentence = f"The message cannot be passed on: a message may have {MAX_SIGNAL_BYTES} bytes."
        return Error(ErrorCode.TOO_LARGE, sentence)
    return Introduce(sender, signal)


def unpack(parcel: Introduce) -> Introduction | None:
    """Return the introduction as its sender addressed it; None if it is none."""
    try:
        introduction = decode_client_message(parcel.signal)
    except ProtocolError:
        return None
    return introduction if isinstance(introduction, SdpOffer | SdpAnswer | IceCandidate) else None

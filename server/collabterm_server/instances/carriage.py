"""How an introduction travels to another instance; must not look into payloads or know who is where."""

from __future__ import annotations

from dataclasses import replace

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
    ServerMessage,
)
from collabterm.protocol.signaling_json import decode_server_message, encode_signal
from collabterm_server.instances.announcements import Introduce


def pack(introduction: ServerMessage, to: PeerId) -> Introduce | Error:
    """Return what the other instance gets, or why it cannot be passed on.

    That is found out here because over there nobody could tell the sender. It can fail although the
    payload came as JSON: lone surrogates have no UTF-8, nesting can exceed what is left of the stack,
    and ``1e15`` grows to ``1000000000000000.0``.

    Args:
        introduction: As its addressee is to get it.
        to: The addressee.
    """
    try:
        signal = encode_signal(introduction)
        size = len(signal.encode())
    except (UnicodeEncodeError, RecursionError):
        return Error(ErrorCode.BAD_MESSAGE, "The message cannot be passed on: the payload is not plain JSON.")
    if size > MAX_SIGNAL_BYTES:
        sentence = f"The message cannot be passed on: a message may have {MAX_SIGNAL_BYTES} bytes."
        return Error(ErrorCode.TOO_LARGE, sentence)
    return Introduce(to, signal)


def unpack(parcel: Introduce) -> tuple[Introduction, PeerId] | None:
    """Return the introduction as its sender addressed it, and the sender; None if it is none."""
    try:
        introduction = decode_server_message(parcel.signal)
    except ProtocolError:
        return None
    match introduction:
        case SdpOffer(sender=str(sender)) | SdpAnswer(sender=str(sender)) | IceCandidate(sender=str(sender)):
            return replace(introduction, to=parcel.to, sender=None), PeerId(sender)
    return None

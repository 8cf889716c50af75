"""How an introduction travels to another instance; must not look into payloads or know who is where."""

from __future__ import annotations

from dataclasses import replace

from collabterm.errors import ProtocolError
from collabterm.protocol.signaling import (
    Error,
    IceCandidate,
    Introduction,
    PeerId,
    SdpAnswer,
    SdpOffer,
    ServerMessage,
)
from collabterm.protocol.signaling_json import decode_server_message
from collabterm_server.encoding import encode_message
from collabterm_server.instances.announcements import Introduce


def pack(introduction: ServerMessage, to: PeerId) -> Introduce | Error:
    """Return what the other instance gets, or why it cannot be passed on.

    That is found out here because over there nobody could tell the sender.

    Args:
        introduction: As its addressee is to get it.
        to: The addressee.
    """
    data = encode_message(introduction)
    return data if isinstance(data, Error) else Introduce(to, data.decode())


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

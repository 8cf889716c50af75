"""The JSON of what instances tell each other; must not decide what a message means.

A message is a list whose first item is its type, for brevity: there are thousands a second. What
arrives is trusted to be true but not to be well-formed: anything else raises ``ProtocolError``.
"""

from __future__ import annotations

import json
from typing import Any, Final, assert_never

from collabterm.errors import ProtocolError
from collabterm.protocol.signaling import PeerId, PeerInfo, RoomName
from collabterm_server.instances.announcements import (
    Arrive,
    Beat,
    Bulletin,
    Create,
    Depart,
    Epoch,
    Found,
    GiveUp,
    Hello,
    InstanceId,
    Introduce,
    Join,
    Leave,
    Message,
    Origin,
    Outline,
    Resident,
    Restore,
    RoomRules,
    SnapshotPart,
    Standing,
)
from collabterm_server.rooms import RoomRecord

MAX_BULLETIN_BYTES: Final = 8 * 1024 * 1024
"""What travels together. The largest is a part of a snapshot, some 200 KB."""


def encode_bulletin(bulletin: Bulletin) -> bytes:
    """Return the JSON of messages, in UTF-8."""
    items = [_to_list(message) for message in bulletin.messages]
    origin = bulletin.origin
    content = [origin.instance, origin.call, origin.epoch, items]
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def decode_bulletin(data: bytes) -> Bulletin:
    """Read what ``encode_bulletin`` wrote.

    Raises:
        ProtocolError: If it is anything else.
    """
    if len(data) > MAX_BULLETIN_BYTES:
        raise ProtocolError("an announcement is over its limit")
    try:
        content = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("an announcement is not JSON") from error
    match content:
        case [str(instance), int(call), str() | None as epoch, list(items)] if instance.isprintable():
            origin = Origin(InstanceId(instance), call, None if epoch is None else Epoch(epoch))
            try:
                return Bulletin(origin, tuple(_to_message(item) for item in items))
            except OverflowError as error:
                raise ProtocolError("a number in an announcement is too large") from error
    raise ProtocolError("an announcement names no origin")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _to_list(message: Message) -> list[Any]:
    match message:
        case Arrive(peer):
            return ["arrive", _peer_list(peer)]
        case Depart(peer_id):
            return ["depart", peer_id]
        case Create(peer_id, room):
            return ["create", peer_id, room]
        case Join(peer_id, room, create):
            return ["join", peer_id, room, create]
        case Leave(peer_id):
            return ["leave", peer_id]
        case Restore(peer, place, age_s):
            return ["restore", _peer_list(peer), place, age_s]
        case Beat(elapsed_s):
            return ["beat", elapsed_s]
        case GiveUp(instance):
            return ["give up", instance]
        case Hello(attempt):
            return ["hello", attempt]
        case Found(epoch):
            return ["found", epoch]
        case Introduce(to, signal):
            return ["introduce", to, signal]
        case SnapshotPart(call, number, total, outline, residents, rooms):
            lists = [_resident_list(each) for each in residents], [_room_list(each) for each in rooms]
            return ["snapshot", call, number, total, _outline_list(outline), *lists]
        case _:
            assert_never(message)


def _to_message(item: object) -> Message:
    match item:
        case ["arrive", peer]:
            return Arrive(_peer(peer))
        case ["depart", str(peer_id)]:
            return Depart(PeerId(peer_id))
        case ["create", str(peer_id), str(room)]:
            return Create(PeerId(peer_id), room)
        case ["join", str(peer_id), str(room), bool(create)]:
            return Join(PeerId(peer_id), room, create)
        case ["leave", str(peer_id)]:
            return Leave(PeerId(peer_id))
        case ["restore", peer, str() | None as place, int() | float() as age_s]:
            return Restore(_peer(peer), None if place is None else _room_name(place), float(age_s))
        case ["beat", int() | float() as elapsed_s]:
            return Beat(float(elapsed_s))
        case ["give up", str(instance)]:
            return GiveUp(InstanceId(instance))
        case ["hello", int(attempt)]:
            return Hello(attempt)
        case ["found", str(epoch)]:
            return Found(Epoch(epoch))
        case ["introduce", str(to), str(signal)]:
            return Introduce(PeerId(to), signal)
        case ["snapshot", int(call), int(number), int(total), outline, list(residents), list(rooms)]:
            known = tuple(_resident(each) for each in residents)
            return SnapshotPart(
                call, number, total, _outline(outline), known, tuple(_room(each) for each in rooms)
            )
    raise ProtocolError("an announcement is of no known form")


def _peer_list(peer: PeerInfo) -> list[str]:
    return [peer.peer_id, peer.name, peer.fingerprint]


def _peer(item: object) -> PeerInfo:
    match item:
        case [str(peer_id), str(name), str(fingerprint)] if (peer_id + name + fingerprint).isprintable():
            return PeerInfo(PeerId(peer_id), name, fingerprint)
    raise ProtocolError("an announcement describes no peer")


def _resident_list(resident: Resident) -> list[Any]:
    return [_peer_list(resident.peer), resident.instance, resident.since]


def _resident(item: object) -> Resident:
    match item:
        case [peer, str(instance), int() | float() as since]:
            return Resident(_peer(peer), InstanceId(instance), float(since))
    raise ProtocolError("an announcement describes no resident")


def _room_name(text: str) -> RoomName:
    if not text.isprintable():
        raise ProtocolError("an announcement names no room")
    return RoomName(text)


def _room_list(room: RoomRecord) -> list[Any]:
    awaited = [[_peer_list(peer), until] for peer, until in room.awaited]
    return [room.name, room.opener, sorted(room.borrowers), list(room.peers), awaited]


def _room(item: object) -> RoomRecord:
    match item:
        case [str(name), str(opener), list(borrowers), list(peers), list(awaited)]:
            present = tuple(PeerId(str(peer_id)) for peer_id in peers)
            absent = tuple(_absence(each) for each in awaited)
            borrowing = frozenset(PeerId(str(peer_id)) for peer_id in borrowers)
            return RoomRecord(_room_name(name), PeerId(opener), borrowing, present, absent)
    raise ProtocolError("an announcement describes no room")


def _absence(item: object) -> tuple[PeerInfo, float]:
    match item:
        case [peer, int() | float() as until]:
            return _peer(peer), float(until)
    raise ProtocolError("an announcement describes nobody who is awaited")


def _outline_list(outline: Outline) -> list[Any]:
    rules = [outline.rules.capacity, outline.rules.max_rooms, outline.rules.grace_s]
    return [rules, outline.clock, [_instance_list(each) for each in outline.instances]]


def _outline(item: object) -> Outline:
    match item:
        case [[int(capacity), int(most), int() | float() as grace_s], int() | float() as clock, list(known)]:
            rules = RoomRules(capacity, most, float(grace_s))
            return Outline(rules, float(clock), tuple(_instance(each) for each in known))
    raise ProtocolError("an announcement outlines no state")


def _instance_list(item: tuple[InstanceId, Standing]) -> list[Any]:
    instance, standing = item
    return [instance, standing.call, standing.has_state, standing.clock]


def _instance(item: object) -> tuple[InstanceId, Standing]:
    match item:
        case [str(instance), int(call), bool(has_state), int() | float() as clock]:
            return InstanceId(instance), Standing(call, has_state, float(clock))
    raise ProtocolError("an announcement describes no instance")

"""The JSON of what instances tell each other, and what travels together."""

from __future__ import annotations

import json
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.errors import ProtocolError
from collabterm.protocol.signaling import PeerId, PeerInfo, RoomName
from collabterm_server.instances.announcements import (
    Announcement,
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
from collabterm_server.instances.announcements_json import (
    MAX_BULLETIN_BYTES,
    decode_bulletin,
    encode_bulletin,
)
from collabterm_server.instances.redis_bus import take_batch
from collabterm_server.rooms import RoomRecord

ANN = PeerInfo(PeerId("ann"), "Änn 🖊", "SHA256:Ann")
DEN = RoomName("den")
HERE, THERE = InstanceId("here"), InstanceId("there")
ORIGIN = Origin(HERE, 3, Epoch("here-1"))
OUTLINE = Outline(
    RoomRules(8, 100, 20.0), 17.25, ((HERE, Standing(3, True, 17.25)), (THERE, Standing(1, False, 2.0)))
)
RECORD = RoomRecord(DEN, ANN.peer_id, frozenset({PeerId("ann")}), (ANN.peer_id,), ((ANN, 20.5),))
PART = SnapshotPart(3, 0, 2, OUTLINE, (Resident(ANN, HERE, 1.5),), (RECORD,))

MESSAGES: list[Message] = [
    Arrive(ANN),
    Depart(ANN.peer_id),
    Create(ANN.peer_id, "a room \u2028"),
    Join(ANN.peer_id, "den", create=True),
    Leave(ANN.peer_id),
    Restore(ANN, DEN, 2.5),
    Restore(ANN, None, 0.0),
    Beat(1.0),
    GiveUp(HERE),
    Hello(2),
    Found(Epoch("here-3")),
    Introduce(ANN.peer_id, '{"type":"SDP_OFFER"}'),
    PART,
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=20,
)


def test_every_message_arrives_as_it_was_sent() -> None:
    for origin in (ORIGIN, Origin(HERE, 0, None)):
        bulletin = Bulletin(origin, tuple(MESSAGES))
        assert decode_bulletin(encode_bulletin(bulletin)) == bulletin


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_prefix_and_every_flipped_bit_is_read_or_refused(message: Message) -> None:
    data = encode_bulletin(Bulletin(ORIGIN, (message,)))
    damaged = [data[:length] for length in range(len(data))]
    damaged += [
        data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :]
        for at in range(len(data))
        for bit in range(8)
    ]
    for each in damaged:
        read_or_refuse(each)


@given(st.sampled_from(MESSAGES), st.integers(0, 12), json_values)
def test_a_field_of_any_other_kind_is_read_or_refused(message: Message, place: int, value: object) -> None:
    content = json.loads(encode_bulletin(Bulletin(ORIGIN, (message,))))
    item = content[3][0]
    item[place % len(item)] = value
    read_or_refuse(json.dumps(content).encode())


@given(json_values)
def test_any_json_is_read_or_refused(value: object) -> None:
    read_or_refuse(json.dumps(value).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[" * 200_000,
        b" " * (MAX_BULLETIN_BYTES + 1),
        b'["here",3,null,[["beat",NaN]]]',
        b'["here",3,null,[["beat",1%s]]]' % (b"0" * 400),
        b'["here",3,null,[["arrive",["ann","\\u001b[2J",""]]]]',
        b'["here",3,null,[["arrive",["ann","\\ud800",""]]]]',
    ],
    ids=[
        "empty",
        "no text",
        "nested",
        "huge",
        "not a number",
        "a huge number",
        "a control character",
        "half a character",
    ],
)
def test_what_is_no_bulletin_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_bulletin(data)


def test_messages_of_one_way_travel_together_and_keep_their_order() -> None:
    beats = [Beat(float(number)) for number in range(6)]
    other = Origin(HERE, 4, None)
    queue = deque(
        [
            Announcement(None, ORIGIN, beats[0]),
            Announcement(None, ORIGIN, beats[1]),
            Announcement(THERE, ORIGIN, beats[2]),
            Announcement(None, ORIGIN, beats[3]),
            Announcement(None, other, beats[4]),
            Announcement(None, other, beats[5]),
        ]
    )
    assert take_batch(queue) == [
        (None, Bulletin(ORIGIN, (beats[0], beats[1]))),
        (THERE, Bulletin(ORIGIN, (beats[2],))),
        (None, Bulletin(ORIGIN, (beats[3],))),
        (None, Bulletin(other, (beats[4], beats[5]))),
    ]
    assert not queue


def test_a_part_of_a_snapshot_ends_what_travels_together_and_so_do_many() -> None:
    messages: list[Message] = [PART, PART, *[Beat(1.0)] * 201]
    queue = deque(Announcement(THERE, ORIGIN, message) for message in messages)
    sizes = []
    while queue:
        [(_, bulletin)] = take_batch(queue)
        sizes.append(len(bulletin.messages))
    assert sizes == [1, 1, 200, 1]


def read_or_refuse(data: bytes) -> None:
    try:
        bulletin = decode_bulletin(data)
    except ProtocolError:
        return
    assert decode_bulletin(encode_bulletin(bulletin)) == bulletin

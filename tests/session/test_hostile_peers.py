"""A peer sends anything at all: it is taken or costs that peer its link, and nobody else anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from collabterm.document.clusters import VISIBLE_FORMATS
from collabterm.document.display import display_line
from collabterm.document.lines import Edit, Location
from collabterm.document.shared_text import Document, PeerOrigin
from collabterm.errors import ProtocolError
from collabterm.lib0 import MAX_UINT, write_bytes, write_uint
from collabterm.protocol.limits import MAX_AWARENESS_BYTES, PROTOCOL_VERSION
from collabterm.protocol.messages import (
    Awareness,
    AwarenessEntry,
    ClientId,
    Digest,
    Hello,
    Message,
    Ping,
    Pong,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    Update,
    decode_messages,
    encode_message,
)
from collabterm.session.events import Behind, InSync
from collabterm.session.outbox import Channel
from collabterm.session.room import Room
from collabterm.tui.painters import Span, paint_row
from collabterm.tui.theme import DARK, label_style
from tests.crdt_text import crdt_text
from tests.in_memory_network import InMemoryNetwork

EVE: Final = ClientId(66)
START: Final = Location(0, 0)
REPAIRED_S: Final = 4.0
TEXT: Final = "héllo\nw😀rld\r\n"


class Scene:
    """Ann and Bob edit together; Eve, who sends what she likes, is linked to Ann."""

    def __init__(self, *, greeted: bool = True) -> None:
        self.network = InMemoryNetwork()
        for peer, client_id in (("ann", 1), ("bob", 2)):
            self.network.add(peer, Room(Document(client_id), peer, peer.title()))
        self.ann, self.bob = self.network.rooms["ann"], self.network.rooms["bob"]
        self.network.lay("ann", "bob")
        self.ann.document.edit([Edit(START, START, TEXT)], 0.0)
        self.network.deliver_all()
        self.ann.link_opened("eve", self.network.now_s)
        if greeted:
            self.send(encode_message(Hello(PROTOCOL_VERSION, EVE)))

    def send(self, payload: bytes, channel: Channel = Channel.COLLABORATION) -> bool:
        """Send Ann a payload from Eve, who loses her link for a wrong one; return whether it was taken."""
        try:
            self.ann.receive("eve", channel, payload, self.network.now_s)
        except ProtocolError:
            self.ann.link_closed("eve")
            return False
        return True

    def check_that_others_go_on(self) -> None:
        """Check that what Ann and Bob type now is in both texts."""
        self.type_on()
        for room in (self.ann, self.bob):
            assert room.document.text().startswith("甲")
            assert room.document.text().endswith("乙")
        assert self.ann.document.text() == self.bob.document.text()

    def type_on(self) -> None:
        """Let Ann and Bob type at the same time, and both hear of it."""
        self.ann.document.edit([Edit(START, START, "甲")], 10.0)
        end = self.bob.document.lines.end
        self.bob.document.edit([Edit(end, end, "乙")], 10.0)
        deadline_s = self.network.now_s + REPAIRED_S
        while not isinstance(self.bob.status, InSync) and self.network.now_s < deadline_s:
            self.network.pass_time(0.25)
            self.network.deliver_all()

    def check_texts_are_equal_or_known_to_differ(self) -> None:
        """Check what is left of convergence when Eve may have written under Bob's or Ann's client id.

        An update says itself whose operations it holds. Operations made up for another's future clocks, or
        deletions of what is not typed yet, are valid updates; the former set replicas apart for good.
        """
        for room in (self.ann, self.bob):
            assert room.document.text() == crdt_text(room.document)
        if self.ann.document.text() != self.bob.document.text():
            assert isinstance(self.ann.status, Behind)
            assert isinstance(self.bob.status, Behind)


def eves_document() -> Document:
    """Return what Eve holds: Ann's text and some edits of it, of every kind."""
    eve = Document(EVE)
    eve.apply_update(Scene().ann.document.update_since(b"\0"), PeerOrigin("ann"))
    eve.edit([Edit(Location(1, 1), Location(1, 2), "a\u2028😀")], 0.0)
    eve.edit([Edit(Location(0, 1), Location(0, 3), "")], 5.0)
    return eve


EVES: Final = eves_document()
STATE: Final = {
    "user": {"name": "Eve", "color": "#5bc470"},
    "cursor": {"anchor": [0, 1], "head": [1, 2]},
    "peer": "eve",
    "links": [1],
}
MESSAGES: Final[tuple[Message, ...]] = (
    SyncStep1(EVES.state_vector()),
    SyncStep2(EVES.update_since(b"\0")),
    Update(EVES.update_since(Scene().ann.document.state_vector())),
    Awareness((AwarenessEntry(EVE, 1, STATE), AwarenessEntry(ClientId(3), 300, None))),
    QueryAwareness(),
    Hello(PROTOCOL_VERSION, EVE),
    Ping(300),
    Pong(300),
    Digest(EVES.state_vector(), EVES.lines.text_hash()),
)


def damaged(payload: bytes) -> Iterator[bytes]:
    """Yield every prefix of a payload, and the payload with any one bit flipped."""
    for length in range(len(payload)):
        yield payload[:length]
    for bit in range(8 * len(payload)):
        flipped = bytearray(payload)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


def named(message: Message) -> str:
    return type(message).__name__


@pytest.mark.parametrize("message", MESSAGES, ids=named)
def test_every_prefix_and_bit_flip_is_taken_or_costs_only_that_link(message: Message) -> None:
    payload = encode_message(message)
    for damage in damaged(payload):
        scene = Scene(greeted=not isinstance(message, Hello))
        before = scene.ann.document.text()
        taken = scene.send(damage)
        if taken and isinstance(message, SyncStep2 | Update):
            scene.type_on()
            scene.check_texts_are_equal_or_known_to_differ()
        else:
            assert scene.ann.document.text() == before, damage.hex()
            scene.check_that_others_go_on()


@pytest.mark.parametrize("message", MESSAGES, ids=named)
def test_damage_in_a_datagram_is_no_worse(message: Message) -> None:
    scene = Scene()
    for length in range(len(encode_message(message))):
        scene.send(encode_message(message)[:length], Channel.PRESENCE)
        scene.ann.link_opened("eve", scene.network.now_s)
        scene.send(encode_message(Hello(PROTOCOL_VERSION, EVE)))
    assert scene.ann.document.text() == TEXT
    scene.check_that_others_go_on()


@pytest.mark.parametrize("payload", [b"\x02", b"\x44", b"\xff" * 9, bytes((0, 3)) + write_bytes(b"")])
def test_what_is_no_message_costs_the_link(payload: bytes) -> None:
    scene = Scene()
    assert not scene.send(payload)
    scene.check_that_others_go_on()


def test_a_message_behind_a_wrong_one_is_not_taken_and_one_before_it_may_be() -> None:
    scene = Scene()
    assert not scene.send(encode_message(Ping(1)) + b"\x02" + encode_message(MESSAGES[2]))
    assert scene.ann.document.text() == TEXT
    scene.check_that_others_go_on()


def text_struct(client_id: int, clock: int, content: bytes) -> bytes:
    """Return an update of one struct at the start of the text: its content's type and encoding."""
    parent = b"\x01" + write_bytes(b"file:main")
    head = write_uint(1) + write_uint(1) + write_uint(client_id) + write_uint(clock)
    return head + content[:1] + parent + content[1:] + b"\0"


@pytest.mark.parametrize("count", [2**20, 2**31, 2**32 - 1, MAX_UINT])
@pytest.mark.parametrize(
    "update",
    [
        write_uint,
        lambda count: write_uint(1) + write_uint(count) + write_uint(EVE) + b"\0",
        lambda count: b"\0" + write_uint(count),
        lambda count: b"\0\1" + write_uint(EVE) + write_uint(count),
        lambda count: text_struct(EVE, 0, b"\x08" + write_uint(count)),
        lambda count: text_struct(EVE, 0, b"\x08\x01\x75" + write_uint(count)),
        lambda count: text_struct(EVE, 0, b"\x08\x01\x76" + write_uint(count)),
        lambda count: text_struct(EVE, 0, b"\x04" + write_uint(count)),
        lambda count: text_struct(EVE, 0, b"\x01" + write_uint(count)),
        lambda count: text_struct(EVE, count, b"\x04\x02ab"),
    ],
    ids=["clients", "structs", "deleted clients", "ranges", "values", "array", "map", "text", "gap", "clock"],
)
def test_counts_beyond_all_bounds_are_not_believed(update: Callable[[int], bytes], count: int) -> None:
    scene = Scene()
    scene.send(encode_message(Update(update(count))))
    scene.type_on()
    scene.check_texts_are_equal_or_known_to_differ()


@pytest.mark.parametrize(
    "content", [b"\x08\x01" + b"\x75\x01" * 50_000 + b"\x7e", b"\x04\x02ab"], ids=["nested", "overflowing"]
)
def test_an_update_that_would_end_the_process_costs_the_link(content: bytes) -> None:
    scene = Scene()
    clock = 0 if len(content) > 9 else 2**32 - 1
    assert not scene.send(encode_message(Update(text_struct(EVE, clock, content))))
    scene.check_that_others_go_on()


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)
ROUGH_TEXT: Final = st.text(st.characters(codec=None), max_size=50)
CURSORS: Final = st.fixed_dictionaries(
    {}, optional={"anchor": JSON, "head": st.lists(st.integers(), max_size=3)}
)
STATES: Final = st.fixed_dictionaries(
    {},
    optional={
        "user": JSON | st.fixed_dictionaries({}, optional={"name": JSON | ROUGH_TEXT, "color": JSON}),
        "cursor": JSON | CURSORS,
        "peer": JSON,
        "links": JSON | st.lists(st.integers() | JSON, max_size=70),
    },
)


def awareness(state: bytes, client_id: int = EVE, clock: int = 5) -> bytes:
    """Return an awareness message whose state is any bytes."""
    entry = write_uint(client_id) + write_uint(clock) + write_bytes(state)
    return b"\x01" + write_bytes(write_uint(1) + entry)


def check_that_presence_goes_on(scene: Scene) -> None:
    """Check that what Ann knows of people can be told to all, drawn, and ended."""
    for participant in scene.ann.participants:
        assert_harmless(participant.name)
        assert_harmless(painted_label(participant.name, participant.color))
    scene.ann.link_opened("late", scene.network.now_s)
    for outgoing in scene.ann.take_outgoing(scene.network.now_s):
        decode_messages(outgoing.payload)
    for outgoing in scene.ann.say_goodbye():
        decode_messages(outgoing.payload)


def painted_label(name: str, color: str) -> str:
    """Return what the name of somebody's cursor puts on the screen."""
    label = display_line(f" {name} ")
    span = Span(0, label.width, label_style(color, DARK), label)
    return paint_row(display_line("text"), (span,), 0, 60, Style()).text


def assert_harmless(text: str) -> None:
    """Check that nothing in a painted text controls a terminal, turns its direction or breaks its row."""
    kept = {"\u200d", "\u200c"} | VISIBLE_FORMATS
    wrong = [char for char in text if char not in kept and category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert not wrong, [f"U+{ord(char):04X}" for char in wrong]


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(state=STATES | JSON)
def test_any_json_as_a_state_is_taken_or_refused(state: object) -> None:
    scene = Scene()
    scene.send(awareness(json.dumps(state).encode()))
    check_that_presence_goes_on(scene)


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"x":NaN}',
        b'{"x":1e999}',
        b'{"x":-Infinity}',
        b'{"user":{"name":"\\ud800"}}',
        b'{"peer":"\\udfff"}',
        b'{"\\ud800":1}',
        b'{"x":' + b"[" * 990 + b"]" * 990 + b"}",
        b'{"peer":' + b'{"a":' * 600 + b"1" + b"}" * 600 + b"}",
        b'{"x":[' + b",".join([b"1e15"] * 800) + b"]}",
        b'{"x":"' + b"x" * MAX_AWARENESS_BYTES + b'"}',
    ],
    ids=lambda state: state[:24].decode(errors="replace"),
)
def test_a_state_that_cannot_be_passed_on_costs_the_link(state: bytes) -> None:
    scene = Scene()
    assert not scene.send(awareness(state))
    check_that_presence_goes_on(scene)


@pytest.mark.parametrize("client_id", [1, EVE])
@pytest.mark.parametrize("state", [b"null", b"{}"])
def test_the_last_clock_claimed_for_anybody_does_not_silence_us_for_good(
    client_id: int, state: bytes
) -> None:
    scene = Scene()
    scene.send(awareness(state, client_id, MAX_UINT))
    check_that_presence_goes_on(scene)


def test_a_cursor_far_outside_is_brought_into_the_text() -> None:
    scene = Scene()
    far = "9" * 1000
    assert scene.send(awareness(f'{{"cursor":{{"anchor":[{far},-{far}],"head":[-1,{far}]}}}}'.encode()))
    (eve,) = [one for one in scene.ann.participants if one.client_id == EVE]
    assert eve.selection is not None
    assert eve.selection.anchor == Location(2, 0)
    assert eve.selection.head == Location(0, 5)
    check_that_presence_goes_on(scene)


@pytest.mark.parametrize(
    "name",
    [
        "\x1b]0;owned\x07",
        "\x9b2J",
        "a\u202eb\u2066c",
        "e" + "\u0301" * 99,
        "a\r\nb\u2028c\td",
        "\ufeff\u200b",
    ],
)
def test_a_name_never_reaches_the_screen_raw(name: str) -> None:
    scene = Scene()
    assert scene.send(awareness(json.dumps({"user": {"name": name}}).encode()))
    assert any(one.client_id == EVE for one in scene.ann.participants)
    check_that_presence_goes_on(scene)

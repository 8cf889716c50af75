"""What a room says to whom, what it believes, and when it says that all hold the same."""

from __future__ import annotations

import pytest

from collabterm.document.lines import Edit, Location
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document
from collabterm.errors import ProtocolError
from collabterm.protocol.limits import MAX_MESSAGES, PROTOCOL_VERSION
from collabterm.protocol.messages import (
    Awareness,
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
from collabterm.session.events import (
    Alone,
    Behind,
    Connecting,
    InSync,
    RoomEvent,
    SignedIn,
    Status,
    StatusChanged,
    Syncing,
)
from collabterm.session.outbox import Channel
from collabterm.session.peer_sync import DOUBTED_SILENCE_S, GREETING_S, REPAIR_AFTER_S, SILENCE_S
from collabterm.session.presence import COLORS, EXPIRY_S, RENEWAL_S
from collabterm.session.room import BATCH_S, IDLE_S, STALL_S, Room
from tests.in_memory_network import InMemoryNetwork

START = Location(0, 0)
CLIENT_IDS = {"ann": 101, "bob": 102, "cas": 103}


def a_room(name: str) -> Room:
    return Room(Document(CLIENT_IDS[name]), name, name.title())


def gather(*links: tuple[str, str]) -> InMemoryNetwork:
    """Return rooms that have exchanged all they had to say, linked like this."""
    network = InMemoryNetwork()
    for name in sorted({name for link in links for name in link}):
        network.add(name, a_room(name))
    for link in links:
        network.lay(*link)
    settle(network)
    return network


def status_of(room: Room) -> Status:
    """Return the status, unknown to a type checker that believes it cannot change."""
    return room.status


def settle(network: InMemoryNetwork, seconds: float = 0.5) -> None:
    for _ in range(round(seconds / 0.05)):
        network.pass_time(0.05)
        network.deliver_all()


def type_at_start(network: InMemoryNetwork, name: str, text: str) -> None:
    network.rooms[name].document.edit([Edit(START, START, text)], network.now_s)


def said(room: Room, now_s: float, to: str, channel: Channel = Channel.COLLABORATION) -> list[Message]:
    """Return what a room has to say to one peer now."""
    outgoing = room.take_outgoing(now_s)
    return [
        message
        for one in outgoing
        if (one.peer_id, one.channel) == (to, channel)
        for message in decode_messages(one.payload)
    ]


def greet(room: Room, name: str, now_s: float = 0.0) -> None:
    """Open a link to ``room`` and say hello; what it says first is taken and thrown away."""
    room.link_opened(name, now_s)
    hear(room, name, Hello(PROTOCOL_VERSION, ClientId(CLIENT_IDS[name])), now_s=now_s)
    room.take_outgoing(now_s)


def hear(
    room: Room, name: str, *messages: Message, now_s: float = 0.0, channel: Channel = Channel.COLLABORATION
) -> None:
    room.receive(name, channel, b"".join(map(encode_message, messages)), now_s)


def of_type(messages: list[Message], kind: type[Message]) -> list[Message]:
    return [message for message in messages if isinstance(message, kind)]


class TestGreeting:
    def test_a_new_link_begins_with_hello_what_we_have_and_who_is_here(self) -> None:
        room = a_room("ann")
        room.link_opened("bob", 0.0)
        hello, step, awareness = said(room, 0.0, "bob")
        assert hello == Hello(PROTOCOL_VERSION, ClientId(101))
        assert step == SyncStep1(b"\0")
        assert isinstance(awareness, Awareness)

    @pytest.mark.parametrize(
        "message",
        [SyncStep1(b"\0"), SyncStep2(b"\0\0"), Awareness(()), QueryAwareness(), Digest(b"\0", bytes(16))],
    )
    def test_whatever_comes_before_hello_is_refused(self, message: Message) -> None:
        room = a_room("ann")
        room.link_opened("bob", 0.0)
        with pytest.raises(ProtocolError):
            hear(room, "bob", message)

    def test_a_datagram_that_overtakes_hello_is_ignored(self) -> None:
        room, author = a_room("ann"), Document(9)
        author.edit([Edit(START, START, "early")], 0.0)
        room.link_opened("bob", 0.0)
        hear(room, "bob", Update(author.update_since(b"\0")), channel=Channel.PRESENCE)
        assert room.document.text() == ""

    @pytest.mark.parametrize(
        "hello", [Hello(PROTOCOL_VERSION, ClientId(101)), Hello(2, ClientId(9)), Hello(0, ClientId(9))]
    )
    def test_our_own_client_id_and_other_versions_are_refused(self, hello: Hello) -> None:
        room = a_room("ann")
        room.link_opened("bob", 0.0)
        with pytest.raises(ProtocolError):
            hear(room, "bob", hello)

    def test_a_second_hello_is_refused(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        with pytest.raises(ProtocolError):
            hear(room, "bob", Hello(PROTOCOL_VERSION, ClientId(9)))

    def test_no_update_goes_to_a_peer_who_has_not_said_hello_and_asked(self) -> None:
        room = a_room("ann")
        room.link_opened("bob", 0.0)
        room.take_outgoing(0.0)
        room.document.edit([Edit(START, START, "typed meanwhile")], 0.0)
        assert not of_type(said(room, 1.0, "bob"), Update)
        hear(room, "bob", Hello(PROTOCOL_VERSION, ClientId(102)), SyncStep1(b"\0"), now_s=1.1)
        (step,) = of_type(said(room, 1.1, "bob"), SyncStep2)
        assert isinstance(step, SyncStep2)
        assert b"typed meanwhile" in step.update

    def test_what_was_for_a_link_that_closed_is_not_said_on_the_next(self) -> None:
        room = a_room("ann")
        room.link_opened("bob", 0.0)
        room.link_closed("bob")
        room.link_opened("bob", 0.1)
        assert len(of_type(said(room, 0.1, "bob"), Hello)) == 1

    def test_a_payload_of_a_peer_without_a_link_is_ignored(self) -> None:
        room = a_room("ann")
        hear(room, "bob", Hello(2, ClientId(101)))
        assert status_of(room) == Alone()


class TestUpdates:
    def test_an_edit_goes_at_once_by_datagram_and_soon_reliably(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        room.take_outgoing(0.9)
        room.document.edit([Edit(START, START, "x")], 1.0)
        outgoing = room.take_outgoing(1.0)
        assert [one.channel for one in outgoing if b"x" in one.payload] == [Channel.PRESENCE]
        outgoing = room.take_outgoing(1.0 + BATCH_S)
        assert [one.channel for one in outgoing if b"x" in one.payload] == [Channel.COLLABORATION]

    def test_an_edit_wakes_whoever_sends(self) -> None:
        room = a_room("ann")
        woken: list[bool] = []
        room.on_outgoing(lambda: woken.append(True))
        room.document.edit([Edit(START, START, "x")], 0.0)
        assert woken

    def test_a_datagram_repeats_the_recent_edits(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        for place, char in enumerate("abc"):
            room.document.edit([Edit(Location(0, place), Location(0, place), char)], 0.1 * place)
            updates = of_type(said(room, 0.1 * place, "bob", Channel.PRESENCE), Update)
            assert len(updates) == place + 1
        room.document.edit([Edit(START, START, "d")], 5.0)
        assert len(of_type(said(room, 5.0, "bob", Channel.PRESENCE), Update)) == 1

    def test_an_edit_too_large_for_a_datagram_goes_reliably_at_once(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        room.document.edit([Edit(START, START, "x" * 5_000)], 0.0)
        outgoing = [one for one in room.take_outgoing(0.0) if b"xxx" in one.payload]
        assert [one.channel for one in outgoing] == [Channel.COLLABORATION]

    def test_more_edits_than_a_payload_may_hold_arrive(self) -> None:
        network = gather(("ann", "bob"))
        for _ in range(MAX_MESSAGES + 50):
            type_at_start(network, "ann", "x")
        settle(network)
        assert network.rooms["bob"].document.text() == "x" * (MAX_MESSAGES + 50)

    def test_a_lost_datagram_costs_nothing(self) -> None:
        network = gather(("ann", "bob"))
        type_at_start(network, "ann", "x")
        network.speak("ann")
        network.deliver_datagram("ann", "bob", 0, copies=0)
        settle(network)
        assert network.rooms["bob"].document.text() == "x"

    def test_an_update_from_a_peer_is_not_sent_back(self) -> None:
        room, author = a_room("ann"), Document(CLIENT_IDS["bob"])
        greet(room, "bob")
        author.edit([Edit(START, START, "x")], 0.0)
        hear(room, "bob", Update(author.update_since(b"\0")))
        assert room.document.text() == "x"
        for now_s in (0.1, 0.3, 1.0, 2.0):
            for channel in Channel:
                assert not of_type(said(room, now_s, "bob", channel), Update)

    def test_an_update_is_forwarded_to_peers_not_linked_to_its_author(self) -> None:
        network = gather(("ann", "bob"), ("bob", "cas"))
        type_at_start(network, "ann", "x")
        settle(network)
        assert network.rooms["cas"].document.text() == "x"

    def test_an_update_is_not_forwarded_to_peers_linked_to_its_author(self) -> None:
        network = gather(("ann", "bob"), ("bob", "cas"), ("ann", "cas"))
        type_at_start(network, "ann", "x")
        network.speak("ann")
        network.deliver_datagram("ann", "bob", 0)
        said_to_cas = []
        for _ in range(4):
            network.now_s += 0.05
            said_to_cas += said(network.rooms["bob"], network.now_s, "cas")
        assert not of_type(said_to_cas, Update)

    def test_presence_is_forwarded_like_updates(self) -> None:
        network = gather(("ann", "bob"), ("bob", "cas"))
        assert [one.name for one in network.rooms["cas"].participants] == ["Ann", "Bob"]

    def test_a_newcomer_gets_what_was_written_before(self) -> None:
        network = gather(("ann", "bob"))
        type_at_start(network, "ann", "before\n" * 1_000)
        settle(network)
        network.add("cas", a_room("cas"))
        network.lay("cas", "bob")
        settle(network)
        assert network.rooms["cas"].document.text() == "before\n" * 1_000

    def test_what_both_typed_while_apart_merges_when_the_link_is_back(self) -> None:
        network = gather(("ann", "bob"))
        network.cut("ann", "bob")
        type_at_start(network, "ann", "A")
        type_at_start(network, "bob", "B")
        network.mend("ann", "bob")
        settle(network)
        texts = {room.document.text() for room in network.rooms.values()}
        assert len(texts) == 1
        assert sorted(texts.pop()) == ["A", "B"]


class TestGoodbye:
    def test_goodbye_says_what_is_owed_and_then_farewell(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        room.document.edit([Edit(START, START, "last words")], 0.0)
        messages = [
            message
            for one in room.say_goodbye()
            if one.channel is Channel.COLLABORATION
            for message in decode_messages(one.payload)
        ]
        assert isinstance(messages[0], Update)
        assert b"last words" in messages[0].update
        assert isinstance(messages[-1], Awareness)
        (entry,) = messages[-1].entries
        assert (entry.client_id, entry.state) == (101, None)

    def test_nothing_follows_the_farewell(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        room.say_goodbye()
        room.document.edit([Edit(START, START, "x")], 0.0)
        assert room.take_outgoing(20.0) == []

    def test_whoever_says_goodbye_is_gone_from_the_list_at_once(self) -> None:
        network = gather(("ann", "bob"))
        for outgoing in network.rooms["ann"].say_goodbye():
            network.rooms["bob"].receive("ann", outgoing.channel, outgoing.payload, network.now_s)
        assert network.rooms["bob"].participants == ()


class TestSigns:
    def test_a_ping_is_answered(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        hear(room, "bob", Ping(77), now_s=1.0)
        assert Pong(77) in said(room, 1.0, "bob", Channel.PRESENCE)

    def test_a_peer_is_asked_for_a_sign_of_life_from_time_to_time(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        asked = [tick for tick in range(6) if of_type(said(room, tick, "bob", Channel.PRESENCE), Ping)]
        assert asked == [2, 3, 4, 5], "every 2 s, and more often once an answer is overdue"

    def test_a_peer_who_never_says_hello_is_silent_however_much_else_it_says(self) -> None:
        room = a_room("ann")
        room.link_opened("bob", 0.0)
        for second in range(12):
            hear(room, "bob", Pong(0), now_s=float(second))
        assert room.silent_peers(GREETING_S - 1) == ()
        assert room.silent_peers(GREETING_S + 1) == ("bob",)

    def test_a_peer_who_gives_no_sign_of_life_is_silent(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        for now_s in range(5):
            room.take_outgoing(float(now_s))
        assert room.silent_peers(SILENCE_S - 0.1) == ()
        assert room.silent_peers(SILENCE_S + 0.1) == ("bob",)

    def test_any_payload_is_a_sign_of_life(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        hear(room, "bob", Pong(0), now_s=4.0)
        assert room.silent_peers(SILENCE_S + 0.1) == ()

    def test_a_peer_who_the_server_says_has_left_must_answer_soon(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        room.set_roster({"bob": "Bob"})
        room.peer_went("bob")
        (ping,) = of_type(said(room, 0.6, "bob", Channel.PRESENCE), Ping)
        assert isinstance(ping, Ping)
        assert room.silent_peers(DOUBTED_SILENCE_S + 0.1) == ("bob",)
        hear(room, "bob", Pong(ping.nonce), now_s=0.7)
        assert room.silent_peers(DOUBTED_SILENCE_S + 0.1) == ()

    def test_after_our_own_sleep_nobody_counts_as_silent(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        room.take_outgoing(1.0)
        asleep_until_s = 1.0 + STALL_S + 60
        room.take_outgoing(asleep_until_s)
        assert room.silent_peers(asleep_until_s) == ()
        for step in range(1, 6):
            room.take_outgoing(asleep_until_s + step)
        assert room.silent_peers(asleep_until_s + 5) == ("bob",)


class TestStatus:
    def test_a_room_without_others_is_alone(self) -> None:
        assert a_room("ann").status == Alone()

    def test_people_without_a_link_are_being_connected_to(self) -> None:
        room = a_room("ann")
        room.set_roster({"bob": "Bob", "cas": "Cas"})
        assert status_of(room) == Connecting(("Bob", "Cas"))
        greet(room, "bob")
        assert status_of(room) == Connecting(("Cas",))
        room.peer_went("cas")
        assert status_of(room) == Syncing()

    def test_equal_texts_are_known_to_be_equal_by_digest_only(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        assert status_of(room) == Syncing()
        hear(room, "bob", Digest(room.document.state_vector(), room.document.lines.text_hash()))
        assert status_of(room) == InSync(1)

    def test_an_edit_ends_in_sync_at_once(self) -> None:
        network = gather(("ann", "bob"))
        assert status_of(network.rooms["ann"]) == InSync(1)
        type_at_start(network, "ann", "x")
        assert status_of(network.rooms["ann"]) == Syncing()
        settle(network)
        assert {room.status for room in network.rooms.values()} == {InSync(1)}

    def test_a_peer_who_states_another_text_ends_in_sync_at_once(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        hear(room, "bob", Digest(room.document.state_vector(), room.document.lines.text_hash()))
        hear(room, "bob", Digest(b"\x01\x66\x03", bytes(16)))
        assert status_of(room) == Syncing()

    def test_all_linked_peers_have_to_agree(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        greet(room, "cas")
        digest = Digest(room.document.state_vector(), room.document.lines.text_hash())
        hear(room, "bob", digest)
        assert status_of(room) == Syncing()
        hear(room, "cas", digest)
        assert status_of(room) == InSync(2)

    def test_a_new_link_has_to_agree_anew(self) -> None:
        network = gather(("ann", "bob"))
        network.mend("ann", "bob")
        assert {room.status for room in network.rooms.values()} == {Syncing()}

    def test_status_and_signaling_tell_when_they_change(self) -> None:
        room = a_room("ann")
        events: list[RoomEvent] = []
        room.subscribe(events.append)
        room.set_signaling(SignedIn(hosting=True))
        room.set_signaling(SignedIn(hosting=True))
        assert events == [StatusChanged()]
        greet(room, "bob")
        assert events.count(StatusChanged()) == 2

    def test_a_digest_is_stated_once_the_text_has_settled(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        room.document.edit([Edit(START, START, "x")], 0.0)
        for now_s in (1.0, 1.0 + BATCH_S, 1.0 + IDLE_S - 0.01):
            assert not of_type(said(room, now_s, "bob"), Digest)
        (digest,) = of_type(said(room, 1.01 + IDLE_S, "bob"), Digest)
        assert digest == Digest(room.document.state_vector(), room.document.lines.text_hash())
        assert not of_type(said(room, 2.0, "bob"), Digest)


class TestRepair:
    def differing(self) -> Room:
        """Return a room whose peer Bob has stated another text, at 0 s."""
        room = a_room("ann")
        greet(room, "bob")
        hear(room, "bob", Digest(b"\x01\x66\x03", bytes(16)))
        said(room, 0.0, "bob")
        return room

    def test_a_difference_that_lasts_is_asked_about(self) -> None:
        room = self.differing()
        assert not of_type(said(room, REPAIR_AFTER_S - 0.1, "bob"), SyncStep1)
        assert status_of(room) == Syncing()
        messages = said(room, REPAIR_AFTER_S + 0.1, "bob")
        assert of_type(messages, SyncStep1) == [SyncStep1(room.document.state_vector())]
        assert of_type(messages, Digest)
        assert status_of(room) == Syncing()
        for tick in range(11, 71):
            said(room, tick / 10, "bob")
        assert status_of(room) == Syncing()
        said(room, 7.2, "bob")
        assert status_of(room) == Behind(("somebody",))

    def test_a_difference_between_those_who_have_the_same_edits_is_told_after_the_first_question(
        self,
    ) -> None:
        room = a_room("ann")
        greet(room, "bob")
        room.document.edit([Edit(START, START, "text")], 0.0)
        said(room, 0.0, "bob")
        hear(room, "bob", Digest(room.document.state_vector(), bytes(16)), now_s=0.0)
        said(room, REPAIR_AFTER_S - 0.1, "bob")
        assert status_of(room) == Syncing()
        said(room, REPAIR_AFTER_S + 0.4, "bob")
        assert status_of(room) == Behind(("somebody",))

    def test_questions_become_rarer(self) -> None:
        room = self.differing()
        asked = [tick / 10 for tick in range(400) if of_type(said(room, tick / 10, "bob"), SyncStep1)]
        pauses = [round(later - earlier) for earlier, later in zip([0.0, *asked], asked, strict=False)]
        assert pauses[:4] == [1, 2, 4, 8]

    def test_a_difference_that_ends_is_forgotten(self) -> None:
        room = self.differing()
        said(room, REPAIR_AFTER_S + 0.1, "bob")
        hear(room, "bob", Digest(room.document.state_vector(), room.document.lines.text_hash()), now_s=1.2)
        assert status_of(room) == InSync(1)
        assert not of_type(said(room, 9.0, "bob"), SyncStep1)

    def test_long_typing_against_an_old_statement_is_no_difference(self) -> None:
        room = a_room("ann")
        greet(room, "bob")
        hear(room, "bob", Digest(b"\x01\x66\x03", bytes(16)), now_s=0.0)
        for tick in range(30):
            room.document.edit([Edit(START, START, "x")], tick / 10)
            said(room, tick / 10, "bob")
        messages = [message for tick in range(30, 38) for message in said(room, tick / 10, "bob")]
        assert of_type(messages, Digest)
        assert not of_type(messages, SyncStep1)
        assert status_of(room) == Syncing()

    def test_an_update_that_reached_nobody_else_is_fetched_by_whoever_lacks_it(self) -> None:
        network = gather(("ann", "bob"), ("bob", "cas"), ("ann", "cas"))
        type_at_start(network, "ann", "x")
        network.speak("ann")
        network.deliver_datagram("ann", "bob", 0)
        network.notice_loss("ann", "cas")
        network.notice_loss("cas", "ann")
        settle(network, 2.5)
        assert network.rooms["cas"].document.text() == "x"
        assert {room.status for room in network.rooms.values()} == {InSync(2), InSync(1)}


class TestPresence:
    def test_cursors_follow_each_other(self) -> None:
        network = gather(("ann", "bob"))
        type_at_start(network, "ann", "one\ntwo")
        chosen = Selection(Location(0, 1), Location(1, 2))
        network.rooms["ann"].move_cursor(chosen, network.now_s, by_hand=True)
        settle(network)
        (ann,) = network.rooms["bob"].participants
        assert (ann.name, ann.peer_id, ann.selection) == ("Ann", "ann", chosen)

    def test_news_of_somebody_that_comes_before_a_hello_is_told_after_it(self) -> None:
        network = gather(("ann", "bob"))
        bob = network.rooms["bob"]
        bob.link_opened("cas", network.now_s)
        bob.take_outgoing(network.now_s)
        network.rooms["ann"].move_cursor(Selection.at(START), network.now_s, by_hand=True)
        network.deliver_all()
        hear(bob, "cas", Hello(PROTOCOL_VERSION, ClientId(103)), now_s=network.now_s)
        told = of_type(said(bob, network.now_s, "cas"), Awareness)
        entries = [entry for one in told if isinstance(one, Awareness) for entry in one.entries]
        assert any(entry.client_id == 101 and entry.state and entry.state["cursor"] for entry in entries)

    def test_a_forwarded_cursor_comes_behind_the_edits_it_belongs_to(self) -> None:
        network = gather(("ann", "bob"), ("bob", "cas"))
        type_at_start(network, "ann", "one\ntwo")
        chosen = Selection.at(Location(1, 2))
        network.rooms["ann"].move_cursor(chosen, network.now_s, by_hand=True)
        network.deliver_all()
        assert network.rooms["cas"].document.text() == "one\ntwo"
        (ann,) = [one for one in network.rooms["cas"].participants if one.peer_id == "ann"]
        assert ann.selection == chosen

    def test_colors_differ_even_if_the_client_ids_say_the_same(self) -> None:
        network = InMemoryNetwork()
        for number, name in enumerate(("ann", "bob", "cas")):
            network.add(name, Room(Document(8 + 8 * number), name, name.title()))
        for link in (("ann", "bob"), ("bob", "cas"), ("ann", "cas")):
            network.lay(*link)
        settle(network, RENEWAL_S + 1)
        colors = {name: room.presence.color for name, room in network.rooms.items()}
        assert len(set(colors.values())) == 3
        assert set(colors.values()) < set(COLORS)
        for room in network.rooms.values():
            assert all(one.color == colors[one.peer_id] for one in room.participants)

    def test_whoever_is_lost_without_goodbye_expires(self) -> None:
        network = gather(("ann", "bob"), ("bob", "cas"))
        network.cut("ann", "bob")
        network.rooms.pop("ann")
        assert [one.name for one in network.rooms["cas"].participants] == ["Ann", "Bob"]
        for _ in range(round(EXPIRY_S) + 15):
            network.pass_time(1.0)
            network.deliver_all()
        assert [one.name for one in network.rooms["cas"].participants] == ["Bob"]
        assert [one.name for one in network.rooms["bob"].participants] == ["Cas"]

    def test_whoever_stays_is_renewed_without_moving(self) -> None:
        network = gather(("ann", "bob"))
        settle(network, 2 * EXPIRY_S)
        assert [one.name for one in network.rooms["bob"].participants] == ["Ann"]

    def test_a_lost_link_keeps_whoever_the_server_expects_back(self) -> None:
        network = gather(("ann", "bob"))
        network.rooms["bob"].set_roster({"ann": "Ann"})
        network.cut("ann", "bob")
        assert [one.name for one in network.rooms["bob"].participants] == ["Ann"]
        network.rooms["bob"].peer_went("ann")
        assert network.rooms["bob"].participants == ()

    def test_the_expected_are_awaited_until_their_presence_is_known(self) -> None:
        network = gather(("ann", "bob"))
        room = network.rooms["bob"]
        room.set_roster({"ann": "Ann", "cas": "Cas"})
        assert room.awaited_names() == ("Cas",)
        assert room.is_expected("cas")
        assert not room.is_expected("eve")

    def test_a_question_for_all_presence_is_answered(self) -> None:
        network = gather(("ann", "bob"), ("bob", "cas"))
        hear(network.rooms["bob"], "ann", QueryAwareness(), now_s=network.now_s)
        (answer,) = of_type(said(network.rooms["bob"], network.now_s, "ann"), Awareness)
        assert isinstance(answer, Awareness)
        assert {entry.client_id for entry in answer.entries} == {101, 102, 103}

"""Meshes of real WebRTC links over this machine's own interface, joined by a meeting place in memory."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

import pytest

from collabterm.errors import ServerUnreachable
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.messages import ClientId, Hello, Update
from collabterm.protocol.signaling import IceCandidate, PeerId, SdpAnswer, SdpOffer
from collabterm.session.events import Alone, Connecting, SignedOut
from collabterm.session.outbox import Channel
from collabterm.transport.peer_link import PeerLink
from collabterm.transport.signaling_client import EnteredRoom, LostServer
from tests.introducers import MeetingPlace
from tests.network import SilentUdpServer
from tests.transport.members import Member, PlainPeer, all_hold, all_in_sync
from tests.waiting import until


@pytest.mark.parametrize("count", [2, 3, 4])
async def test_everybody_links_to_everybody_and_gets_every_edit(count: int) -> None:
    place = MeetingPlace()
    names = ["ana", "bob", "cleo", "dan"][:count]
    async with AsyncExitStack() as stack:
        members = [await stack.enter_async_context(Member(place, name)) for name in names]
        await all_in_sync(*members)
        for member in members:
            member.type(f"{member.name} ")
        await all_in_sync(*members)
        assert sorted(members[0].text.split()) == sorted(names)
        await until(lambda: {len(member.seen) for member in members} == {count - 1}, "all see all")


async def test_somebody_who_joins_late_gets_ten_thousand_lines() -> None:
    place = MeetingPlace()
    async with Member(place, "ana") as ana:
        ana.type("".join(f"line {number} of many\n" for number in range(10_000)))
        async with Member(place, "bob") as bob:
            await all_in_sync(ana, bob)
            assert bob.document.lines.row_count == 10_001
            assert bob.document.lines.line(9_999) == "line 9999 of many"


async def test_what_both_wrote_before_they_met_merges() -> None:
    place = MeetingPlace()
    ana, bob = Member(place, "ana"), Member(place, "bob")
    ana.type("from ana\n")
    bob.type("from bob\n")
    async with ana, bob:
        await all_in_sync(ana, bob)
        assert sorted(ana.text.splitlines()) == ["from ana", "from bob"]


@pytest.mark.parametrize(
    "garbage",
    [b"\xff\xff\xff", b"", b"\x00\x02\x05\x01\x02\x03\x04\xff", b"\x43\x01\x00\x02ab"],
    ids=["unknown", "nothing before hello", "a damaged update", "a short digest"],
)
async def test_garbage_costs_a_peer_its_link_and_nobody_else_anything(garbage: bytes) -> None:
    place = MeetingPlace()
    greets = garbage != b""
    async with (
        PlainPeer(place, "mallory", greets=greets) as mallory,
        Member(place, "ana") as ana,
        Member(place, "bob") as bob,
    ):
        await until(lambda: len(mallory.open_links) == 2, "mallory is linked to both")
        link = ana.link_to("bob")
        attacked = mallory.open_links[-1]
        mallory.say_bytes(garbage or b"\x00\x00\x01\x00")
        await until(lambda: attacked not in mallory.open_links, "the link is closed")
        ana.type("still here")
        await all_hold([ana, bob], lambda text: text == "still here", "ana and bob go on")
        assert ana.link_to("bob") is link


@pytest.mark.parametrize(
    "hello", [Hello(PROTOCOL_VERSION + 1, ClientId(7)), None], ids=["another version", "our own client id"]
)
async def test_a_hello_that_cannot_be_accepted_ends_the_link(hello: Hello | None) -> None:
    place = MeetingPlace()
    async with PlainPeer(place, "mallory", greets=False) as mallory, Member(place, "ana") as ana:
        await until(lambda: mallory.open_links, "they are linked")
        link = mallory.open_links[-1]
        mallory.say(hello or Hello(PROTOCOL_VERSION, ClientId(ana.document.client_id)))
        await until(lambda: link not in mallory.open_links, "the link is closed")
        assert not ana.document.lines.size


async def test_a_closed_link_is_rebuilt_and_what_was_typed_meanwhile_merges() -> None:
    place = MeetingPlace()
    async with Member(place, "ana") as ana, Member(place, "bob") as bob:
        await all_in_sync(ana, bob)
        before = ana.link_to("bob")
        await before._connection.close()
        await until(lambda: not bob.room.linked_peers(), "bob notices")
        bob.type("typed without a link\n")
        ana.type("so was this\n")
        await until(ana.room.linked_peers, "ana is linked again")
        await all_in_sync(ana, bob)
        assert sorted(bob.text.splitlines()) == ["so was this", "typed without a link"]
        assert ana.link_to("bob") is not before


async def test_a_silent_link_is_noticed_within_five_seconds_and_rebuilt() -> None:
    place = MeetingPlace()
    async with PlainPeer(place, "zoe") as zoe, Member(place, "ana") as ana:
        await until(ana.room.linked_peers, "they are linked")
        linked = perf_counter()
        await until(lambda: len(zoe.links) == 2, "ana offers again", timeout_s=7.0)
        assert perf_counter() - linked < 5.5
        await until(ana.room.linked_peers, "they are linked again")


async def test_when_both_offer_at_once_one_link_stays(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="collabterm.transport.mesh")
    place = MeetingPlace()
    async with Member(place, "ana") as ana, Member(place, "bob") as bob:
        await all_in_sync(ana, bob)
        await ana.link_to("bob")._connection.close()
        await until(lambda: not ana.room.linked_peers() | bob.room.linked_peers(), "the link is gone")
        caplog.clear()
        place.carried.clear()
        ana.mesh.handle(EnteredRoom(created=False, hosting=False, peers=(bob.seat.info,)))
        bob.mesh.handle(EnteredRoom(created=False, hosting=False, peers=(ana.seat.info,)))
        await until(lambda: ana.room.linked_peers() and bob.room.linked_peers(), "they are linked")
        bob.type("one link is enough")
        await all_in_sync(ana, bob)
        assert {one.sender for one in place.carried if isinstance(one, SdpOffer)} == {"ana", "bob"}
        assert [one.sender for one in place.carried if isinstance(one, SdpAnswer)] == ["bob"]
        assert sorted(record.message for record in caplog.records) == ["linked to ana", "linked to bob"]


MALFORMED: list[Mapping[str, Any]] = [
    {},
    {"type": "offer"},
    {"type": "offer", "sdp": None},
    {"type": "offer", "sdp": ""},
    {"type": "offer", "sdp": "v=0\r\n"},
    {"type": "offer", "sdp": "m=application\r\n"},
    {"type": "offer", "sdp": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nm=audio x y z\r\n"},
    {"type": "answer", "sdp": "v=0\r\n"},
    {"type": ["offer"], "sdp": {"v": 0}, "attempt": {}},
    {"candidate": None},
    {"candidate": "candidate:1 1 udp"},
    {"candidate": "candidate:1 1 udp 1 999.1.1.1 99999999 typ host", "sdpMid": "0"},
    {"candidate": "1 1 udp 1 name.invalid 1 typ relay", "sdpMLineIndex": -1},
    {"candidate": 7, "sdpMid": [], "sdpMLineIndex": "x"},
]


async def test_malformed_introductions_leave_the_mesh_working() -> None:
    place = MeetingPlace()
    async with Member(place, "ana") as ana:
        mallory = place.seat("mallory")
        mallory.enter(lambda event: None)
        for payload in MALFORMED:
            for kind in (SdpOffer, SdpAnswer, IceCandidate):
                mallory.send(kind(payload=payload, to=PeerId("ana")))
        mallory.leave()
        async with Member(place, "bob") as bob:
            await all_in_sync(ana, bob)
            assert ana.room.linked_peers() == {"bob"}


async def test_an_offer_damaged_anywhere_leaves_the_mesh_working() -> None:
    place = MeetingPlace()
    async with PlainPeer(place, "zoe"), Member(place, "ana") as ana:
        await until(lambda: place.carried, "ana offers")
        genuine = next(one for one in place.carried if isinstance(one, SdpOffer))
        lines = genuine.payload["sdp"].splitlines(keepends=True)
        mallory = place.seat("mallory")
        mallory.enter(lambda event: None)
        for index, line in enumerate(lines):
            for damaged in ("", line[: len(line) // 2] + "\r\n", line.replace("1", "x"), line[:2] + "-1\r\n"):
                sdp = "".join([*lines[:index], damaged, *lines[index + 1 :]])
                mallory.send(SdpOffer(payload={"type": "offer", "sdp": sdp}, to=PeerId("ana")))
                await until(lambda: len(ana.mesh._jobs) < 8, "ana has dealt with it")
        mallory.leave()
        async with Member(place, "bob") as bob:
            await until(lambda: "bob" in ana.room.linked_peers(), "bob is linked")
            ana.type("unharmed")
            await all_hold([ana, bob], lambda text: text == "unharmed", "edits go on")


async def test_a_candidate_that_comes_after_the_link_is_up_harms_nothing() -> None:
    place = MeetingPlace()
    async with Member(place, "ana") as ana, Member(place, "bob") as bob:
        await all_in_sync(ana, bob)
        line = "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host"
        bob.seat.send(IceCandidate(payload={"candidate": line, "sdpMid": "0"}, to=PeerId("ana")))
        bob.type("on")
        await all_in_sync(ana, bob)


async def test_a_goodbye_removes_the_participant_at_once_and_loses_nothing() -> None:
    place = MeetingPlace()
    async with Member(place, "ana") as ana:
        bob = Member(place, "bob")
        await bob.__aenter__()
        await all_in_sync(ana, bob)
        assert ana.seen == ["bob"]
        last_words = "".join(f"{number}, " for number in range(20_000))
        bob.type(last_words)
        await bob.mesh.__aexit__(None, None, None)
        await until(lambda: not ana.seen, "bob is not shown any more", timeout_s=0.5)
        assert ana.text == last_words
        bob.seat.leave()
        await until(lambda: ana.room.status == Alone(), "ana is alone")


async def test_leaving_takes_no_longer_than_saying_goodbye() -> None:
    place = MeetingPlace()
    async with Member(place, "ana") as ana:
        bob = Member(place, "bob")
        await bob.__aenter__()
        await all_in_sync(ana, bob)
        bob.type("the last word")
        started = perf_counter()
        await bob.__aexit__(None, None, None)
        assert perf_counter() - started < 0.25


async def test_a_stun_server_that_does_not_answer_delays_a_link_by_less_than_a_second() -> None:
    place = MeetingPlace()
    with SilentUdpServer() as silent:
        started = perf_counter()
        async with Member(place, "ana", [silent.stun_url]) as ana, Member(place, "bob", [silent.stun_url]):
            await until(ana.room.linked_peers, "they are linked")
            assert perf_counter() - started < 1.0


async def test_an_offer_of_somebody_who_is_not_in_the_room_is_not_answered() -> None:
    place = MeetingPlace()
    async with Member(place, "ana") as ana, Member(place, "bob") as bob:
        await all_in_sync(ana, bob)
        link = PeerLink("ana", (), *[lambda *_: None] * 3)
        offer = await link.offer() | {"attempt": "1"}
        place.carried.clear()
        place.seat("mallory").send(SdpOffer(payload=offer, to=PeerId("ana")))
        bob.type("meanwhile")
        await all_in_sync(ana, bob)
        assert not [one for one in place.carried if isinstance(one, SdpAnswer)]
        assert ana.room.linked_peers() == {"bob"}
        await link.close()


async def test_who_cannot_reach_each_other_get_edits_through_somebody_between() -> None:
    place = MeetingPlace()
    place.keep_apart("ana", "cleo")
    async with Member(place, "ana") as ana, Member(place, "bob") as bob, Member(place, "cleo") as cleo:
        await until(lambda: len(bob.room.linked_peers()) == 2, "bob is linked to both")
        await until(lambda: ana.seen == ["bob", "cleo"], "ana sees cleo through bob")
        ana.type("from ana\n")
        cleo.type("from cleo\n")
        everybody = [ana, bob, cleo]
        await all_hold(everybody, lambda text: len(text) == len("from ana\nfrom cleo\n"), "both edits arrive")
        assert ana.room.status == Connecting(("cleo",))
        assert ana.room.linked_peers() == {"bob"}


async def test_links_outlive_the_server_and_people_without_a_link_are_met_when_it_is_back() -> None:
    place = MeetingPlace()
    async with Member(place, "ana") as ana, Member(place, "bob") as bob:
        await all_in_sync(ana, bob)
        link = ana.link_to("bob")
        problem = ServerUnreachable(url="ws://nowhere", reason="gone")
        for member in (ana, bob):
            member.seat.leave()
            member.mesh.handle(LostServer(problem, 1.0))
        bob.type("without a server")
        await all_in_sync(ana, bob)
        assert isinstance(ana.room.signaling, SignedOut)
        async with Member(place, "cleo") as cleo:
            bob.seat.enter(bob.mesh.handle)
            ana.seat.enter(ana.mesh.handle)
            await all_in_sync(ana, bob, cleo)
            assert ana.link_to("bob") is link


async def test_updates_of_a_stranger_who_said_no_hello_are_not_taken_from_datagrams() -> None:
    place = MeetingPlace()
    source = Member(MeetingPlace(), "source")
    updates: list[bytes] = []
    source.document.subscribe(lambda change: updates.append(change.update))
    source.type("smuggled")
    async with PlainPeer(place, "zoe", greets=False) as zoe, Member(place, "ana") as ana:
        await until(ana.room.linked_peers, "they are linked")
        zoe.say(Update(updates[0]), channel=Channel.PRESENCE)
        zoe.say(Hello(PROTOCOL_VERSION, ClientId(5)))
        await until(lambda: ana.room._peers["zoe"].is_greeted, "the hello arrived")
        assert not ana.text


@pytest.mark.parametrize("answer", MALFORMED[2:5])
async def test_an_answer_that_cannot_be_used_is_followed_by_another_offer(answer: Mapping[str, Any]) -> None:
    place = MeetingPlace()
    offers: list[SdpOffer] = []
    zoe = place.seat("zoe")
    zoe.enter(lambda event: offers.append(event) if isinstance(event, SdpOffer) else None)
    async with Member(place, "ana"):
        await until(lambda: offers, "ana offers")
        kind = {"type": "answer"} if answer.get("type") == "offer" else {}
        attempt = {"attempt": offers[0].payload["attempt"]}
        zoe.send(SdpAnswer(payload={**answer, **kind, **attempt}, to=PeerId("ana")))
        await until(lambda: len(offers) == 2, "ana offers again", timeout_s=2.0)
        zoe.leave()

"""Awareness states: whose word counts, what is believed of it, and where cursors are after edits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from collabterm.document.lines import LineIndex, Location, Replacement
from collabterm.document.selection import Selection
from collabterm.lib0 import MAX_UINT
from collabterm.protocol.limits import MAX_AWARENESS_CLIENTS, MAX_NAME_CHARS
from collabterm.protocol.messages import AwarenessEntry, ClientId
from collabterm.session.presence import COLORS, EXPIRY_S, Participant, Presence

ME, BOB, CAS = ClientId(50), ClientId(40), ClientId(60)
LINES = LineIndex("one\nzwei\n\nvier")


def a_presence() -> Presence:
    return Presence(ME, "me", "Me")


def entry(
    client_id: ClientId = BOB, clock: int = 1, state: Mapping[str, Any] | None = None
) -> AwarenessEntry:
    return AwarenessEntry(client_id, clock, {} if state is None else state)


def learn(
    presence: Presence, *entries: AwarenessEntry, sender: ClientId = BOB, now_s: float = 0.0
) -> tuple[AwarenessEntry, ...]:
    return presence.apply(entries, sender, LINES, now_s)


def seen(state: Mapping[str, Any]) -> Participant:
    """Return how a participant with this state is seen."""
    presence = a_presence()
    learn(presence, entry(state=state))
    (participant,) = presence.participants
    return participant


def test_our_own_state_is_what_others_read() -> None:
    ours, theirs = a_presence(), Presence(BOB, "bob", "Bob")
    ours.selection = Selection(Location(0, 1), Location(1, 2))
    ours.links = frozenset((3, 2))
    learn(theirs, ours.own_entry(), sender=ME)
    (me,) = theirs.participants
    assert (me.client_id, me.peer_id, me.name, me.color) == (ME, "me", "Me", ours.color)
    assert (me.selection, me.links) == (ours.selection, frozenset((2, 3)))


def test_every_own_entry_has_a_newer_clock() -> None:
    presence = a_presence()
    clocks = [presence.own_entry().clock for _ in range(3)]
    assert clocks == sorted(set(clocks))


def test_what_others_claim_of_us_is_outdone_and_not_believed() -> None:
    presence = a_presence()
    assert learn(presence, entry(ME, 70, {"user": {"name": "Not me"}})) == ()
    assert presence.participants == ()
    assert presence.own_entry().clock == 71


def test_the_last_clock_claimed_for_us_is_not_exceeded() -> None:
    presence = a_presence()
    learn(presence, entry(ME, MAX_UINT))
    assert presence.own_entry().clock == MAX_UINT


def test_only_a_newer_clock_is_news() -> None:
    presence = a_presence()
    assert learn(presence, entry(clock=5)) == (entry(clock=5),)
    assert learn(presence, entry(clock=5)) == ()
    assert learn(presence, entry(clock=4)) == ()
    assert learn(presence, entry(clock=6)) == (entry(clock=6),)


def test_a_clock_far_ahead_is_not_believed_so_it_cannot_silence_anybody() -> None:
    presence = a_presence()
    learn(presence, entry(clock=5))
    assert learn(presence, entry(clock=MAX_UINT)) == ()
    assert learn(presence, entry(clock=6)) != ()


def test_whoever_is_linked_speaks_for_themselves() -> None:
    presence = a_presence()
    presence.links = frozenset((BOB, CAS))
    forged = entry(BOB, 1, {"user": {"name": "Forged"}})
    assert learn(presence, forged, sender=CAS) == ()
    assert learn(presence, entry(BOB, 1, {"user": {"name": "Bob"}}), sender=BOB) != ()
    presence.links = frozenset((CAS,))
    assert learn(presence, entry(BOB, 2, {"user": {"name": "By Cas"}}), sender=CAS) != ()


def test_a_null_state_is_a_farewell_and_old_news_stays_old() -> None:
    presence = a_presence()
    learn(presence, entry(clock=1))
    assert learn(presence, AwarenessEntry(BOB, 2, None)) != ()
    assert presence.participants == ()
    assert learn(presence, entry(clock=1)) == ()
    assert presence.participants == ()


def test_known_entries_are_ours_and_everybodys() -> None:
    presence = a_presence()
    learn(presence, entry(BOB), entry(CAS))
    assert presence.known_entries()[0].client_id == ME
    assert {one.client_id for one in presence.known_entries()} == {ME, BOB, CAS}


def test_no_more_clients_are_remembered_than_fit_a_message() -> None:
    presence = a_presence()
    crowd = [entry(ClientId(1_000 + number)) for number in range(MAX_AWARENESS_CLIENTS + 20)]
    learn(presence, *crowd)
    assert len(presence.participants) <= MAX_AWARENESS_CLIENTS
    assert len(presence.known_entries()) <= MAX_AWARENESS_CLIENTS


def test_whoever_is_linked_is_heard_in_any_crowd() -> None:
    presence = a_presence()
    learn(presence, *[entry(ClientId(1_000 + number)) for number in range(MAX_AWARENESS_CLIENTS)])
    presence.links = frozenset((BOB,))
    assert learn(presence, entry(BOB)) != ()


def test_a_state_that_is_not_renewed_expires() -> None:
    presence = a_presence()
    learn(presence, entry(BOB, 1), now_s=0.0)
    learn(presence, entry(CAS, 1), now_s=10.0)
    assert not presence.expire(EXPIRY_S)
    assert presence.expire(EXPIRY_S + 0.1)
    assert [one.client_id for one in presence.participants] == [CAS]
    assert not presence.expire(EXPIRY_S + 0.1)


def test_whoever_expired_is_heard_again_under_any_clock() -> None:
    presence = a_presence()
    learn(presence, entry(clock=9), now_s=0.0)
    presence.expire(EXPIRY_S + 1)
    assert learn(presence, entry(clock=1), now_s=EXPIRY_S + 2) != ()


def test_people_are_listed_by_name() -> None:
    presence = a_presence()
    names = {BOB: "bob", CAS: "Ann", ClientId(70): "bea"}
    learn(presence, *[entry(one, 1, {"user": {"name": name}}) for one, name in names.items()])
    assert [one.name for one in presence.participants] == ["Ann", "bea", "bob"]


@pytest.mark.parametrize("state", [{}, {"user": 7}, {"user": {"name": ["x"]}}, {"user": {"name": " \t "}}])
def test_somebody_without_a_usable_name_is_someone(state: Mapping[str, Any]) -> None:
    assert seen(state).name == "someone"


def test_a_name_is_cut_and_made_harmless() -> None:
    assert seen({"user": {"name": "x" * 500}}).name == "x" * MAX_NAME_CHARS
    assert seen({"user": {"name": "\x1b[31mEve\u202e\n"}}).name == "␛[31mEve⇠␊"


@pytest.mark.parametrize("color", [None, 7, "red", "#12345", "#1234567", "#12345g", "#123456\n", "\x1b[0m"])
def test_what_is_no_color_is_not_taken(color: object) -> None:
    assert seen({"user": {"color": color}}).color == COLORS[0]


def test_a_color_is_taken_as_it_is() -> None:
    assert seen({"user": {"color": "#aB0109"}}).color == "#aB0109"


@pytest.mark.parametrize(
    "cursor",
    [
        None,
        7,
        [],
        {},
        {"anchor": [0, 0]},
        {"anchor": [0], "head": [0, 0]},
        {"anchor": [0.5, 0], "head": [0, 0]},
        {"anchor": ["0", 0], "head": [0, 0]},
        {"anchor": {"row": 0}, "head": [0, 0]},
    ],
)
def test_what_is_no_cursor_is_no_selection(cursor: object) -> None:
    assert seen({"cursor": cursor}).selection is None


@pytest.mark.parametrize(
    ("pair", "location"),
    [([0, 2], (0, 2)), ([0, 99], (0, 3)), ([99, 2], (3, 2)), ([-5, -5], (0, 0)), ([2, 10**300], (2, 0))],
)
def test_a_cursor_outside_the_text_is_brought_in(pair: list[int], location: tuple[int, int]) -> None:
    assert seen({"cursor": {"anchor": pair, "head": pair}}).selection == Selection.at(Location(*location))


@pytest.mark.parametrize("links", [None, 3, {}, ["x", None, 1.5], list(range(MAX_AWARENESS_CLIENTS + 1))])
def test_what_are_no_links_are_none(links: object) -> None:
    assert seen({"links": links}).links == frozenset()


def test_cursors_move_with_edits() -> None:
    presence = a_presence()
    learn(presence, entry(state={"cursor": {"anchor": [1, 0], "head": [1, 2]}}))
    presence.shift([Replacement(Location(0, 0), Location(0, 0), Location(2, 0))])
    (bob,) = presence.participants
    assert bob.selection == Selection(Location(3, 0), Location(3, 2))


def test_cursors_move_with_every_edit_of_a_change() -> None:
    presence = a_presence()
    learn(presence, entry(state={"cursor": {"anchor": [1, 2], "head": [1, 0]}}))
    learn(presence, entry(CAS, state={"cursor": {"anchor": [3, 1], "head": [3, 1]}}))
    learn(presence, entry(ClientId(70), state={"cursor": None}))
    presence.shift(
        [
            Replacement(Location(0, 0), Location(0, 0), Location(2, 0)),
            Replacement(Location(3, 1), Location(5, 0), Location(3, 4)),
            Replacement(Location(0, 0), Location(1, 0), Location(0, 0)),
        ]
    )
    moved = {one.client_id: one.selection for one in presence.participants}
    assert moved == {
        BOB: Selection(Location(2, 1), Location(2, 0)),
        CAS: Selection.at(Location(2, 5)),
        ClientId(70): None,
    }


def test_a_cursor_moved_by_edits_does_not_count_as_moved_by_hand() -> None:
    presence = a_presence()
    learn(presence, entry(clock=1, state={"cursor": {"anchor": [1, 0], "head": [1, 0]}}), now_s=1.0)
    learn(presence, entry(clock=2, state={"cursor": {"anchor": [1, 0], "head": [1, 0]}}), now_s=2.0)
    assert presence.participants[0].moved_s == 1.0
    learn(presence, entry(clock=3, state={"cursor": {"anchor": [1, 1], "head": [1, 1]}}), now_s=3.0)
    assert presence.participants[0].moved_s == 3.0


def test_the_larger_client_id_yields_a_color_that_both_have_and_no_other() -> None:
    presence = a_presence()
    ours = presence.color
    learn(presence, entry(CAS, 1, {"user": {"color": ours}}))
    learn(presence, entry(BOB, 1, {"user": {"color": "#000000"}}))
    assert presence.color == ours
    learn(presence, entry(BOB, 2, {"user": {"color": ours}}))
    assert presence.color != ours
    assert presence.color in COLORS


def test_a_forgotten_participant_is_gone_and_its_clock_kept() -> None:
    presence = a_presence()
    learn(presence, entry(clock=5))
    assert presence.forget(BOB)
    assert not presence.forget(BOB)
    assert presence.of_client(BOB) is None
    assert learn(presence, entry(clock=5)) == ()

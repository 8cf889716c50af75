"""Where each limit of the server is seen at work; a new one without a test fails here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Final

from collabterm_server.limits import ServerLimits
from tests.server import test_crowds as crowds
from tests.server import test_deadlines as deadlines
from tests.server import test_server_limits as others

SHOWN: Final[Mapping[str, Callable[..., object]]] = {
    "auth_s": deadlines.test_a_client_that_drips_its_request_is_cut_off,
    "heartbeat_s": deadlines.test_a_client_that_has_signed_in_must_say_something_whole,
    "grace_s": deadlines.test_a_lost_peer_is_awaited_for_the_grace_and_then_the_room_is_handed_over,
    "close_s": deadlines.test_a_client_that_does_not_close_its_end_is_cut_off,
    "shutdown_s": deadlines.test_a_server_that_ends_waits_so_long_for_those_who_do_not_answer,
    "max_connections": others.test_a_full_server_asks_to_come_back_later,
    "max_connections_per_source": (
        crowds.TestPlaces.test_an_address_that_has_all_its_places_is_asked_to_come_back_later
    ),
    "max_handshakes": others.test_those_who_only_knock_do_not_use_up_the_places,
    "max_handshakes_per_source": (
        crowds.TestPlaces.test_more_sign_ins_of_an_address_than_may_be_under_way_are_refused_in_words
    ),
    "max_rooms": crowds.TestPlaces.test_a_room_too_many_is_refused_and_there_is_place_again_when_one_ends,
    "max_peers": crowds.TestPlaces.test_a_room_holds_as_many_as_the_server_says,
    "max_message_bytes": (
        crowds.TestMessages.test_a_message_at_the_limit_of_this_server_passes_and_one_byte_more_does_not
    ),
    "max_held_bytes": crowds.TestPlaces.test_messages_that_are_not_complete_may_not_fill_the_memory_together,
    "max_unsent_bytes": others.test_a_client_that_does_not_read_is_cut_off,
    "message_rate": crowds.TestMessages.test_too_many_messages_are_refused_unread_until_the_time_that_is_told,
    "message_burst": crowds.TestMessages.test_whoever_floods_on_hears_it_once_more_and_is_closed,
    "join_rate": crowds.TestJoins.test_whoever_waits_as_long_as_told_can_join,
    "join_burst": crowds.TestJoins.test_signing_in_takes_one_join_and_the_first_join_after_it_is_free,
}
"""Where each limit is seen at work."""


def test_no_limit_is_left_out() -> None:
    assert SHOWN.keys() == {limit.name for limit in fields(ServerLimits)}

"""The table of limits, and how the command line changes it."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collabterm.errors import BadLimit
from collabterm.protocol.limits import MAX_PEERS, MAX_SIGNAL_BYTES
from collabterm.transport.signaling_client import LONGEST_BEAT_S, LONGEST_RETRY_S, SHORTEST_BEAT_S
from collabterm_server.limits import DEFAULT_LIMITS, ServerLimits, describe_limits, with_limit

NAMES = [each.name for each in fields(ServerLimits)]
NEWCOMERS_MESSAGES = (MAX_PEERS - 1) * (1 + 10)
"""An offer to everybody in a full room, and ten candidates each."""

names = st.sampled_from(NAMES)


def refusal_of(setting: str) -> str:
    with pytest.raises(BadLimit) as caught:
        with_limit(DEFAULT_LIMITS, setting)
    sentence = str(caught.value)
    assert sentence.startswith(repr(setting))
    assert sentence[-1] in ".?"
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_has_a_default_within_its_bounds_and_a_reason_of_one_line(name: str) -> None:
    [row] = [row for row in describe_limits() if row.name == name]
    least, most = (float(bound) for bound in row.bounds.split(" to "))
    assert least <= float(row.default) <= most
    assert float(row.default) == getattr(DEFAULT_LIMITS, name)
    assert row.reason.endswith(".")
    assert "\n" not in row.reason


@pytest.mark.parametrize("name", NAMES)
def test_what_the_description_says_the_command_line_takes(name: str) -> None:
    [row] = [row for row in describe_limits() if row.name == name]
    for text in (row.default, *row.bounds.split(" to ")):
        changed = with_limit(DEFAULT_LIMITS, f"{name}={text}")
        assert getattr(changed, name) == float(text)
        assert type(getattr(changed, name)) is type(getattr(DEFAULT_LIMITS, name))


@pytest.mark.parametrize("name", NAMES)
def test_beyond_its_bounds_a_limit_is_refused_with_the_bounds(name: str) -> None:
    [row] = [row for row in describe_limits() if row.name == name]
    least, most = (float(bound) for bound in row.bounds.split(" to "))
    for value in (least - 1, most + 1, -1):
        assert row.bounds in refusal_of(f"{name}={value:.10g}")


def test_one_setting_leaves_the_other_limits_alone() -> None:
    limits = with_limit(with_limit(DEFAULT_LIMITS, "max_peers=4"), "heartbeat_s=2.5")
    assert limits == ServerLimits(max_peers=4, heartbeat_s=2.5)


def test_the_last_of_two_settings_counts() -> None:
    assert with_limit(with_limit(DEFAULT_LIMITS, "max_peers=4"), "max_peers=5").max_peers == 5


@pytest.mark.parametrize(
    "text", ["", "x", "nan", "inf", "-inf", "1e999", "9" * 5000, "4.5", "4=4", "0x4", "4,0"]
)
def test_what_is_no_whole_number_is_no_count(text: str) -> None:
    assert "max_peers must be a whole number from 2 to 8." in refusal_of(f"max_peers={text}")


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-inf", "1e999", "1,5", "-1", "0"])
def test_what_is_no_finite_number_is_no_time(text: str) -> None:
    assert "heartbeat_s must be a number from 1 to 120." in refusal_of(f"heartbeat_s={text}")


def test_a_misspelled_limit_is_answered_with_the_right_one() -> None:
    assert refusal_of("max_peer=4").endswith("did you mean max_peers?")
    assert refusal_of("max-peers=4").endswith("did you mean max_peers?")


def test_a_limit_that_resembles_none_is_answered_with_all() -> None:
    sentence = refusal_of("colour=red")
    assert all(name in sentence for name in NAMES)


def test_a_name_alone_is_answered_with_how_to_write_it() -> None:
    assert refusal_of("max_peers").endswith("write it like max_peers=8.")


def test_what_follows_from_a_limit_is_no_limit_of_its_own() -> None:
    refusal_of("silence_s=3")


@given(setting=st.text() | st.builds("{}={}".format, names, st.text() | st.floats() | st.integers()))
@example("=")
@example("{0}={setting}")
def test_any_setting_is_taken_or_refused_with_the_sentence(setting: str) -> None:
    try:
        limits = with_limit(DEFAULT_LIMITS, setting)
    except BadLimit:
        refusal_of(setting)
    else:
        changed = [name for name in NAMES if getattr(limits, name) != getattr(DEFAULT_LIMITS, name)]
        assert changed in ([], [setting.partition("=")[0].strip()])


def test_a_room_is_kept_longer_than_a_client_pauses_between_two_tries() -> None:
    assert DEFAULT_LIMITS.grace_s > LONGEST_RETRY_S


def test_every_heartbeat_that_may_be_set_is_one_that_clients_keep() -> None:
    assert with_limit(DEFAULT_LIMITS, f"heartbeat_s={SHORTEST_BEAT_S}").heartbeat_s == SHORTEST_BEAT_S
    assert with_limit(DEFAULT_LIMITS, f"heartbeat_s={LONGEST_BEAT_S}").heartbeat_s == LONGEST_BEAT_S
    refusal_of(f"heartbeat_s={LONGEST_BEAT_S + 1}")


def test_a_newcomer_in_a_full_room_may_introduce_itself_twice_at_once() -> None:
    assert DEFAULT_LIMITS.message_burst >= 2 * NEWCOMERS_MESSAGES


def test_an_office_of_300_may_come_back_twice_at_once() -> None:
    assert DEFAULT_LIMITS.max_handshakes_per_source >= 300
    assert DEFAULT_LIMITS.join_burst >= 2 * 300


def test_one_source_cannot_use_up_the_handshakes_of_all() -> None:
    assert 3 * DEFAULT_LIMITS.max_handshakes_per_source < DEFAULT_LIMITS.max_handshakes


def test_what_a_client_may_send_another_may_receive() -> None:
    assert DEFAULT_LIMITS.max_message_bytes <= MAX_SIGNAL_BYTES <= DEFAULT_LIMITS.max_unsent_bytes


def test_a_client_may_miss_two_beats_but_not_three() -> None:
    limits = ServerLimits(heartbeat_s=1.0)
    assert 2 < limits.silence_s < 3

"""Which instances are given up, and which are not."""

from __future__ import annotations

import pytest

from collabterm_server.instances.announcements import InstanceId
from collabterm_server.instances.silence import Pace, Silence, pace_for

A, B = InstanceId("a"), InstanceId("b")
PACE = Pace(beat_s=1.0, silence_s=10.0, answer_s=0.5, patience_s=4.0)


def test_who_has_not_been_heard_for_longer_than_allowed_is_silent() -> None:
    silence = Silence(PACE)
    silence.hear(A, 0.0)
    silence.hear(B, 0.0)
    for second in range(1, 11):
        silence.hear(A, float(second))
        assert silence.too_long([A, B], float(second)) == []
    assert silence.too_long([A, B], 11.0) == [B]


def test_who_was_never_heard_counts_from_when_it_was_first_looked_for() -> None:
    silence = Silence(PACE)
    assert next(second for second in range(100, 120) if silence.too_long([A], float(second))) == 111


def test_a_pause_of_ones_own_is_not_held_against_others() -> None:
    silence = Silence(PACE)
    silence.hear(A, 0.0)
    silence.too_long([A], 0.0)
    assert silence.too_long([A], 3600.0) == []
    assert next(second for second in range(3601, 3620) if silence.too_long([A], float(second))) == 3609


@pytest.mark.parametrize("heartbeat_s", [1.0, 15.0, 120.0])
def test_an_instance_is_given_up_within_the_heartbeat_and_a_bus_before_that(heartbeat_s: float) -> None:
    pace = pace_for(heartbeat_s)
    assert pace.silence_s + 2 * pace.beat_s < heartbeat_s
    assert 2 * pace.beat_s < pace.patience_s < pace.silence_s / 2

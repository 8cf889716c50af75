"""Token buckets and counts, against an oracle that keeps the whole history."""

from __future__ import annotations

from collections import Counter
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm_server.rates import SourceCounts, SourceRates, TokenBucket

A_BIT_S = 1e-5
"""More than the rounding that the buckets forgive, less than any time that means something."""

rates = st.floats(0.01, 1_000)
bursts = st.integers(1, 50)
pauses = st.lists(st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 1_000)), max_size=80)
starts = st.sampled_from([0.0, -5.0, 1e-3, 123.4, 86_400.5, 3e7])


def times(start: float, steps: list[float]) -> list[float]:
    """Return a clock's readings."""
    readings = [start]
    for step in steps:
        readings.append(readings[-1] + step)
    return readings


def level_of(granted: list[float], now: float, rate: float, burst: float) -> float:
    """Return a bucket's tokens, counted anew from everything it ever granted."""
    level, at = burst, -inf
    for when in granted:
        level, at = min(burst, level + rate * (when - at)) - 1, when
    return min(burst, level + rate * (now - at))


@given(rates, bursts, starts, pauses)
def test_no_window_ever_grants_more_than_the_burst_and_the_rate(
    rate: float, burst: int, start: float, steps: list[float]
) -> None:
    bucket = TokenBucket(rate, burst)
    granted = [now for now in times(start, steps) if bucket.take(now) == 0]
    for first, begin in enumerate(granted):
        for last, end in enumerate(granted[first:], first):
            assert last - first + 1 <= burst + rate * (end - begin + A_BIT_S)


@given(rates, bursts, starts, pauses)
def test_a_token_is_refused_only_when_there_is_none(
    rate: float, burst: int, start: float, steps: list[float]
) -> None:
    bucket = TokenBucket(rate, burst)
    granted: list[float] = []
    for now in times(start, steps):
        level = level_of(granted, now, rate, burst)
        if bucket.take(now) == 0:
            granted.append(now)
            assert level >= 1 - rate * A_BIT_S
        else:
            assert level < 1


@given(rates, bursts, starts, st.data())
def test_who_waits_as_long_as_told_is_granted_it_and_nobody_before(
    rate: float, burst: int, start: float, data: st.DataObject
) -> None:
    bucket, now = TokenBucket(rate, burst), start
    for _ in range(5):
        n = data.draw(st.integers(1, burst))
        wait_s = bucket.take(now, n)
        if wait_s == 0:
            continue
        assert bucket.take(now, n) == pytest.approx(wait_s)
        if wait_s > A_BIT_S:
            assert bucket.take(now + wait_s - A_BIT_S, n) > 0
        now += wait_s
        assert bucket.take(now, n) == 0


def test_a_burst_is_granted_at_once_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    assert [bucket.take(10.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.take(10.5) == 0
    assert bucket.take(10.5) == 0.5


def test_a_refusal_costs_nothing() -> None:
    bucket = TokenBucket(rate=1, burst=1)
    bucket.take(0.0)
    assert {bucket.take(0.25) for _ in range(100)} == {0.75}
    assert bucket.take(1.0) == 0


def test_asking_all_the_time_and_a_moment_early_gains_nothing() -> None:
    bucket, readings = TokenBucket(rate=1_000, burst=1), times(0.0, [0.000_999_1] * 20_000)
    granted = sum(bucket.take(now) == 0 for now in readings for _ in range(2))
    assert granted <= 1 + 1_000 * (readings[-1] + A_BIT_S)


def test_several_tokens_wait_for_the_last_of_them() -> None:
    bucket = TokenBucket(rate=2, burst=4)
    assert bucket.take(0.0, 3) == 0
    assert bucket.take(0.0, 3) == 1.0
    assert bucket.take(0.0, 1) == 0


def test_more_than_the_burst_is_never_granted_and_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        TokenBucket(rate=2, burst=4).take(0.0, 5)


def test_a_clock_that_stands_still_grants_the_burst_and_no_more() -> None:
    bucket = TokenBucket(rate=1_000, burst=7)
    assert sum(bucket.take(5.0) == 0 for _ in range(1_000)) == 7


@given(rates, bursts, st.lists(st.floats(-1e7, 1e7), max_size=60))
def test_a_clock_that_steps_anywhere_leaves_a_bucket_at_worst_empty(
    rate: float, burst: int, readings: list[float]
) -> None:
    bucket = TokenBucket(rate, burst)
    for now in readings:
        wait_s = bucket.take(now)
        assert 0 <= wait_s <= 1 / rate + A_BIT_S
        if wait_s:
            assert bucket.take(now + wait_s) == 0


def test_after_the_clock_stepped_back_a_bucket_fills_at_its_rate() -> None:
    bucket = TokenBucket(rate=1, burst=3)
    bucket.take(1e6)
    assert bucket.take(0.0) == pytest.approx(1, abs=A_BIT_S)
    assert [bucket.take(second) for second in (1.1, 2.1, 3.1)] == [0, 0, 0]
    assert bucket.take(3.1) > 0


def test_sources_do_not_pay_for_each_other() -> None:
    sources = SourceRates(rate=1, burst=2)
    assert [sources.take("a", 0.0) for _ in range(3)] == [0, 0, 1]
    assert sources.take("b", 0.0) == 0


@given(
    rates,
    st.integers(1, 5),
    starts,
    st.lists(st.tuples(st.sampled_from("abcde"), st.floats(0, 3)), max_size=60),
)
def test_what_is_forgotten_makes_no_difference(
    rate: float, burst: int, start: float, takes: list[tuple[str, float]]
) -> None:
    sources, now = SourceRates(rate, burst), start
    buckets: dict[str, TokenBucket] = {}
    for source, pause in takes:
        now += pause
        expected = buckets.setdefault(source, TokenBucket(rate, burst)).take(now)
        assert sources.take(source, now) == expected


def test_a_source_is_forgotten_when_its_bucket_is_full_again() -> None:
    sources = SourceRates(rate=1, burst=10)
    for number in range(1_000):
        sources.take(f"source {number}", 0.0)
    sources.take("another", 0.5)
    assert len(sources) == 1_001
    sources.take("another", 1.0)
    assert len(sources) == 1


def test_however_many_sources_come_a_bounded_number_is_remembered() -> None:
    sources = SourceRates(rate=0.01, burst=1, max_sources=50)
    for number in range(10_000):
        assert sources.take(f"source {number}", number * 1e-3) == 0
        assert len(sources) <= 50


def test_when_too_many_sources_come_the_one_that_was_quiet_longest_may_begin_anew() -> None:
    sources = SourceRates(rate=0.01, burst=1, max_sources=3)
    for source in ("quiet", "busy", "new"):
        sources.take(source, 0.0)
    assert sources.take("busy", 1.0) > 0
    assert sources.take("quiet", 1.0) > 0
    assert sources.take("newcomer", 2.0) == 0
    assert sources.take("busy", 3.0) > 0
    assert sources.take("quiet", 3.0) > 0
    assert sources.take("new", 3.0) == 0


def test_a_clock_that_steps_back_does_not_make_sources_unlimited_or_unremembered() -> None:
    sources = SourceRates(rate=1, burst=2, max_sources=5)
    for number in range(20):
        sources.take(f"source {number}", 1_000.0 - number)
        assert len(sources) <= 5
    assert sources.take("source 19", 0.0) == pytest.approx(1.0, abs=A_BIT_S)
    assert sources.take("source 19", 1.0 + A_BIT_S) == 0


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=100))
def test_counts_are_those_of_a_list_of_all_that_is_open(steps: list[tuple[bool, str]]) -> None:
    counts, opened = SourceCounts(), Counter[str]()
    for opens, source in steps:
        if opens:
            counts.add(source)
            opened[source] += 1
        elif opened[source]:
            counts.remove(source)
            opened[source] -= 1
        assert [counts.count(source) for source in "abc"] == [opened[source] for source in "abc"]
        assert len(counts) == len(+opened)


def test_what_was_never_opened_cannot_close() -> None:
    with pytest.raises(AssertionError):
        SourceCounts().remove("a")

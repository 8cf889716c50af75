"""The counters say what they claim to."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from collabterm.protocol.messages import Awareness, SyncStep1, Update
from collabterm.protocol.signaling import ErrorCode, PeerId, SdpOffer
from collabterm_server.client import type_name
from collabterm_server.limits import DEFAULT_LIMITS
from collabterm_server.stats import Census, Stats

NOBODY = Census(connections=0, handshakes=0, rooms=0)


def test_introductions_are_no_operations() -> None:
    stats = Stats(started=100.0)
    stats.count_sent(type_name(SdpOffer({}, sender=PeerId("a"))), 100.5)
    snapshot = stats.snapshot(NOBODY, 101.0)
    assert (snapshot.operations, snapshot.operations_per_second) == (0, 0)
    assert (snapshot.received, snapshot.sent) == ({}, {"SDP_OFFER": 1})


def test_a_document_message_that_went_out_would_be_counted() -> None:
    stats = Stats(started=100.0)
    for message in (Update(b""), SyncStep1(b""), Awareness(())):
        stats.count_sent(type_name(message), 100.5)  # type: ignore[arg-type]  # no server has such a message
    now = stats.snapshot(NOBODY, 101.0)
    assert (now.operations, now.operations_per_second) == (3, 3)
    later = stats.snapshot(NOBODY, 102.0)
    assert (later.operations, later.operations_per_second) == (3, 0)


def test_a_refused_operation_is_counted_apart() -> None:
    stats = Stats(started=100.0)
    stats.count_refused(is_operation=True)
    stats.count_refused(is_operation=False)
    snapshot = stats.snapshot(NOBODY, 101.0)
    assert (snapshot.frames_refused, snapshot.operations_refused) == (2, 1)
    assert (snapshot.operations, snapshot.received, snapshot.sent) == (0, {}, {})


def test_errors_are_counted_by_their_code() -> None:
    stats = Stats(started=100.0)
    for code in (ErrorCode.ROOM_FULL, ErrorCode.TOO_MANY, ErrorCode.ROOM_FULL):
        stats.count_error(code)
    assert stats.snapshot(NOBODY, 101.0).errors == {"room_full": 2, "too_many": 1}


def test_the_peak_stays_when_everybody_has_left() -> None:
    stats = Stats(started=100.0)
    for connections in (1, 2, 1):
        stats.count_sign_in(connections)
    snapshot = stats.snapshot(NOBODY, 101.0)
    assert (snapshot.sign_ins, snapshot.peak_connections) == (3, 2)


def test_what_is_counted_one_by_one_is_counted_apart() -> None:
    stats = Stats(started=100.0)
    stats.count_rate_limited()
    for _ in range(2):
        stats.count_slow_client()
    for _ in range(3):
        stats.count_stun_answer()
    for _ in range(4):
        stats.count_stun_drop()
    snapshot = stats.snapshot(NOBODY, 101.0)
    assert (snapshot.frames_rate_limited, snapshot.slow_clients) == (1, 2)
    assert (snapshot.stun_answers, snapshot.stun_drops) == (3, 4)


def test_a_snapshot_does_not_change_with_what_comes_after_it() -> None:
    stats = Stats(started=100.0)
    before = stats.snapshot(NOBODY, 100.0)
    stats.count_received("AUTH")
    stats.count_sent("AUTH_OK", 100.5)
    stats.count_error("ROOM_FULL")
    assert (before.received, before.sent, before.errors) == ({}, {}, {})


def test_uptime_is_measured_from_the_start() -> None:
    assert Stats(started=100.0).snapshot(NOBODY, 102.5).uptime_s == 2.5


def test_memory_and_time_are_those_of_this_process() -> None:
    snapshot = Stats(started=0.0).snapshot(NOBODY, 0.0)
    assert 5_000_000 < snapshot.peak_bytes < 5_000_000_000
    resident = snapshot.resident_bytes
    assert resident is None or 5_000_000 < resident < 5_000_000_000
    assert snapshot.cpu_s > 0


def test_everything_can_be_told_in_json_in_the_words_of_json() -> None:
    limits = replace(DEFAULT_LIMITS, max_peers=4)
    stats = Stats(100.0, limits)
    stats.count_received("AUTH")
    stats.count_refused(is_operation=False)
    census = Census(connections=3, handshakes=2, rooms=1, instances=2, redis_attached=False)
    told = json.loads(json.dumps(stats.snapshot(census, 102.5).as_json()))
    assert told["messages"] == {"received": {"AUTH": 1, "refused": 1}, "sent": {}}
    assert told["operations"] == {"total": 0, "perSecond": 0}
    assert told["limits"] == asdict(limits)
    assert told["uptimeSeconds"] == 2.5
    numbers = [told[key] for key in ("connections", "peakConnections", "handshakes", "rooms", "instances")]
    assert numbers == [3, 3, 2, 1, 2]
    assert told["redisAttached"] is False
    assert not any("_" in key for key in told)


def test_without_redis_there_is_one_instance_and_nothing_to_be_attached_to() -> None:
    told = Stats(started=0.0).snapshot(NOBODY, 0.0).as_json()
    assert (told["instances"], told["redisAttached"]) == (1, None)

"""What Prometheus is told is what it can read; its own parser is the judge."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collabterm import __version__
from collabterm.protocol.signaling import ErrorCode
from collabterm_server.limits import DEFAULT_LIMITS
from collabterm_server.metrics import render_metrics
from collabterm_server.stats import Census, Snapshot, Stats

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


@pytest.fixture
def snapshot() -> Snapshot:
    stats = Stats(started=100.0)
    for kind in ("AUTH", "JOIN_ROOM", "JOIN_ROOM"):
        stats.count_received(kind)
    stats.count_sent("AUTH_OK", 100.5)
    stats.count_error(ErrorCode.ROOM_FULL)
    stats.count_refused(is_operation=True)
    stats.count_sign_in(3)
    return stats.snapshot(Census(connections=2, handshakes=1, rooms=4), 102.5)


def read(text: str) -> Samples:
    """Return what Prometheus's parser finds, by the name of the sample and its labels."""
    samples: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            of_name = samples.setdefault(sample.name, {})
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in of_name, f"{sample.name} is told twice"
            of_name[labels] = sample.value
    return samples


def test_counts_by_type_and_code_have_it_as_their_label(snapshot: Snapshot) -> None:
    samples = read(render_metrics(snapshot))
    assert samples["collabterm_messages_received_total"] == {
        (("type", "AUTH"),): 1,
        (("type", "JOIN_ROOM"),): 2,
    }
    assert samples["collabterm_messages_sent_total"] == {(("type", "AUTH_OK"),): 1}
    assert samples["collabterm_errors_total"] == {(("code", "room_full"),): 1}


def test_what_there_is_now_is_told_as_it_is(snapshot: Snapshot) -> None:
    samples = read(render_metrics(snapshot))
    now = {name: values[()] for name, values in samples.items() if () in values}
    told = ("connections", "peak_connections", "handshakes", "rooms", "instances", "uptime_seconds")
    assert [now[f"collabterm_{name}"] for name in told] == [2, 3, 1, 4, 1, 2.5]
    assert (now["collabterm_operations_total"], now["collabterm_operations_refused_total"]) == (0, 1)
    assert now["process_cpu_seconds_total"] == pytest.approx(snapshot.cpu_s)


def test_every_metric_is_explained_and_named_by_the_conventions(snapshot: Snapshot) -> None:
    for family in text_string_to_metric_families(render_metrics(snapshot)):
        assert family.documentation.endswith("."), family.name
        assert family.type in ("counter", "gauge"), family.name
        assert family.name.startswith(("collabterm_", "process_"))
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter"), sample.name


def test_the_limits_are_named_as_they_are_set(snapshot: Snapshot) -> None:
    told = read(render_metrics(snapshot))["collabterm_limit"]
    assert {labels[0][1]: value for labels, value in told.items()} == asdict(DEFAULT_LIMITS)


def test_the_version_is_a_label(snapshot: Snapshot) -> None:
    assert read(render_metrics(snapshot))["collabterm_build_info"] == {(("version", __version__),): 1}


@pytest.mark.parametrize(("attached", "value"), [(True, 1), (False, 0)])
def test_redis_is_told_of_where_there_is_one(snapshot: Snapshot, attached: bool, value: int) -> None:
    census = replace(snapshot.census, redis_attached=attached)
    samples = read(render_metrics(replace(snapshot, census=census)))
    assert samples["collabterm_redis_attached"] == {(): value}


def test_what_is_not_known_is_not_told(snapshot: Snapshot) -> None:
    samples = read(render_metrics(replace(snapshot, resident_bytes=None)))
    assert "process_resident_memory_bytes" not in samples
    assert "collabterm_redis_attached" not in samples


def test_large_numbers_keep_their_last_digit(snapshot: Snapshot) -> None:
    samples = read(render_metrics(replace(snapshot, stun_answers=123_456_789_012)))
    assert samples["collabterm_stun_answers_total"] == {(): 123_456_789_012}


def test_a_server_that_has_done_nothing_yet_is_read_as_well() -> None:
    nothing = Stats(started=0.0).snapshot(Census(connections=0, handshakes=0, rooms=0), 0.0)
    assert read(render_metrics(nothing))["collabterm_sign_ins_total"] == {(): 0}

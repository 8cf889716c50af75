"""The counters say what they claim to."""

from __future__ import annotations

from typing import cast

from collabterm.protocol.messages import Awareness, SyncStep1, Update
from collabterm.protocol.signaling import PeerId, SdpOffer, SignalingMessage
from collabterm_server.client import type_name
from collabterm_server.stats import Census, Stats

NOBODY = Census(connections=0, handshakes=0, rooms=0)


def test_introductions_are_no_operations() -> None:
    stats = Stats(started=100.0)
    stats.count_sent(type_name(SdpOffer({}, sender=PeerId("a"))), 100.5)
    snapshot = stats.snapshot(NOBODY, 101.0)
    assert snapshot["operations"] == {"total": 0, "perSecond": 0}
    assert snapshot["messages"] == {"received": {}, "sent": {"SDP_OFFER": 1}}


def test_a_document_message_that_went_out_would_be_counted() -> None:
    stats = Stats(started=100.0)
    for message in (Update(b""), SyncStep1(b""), Awareness(())):
        stats.count_sent(type_name(cast("SignalingMessage", message)), 100.5)
    assert stats.snapshot(NOBODY, 101.0)["operations"] == {"total": 3, "perSecond": 3}
    assert stats.snapshot(NOBODY, 102.0)["operations"] == {"total": 3, "perSecond": 0}


def test_a_refused_operation_is_counted_apart() -> None:
    stats = Stats(started=100.0)
    stats.count_refused(is_operation=True)
    stats.count_refused(is_operation=False)
    snapshot = stats.snapshot(NOBODY, 101.0)
    assert snapshot["operationsRefused"] == 1
    assert snapshot["messages"] == {"received": {"refused": 2}, "sent": {}}
    assert snapshot["operations"] == {"total": 0, "perSecond": 0}


def test_uptime_is_measured_from_the_start() -> None:
    assert Stats(started=100.0).snapshot(NOBODY, 102.5)["uptimeSeconds"] == 2.5


def test_memory_is_that_of_this_process() -> None:
    memory = cast("dict[str, int | None]", Stats(started=0.0).snapshot(NOBODY, 0.0)["memory"])
    peak = memory["peakBytes"]
    assert peak is not None
    assert 5_000_000 < peak < 5_000_000_000
    resident = memory["residentBytes"]
    assert resident is None or 5_000_000 < resident < 5_000_000_000

"""The server's figures as Prometheus reads them; must not do I/O, keep state or count anything itself.

Source: the text exposition format 0.0.4. Prometheus's own Python library keeps its registry for the
whole process and counts with locks; a server may be hosted inside an editor's process, tests run
several at once, and ``stats`` has counted everything already, so there is only text left to write.

A label's value is a message type, an error code or a limit's name: all of them from the protocol and
the code, none from a client, so that nobody can make the number of time series grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Final, NamedTuple

from collabterm import __version__
from collabterm_server.stats import Snapshot

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class _Family(NamedTuple):
    """One metric: its name, its type, what it says, and its values by labels."""

    name: str
    kind: str
    help: str
    samples: Iterable[tuple[str, float]]


def render_metrics(snapshot: Snapshot) -> str:
    """Return the text of ``/metrics``."""
    return "".join(line for family in _families(snapshot) for line in _render_family(family))


def _families(snapshot: Snapshot) -> Iterable[_Family]:
    yield from _gauges(snapshot)
    yield from _counters(snapshot)
    yield _counter("process_cpu_seconds_total", "CPU time of the process.", snapshot.cpu_s)
    if snapshot.resident_bytes is not None:
        yield _gauge("process_resident_memory_bytes", "Memory of the process.", snapshot.resident_bytes)


def _gauges(snapshot: Snapshot) -> Iterable[_Family]:
    census = snapshot.census
    yield _Family(
        "collabterm_build_info",
        "gauge",
        "Always 1; which version runs.",
        _by_label("version", {__version__: 1}),
    )
    yield _gauge("collabterm_uptime_seconds", "Since this server started.", snapshot.uptime_s)
    yield _gauge("collabterm_connections", "Clients that have signed in.", census.connections)
    yield _gauge("collabterm_peak_connections", "The most of them so far.", snapshot.peak_connections)
    yield _gauge("collabterm_handshakes", "Clients that have not signed in yet.", census.handshakes)
    yield _gauge("collabterm_rooms", "Rooms that this instance knows of.", census.rooms)
    yield _gauge("collabterm_instances", "Instances that act as one, this one included.", census.instances)
    if census.redis_attached is not None:
        yield _gauge("collabterm_redis_attached", "1 while Redis answers, else 0.", census.redis_attached)
    yield _Family(
        "collabterm_limit",
        "gauge",
        "The limits in force, named as --limit names them.",
        _by_label("name", asdict(snapshot.limits)),
    )


def _counters(snapshot: Snapshot) -> Iterable[_Family]:
    received, sent, errors = snapshot.received, snapshot.sent, snapshot.errors
    yield _counter("collabterm_sign_ins_total", "Clients that signed in.", snapshot.sign_ins)
    yield _counters_by("type", "collabterm_messages_received_total", "Messages understood.", received)
    yield _counters_by("type", "collabterm_messages_sent_total", "Messages that went out.", sent)
    yield _counters_by("code", "collabterm_errors_total", "ERROR messages that went out.", errors)
    yield _counter("collabterm_frames_refused_total", "Frames refused unread.", snapshot.frames_refused)
    yield _counter(
        "collabterm_frames_rate_limited_total",
        "Frames that came faster than allowed.",
        snapshot.frames_rate_limited,
    )
    yield _counter("collabterm_operations_total", "Document messages relayed; always 0.", snapshot.operations)
    yield _counter(
        "collabterm_operations_refused_total", "Document messages refused.", snapshot.operations_refused
    )
    yield _counter(
        "collabterm_slow_clients_total",
        "Clients cut off because they did not read what was sent to them.",
        snapshot.slow_clients,
    )
    yield _counter("collabterm_stun_answers_total", "STUN requests answered.", snapshot.stun_answers)
    yield _counter("collabterm_stun_dropped_total", "STUN requests too many to answer.", snapshot.stun_drops)


def _gauge(name: str, text: str, value: float) -> _Family:
    return _Family(name, "gauge", text, [("", value)])


def _counter(name: str, text: str, value: float) -> _Family:
    return _Family(name, "counter", text, [("", value)])


def _counters_by(label: str, name: str, text: str, values: Mapping[str, int]) -> _Family:
    return _Family(name, "counter", text, _by_label(label, values))


def _by_label(label: str, values: Mapping[str, float]) -> list[tuple[str, float]]:
    return [(f'{{{label}="{value}"}}', number) for value, number in sorted(values.items())]


def _render_family(family: _Family) -> Iterable[str]:
    yield f"# HELP {family.name} {family.help}\n"
    yield f"# TYPE {family.name} {family.kind}\n"
    for labels, value in family.samples:
        yield f"{family.name}{labels} {value:.15g}\n"

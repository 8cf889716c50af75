"""What the signaling server needs for thousands of clients, and how fast it is; no editor may take part.

Every client has signed in with a key of its own, is in a room of four, and beats. Server and clients have a
core each; a figure says how much of it they used, so that one sees which of them it measures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from tests.benchmarks.report import MILLISECOND, Effort, Figure, percentile, run
from tests.benchmarks.signaling_arrivals import come_and_go, fill, stay
from tests.benchmarks.signaling_comparison import plain_connection_bytes
from tests.benchmarks.signaling_crowd import HEARTBEAT_S, Crowd
from tests.benchmarks.signaling_exchange import exchange
from tests.benchmarks.signaling_process import Memory, Meter, PinnedServer, many_files_on_the_other_core

MEGABYTE: Final = 1_000_000
SMALLEST_MACHINE_BYTES: Final = 512 * MEGABYTE
FEW, MANY, MOST = 2_000, 10_000, 20_000
SPARE_FILES: Final = 500
"""Of those a process may open: what a server keeps back for handshakes and for itself."""

SIGNALS_PER_S: Final = 1_000
JOINS_PER_S: Final = 1_000
STAYING: Final = 1_000
IDLE_SHARE: Final = 0.10


def measure(effort: Effort) -> Iterator[Figure]:
    """Measure one server that fills up, and another one where clients come and go."""
    with many_files_on_the_other_core(MOST + SPARE_FILES) as files:
        yield from held(effort, files - SPARE_FILES)
        with PinnedServer() as server, Crowd(server.port) as crowd:
            yield joins("joins a second, authenticated", effort, server, crowd)
        yield plain_memory()


def held(effort: Effort, allowed: int) -> Iterator[Figure]:
    """Measure a server with more and more clients, of which the system allows so many."""
    few, many = effort.samples(FEW), effort.samples(MANY)
    with PinnedServer() as server, Crowd(server.port) as crowd:
        base = server.memory()
        for size in (few, many):
            fill(crowd, size)
            stay(crowd, effort.samples(round(HEARTBEAT_S)))
            yield memory(size, base, server.memory())
        yield idle(effort, server, crowd)
        yield relay(effort, server, crowd)
        yield joins(f"joins a second, authenticated, beside {many:,} others", effort, server, crowd)
        yield capacity(effort, allowed, base, server, crowd)
        assert not crowd.lost, f"the server has cut off {crowd.lost}"


def memory(size: int, base: Memory, now: Memory) -> Figure:
    """Return the figure of the memory that the server has grown by."""
    rss, pss = (100 * grown / size / MEGABYTE for grown in (now.rss - base.rss, now.pss - base.pss))
    return Figure(
        f"server memory per 100 clients, at {size:,}",
        "≤ 2 MB",
        f"{rss:.2f} MB RSS, {pss:.2f} MB PSS (without any {base.rss / MEGABYTE:.0f} MB)",
        max(rss, pss) <= 2,
    )


def idle(effort: Effort, server: PinnedServer, crowd: Crowd) -> Figure:
    """Measure what heartbeats alone cost the server."""
    seconds = effort.samples(30)
    meter = server.meter()
    beats = stay(crowd, seconds)
    use = meter.read()
    return Figure(
        f"server CPU, {len(crowd):,} idle clients",
        f"≤ {IDLE_SHARE:.0%} of a core",
        f"{use.busy:.1%} ({beats / seconds:.0f} beats a second for {seconds} s, "
        f"kept waiting {use.kept_waiting:.0%})",
        use.busy <= IDLE_SHARE,
    )


def relay(effort: Effort, server: PinnedServer, crowd: Crowd) -> Figure:
    """Measure offers from one client's socket to another's."""
    size = len(crowd)
    meter = server.meter()
    done = exchange(crowd, SIGNALS_PER_S, effort.samples(20))
    use = meter.read()
    p50, p99 = (percentile(done.latencies_s, percent) / MILLISECOND for percent in (50, 99))
    unread, late = (percentile(part, 99) / MILLISECOND for part in (done.unread_s, done.late_s))
    return Figure(
        f"offer relayed among {size:,} clients, {SIGNALS_PER_S:,} a second, p50 / p99",
        "≤ 2 ms / ≤ 20 ms",
        f"{p50:.2f} ms / {p99:.2f} ms ({len(done.latencies_s):,} offers, {done.lost} lost, "
        f"worst {max(done.latencies_s) / MILLISECOND:.0f}; server {use}; "
        f"the clients' own p99: {unread:.2f} ms to read, {late:.2f} ms late to send)",
        p50 <= 2 and p99 <= 20 and not done.lost,
    )


def joins(name: str, effort: Effort, server: PinnedServer, crowd: Crowd) -> Figure:
    """Measure how many clients a second connect, sign in, enter a room and leave again."""
    meter, own_meter = server.meter(), Meter(os.getpid())
    arrivals = come_and_go(crowd, effort.samples(20), STAYING)
    use, own_use = meter.read(), own_meter.read()
    p50, p99 = (percentile(arrivals.ways_s, percent) / MILLISECOND for percent in (50, 99))
    return Figure(
        name,
        f"≥ {JOINS_PER_S:,}",
        f"{arrivals.per_second:,.0f} for {arrivals.seconds:.0f} s (from connect to room "
        f"{p50:.0f} ms / {p99:.0f} ms; server {use}, that is {arrivals.per_second / use.busy:,.0f} "
        f"a second of CPU; clients {own_use.busy:.0%})",
        arrivals.per_second >= JOINS_PER_S,
    )


def capacity(effort: Effort, allowed: int, base: Memory, server: PinnedServer, crowd: Crowd) -> Figure:
    """Measure how far it goes, and say how far it would go in 512 MB."""
    wanted = effort.samples(MOST)
    most = min(wanted, allowed)
    fill(crowd, most)
    meter = server.meter()
    stay(crowd, effort.samples(round(HEARTBEAT_S)))
    use = meter.read()
    now = server.memory().rss
    each = (now - base.rss) / most
    fitting = int((SMALLEST_MACHINE_BYTES - base.rss) / each)
    end = "the system lets a process open no more" if most < wanted else "as many as were wanted"
    return Figure(
        "clients on one core in 512 MB",
        f"≥ {MOST:,}",
        f"{fitting:,} by the slope, {100 * each / MEGABYTE:.2f} MB per 100 up to {most:,} clients "
        f"({end}), which took {now / MEGABYTE:.0f} MB in all and {use.busy:.0%} of a core",
        fitting >= MOST and now <= SMALLEST_MACHINE_BYTES,
    )


def plain_memory() -> Figure:
    """Measure the memory of connections to a server that does nothing but echo, for comparison."""
    used = 100 * plain_connection_bytes() / MEGABYTE
    return Figure("(memory per 100 connections, websockets' defaults)", "", f"{used:.2f} MB", met=True)


if __name__ == "__main__":
    run(measure)

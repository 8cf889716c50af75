"""Counts what the server does and reads what it costs; must not know who the clients are."""

from __future__ import annotations

import os
import resource
import sys
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collabterm import __version__
from collabterm_server.conversation import DOCUMENT_TYPES

_SECOND: Final = 1.0
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Census:
    """How many there are at this moment."""

    connections: int
    handshakes: int
    rooms: int


class Stats:
    """The counters of one server; times are seconds of one monotonic clock, given by the caller.

    ``operations`` is the number of messages of a document type among everything that the server has
    sent to anybody. Nothing in the server sends one, so it is zero; were that to change, it would show.
    """

    __slots__ = ("_operation_times", "_received", "_refused_operations", "_sent", "_started")

    def __init__(self, started: float) -> None:
        self._started = started
        self._received: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()
        self._refused_operations = 0
        self._operation_times: deque[float] = deque()

    def count_received(self, kind: str) -> None:
        """Count a message that came and was understood."""
        self._received[kind] += 1

    def count_refused(self, is_operation: bool) -> None:
        """Count a frame that came and was answered by an error instead."""
        self._received["refused"] += 1
        self._refused_operations += is_operation

    def count_sent(self, kind: str, now: float) -> None:
        """Count a message that went out."""
        self._sent[kind] += 1
        if kind in DOCUMENT_TYPES:
            self._operation_times.append(now)
            self._forget_operations_before(now - _SECOND)

    def snapshot(self, census: Census, now: float) -> dict[str, object]:
        """Return everything as a JSON object."""
        self._forget_operations_before(now - _SECOND)
        return {
            "version": __version__,
            "uptimeSeconds": round(now - self._started, 3),
            "connections": census.connections,
            "handshakes": census.handshakes,
            "rooms": census.rooms,
            "messages": {"received": dict(self._received), "sent": dict(self._sent)},
            "operations": {
                "total": sum(self._sent[kind] for kind in DOCUMENT_TYPES),
                "perSecond": len(self._operation_times),
            },
            "operationsRefused": self._refused_operations,
            "memory": {"residentBytes": _resident_bytes(), "peakBytes": _peak_bytes()},
        }

    def _forget_operations_before(self, time: float) -> None:
        while self._operation_times and self._operation_times[0] < time:
            self._operation_times.popleft()


def _resident_bytes() -> int | None:
    """Return what the process has in memory now; None where the system has no ``/proc`` (macOS)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIB

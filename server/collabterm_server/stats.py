"""Counts what the server does and reads what it costs; must not know who the clients are."""

from __future__ import annotations

import os
import resource
import sys
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from collabterm import __version__
from collabterm_server.conversation import DOCUMENT_TYPES
from collabterm_server.limits import DEFAULT_LIMITS, ServerLimits

_SECOND: Final = 1.0
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Census:
    """How many there are at this moment.

    ``connections`` and ``handshakes`` are of this instance; ``rooms`` are all that it knows of, those of
    other instances included. ``redis_attached`` is None for a server that was not given a Redis.
    """

    connections: int
    handshakes: int
    rooms: int
    instances: int = 1
    redis_attached: bool | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the server tells about itself, as it was at one moment.

    Counters begin at zero when the server starts and only grow. ``resident_bytes`` is None where the
    system does not tell (macOS); what it costs is told of the process, which for a server hosted inside
    an editor includes the editor.
    """

    uptime_s: float
    census: Census
    limits: ServerLimits
    peak_connections: int
    sign_ins: int
    received: Mapping[str, int]
    sent: Mapping[str, int]
    errors: Mapping[str, int]
    frames_refused: int
    frames_rate_limited: int
    operations: int
    operations_per_second: int
    operations_refused: int
    slow_clients: int
    stun_answers: int
    stun_drops: int
    resident_bytes: int | None
    peak_bytes: int
    cpu_s: float

    def as_json(self) -> dict[str, object]:
        """Return it as the JSON object of ``/api/stats``; limits have the names by which they are set."""
        return {
            "version": __version__,
            "uptimeSeconds": round(self.uptime_s, 3),
            "connections": self.census.connections,
            "peakConnections": self.peak_connections,
            "handshakes": self.census.handshakes,
            "rooms": self.census.rooms,
            "instances": self.census.instances,
            "redisAttached": self.census.redis_attached,
            "signIns": self.sign_ins,
            "messages": {
                "received": dict(self.received)
                | ({"refused": self.frames_refused} if self.frames_refused else {}),
                "sent": dict(self.sent),
            },
            "errors": dict(self.errors),
            "operations": {"total": self.operations, "perSecond": self.operations_per_second},
            "operationsRefused": self.operations_refused,
            "framesRateLimited": self.frames_rate_limited,
            "slowClientsDropped": self.slow_clients,
            "stunAnswers": self.stun_answers,
            "stunDropped": self.stun_drops,
            "memory": {"residentBytes": self.resident_bytes, "peakBytes": self.peak_bytes},
            "cpuSeconds": round(self.cpu_s, 3),
            "limits": asdict(self.limits),
        }


class Stats:
    """The counters of one server; times are seconds of one monotonic clock, given by the caller.

    ``operations`` is the number of messages of a document type among everything that the server has
    sent to anybody. Nothing in the server sends one, so it is zero; were that to change, it would show.
    """

    __slots__ = (
        "_errors",
        "_frames_rate_limited",
        "_frames_refused",
        "_limits",
        "_operation_times",
        "_peak_connections",
        "_received",
        "_refused_operations",
        "_sent",
        "_sign_ins",
        "_slow_clients",
        "_started",
        "_stun_answers",
        "_stun_drops",
    )

    def __init__(self, started: float, limits: ServerLimits = DEFAULT_LIMITS) -> None:
        self._started = started
        self._limits = limits
        self._received: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._frames_refused = 0
        self._frames_rate_limited = 0
        self._refused_operations = 0
        self._operation_times: deque[float] = deque()
        self._sign_ins = 0
        self._peak_connections = 0
        self._slow_clients = 0
        self._stun_answers = 0
        self._stun_drops = 0

    def count_received(self, kind: str) -> None:
        """Count a message that came and was understood."""
        self._received[kind] += 1

    def count_refused(self, is_operation: bool) -> None:
        """Count a frame that came and was answered by an error instead, because of what it said."""
        self._frames_refused += 1
        self._refused_operations += is_operation

    def count_rate_limited(self) -> None:
        """Count a frame that was not even looked at, because too many came."""
        self._frames_rate_limited += 1

    def count_sent(self, kind: str, now: float) -> None:
        """Count a message that went out."""
        self._sent[kind] += 1
        if kind in DOCUMENT_TYPES:
            self._operation_times.append(now)
            self._forget_operations_before(now - _SECOND)

    def count_error(self, code: str) -> None:
        """Count an ERROR that went out by its code, besides counting it as sent."""
        self._errors[code] += 1

    def count_sign_in(self, connections: int) -> None:
        """Count a client that signed in, and with which there are now ``connections``."""
        self._sign_ins += 1
        self._peak_connections = max(self._peak_connections, connections)

    def count_slow_client(self) -> None:
        """Count a client that was cut off because it did not read what was sent to it."""
        self._slow_clients += 1

    def count_stun_answer(self) -> None:
        """Count an answer to a STUN request."""
        self._stun_answers += 1

    def count_stun_drop(self) -> None:
        """Count a STUN request that was not answered because too many came."""
        self._stun_drops += 1

    def snapshot(self, census: Census, now: float) -> Snapshot:
        """Return everything as it is now."""
        self._forget_operations_before(now - _SECOND)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        resident = _resident_bytes()
        peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * _KIB
        return Snapshot(
            uptime_s=now - self._started,
            census=census,
            limits=self._limits,
            peak_connections=max(self._peak_connections, census.connections),
            sign_ins=self._sign_ins,
            received=dict(self._received),
            sent=dict(self._sent),
            errors=dict(self._errors),
            frames_refused=self._frames_refused,
            frames_rate_limited=self._frames_rate_limited,
            operations=sum(self._sent[kind] for kind in DOCUMENT_TYPES),
            operations_per_second=len(self._operation_times),
            operations_refused=self._refused_operations,
            slow_clients=self._slow_clients,
            stun_answers=self._stun_answers,
            stun_drops=self._stun_drops,
            resident_bytes=resident,
            peak_bytes=max(peak, resident or 0),  # the system counts the two at different moments
            cpu_s=usage.ru_utime + usage.ru_stime,
        )

    def _forget_operations_before(self, time: float) -> None:
        while self._operation_times and self._operation_times[0] < time:
            self._operation_times.popleft()


def _resident_bytes() -> int | None:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")

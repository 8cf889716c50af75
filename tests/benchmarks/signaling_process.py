"""A server on a core of its own, and what it uses; it must not know what its clients do.

What is measured is the server, so the clients have the other core. On a machine that others use, too, the
system tells how long a process was kept waiting for its core (``/proc/PID/schedstat``): so a figure says whom
it blames.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, Self

from tests.product import COLLABTERM, environment, eventually

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_NANOSECOND: Final = 1e-9
_KIBIBYTE: Final = 1024
_LISTENING: Final = re.compile(r"listening on ws://[^ ]*:(\d+)", re.IGNORECASE)

_LIMITS: Final = {
    "max_connections": 100_000,
    "max_connections_per_source": 100_000,
    "max_handshakes": 100,
    "max_rooms": 100_000,
    "join_rate": 100_000,
    "join_burst": 100_000,
}
"""What one machine's load needs that people spread over the world do not."""

SERVE: Final = (
    *(*COLLABTERM, "serve", "--host", "127.0.0.1", "--port", "0"),
    *(word for name, value in _LIMITS.items() for word in ("--limit", f"{name}={value}")),
)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a process: in its page tables, and with shared pages divided among those who share them."""

    rss: int
    pss: int


@dataclass(frozen=True, slots=True)
class Use:
    """Of one core between two moments: the part that a process had, and the part it was kept waiting for."""

    busy: float
    kept_waiting: float

    def __str__(self) -> str:
        return f"{self.busy:.0%} of a core, kept waiting {self.kept_waiting:.0%}"


class Meter:
    """Measures how a process uses its core, from the making of the meter on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._start = self._read()

    def read(self) -> Use:
        """Return the use since the start."""
        seconds, busy, kept_waiting = (
            now - then for now, then in zip(self._read(), self._start, strict=True)
        )
        return Use(busy / seconds, kept_waiting / seconds)

    def _read(self) -> tuple[float, float, float]:
        stat = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        schedstat = Path(f"/proc/{self._pid}/schedstat").read_text().split()
        busy = (int(stat[11]) + int(stat[12])) / _TICKS_A_SECOND
        return perf_counter(), busy, int(schedstat[1]) * _NANOSECOND


class PinnedServer:
    """A server process, alone on its core as far as we are concerned, within ``with``.

    Args:
        argv: The command; it says ``listening on ws://HOST:PORT`` when it does.
    """

    def __init__(self, argv: Sequence[str] = SERVE) -> None:
        self._argv = list(argv)

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="collabterm-benchmark-")
        home = Path(self._folder.name)
        self._log = home / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._argv, env=environment(home), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        os.sched_setaffinity(self._process.pid, {min(_cores())})
        eventually(self._says_something, f"{self._argv} starts")
        listening = _LISTENING.search(self._log.read_text())
        assert listening, f"{self._argv} does not listen: {self._log.read_text()}"
        self.port = int(listening[1])
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def meter(self) -> Meter:
        """Return a meter that starts now."""
        return Meter(self._process.pid)

    def memory(self) -> Memory:
        """Return what it uses now."""
        lines = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {name: int(size) * _KIBIBYTE for name, size, _ in map(str.split, lines)}
        return Memory(sizes["Rss:"], sizes["Pss:"])

    def _says_something(self) -> bool:
        return self._process.poll() is not None or bool(_LISTENING.search(self._log.read_text()))


@contextmanager
def many_files_on_the_other_core(wanted: int) -> Iterator[int]:
    """Be on another core than servers are, and allow this process and those servers ``wanted`` open files.

    Yields:
        How many the system allows: fewer, perhaps.
    """
    cores = _cores()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield _allow_files(wanted)
    finally:
        os.sched_setaffinity(0, cores)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@cache
def _cores() -> frozenset[int]:
    """Return the cores that this process might use when it was first asked for them: not yet a single one."""
    return frozenset(os.sched_getaffinity(0))


def _allow_files(wanted: int) -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    except ValueError:  # only the superuser may, and not everywhere
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return hard
    return wanted

"""How long the commands take to be of use, from the start of their process; it must not need a peer."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.report import Effort, Figure, duration_figure, run
from tests.benchmarks.stage import LETTERS, stage
from tests.e2e import words
from tests.network import ServerProcess, free_port
from tests.product import COLLABTERM, environment, join_command
from tests.terminal import Terminal

ROOM = "benchroom"


def measure(effort: Effort) -> Iterator[Figure]:
    """Measure the starts of the editor, the help and the server."""
    samples = effort.samples(10)
    with stage() as party:
        argv, env = join_command(ROOM, server=party.server, name="Ada"), environment(party.home)
        yield duration_figure(
            "process start to usable editor", _repeated(lambda: _usable(argv, env), samples), 0.5
        )
    with TemporaryDirectory(prefix="collabterm-benchmark-") as home:
        env = environment(Path(home))
        yield duration_figure("`collabterm --help`", _repeated(lambda: _help(env), samples), 0.3)
        yield duration_figure("`collabterm serve` ready", _repeated(lambda: _serving(env), samples), 0.5)


def _repeated(once: Callable[[], float], samples: int) -> list[float]:
    """Measure so many times, after once for the caches."""
    return [once() for _ in range(1 + samples)][1:]


def _usable(argv: list[str], env: dict[str, str]) -> float:
    """Return the seconds until a key, sent as soon as the room stands on the screen, is shown."""
    with Terminal(argv, env=env) as terminal:
        terminal.first_seen(ROOM, 0)
        since = terminal.received
        terminal.type(LETTERS[0])
        seen = terminal.first_seen(LETTERS[0], since)
        terminal.wait_for(words.POSITION.format(row=1, column=2))  # the editor's echo, not the terminal's
        return seen - terminal.started


def _help(env: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([*COLLABTERM, "--help"], env=env, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _serving(env: dict[str, str]) -> float:
    server = ServerProcess(free_port(), env)
    start = time.perf_counter()
    with server:
        return time.perf_counter() - start


if __name__ == "__main__":
    run(measure)

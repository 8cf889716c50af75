"""``collabterm serve`` in a process of its own, its log line by line; must not know what is said to it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.product import environment, eventually, serve_command

END_S = 10.0


class ServedProcess:
    """A running server; ``log`` is what it has written to standard error so far.

    Args:
        home: The folder of its user, and also the one that it runs in and that for temporary files.
        options: Of the command.
    """

    def __init__(self, home: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            [*serve_command(0), *options],
            env=environment(home, TMPDIR=str(home)),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self.log: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[2]
        self.port = int(self.url.rpartition(":")[2])

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line.rstrip("\n"))

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def logs(self, words: str, times: int = 1) -> None:
        """Wait until so many lines of the log contain the words."""
        eventually(lambda: sum(words in line for line in self.log) >= times, f"{words!r} is logged")

    def ends(self) -> int:
        """Wait until it has ended by itself; return its exit code."""
        code = self._process.wait(END_S)
        self._reader.join()
        return code

    def levels(self) -> set[str]:
        """Return the levels of all lines of the log."""
        return {line.split()[1] for line in self.log}

    def kill(self) -> None:
        """End it, if it has not ended."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def served(home: Path, *options: str) -> Iterator[ServedProcess]:
    """Run a server on a free port."""
    process = ServedProcess(home, *options)
    try:
        yield process
    finally:
        process.kill()

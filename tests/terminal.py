"""A real command in a real pseudo-terminal: keys in, a screen out; it must not answer what it is asked.

The reader thread only stores what arrives, and when; the screen is worked out in the thread that asks
for it. So a measurement that watches for bytes never waits for the emulator.
"""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Final, Self

from tests.emulator import Cell, Emulator, modes_left_behind
from tests.keys import DRAG, LEFT_BUTTON, WHEEL_DOWN, WHEEL_UP, key_bytes, mouse_bytes, paste_bytes

Wanted = str | Callable[["Terminal"], bool]
"""Text that shall be on the screen within one row, or a condition that shall hold."""

_ALT: Final = 8
"""What a report of the mouse adds for Alt (xterm's ctlseqs, "Normal tracking mode", meta)."""

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Terminal:
    """One command in one terminal. All its methods belong to one thread at a time.

    Args:
        argv: The command; it gets no shell.
        env: Its whole environment but ``TERM``, ``COLUMNS`` and ``LINES``, which are the terminal's to say.
        columns: The width in cells.
        rows: The height in cells.
        cwd: The folder to start in; None is this process's.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        columns: int = 100,
        rows: int = 30,
        cwd: Path | None = None,
    ) -> None:
        self._changed = threading.Condition()
        self._raw = bytearray()
        self._arrivals: list[tuple[int, float]] = []
        self._ended = False
        self._emulator = Emulator(columns, rows)
        self._shown = 0
        self._master, slave = pty.openpty()
        _set_size(self._master, columns, rows)
        self._attributes = termios.tcgetattr(slave)
        own = {key: value for key, value in env.items() if key not in {"COLUMNS", "LINES"}}
        self.started = perf_counter()
        try:
            self._process = subprocess.Popen(
                list(argv),
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={**own, "TERM": "xterm-256color"},
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_take_terminal,  # noqa: PLW1509  # one ioctl; Popen has no other way to give a session its terminal
            )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)
        self._reader = threading.Thread(target=self._read, name=f"terminal of {argv[0]}", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # -- what goes in

    def type(self, text: str | bytes) -> float:
        """Send ``text`` as it is, in one write where the terminal takes it; return when it was sent."""
        data = text.encode() if isinstance(text, str) else text
        sent = perf_counter()
        while data:
            data = data[os.write(self._master, data) :]
        return sent

    def press(self, *names: str) -> float:
        """Press keys by their names (see ``tests.keys``), all in one write; return when they were sent."""
        return self.type(b"".join(key_bytes(name) for name in names))

    def paste(self, text: str) -> float:
        """Paste ``text`` in brackets; return when it was sent."""
        return self.type(paste_bytes(text))

    def click(self, row: int, column: int, *, times: int = 1, alt: bool = False) -> float:
        """Click the left button on a cell, several times in one write; with Alt held if so said."""
        button = LEFT_BUTTON + (_ALT if alt else 0)
        one = mouse_bytes(button, row, column) + mouse_bytes(button, row, column, released=True)
        return self.type(one * times)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> float:
        """Press the left button on one cell and let it go on another; cells are (row, column) from 0."""
        report = mouse_bytes(LEFT_BUTTON, *start)
        if start != end:
            report += mouse_bytes(LEFT_BUTTON + DRAG, *end)
        return self.type(report + mouse_bytes(LEFT_BUTTON, *end, released=True))

    def wheel(self, row: int, column: int, notches: int) -> float:
        """Turn the wheel over a cell: down the document by ``notches``, up where negative."""
        button = WHEEL_DOWN if notches > 0 else WHEEL_UP
        return self.type(mouse_bytes(button, row, column) * abs(notches))

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the command gets its SIGWINCH from the kernel."""
        self._show_all()
        self._emulator.resize(columns, rows)
        _set_size(self._master, columns, rows)

    # -- what comes out

    @property
    def raw(self) -> bytes:
        """Every byte so far."""
        with self._changed:
            return bytes(self._raw)

    @property
    def received(self) -> int:
        """How many bytes came so far: a place to look from later, for ``first_seen``."""
        with self._changed:
            return len(self._raw)

    @property
    def screen(self) -> list[str]:
        """The rows as they are now, each as wide as the terminal."""
        self._show_all()
        return self._emulator.rows

    @property
    def text(self) -> str:
        """The rows joined by newlines, without the blanks at their ends."""
        return "\n".join(row.rstrip() for row in self.screen)

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the terminal's own cursor, from 0."""
        self._show_all()
        return self._emulator.cursor

    def cell(self, row: int, column: int) -> Cell:
        """One cell, rows and columns from 0."""
        self._show_all()
        return self._emulator.cell(row, column)

    def find(self, text: str) -> tuple[int, int] | None:
        """Row and column where ``text`` stands first, counting characters; None if it does not."""
        places = ((row, line.find(text)) for row, line in enumerate(self.screen))
        return next((place for place in places if place[1] >= 0), None)

    def place_of(self, text: str, timeout: float = 10.0) -> tuple[int, int]:
        """Wait for ``text`` like ``wait_for`` and return where it stands, like ``find``."""
        self.wait_for(text, timeout)
        place = self.find(text)
        assert place is not None, "what came must be there, as nothing was read since"
        return place

    def wait_for(self, wanted: Wanted, timeout: float = 10.0) -> None:
        """Wait until ``wanted`` is on the screen.

        Raises:
            AssertionError: With the screen, if it did not come in time or the command ended without.
        """
        for _ in self._arriving(timeout):
            self._show_all()
            if _holds(wanted, self):
                return
        raise AssertionError(self._complaint(f"{_words(wanted)} did not come within {timeout:g} s"))

    def first_shown(self, wanted: Wanted, timeout: float = 10.0) -> float:
        """Wait like ``wait_for`` and return when the bytes came that first made it true.

        It works the screen out after every read, so it is dear; and it looks at nothing shown earlier.
        """
        for arrived in self._arriving(timeout):
            while self._shown < arrived:
                self._show_next()
                if _holds(wanted, self):
                    return self._arrivals[self._shown - 1][1]
        raise AssertionError(self._complaint(f"{_words(wanted)} did not come within {timeout:g} s"))

    def first_seen(self, needle: str, since: int, timeout: float = 10.0) -> float:
        """Wait until ``needle`` came as plain bytes after the first ``since`` bytes; return when.

        Cheap enough to measure keystrokes with, if ``needle`` is a text that nothing else prints.
        """
        wanted = needle.encode()
        for _ in self._arriving(timeout):
            with self._changed:
                found = self._raw.find(wanted, since)
                if found >= 0:
                    index = bisect_left(self._arrivals, found + len(wanted), key=lambda arrival: arrival[0])
                    return self._arrivals[index][1]
                since = max(since, len(self._raw) - len(wanted) + 1)
        raise AssertionError(self._complaint(f"{needle!r} did not come within {timeout:g} s"))

    # -- the process

    @property
    def pid(self) -> int:
        """The command's process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the command has not ended."""
        return self._process.poll() is None

    def cpu_seconds(self) -> float:
        """User and system time of the running command, all its threads, in steps of a clock tick (Linux)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def send_signal(self, number: signal.Signals) -> None:
        """Send the command a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End the command with SIGKILL and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def wait_exit(self, timeout: float = 10.0) -> int:
        """Wait until the command ended and its last output is read; return its exit code.

        Raises:
            AssertionError: With the screen, if it goes on.
        """
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(self._complaint(f"it still runs after {timeout:g} s")) from None
        self._reader.join(1.0)
        return code

    def leftovers(self) -> list[str]:
        """Return what the command changed about the terminal and did not restore: nothing, it is hoped."""
        left = modes_left_behind(self.raw)
        if termios.tcgetattr(self._master) != self._attributes:
            left.append("the line discipline is not as it was")
        return left

    def close(self) -> None:
        """End the command, and what it started in this terminal, and give the terminal back."""
        if self.running:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(1.0)
        if not self._reader.is_alive() and self._master >= 0:
            os.close(self._master)
            self._master = -1

    # -- inside

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # EIO: nobody holds the other end any more
                data = b""
            arrived = perf_counter()
            with self._changed:
                if data:
                    self._raw += data
                    self._arrivals.append((len(self._raw), arrived))
                self._ended = not data
                self._changed.notify_all()
            if not data:
                return

    def _arriving(self, timeout: float) -> Iterator[int]:
        """Yield the number of arrivals now and after every other, until the time or the command ends."""
        deadline = perf_counter() + timeout
        seen, ended = -1, False
        while not ended:
            with self._changed:
                while len(self._arrivals) == seen and not self._ended:
                    remaining = deadline - perf_counter()
                    if remaining <= 0:
                        return
                    self._changed.wait(remaining)
                seen, ended = len(self._arrivals), self._ended
            yield seen

    def _show_all(self) -> None:
        with self._changed:
            start = self._arrivals[self._shown - 1][0] if self._shown else 0
            data = bytes(self._raw[start:])
            self._shown = len(self._arrivals)
        self._emulator.feed(data)

    def _show_next(self) -> None:
        with self._changed:
            start = self._arrivals[self._shown - 1][0] if self._shown else 0
            data = bytes(self._raw[start : self._arrivals[self._shown][0]])
            self._shown += 1
        self._emulator.feed(data)

    def _complaint(self, what: str) -> str:
        if not self._reader.is_alive():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
        state = "" if self.running else f" (the command ended with {self._process.returncode})"
        edge = "-" * len(self.screen[0])
        return f"{what}{state}\n{edge}\n{self.text}\n{edge}"


def _take_terminal() -> None:
    """Make standard input the controlling terminal of the new session (in the child, before exec)."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _set_size(fd: int, columns: int, rows: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _holds(wanted: Wanted, terminal: Terminal) -> bool:
    return wanted in terminal.text if isinstance(wanted, str) else wanted(terminal)


def _words(wanted: Wanted) -> str:
    return repr(wanted) if isinstance(wanted, str) else "the condition"

"""The terminal itself: what Textual's Linux driver does, with four repairs; must not know the editor.

It draws on standard output, so that standard error can go to the log (a panic in native code prints a
backtrace there, and a peer could make that happen). It survives input that is not UTF-8, and takes pastes
and Alt keys out of the input whole (``input_parser``). And it reads on the event loop instead of in a
thread, which saves a key two handovers and half a millisecond.
"""

from __future__ import annotations

import asyncio
import codecs
import os
from typing import Final

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from collabterm.tui.input_parser import InputParser

_STANDARD_OUTPUT: Final = 1
_READ_BYTES: Final = 65_536


class TerminalDriver(LinuxDriver):
    """Reads keys from standard input and draws on standard output."""

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = os.fdopen(os.dup(_STANDARD_OUTPUT), "w", encoding="utf-8", errors="replace", newline="")
        self._input = InputParser()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._waiting: asyncio.TimerHandle | None = None

    def write(self, data: str) -> None:
        """Write to the terminal, unless it is gone and nobody takes what is written."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            super().write(data)

    def send_message(self, message: Message) -> None:
        """Hand a message to the app: we are on its loop already."""
        self._app.post_message(message)

    def run_input_thread(self) -> None:
        """Let the event loop read until told to stop; this thread only waits for that."""
        self._loop.call_soon_threadsafe(self._loop.add_reader, self.fileno, self._read)
        self.exit_event.wait()
        self._loop.call_soon_threadsafe(self._loop.remove_reader, self.fileno)

    def _read(self) -> None:
        try:
            data = os.read(self.fileno, _READ_BYTES)
        except OSError:  # EIO: the other end of the terminal is gone
            data = b""
        if not data:
            self._loop.remove_reader(self.fileno)
            self._app.exit()
            return
        for message in self._input.feed(self._decoder.decode(data)):
            self.process_message(message)
        self._wait()

    def _wait(self) -> None:
        """Wait for the rest of a sequence or paste that is not complete."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if self._input.patience_s is not None:
            self._waiting = self._loop.call_later(self._input.patience_s, self._give_up)

    def _give_up(self) -> None:
        for message in self._input.give_up():
            self.process_message(message)
        self._wait()

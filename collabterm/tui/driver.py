"""The terminal itself: what Textual's Linux driver does, with three repairs; must not know the editor.

It draws on standard output, so that standard error can go to the log (a panic in native code prints a
backtrace there, and a peer could make that happen); it survives input that is not UTF-8; and it takes
pastes out of the input whole (``paste_splitter``).
"""

from __future__ import annotations

import codecs
import os
import selectors
from collections.abc import Iterator
from typing import Final

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from collabterm.tui.paste_splitter import Keys, Pasted, PasteSplitter

_STANDARD_OUTPUT: Final = 1
_READ_BYTES: Final = 65_536
_POLL_S: Final = 0.05


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

    def write(self, data: str) -> None:
        """Write to the terminal, unless it is gone and nobody takes what is written."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            super().write(data)

    def run_input_thread(self) -> None:
        """Read keys, mouse events and pastes until told to stop or the terminal hangs up."""
        parser = XTermParser(self._debug)
        splitter = PasteSplitter()
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_POLL_S):
                    data = self._read()
                    if not data:
                        self._loop.call_soon_threadsafe(self._app.exit)
                        return
                    self._dispatch(parser, splitter.feed(decode(data)))
                else:
                    self._dispatch(parser, splitter.flush())
                for event in parser.tick():
                    self.process_message(event)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _READ_BYTES)
        except OSError:  # EIO: the other end of the terminal is gone
            return b""

    def _dispatch(self, parser: XTermParser, pieces: Iterator[Keys | Pasted]) -> None:
        for piece in pieces:
            match piece:
                case Keys(text):
                    for event in parser.feed(text):
                        self.process_message(event)
                case Pasted(text):
                    self.process_message(events.Paste(text))

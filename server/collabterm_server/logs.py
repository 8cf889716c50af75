"""How ``collabterm serve`` writes its log to standard error; a server hosted in an editor must not use it.

One record is one line, also when what it tells came from a stranger: characters that end a line, move a
cursor or turn the direction of text are escaped, and a traceback's lines are indented. What is never
said at all (payloads, tokens, keys, rooms) is the business of those who log.

Who came and went is told at INFO, two lines for each client. A hundred a second is more than anybody
reads and no work to write; when ten thousand clients come back after a restart, what is above that is
counted and left out. Warnings, errors and what an operator asked for at DEBUG are left out only when
nobody reads them.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from select import select
from typing import Final, Literal, TextIO

from collabterm_server.rates import TokenBucket

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

INFO_LINES_PER_S: Final = 100.0
INFO_LINES_AT_ONCE: Final = 5_000
"""With the rate above under the 10,000 lines in 30 s after which systemd's journal drops whatever comes."""

_OURS: Final = ("collabterm", "collabterm_server")
_PREFIX: Final = "collabterm_server."
_LOST: Final = "lines left out here: %d"


class TextFormatter(logging.Formatter):
    """``2026-01-01T12:00:00Z INFO  relay: somebody signed in``, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line, and its traceback's below it, indented."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        message = escape_unprintable(record.getMessage())
        lines = [f"{seconds} {record.levelname:<5} {_short_name(record)}: {message}"]
        lines += [f"    {escape_unprintable(line)}" for line in _trace(record).split("\n") if line]
        return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII, for programs; its time is that of RFC 3339, in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": _short_name(record),
            "message": record.getMessage(),
        }
        if trace := _trace(record):
            entry["exception"] = trace
        return json.dumps(entry)


class ThinningHandler(logging.StreamHandler[TextIO]):
    """Writes records to a stream, those of level INFO no faster than anybody can use.

    It never waits: what reads the stream (a pager, a container's log driver) may stop reading, and the
    server must not stop with it. Whatever was left out is counted, and told with the next record that
    is not, or at the end. The clock is that of the records.
    """

    def __init__(
        self, stream: TextIO, rate: float = INFO_LINES_PER_S, burst: int = INFO_LINES_AT_ONCE
    ) -> None:
        super().__init__(stream)
        self._bucket = TokenBucket(rate, burst)
        self._left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, unless too many came or it would have to wait."""
        if (record.levelno == logging.INFO and self._bucket.take(record.created)) or self._would_wait():
            self._left_out += 1
            return
        self._tell_left_out()
        super().emit(record)

    def close(self) -> None:
        """Tell what is still to be told."""
        if not self._would_wait():
            self._tell_left_out()
        super().close()

    def _tell_left_out(self) -> None:
        if self._left_out:
            count, self._left_out = self._left_out, 0
            super().emit(logging.LogRecord(__name__, logging.INFO, __file__, 0, _LOST, (count,), None))

    def _would_wait(self) -> bool:
        """Return whether writing would block; a pipe counts as ready while a line (PIPE_BUF) fits in."""
        try:
            return not select([], [self.stream], [], 0)[1]
        except (OSError, ValueError):  # not a file, or closed: writing fails, but at once
            return False


def set_up_logging(log_format: LogFormat = "text", level: LogLevel = "info") -> None:
    """Send the log of this process to standard error; of other libraries only what went wrong.

    Args:
        log_format: For people, or for programs.
        level: From which on our own records are told.
    """
    logging.raiseExceptions = False  # a record that cannot be written is no reason for a traceback
    handler = ThinningHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    ours = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(ours, logging.WARNING))
    for name in _OURS:
        logging.getLogger(name).setLevel(ours)


def escape_unprintable(text: str) -> str:
    r"""Return the text with every character that a terminal may act on instead of showing it as ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def _short_name(record: logging.LogRecord) -> str:
    return record.name.removeprefix(_PREFIX)


def _trace(record: logging.LogRecord) -> str:
    """Return the record's exception and stack, if it has them, as Python writes them."""
    if not record.exc_info and not record.stack_info:
        return ""
    formatter = logging.Formatter()
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)

"""A record is one line, whoever wrote what it tells; many records are fewer lines."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from datetime import UTC, datetime
from threading import Timer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm_server.logs import JsonFormatter, TextFormatter, ThinningHandler
from tests.server.signaling_peer import DEADLINE_S

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()
ATTACK = "Ann\n2026-01-01T12:00:00Z ERROR relay: \x1b[2Jforged\r\u2028\u202e\x85"
SPEAK = """
import logging, sys
from collabterm_server.logs import set_up_logging

set_up_logging({log_format!r}, {level!r})
for name in ("collabterm_server.relay", "somebody.else"):
    for say in ("debug", "info", "warning"):
        getattr(logging.getLogger(name), say)("%s", say)
"""

UNREAD = """
import logging, sys
from select import select
from collabterm_server.logs import set_up_logging

set_up_logging()
log = logging.getLogger("collabterm_server.relay")
for number in range(10_000):
    log.warning("%s", "x" * 100)
print("still running", flush=True)
sys.stdin.read()
select([], [sys.stderr], [])
log.warning("read again")
"""


def record(
    message: str = "said",
    *arguments: object,
    created: float = NOON + 0.0625,
    level: int = logging.INFO,
    error: BaseException | None = None,
    name: str = "collabterm_server.relay",
) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error is not None else None
    made = logging.LogRecord(name, level, __file__, 1, message, arguments, exc_info)
    made.created, made.msecs = created, created % 1 * 1000
    return made


def failure() -> BaseException:
    """Return an error that was raised, so that it has a traceback, and that says what a stranger wrote."""
    with pytest.raises(ValueError, match="forged") as caught:
        raise ValueError(ATTACK)
    return caught.value


def started(script: str) -> subprocess.Popen[str]:
    """Start a script in a process that can import what the tests can."""
    environ = {"PYTHONPATH": ":".join(path for path in sys.path if path), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", script]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environ, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def run(log_format: str = "text", level: str = "info") -> list[str]:
    """Return what a process that has set up its log writes to standard error."""
    with started(SPEAK.format(log_format=log_format, level=level)) as process:
        output, errors = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output) == (0, "")
    return errors.splitlines()


def test_a_line_tells_when_how_grave_who_and_what() -> None:
    line = TextFormatter().format(record("%s signed in", "p1 (Ann)"))
    assert line == "2026-01-01T12:00:00Z INFO  relay: p1 (Ann) signed in"


def test_names_of_other_libraries_are_told_in_full() -> None:
    made = record("slow", level=logging.WARNING, name="asyncio")
    assert TextFormatter().format(made) == "2026-01-01T12:00:00Z WARNING asyncio: slow"


def test_json_tells_the_same_to_a_millisecond() -> None:
    assert json.loads(JsonFormatter().format(record("%s signed in", "p1 (Ann)"))) == {
        "time": "2026-01-01T12:00:00.062Z",
        "level": "info",
        "logger": "relay",
        "message": "p1 (Ann) signed in",
    }


def test_a_name_cannot_forge_a_line_or_drive_a_terminal() -> None:
    line = TextFormatter().format(record("%s left", ATTACK))
    assert line.isprintable()
    assert r"Ann\n2026-01-01T12:00:00Z ERROR relay: \x1b[2Jforged\r\u2028\u202e\x85 left" in line


def test_a_name_in_any_script_is_told_as_it_is() -> None:
    assert TextFormatter().format(record("%s left", "Анна 安娜 🙂")).endswith(": Анна 安娜 🙂 left")


def test_a_traceback_stands_below_its_line_and_cannot_look_like_one() -> None:
    lines = TextFormatter().format(record("failed", level=logging.ERROR, error=failure())).split("\n")
    assert lines[0] == "2026-01-01T12:00:00Z ERROR relay: failed"
    assert any("ValueError" in line for line in lines)
    assert all(line.startswith("    ") and line.isprintable() for line in lines[1:])


def test_a_traceback_in_json_is_one_of_its_fields() -> None:
    line = JsonFormatter().format(record("failed", error=failure()))
    assert "ValueError" in json.loads(line)["exception"]
    assert line.isprintable()


@given(st.text())
def test_any_text_is_one_line_of_ascii_in_json_and_comes_back(text: str) -> None:
    line = JsonFormatter().format(record("%s", text))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == text


@given(st.text())
def test_any_text_is_one_printable_line(text: str) -> None:
    assert TextFormatter().format(record("%s", text)).isprintable()


def thinned(*records: logging.LogRecord, rate: float = 1, burst: int = 2) -> list[str]:
    stream = io.StringIO()
    handler = ThinningHandler(stream, rate, burst)
    for made in records:
        handler.handle(made)
    handler.close()
    return stream.getvalue().splitlines()


def test_what_nobody_could_read_is_counted_instead() -> None:
    lines = thinned(
        *(record(f"line {number}") for number in range(5)),
        record("a second later", created=NOON + 1.5),
    )
    assert lines == ["line 0", "line 1", "lines left out here: 3", "a second later"]


def test_what_was_left_out_is_told_at_the_end_at_the_latest() -> None:
    assert thinned(record("a"), record("b"), record("c"))[-1] == "lines left out here: 1"


@pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING, logging.ERROR])
def test_what_was_asked_for_and_what_went_wrong_is_told_however_much_it_is(level: int) -> None:
    assert len(thinned(*(record(f"line {number}", level=level) for number in range(100)))) == 100


def test_a_log_that_nobody_reads_holds_nothing_up_and_says_what_it_left_out() -> None:
    with started(UNREAD) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        watchdog = Timer(DEADLINE_S, process.kill)
        watchdog.start()
        assert process.stdout.readline() == "still running\n"
        watchdog.cancel()
        process.stdin.close()
        lines = process.stderr.read().splitlines()
        assert process.wait(DEADLINE_S) == 0
    told = [line for line in lines if " WARNING " in line]
    assert 100 < len(told) < 10_000
    assert lines[-2].endswith(f" INFO  logs: lines left out here: {10_001 - len(told)}")
    assert lines[-1].endswith(": read again")


def test_by_default_our_own_arrivals_are_told_and_of_others_only_trouble() -> None:
    assert [line.split(" ", 1)[1] for line in run()] == [
        "INFO  relay: info",
        "WARNING relay: warning",
        "WARNING somebody.else: warning",
    ]


def test_the_level_is_that_of_our_own_records() -> None:
    assert [line.split()[1] for line in run(level="debug")] == ["DEBUG", "INFO", "WARNING", "WARNING"]
    assert run(level="error") == []


def test_a_log_for_programs_is_an_object_a_line() -> None:
    told = [json.loads(line) for line in run("json")]
    assert [(entry["level"], entry["logger"]) for entry in told] == [
        ("info", "relay"),
        ("warning", "relay"),
        ("warning", "somebody.else"),
    ]
    for entry in told:
        assert datetime.fromisoformat(entry["time"]).tzinfo is UTC


def test_whoever_only_imports_the_server_gets_no_handlers() -> None:
    script = (
        "import logging, collabterm_server.relay, collabterm_server.logs; print(logging.getLogger().handlers)"
    )
    with started(script) as process:
        assert process.communicate(timeout=DEADLINE_S) == ("[]\n", "")

"""What the terminal of the end-to-end tests promises, shown with small programs that are not ours."""

from __future__ import annotations

import os
import signal
import statistics
import sys
import time
from collections.abc import Mapping

import pytest

from tests.emulator import Emulator, modes_left_behind
from tests.keys import key_bytes
from tests.terminal import Terminal

ENV: Mapping[str, str] = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}

RAW_ECHO = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"ready")
while (data := os.read(0, 65536)) != b"\\x11":
    os.write(1, data)
"""
SHOW_CODES = RAW_ECHO.replace("os.write(1, data)", "os.write(1, repr(data).encode())")


def python(program: str, columns: int = 100, rows: int = 30) -> Terminal:
    return Terminal([sys.executable, "-S", "-c", program], env=ENV, columns=columns, rows=rows)


def test_what_is_typed_and_echoed_is_on_the_screen() -> None:
    with python(RAW_ECHO) as terminal:
        terminal.wait_for("ready")
        terminal.type("\r\nžluťoučký 日本 kůň")
        terminal.wait_for("žluťoučký 日本 kůň")
        assert terminal.find("日本") == (1, 10)
        assert terminal.cursor == (1, 18)


def test_the_command_has_a_controlling_terminal_of_the_given_size() -> None:
    program = (
        "import os; os.open('/dev/tty', os.O_RDWR);"
        "print(os.get_terminal_size(), 'leader', os.getsid(0) == os.getpid())"
    )
    with python(program, columns=77, rows=11) as terminal:
        assert terminal.wait_exit() == 0
        assert "columns=77, lines=11" in terminal.text
        assert "leader True" in terminal.text


def test_a_new_size_reaches_the_command_as_a_signal() -> None:
    program = (
        "import os, signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH]);"
        "print('ready', flush=True); signal.sigwait([signal.SIGWINCH]); print(os.get_terminal_size())"
    )
    with python(program) as terminal:
        terminal.wait_for("ready")
        terminal.resize(60, 20)
        terminal.wait_for("columns=60, lines=20")
        assert len(terminal.screen) == 20


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("ctrl+s", b"\x13"),
        ("up", b"\x1b[A"),
        ("shift+left", b"\x1b[1;2D"),
        ("ctrl+right", b"\x1b[1;5C"),
        ("ctrl+shift+end", b"\x1b[1;6F"),
        ("ctrl+home", b"\x1b[1;5H"),
        ("pagedown", b"\x1b[6~"),
        ("delete", b"\x1b[3~"),
        ("alt+x", b"\x1bx"),
    ],
)
def test_keys_are_sent_as_xterm_sends_them(name: str, sent: bytes) -> None:
    assert key_bytes(name) == sent


def test_pastes_and_the_mouse_are_sent_as_xterm_sends_them() -> None:
    with python(SHOW_CODES) as terminal:
        terminal.wait_for("ready")
        terminal.paste("a\nb")
        terminal.wait_for(r"\x1b[200~a\rb\x1b[201~")
        terminal.drag((2, 3), (4, 5))
        terminal.wait_for(r"\x1b[<0;4;3M\x1b[<32;6;5M\x1b[<0;6;5m")
        terminal.wheel(0, 0, -2)
        terminal.wait_for(r"\x1b[<64;1;1M\x1b[<64;1;1M")


def test_sequences_that_pyte_does_not_know_leave_nothing_on_the_screen() -> None:
    emulator = Emulator(20, 2)
    unknown = (
        b"\x1b[>1u\x1b[?2026$p\x1b[<u\x1b[=5;1u\x1b[?u\x1b[>4;1m\x1b[4:3m\x1bP+q544e\x1b\\\x1b_Gi=1;\x1b\\"
    )
    for byte in b"ab" + unknown + b"cd":
        emulator.feed(bytes((byte,)))
    assert emulator.rows == ["abcd".ljust(20), " " * 20]


def test_text_after_a_joined_emoji_is_shown() -> None:
    emulator = Emulator(20, 1)
    emulator.feed("👩\u200d👧 and e\u0301 more".encode())
    assert emulator.rows[0].rstrip() == "👩👧 and é more"


def test_leaving_the_alternate_screen_gives_the_first_one_back() -> None:
    emulator = Emulator(10, 2)
    emulator.feed(b"$ edit\x1b[?1049h\x1b[Htext")
    assert emulator.rows == ["text".ljust(10), " " * 10]
    emulator.feed(b"\x1b[?1049l!")
    assert emulator.rows == ["$ edit!".ljust(10), " " * 10]


def test_colours_and_reverse_are_known_for_each_cell() -> None:
    emulator = Emulator(10, 1)
    emulator.feed(b"\x1b[38;2;1;2;255;7mX")
    assert (emulator.cell(0, 0).foreground, emulator.cell(0, 0).reverse) == ("0102ff", True)


def test_a_terminal_that_was_not_restored_is_told_from_one_that_was() -> None:
    program = "import sys, tty; tty.setraw(0); print('\\x1b[?1049h\\x1b[?25l\\x1b[?1000;1006h', flush=True)"
    with python(program) as terminal:
        terminal.wait_exit()
        assert terminal.leftovers() == [
            "the alternate screen left on",
            "mouse clicks left on",
            "SGR mouse reports left on",
            "the cursor left off",
            "the line discipline is not as it was",
        ]
    with python("print('hello')") as terminal:
        terminal.wait_exit()
        assert terminal.leftovers() == []


def test_the_kitty_keyboard_protocol_must_be_popped_as_often_as_pushed() -> None:
    assert modes_left_behind(b"\x1b[>1u") == ["the kitty keyboard protocol left on"]
    assert modes_left_behind(b"\x1b[>1u\x1b[<u") == []


def test_waiting_in_vain_shows_the_screen_and_how_the_command_ended() -> None:
    with python("print('the last words'); raise SystemExit(3)") as terminal:
        with pytest.raises(AssertionError, match=r"(?s)'hello' did not come.*ended with 3.*the last words"):
            terminal.wait_for("hello", timeout=60)
        assert terminal.wait_exit() == 3


def test_a_signal_and_a_kill_end_the_command() -> None:
    with python(RAW_ECHO) as terminal:
        terminal.wait_for("ready")
        terminal.send_signal(signal.SIGTERM)
        assert terminal.wait_exit() == -signal.SIGTERM
    with python(RAW_ECHO) as terminal:
        terminal.kill()
        assert terminal.wait_exit() == -signal.SIGKILL


def test_a_paste_larger_than_the_terminals_buffer_arrives_whole() -> None:
    with python(RAW_ECHO) as terminal:
        terminal.wait_for("ready")
        text = "".join(f"{number:06d};" for number in range(20_000))
        since = terminal.received
        terminal.type(text)
        terminal.type("end")
        terminal.first_seen("end", since)
        assert terminal.raw[since:].decode() == text + "end"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_time_that_a_command_computes_is_measured() -> None:
    with python("import time\nwhile time.process_time() < 0.1: pass\nprint('ready')\ninput()") as terminal:
        terminal.wait_for("ready")
        assert 0.08 <= terminal.cpu_seconds() < 1.0


def test_the_time_of_a_byte_is_when_it_came_not_when_it_was_looked_for() -> None:
    with python(RAW_ECHO) as terminal:
        terminal.wait_for("ready")
        since = terminal.received
        sent = terminal.type("ab")
        terminal.first_seen("b", since)
        first = time.perf_counter()
        terminal.type("cd")
        seen = terminal.first_seen("d", since)
        assert sent < terminal.first_seen("b", since) < first < seen
        assert first < terminal.first_shown(lambda screen: "abcd" in screen.text) == seen


def test_the_harness_adds_under_two_milliseconds_to_a_keystroke() -> None:
    with python(RAW_ECHO) as terminal:
        terminal.wait_for("ready")
        delays = []
        for code in range(0x100, 0x1C0):
            since = terminal.received
            sent = terminal.type(chr(code))
            delays.append(terminal.first_seen(chr(code), since) - sent)
        assert statistics.median(delays) < 0.002

"""The terminal is given back as it was, and text from others never gets hold of it."""

from __future__ import annotations

import signal
import sys
from unicodedata import category

import pytest

from tests.e2e.people import Party, together
from tests.product import COLLABTERM, environment, join_command
from tests.terminal import Terminal

INTERNAL_ERROR_EXIT_CODE = 70

HOSTILE = (
    "title \x1b]0;pwned\x07 colour \x1b[41;97m cursor \x1b[6;66H reset \x1bc\n"
    "C1 \x9b41m \x9d0;pwned\x9c NEL \x85\n"
    "bidi \u202e reversed \u202c \u2066 isolated \u2069 mark \u200f\n"
    "rubout \x7f backspace \x08 bell \x07 the tail\n"
)
NEVER_RAW = [
    *(b"\x1b]0;pwned", b"\x1b[41;97m", b"\x1b[6;66H", b"\x1bc", b"bell \x07", b"rubout \x7f"),
    *(char.encode() for char in "\x9b\x9d\x9c\x85\u202e\u202c\u2066\u2069\u200f"),
]


def test_control_characters_in_a_file_reach_no_terminal_raw_and_stay_in_the_file(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=HOSTILE)
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    for person in (ada, bob):
        person.wait_for("the tail")
        assert [sequence for sequence in NEVER_RAW if sequence in person.raw] == []
    bob.saves(HOSTILE)


def test_control_characters_in_a_paste_are_left_out_and_others_reach_no_terminal_raw(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="")
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    ada.paste(HOSTILE)
    for person in (ada, bob):
        person.wait_for("the tail")
        assert [sequence for sequence in NEVER_RAW if sequence in person.raw] == []
        person.saves("".join(char for char in HOSTILE if char == "\n" or category(char) != "Cc"))


@pytest.mark.parametrize("end", ["ctrl+q", "SIGTERM", "SIGHUP"])
def test_the_terminal_is_as_it_was_when_the_editor_has_ended(party: Party, end: str) -> None:
    ada = party.join("Ada", "ada.txt", content="hello\n")
    bob = party.join("Bob")
    together(ada, bob)
    if end == "ctrl+q":
        bob.press("ctrl+q")
        assert bob.wait_exit() == 0
    else:
        bob.send_signal(signal.Signals[end])
        bob.wait_exit()
    assert bob.leftovers() == []
    assert "hello" not in bob.text
    assert "Traceback" not in bob.text
    ada.sees_alone("Bob")


BROKEN_EDITOR = """
import sys
from collabterm.cli import main
from collabterm.tui.viewport import Viewport

def scrolled(*args, **kwargs):
    raise RuntimeError("broken on purpose, at PageDown")

Viewport.scrolled = scrolled
sys.argv[0] = "collabterm"
main()
"""


def test_an_internal_error_restores_the_terminal_names_the_log_and_keeps_the_text(party: Party) -> None:
    argv = [
        sys.executable,
        "-c",
        BROKEN_EDITOR,
        *join_command("demo", server=party.server)[len(COLLABTERM) :],
    ]
    with Terminal(argv, env=environment(party.home)) as broken:
        broken.wait_for("demo")
        broken.type("precious")
        broken.wait_for("precious")
        broken.press("pagedown")
        assert broken.wait_exit() == INTERNAL_ERROR_EXIT_CODE
        assert broken.leftovers() == []
        assert "collabterm made a mistake" in broken.text
        assert "Traceback" not in broken.text
        log = party.home / "state" / "collabterm" / "log" / "collabterm.log"
        assert "broken on purpose" in log.read_text()
        kept = list((party.home / "state" / "collabterm").rglob("demo*.txt"))
        assert [path.read_text() for path in kept] == ["precious"]


def test_ctrl_c_and_ctrl_backslash_and_ctrl_z_do_not_end_or_stop_the_editor(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="hello\n")
    ada.wait_for("hello")
    ada.type(b"\x1c\x1a\x03")
    ada.type("still here ")
    ada.wait_for("still here")
    assert ada.running

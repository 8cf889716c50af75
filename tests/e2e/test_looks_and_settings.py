"""How the text looks in a real terminal, and what the config file and the command line say about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.e2e import words
from tests.e2e.people import Party, together
from tests.e2e.test_bad_input import run
from tests.product import join_command
from tests.terminal import Terminal

CODE = 'def greet(name):\n    return "hello"  # a note\n'
LONG = f"start {'word ' * 40}the-tail\nsecond\n"
SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
COLOR_CODES = {*range(30, 39), *range(40, 49), *range(90, 108)}
"""ECMA-48's and xterm's, without 39 and 49, which say that the colour is the terminal's own."""


def with_options(*options: str) -> Callable[[Sequence[str]], list[str]]:
    """Add options to the command."""
    return lambda argv: [*argv, *options]


def write_config(home: Path, text: str) -> None:
    path = home / "config" / "collabterm" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def ink(terminal: Terminal, text: str) -> str:
    """Return the colour of a text's first character."""
    return terminal.cell(*terminal.place_of(text)).foreground


def ground(terminal: Terminal, text: str) -> str:
    """Return the colour behind a text's first character."""
    return terminal.cell(*terminal.place_of(text)).background


def brightness(color: str) -> int:
    return sum(bytes.fromhex(color))


def colors_in(raw: bytes) -> set[int]:
    """Find the codes of colours among all that was written."""
    return {
        int(code) for codes in SGR.findall(raw) for code in re.split(b"[;:]", codes) if code
    } & COLOR_CODES


def test_keywords_strings_and_comments_have_colours_of_their_own(party: Party) -> None:
    ada = party.join("Ada", "ada.py", content=CODE)
    ada.wait_for("# a note")
    ada.wait_for(lambda terminal: ink(terminal, "return") != ink(terminal, "(name"))
    inks = [ink(ada, text) for text in ("return", '"hello"', "# a note")]
    assert len(set(inks)) == 3
    ada.press("ctrl+end")
    ada.type('x = "new"')
    ada.wait_for(lambda terminal: terminal.find('"new') is not None and ink(terminal, '"new') == inks[1])


def test_the_language_of_the_command_line_wins_over_the_files_name(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=CODE, within=with_options("--language", "python"))
    ada.wait_for("# a note")
    ada.wait_for(lambda terminal: ink(terminal, "return") != ink(terminal, "(name"))
    ada.press("ctrl+slash")
    ada.saves("# " + CODE)


def test_a_language_that_is_not_known_is_refused(home: Path) -> None:
    code, said = run(home, [*join_command("demo"), "--language", "klingon"])
    assert code == 2
    assert "klingon" in said
    assert "Traceback" not in said


def test_long_lines_are_wrapped_on_demand_and_the_text_is_the_same(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=LONG)
    ada.wait_for("second")
    assert "the-tail" not in ada.text
    unwrapped = ada.place_of("second")
    ada.press("alt+z")
    ada.wait_for("the-tail")
    assert ada.place_of("second") > unwrapped
    ada.press("end", "X")
    ada.wait_for("the-tailX")
    ada.saves(LONG.replace("the-tail", "the-tailX"))


def test_line_numbers_are_beside_the_lines_and_no_part_of_them(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="\n".join("abc" for _ in range(12)))
    row, column = ada.place_of("11 abc")
    assert ada.place_of("1 abc") == (row - 10, column + 1)
    ada.click(row, column)
    ada.wait_for(words.POSITION.format(row=11, column=1))
    ada.type("X")
    ada.wait_for("11 Xabc")


@pytest.mark.parametrize(
    ("theme", "is_so"),
    [
        ("dark", lambda color: brightness(color) < 3 * 80),
        ("light", lambda color: brightness(color) > 3 * 200),
        ("terminal", lambda color: color == "default"),
        ("monochrome", lambda color: color == "default"),
    ],
    ids=["dark", "light", "terminal", "monochrome"],
)
def test_a_theme_is_what_it_says(party: Party, theme: str, is_so: Callable[[str], bool]) -> None:
    ada = party.join("Ada", "ada.py", content=CODE, within=with_options("--theme", theme))
    assert is_so(ground(ada, "return"))
    ada.type("X")
    ada.wait_for("Xdef")


def test_with_no_color_no_colour_is_written_and_the_cursor_is_seen(party: Party) -> None:
    ada = party.join("Ada", "ada.py", content=CODE, NO_COLOR="1")
    bob = party.join("Bob", "bob.py")
    together(ada, bob)
    ada.press("shift+right", "alt+shift+down", "ctrl+f")
    ada.type("hello")
    ada.wait_for(words.MATCHES.format(number=1, count=1))
    ada.press("escape", "ctrl+end")
    bob.type("bob")
    ada.wait_for("bobdef")
    ada.wait_for(lambda terminal: terminal.cell(*cursor_cell(terminal)).reverse)
    assert colors_in(ada.raw) == set()
    assert colors_in(bob.raw) != set()


def cursor_cell(terminal: Terminal) -> tuple[int, int]:
    """Find the cell behind the last row's number."""
    row, column = terminal.place_of(" 3")
    return row, column + 3


def test_the_config_file_says_how_it_looks_and_which_key_does_what(party: Party, home: Path) -> None:
    write_config(
        home,
        'line_numbers = false\nhints = false\ntheme = "light"\n[keys]\nf5 = "duplicate"\n"ctrl+d" = "none"\n',
    )
    ada = party.join("Ada", "ada.txt", content="once\n")
    assert ada.place_of("once") == (1, 0)
    assert brightness(ground(ada, "once")) > 3 * 200
    ada.press("ctrl+d", "f5")
    ada.saves("once\nonce\n")
    assert words.HINT not in ada.text


@pytest.mark.parametrize(
    ("config", "complaints"),
    [
        ('[keys]\n"ctrl+y" = "sav"\n', ["'sav' is not a command", "did you mean 'save'"]),
        ('[keys]\n"ctrl+nokey" = "save"\n', ["'ctrl+nokey' is not a key"]),
        ('[keys]\na = "save"\n', ["'a' types a character"]),
        ("wrapp = true\n", ["wrapp", "did you mean wrap"]),
        ("tab_size = 99\n", ["tab_size", "from 1 to 16"]),
        ('theme = "pink"\n', ["theme", "dark, light"]),
    ],
    ids=["command", "key", "character", "name", "number", "theme"],
)
def test_a_wrong_config_file_is_named_with_what_is_wrong(
    home: Path, config: str, complaints: Sequence[str]
) -> None:
    write_config(home, config)
    code, said = run(home, join_command("demo"))
    assert code == 2
    assert "config.toml" in said
    for complaint in complaints:
        assert complaint in said
    assert "Traceback" not in said


def test_an_alt_click_adds_a_cursor(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="one two\nthree four\n")
    ada.click(*ada.place_of("two"))
    ada.wait_for(words.POSITION.format(row=1, column=5))
    ada.click(*ada.place_of("four"), alt=True)
    ada.wait_for(words.POSITION.format(row=2, column=7))
    ada.type("X")
    ada.saves("one Xtwo\nthree Xfour\n")


def test_a_double_click_selects_the_word_and_a_triple_click_the_line(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="one two\nthree four\n")
    ada.click(*ada.place_of("two"), times=2)
    ada.type("X")
    ada.saves("one X\nthree four\n")
    ada.click(*ada.place_of("three"), times=3)
    ada.type("Y")
    ada.wait_for("Y")
    ada.press("ctrl+s")
    ada.wait_for(lambda _: "Y" in ada.file.read_text())
    assert "three" not in ada.file.read_text()
    assert "four" not in ada.file.read_text()

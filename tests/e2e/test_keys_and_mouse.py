"""What each key and the mouse do to the text, seen in the file that Ctrl-S saves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.e2e import words
from tests.e2e.people import Party
from tests.keys import LEFT_BUTTON, mouse_bytes
from tests.product import eventually

THREE = "one two three\nfour five six\nseven eight nine\n"


def test_keys_that_arrive_in_one_read_take_effect_in_their_order(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="go\n")
    ada.wait_for("go")
    ada.press("ctrl+home", "end")
    ada.type(b"K\x7fU" * 8)
    ada.saves("goUUUUUUUU\n")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["ctrl+end", "X"], THREE + "X"),
        (["ctrl+end", "ctrl+home", "X"], "X" + THREE),
        (["end", "X"], THREE.replace("three", "threeX")),
        (["end", "home", "X"], "X" + THREE),
        (["down", "X"], THREE.replace("four", "Xfour")),
        (["down", "up", "X"], "X" + THREE),
        (["right", "right", "left", "X"], THREE.replace("one", "oXne")),
        (["end", "right", "X"], THREE.replace("four", "Xfour")),
        (["down", "left", "X"], THREE.replace("three", "threeX")),
        (["delete"], THREE[1:]),
        (["end", "delete"], THREE.replace("three\n", "three")),
        (["down", "backspace"], THREE.replace("three\n", "three")),
        (["right", "enter"], THREE.replace("one", "o\nne")),
        (["end", "ctrl+left", "X"], THREE.replace("three", "Xthree")),
        (["ctrl+right", "X"], THREE.replace("one", "oneX")),
        (["shift+right", "shift+right", "X"], "X" + THREE[2:]),
        (["shift+end", "X"], THREE.replace("one two three", "X")),
        (["shift+down", "backspace"], THREE.removeprefix("one two three\n")),
        (["end", "ctrl+shift+left", "X"], THREE.replace("three", "X")),
        (["ctrl+shift+end", "delete"], ""),
        (["pagedown", "pageup", "X"], "X" + THREE),
        (["a", "b", "c", "ctrl+z", "X"], "X" + THREE),
        (["a", "b", "c", "ctrl+z", "ctrl+y", "X"], "abcX" + THREE),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_a_key_does_what_it_does_in_other_editors(party: Party, keys: Sequence[str], expected: str) -> None:
    ada = party.join("Ada", "ada.txt", content=THREE)
    ada.wait_for("seven eight nine")
    ada.press(*keys)
    ada.saves(expected)


def test_tab_indents_with_a_tab_or_with_spaces(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="indented\n")
    ada.wait_for("indented")
    ada.press("tab", "ctrl+s")
    eventually(lambda: ada.file.read_text() != "indented\n", "the file is saved")
    assert ada.file.read_text().strip(" \t") == "indented\n"


def test_a_page_down_and_up_move_by_about_a_screen(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="".join(f"line {number:03d}.\n" for number in range(200)))
    ada.wait_for("line 000.")
    ada.press("pagedown", "pagedown")
    ada.wait_for(lambda terminal: "line 010." not in terminal.text and "line 056." in terminal.text)
    ada.press("pageup", "pageup")
    ada.wait_for("line 000.")


def test_a_click_puts_the_cursor_there(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=THREE)
    place = ada.place_of("five")
    ada.click(*place)
    ada.wait_for(words.POSITION.format(row=2, column=6))
    ada.type("X")
    ada.saves(THREE.replace("five", "Xfive"))


def test_a_key_that_arrives_together_with_a_click_is_typed_where_the_click_was(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=THREE)
    place = ada.place_of("five")
    ada.type(mouse_bytes(LEFT_BUTTON, *place) + mouse_bytes(LEFT_BUTTON, *place, released=True) + b"X")
    ada.saves(THREE.replace("five", "Xfive"))


def test_a_drag_selects_from_where_it_starts_to_where_it_ends(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=THREE)
    start, end = ada.place_of("two"), ada.place_of("eight")
    plain = ada.cell(*start).background
    ada.drag(start, end)
    ada.wait_for(lambda terminal: terminal.cell(*start).background != plain)
    ada.type("X")
    ada.saves("one Xeight nine\n")


def test_the_wheel_scrolls_and_leaves_the_cursor_where_it_is(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="".join(f"line {number:03d}.\n" for number in range(200)))
    place = ada.place_of("line 005.")
    ada.wheel(*place, 5)
    ada.wait_for(lambda terminal: "line 000." not in terminal.text)
    ada.type("X")
    ada.wait_for("Xline 000.")
    ada.saves("X" + "".join(f"line {number:03d}.\n" for number in range(200)))


def test_a_size_that_goes_there_and_back_at_once_leaves_a_whole_screen(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=THREE)
    ada.wait_for("seven eight nine")
    ada.resize(30, 10)
    ada.resize(100, 30)
    ada.wait_for(words.POSITION.format(row=1, column=1))
    ada.wait_for("seven eight nine")


def test_a_new_size_of_the_terminal_shows_more_and_then_less(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="".join(f"line {number:03d}.\n" for number in range(200)))
    ada.wait_for("line 000.")
    ada.resize(120, 50)
    ada.wait_for("line 040.")
    ada.resize(60, 20)
    ada.wait_for(lambda terminal: "line 000." in terminal.text and "line 030." not in terminal.text)
    ada.type("X")
    ada.wait_for("Xline 000.")

"""The messages the app gets for what a terminal sends, however it was cut into reads."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from collabterm.tui.input_parser import ESCAPE_S, LOST_END_S, InputParser
from tests.keys import key_bytes, kitty_bytes, mouse_bytes, paste_bytes

PRESSED = [
    "a", "B", "ü", "enter", "tab", "shift+tab", "backspace", "ctrl+a", "ctrl+slash", "ctrl+space", "up",
    "shift+up",
    "alt+n", "alt+up", "alt+shift+up", "alt+backspace", "alt+enter", "alt+ctrl+a", "f1", "f3", "shift+f3",
    "alt+ctrl+shift+f3", "pagedown", "ctrl+home", "alt+delete",
]  # fmt: skip


def names_of(messages: Iterable[Message]) -> list[str]:
    return [
        message.key if isinstance(message, events.Key) else type(message).__name__ for message in messages
    ]


def pressed(*reads: str) -> list[str]:
    """Return the names of the keys and messages that the reads give, with nothing behind them."""
    parser = InputParser()
    return names_of([one for read in reads for one in parser.feed(read)] + list(parser.give_up()))


@given(st.lists(st.sampled_from(PRESSED), max_size=8), st.integers(0, 40))
def test_keys_arrive_in_order_under_their_names_wherever_they_are_cut(keys: list[str], cut: int) -> None:
    sent = b"".join(map(key_bytes, keys)).decode()
    assert pressed(sent[:cut], sent[cut:]) == keys
    assert pressed(*sent) == keys


@given(st.lists(st.sampled_from([key for key in PRESSED if len(key) > 1]), max_size=8), st.integers(0, 40))
def test_keys_of_the_kitty_protocol_arrive_under_the_same_names(keys: list[str], cut: int) -> None:
    sent = b"".join(map(kitty_bytes, keys)).decode()
    assert pressed(sent[:cut], sent[cut:]) == keys


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        ("\x1bN", ["alt+shift+n"]),
        ("\x1b.", ["alt+full_stop"]),
        ("\x1b1", ["alt+1"]),
        ("\x1b ", ["alt+space"]),
        ("\x1b\x1b[A", ["alt+up"]),
        ("\x1b\x1bOa", ["alt+ctrl+up"]),
        ("\x1b[", ["alt+left_square_bracket"]),
        ("\x1bO", ["alt+shift+o"]),
        ("\x1b\t", ["shift+tab"]),
        ("\x1b[7$", ["shift+home"]),
        ("\x1b[[C", ["f3"]),
        ("\x1b[M !!", []),
        ("\x1b\x1b", ["escape", "escape"]),
    ],
)
def test_what_only_some_terminals_send_is_a_key_too(sent: str, names: list[str]) -> None:
    assert pressed(sent) == pressed(*sent) == names


def test_a_key_with_alt_types_nothing() -> None:
    assert [one.character for one in InputParser().feed("\x1bn\x1b\r") if isinstance(one, events.Key)] == [
        None,
        None,
    ]


def test_escape_and_a_letter_after_a_pause_are_two_keys() -> None:
    parser = InputParser()
    assert names_of(parser.feed("\x1b")) == []
    assert parser.patience_s == ESCAPE_S
    assert names_of(parser.give_up()) == ["escape"]
    assert names_of(parser.feed("n")) == ["n"]
    assert parser.patience_s is None


def test_more_patience_is_had_with_half_a_sequence_and_most_with_half_a_paste() -> None:
    half_key, half_paste = InputParser(), InputParser()
    assert names_of([*half_key.feed("\x1b[1;"), *half_paste.feed("\x1b[200~a")]) == []
    assert half_key.patience_s is not None
    assert ESCAPE_S < half_key.patience_s < LOST_END_S == half_paste.patience_s
    [paste] = half_paste.give_up()
    assert isinstance(paste, events.Paste)
    assert paste.text == "a"
    assert half_paste.patience_s is None


@pytest.mark.parametrize("unknown", ["\x1b[99;9z", "\x1b[?62;22c", f"\x1b[{'1;' * 60}z"])
def test_a_sequence_that_nobody_knows_is_not_typed(unknown: str) -> None:
    assert pressed(f"a{unknown}b\x1bn") == ["a", "b", "alt+n"]


@pytest.mark.parametrize(
    "impossible",
    [
        "\x1b[1114112u",
        "\x1b[113;5:1u",
        "\x1b[99999999999u",
        "\x1b[0;;1114112u",
        "\x1b[48;0;0;0;0t\x1b[<0;1;1M",
    ],
)
def test_a_sequence_with_impossible_numbers_is_dropped_and_no_other(impossible: str) -> None:
    sent = f"a{impossible}b{impossible}{impossible}\x1b[Ac"
    assert [name for name in pressed(sent) if name != "Resize"] == ["a", "b", "up", "c"]
    assert pressed(sent) == pressed(*sent)


def test_the_mouse_still_reports_pixels_behind_an_impossible_sequence() -> None:
    sent = "\x1b[48;10;20;100;400t\x1b[1114112u\x1b[<0;201;51M"
    press = list(InputParser().feed(sent))[-1]
    assert isinstance(press, events.MouseDown)
    assert (press.x, press.y) == (10, 5)


def test_a_long_text_from_an_input_method_is_typed_whole() -> None:
    text = "協作編輯器終端機"
    sent = f"\x1b[0;;{':'.join(str(ord(one)) for one in text)}u"
    keys = [one for one in InputParser().feed(sent) if isinstance(one, events.Key)]
    assert "".join(one.character or "" for one in keys) == text


def test_pastes_and_the_mouse_stand_between_the_keys_where_they_were() -> None:
    sent = b"a" + paste_bytes("b\n") + b"\x1bn" + mouse_bytes(0, 1, 2) + b"c"
    assert pressed(sent.decode()) == ["a", "Paste", "alt+n", "MouseDown", "c"]

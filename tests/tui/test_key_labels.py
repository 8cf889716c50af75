"""Keys are called on screen what people call them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.keys import Keys

from collabterm.document.display import display_line
from collabterm.tui.key_labels import key_label, keys_label


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("ctrl+s", "Ctrl-S"),
        ("alt+up", "Alt-↑"),
        ("alt+shift+down", "Alt-Shift-↓"),
        ("shift+ctrl+z", "Ctrl-Shift-Z"),
        ("ctrl+pageup", "Ctrl-PgUp"),
        ("f1", "F1"),
        ("shift+f3", "Shift-F3"),
        ("q", "q"),
        ("escape", "Esc"),
        ("shift+tab", "Shift-Tab"),
        ("ctrl+delete", "Ctrl-Del"),
        ("ctrl+underscore", "Ctrl-/"),
        ("ctrl+slash", "Ctrl-/"),
        ("underscore", "_"),
        ("alt+underscore", "Alt-_"),
        ("ctrl+@", "Ctrl-Space"),
        ("ctrl+right_square_bracket", "Ctrl-]"),
        ("ctrl+backslash", "Ctrl-\\"),
        ("ctrl+circumflex_accent", "Ctrl-^"),
        ("question_mark", "?"),
        ("alt+minus", "Alt--"),
        ("full_stop", "."),
        ("latin_small_letter_u_with_diaeresis", "ü"),
        ("media_play", "Media play"),
    ],
)
def test_a_key_is_written_as_people_write_it(key: str, label: str) -> None:
    assert key_label(key) == label


@pytest.mark.parametrize("key", [key.value for key in Keys if not key.value.startswith("<")])
def test_every_key_of_textual_has_a_label_that_prints(key: str) -> None:
    label = key_label(key)
    assert label
    assert label.isprintable()
    assert "_" not in label or key.endswith("underscore")


def test_keys_that_look_alike_are_written_once() -> None:
    assert keys_label(("ctrl+underscore", "ctrl+slash"), 80) == "Ctrl-/"


def test_no_keys_have_no_label() -> None:
    assert keys_label((), 80) == ""


@given(
    st.lists(st.sampled_from(["ctrl+w", "alt+up", "ctrl+backspace", "f1"]), min_size=1), st.integers(0, 40)
)
def test_as_many_keys_are_written_as_there_is_room_for(keys: list[str], max_cells: int) -> None:
    labels = list(dict.fromkeys(map(key_label, keys)))
    fitting = [
        "  ".join(labels[:count])
        for count in range(1, len(labels) + 1)
        if count == 1 or display_line("  ".join(labels[:count])).width <= max_cells
    ]
    assert keys_label(keys, max_cells) == fitting[-1]

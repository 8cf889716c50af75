"""Questions are values; a key gives the next one or ends it, and nothing happens but what it leads to."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from collabterm.tui.line_input import MAX_INPUT_CHARS, LineInput
from collabterm.tui.prompts import (
    Choice,
    Piece,
    Prompt,
    Row,
    StyleName,
    TextInput,
    input_pieces,
    row_of,
    shortened,
)
from collabterm.tui.theme import Theme

any_text = st.text(st.sampled_from("ab \t\n中é́🙂\x1b\u202e"), max_size=30)


class Answers:
    """Notes which answers were taken."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.overwrite = Choice("Overwrite? y yes, Esc no", {"y": self._take_yes})
        self.path = TextInput("Save as:", self.taken.append)

    def _take_yes(self) -> None:
        self.taken.append("yes")


@pytest.fixture
def answers() -> Answers:
    return Answers()


def press(prompt: Prompt, key: str, character: str | None) -> Prompt | None:
    """Press a key and do at once what it leads to; return the prompt after it."""
    following, action = prompt.press(key, character)
    if action is not None:
        action()
    return following


def typed(prompt: Prompt, text: str) -> Prompt | None:
    """Press the key of each character, as long as the question is open."""
    left: Prompt | None = prompt
    for character in text:
        assert left is not None, "the question was over before the end of the answer"
        left = press(left, character, character)
    return left


def shown(row: Row) -> str:
    return "".join(piece.text for piece in row.pieces).rstrip()


@pytest.mark.parametrize("key", ["y", "Y"])
def test_a_choice_acts_once_and_is_over(answers: Answers, key: str) -> None:
    assert press(answers.overwrite, key, key) is None
    assert answers.taken == ["yes"]


def test_a_key_does_nothing_before_its_action_is_taken(answers: Answers) -> None:
    following, action = answers.overwrite.press("y", "y")
    assert following is None
    assert action is not None
    assert answers.taken == []
    action()
    assert answers.taken == ["yes"]


@pytest.mark.parametrize("key", ["n", "enter", "space", "up", "ctrl+s", "ctrl+y"])
def test_any_other_key_leaves_the_question_open(answers: Answers, key: str) -> None:
    assert press(answers.overwrite, key, None) == answers.overwrite
    assert answers.taken == []


def test_pastes_and_the_wheel_leave_a_choice_open(answers: Answers) -> None:
    assert answers.overwrite.paste("y") == (answers.overwrite, None)
    assert answers.overwrite.scrolled(3) == answers.overwrite


def test_escape_ends_any_question_without_an_answer(answers: Answers) -> None:
    assert press(answers.overwrite, "escape", None) is None
    assert press(answers.path, "escape", None) is None
    assert answers.taken == []


def test_a_text_is_typed_corrected_and_handed_over(answers: Answers) -> None:
    prompt = typed(answers.path, "a b.tx")
    assert prompt is not None
    for key, character in (("backspace", "\x7f"), ("x", "x"), ("ü", "ü"), ("home", None), ("c", "c")):
        prompt = press(prompt, key, character)
        assert prompt is not None
    assert shown(prompt.rows(40, 1)[0]) == " Save as: ca b.txü"
    assert press(prompt, "enter", "\r") is None
    assert answers.taken == ["ca b.txü"]


def test_a_pasted_line_becomes_part_of_the_answer(answers: Answers) -> None:
    following, action = answers.path.paste("~/a b.txt\nmore")
    assert action is None
    assert following is not None
    assert shown(following.rows(40, 1)[0]) == " Save as: ~/a b.txt▏"


def test_backspace_in_an_empty_answer_does_nothing(answers: Answers) -> None:
    assert press(answers.path, "backspace", "\x7f") == answers.path


@pytest.mark.parametrize(("key", "character"), [("tab", "\t"), ("ctrl+a", "\x01"), ("left", None)])
def test_what_does_not_print_is_no_part_of_an_answer(
    answers: Answers, key: str, character: str | None
) -> None:
    assert press(answers.path, key, character) == answers.path


def test_an_answer_does_not_grow_without_end(answers: Answers) -> None:
    prompt = typed(answers.path, "x" * (MAX_INPUT_CHARS + 10))
    assert isinstance(prompt, TextInput)
    assert prompt.input.text == "x" * MAX_INPUT_CHARS


def test_a_question_that_is_too_long_shows_its_keys_and_room_for_the_answer(answers: Answers) -> None:
    assert shown(answers.overwrite.rows(16, 1)[0]).strip() == "yes, Esc no"
    assert " ".join(" ".join(map(shown, answers.overwrite.rows(16, 9))).split()) == answers.overwrite.question
    assert shown(answers.path.rows(12, 1)[0]) == " Save…▏"


@given(any_text, any_text, st.integers(1, 60), st.integers(0, 3))
def test_questions_fill_their_row_whatever_is_in_them(
    question: str, answer: str, width: int, height: int
) -> None:
    asked = TextInput(question, print, LineInput.holding(answer))
    for prompt in (asked, Choice(question, {})):
        rows = prompt.rows(width, height)
        assert min(height, 1) <= len(rows) <= height
        for row in rows:
            assert sum(cell_len(piece.text) for piece in row.pieces) == width
            assert not set("\t\n\x1b\u202e") & set(shown(row))


@given(st.lists(any_text, max_size=4), st.integers(0, 40))
def test_a_row_holds_its_pieces_in_order_as_far_as_they_fit(texts: list[str], width: int) -> None:
    row = row_of([Piece(text, "hint_key") for text in texts], width, "bar")
    whole = row_of([Piece(text, "hint_key") for text in texts], 1_000, "bar")
    assert sum(cell_len(piece.text) for piece in row.pieces) == width
    assert shown(whole).startswith(shown(row))


def test_shortened_text_says_that_it_is() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("中中", 3) == "中…"
    assert shortened("abc", 0) == ""


def test_the_cursor_is_a_caret_behind_the_text_and_a_style_within_it() -> None:
    behind, within = LineInput("a中b", 3), LineInput("a中b", 1)
    assert input_pieces(behind, 6, "bar") == [("a中b", "bar"), ("▏", "bar"), (" ", "bar")]
    assert input_pieces(within, 6, "bar") == [("a", "bar"), ("中", "cursor"), ("b  ", "bar")]
    assert input_pieces(within, 6, "bar", is_focused=False) == [("a中b  ", "bar")]


def test_an_offered_answer_looks_selected() -> None:
    assert input_pieces(LineInput.offering("ab"), 4, "bar")[0] == ("ab", "selection")


def test_every_style_of_a_prompt_is_one_of_the_theme() -> None:
    assert set(get_args(StyleName)) <= {field.name for field in fields(Theme)}

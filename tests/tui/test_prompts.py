"""Questions are values; a key gives the next one or ends it, and nothing else happens."""

from __future__ import annotations

import pytest

from collabterm.tui.prompts import MAX_ANSWER_CHARS, Choice, Prompt, TextInput, press


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


def typed(prompt: Prompt, text: str) -> Prompt | None:
    """Press the key of each character, as long as the question is open."""
    left: Prompt | None = prompt
    for character in text:
        assert left is not None, "the question was over before the end of the answer"
        left = press(left, character, character)
    return left


@pytest.mark.parametrize("key", ["y", "Y"])
def test_a_choice_acts_once_and_is_over(answers: Answers, key: str) -> None:
    assert press(answers.overwrite, key, key) is None
    assert answers.taken == ["yes"]


@pytest.mark.parametrize("key", ["n", "enter", "space", "up", "ctrl+s", "ctrl+y"])
def test_any_other_key_leaves_the_question_open(answers: Answers, key: str) -> None:
    assert press(answers.overwrite, key, None) == answers.overwrite
    assert answers.taken == []


def test_escape_ends_any_question_without_an_answer(answers: Answers) -> None:
    assert press(answers.overwrite, "escape", None) is None
    assert press(answers.path, "escape", None) is None
    assert answers.taken == []


def test_a_text_is_typed_corrected_and_handed_over(answers: Answers) -> None:
    prompt = typed(answers.path, "a b.tx")
    assert prompt is not None
    for key, character in (("backspace", "\x7f"), ("x", "x"), ("ü", "ü")):
        prompt = press(prompt, key, character)
        assert prompt is not None
    assert prompt.line == "Save as: a b.txü▏".replace("txü", "txü")
    assert press(prompt, "enter", "\r") is None
    assert answers.taken == ["a b.txü"]


def test_backspace_in_an_empty_answer_does_nothing(answers: Answers) -> None:
    assert press(answers.path, "backspace", "\x7f") == answers.path


@pytest.mark.parametrize(("key", "character"), [("tab", "\t"), ("ctrl+a", "\x01"), ("left", None)])
def test_what_does_not_print_is_no_part_of_an_answer(
    answers: Answers, key: str, character: str | None
) -> None:
    assert press(answers.path, key, character) == answers.path


def test_an_answer_does_not_grow_without_end(answers: Answers) -> None:
    prompt = typed(answers.path, "x" * (MAX_ANSWER_CHARS + 10))
    assert isinstance(prompt, TextInput)
    assert len(prompt.answer) == MAX_ANSWER_CHARS

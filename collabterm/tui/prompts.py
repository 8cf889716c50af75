"""Questions to the person at the keyboard: one line, answered by keys; must not know what is asked about.

A prompt is a value; pressing a key gives the next one, or the end of it. So keys that arrive together are
taken in their order, whether they are for the text or for a question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from collabterm.document.display import is_text

MAX_ANSWER_CHARS: Final = 1_024


@dataclass(frozen=True, slots=True)
class Choice:
    """A question with an action for each of some keys; Escape, or no action, leaves things as they are."""

    question: str
    actions: dict[str, Callable[[], None]]

    @property
    def line(self) -> str:
        """What to show."""
        return self.question


@dataclass(frozen=True, slots=True)
class TextInput:
    """A question answered with a line of text."""

    question: str
    done: Callable[[str], None]
    answer: str = ""

    @property
    def line(self) -> str:
        """What to show."""
        return f"{self.question} {self.answer}▏"


Prompt = Choice | TextInput


def press(prompt: Prompt, key: str, character: str | None) -> Prompt | None:
    """Return the prompt after a key; None once it is answered or left."""
    if key == "escape":
        return None
    match prompt:
        case Choice(actions=actions):
            action = actions.get(key.lower())
            if action is None:
                return prompt
            action()
            return None
        case TextInput(done=done, answer=answer):
            if key == "enter":
                done(answer)
                return None
            if key == "backspace":
                return replace(prompt, answer=answer[:-1])
            if character is not None and is_text(character) and len(answer) < MAX_ANSWER_CHARS:
                return replace(prompt, answer=answer + character)
            return prompt

"""Questions to the person at the keyboard, as values that keys change; must not know what is asked about.

Pressing a key gives the next prompt and perhaps something to do. So keys that arrive together are taken in
their order, whether they are for the text or for a question. The app does three things with any prompt: it
hands it what is typed, pasted or scrolled, takes the step that comes back, and paints ``rows`` over the
lowest rows of the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal, NamedTuple, Protocol

from collabterm.document.display import display_line, safe_text
from collabterm.tui.line_input import LineInput

CARET: Final = "▏"
MIN_ANSWER_CELLS: Final = 12
"""What an answer keeps beside the problem with the one before."""


StyleName = Literal[
    "bar", "bar_strong", "prompt", "error", "hint_key", "panel", "panel_selected", "selection", "cursor"
]
"""A style of the theme."""


class Piece(NamedTuple):
    """Harmless text in a style that is added over the row's ground."""

    text: str
    style: StyleName


class Row(NamedTuple):
    """Pieces side by side that fill their row to the last cell."""

    ground: StyleName
    pieces: tuple[Piece, ...]


class Step(NamedTuple):
    """What a key led to: the prompt that is open now, None for none, and what is to be done then."""

    prompt: Prompt | None
    action: Callable[[], None] | None = None


class Prompt(Protocol):
    """What has the keyboard instead of the text."""

    __slots__ = ()

    def press(self, key: str, character: str | None) -> Step:
        """Take a key."""

    def paste(self, text: str) -> Step:
        """Take pasted text; most prompts have no place for it."""
        return Step(self)

    def scrolled(self, rows: int) -> Prompt:
        """Take a turn of the mouse's wheel, downwards if positive."""
        return self

    def clicked(self, x: int, y: int, width: int) -> Step:
        """Take a click at a cell of ``rows``, which are ``width`` cells wide."""
        return Step(self)

    def fitted(self, width: int, height: int) -> Prompt:
        """Take the size of the screen, when the prompt opens and whenever that changes."""
        return self

    def rows(self, width: int, height: int) -> list[Row]:
        """Show the prompt in at most ``height`` rows, each exactly ``width`` cells wide."""


@dataclass(frozen=True, slots=True)
class Choice(Prompt):
    """A question with an action for each of some keys; Escape, or no action, leaves things as they are."""

    question: str
    actions: dict[str, Callable[[], None]]

    def press(self, key: str, character: str | None) -> Step:
        """End with the key's action, or wait for another key."""
        if key == "escape":
            return Step(None)
        action = self.actions.get(key.lower())
        return Step(self if action is None else None, action)

    def rows(self, width: int, height: int) -> list[Row]:
        """Show the question in as many rows as it takes; if there are not so many, its end with the keys."""
        rows = broken(self.question, width)
        return [row_of([Piece(row, "prompt")], width, "prompt") for row in rows[max(len(rows) - height, 0) :]]


@dataclass(frozen=True, slots=True)
class TextInput(Prompt):
    """A question answered with a line of text."""

    question: str
    done: Callable[[str], None]
    input: LineInput = field(default_factory=LineInput)
    problem: str = ""
    """Why the answer before was none."""

    def press(self, key: str, character: str | None) -> Step:
        """Edit the answer; Enter hands it over."""
        if key == "escape":
            return Step(None)
        if key == "enter":
            return Step(None, partial(self.done, self.input.text))
        return Step(replace(self, input=self.input.pressed(key, character), problem=""))

    def paste(self, text: str) -> Step:
        """Put a line into the answer."""
        return Step(replace(self, input=self.input.pasted(text), problem=""))

    def rows(self, width: int, height: int) -> list[Row]:
        """Show at most half a row of the question, and the answer."""
        question = shortened(f" {self.question} ", width // 2)
        room = width - display_line(question).width
        problem = shortened(f" {self.problem} ", max(room - MIN_ANSWER_CELLS, 0)) if self.problem else ""
        answer = input_pieces(self.input, room - display_line(problem).width, "bar")
        pieces = [Piece(question, "prompt"), *answer, Piece(problem, "error")]
        return [row_of(pieces, width, "bar")][:height]


def row_of(pieces: Iterable[Piece], width: int, ground: StyleName) -> Row:
    """Put pieces side by side and cut or fill them to ``width`` cells."""
    row: list[Piece] = []
    left = width
    for text, style in pieces:
        line = display_line(safe_text(text))
        cells = min(line.width, left)
        if cells > 0:
            row.append(Piece(line.slice(0, cells), style))
            left -= cells
    if left > 0:
        row.append(Piece(" " * left, ground))
    return Row(ground, tuple(row))


def broken(sentence: str, width: int) -> list[str]:
    """Make a sentence harmless and break it into rows of ``width`` cells; only a word alone may be wider."""
    rows = [""]
    for word in safe_text(sentence).split(" "):
        if rows[-1] and display_line(f"{rows[-1]} {word}").width >= width:
            rows.append("")
        rows[-1] += f" {word}"
    return rows


def piece_at(row: Row, x: int) -> str:
    """Return the text of the piece that covers a cell."""
    for text, _ in row.pieces:
        x -= display_line(text).width
        if x < 0:
            return text
    return ""


def shortened(text: str, cells: int) -> str:
    """Make text harmless and, if it is wider than ``cells``, end it there with an ellipsis."""
    line = display_line(safe_text(text))
    if line.width <= cells:
        return line.text
    return f"{line.slice(0, cells - 1)}…" if cells > 0 else ""


def input_pieces(
    line_input: LineInput, width: int, ground: StyleName, *, is_focused: bool = True
) -> list[Piece]:
    """Show a line in a field of ``width`` cells, with the cursor if keys go there.

    The cursor is a caret behind the text, so that it shows without colours too, and a style within it.
    """
    if width <= 0:
        return []
    if not is_focused:
        line_input = replace(line_input, cursor=0)
    text, cell, cells = line_input.view(width)
    line = display_line(text)
    if not is_focused:
        return [Piece(text, ground)]
    is_behind = line_input.cursor == len(line_input.text)
    cursor = Piece(CARET, ground) if is_behind else Piece(line.slice(cell, cell + cells), "cursor")
    typed: StyleName = "selection" if line_input.is_offered else ground
    return [Piece(line.slice(0, cell), typed), cursor, Piece(line.slice(cell + cells, width), ground)]

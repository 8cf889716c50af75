"""What each command of the editor does, by name: functions of the document; must hold no state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from collabterm.document import brackets, case_commands, commands, comment_commands, line_commands, motions
from collabterm.document.commands import Command
from collabterm.document.motions import Motion
from collabterm.document.shared_text import Step


class Editing(NamedTuple):
    """A command that changes the text, and how it counts for undo."""

    command: Command
    step: Step = Step.WHOLE


MOTIONS: Final[Mapping[str, Motion]] = {
    "left": motions.left,
    "right": motions.right,
    "word_left": motions.word_left,
    "word_right": motions.word_right,
    "line_start": motions.smart_home,
    "line_end": motions.line_end,
    "paragraph_up": motions.paragraph_up,
    "paragraph_down": motions.paragraph_down,
    "document_start": motions.document_start,
    "document_end": motions.document_end,
    "matching_bracket": brackets.matching_bracket,
}

VERTICAL: Final[Mapping[str, tuple[int, bool]]] = {
    "up": (-1, False),
    "down": (1, False),
    "page_up": (-1, True),
    "page_down": (1, True),
}
"""Direction, and whether by a page."""

EDITS: Final[Mapping[str, Editing]] = {
    "newline": Editing(commands.newline, Step.TYPED),
    "tab": Editing(commands.tab, Step.TYPED),
    "outdent": Editing(commands.outdent),
    "indent": Editing(commands.indent),
    "backspace": Editing(commands.backspace, Step.TYPED),
    "delete": Editing(commands.delete, Step.TYPED),
    "delete_word_left": Editing(commands.delete_word_left, Step.TYPED),
    "delete_word_right": Editing(commands.delete_word_right, Step.TYPED),
    "upper_case": Editing(case_commands.upper_case),
    "lower_case": Editing(case_commands.lower_case),
    "title_case": Editing(case_commands.title_case),
    "toggle_comment": Editing(comment_commands.toggle_comment),
    "move_rows_up": Editing(line_commands.move_rows_up),
    "move_rows_down": Editing(line_commands.move_rows_down),
    "duplicate": Editing(line_commands.duplicate),
    "delete_rows": Editing(line_commands.delete_rows),
    "join_rows": Editing(line_commands.join_rows),
    "sort_rows": Editing(line_commands.sort_rows),
    "trim_trailing_space": Editing(line_commands.trim_trailing_space),
}

"""What an editing key does to the text, as an edit to be made; must not make it.

A non-empty selection is replaced by what is typed and deleted by every key that deletes. What is deleted
is always whole clusters: a letter with its accents, or an emoji with all its parts, goes at one key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from collabterm.document import motions
from collabterm.document.display import TAB_SIZE, display_line
from collabterm.document.lines import Location
from collabterm.document.motions import Lines
from collabterm.document.selection import Selection


@dataclass(frozen=True, slots=True)
class Edit:
    """The text between ``start`` and ``end`` is to become ``text``."""

    start: Location
    end: Location
    text: str


def insert_text(selection: Selection, text: str) -> Edit | None:
    """Put ``text`` at the cursor."""
    if not text and selection.is_empty:
        return None
    return Edit(selection.start, selection.end, text)


def newline(lines: Lines, selection: Selection) -> Edit | None:
    """Break the row."""
    return insert_text(selection, "\n")


def tab(lines: Lines, selection: Selection) -> Edit | None:
    """Indent as the row already does: a tab where it starts with one, else spaces to the next tab stop."""
    row, column = selection.start
    line = lines.line(row)
    if line.startswith("\t"):
        return insert_text(selection, "\t")
    missing = TAB_SIZE - display_line(line).cell_of(column) % TAB_SIZE
    return insert_text(selection, " " * missing)


def backspace(lines: Lines, selection: Selection) -> Edit | None:
    """Delete the cluster before the cursor, or join the row to the one above."""
    return _delete_to(motions.left, lines, selection)


def delete(lines: Lines, selection: Selection) -> Edit | None:
    """Delete the cluster behind the cursor, or join the row below to this one."""
    return _delete_to(motions.right, lines, selection)


def delete_word_left(lines: Lines, selection: Selection) -> Edit | None:
    """Delete to where ``word_left`` goes."""
    return _delete_to(motions.word_left, lines, selection)


def delete_word_right(lines: Lines, selection: Selection) -> Edit | None:
    """Delete to where ``word_right`` goes."""
    return _delete_to(motions.word_right, lines, selection)


def paste_text(raw: str) -> str:
    """Prepare what a terminal pasted: rows end at LF, whatever the source had; all else is kept."""
    return _LINE_ENDS.sub("\n", raw)


_LINE_ENDS: Final = re.compile("\r\n?")


def _delete_to(
    motion: Callable[[Lines, Location], Location], lines: Lines, selection: Selection
) -> Edit | None:
    if selection.is_empty:
        reached = motion(lines, selection.head)
        selection = Selection(selection.head, reached)
    return None if selection.is_empty else Edit(selection.start, selection.end, "")

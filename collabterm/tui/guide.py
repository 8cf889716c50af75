"""What helps people find their way, made from the bindings and the text: pages, lists and short answers.

It must not run a command itself or hold any state.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from collabterm.document.cursors import Cursors
from collabterm.document.file_style import FileStyle
from collabterm.document.languages import PLAIN
from collabterm.document.lines import LineIndex, Location
from collabterm.tui.bindings import COMMANDS, SECTIONS, Keymap
from collabterm.tui.help_page import HelpLine, HelpPage, HelpSection
from collabterm.tui.line_input import LineInput
from collabterm.tui.palette import Entry, Palette
from collabterm.tui.prompts import Prompt, TextInput

_PLACE: Final = re.compile(r"\s*(\d{1,9})\s*(?:[:,]\s*(\d{1,9})\s*)?")


def help_page(keymap: Keymap) -> HelpPage:
    """Return the page that lists every command with the keys that it has now."""
    sections = []
    for title in SECTIONS:
        lines = [
            HelpLine(keymap.keys_of(command.name), command.title)
            for command in COMMANDS
            if command.section == title
        ]
        sections.append(HelpSection(title, tuple(lines)))
    return HelpPage(tuple(sections))


def palette(keymap: Keymap, run: Callable[[str], None]) -> Palette:
    """Return the list of all commands to choose from."""
    entries = tuple(Entry(command.name, command.title, keymap.keys_of(command.name)) for command in COMMANDS)
    return Palette(entries, run)


def go_to_line(lines: LineIndex, put: Callable[[Cursors], None], ask: Callable[[Prompt], None]) -> TextInput:
    """Return the question where to go; ``42`` and ``42:7`` count from 1, and beyond the end is the end."""

    def go(answer: str) -> None:
        place = _PLACE.fullmatch(answer)
        if place is None:
            problem = "type a line like 42, or a line and a column like 42:7"
            ask(TextInput(question, go, LineInput.holding(answer), problem))
            return
        row, column = int(place[1]) - 1, int(place[2] or 1) - 1
        put(Cursors.at(lines.clamp(Location(row, column))))

    question = f"Go to line (1 to {lines.row_count}):"
    return TextInput(question, go)


def details(cursors: Cursors, style: FileStyle, lines: LineIndex) -> str:
    """Return what the status bar says of selection, cursors and language."""
    parts = []
    if len(cursors) > 1:
        parts.append(f"{len(cursors):,} cursors")
    elif not cursors.are_empty:
        start, end = cursors.main.start, cursors.main.end
        rows = end.row - start.row + (end.column > 0 or end.row == start.row)
        parts.append(f"{rows:,} lines selected" if rows > 1 else f"{end.column - start.column:,} selected")
    if style.language != PLAIN:
        parts.append(style.language.name)
    return " │ ".join(parts)

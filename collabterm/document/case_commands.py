"""What commands on upper and lower case do to the text, as edits to be made; must not make them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import Final

from collabterm.document import motions
from collabterm.document.clusters import boundary_after
from collabterm.document.cursors import Cursors
from collabterm.document.edited_lines import EditedLines
from collabterm.document.edits import Lines, Rewrite
from collabterm.document.file_style import FileStyle
from collabterm.document.prefixes import common_prefix
from collabterm.document.row_changes import Span, change_rows
from collabterm.document.selection import Selection

_APOSTROPHES: Final = "'\u2019"
_runs: Final = re.compile(r"\S+").finditer


def upper_case(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Make what is selected, or the word at each cursor, upper case."""
    return _converted(str.upper, lines, cursors)


def lower_case(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Make what is selected, or the word at each cursor, lower case."""
    return _converted(str.lower, lines, cursors)


def title_case(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Begin each word of what is selected, or the word at each cursor, with its only capital."""
    return _converted(_capitalized, lines, cursors)


def _converted(convert: Callable[[str], str], lines: Lines, cursors: Cursors) -> Rewrite | None:
    targets: list[Selection] = []
    for selection in cursors.selections:
        target = motions.word_at(lines, selection.head) if selection.is_empty else selection
        # A cursor at the end of a selected word means the same letters.
        start = max(target.start, targets[-1].end) if targets else target.start
        targets.append(Selection(start, max(start, target.end)))
    cuts: dict[int, set[int]] = {}
    for selection in cursors.selections:
        cuts.setdefault(selection.head.row, set()).add(selection.head.column)
    changes: dict[int, list[Span]] = {}
    for start, end in ((target.start, target.end) for target in targets):
        for row in range(start.row, end.row + 1):
            first = start.column if row == start.row else 0
            last = end.column if row == end.row else None
            spans = _changes(convert, lines.line(row)[first:last], first, cuts.get(row, ()))
            if spans:
                changes.setdefault(row, []).extend(spans)
    return change_rows(lines, cursors, changes, EditedLines.staying)


def _changes(convert: Callable[[str], str], old: str, first: int, cuts: Container[int]) -> list[Span]:
    """Replace each run of letters that change, cut at the cursors so that they keep their places.

    Args:
        convert: Changes the case.
        old: A part of a row.
        first: The column where it starts.
        cuts: The columns of the row's cursors.
    """
    new = convert(old)
    if len(new) != len(old):
        return _changes_by_run(convert, old, first, cuts)
    spans: list[Span] = []
    start = end = -1
    for index in (index for index, char in enumerate(old) if char != new[index]):
        if index != end or first + index in cuts:
            if start >= 0:
                spans.append(Span(first + start, first + end, new[start:end]))
            start = index
        end = index + 1
    if start >= 0:
        spans.append(Span(first + start, first + end, new[start:end]))
    return spans


def _changes_by_run(convert: Callable[[str], str], old: str, first: int, cuts: Container[int]) -> list[Span]:
    """Replace run by run of what is not white space, whole where letters become more, but for its ends."""
    spans: list[Span] = []
    for run in _runs(old):
        text, new, start = run[0], convert(run[0]), first + run.start()
        if len(text) == len(new):
            spans += _changes(convert, text, start, cuts)
        else:
            same = common_prefix(text, new)
            kept = common_prefix(text[same:][::-1], new[same:][::-1])
            spans.append(Span(start + same, start + len(text) - kept, new[same : len(new) - kept]))
    return spans


def _capitalized(run: str) -> str:
    """Capitalize the words of a run without white space; an apostrophe does not end one."""
    parts: list[str] = []
    word = ""
    start = 0
    while start < len(run):
        end = boundary_after(run, start)
        if run[start].isalnum() or (word and run[start] in _APOSTROPHES):
            word += run[start:end]
        else:
            parts += [word.capitalize(), run[start:end]]
            word = ""
        start = end
    return "".join([*parts, word.capitalize()])

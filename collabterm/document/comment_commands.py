"""What turning rows into comments and back does to the text, as edits to be made; must not parse anything."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from collabterm.document.cursors import Cursors
from collabterm.document.edited_lines import EditedLines
from collabterm.document.edits import Lines, Rewrite
from collabterm.document.file_style import FileStyle
from collabterm.document.indentation import indentation_of
from collabterm.document.row_blocks import row_blocks
from collabterm.document.row_changes import Span, change_rows
from collabterm.document.selection import Selection


def toggle_comment(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Comment the cursors' rows out at their least indentation, or back in if all of them are comments.

    Each block of rows is looked at for itself. Blank rows stay. Without a line comment in the language, a
    block comment goes around each row.
    """
    language = style.language
    opening, closing = (language.line_comment, "") if language.line_comment else language.block_comment
    if not opening:
        return None
    changes: dict[int, list[Span]] = {}
    for first, last in row_blocks(lines, cursors.selections):
        texts = {row: line for row in range(first, last + 1) if (line := lines.line(row)).strip()}
        if all(_is_comment(line, opening, closing) for line in texts.values()):
            changes |= {row: _uncommented(line, opening, closing) for row, line in texts.items()}
        else:
            column = _common_indentation([indentation_of(line) for line in texts.values()])
            changes |= {row: _commented(line, column, opening, closing) for row, line in texts.items()}
    return change_rows(lines, cursors, changes, partial(_follow, lines))


def _is_comment(line: str, opening: str, closing: str) -> bool:
    text = line.strip()
    return text.startswith(opening) and text.endswith(closing) and len(text) >= len(opening + closing)


def _commented(line: str, column: int, opening: str, closing: str) -> list[Span]:
    marks = [Span(column, column, f"{opening} ")]
    if closing:
        end = len(line.rstrip())
        marks.append(Span(end, end, f" {closing}"))
    return marks


def _uncommented(line: str, opening: str, closing: str) -> list[Span]:
    """Delete the marks and a space inside each."""
    start, end = len(line) - len(line.lstrip()), len(line.rstrip())
    inner, inner_end = start + len(opening), end - len(closing)
    if line[inner:inner_end].startswith(" "):
        inner += 1
    if not closing:
        return [Span(start, inner, "")]
    if line[inner:inner_end].endswith(" "):
        inner_end -= 1
    return [Span(start, inner, ""), Span(inner_end, end, "")]


def _common_indentation(indentations: Sequence[str]) -> int:
    """Count the blanks that all rows start with: the least indentation, unless tabs and spaces mix."""
    shortest, longest = min(indentations, default=""), max(indentations, default="")
    pairs = zip(shortest, longest, strict=False)
    differing = (column for column, pair in enumerate(pairs) if pair[0] != pair[1])
    return next(differing, min(len(shortest), len(longest)))


def _follow(lines: Lines, edited: EditedLines, selection: Selection) -> Selection:
    """Keep a cursor between the marks, and a selection around its text with them."""
    row, column = selection.head
    is_at_end = not lines.line(row)[column:].strip()
    return edited.staying(selection) if selection.is_empty and is_at_end else edited.around(selection)

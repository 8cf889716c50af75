"""What a key that types, deletes or indents does to the text, as edits to be made; must not make them.

Every cursor acts, all in one rewrite. A non-empty selection is replaced by what is typed and deleted by every
key that deletes. What is deleted is always whole clusters: a letter with its accents, or an emoji with all
its parts, goes at one key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from collabterm.document import motions
from collabterm.document.cursors import Cursors
from collabterm.document.display import display_line
from collabterm.document.edited_lines import EditedLines, facing
from collabterm.document.edits import Edit, Lines, Rewrite, replace_each
from collabterm.document.file_style import FileStyle
from collabterm.document.indentation import BLANKS, indentation_of, level_of
from collabterm.document.lines import Location
from collabterm.document.row_blocks import touched_rows
from collabterm.document.row_changes import Span, change_rows
from collabterm.document.selection import Selection

Command = Callable[[Lines, Cursors, FileStyle], Rewrite | None]
"""What a key does to a text at its cursors; nothing if there is nothing to do."""

_CLOSINGS: Final = {"(": ")", "[": "]", "{": "}", "'": "'", '"': '"', "`": "`"}
"""What stands behind a selection once the key was typed before it."""


def insert_text(cursors: Cursors, text: str) -> Rewrite | None:
    """Put ``text`` at every cursor; whoever makes the edits brings cursors out of clusters that it made."""
    rewrite = replace_each(
        cursors, [Edit(selection.start, selection.end, text) for selection in cursors.selections]
    )
    return rewrite if rewrite.edits else None


def type_character(lines: Lines, cursors: Cursors, style: FileStyle, character: str) -> Rewrite | None:
    """Put a character at every cursor; an opening bracket or a quote goes around what is selected."""
    closing = _CLOSINGS.get(character, "")
    edits: list[Edit] = []
    for selection in cursors.selections:
        if closing and not selection.is_empty:
            edits.append(Edit(selection.start, selection.start, character))
            edits.append(Edit(selection.end, selection.end, closing))
        else:
            edits.append(Edit(selection.start, selection.end, character))
    edited = EditedLines(lines, edits)
    made = iter(edited.replacements)
    selections: list[Selection] = []
    for selection in cursors.selections:
        inserted = next(made)
        if closing and not selection.is_empty:
            selections.append(facing(selection, inserted.new_end, next(made).start))
        else:
            selections.append(Selection.at(inserted.new_end))
    return edited.rewrite(selections, cursors.main_index)


def newline(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Break the row and indent the new one as far, once more behind what opens a block.

    A closing bracket right behind the cursor goes on a row of its own if its opening one is right before. A
    row that has only blanks gives them to the new row, so that none pile up.
    """
    ends = [end.row for each in cursors.selections if not each.is_empty for end in (each.start, each.end)]
    selected_rows = frozenset(ends)
    breaks = [_break(lines, selection, style, selected_rows) for selection in cursors.selections]
    # Cursors in one blank row share one break.
    edits = list(dict.fromkeys(row_break.edit for row_break in breaks))
    edited = EditedLines(lines, edits)
    starts = {edit: made.start for edit, made in zip(edits, edited.replacements, strict=True)}
    heads = [Edit(starts[each.edit], starts[each.edit], each.typed).new_end for each in breaks]
    return edited.rewrite([Selection.at(head) for head in heads], cursors.main_index)


def tab(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Go to the next level with a tab or with spaces; indent the rows if anything is selected."""
    if not cursors.are_empty:
        return indent(lines, cursors, style)
    edits: list[Edit] = []
    for selection in cursors.selections:
        row, column = selection.head
        text = style.indent
        if text != "\t":
            cell = display_line(lines.line(row), style.tab_size).cell_of(column)
            text = " " * (len(text) - cell % len(text))
        edits.append(Edit(selection.head, selection.head, text))
    edited = EditedLines(lines, edits)
    heads = [Selection.at(made.new_end) for made in edited.replacements]
    return edited.rewrite(heads, cursors.main_index)


def indent(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Indent the cursors' rows by one level, but not the blank ones."""
    changes = {
        row: [Span(0, 0, style.indent)]
        for row in touched_rows(lines, cursors.selections)
        if lines.line(row).strip()
    }
    return change_rows(lines, cursors, changes, EditedLines.around)


def outdent(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Take one level of indentation, or what there is of it, from the cursors' rows."""
    changes = {
        row: [Span(0, level, "")]
        for row in touched_rows(lines, cursors.selections)
        if (level := level_of(lines.line(row), style))
    }
    return change_rows(lines, cursors, changes, EditedLines.around)


def backspace(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Delete the cluster before each cursor, or the spaces of a level, or join the row to the one above."""

    def reach(lines: Lines, location: Location) -> Location:
        row, column = location
        if column == 0 or style.indent == "\t" or lines.line(row)[:column].strip(" "):
            return motions.left(lines, location)
        return Location(row, (column - 1) // len(style.indent) * len(style.indent))

    return _delete_to(reach, lines, cursors)


def delete(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Delete the cluster behind each cursor, or join the row below to its row."""
    return _delete_to(motions.right, lines, cursors)


def delete_word_left(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Delete to where ``word_left`` goes."""
    return _delete_to(motions.word_left, lines, cursors)


def delete_word_right(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Delete to where ``word_right`` goes."""
    return _delete_to(motions.word_right, lines, cursors)


def delete_selected(lines: Lines, cursors: Cursors) -> Rewrite | None:
    """Delete what is selected and nothing else."""
    return _delete_to(lambda _, location: location, lines, cursors)


def selected_text(lines: Lines, selection: Selection) -> str:
    """Read what is selected."""
    start, end = selection.start, selection.end
    if start.row == end.row:
        return lines.line(start.row)[start.column : end.column]
    middle = (lines.line(row) for row in range(start.row + 1, end.row))
    return "\n".join([lines.line(start.row)[start.column :], *middle, lines.line(end.row)[: end.column]])


@dataclass(frozen=True, slots=True)
class _Break:
    """A row's break, and as much of its text as comes before the cursor."""

    edit: Edit
    typed: str


def _break(lines: Lines, selection: Selection, style: FileStyle, selected_rows: frozenset[int]) -> _Break:
    row, column = selection.start
    line = lines.line(row)
    before = line[:column]
    if selection.is_empty and not line.strip(BLANKS) and row not in selected_rows:
        start = Location(row, 0)
        return _Break(Edit(start, start, "\n"), "\n" + before)
    indentation = indentation_of(line)[:column]
    typed = "\n" + indentation
    last = before.rstrip()[-1:]
    if not last or last not in style.language.indents_after:
        return _Break(Edit(selection.start, selection.end, typed), typed)
    closing = lines.line(selection.end.row)[selection.end.column :][:1]
    closed = f"\n{indentation}" if last in "([{" and closing and closing == _CLOSINGS[last] else ""
    typed += style.indent
    return _Break(Edit(selection.start, selection.end, typed + closed), typed)


def _delete_to(
    motion: Callable[[Lines, Location], Location], lines: Lines, cursors: Cursors
) -> Rewrite | None:
    """Delete what is selected, and from each other cursor to where ``motion`` goes."""
    reached = [
        Selection(selection.head, motion(lines, selection.head)) if selection.is_empty else selection
        for selection in cursors.selections
    ]
    edits: list[Edit] = []
    for start, end in sorted((selection.start, selection.end) for selection in reached):
        if edits and start <= edits[-1].end:
            edits[-1] = Edit(edits[-1].start, max(edits[-1].end, end), "")
        else:
            edits.append(Edit(start, end, ""))
    edited = EditedLines(lines, edits)
    heads = [Selection.at(edited.shift(selection.head, sticks="before")) for selection in cursors.selections]
    return edited.rewrite(heads, cursors.main_index)

"""What copying takes from a text, and what cutting and pasting do to it; must not know the clipboard."""

from __future__ import annotations

import re
from typing import Final

from collabterm.document.commands import delete_selected, insert_text, selected_text
from collabterm.document.cursors import Cursors
from collabterm.document.edited_lines import EditedLines
from collabterm.document.edits import Edit, Lines, Rewrite, replace_each
from collabterm.document.file_style import FileStyle
from collabterm.document.line_commands import delete_rows
from collabterm.document.lines import Location
from collabterm.document.row_blocks import touched_rows
from collabterm.document.selection import Selection

_LINE_ENDS: Final = re.compile("\r\n?")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
"""C0, DEL and C1 but for tabs, newlines, form feeds and carriage returns, which become newlines."""


def paste_text(raw: str) -> str:
    """Prepare what a terminal pasted: rows end at LF, whatever the source had; control characters go."""
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", raw))


def dropped_controls(raw: str) -> int:
    """Count the control characters that ``paste_text`` drops."""
    return sum(1 for _ in _CONTROLS.finditer(raw))


def paste(cursors: Cursors, text: str) -> Rewrite | None:
    """Put ``text`` at every cursor, or one of its rows at each if there are as many rows as cursors."""
    rows = text.removesuffix("\n").split("\n")
    if len(cursors) == 1 or len(rows) != len(cursors):
        return insert_text(cursors, text)
    pairs = zip(cursors.selections, rows, strict=True)
    rewrite = replace_each(cursors, [Edit(selection.start, selection.end, row) for selection, row in pairs])
    return rewrite if rewrite.edits else None


def paste_rows(lines: Lines, cursors: Cursors, text: str) -> Rewrite | None:
    """Put whole rows above every cursor's row, or one above each if there are as many.

    The cursors stay in their rows. What is selected is replaced, as by any other paste.
    """
    if not cursors.are_empty:
        return paste(cursors, text)
    texts = text.removesuffix("\n").split("\n")
    targets = list(dict.fromkeys(selection.head.row for selection in cursors.selections))
    if len(targets) != len(texts):
        texts = ["\n".join(texts)] * len(targets)
    starts = [Location(row, 0) for row in targets]
    edits = [Edit(start, start, text + "\n") for start, text in zip(starts, texts, strict=True)]
    edited = EditedLines(lines, edits)
    heads = [Selection.at(edited.shift(each.head, sticks="after")) for each in cursors.selections]
    return edited.rewrite(heads, cursors.main_index)


def copied_text(lines: Lines, cursors: Cursors) -> tuple[str, bool]:
    """Read what is to be copied.

    Returns:
        What is selected, joined by newlines, and False; if nothing is, the cursors' whole rows, each with a
        newline, and True. The empty row behind a final newline is none, so the text may be empty.
    """
    if cursors.are_empty:
        rows = touched_rows(lines, cursors.selections)
        return "".join(f"{lines.line(row)}\n" for row in rows), True
    texts = [selected_text(lines, selection) for selection in cursors.selections if not selection.is_empty]
    return "\n".join(texts), False


def cut(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Delete what ``copied_text`` reads."""
    if cursors.are_empty:
        return delete_rows(lines, cursors, style)
    return delete_selected(lines, cursors)

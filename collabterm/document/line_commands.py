"""What commands on whole rows do to the text, as edits to be made; must not make them.

No command adds or takes away a newline at the text's end, and none replaces text of a row that stays: what
others type there at the same moment survives.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby

from collabterm.document import motions
from collabterm.document.commands import selected_text
from collabterm.document.cursors import Cursors
from collabterm.document.edited_lines import EditedLines, facing
from collabterm.document.edits import Edit, Lines, Rewrite
from collabterm.document.file_style import FileStyle
from collabterm.document.indentation import BLANKS, indentation_of
from collabterm.document.lines import Location
from collabterm.document.row_blocks import RowBlock, last_row, row_block, row_blocks, touched_rows
from collabterm.document.row_changes import Span, change_rows
from collabterm.document.selection import Selection


def move_rows_up(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Move the cursors' rows above the row before them, by moving that one."""
    moved = [block for block in row_blocks(lines, cursors.selections) if block.first > 0]
    edits: list[Edit] = []
    for first, last in moved:
        edits.append(Edit(Location(first - 1, 0), Location(first, 0), ""))
        edits.append(_insertion_below(lines, last, lines.line(first - 1)))
    return _moved(lines, cursors, moved, edits, -1)


def move_rows_down(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Move the cursors' rows below the row behind them, by moving that one."""
    end = last_row(lines)
    moved = [block for block in row_blocks(lines, cursors.selections) if block.last < end]
    edits: list[Edit] = []
    for first, last in moved:
        top = Location(first, 0)
        edits.append(Edit(top, top, lines.line(last + 1) + "\n"))
        edits.append(_deletion(lines, RowBlock(last + 1, last + 1)))
    return _moved(lines, cursors, moved, edits, 1)


def duplicate(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Put a copy behind what is selected and select it, or below a cursor's row and move the cursor there."""
    copies: dict[Selection | int, Edit] = {}  # by what is copied: a selection or a row
    end = last_row(lines)
    for selection in cursors.selections:
        row = selection.head.row
        if not selection.is_empty:
            copies[selection] = Edit(selection.end, selection.end, selected_text(lines, selection))
        elif row <= end:
            copies[row] = _insertion_below(lines, row, lines.line(row))
    # Where a selection ends with its row, its copy comes before the row's.
    sources = sorted(copies, key=lambda source: (copies[source].start, isinstance(source, int)))
    edited = EditedLines(lines, [copies[source] for source in sources])
    made = dict(zip(sources, edited.replacements, strict=True))
    selections: list[Selection] = []
    for selection in cursors.selections:
        row, column = selection.head
        if not selection.is_empty:
            selections.append(facing(selection, made[selection].start, made[selection].new_end))
        elif row in made:
            is_above_next = copies[row].start.row > row
            copied_row = made[row].start.row if is_above_next else made[row].start.row + 1
            selections.append(Selection.at(Location(copied_row, column)))
        else:
            selections.append(edited.around(selection))
    return edited.rewrite(selections, cursors.main_index)


def delete_rows(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Delete the cursors' rows; the cursors go to the row that follows, in the columns where they were."""
    edited = EditedLines(lines, [_deletion(lines, block) for block in row_blocks(lines, cursors.selections)])
    selections: list[Selection] = []
    for selection in cursors.selections:
        block = row_block(lines, selection)
        first = block.first if block else selection.head.row
        row = edited.shift(Location(first, 0), sticks="before").row
        head = motions.clamp(edited, Location(row, selection.head.column))
        selections.append(Selection.at(head))
    return edited.rewrite(selections, cursors.main_index)


def join_rows(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Join the cursors' rows, or a single row and the next one, by one space where both have text."""
    end = last_row(lines)
    blocks = (row_block(lines, selection) for selection in cursors.selections)
    broken = {
        row for block in blocks if block for row in range(block.first, max(block.last, block.first + 1))
    }
    edits: list[Edit] = []
    has_text = False
    for row in sorted(broken):
        if row >= end:
            continue
        upper, lower = lines.line(row), lines.line(row + 1)
        start = Location(row, len(upper.rstrip(BLANKS)))
        is_continued = bool(edits) and edits[-1].end.row == row
        if is_continued:
            start = max(start, edits[-1].end)
        has_text = bool(upper.strip(BLANKS)) or (is_continued and has_text)
        glue = " " if has_text and lower.strip(BLANKS) else ""
        edits.append(Edit(start, Location(row + 1, len(indentation_of(lower))), glue))
    edited = EditedLines(lines, edits)
    return edited.rewrite([edited.staying(each) for each in cursors.selections], cursors.main_index)


def sort_rows(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Sort the rows of each selection by code points; those selections that change come to be whole rows."""
    selected = [each for each in cursors.selections if not each.is_empty]
    sorting = [(block, list(_sorting(lines, block))) for block in row_blocks(lines, selected, gap=0)]
    blocks = [block for block, edits in sorting if edits]
    edited = EditedLines(lines, [edit for _, edits in sorting for edit in edits])
    selections: list[Selection] = []
    for selection in cursors.selections:
        block = _containing(blocks, None if selection.is_empty else row_block(lines, selection))
        if block is None:
            anchor, head = (motions.clamp(edited, end) for end in (selection.anchor, selection.head))
            selections.append(Selection(anchor, head))
        else:
            end = selection.end
            if end.row <= block.last:
                end = Location(block.last, len(edited.line(block.last)))
            selections.append(facing(selection, Location(block.first, 0), end))
    return edited.rewrite(selections, cursors.main_index)


def trim_trailing_space(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    """Delete the blanks at the ends of the selected rows, or of all rows if nothing is selected."""
    selected = [each for each in cursors.selections if not each.is_empty]
    changes: dict[int, list[Span]] = {}
    for row in touched_rows(lines, selected) if selected else range(lines.row_count):
        line = lines.line(row)
        kept = len(line.rstrip(BLANKS))
        if kept < len(line):
            changes[row] = [Span(kept, len(line), "")]
    return change_rows(lines, cursors, changes, EditedLines.staying)


def _insertion_below(lines: Lines, row: int, text: str) -> Edit:
    """Insert a row, behind the newline if there is one: what others type at the row's end stays in it."""
    if row + 1 < lines.row_count:
        place = Location(row + 1, 0)
        return Edit(place, place, text + "\n")
    place = Location(row, len(lines.line(row)))
    return Edit(place, place, "\n" + text)


def _deletion(lines: Lines, block: RowBlock) -> Edit:
    """Delete rows with the newline behind them, or at the text's end with the one before."""
    first, last = block
    if last + 1 < lines.row_count:
        return Edit(Location(first, 0), Location(last + 1, 0), "")
    start = Location(first - 1, len(lines.line(first - 1))) if first > 0 else Location(0, 0)
    return Edit(start, Location(last, len(lines.line(last))), "")


def _moved(
    lines: Lines, cursors: Cursors, blocks: Sequence[RowBlock], edits: Sequence[Edit], by: int
) -> Rewrite | None:
    """Take the selections of the moved blocks with them."""
    edited = EditedLines(lines, edits)
    selections: list[Selection] = []
    for selection in cursors.selections:
        rows = by if _containing(blocks, row_block(lines, selection)) else 0
        anchor, head = (
            motions.clamp(edited, Location(row + rows, column))
            for row, column in (selection.anchor, selection.head)
        )
        selections.append(Selection(anchor, head))
    return edited.rewrite(selections, cursors.main_index)


def _containing(blocks: Sequence[RowBlock], block: RowBlock | None) -> RowBlock | None:
    """Find which of some blocks in text order holds ``block``."""
    if block is None:
        return None
    index = bisect_right(blocks, block.first, key=lambda each: each.first) - 1
    return blocks[index] if index >= 0 and block.last <= blocks[index].last else None


def _sorting(lines: Lines, block: RowBlock) -> Iterator[Edit]:
    """Replace each run of rows that sorting changes."""
    before = [lines.line(row) for row in range(block.first, block.last + 1)]
    after = sorted(before)
    for changes, run in groupby(range(len(before)), key=lambda index: before[index] != after[index]):
        if changes:
            indices = list(run)
            first, last = indices[0], indices[-1]
            start = Location(block.first + first, 0)
            end = Location(block.first + last, len(before[last]))
            yield Edit(start, end, "\n".join(after[first : last + 1]))

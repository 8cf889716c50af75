"""A command on whole rows does to a text what it does to a list of strings, at every cursor."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document import line_commands
from collabterm.document.commands import Command
from collabterm.document.cursors import Cursors
from collabterm.document.edits import Edit
from collabterm.document.file_style import FileStyle
from collabterm.document.lines import Location
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines, location_at, offset_of
from tests.document.rewriting import (
    PYTHON,
    cases,
    check_far_apart,
    far_cases,
    leading_blanks,
    on_rows,
    play,
    rows_touched,
    run,
    spans,
    unmarked,
)

Case = tuple[str, Cursors, FileStyle]

ALL: list[Command] = [
    line_commands.move_rows_up,
    line_commands.move_rows_down,
    line_commands.duplicate,
    line_commands.delete_rows,
    line_commands.join_rows,
    line_commands.sort_rows,
    line_commands.trim_trailing_space,
]


def as_rows(text: str) -> tuple[list[str], str]:
    """Take a text apart into the rows that people see and its final newline."""
    if text.endswith("\n"):
        return text[:-1].split("\n"), "\n"
    return text.split("\n"), ""


def moved_up(rows: list[str], touched: list[bool]) -> list[str]:
    """Let each touched row change places with an untouched one before it, unless its block is at the top."""
    rows = list(rows)
    top = touched.index(False) if False in touched else len(rows)
    for row in range(top + 1, len(rows)):
        if touched[row]:
            rows[row - 1], rows[row] = rows[row], rows[row - 1]
    return rows


@pytest.mark.parametrize("command", ALL)
@settings(max_examples=50)
@given(far_cases(), far_cases())
def test_two_cursors_far_apart_act_as_each_alone(
    command: Command, above: tuple[str, Selection], below: tuple[str, Selection]
) -> None:
    if command is line_commands.trim_trailing_space and above[1].is_empty != below[1].is_empty:
        return  # with anything selected, only that is trimmed
    check_far_apart(command, above, below, PYTHON)


@given(cases())
def test_moving_up_is_changing_places_with_the_row_above(case: Case) -> None:
    text, cursors, style = case
    rows, final = as_rows(text)
    touched = [row in rows_touched(text, cursors) for row in range(len(rows))]
    expected = "\n".join(moved_up(rows, touched)) + final
    assert run(line_commands.move_rows_up, text, cursors, style)[0] == expected


@given(cases())
def test_moving_down_is_moving_up_upside_down(case: Case) -> None:
    text, cursors, style = case
    rows, final = as_rows(text)
    touched = [row in rows_touched(text, cursors) for row in range(len(rows))]
    expected = "\n".join(moved_up(rows[::-1], touched[::-1])[::-1]) + final
    assert run(line_commands.move_rows_down, text, cursors, style)[0] == expected


@given(cases(), st.sampled_from([line_commands.move_rows_up, line_commands.move_rows_down]))
def test_moving_deletes_no_text_of_a_moved_row(case: Case, move: Command) -> None:
    text, cursors, style = case
    rewrite = move(PlainLines(text), cursors, style)
    touched = rows_touched(text, cursors)
    for edit in rewrite.edits if rewrite else ():
        deleted = range(offset_of(text, edit.start), offset_of(text, edit.end))
        rows = {location_at(text, offset).row for offset in deleted if text[offset] != "\n"}
        assert not rows & touched


@pytest.mark.parametrize(
    ("move", "before", "after"),
    [
        (line_commands.move_rows_up, "a\nb|", "b|\na"),
        (line_commands.move_rows_up, "a\nb|\n", "b|\na\n"),
        (line_commands.move_rows_up, "a\n|", "a\n|"),
        (line_commands.move_rows_up, "a|\nb", "a|\nb"),
        (line_commands.move_rows_up, "a\n«b\n»c", "«b\n»a\nc"),
        (line_commands.move_rows_up, "a\n»b\nc«d\ne", "»b\nc«d\na\ne"),
        (line_commands.move_rows_up, "a\nb|\nc|", "b|\nc|\na"),
        (line_commands.move_rows_up, "a\nb|\nc\nd|", "b|\na\nd|\nc"),
        (line_commands.move_rows_down, "a|\nb", "b\na|"),
        (line_commands.move_rows_down, "a|\nb\n", "b\na|\n"),
        (line_commands.move_rows_down, "a\nb|\n", "a\nb|\n"),
        (line_commands.move_rows_down, "«a\n»b", "b\n«a»"),
        (line_commands.move_rows_down, "a|\nb\nc|\n\n", "b\na|\n\nc|\n"),
    ],
)
def test_moving_takes_the_cursors_along(move: Command, before: str, after: str) -> None:
    assert play(move, before) == after


@given(cases())
def test_duplicating_copies_selections_behind_themselves_and_rows_below(case: Case) -> None:
    text, cursors, style = case
    empties = [each for each in cursors.selections if each.is_empty]
    if not empties:
        expected = text
        for start, end in reversed(spans(text, cursors)):
            expected = expected[:end] + expected[start:end] + expected[end:]
    elif len(empties) == len(cursors):
        rows, final = as_rows(text)
        touched = rows_touched(text, cursors)
        expected = "\n".join(f"{line}\n{line}" if row in touched else line for row, line in enumerate(rows))
        expected += final
    else:
        rows, _ = as_rows(text)
        copied = [text[start:end] for start, end in spans(text, cursors)]
        copied += [rows[row] + "\n" for row in rows_touched(text, empties)]
        after = run(line_commands.duplicate, text, cursors, style)[0]
        assert Counter(after) == Counter(text) + Counter("".join(copied))
        return
    assert run(line_commands.duplicate, text, cursors, style)[0] == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a|b", "ab\na|b"),
        ("a|b\n", "ab\na|b\n"),
        ("|\n", "\n|\n"),
        ("a\n|", "a\n|"),
        ("|", "\n|"),
        ("a|b|\nc", "ab\na|b|\nc"),
        ("a«b»c", "ab«b»c"),
        ("a»b\nc«d", "ab\nc»b\nc«d"),
        ("«ab»«cd»", "ab«ab»cd«cd»"),
        ("|a«b»", "ab«b»\n|ab"),
        ("|a«b\n»c", "ab\n«b\n»ab\nc"),
    ],
)
def test_the_cursors_go_to_the_copies(before: str, after: str) -> None:
    assert play(line_commands.duplicate, before) == after


@given(cases())
def test_deleting_rows_is_deleting_them_from_a_list(case: Case) -> None:
    text, cursors, style = case
    rows, final = as_rows(text)
    touched = rows_touched(text, cursors)
    kept = [line for row, line in enumerate(rows) if row not in touched]
    expected = "\n".join(kept) + final if kept else ""
    assert run(line_commands.delete_rows, text, cursors, style)[0] == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ab|c\ndefg\n", "de|fg\n"),
        ("abc|\nd\n", "d|\n"),
        ("a\nb|", "a|"),
        ("a\nb|\n", "a\n|"),
        ("a\n|", "a\n|"),
        ("a|\n", "|"),
        ("a|", "|"),
        ("a\n«b\n»c", "a\n|c"),
        ("a\nb«b\nc»c\nddd", "a\nd|dd"),
        ("ab|\ncd\ne|f\n", "cd|\n|"),
        ("a|\nbbb|\ncccc", "c|cc|c"),
    ],
)
def test_deleting_rows_leaves_the_cursor_in_its_column(before: str, after: str) -> None:
    assert play(line_commands.delete_rows, before) == after


@given(cases())
def test_joining_replaces_breaks_and_the_blanks_around_them_by_a_space(case: Case) -> None:
    text, cursors, style = case
    rows, final = as_rows(text)
    breaks = set[int]()
    for selection in cursors.selections:
        touched = rows_touched(text, [selection])
        breaks |= {row for row in touched if row + 1 in touched or len(touched) == 1}
    joined = [rows[0]]
    for row, line in enumerate(rows[1:]):
        if row not in breaks:
            joined.append(line)
            continue
        blanks = leading_blanks(line)
        assert blanks
        left, right = joined[-1].rstrip(" \t"), line[blanks.end() :]
        joined[-1] = left + (" " if left and right.strip(" \t") else "") + right
    assert run(line_commands.join_rows, text, cursors, style)[0] == "\n".join(joined) + final


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a|b\n  cd", "a|b cd"),
        ("a  \n|\tb", "a  \n|\tb"),
        ("a|  \n\tb", "a| b"),
        ("|\nb", "|b"),
        ("  a|\n\nb", "  a|\nb"),
        ("«a\n\n  \nb»\nc", "«a b»\nc"),
        ("a|\nb|\nc", "a| b| c"),
        ("a|\n", "a|\n"),
        ("«a\nb\n»c", "«a b\n»c"),
    ],
)
def test_joining_keeps_the_cursor_at_its_text(before: str, after: str) -> None:
    assert play(line_commands.join_rows, before) == after


def test_joining_changes_nothing_but_the_break() -> None:
    text, cursors = unmarked("  a|b \n  c")
    rewrite = line_commands.join_rows(PlainLines(text), cursors, PYTHON)
    assert rewrite
    assert rewrite.edits == (Edit(Location(0, 4), Location(1, 2), " "),)


@given(cases())
def test_sorting_sorts_each_selections_rows_and_no_others(case: Case) -> None:
    text, cursors, style = case
    rows, final = as_rows(text)
    touched = [rows_touched(text, [each]) for each in cursors.selections if not each.is_empty]
    blocks: list[set[int]] = []
    for block in touched:
        if blocks and block & blocks[-1]:
            blocks[-1] |= block
        elif block:
            blocks.append(block)
    for block in blocks:
        rows[min(block) : max(block) + 1] = sorted(rows[min(block) : max(block) + 1])
    assert run(line_commands.sort_rows, text, cursors, style)[0] == "\n".join(rows) + final


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("c«c\nb\na»a", "«aa\nb\ncc»"),
        ("»b\na\n«c", "»a\nb\n«c"),
        ("«b\na\n»", "«a\nb\n»"),
        ("b|\na|", "b|\na|"),
        ("«b»\na", "«b»\na"),
        ("«b\na»\n«d\nc»", "«a\nb»\n«c\nd»"),
        ("c|\n«b\na»", "c|\n«a\nb»"),
    ],
)
def test_sorting_selects_the_sorted_rows(before: str, after: str) -> None:
    assert play(line_commands.sort_rows, before) == after


def test_rows_that_keep_their_place_are_not_replaced_by_sorting() -> None:
    text, cursors = unmarked("«a\nc\nb\nd\nf\ne»")
    rewrite = line_commands.sort_rows(PlainLines(text), cursors, PYTHON)
    assert rewrite
    assert [(edit.start.row, edit.end.row, edit.text) for edit in rewrite.edits] == [
        (1, 2, "b\nc"),
        (4, 5, "e\nf"),
    ]


@given(cases())
def test_trimming_takes_the_blanks_at_the_ends_of_rows(case: Case) -> None:
    text, cursors, style = case
    selected = [each for each in cursors.selections if not each.is_empty]
    rows = rows_touched(text, selected) if selected else set(range(text.count("\n") + 1))
    trimmed = on_rows(text, lambda row, line: line.rstrip(" \t") if row in rows else line)
    assert run(line_commands.trim_trailing_space, text, cursors, style)[0] == trimmed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a| \nb\t", "a|\nb"),
        ("a  |  \n\x0c \n \n", "a|\n\x0c\n\n"),
        ("a \n«b »\nc ", "a \n«b»\nc "),
        ("a|\nb", "a|\nb"),
    ],
)
def test_trimming_brings_cursors_out_of_what_is_gone(before: str, after: str) -> None:
    assert play(line_commands.trim_trailing_space, before) == after


@pytest.mark.parametrize(
    "command",
    [
        line_commands.move_rows_up,
        line_commands.move_rows_down,
        line_commands.duplicate,
        line_commands.delete_rows,
        line_commands.join_rows,
    ],
)
def test_only_the_rows_around_a_cursor_are_read(command: Command) -> None:
    class Counted(PlainLines):
        read = 0

        def line(self, row: int) -> str:
            self.read += 1
            return super().line(row)

    lines = Counted("a\n" * 10_000)
    assert command(lines, Cursors.at(Location(5_000, 1)), PYTHON)
    assert lines.read < 20

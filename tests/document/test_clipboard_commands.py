"""What is copied is what was selected or whole rows, and pasting puts it where it belongs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document import clipboard_commands
from collabterm.document.commands import Command
from collabterm.document.cursors import Cursors
from collabterm.document.edits import Lines, Rewrite
from collabterm.document.file_style import FileStyle
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines
from tests.document.rewriting import (
    PYTHON,
    cases,
    check_far_apart,
    cursors_in,
    far_cases,
    play,
    rewritten,
    rows_touched,
    run,
    spans,
    unmarked,
)

Case = tuple[str, Cursors, FileStyle]

KEPT_CONTROLS = "\t\n\x0c"


def pasting(text: str) -> Command:
    def command(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
        return clipboard_commands.paste(cursors, text)

    return command


def pasting_rows(text: str) -> Command:
    def command(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
        return clipboard_commands.paste_rows(lines, cursors, text)

    return command


@settings(max_examples=50)
@given(far_cases(), far_cases())
def test_two_cursors_far_apart_cut_and_paste_as_each_alone(
    above: tuple[str, Selection], below: tuple[str, Selection]
) -> None:
    if above[1].is_empty == below[1].is_empty:  # with anything selected, only that is cut
        check_far_apart(clipboard_commands.cut, above, below, PYTHON)
        check_far_apart(pasting_rows("x\ny\nz\n"), above, below, PYTHON)


@given(st.text("ab\r\n\t\x00\x07\x0b\x0c\x1b\x7f\x85\x9b\u2028\xa0", max_size=20))
def test_pasted_rows_end_at_line_feeds_and_lose_control_characters(raw: str) -> None:
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    controls = [
        char for char in text if char not in KEPT_CONTROLS and (char < " " or "\x7f" <= char <= "\x9f")
    ]
    assert clipboard_commands.paste_text(raw) == "".join(char for char in text if char not in controls)
    assert clipboard_commands.dropped_controls(raw) == len(controls)


@given(cases(), st.lists(st.text("xyz", max_size=2), min_size=1, max_size=4), st.booleans())
def test_as_many_rows_as_cursors_are_pasted_one_at_each(
    case: Case, rows: list[str], ends_with_newline: bool
) -> None:
    text, cursors, _ = case
    pasted = "\n".join(rows) + "\n" * ends_with_newline
    each = [pasted] * len(cursors)
    if len(cursors) > 1 and len(cursors) == len(pasted.removesuffix("\n").split("\n")):
        each = rows
    expected = text
    for (start, end), part in reversed(list(zip(spans(text, cursors), each, strict=False))):
        expected = expected[:start] + part + expected[end:]
    assert rewritten(text, clipboard_commands.paste(cursors, pasted)) == expected


@given(cases(), st.lists(st.text("xyz", max_size=2), min_size=1, max_size=4))
def test_whole_rows_are_pasted_above_the_cursors_rows(case: Case, pasted: list[str]) -> None:
    text, cursors, style = case
    cursors = Cursors.of([Selection.at(each.head) for each in cursors.selections])
    rows = sorted({each.head.row for each in cursors.selections})
    expected: list[str] = []
    for row, line in enumerate(text.split("\n")):
        if row in rows:
            one_each = len(rows) > 1 and len(rows) == len(pasted)
            expected += [pasted[rows.index(row)]] if one_each else pasted
        expected.append(line)
    command = pasting_rows("\n".join(pasted) + "\n")
    after, moved = run(command, text, cursors, style)
    assert after == "\n".join(expected)
    for old, new in zip(cursors.selections, moved.selections, strict=True):
        assert after.split("\n")[new.head.row] == text.split("\n")[old.head.row]
        assert new.head.column == old.head.column


@given(cases())
def test_copying_reads_the_selections_or_the_cursors_whole_rows(case: Case) -> None:
    text, cursors, _ = case
    selected = [text[start:end] for start, end in spans(text, cursors) if start < end]
    rows = [text.split("\n")[row] + "\n" for row in sorted(rows_touched(text, cursors))]
    expected = ("\n".join(selected), False) if selected else ("".join(rows), True)
    assert clipboard_commands.copied_text(PlainLines(text), cursors) == expected


@given(cases())
def test_cutting_deletes_what_copying_reads(case: Case) -> None:
    text, cursors, style = case
    after, _ = run(clipboard_commands.cut, text, cursors, style)
    if not cursors.are_empty:
        expected = text
        for start, end in reversed(spans(text, cursors)):
            expected = expected[:start] + expected[end:]
        assert after == expected
    else:
        cut = rows_touched(text, cursors)
        final = "\n" if text.endswith("\n") else ""
        rows = text.removesuffix("\n").split("\n")
        kept = [line for row, line in enumerate(rows) if row not in cut]
        assert after == ("\n".join(kept) + final if kept else "")


@given(st.text("ab \n", max_size=20), st.data())
def test_pasting_what_was_cut_gives_the_text_back(text: str, data: st.DataObject) -> None:
    cursors = data.draw(cursors_in(text, 1))
    copied, is_rows = clipboard_commands.copied_text(PlainLines(text), cursors)
    after, left = run(clipboard_commands.cut, text, cursors, PYTHON)
    # Rows are pasted above a row, so the last one of a text without a final newline comes back as another.
    if copied and (text.endswith("\n") or not is_rows):
        paste = pasting_rows(copied) if is_rows else pasting(copied)
        assert run(paste, after, left, PYTHON)[0] == text


@pytest.mark.parametrize(
    ("before", "pasted", "after"),
    [
        ("a|b", "x", "ax|b"),
        ("a«b»c", "x\ny", "ax\ny|c"),
        ("a|b|", "x\ny", "ax|by|"),
        ("a|b|", "x\ny\n", "ax|by|"),
        ("a|b|", "x", "ax|bx|"),
        ("a|b|", "x\ny\nz", "ax\ny\nz|bx\ny\nz|"),
    ],
)
def test_pasted_text(before: str, pasted: str, after: str) -> None:
    assert play(pasting(pasted), before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a|b", "x\ny\na|b"),
        ("a|b|", "x\ny\na|b|"),
        ("a|\nb|", "x\na|\ny\nb|"),
        ("a|\nb|\nc|", "x\ny\na|\nx\ny\nb|\nx\ny\nc|"),
        ("a\n|", "a\nx\ny\n|"),
        ("a«b»", "ax\ny\n|"),
    ],
)
def test_pasted_rows(before: str, after: str) -> None:
    assert play(pasting_rows("x\ny\n"), before) == after


def test_the_empty_row_behind_a_final_newline_is_not_copied() -> None:
    text, cursors = unmarked("a\n|")
    assert clipboard_commands.copied_text(PlainLines(text), cursors) == ("", True)

"""A selection touches the rows that it has text of, or that its cursor is in."""

from __future__ import annotations

import pytest
from hypothesis import given

from collabterm.document.cursors import Cursors
from collabterm.document.file_style import FileStyle
from collabterm.document.row_blocks import RowBlock, last_row, row_block, row_blocks, touched_rows
from tests.document.plain_text import PlainLines
from tests.document.rewriting import cases, rows_touched, unmarked


@given(cases())
def test_each_touched_row_is_found_once_and_in_order(case: tuple[str, Cursors, FileStyle]) -> None:
    text, cursors, _ = case
    rows = list(touched_rows(PlainLines(text), cursors.selections))
    assert rows == sorted(rows_touched(text, cursors))


@pytest.mark.parametrize(
    ("marked", "block"),
    [
        ("a|\nb", (0, 0)),
        ("|\nb", (0, 0)),
        ("a«\n»b", (0, 0)),
        ("«a\nb»", (0, 1)),
        ("»a\nb\n«c", (0, 1)),
        ("«a\n»", (0, 0)),
        ("a\n|", None),
        ("|", (0, 0)),
        ("|\n", (0, 0)),
    ],
)
def test_touched_rows(marked: str, block: tuple[int, int] | None) -> None:
    text, cursors = unmarked(marked)
    assert row_block(PlainLines(text), cursors.main) == block


@pytest.mark.parametrize(
    ("text", "row"), [("", 0), ("a", 0), ("a\n", 0), ("\n", 0), ("a\nb", 1), ("a\n\n", 1)]
)
def test_the_row_behind_a_final_newline_is_none(text: str, row: int) -> None:
    assert last_row(PlainLines(text)) == row


def test_blocks_that_are_close_become_one() -> None:
    text, cursors = unmarked("a«a\nb»b«b\nc»c\nd|\ne\nf|")
    lines = PlainLines(text)
    assert row_blocks(lines, cursors.selections) == [RowBlock(0, 3), RowBlock(5, 5)]
    assert row_blocks(lines, cursors.selections, gap=0) == [RowBlock(0, 2), RowBlock(3, 3), RowBlock(5, 5)]

"""Rows become comments and text again, and nothing in them is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document.comment_commands import toggle_comment
from collabterm.document.cursors import Cursors
from collabterm.document.file_style import FileStyle
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines
from tests.document.rewriting import (
    HTML,
    PYTHON,
    TABBED,
    cases,
    check_far_apart,
    far_cases,
    leading_blanks,
    on_rows,
    play,
    rows_touched,
    run,
)

Case = tuple[str, Cursors, FileStyle]


@settings(max_examples=50)
@given(far_cases(), far_cases(), st.sampled_from([PYTHON, HTML]))
def test_two_cursors_far_apart_act_as_each_alone(
    above: tuple[str, Selection], below: tuple[str, Selection], style: FileStyle
) -> None:
    check_far_apart(toggle_comment, above, below, style)


@given(cases())
def test_a_block_becomes_comments_unless_it_is_all_comments(case: Case) -> None:
    text, cursors, _ = case
    cursors = Cursors.single(cursors.main)
    lines = text.split("\n")
    touched = [row for row in sorted(rows_touched(text, cursors)) if lines[row].strip()]
    commented = all(lines[row].strip().startswith("#") for row in touched)
    blanks = [leading_blanks(lines[row]) for row in touched]
    prefixes = [match[0] for match in blanks if match]
    column = 0
    while prefixes and len({prefix[: column + 1] for prefix in prefixes}) == 1 and column < len(prefixes[0]):
        column += 1

    def toggled(row: int, line: str) -> str:
        if row not in touched:
            return line
        return re.sub("# ?", "", line, count=1) if commented else f"{line[:column]}# {line[column:]}"

    assert run(toggle_comment, text, cursors, PYTHON)[0] == on_rows(text, toggled)


@given(cases(), st.sampled_from([PYTHON, HTML, TABBED]))
def test_toggling_twice_gives_the_text_back(case: Case, style: FileStyle) -> None:
    text, cursors, _ = case
    cursors = Cursors.single(cursors.main)
    opening = style.language.line_comment or style.language.block_comment[0]
    if opening not in text:
        commented, moved = run(toggle_comment, text, cursors, style)
        assert run(toggle_comment, commented, moved, style)[0] == text


@given(cases())
def test_a_language_without_comments_has_nothing_to_toggle(case: Case) -> None:
    text, cursors, _ = case
    assert toggle_comment(PlainLines(text), cursors, FileStyle()) is None


@pytest.mark.parametrize(
    ("before", "style", "after"),
    [
        ("a|b", PYTHON, "# a|b"),
        ("|ab", PYTHON, "# |ab"),
        ("  |ab", PYTHON, "  # |ab"),
        ("# a|b", PYTHON, "a|b"),
        ("#a|b", PYTHON, "a|b"),
        ("«    a\n\n  # b\n      c»", PYTHON, "«  #   a\n\n  # # b\n  #     c»"),
        ("«  # a\n\n#b»\nc", PYTHON, "«  a\n\nb»\nc"),
        ("«a\n»b", PYTHON, "«# a\n»b"),
        ("a|\n# b|\n\n# c|", PYTHON, "# a|\n# # b|\n\nc|"),
        ("\t|a", TABBED, "\t// |a"),
        ("|", PYTHON, "|"),
        ("  <p|> ", HTML, "  <!-- <p|> --> "),
        ("<p>|", HTML, "<!-- <p>| -->"),
        ("«<p>»", HTML, "«<!-- <p> -->»"),
        ("<!-- p| -->", HTML, "p|"),
        ("<!--p|-->", HTML, "p|"),
        ("<!-- |-->", HTML, "|"),
        ("<!--|>", HTML, "<!-- <!--|> -->"),
    ],
)
def test_comments_go_to_the_least_indentation(before: str, style: FileStyle, after: str) -> None:
    assert play(toggle_comment, before, style) == after

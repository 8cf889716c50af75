"""A file's indentation is what most of its rows step by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.file_style import FileStyle
from collabterm.document.indentation import detect_indent, indentation_of, level_of
from tests.document.rewriting import texts


@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=40),
    st.sampled_from(["\t", *(" " * n for n in range(2, 9))]),
)
def test_a_file_indented_by_one_step_is_recognised(levels: list[int], step: str) -> None:
    depths = [0]
    for level in levels:
        depths.append(min(level, depths[-1] + 1))
    expected = step if max(depths) else "  default"
    assert detect_indent([step * depth + "a" for depth in depths], "  default") == expected


@given(st.lists(st.text("\t ab*", max_size=8)))
def test_the_answer_is_a_tab_or_spaces(rows: list[str]) -> None:
    assert detect_indent(rows) in {"\t", *(" " * width for width in range(2, 9))}


@pytest.mark.parametrize(
    ("text", "indent"),
    [
        ("", "    "),
        ("a\nb", "    "),
        ("if a:\n  b\n  c\nd", "  "),
        ("f(a,\n  b)\nif a:\n    b\nif b:\n    c", "    "),
        ("/*\n * a\n * b\n */\n/*\n * a\n */\nf {\n\ta\n}", "\t"),
        ("/**\n * a\n */\nf {\n   a\n}", "   "),
        ("- a\n\n    b\n", "    "),
        ("* a\n  * b\n", "  "),
        ("f {\n\ta\n\t  b\n}", "\t"),
        ("f(a,\n             b)", "    "),
        ("a\n b\n  c\n   d", "    "),
        ("a\n  b\na\n    b\n", "  "),
    ],
)
def test_detected_indentation(text: str, indent: str) -> None:
    assert detect_indent(text.split("\n")) == indent


def test_only_the_first_thousand_rows_count() -> None:
    sample = ["a", "  b"] * 500
    assert detect_indent(sample + ["a", "\tb"] * 1_000) == "  "


@given(texts())
def test_indentation_is_the_blanks_before_the_first_cluster_of_text(text: str) -> None:
    for line in text.split("\n"):
        blanks = indentation_of(line)
        assert line.startswith(blanks)
        assert not blanks.strip(" \t")
        assert (
            line[len(blanks) : len(blanks) + 1] not in {" ", "\t"} or line[len(blanks) + 1] in "\u0301\u200d"
        )


@pytest.mark.parametrize(
    ("line", "indent", "tab_size", "level"),
    [
        ("      a", "    ", 4, 4),
        ("  a", "    ", 4, 2),
        ("a", "    ", 4, 0),
        ("\t\ta", "    ", 4, 1),
        ("  \ta", "    ", 4, 3),
        ("  \ta", "  ", 4, 2),
        ("        a", "\t", 8, 8),
        ("\ta", "  ", 8, 1),
        ("    \u0301a", "    ", 4, 3),
    ],
)
def test_a_level_is_as_wide_as_the_files_step(line: str, indent: str, tab_size: int, level: int) -> None:
    assert level_of(line, FileStyle(indent=indent, tab_size=tab_size)) == level

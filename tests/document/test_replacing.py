"""What replaces a match is what was asked for, and nothing else changes."""

from __future__ import annotations

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.edits import Edit
from collabterm.document.lines import LineIndex, Location
from collabterm.document.replacing import Replacing, Template, compile_template, replace_in_rows, replace_one
from collabterm.document.search import BadPattern, Pattern, Query, TooSlow, Within, compile_query, find_in_row
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines, offset_of

LONG = 10.0
texts = st.text("abAé_ -.\n", max_size=40)
words = st.text("abAé_-.", min_size=1, max_size=3)
EXPRESSIONS = [
    "(a)()",
    "(a)(b)?",
    "(a+)()",
    r"(?<=a)(b)(.)?",
    r"(\w)(\W)",
    "([^a])(a)",
    "(?P<x>a)(b)?",
    "(a|b)(?!b)()",
]
TEMPLATES = [
    "",
    "x",
    r"\1",
    r"\2\1",
    r"<\g<1>>",
    r"\g<0>\g<0>",
    r"a\nb",
    r"\t\\1",
    r"\\",
    "a$1",
    r"\g<2>3",
    "é",
]


def edits_for(
    lines: LineIndex,
    pattern: Pattern,
    template: Template,
    first: int,
    last: int,
    within: Within = None,
    timeout_s: float = LONG,
) -> list[Edit]:
    """Return the edits of all pieces, the first rows first."""
    pieces = list(replace_in_rows(lines, Replacing(pattern, template, within, timeout_s), first, last))
    return [edit for _, edits in reversed(pieces) for edit in edits]


def apply(text: str, edits: list[Edit]) -> str:
    for edit in reversed(edits):
        text = text[: offset_of(text, edit.start)] + edit.text + text[offset_of(text, edit.end) :]
    return text


def replaced(text: str, query: Query, replacement: str, slice_rows: int = 1000) -> str:
    """Replace slice by slice from the last row to the first, as an editor does."""
    pattern = compile_query(query)
    template = compile_template(pattern, replacement)
    for first in reversed(range(0, text.count("\n") + 1, slice_rows)):
        lines = LineIndex(text)
        last = min(first + slice_rows, lines.row_count)
        text = apply(text, edits_for(lines, pattern, template, first, last))
    return text


@given(texts, words, st.text("a\\1\n", max_size=4), st.integers(1, 4))
def test_plain_text_is_replaced_literally(text: str, word: str, replacement: str, slice_rows: int) -> None:
    expected = text.replace(word, replacement)
    assert replaced(text, Query(word, matches_case=True), replacement, slice_rows) == expected


@given(texts, st.sampled_from(EXPRESSIONS), st.sampled_from(TEMPLATES), st.integers(1, 4))
def test_a_pattern_is_replaced_row_by_row_as_python_does(
    text: str, expression: str, template: str, slice_rows: int
) -> None:
    expected = "\n".join(re.sub(expression, template, row) for row in text.split("\n"))
    query = Query(expression, is_regex=True, matches_case=True)
    assert replaced(text, query, template, slice_rows) == expected


def test_a_group_is_inserted_by_its_name() -> None:
    query = Query(r"(?P<key>\w+)=(?P<value>\w*)", is_regex=True)
    assert replaced("a=1, b=", query, r"\g<value>:\g<key>") == "1:a, :b"


@given(texts, st.data())
def test_the_edits_are_ascending_and_cover_exactly_the_matches(text: str, data: st.DataObject) -> None:
    pattern = compile_query(Query(data.draw(words), matches_case=True))
    edits = edits_for(LineIndex(text), pattern, compile_template(pattern, "x"), 0, text.count("\n") + 1)
    assert [(edit.start, edit.end) for edit in edits] == [
        (Location(row, start), Location(row, end))
        for row, line in enumerate(text.split("\n"))
        for start, end in find_in_row(pattern, line, LONG)
    ]


def test_only_matches_inside_a_selection_are_replaced() -> None:
    pattern = compile_query(Query("aa"))
    within = [Selection(Location(0, 1), Location(0, 6)), Selection(Location(1, 3), Location(1, 0))]
    template = compile_template(pattern, "x")
    edits = edits_for(LineIndex("aa aa aa\naa aa\naa"), pattern, template, 0, 3, within)
    assert apply("aa aa aa\naa aa\naa", edits) == "aa x aa\nx aa\naa"


@given(st.text("ab", max_size=8), st.data())
def test_one_selection_is_replaced_only_if_it_is_a_match(row: str, data: st.DataObject) -> None:
    start, end = data.draw(st.integers(0, len(row))), data.draw(st.integers(0, len(row)))
    selection = Selection(Location(1, start), Location(1, end))
    pattern = compile_query(Query("(a+)b", is_regex=True))
    edit = replace_one(PlainLines("\n" + row), pattern, selection, compile_template(pattern, r"<\1>"), LONG)
    spans = [match.span() for match in re.finditer("a+b", row)]
    if (min(start, end), max(start, end)) in spans:
        assert edit == Edit(selection.start, selection.end, f"<{'a' * (abs(end - start) - 1)}>")
    else:
        assert edit is None


def test_a_selected_literal_is_replaced() -> None:
    pattern = compile_query(Query("a.", matches_case=True))
    selection = Selection(Location(0, 3), Location(0, 1))
    edit = replace_one(PlainLines("aa.b"), pattern, selection, compile_template(pattern, r"\1"), LONG)
    assert edit == Edit(Location(0, 1), Location(0, 3), r"\1")


def test_a_selection_of_several_rows_is_never_a_match() -> None:
    pattern = compile_query(Query(".*", is_regex=True))
    selection = Selection(Location(0, 0), Location(1, 1))
    assert replace_one(PlainLines("a\nb"), pattern, selection, compile_template(pattern, "x"), LONG) is None


@pytest.mark.parametrize(
    "template", [r"\2", r"\g<2>", r"\g<y>", r"\g<>", r"\g<1", r"\q", "x\\", r"\99", r"\g<-1>"]
)
def test_a_bad_replacement_is_refused_before_anything_is_replaced(template: str) -> None:
    pattern = compile_query(Query("(?P<x>a)", is_regex=True))
    with pytest.raises(BadPattern) as refused:
        compile_template(pattern, template)
    assert str(refused.value)
    assert "\n" not in str(refused.value)


def test_replacing_gives_up_on_a_catastrophic_row_only() -> None:
    pattern = compile_query(Query("(a|aa)+$", is_regex=True))
    template = compile_template(pattern, "x")
    lines = LineIndex("ba\n" * 300 + "a" * 60 + "b\n")
    edits = edits_for(lines, pattern, template, 0, 300, timeout_s=0.05)
    assert [edit.start for edit in edits] == [Location(row, 1) for row in range(300)]
    with pytest.raises(TooSlow):
        edits_for(lines, pattern, template, 300, 302, timeout_s=0.05)
    assert len(edits_for(lines, pattern, template, 0, 300, timeout_s=0.05)) == 300


def test_rows_that_are_slow_only_together_are_replaced_one_by_one() -> None:
    row = "a" * 18 + "b"
    pattern = compile_query(Query("(a|aa)+$|b", is_regex=True))
    start = process_time()
    assert find_in_row(pattern, row, LONG) == [(18, 19)]
    timeout_s = 10 * (process_time() - start)
    lines = LineIndex("\n".join([row] * 40))
    edits = edits_for(lines, pattern, compile_template(pattern, "x"), 0, 40, timeout_s=timeout_s)
    assert [edit.start for edit in edits] == [Location(number, 18) for number in range(40)]

"""All matches are replaced, as one step, while others go on writing."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document.edits import JOINED_EDITS, MAX_EDITS
from collabterm.document.lines import Edit, Location
from collabterm.document.replace_all import PART_ROWS, replace_all
from collabterm.document.replacing import Replacing, compile_template
from collabterm.document.search import Query, compile_query
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document, PeerOrigin

ROW = "x = foo(1) and foo(2)\n"


def seeded(text: str) -> Document:
    document = Document(1)
    document.seed(text, {})
    return document


def undo_all(document: Document) -> int:
    parts = 1
    while document.undo().has_more:
        parts += 1
    return parts


@pytest.mark.parametrize("rows", [1, 3, PART_ROWS, PART_ROWS + 1, 3 * PART_ROWS])
def test_every_match_is_replaced_and_undone_as_one_step(rows: int) -> None:
    document = seeded(ROW * rows)
    pattern = compile_query(Query(r"f(o+)", is_regex=True))
    template = compile_template(pattern, r"\1f\n")
    counts = list(replace_all(document, Replacing(pattern, template, None, 1.0), 2 * rows, lambda: 0.0))
    assert counts[-1] == 2 * rows
    assert document.text() == ROW.replace("foo", "oof\n") * rows
    undo_all(document)
    assert document.text() == ROW * rows


def test_more_matches_than_edits_are_joined_and_give_the_same_text() -> None:
    rows = MAX_EDITS
    document = seeded(ROW * rows)
    pattern = compile_query(Query("foo", matches_case=True))
    replacing = Replacing(pattern, compile_template(pattern, "quux"), None, 1.0)
    *_, count = replace_all(document, replacing, 2 * rows, lambda: 0.0)
    assert count == 2 * rows
    assert document.text() == ROW.replace("foo", "quux") * rows
    assert undo_all(document) == -(-(rows + 1) // PART_ROWS)
    assert document.text() == ROW * rows


def test_only_what_is_selected_is_replaced() -> None:
    document = seeded(ROW * 3)
    pattern = compile_query(Query("foo"))
    within = [Selection(Location(1, 0), Location(1, 10))]
    replacing = Replacing(pattern, compile_template(pattern, "bar"), within, 1.0)
    list(replace_all(document, replacing, 1, lambda: 0.0))
    assert document.text() == ROW + ROW.replace("foo", "bar", 1) + ROW


def test_what_others_write_between_the_parts_is_kept_and_moves_the_parts_to_come() -> None:
    document, other = seeded(ROW * 3 * PART_ROWS), Document(2)
    other.apply_update(document.update_since(b"\0"), PeerOrigin("ann"))
    pattern = compile_query(Query("foo"))
    template = compile_template(pattern, "bar")
    parts = replace_all(document, Replacing(pattern, template, None, 1.0), 6 * PART_ROWS, lambda: 0.0)
    for number, _ in enumerate(parts):
        row = Location(10 * number, 0)
        other.edit(
            [Edit(row, row, "NEW\nROW\n"), Edit(Location(PART_ROWS, 3), Location(PART_ROWS, 3), "!")], 0.0
        )
        document.apply_update(other.update_since(document.state_vector()), PeerOrigin("bob"))
    other.apply_update(document.update_since(other.state_vector()), PeerOrigin("ann"))
    assert document.text() == other.text()
    assert "foo" not in document.text().replace("NEW\nROW\n", "")
    assert document.text().count("NEW\nROW\n") == document.text().count("!") == number + 1
    undo_all(document)
    kept = document.text().replace("NEW\nROW\n", "").replace("!", "")
    assert kept == ROW * 3 * PART_ROWS


def replaced_with(document: Document, query: Query, by: str, count: int, has_time: list[bool]) -> list[int]:
    """Replace all matches, in a text that has ``count`` of them, and have time as often as said."""
    pattern = compile_query(query)
    replacing = Replacing(pattern, compile_template(pattern, by), None, 1.0)
    return list(
        replace_all(document, replacing, count, lambda: 0.0, lambda: has_time.pop() if has_time else True)
    )


@pytest.mark.parametrize(
    ("matches", "is_joined"), [(MAX_EDITS, False), (MAX_EDITS + 2, True), (4 * MAX_EDITS, True)]
)
@pytest.mark.parametrize("query", [Query("foo"), Query("fo+", is_regex=True)])
def test_matches_are_joined_only_if_there_are_more_than_many(
    matches: int, is_joined: bool, query: Query
) -> None:
    document = seeded(ROW * (matches // 2))
    edit_counts: list[int] = []
    document.subscribe(lambda change: edit_counts.append(len(change.replacements)))
    replaced_with(document, query, "b", matches, [])
    assert document.text() == ROW.replace("foo", "b") * (matches // 2)
    if is_joined:
        assert JOINED_EDITS / 2 < sum(edit_counts) < 1.2 * JOINED_EDITS
    else:
        assert sum(edit_counts) == matches


def test_a_part_ends_after_a_row_if_rows_are_searched_one_by_one_and_there_is_no_time() -> None:
    document = seeded(ROW * 20)
    counts = replaced_with(document, Query(r"foo|\s$", is_regex=True), "b", 40, [False] * 50)
    assert counts == [0, *range(2, 41, 2)]
    assert document.text() == ROW.replace("foo", "b") * 20
    undo_all(document)
    assert document.text() == ROW * 20


def test_a_part_ends_after_a_row_if_the_pattern_is_slow() -> None:
    row = "a" * 18 + "b\n"
    document = seeded(row * 100)
    query = Query("(a|aa)+$|b", is_regex=True)
    assert compile_query(query).is_joinable
    counts = replaced_with(document, query, "c", 100, [False] * 5)
    assert counts[-1] == 100
    assert [later - count for count, later in pairwise(counts[1:5])] == [1, 1, 1]
    assert document.text() == row.replace("b", "c") * 100


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 3_000),
    st.sampled_from([Query("foo"), Query("f(o)+", is_regex=True), Query(r"foo\b|\s$", is_regex=True)]),
    st.booleans(),
    st.lists(st.booleans(), max_size=12),
)
def test_parts_of_any_length_replace_the_same(
    rows: int, query: Query, is_many: bool, has_time: list[bool]
) -> None:
    document = seeded(ROW * rows)
    counts = replaced_with(
        document, query, "x\\n" if query.is_regex else "x\n", 100_000 if is_many else 1, has_time
    )
    assert counts[-1] == 2 * rows
    assert counts == sorted(counts)
    assert document.text() == ROW.replace("foo", "x\n") * rows
    undo_all(document)
    assert document.text() == ROW * rows

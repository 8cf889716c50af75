"""All matches are replaced, as one step, while others go on writing."""

from __future__ import annotations

import pytest

from collabterm.document.edits import MAX_EDITS
from collabterm.document.lines import Edit, Location
from collabterm.document.replace_all import PART_ROWS, replace_all
from collabterm.document.replacing import compile_template
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
    counts = list(replace_all(document, pattern, template, 2 * rows, None, lambda: 0.0, 1.0))
    assert counts[-1] == 2 * rows
    assert document.text() == ROW.replace("foo", "oof\n") * rows
    undo_all(document)
    assert document.text() == ROW * rows


def test_more_matches_than_edits_are_joined_and_give_the_same_text() -> None:
    rows = MAX_EDITS
    document = seeded(ROW * rows)
    pattern = compile_query(Query("foo", matches_case=True))
    *_, count = replace_all(
        document, pattern, compile_template(pattern, "quux"), 2 * rows, None, lambda: 0.0, 1.0
    )
    assert count == 2 * rows
    assert document.text() == ROW.replace("foo", "quux") * rows
    assert undo_all(document) == -(-(rows + 1) // PART_ROWS)
    assert document.text() == ROW * rows


def test_only_what_is_selected_is_replaced() -> None:
    document = seeded(ROW * 3)
    pattern = compile_query(Query("foo"))
    within = [Selection(Location(1, 0), Location(1, 10))]
    list(replace_all(document, pattern, compile_template(pattern, "bar"), 1, within, lambda: 0.0, 1.0))
    assert document.text() == ROW + ROW.replace("foo", "bar", 1) + ROW


def test_what_others_write_between_the_parts_is_kept_and_moves_the_parts_to_come() -> None:
    document, other = seeded(ROW * 3 * PART_ROWS), Document(2)
    other.apply_update(document.update_since(b"\0"), PeerOrigin("ann"))
    pattern = compile_query(Query("foo"))
    template = compile_template(pattern, "bar")
    parts = replace_all(document, pattern, template, 6 * PART_ROWS, None, lambda: 0.0, 1.0)
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

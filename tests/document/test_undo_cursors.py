"""Undo and redo put the cursors where they were, whatever others did in the meantime."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.cursors import Cursors
from collabterm.document.edits import Rewrite, replace_each
from collabterm.document.lines import Edit, Location
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document, PeerOrigin, Step
from tests.document.plain_text import location_at

TEXT = "alpha\nbeta\n\ngamma delta\nepsilon"


def seeded() -> Document:
    document = Document(1)
    document.seed(TEXT, {})
    return document


@st.composite
def rewrites(draw: st.DrawFn) -> tuple[Cursors, Rewrite]:
    """Some cursors that select something or nothing, and what replaces it."""
    offsets = sorted(draw(st.sets(st.integers(0, len(TEXT)), min_size=2, max_size=8)))
    pairs = zip(offsets[::2], offsets[1::2], strict=False)
    ends = [(location_at(TEXT, first), location_at(TEXT, last)) for first, last in pairs]
    selections = [
        draw(st.sampled_from([Selection(start, end), Selection(end, start), Selection.at(start)]))
        for start, end in ends
    ]
    cursors = Cursors.of(selections, draw(st.integers(0, len(selections) - 1)))
    texts = draw(st.lists(st.sampled_from(["", "x", "yy\nz"]), min_size=len(cursors), max_size=len(cursors)))
    edits = [Edit(one.start, one.end, text) for one, text in zip(cursors.selections, texts, strict=True)]
    return cursors, replace_each(cursors, [edit for edit in edits if edit.text or edit.start != edit.end])


@given(rewrites())
def test_undo_brings_back_text_and_cursors_and_redo_both_again(case: tuple[Cursors, Rewrite]) -> None:
    cursors, rewrite = case
    document = seeded()
    document.edit(rewrite.edits, 0.0, Step.WHOLE, before=cursors, after=rewrite.cursors)
    changed = document.text()
    undone = document.undo()
    assert document.text() == TEXT
    if rewrite.edits and undone.cursors is not None:
        assert undone.cursors == cursors
    redone = document.redo()
    assert document.text() == changed
    if rewrite.edits and redone.cursors is not None:
        assert redone.cursors == rewrite.cursors


@given(rewrites(), st.integers(0, len(TEXT)))
def test_cursors_come_back_into_the_text_after_others_wrote(
    case: tuple[Cursors, Rewrite], place: int
) -> None:
    cursors, rewrite = case
    document, other = seeded(), Document(2)
    other.apply_update(document.update_since(b"\0"), PeerOrigin("ann"))
    document.edit(rewrite.edits, 0.0, Step.WHOLE, before=cursors, after=rewrite.cursors)
    other.edit([Edit(at := location_at(TEXT, place), at, "NEW\nNEW")], 0.0)
    document.apply_update(other.update_since(document.state_vector()), PeerOrigin("bob"))
    undone = document.undo()
    assert document.text() == other.text()
    if undone.cursors is not None:
        for one in undone.cursors.selections:
            document.lines.offset_at(one.anchor)
            document.lines.offset_at(one.head)


def test_deleted_text_is_selected_again() -> None:
    document = seeded()
    selection = Selection(Location(3, 6), Location(1, 2))
    edit = Edit(selection.start, selection.end, "")
    document.edit([edit], 0.0, before=Cursors.single(selection), after=Cursors.at(selection.start))
    assert document.undo().cursors == Cursors.single(selection)
    assert document.redo().cursors == Cursors.at(selection.start)


@pytest.mark.parametrize("key", ["backspace", "delete"])
def test_letters_deleted_in_a_row_come_back_on_the_side_they_went_from(key: str) -> None:
    document = seeded()
    for number in range(3):
        start = Location(0, 4 - number) if key == "backspace" else Location(0, 2)
        end = Location(0, start.column + 1)
        head = end if key == "backspace" else start
        document.edit([Edit(start, end, "")], 0.1 * number, before=Cursors.at(head), after=Cursors.at(start))
    assert document.text() == TEXT.replace("alpha", "al", 1)
    expected = Location(0, 5) if key == "backspace" else Location(0, 2)
    assert document.undo().cursors == Cursors.at(expected)
    assert document.text() == TEXT


def test_a_step_in_parts_is_undone_and_redone_in_as_many() -> None:
    document = seeded()
    for row, step in ((4, Step.WHOLE), (1, Step.CONTINUED), (0, Step.CONTINUED)):
        document.edit([Edit(Location(row, 0), Location(row, 1), "#")], 0.0, step)
    changed = document.text()
    assert [document.undo().has_more for _ in range(3)] == [True, True, False]
    assert document.text() == TEXT
    assert [document.redo().has_more for _ in range(3)] == [True, True, False]
    assert document.text() == changed
    assert not document.redo().has_more


def test_a_step_whose_last_part_left_nothing_to_undo_is_undone_as_far_as_it_can() -> None:
    document, other = seeded(), Document(2)
    document.edit([Edit(Location(4, 0), Location(4, 0), "!")], 0.0, Step.WHOLE)
    document.edit([Edit(Location(0, 0), Location(0, 0), "?")], 0.0, Step.CONTINUED)
    other.apply_update(document.update_since(b"\0"), PeerOrigin("ann"))
    other.edit([Edit(Location(0, 0), Location(0, 1), "")], 0.0)
    document.apply_update(other.update_since(document.state_vector()), PeerOrigin("bob"))
    while document.undo().has_more:
        pass
    assert document.text() == TEXT


def is_redo_risky(document: Document) -> bool:
    return document.is_redo_risky


def is_risky(document: Document) -> bool:
    """Ask each time anew, whatever was known of it before."""
    return document.is_undo_risky


def test_undo_of_a_large_rewrite_is_risky_once_others_wrote_since() -> None:
    document, other = Document(1), Document(2)
    document.seed("row\n" * 30_000, {})
    other.apply_update(document.update_since(b"\0"), PeerOrigin("ann"))
    rows = [
        Edit(Location(row, 0), Location(row + 99, 3), "ROW\n" * 99 + "ROW") for row in range(0, 30_000, 100)
    ]
    for number, part in enumerate((rows[200:], rows[100:200], rows[:100])):
        document.edit(part, 0.0, Step.CONTINUED if number else Step.WHOLE)
    assert not is_risky(document)
    other.edit([Edit(Location(0, 0), Location(0, 0), "!")], 0.0)
    document.apply_update(other.update_since(document.state_vector()), PeerOrigin("bob"))
    assert is_risky(document)
    document.edit([Edit(Location(5, 0), Location(5, 0), "mine")], 9.0, Step.WHOLE)
    assert not is_risky(document)
    document.undo()
    assert is_risky(document)
    while document.undo().has_more:
        pass
    assert not is_risky(document)
    assert not document.is_redo_risky
    other.apply_update(document.update_since(other.state_vector()), PeerOrigin("ann"))
    other.edit([Edit(Location(9, 0), Location(9, 0), "?")], 9.0)
    document.apply_update(other.update_since(document.state_vector()), PeerOrigin("bob"))
    assert is_redo_risky(document)
    while document.redo().has_more:
        pass
    assert not is_risky(document)


def test_undo_of_a_large_paste_or_deletion_is_not_risky() -> None:
    document, other = Document(1), Document(2)
    document.edit([Edit(Location(0, 0), Location(0, 0), "row\n" * 30_000)], 0.0, Step.WHOLE)
    other.apply_update(document.update_since(b"\0"), PeerOrigin("ann"))
    other.edit([Edit(Location(7, 1), Location(7, 1), "!")], 0.0)
    document.apply_update(other.update_since(document.state_vector()), PeerOrigin("bob"))
    assert not is_risky(document)
    document.undo()
    assert document.text() == "!"

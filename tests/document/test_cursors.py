"""Cursors stay in order and apart, whatever happens to them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.cursors import Cursors
from collabterm.document.lines import Edit, Location, Replacement, replacements
from collabterm.document.selection import Selection

locations = st.builds(Location, st.integers(0, 4), st.integers(0, 6))
selections = st.builds(Selection, locations, locations)


def covered(selection: Selection) -> set[tuple[int, int]]:
    """Name the places that a selection covers, on a grid of rows of ten columns."""
    first, last = (place.row * 10 + place.column for place in (selection.start, selection.end))
    return {divmod(place, 10) for place in range(first, last)}


@given(st.lists(selections, min_size=1, max_size=6), st.integers(0, 5))
def test_overlapping_selections_become_one_and_nothing_selected_is_lost(
    many: list[Selection], main: int
) -> None:
    main %= len(many)
    cursors = Cursors.of(many, main)
    assert set().union(*map(covered, many)) == set().union(*map(covered, cursors.selections))
    for one, following in pairwise(cursors.selections):
        assert one.end <= following.start
        assert one.end < following.start or not (one.is_empty or following.is_empty)
    assert cursors.main.start <= many[main].start
    assert many[main].end <= cursors.main.end


@given(st.lists(selections, min_size=1, max_size=4), selections)
def test_an_added_cursor_is_the_main_one(many: list[Selection], added: Selection) -> None:
    cursors = Cursors.of(many).with_added(added)
    assert cursors.main.start <= added.start
    assert added.end <= cursors.main.end


@given(st.lists(selections, min_size=1, max_size=5), locations, locations, locations)
def test_others_edits_move_each_selection_as_they_move_a_single_one(
    many: list[Selection], one: Location, other: Location, new_end: Location
) -> None:
    start, old_end = sorted((one, other))
    replacement = Replacement(start, old_end, max(start, new_end))
    moved = Cursors.of(many).shifted([replacement])
    singly = [selection.shifted(replacement) for selection in Cursors.of(many).selections]
    assert moved.selections == Cursors.of(singly).selections


ranges = st.lists(locations, min_size=2, max_size=8, unique=True).map(sorted)


@given(st.lists(selections, min_size=1, max_size=5), ranges, st.lists(st.sampled_from(["", "x", "y\n"])))
def test_many_edits_of_others_move_each_selection_as_they_do_one_after_the_other(
    many: list[Selection], ends: list[Location], texts: list[str]
) -> None:
    edits = [Edit(start, end, text) for start, end, text in zip(ends[::2], ends[1::2], texts, strict=False)]
    cursors = Cursors.of(many)
    expected = list(cursors.selections)
    for replacement in replacements(edits):
        expected = [selection.shifted(replacement) for selection in expected]
    assert cursors.shifted(replacements(edits)).selections == Cursors.of(expected).selections

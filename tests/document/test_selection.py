"""Selections survive other people's changes."""

from __future__ import annotations

from itertools import count
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document.lines import Location, Replacement
from collabterm.document.selection import Selection, Shifts, shift
from tests.document.plain_text import location_at, offset_of

texts = st.text("ab\n", max_size=24)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, str, int, int, int]:
    """A text, the text after a replacement, and the replacement as offsets."""
    text, inserted = draw(texts), draw(texts)
    start = draw(st.integers(0, len(text)))
    old_end = draw(st.integers(start, len(text)))
    return text, text[:start] + inserted + text[old_end:], start, old_end, start + len(inserted)


@st.composite
def places_and_changes(draw: st.DrawFn) -> tuple[Selection, list[Replacement]]:
    """A selection in a text, and replacements one after the other, of which most ascend and many touch."""
    text = draw(st.text("a\n", min_size=3, max_size=9))
    places = [location_at(text, draw(st.integers(0, len(text)))) for _ in range(2)]
    replacements = []
    behind = 0
    for _ in range(draw(st.integers(1, 5))):
        first = draw(st.sampled_from([behind, behind, behind, behind + 1, 0]))
        start = min(first, len(text))
        old_end = min(start + draw(st.integers(0, 3)), len(text))
        behind = start + len(inserted := draw(st.sampled_from(["", "", "a", "\n", "b\na"])))
        after = text[:start] + inserted + text[old_end:]
        replacements.append(as_replacement(text, after, start, old_end, behind))
        text = after
    return Selection(*places), replacements


def as_replacement(before: str, after: str, start: int, old_end: int, new_end: int) -> Replacement:
    return Replacement(location_at(before, start), location_at(before, old_end), location_at(after, new_end))


@given(changes(), st.data(), st.sampled_from(["before", "after"]))
def test_a_location_moves_as_its_offset_does(
    change: tuple[str, str, int, int, int], data: st.DataObject, sticks: str
) -> None:
    before, after, start, old_end, new_end = change
    offset = data.draw(st.integers(0, len(before)))
    if offset < start:
        expected = offset
    elif offset < old_end or offset == start:
        expected = start if sticks == "before" else new_end
    else:
        expected = offset - old_end + new_end
    shifted = shift(
        location_at(before, offset),
        as_replacement(*change),
        sticks="before" if sticks == "before" else "after",
    )
    assert shifted == location_at(after, expected)


@given(changes(), st.data())
def test_a_selection_keeps_exactly_its_characters_that_remain(
    change: tuple[str, str, int, int, int], data: st.DataObject
) -> None:
    before, after, start, old_end, new_end = change
    first = data.draw(st.integers(0, len(before)))
    last = data.draw(st.integers(first, len(before)))
    numbers = list(range(len(before)))
    fresh = count(len(before))
    numbered = [*numbers[:start], *(next(fresh) for _ in range(new_end - start)), *numbers[old_end:]]

    shifted = Selection(location_at(before, first), location_at(before, last)).shifted(
        as_replacement(*change)
    )

    low, high = offset_of(after, shifted.start), offset_of(after, shifted.end)
    assert location_at(after, low) == shifted.start
    assert location_at(after, high) == shifted.end
    kept = [number for number in numbered[low:high] if number < len(before)]
    assert kept == [number for number in numbers[first:last] if not start <= number < old_end]
    if not first < start < last:
        assert kept == numbered[low:high]


@given(changes(), st.data())
def test_a_selection_keeps_its_direction(change: tuple[str, str, int, int, int], data: st.DataObject) -> None:
    before = change[0]
    first = location_at(before, data.draw(st.integers(0, len(before))))
    last = location_at(before, data.draw(st.integers(0, len(before))))
    forward = Selection(min(first, last), max(first, last)).shifted(as_replacement(*change))
    backward = Selection(max(first, last), min(first, last)).shifted(as_replacement(*change))
    assert forward.anchor <= forward.head
    assert (backward.anchor, backward.head) == (forward.head, forward.anchor)


def test_typing_of_others_at_my_cursor_leaves_it_before_their_text() -> None:
    cursor = Selection.at(Location(2, 5))
    assert cursor.shifted(Replacement(Location(2, 5), Location(2, 5), Location(3, 1))) == cursor


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (Location(0, 2), Selection(Location(0, 5), Location(0, 7))),
        (Location(0, 3), Selection(Location(0, 2), Location(0, 7))),
        (Location(0, 4), Selection(Location(0, 2), Location(0, 4))),
    ],
    ids=["at its start", "inside", "at its end"],
)
def test_text_of_others_is_selected_only_inside_a_selection(at: Location, expected: Selection) -> None:
    insertion = Replacement(at, at, Location(at.row, at.column + 3))
    assert Selection(Location(0, 2), Location(0, 4)).shifted(insertion) == expected


def test_a_selection_replaced_as_a_whole_becomes_empty() -> None:
    replacement = Replacement(Location(0, 1), Location(0, 9), Location(4, 4))
    assert Selection(Location(0, 5), Location(0, 3)).shifted(replacement) == Selection.at(Location(0, 1))


def test_start_and_end_are_in_the_order_of_the_text() -> None:
    backward = Selection(Location(3, 1), Location(2, 9))
    assert (backward.start, backward.end) == (Location(2, 9), Location(3, 1))
    assert not backward.is_empty
    assert Selection.at(Location(2, 9)).is_empty


@settings(max_examples=500)
@given(places_and_changes(), st.sampled_from(["before", "after"]))
def test_a_location_moves_at_once_as_it_does_one_replacement_after_the_other(
    case: tuple[Selection, list[Replacement]], sticks: Literal["before", "after"]
) -> None:
    selection, replacements = case
    expected = selection.head
    for replacement in replacements:
        expected = shift(expected, replacement, sticks=sticks)
    assert Shifts(replacements).location(selection.head, sticks=sticks) == expected


@settings(max_examples=1000)
@given(places_and_changes(), st.booleans())
def test_a_selection_moves_at_once_as_it_does_one_replacement_after_the_other(
    case: tuple[Selection, list[Replacement]], grows: bool
) -> None:
    selection, replacements = case
    expected = selection
    for replacement in replacements:
        expected = expected.shifted(replacement, grows=grows)
    assert Shifts(replacements).selection(selection, grows=grows) == expected


def test_what_is_written_after_a_growing_selection_was_deleted_is_outside_it() -> None:
    deletion = Replacement(Location(0, 1), Location(0, 4), Location(0, 1))
    insertion = Replacement(Location(0, 1), Location(0, 1), Location(0, 6))
    shifts = Shifts([deletion, insertion])
    assert shifts.selection(Selection(Location(0, 2), Location(0, 4)), grows=True) == Selection.at(
        Location(0, 1)
    )
    assert shifts.selection(Selection(Location(0, 2), Location(0, 5)), grows=True) == Selection(
        Location(0, 1), Location(0, 7)
    )

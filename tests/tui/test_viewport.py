"""The part of the text that is on screen: shows the cursor, and stays put under other people's edits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.lines import Location, Replacement
from collabterm.tui.viewport import Viewport

VIEW = Viewport(top=10, left=0, width=20, height=5)

viewports = st.builds(
    Viewport,
    top=st.integers(0, 50),
    left=st.integers(0, 50),
    width=st.integers(1, 40),
    height=st.integers(1, 20),
)


def change(first: int, old_last: int, new_last: int) -> Replacement:
    """Make a change of whole rows: those from ``first`` to ``old_last`` give way to as many as needed."""
    return Replacement(Location(first, 0), Location(old_last, 0), Location(new_last, 0))


@given(viewports, st.integers(0, 100), st.integers(0, 100))
def test_what_is_to_be_shown_is_shown(view: Viewport, row: int, cell: int) -> None:
    shown = view.showing(row, cell)
    assert shown.top <= row < shown.top + shown.height
    assert shown.left <= cell < shown.left + shown.width


@given(viewports, st.integers(0, 100), st.integers(0, 100))
def test_showing_again_moves_nothing(view: Viewport, row: int, cell: int) -> None:
    shown = view.showing(row, cell)
    assert shown.showing(row, cell) == shown


@pytest.mark.parametrize(("row", "top"), [(10, 10), (14, 10), (15, 11), (9, 9), (0, 0), (99, 95)])
def test_it_scrolls_no_further_than_needed(row: int, top: int) -> None:
    assert VIEW.showing(row, 0).top == top


def test_a_line_that_fits_is_never_scrolled_sideways() -> None:
    assert all(VIEW.showing(10, cell).left == 0 for cell in range(VIEW.width - 1))


def test_scrolled_sideways_the_surroundings_of_the_cursor_stay_visible() -> None:
    shown = VIEW.showing(10, 60)
    assert 60 - shown.left <= shown.width - 4
    assert shown.showing(10, shown.left + 2).left < shown.left


def test_going_back_to_the_line_start_shows_it_from_its_first_cell() -> None:
    assert VIEW.showing(10, 60).showing(10, 0).left == 0


@pytest.mark.parametrize(("rows", "top"), [(3, 13), (-3, 7), (-30, 0), (300, 99)])
def test_scrolling_stays_within_the_text(rows: int, top: int) -> None:
    assert VIEW.scrolled(rows, 100).top == top


def test_no_size_is_too_small() -> None:
    assert VIEW.resized(0, -1) == Viewport(10, 0, 1, 1)


@pytest.mark.parametrize(
    ("replacement", "top"),
    [
        (change(2, 2, 5), 13),
        (change(2, 5, 2), 7),
        (change(10, 10, 12), 10),
        (change(12, 12, 20), 10),
        (change(30, 30, 40), 10),
        (change(8, 12, 8), 8),
        (change(0, 10, 0), 0),
    ],
    ids=[
        "above",
        "deleted above",
        "at the top row",
        "within",
        "below",
        "across the top",
        "all above deleted",
    ],
)
def test_an_edit_elsewhere_never_moves_the_rows_under_your_eyes(replacement: Replacement, top: int) -> None:
    assert VIEW.shifted(replacement).top == top

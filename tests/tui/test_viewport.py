"""The part of the text that is on screen: shows the cursor, and stays put under other people's edits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.edits import Edit, replacements
from collabterm.document.lines import LineIndex, Location, Replacement
from collabterm.document.wrapping import Layout, Spot
from collabterm.tui.viewport import Viewport
from tests.document.plain_text import PlainLines, location_at, offset_of

UNWRAPPED = Layout()
ROWS = PlainLines("\n".join("x" * 200 for _ in range(100)))
VIEW = Viewport(top=Spot(10, 0), left=0, width=20, height=5)

texts = st.lists(st.sampled_from(["ab", "cde ", "    ", "\t", "中文", "é", "\n", "\n\n"]), max_size=40).map(
    "".join
)
layouts = st.builds(Layout, st.just(4), st.sampled_from([None, 2, 3, 5, 8, 16]))
viewports = st.builds(
    Viewport,
    top=st.builds(Spot, st.integers(0, 6), st.integers(0, 4)),
    left=st.just(0),
    width=st.integers(2, 16),
    height=st.integers(1, 9),
)


def all_spots(text: str, layout: Layout) -> list[Spot]:
    return [
        Spot(row, segment)
        for row, line in enumerate(text.split("\n"))
        for segment in range(len(layout.segments(line)))
    ]


def change(first: int, old_last: int, new_last: int) -> Replacement:
    """Make a change of whole rows: those from ``first`` to ``old_last`` give way to as many as needed."""
    return Replacement(Location(first, 0), Location(old_last, 0), Location(new_last, 0))


@given(texts, layouts, viewports)
def test_its_spots_are_those_from_its_top_on(text: str, layout: Layout, view: Viewport) -> None:
    lines = PlainLines(text)
    spots = all_spots(text, layout)
    start = spots.index(layout.clamped(lines, view.top))
    expected: list[Spot | None] = [*spots[start : start + view.height]]
    assert view.spots(layout, lines) == expected + [None] * (view.height - len(expected))


@given(texts, layouts, viewports, st.data())
def test_what_is_to_be_shown_is_shown(text: str, layout: Layout, view: Viewport, data: st.DataObject) -> None:
    lines = PlainLines(text)
    location = location_at(text, data.draw(st.integers(0, len(text))))
    shown = view.showing(layout, lines, location)
    _, cell = layout.place(lines.line(location.row), location.column)
    assert layout.spot_of(lines, location) in shown.spots(layout, lines)
    assert shown.left <= cell < shown.left + max(shown.width, layout.wrap_width or 0)
    assert layout.wrap_width is None or shown.left == 0
    assert shown.showing(layout, lines, location) == shown


@given(texts, layouts, viewports, st.data())
def test_it_scrolls_no_further_than_needed_unless_that_is_more_than_a_page(
    text: str, layout: Layout, view: Viewport, data: st.DataObject
) -> None:
    lines = PlainLines(text)
    spots = all_spots(text, layout)
    target = data.draw(st.integers(0, len(spots) - 1))
    location = layout.location_at(lines, spots[target], 0)
    top = spots.index(layout.clamped(lines, view.top))
    new_top = spots.index(view.showing(layout, lines, location).top)
    needed = min(max(top, target - view.height + 1), target)
    full = max(len(spots) - view.height, 0)
    if abs(needed - top) <= view.height:
        assert new_top == (min(needed, full) if needed < top else needed)
    else:
        assert new_top == min(max(target - view.height // 2, 0), full)


@pytest.mark.parametrize(
    ("row", "top"),
    [(10, 10), (14, 10), (15, 11), (19, 15), (20, 18), (9, 9), (5, 5), (4, 2), (0, 0), (99, 95)],
)
def test_a_near_row_comes_to_the_edge_and_a_far_one_to_the_middle(row: int, top: int) -> None:
    assert VIEW.showing(UNWRAPPED, ROWS, Location(row, 0)).top == (top, 0)


def test_a_line_that_fits_is_never_scrolled_sideways() -> None:
    for column in range(VIEW.width - 1):
        assert VIEW.showing(UNWRAPPED, ROWS, Location(10, column)).left == 0


def test_scrolled_sideways_the_surroundings_of_the_cursor_stay_visible() -> None:
    shown = VIEW.showing(UNWRAPPED, ROWS, Location(10, 60))
    assert 60 - shown.left <= shown.width - 4
    assert shown.showing(UNWRAPPED, ROWS, Location(10, shown.left + 2)).left < shown.left


def test_going_back_to_the_line_start_shows_it_from_its_first_cell() -> None:
    shown = VIEW.showing(UNWRAPPED, ROWS, Location(10, 60))
    assert shown.showing(UNWRAPPED, ROWS, Location(10, 0)).left == 0


@given(texts, layouts, viewports, st.integers(-30, 30))
def test_scrolling_walks_the_screen_rows_and_stays_within_the_text(
    text: str, layout: Layout, view: Viewport, count: int
) -> None:
    lines = PlainLines(text)
    spots = all_spots(text, layout)
    top = spots.index(layout.clamped(lines, view.top))
    target = min(max(top + count, 0), len(spots) - 1)
    assert view.scrolled(layout, lines, count).top == spots[target]
    full = max(len(spots) - view.height, top) if count > 0 else target
    assert view.scrolled(layout, lines, count, stays_full=True).top == spots[min(target, full)]


@given(texts, layouts, viewports, st.integers(-5, 30), st.integers(-5, 15))
def test_the_location_under_the_mouse_is_the_nearest_to_it(
    text: str, layout: Layout, view: Viewport, x: int, y: int
) -> None:
    lines = PlainLines(text)
    spots = all_spots(text, layout)
    top = spots.index(layout.clamped(lines, view.top))
    spot = spots[min(max(top + min(max(y, -1), view.height), 0), len(spots) - 1)]
    under = view.location_at(layout, lines, x, y)
    assert under == layout.location_at(lines, spot, max(x, 0))
    assert layout.spot_of(lines, under) == spot


def test_scrolled_sideways_the_mouse_points_at_what_is_seen() -> None:
    view = Viewport(Spot(10, 0), left=30, width=20, height=5)
    assert view.location_at(UNWRAPPED, ROWS, 3, 2) == Location(12, 33)


def test_no_size_is_too_small() -> None:
    assert VIEW.resized(0, -1) == Viewport(Spot(10, 0), 0, 1, 1)


@given(texts, layouts, layouts, viewports)
def test_in_another_layout_what_was_at_the_top_still_is(
    text: str, before: Layout, after: Layout, view: Viewport
) -> None:
    lines = PlainLines(text)
    first = before.location_at(lines, view.top, 0)
    anew = view.laid_out_anew(before, after, lines)
    assert anew.spots(after, lines)[0] == after.spot_of(lines, first)
    assert after.wrap_width is None or anew.left == 0


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
    assert VIEW.shifted(replacement).top == (top, 0)


@pytest.mark.parametrize(
    ("replacement", "top"),
    [
        (change(2, 2, 5), (13, 3)),
        (change(2, 10, 2), (2, 3)),
        (change(10, 10, 12), (12, 3)),
        (Replacement(Location(10, 40), Location(10, 40), Location(10, 41)), (10, 3)),
        (change(30, 30, 40), (10, 3)),
        (Replacement(Location(8, 5), Location(10, 30), Location(8, 5)), (8, 0)),
    ],
    ids=[
        "above",
        "deleted above",
        "inserted before its row",
        "in its row",
        "below",
        "joined with a row above",
    ],
)
def test_in_the_midst_of_a_wrapped_row_neither(replacement: Replacement, top: tuple[int, int]) -> None:
    view = Viewport(top=Spot(10, 3), left=0, width=20, height=5)
    assert view.shifted(replacement).top == top


@given(texts, layouts, viewports, st.sampled_from(["", "x", "\n", "new\nrows\n"]), st.data())
def test_rows_that_an_edit_above_leaves_alone_stay_where_they_are(
    text: str, layout: Layout, view: Viewport, inserted: str, data: st.DataObject
) -> None:
    before = LineIndex(text)
    top = layout.clamped(before, view.top)
    seen = view.spots(layout, before)
    limit = offset_of(text, Location(top.row, 0))
    end = data.draw(st.integers(0, max(limit - 1, 0)))
    start = data.draw(st.integers(0, end))
    if limit == 0:
        return
    after = PlainLines(text[:start] + inserted + text[end:])
    edit = Edit(location_at(text, start), location_at(text, end), inserted)
    [replacement] = replacements([edit])
    rows = after.row_count - before.row_count
    moved = [spot and Spot(spot.row + rows, spot.segment) for spot in seen]
    shifted = Viewport(top, view.left, view.width, view.height).shifted(replacement)
    assert shifted.spots(layout, after) == moved


def test_a_larger_viewport_is_filled_as_far_as_there_is_text() -> None:
    lines = PlainLines("\n".join(map(str, range(50))))
    layout = Layout()
    small = Viewport(Spot(46, 0), 0, 20, 4)
    assert small.resized(20, 24).filled(layout, lines).top == Spot(26, 0)
    assert small.resized(20, 4).filled(layout, lines).top == Spot(46, 0)
    assert small.resized(20, 80).filled(layout, lines).top == Spot(0, 0)
    assert Viewport(Spot(3, 0), 0, 20, 24).filled(layout, lines).top == Spot(3, 0)

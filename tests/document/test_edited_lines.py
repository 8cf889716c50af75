"""Edited lines are the rows of the string that the edits make."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.cursors import Cursors
from collabterm.document.edited_lines import EditedLines, facing
from collabterm.document.edits import JOINED_EDITS, MAX_EDITS, Edit
from collabterm.document.lines import Location
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines, location_at


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    """A text and ascending edits in offsets, some of which touch."""
    text = draw(st.text("ab\n", max_size=20))
    bounds = draw(st.lists(st.integers(0, len(text)), max_size=8).map(sorted))
    pairs = zip(bounds[::2], bounds[1::2], strict=False)
    return text, [(start, end, draw(st.text("xy\n", max_size=4))) for start, end in pairs]


def as_edits(text: str, spans: list[tuple[int, int, str]]) -> list[Edit]:
    return [Edit(location_at(text, start), location_at(text, end), new) for start, end, new in spans]


@given(edited())
def test_every_row_is_that_of_the_edited_text(case: tuple[str, list[tuple[int, int, str]]]) -> None:
    text, spans = case
    after = text
    for start, end, new in reversed(spans):
        after = after[:start] + new + after[end:]
    lines = EditedLines(PlainLines(text), as_edits(text, spans))
    assert [lines.line(row) for row in range(lines.row_count)] == after.split("\n")


@given(edited())
def test_a_place_outside_of_the_edits_goes_where_its_text_goes(
    case: tuple[str, list[tuple[int, int, str]]],
) -> None:
    text, spans = case
    lines = EditedLines(PlainLines(text), as_edits(text, spans))
    after, added = "", 0
    copied = 0
    for start, end, new in spans:
        after += text[copied:start] + new
        copied = end
    after += text[copied:]
    for offset in range(len(text) + 1):
        passed = [(start, end, new) for start, end, new in spans if end <= offset and start < offset]
        if any(start <= offset < end or start == end == offset for start, end, _ in spans):
            continue
        if any(start == offset for start, _, _ in spans):
            continue
        added = sum(len(new) - (end - start) for start, end, new in passed)
        expected = location_at(after, offset + added)
        assert lines.shift(location_at(text, offset), sticks="before") == expected
        assert lines.shift(location_at(text, offset), sticks="after") == expected


def test_a_place_inside_an_edit_goes_to_either_end_of_its_text() -> None:
    lines = EditedLines(PlainLines("abcd"), [Edit(Location(0, 1), Location(0, 3), "x\nyz")])
    assert lines.shift(Location(0, 2), sticks="before") == Location(0, 1)
    assert lines.shift(Location(0, 2), sticks="after") == Location(1, 2)


def test_edits_that_do_nothing_are_left_out() -> None:
    here = Location(0, 1)
    nothing = EditedLines(PlainLines("ab"), [Edit(here, here, "")])
    assert nothing.rewrite([Selection.at(here)], 0) is None


def test_cursors_that_an_edit_left_in_a_cluster_go_behind_it() -> None:
    lines = EditedLines(PlainLines("ex\u0301"), [Edit(Location(0, 1), Location(0, 2), "")])
    rewrite = lines.rewrite([Selection.at(Location(0, 1))], 0)
    assert rewrite
    assert rewrite.cursors == Cursors.at(Location(0, 2))


def test_very_many_edits_are_joined() -> None:
    count = MAX_EDITS + JOINED_EDITS
    edits = [Edit(Location(row, 0), Location(row, 0), "x") for row in range(count)]
    lines = EditedLines(PlainLines("a\n" * count), edits)
    rewrite = lines.rewrite([Selection.at(Location(0, 0))], 0)
    assert rewrite
    assert len(rewrite.edits) == JOINED_EDITS
    assert rewrite.edits[0] == Edit(Location(0, 0), Location(5, 0), "xa\n" * 5 + "x")


def test_a_selection_keeps_its_direction() -> None:
    first, second = Location(0, 1), Location(0, 2)
    assert facing(Selection(second, first), first, second) == Selection(second, first)
    assert facing(Selection(first, second), first, second) == Selection(first, second)

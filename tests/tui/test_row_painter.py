"""One screen row: every cell of it is painted, and what lies over what."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style
from textual.strip import Strip

from collabterm.document.display import display_line
from collabterm.document.highlights import Highlight
from collabterm.document.wrapping import Layout, Spot
from collabterm.tui.painters import Span
from collabterm.tui.row_painter import Look, RowContent, gutter_width, paint_screen_row
from collabterm.tui.theme import DARK, LIGHT, MONOCHROME, TERMINAL, Theme

TEXTS = st.lists(st.sampled_from(["a", "word ", "\t", "中", "é", "  ", "\x1b", "("]), max_size=20).map(
    "".join
)
THEMES = st.sampled_from([DARK, LIGHT, TERMINAL, MONOCHROME])


def look_of(
    width: int = 20,
    *,
    gutter: int = 0,
    wraps: bool = False,
    theme: Theme = DARK,
    blanks: bool = False,
    column: int = 0,
) -> Look:
    return Look(theme, Layout(4, width if wraps else None), gutter, width, blanks, column)


def cells(strip: Strip) -> list[tuple[str, Style]]:
    """Return the characters, none of which is wide, with their styles."""
    return [(char, segment.style or Style()) for segment in strip for char in segment.text]


def style_at(strip: Strip, cell: int) -> Style:
    return cells(strip)[cell][1]


@given(
    TEXTS,
    st.integers(1, 30),
    st.sampled_from([0, 3, 6]),
    st.booleans(),
    THEMES,
    st.booleans(),
    st.integers(0, 30),
    st.integers(0, 20),
    st.data(),
)
def test_every_row_is_as_wide_as_the_screen_and_harmless(
    text: str,
    width: int,
    gutter: int,
    wraps: bool,
    theme: Theme,
    blanks: bool,
    column: int,
    left: int,
    data: st.DataObject,
) -> None:
    look = look_of(width, gutter=gutter, wraps=wraps, theme=theme, blanks=blanks, column=column)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    highlights = [Highlight(first, last, "string") for first, last in pairwise(cuts)]
    spans = [Span(2, 9, theme.selection), Span(3, 8, theme.cursor, display_line(" bob "))]
    content = RowContent(text, highlights, [(0, len(text) // 2)], spans, is_current=True)
    for segment in range(len(look.layout.segments(text)) + 1):
        strip = paint_screen_row(look, Spot(6, segment), content, 0 if wraps else left)
        assert strip.cell_length == gutter + width
        assert sum(part.cell_length for part in strip) == gutter + width
        assert strip.text.isprintable()


@given(TEXTS, st.integers(3, 30))
def test_the_segments_of_a_wrapped_row_show_all_of_it(text: str, width: int) -> None:
    look = look_of(width, wraps=True)
    segments = look.layout.segments(text)
    shown = "".join(
        paint_screen_row(look, Spot(0, number), RowContent(text), 0).text for number in range(len(segments))
    )
    assert shown.replace(" ", "") == display_line(text, 4).text.replace(" ", "")


def test_a_row_behind_the_end_is_blank_and_has_no_number() -> None:
    strip = paint_screen_row(look_of(10, gutter=4), None, RowContent(""), 0)
    assert strip.text == " " * 14


def test_a_row_begins_where_the_view_is_scrolled_to() -> None:
    assert paint_screen_row(look_of(5), Spot(0, 0), RowContent("abcdefghij"), 3).text == "defgh"


@pytest.mark.parametrize(("count", "width"), [(1, 3), (9, 3), (10, 4), (999, 5), (1_000_000, 9)])
def test_numbers_have_a_blank_on_either_side(count: int, width: int) -> None:
    assert gutter_width(count) == width
    strip = paint_screen_row(look_of(10, gutter=width), Spot(count - 1, 0), RowContent("x"), 0)
    assert strip.text == f" {count} x".ljust(width + 10)


def test_the_number_stands_at_the_first_segment_alone() -> None:
    look = look_of(8, gutter=4, wraps=True)
    content = RowContent("one two three")
    assert paint_screen_row(look, Spot(11, 0), content, 0).text.startswith(" 12 ")
    assert paint_screen_row(look, Spot(11, 1), content, 0).text.startswith("    ")


def test_the_current_row_and_its_number_are_told_apart() -> None:
    look = look_of(6, gutter=3)
    current = paint_screen_row(look, Spot(0, 0), RowContent("ab", is_current=True), 0)
    other = paint_screen_row(look, Spot(0, 0), RowContent("ab"), 0)
    assert style_at(current, 1) == DARK.gutter_current
    assert style_at(other, 1) == DARK.gutter
    assert style_at(current, 8).bgcolor == DARK.current_line.bgcolor
    assert style_at(other, 8).bgcolor == DARK.text.bgcolor


def test_syntax_gives_the_ink_and_a_match_is_laid_over_it() -> None:
    content = RowContent("x = 'ab'", [Highlight(4, 8, "string")], [(5, 7)])
    strip = paint_screen_row(look_of(), Spot(0, 0), content, 0)
    string = DARK.ink_of("string")
    assert string is not None
    assert style_at(strip, 4).color == string.color
    assert style_at(strip, 0).color == DARK.text.color
    assert style_at(strip, 5).bgcolor == DARK.match.bgcolor
    assert style_at(strip, 7).bgcolor == DARK.text.bgcolor


def test_columns_are_highlighted_where_their_cells_are() -> None:
    content = RowContent("\t中x", [Highlight(2, 3, "number")])
    strip = paint_screen_row(look_of(), Spot(0, 0), content, 0)
    number = DARK.ink_of("number")
    assert number is not None
    painted = [segment.text for segment in strip if segment.style and segment.style.color == number.color]
    assert painted == ["x"]


def test_a_capture_without_an_ink_changes_nothing() -> None:
    content = RowContent("ab", [Highlight(0, 2, "no.such.capture")])
    assert style_at(paint_screen_row(look_of(), Spot(0, 0), content, 0), 0) == DARK.text


def test_tabs_and_trailing_blanks_are_marked_on_demand() -> None:
    text = "\ta b  "
    plain = paint_screen_row(look_of(12), Spot(0, 0), RowContent(text), 0)
    marked = paint_screen_row(look_of(12, blanks=True), Spot(0, 0), RowContent(text), 0)
    assert plain.text == "    a b".ljust(12)
    assert marked.text[0] != " "
    assert marked.text[4:7] == "a b"
    assert " " not in marked.text[7:9]
    assert marked.text[9:] == "   "
    assert style_at(marked, 0).color == DARK.blanks.color


def test_the_column_to_stay_before_is_colored_in_every_row_and_below_everything() -> None:
    look = look_of(12, column=5)
    strip = paint_screen_row(look, Spot(0, 0), RowContent("ab"), 0)
    grounds = [style.bgcolor for _, style in cells(strip)]
    assert grounds == [DARK.column.bgcolor if cell == 4 else DARK.text.bgcolor for cell in range(12)]
    covered = RowContent("abcdefgh", spans=[Span(3, 7, DARK.selection)])
    assert style_at(paint_screen_row(look, Spot(0, 0), covered, 0), 4).bgcolor == DARK.selection.bgcolor


def test_spans_lie_over_the_segment_that_shows_their_cells() -> None:
    look = look_of(8, wraps=True)
    content = RowContent("one two three", spans=[Span(9, 11, DARK.selection)])
    first, second = (paint_screen_row(look, Spot(0, number), content, 0) for number in range(2))
    assert DARK.selection.bgcolor not in {style.bgcolor for _, style in cells(first)}
    assert [char for char, style in cells(second) if style.bgcolor == DARK.selection.bgcolor] == ["h", "r"]

"""Rows of cells: always as wide as asked, harmless whatever is in them, each span added over the last."""

from __future__ import annotations

import unicodedata
from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from collabterm.document.display import display_line
from collabterm.tui.painters import Span, paint_cells, paint_row

BASE = Style(color="white", bgcolor="black")
RED = Style(bgcolor="red")
BLUE = Style(bgcolor="blue")
INK = Style(color="green")
BOLD = Style(bold=True)

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
DANGEROUS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029])) + BIDI

lines = st.text(st.sampled_from("ab \tä中👩‍🚀é́" + DANGEROUS), max_size=30) | st.text(max_size=30)


def spans_showing(*names: str) -> st.SearchStrategy[Span]:
    """Return spans, some of them with one of these texts."""
    return st.builds(
        lambda first, length, style, name, uncovers: Span(
            first, first + length, style, display_line(name) if name else None, uncovers
        ),
        st.integers(0, 50),
        st.integers(-1, 20),
        st.sampled_from([RED, BLUE, INK, BOLD, Style(bold=False), Style()]),
        st.sampled_from(["", "", *names]),
        st.booleans(),
    )


spans = spans_showing(" ana ", "中中中")
narrow_spans = spans_showing(" ana ", "····")


def runs(strip: Strip) -> list[tuple[str, Style | None]]:
    """Return the strip's texts, those of the same style that follow each other joined."""
    return [
        ("".join(segment.text for segment in group), style)
        for style, group in groupby(strip, lambda segment: segment.style)
    ]


@given(lines, st.lists(spans, max_size=5), st.integers(0, 40), st.integers(1, 40))
def test_a_row_is_exactly_as_wide_as_asked(line: str, laid: list[Span], left: int, width: int) -> None:
    strip = paint_row(display_line(line), laid, left, width, BASE)
    assert strip.cell_length == width
    assert sum(cell_len(segment.text) for segment in strip) == width


@given(lines, st.lists(spans, max_size=5), st.integers(0, 40), st.integers(1, 40))
def test_nothing_that_drives_a_terminal_is_painted(
    line: str, laid: list[Span], left: int, width: int
) -> None:
    strip = paint_row(display_line(line), laid, left, width, BASE)
    for segment in strip:
        assert not segment.control
        assert not set(segment.text) & set(DANGEROUS)
        assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in segment.text)


def test_where_spans_overlap_the_last_one_wins() -> None:
    strip = paint_row(display_line("abcdef"), [Span(0, 4, RED), Span(2, 6, BLUE)], 0, 6, BASE)
    assert runs(strip) == [("ab", BASE + RED), ("cdef", BASE + BLUE)]


def test_an_overlay_shows_its_own_text_from_its_first_cell() -> None:
    label = Span(2, 7, RED, display_line(" ana "))
    assert paint_row(display_line("0123456789"), [label], 0, 10, BASE).text == "01 ana 789"
    assert paint_row(display_line("0123456789"), [label], 4, 4, BASE).text == "na 7"


def test_spans_outside_the_window_paint_nothing() -> None:
    strip = paint_row(display_line("abc"), [Span(0, 2, RED), Span(90, 95, RED)], 10, 5, BASE)
    assert runs(strip) == [("     ", BASE)]


def test_a_span_behind_the_text_paints_the_empty_cells_there() -> None:
    strip = paint_row(display_line("ab"), [Span(2, 3, RED)], 0, 4, BASE)
    assert runs(strip) == [("ab", BASE), (" ", BASE + RED), (" ", BASE)]


# -- adding up


@given(
    st.text("abc (", max_size=30), st.lists(narrow_spans, max_size=8), st.integers(0, 30), st.integers(0, 40)
)
def test_each_cell_has_the_sum_of_the_styles_over_it_and_the_text_of_its_last_overlay(
    line: str, laid: list[Span], left: int, width: int
) -> None:
    painted = [
        (char, segment.style)
        for segment in paint_cells(display_line(line), left, width, BASE, laid)
        for char in segment.text
    ]
    assert painted == [naive_cell(line, laid, cell) for cell in range(left, left + width)]


def naive_cell(line: str, laid: list[Span], cell: int) -> tuple[str, Style]:
    """Paint one cell by looking at all spans; only for texts of one cell a character."""
    char, style = line[cell : cell + 1] or " ", BASE
    for span in laid:
        if span.first <= cell < span.last:
            style += span.style
            if span.overlay is not None:
                char = span.overlay.text[cell - span.first :][:1] or " "
            elif span.uncovers:
                char = line[cell : cell + 1] or " "
    return char, style


@given(lines, st.lists(spans, max_size=6), st.integers(0, 20), st.integers(1, 40))
def test_neighbours_never_look_the_same_unless_one_shows_another_text(
    line: str, laid: list[Span], left: int, width: int
) -> None:
    bare = [span._replace(overlay=None) for span in laid]
    styles = [segment.style for segment in paint_cells(display_line(line), left, width, BASE, bare)]
    assert all(one is not other for one, other in pairwise(styles))


def test_an_ink_a_ground_and_an_attribute_from_three_spans_combine() -> None:
    laid = [Span(0, 9, RED), Span(2, 6, INK), Span(4, 5, BOLD)]
    painted = paint_cells(display_line("abcdefgh"), 0, 8, BASE, laid)
    assert painted == [
        Segment("ab", Style(color="white", bgcolor="red")),
        Segment("cd", Style(color="green", bgcolor="red")),
        Segment("e", Style(color="green", bgcolor="red", bold=True)),
        Segment("f", Style(color="green", bgcolor="red")),
        Segment("gh", Style(color="white", bgcolor="red")),
    ]


def test_a_span_that_changes_nothing_cuts_nothing() -> None:
    painted = paint_cells(
        display_line("a中b"), 0, 4, BASE, [Span(0, 2, Style(color="white")), Span(1, 2, BASE)]
    )
    assert painted == [Segment("a中b", BASE)]


def test_a_wide_character_that_a_span_cuts_is_blank_on_both_sides() -> None:
    assert [segment.text for segment in paint_cells(display_line("a中b"), 0, 4, BASE, [Span(2, 9, RED)])] == [
        "a ",
        " b",
    ]


def test_an_overlay_stays_under_later_spans_unless_they_uncover_the_line() -> None:
    mark = Span(2, 6, INK, display_line("····"))
    row = display_line("01234567")
    assert "".join(one.text for one in paint_cells(row, 0, 8, BASE, [mark, Span(0, 8, RED)])) == "01····67"
    cursor = Span(3, 4, RED, uncovers=True)
    assert "".join(one.text for one in paint_cells(row, 0, 8, BASE, [mark, cursor])) == "01·3··67"


def test_styles_made_anew_for_each_row_never_take_the_place_of_older_ones() -> None:
    line = display_line("ab")
    for number in range(20_000):
        color = Color.from_rgb(number >> 8, number & 0xFF, 7)
        (first, second) = paint_cells(line, 0, 2, BASE, [Span(0, 1, Style(bgcolor=color, bold=True))])
        assert first.style is not None
        assert (first.style.bgcolor, first.style.bold, second.style) == (color, True, BASE)

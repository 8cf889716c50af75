"""Rows of cells: always as wide as asked, harmless whatever is in them, the last span on top."""

from __future__ import annotations

import unicodedata
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.strip import Strip

from collabterm.document.display import display_line
from collabterm.session.presence import COLORS
from collabterm.tui.painters import Span, label_style, paint_row, selection_style

BASE = Style(color="white", bgcolor="black")
RED = Style(bgcolor="red")
BLUE = Style(bgcolor="blue")

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
DANGEROUS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029])) + BIDI

lines = st.text(st.sampled_from("ab \tä中👩‍🚀é́" + DANGEROUS), max_size=30) | st.text(max_size=30)
spans = st.builds(
    lambda first, length, style, name: Span(
        first, first + length, style, display_line(name) if name else None
    ),
    st.integers(0, 50),
    st.integers(1, 20),
    st.sampled_from([RED, BLUE]),
    st.sampled_from(["", " ana ", "中中中"]),
)


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


@pytest.mark.parametrize("color", [*COLORS, "#000000", "#ffffff", "#00ff00", "#0000ff"])
def test_a_name_can_be_read_on_its_color(color: str) -> None:
    style = label_style(color)
    assert style.color is not None
    assert style.bgcolor == Color.parse(color)
    assert _contrast(style.color, style.bgcolor) > 3.0


@pytest.mark.parametrize("color", COLORS)
def test_text_can_be_read_on_a_selection_and_the_selection_seen_on_the_ground(color: str) -> None:
    style = selection_style(color, "#1b1e24")
    assert style.bgcolor is not None
    assert _contrast(Color.parse("#d7dae0"), style.bgcolor) > 4.5
    assert _contrast(style.bgcolor, Color.parse("#1b1e24")) > 1.3


def _contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    channels = [channel / 255 for channel in color.get_truecolor()]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

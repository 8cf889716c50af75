"""The help page shows every key there is, in two columns if they fit, and scrolls to its ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from collabterm.tui.help_page import MIN_COLUMN_CELLS, HelpLine, HelpPage, HelpSection
from collabterm.tui.prompts import Row

MOVE = HelpSection("Move", (HelpLine(("left",), "Left"), HelpLine(("ctrl+left",), "Left by a word")))
EDIT = HelpSection("Edit", (HelpLine(("ctrl+underscore", "ctrl+slash"), "Comment"), HelpLine((), "Sort")))
VIEW = HelpSection("View", (HelpLine(("alt+z",), "Wrap"),))
PAGE = HelpPage((MOVE, EDIT, VIEW), width=40, height=6)
WIDE = 2 * MIN_COLUMN_CELLS

SCROLLING = {"up": -1, "down": 1, "pageup": -4, "pagedown": 4, "space": 4, "home": -99, "end": 99}
MAX_TOP = 6  # 11 rows, 5 of which are shown above the page's own keys

titles = st.text("ab 中\x1b", max_size=40)
lines_of_help = st.builds(HelpLine, st.sampled_from([(), ("f1",), ("ctrl+w", "ctrl+backspace")]), titles)
sections = st.lists(
    st.builds(HelpSection, titles, st.lists(lines_of_help, max_size=6).map(tuple)), max_size=6
)
pages = st.builds(HelpPage, sections.map(tuple))


def pressed(page: HelpPage, *keys: str) -> HelpPage:
    for key in keys:
        following, action = page.press(key, None)
        assert isinstance(following, HelpPage)
        assert action is None
        page = following
    return page


def text_of(row: Row) -> str:
    return "".join(piece.text for piece in row.pieces)


def shown(page: HelpPage, width: int, height: int) -> list[str]:
    return [text_of(row).rstrip() for row in page.rows(width, height)]


def test_sections_stand_one_below_the_other_where_it_is_narrow() -> None:
    assert shown(PAGE, 40, 12) == [
        " Move",
        "  ←       Left",
        "  Ctrl-←  Left by a word",
        "",
        " Edit",
        "  Ctrl-/  Comment",
        "          Sort",
        "",
        " View",
        "  Alt-Z   Wrap",
        "",
        " Esc close",
    ]


def test_sections_stand_in_two_columns_where_it_is_wide() -> None:
    left, right = "  ←       Left", "  Ctrl-/  Comment"
    rows = shown(PAGE, WIDE, 9)
    assert rows[0] == f"{' Move':{MIN_COLUMN_CELLS}} Edit"
    assert rows[1] == f"{left:{MIN_COLUMN_CELLS}}{right}"
    assert rows[4:7] == [f"{'':{MIN_COLUMN_CELLS}} View", f"{'':{MIN_COLUMN_CELLS}}  Alt-Z   Wrap", ""]


@given(st.lists(st.sampled_from(list(SCROLLING)), max_size=12))
def test_keys_scroll_to_the_ends_and_no_further(keys: list[str]) -> None:
    top = 0
    for key in keys:
        top = min(max(top + SCROLLING[key], 0), MAX_TOP - 1)
    assert pressed(PAGE, *keys).top == top


def test_the_wheel_scrolls_too() -> None:
    assert PAGE.scrolled(3) == replace(PAGE, top=3)
    assert PAGE.scrolled(3).scrolled(-5) == PAGE


def test_a_scrolled_page_tells_which_rows_it_shows() -> None:
    rows = shown(pressed(PAGE, "down", "down"), 40, 6)
    assert rows[0] == "  Ctrl-←  Left by a word"
    assert rows[-1] == " Esc close  ↑ ↓ scroll   3–7 of 10"


@pytest.mark.parametrize("key", ["escape", "f1", "q", "enter"])
def test_closing_keys_close(key: str) -> None:
    assert PAGE.press(key, None) == (None, None)


def test_other_keys_leave_it_open() -> None:
    assert pressed(PAGE, "x", "ctrl+s", "tab") == PAGE


def test_a_page_that_fits_after_a_resize_begins_at_its_first_row() -> None:
    scrolled = pressed(PAGE, "end")
    assert scrolled.fitted(40, 50).top == 0
    assert scrolled.fitted(40, 6) == scrolled


@given(pages, st.integers(1, 150), st.integers(1, 30), st.integers(0, 40))
def test_rows_fill_the_screen_whatever_is_in_them(page: HelpPage, width: int, height: int, down: int) -> None:
    rows = page.fitted(width, height).scrolled(down).rows(width, height)
    assert len(rows) == height
    assert [cell_len(text_of(row)) for row in rows] == [width] * height
    assert not any("\x1b" in text_of(row) for row in rows)


@given(pages, st.integers(60, 150), st.integers(3, 12))
def test_scrolling_down_shows_every_line_there_is(page: HelpPage, width: int, height: int) -> None:
    page = page.fitted(width, height)
    seen = ""
    for _ in range(80):
        seen += "".join(shown(page, width, height))
        page = pressed(page, "pagedown")
    for section in page.sections:
        for line in section.lines:
            assert line.title.replace("\x1b", "␛")[:15].rstrip() in seen

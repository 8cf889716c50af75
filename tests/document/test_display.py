"""What is painted is harmless, and as wide as Textual thinks."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len, split_text

from collabterm.document.clusters import cluster_end, cluster_start, is_regional_indicator
from collabterm.document.display import TAB_SIZE, DisplayLine, blank_marks, display_line, safe_text

BIDI_CONTROLS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
NASTY = (
    "ab 1#_\t\x00\x07\x1b\x7f\x85\x9b\r\n\u0301\u0308\u0903\u200b\u200c\u200d\u200e"
    "\u202e\u2028\u2060\u2066\ufe0e\ufe0f\u20e3\u094d\u0915\u1100\u1161\u11a8\u115f\u3164가각中ｶ\uff9eกำ\xad\u034f\ufeff\ufffe\ufdd0\ud800\udfff\ue000\u0600"
    "❤☝©🙂👩👍🏽\U0001f3fb🇩🇪🏴\U000e0067\U000e007f\U000e0001\U000e0100\U0001ffff\U000e0fff\U0010ffff\U0001fae8"
)
lines = st.one_of(
    st.text(st.sampled_from(NASTY), max_size=30),
    st.text(st.characters(exclude_characters="\n"), max_size=30),
    st.text("abc xyz\t", max_size=30),
)


def assert_harmless(text: str) -> None:
    for char in text:
        assert unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}, ascii(char)
        assert char not in BIDI_CONTROLS, ascii(char)


def stops_of(line: str) -> list[int]:
    return sorted({cluster_start(line, column) for column in range(len(line))})


@given(lines)
@example("1\ufe0f\u20e3❤\ufe0f")
@example("a\u200d\u200db")
@example("🙂\u200d🙂\u200d")
@example("\u200d🙂")
@example("\u0301\u1161\ufe0f")
def test_textual_measures_a_line_as_wide_as_it_says(line: str) -> None:
    painted = DisplayLine(line)
    assert cell_len(painted.text) == painted.width
    assert painted.cell_of(len(line)) == painted.width


@given(lines, st.integers(1, 8))
def test_every_cluster_begins_at_its_own_cell_and_covers_the_cells_to_the_next(
    line: str, tab_size: int
) -> None:
    painted = display_line(line, tab_size)
    stops = stops_of(line)
    cells = [painted.cell_of(stop) for stop in stops]
    assert cells == sorted(set(cells))
    for stop, first, last in zip(stops, cells, [*cells, painted.width][1:], strict=True):
        assert {painted.column_at(cell) for cell in range(first, last)} == {stop}
        assert {painted.cell_of(column) for column in range(stop, cluster_end(line, stop))} == {first}
        if line[stop] == "\t":
            assert last == (first // tab_size + 1) * tab_size
    assert painted.column_at(painted.width) == painted.column_at(painted.width + 9) == len(line)
    assert painted.cell_of(len(line) + 9) == painted.width


@given(lines, st.integers(0, 40), st.integers(0, 40))
def test_a_slice_is_exactly_as_wide_as_asked_and_shows_what_stands_there(
    line: str, first: int, length: int
) -> None:
    painted = DisplayLine(line)
    piece = painted.slice(first, first + length)
    assert cell_len(piece) == length
    if not any(is_regional_indicator(char) for char in line):  # which rich cuts in two, and we do not
        canvas = painted.text + " " * max(first + length - painted.width, 0)
        assert piece == split_text(split_text(canvas, first)[1], length)[0]


@given(lines)
def test_a_slice_of_everything_is_the_painted_text(line: str) -> None:
    painted = DisplayLine(line)
    assert painted.slice(0, painted.width) == painted.text


@pytest.mark.parametrize(
    ("line", "first", "last", "expected"),
    [
        ("abc", 1, 3, "bc"),
        ("abc", 2, 6, "c   "),
        ("abc", 5, 7, "  "),
        ("中文字", 1, 5, " 文 "),
        ("中文字", 1, 2, " "),
        ("a\tb", 2, 5, "  b"),
        ("é\u0301中", 0, 2, "é\u0301 "),
        ("🇩🇪x", 1, 3, " x"),
        ("中", 4, 6, "  "),
        ("中", 0, 0, ""),
    ],
)
def test_a_slice_pads_what_it_cuts(line: str, first: int, last: int, expected: str) -> None:
    assert DisplayLine(line).slice(first, last) == expected


@given(lines)
def test_what_is_painted_is_harmless(line: str) -> None:
    assert_harmless(DisplayLine(line).text)
    assert_harmless(safe_text(line))


def test_every_character_is_harmless_alone_and_in_company() -> None:
    samples = [*range(0x10000), *range(0x10000, 0x110000, 251), *range(0xE0000, 0xE0200)]
    for char in map(chr, samples):
        for text in (f"{char}\u0301", f"\t{char}{char}a中{char}"):
            painted = DisplayLine(text)
            assert cell_len(painted.text) == painted.width
            assert_harmless(painted.text)
            assert_harmless(safe_text(text))


def test_no_character_vanishes() -> None:
    for char in map(chr, [*range(0x10000), 0xE0001, 0xE0067, 0xE0100, 0x1F3FB, 0x1D173]):
        assert DisplayLine(char).width >= 1
        assert DisplayLine(f"\t{char}").width >= TAB_SIZE + 1


@pytest.mark.parametrize(
    ("line", "painted"),
    [
        ("\x1b[31m", "␛[31m"),
        ("a\x00\x7f\x9b\x85", "a␀␡\ufffd␤"),
        ("a\u202eb\u202cc", "a⇠b⇣c"),
        ("\u2066x\u2069\u200e", "⇢x⇣⇢"),
        ("a\u200bb\ufeff\u2060\xad", "a⬚b⬚⬚⬚"),
        ("\u2028\u2029", "␤¶"),
        ("\ud800\ufffe\ufdd0", "\ufffd\ufffd\ufffd"),
        ("\U000e0041", "⬚"),
        ("\u0301a", "◌\u0301a"),
        ("\t\u0301", "    ◌\u0301"),
        ("\x1b\u0301", "␛◌\u0301"),
        ("a\tb", "a   b"),
        ("abcd\t", "abcd    "),
        ("a\u200db", "a⬚b"),
        ("क्\u200dष", "क्ष"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f⬚"),
        ("🏽", "■"),
        ("👍🏽", "👍🏽"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("👩\u200d", "👩⬚"),
        ("a" + "\u0301" * 40, "a" + "\u0301" * 31 + "◌" + "\u0301" * 9),
        ("grüße, Žižka, Привет, ─│", "grüße, Žižka, Привет, ─│"),
    ],
)
def test_the_painted_text_is(line: str, painted: str) -> None:
    assert DisplayLine(line).text == painted


def test_safe_text_is_one_line() -> None:
    assert safe_text("evil\r\n\tname") == "evil␍␊␉name"


@given(st.text("aé 文\u0301\t", max_size=30), st.integers(1, 8))
def test_a_tab_is_painted_as_spaces_up_to_the_next_tab_stop(line: str, tab_size: int) -> None:
    first, *others = line.split("\t")
    text = DisplayLine(first).text
    for piece in others:
        text += " " * (tab_size - cell_len(text) % tab_size) + DisplayLine(piece).text
    assert DisplayLine(line, tab_size).text == text


def test_a_huge_line_with_a_tab_after_each_letter_has_every_column_where_it_is_painted() -> None:
    line = "a\tbc\t" * 2_000
    painted = DisplayLine(line, 8)
    for column in range(0, len(line), 97):
        if line[column] != "\t":
            assert painted.text[painted.cell_of(column)] == line[column]
        assert painted.column_at(painted.cell_of(column)) == column


def marked(line: str, tab_size: int, first_cell: int = 0, last_cell: int | None = None) -> str:
    """Lay the marks over what is painted."""
    painted = DisplayLine(line, tab_size)
    cut, cell = "", 0
    for start, text in blank_marks(line, tab_size, first_cell, last_cell):
        assert start >= cell
        cut += painted.slice(cell, start) + text
        cell = start + cell_len(text)
    return cut + painted.slice(cell, painted.width)


lines_with_blanks = st.lists(
    st.sampled_from(["a", "中", "e\u0301", " \u0301", " ", "  ", "\t"]), max_size=12
).map("".join)


@given(lines_with_blanks, st.integers(1, 8))
def test_tabs_and_the_spaces_at_the_end_are_marked_and_nothing_else(line: str, tab_size: int) -> None:
    text = line.rstrip(" \t")
    expected = ""
    for position, char in enumerate(line):
        if char == "\t":
            expected += "→".ljust(tab_size - cell_len(expected) % tab_size)
        else:
            expected += "·" if position >= len(text) else char
    assert marked(line, tab_size) == DisplayLine(expected).text


@given(lines_with_blanks, st.integers(1, 8), st.integers(0, 20), st.integers(1, 20))
def test_marks_for_a_part_of_a_line_show_that_part_as_the_marks_for_all_do(
    line: str, tab_size: int, first: int, width: int
) -> None:
    part = DisplayLine(marked(line, tab_size, first, first + width)).slice(first, first + width)
    assert part == DisplayLine(marked(line, tab_size)).slice(first, first + width)


def test_only_marks_that_can_be_seen_are_made() -> None:
    assert blank_marks("x\t" * 1_000, 4, 400, 480) == [(cell, "→  ") for cell in range(401, 480, 4)]
    assert len(blank_marks("x" + " " * 1_000, 4, 100, 120)[0][1]) == 20
    assert blank_marks("no blanks to be marked", 4) == ()


@pytest.mark.parametrize("char", ["a", "中", "\t", "🙂"])
def test_a_huge_line_is_laid_out_like_a_short_one(char: str) -> None:
    painted = display_line(char * 10_000)
    one = DisplayLine(char).width
    assert painted.width == cell_len(painted.text) == 10_000 * one
    assert painted.column_at(9_999 * one) == 9_999
    assert display_line(char * 10_000) is painted

"""A bracket finds its partner, and only its partner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.brackets import matching, matching_bracket, pair_at
from collabterm.document.clusters import cluster_start
from collabterm.document.lines import LineIndex, Location
from tests.document.plain_text import PlainLines, location_at, offset_of

PIECES = [
    *"()[]{}()[]{}", "a", " ", "\n", "\n\n", "🇩🇪", "👩\u200d👩\u200d👧", "e\u0301", "(\u20dd",
    "x" * 256, "中" * 300,
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=30)


def partners_in(text: str) -> dict[int, int]:
    """Pair the brackets of each kind with a stack, as if there were no others."""
    partners = {}
    for opening, closing in ("()", "[]", "{}"):
        stack: list[int] = []
        for offset, char in enumerate(text):
            if char == opening:
                stack.append(offset)
            elif char == closing and stack:
                partners[offset] = stack.pop()
                partners[partners[offset]] = offset
    return partners


def bracket_at(text: str, offset: int) -> int | None:
    """Find the bracket under ``offset``, or else the cluster before it that is one."""
    if text[offset : offset + 1] in [*"()[]{}"]:
        return offset
    row, column = location_at(text, offset)
    line = text.split("\n")[row]
    before = cluster_start(line, column - 1)
    return offset - column + before if line[before : before + 1] in [*"()[]{}"] else None


def stop_in(pieces: list[str], data: st.DataObject) -> Location:
    """Draw a place where a cluster begins."""
    count = data.draw(st.integers(0, len(pieces)))
    return location_at("".join(pieces), len("".join(pieces[:count])))


@given(texts, st.data())
def test_a_bracket_matches_the_one_that_a_stack_pairs_it_with(pieces: list[str], data: st.DataObject) -> None:
    text, here = "".join(pieces), stop_in(pieces, data)
    bracket = bracket_at(text, offset_of(text, here))
    lines = PlainLines(text)
    if bracket is None or bracket not in partners_in(text):
        assert matching(lines, here) is None
        assert pair_at(lines, here) is None
    else:
        partner = location_at(text, partners_in(text)[bracket])
        assert matching(lines, here) == partner
        assert pair_at(lines, here) == (location_at(text, bracket), partner)


@given(texts, st.data())
def test_the_motion_goes_to_the_partner_or_to_the_end_of_the_innermost_pair(
    pieces: list[str], data: st.DataObject
) -> None:
    text, here = "".join(pieces), stop_in(pieces, data)
    offset = offset_of(text, here)
    bracket = bracket_at(text, offset)
    partners = partners_in(text)
    if bracket is not None:
        expected = partners.get(bracket, offset)
    else:
        around = (later for first, later in partners.items() if first < offset <= later)
        expected = min(around, default=offset)
    assert matching_bracket(PlainLines(text), here) == location_at(text, expected)


@given(texts, st.data())
def test_jumping_twice_returns_to_the_bracket(pieces: list[str], data: st.DataObject) -> None:
    lines, here = PlainLines("".join(pieces)), stop_in(pieces, data)
    partner = matching_bracket(lines, here)
    back = matching_bracket(lines, partner)
    assert matching_bracket(lines, back) == partner
    if (pair := pair_at(lines, here)) is not None:
        assert back == pair[0]


@given(texts, st.integers(1, 12), st.data())
def test_a_bounded_search_finds_the_partner_or_nothing_the_same_from_both_ends(
    pieces: list[str], max_rows: int, data: st.DataObject
) -> None:
    lines, here = PlainLines("".join(pieces)), stop_in(pieces, data)
    if (pair := pair_at(lines, here, max_rows)) is not None:
        assert pair == pair_at(lines, here)
        assert matching(lines, pair[1], max_rows) == pair[0]
        assert abs(pair[0].row - pair[1].row) < max_rows
    elif (far := pair_at(lines, here)) is not None:
        assert matching(lines, far[1], max_rows) is None


@given(st.integers(0, 520), st.integers(0, 1_100), st.integers(1, 6))
def test_a_long_row_counts_once_for_every_256_characters(before: int, between: int, max_rows: int) -> None:
    first, last = Location(0, before), Location(0, before + 1 + between)
    lines = PlainLines("x" * before + "(" + "x" * between + ")")
    is_near = last.column // 256 - first.column // 256 < max_rows
    assert matching(lines, first, max_rows) == (last if is_near else None)
    assert matching(lines, last, max_rows) == (first if is_near else None)


@pytest.mark.parametrize("row", ["row of a usual width", "", "x" * 256])
@pytest.mark.parametrize("rows_between", [0, 5, 1_998])
def test_the_search_ends_after_as_many_rows_as_asked(row: str, rows_between: int) -> None:
    lines = LineIndex("(\n" + f"{row}\n" * rows_between + ")")
    ends = Location(0, 0), Location(rows_between + 1, 0)
    assert pair_at(lines, ends[0], rows_between + 2) == ends
    assert pair_at(lines, ends[1], rows_between + 2) == ends[::-1]
    assert pair_at(lines, ends[0], rows_between + 1) is None
    assert pair_at(lines, ends[1], rows_between + 1) is None


class CountedLines(PlainLines):
    """Rows that count how often one was read."""

    reads = 0

    def line(self, row: int) -> str:
        self.reads += 1
        return super().line(row)


@pytest.mark.parametrize("row", ["x", "", "f(x)", "))", "((", "a )"])
def test_a_search_in_vain_reads_few_rows_of_a_long_text(row: str) -> None:
    text = f"{row}\n" * 8_000
    for here in (Location(4_000, 0), Location(4_000, len(row))):
        lines = CountedLines(f"(\n{text})")
        pair_at(lines, here)
        assert lines.reads <= 2_010
        lines.reads = 0
        matching_bracket(lines, here)
        assert lines.reads <= 8_010


def test_a_search_gives_up_in_a_row_of_nothing_but_brackets() -> None:
    pairs = "()" * 4_998
    assert matching(LineIndex(f"({pairs})"), Location(0, 0)) == Location(0, 9_997)
    lines = LineIndex(f"(({pairs}))")
    assert matching(lines, Location(0, 0)) == Location(0, 9_999)
    assert matching(lines, Location(0, 9_999)) == Location(0, 0)
    lines = LineIndex(f"(()){pairs})")
    assert matching(lines, Location(0, 0)) == Location(0, 3)
    lines = LineIndex(f"(({pairs})())")
    assert matching(lines, Location(0, 0)) is None
    assert matching(lines, Location(0, 10_001)) is None


@pytest.mark.parametrize(
    ("text", "column", "reached"),
    [
        ("f(a, b)", 1, 6),
        ("f(a, b)", 2, 6),
        ("f(a, b)", 7, 1),
        ("f(a, b)", 4, 6),
        ("()()", 2, 3),
        ("(a)\u20dd", 4, 0),
        ("(])", 0, 2),
        ("( [ ) ]", 3, 6),
        ("( [ ) ]", 4, 0),
        ("{ ( }", 3, 3),
        ("{ a ( }", 3, 6),
        ("{ a ) }", 3, 6),
        ("no brackets", 3, 3),
    ],
)
def test_the_motion_goes_where_a_reader_expects_it(text: str, column: int, reached: int) -> None:
    assert matching_bracket(PlainLines(text), Location(0, column)) == Location(0, reached)

"""Every match is found, once, whatever the pieces, and it is said what is not known yet."""

from __future__ import annotations

import re
from bisect import bisect_left
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document.lines import ByteOffset, LineIndex, Location, Splice
from collabterm.document.scan import Absent, Scan
from collabterm.document.search import (
    BadPattern,
    Match,
    Pattern,
    Query,
    TooSlow,
    compile_query,
    find_in_row,
    find_joined,
)
from collabterm.document.selection import Selection
from tests.document.plain_text import location_at

LONG = 10.0
"""Seconds that no pattern of these tests needs."""

texts = st.text("abAé_ -.\n", max_size=40)
words = st.text("abAé_-.\n", max_size=3)
REGEXES = [
    "a", "a+", "a*", "^a", "b$", "^", "[ab]+", "[^a]", r"\w+", r"\W+", r"\s", r"\b", r"\ba", r"\Ba",
    r"a\Z", r"\Ab", "a|ab", "(?=a)", "a(?!b)", "(?<=a)b", "(?<!a)b", r"(a)\1", "(?P<x>b)(?P=x)", "a{2}",
    "a{0,1}b", ".+", ".*a", "()", "[a-é]", r"[\w.]+", r"[\W]", "(?:ab)+", "a$|^b", r"\.", "a\\\n", "a\nb",
    "[\n]", r"[\]a]", "(?i)a", "(?x) a # b", "[]a]", "(?<![ab])b", r"a(?!\w)", "a(?=$)", "(?!^)a", "a(?!.)",
]  # fmt: skip
regexes = st.sampled_from(REGEXES)


def selection(row: int, start: int, end: int) -> Selection:
    return Selection(Location(row, start), Location(row, end))


def naive(expression: str, text: str, flags: int = 0) -> list[Selection]:
    """Search row by row with Python's own ``re``."""
    return [
        selection(row, *match.span())
        for row, line in enumerate(text.split("\n"))
        for match in re.finditer(expression, line, flags)
        if match[0]
    ]


def find_in_rows(text: str, pattern: Pattern) -> list[Match]:
    """Search rows at once if they may be joined, else one by one."""
    rows = text.split("\n")
    if pattern.is_joinable:
        return find_joined(pattern, rows, 0, None, LONG)
    return [match for row, text in enumerate(rows) for match in find_joined(pattern, [text], row, None, LONG)]


def scanned(scan: Scan, text: str) -> list[Selection]:
    """Walk through all matches from the top."""
    end = location_at(text, len(text))
    found: list[Selection] = []
    match = scan.next_after(Location(0, 0))
    while isinstance(match, Selection) and match not in found:
        found.append(match)
        match = scan.next_after(match.end) if match.end <= end else match
    return found


def complete(scan: Scan, max_rows: int = 1_000, timeout_s: float = LONG) -> Scan:
    while not scan.advance(max_rows, timeout_s):
        pass
    return scan


@given(texts, words, st.booleans())
def test_plain_text_is_found_where_it_stands(text: str, word: str, matches_case: bool) -> None:
    pattern = compile_query(Query(word, matches_case=matches_case))
    expected = naive(re.escape(word), text, 0 if matches_case else re.IGNORECASE) if word else []
    matches = find_in_rows(text, pattern)
    assert [selection(row, start, end) for row, start, end, _ in matches] == expected
    for row, line in enumerate(text.split("\n")):
        assert [selection(row, *span) for span in find_in_row(pattern, line, LONG)] == [
            match for match in expected if match.start.row == row
        ]


@given(texts, regexes)
def test_a_pattern_matches_rows_as_if_each_were_alone(text: str, expression: str) -> None:
    pattern = compile_query(Query(expression, is_regex=True, matches_case=True))
    matches = find_in_rows(text, pattern)
    assert [selection(row, start, end) for row, start, end, _ in matches] == naive(expression, text)


@given(texts, words.filter(lambda word: word and "\n" not in word))
def test_a_whole_word_does_not_end_within_one(text: str, word: str) -> None:
    before = r"(?<!\w)" if re.match(r"\w", word) else ""
    after = r"(?!\w)" if re.match(r"\w", word[-1]) else ""
    pattern = compile_query(Query(word, matches_case=True, whole_word=True))
    matches = find_in_rows(text, pattern)
    expected = naive(before + re.escape(word) + after, text)
    assert [selection(row, start, end) for row, start, end, _ in matches] == expected


def test_a_whole_word_may_be_a_pattern() -> None:
    pattern = compile_query(Query("foo|foobar", is_regex=True, whole_word=True))
    assert find_in_row(pattern, "foobar foo xfoo", LONG) == [(0, 6), (7, 10)]


@pytest.mark.parametrize("row", ["STRASSE ÉTÉ", "strasse été"])
def test_case_is_ignored_beyond_ascii(row: str) -> None:
    assert find_in_row(compile_query(Query("Été")), row, LONG) == [(8, 11)]
    assert len(find_in_row(compile_query(Query("été", matches_case=True)), row, LONG)) == (row == row.lower())


def test_the_matches_of_a_backward_pattern_are_in_text_order() -> None:
    assert find_in_row(compile_query(Query("(?r)a.", is_regex=True)), "abac", LONG) == [(0, 2), (2, 4)]


@pytest.mark.parametrize(
    "expression",
    ["(", "[", "*a", "a{2,1}", r"\1", r"\p{Nothing}", "\\", "a)(b", r"\L<x>", "a{100000000}",
     "(?:a{999}){999}", "(" * 5000 + ")" * 5000, "a{99999999999999999999}"],
)  # fmt: skip
@pytest.mark.parametrize("whole_word", [False, True])
def test_a_bad_pattern_is_refused_with_a_line_that_says_why(expression: str, whole_word: bool) -> None:
    with pytest.raises(BadPattern) as refused:
        compile_query(Query(expression, is_regex=True, whole_word=whole_word))
    assert str(refused.value)
    assert "\n" not in str(refused.value)


def test_plain_text_may_look_like_a_costly_pattern() -> None:
    assert find_in_row(compile_query(Query("a{100000000}")), "a{100000000}", LONG) == [(0, 12)]
    assert find_in_row(compile_query(Query(r"\{100000000", is_regex=True)), "a{100000000}", LONG) == [(1, 11)]


@given(st.text("ab_- \n", max_size=200), regexes, st.integers(1, 5), st.data())
def test_pieces_of_any_size_find_the_same(
    text: str, expression: str, max_rows: int, data: st.DataObject
) -> None:
    lines = LineIndex(text)
    first_row = data.draw(st.integers(0, lines.row_count - 1))
    pattern = compile_query(Query(expression, is_regex=True, matches_case=True))
    scan = complete(Scan(lines, pattern, first_row), max_rows)
    expected = naive(expression, text)
    assert scanned(scan, text) == expected
    assert scan.is_complete
    assert not scan.is_capped
    assert scan.count == len(expected)


def test_a_piece_is_not_larger_than_asked_for() -> None:
    lines = LineIndex("a\n" * 9999 + "a")
    scan = Scan(lines, compile_query(Query("a")), 1234)
    calls = 0
    while not scan.advance(100, LONG):
        calls += 1
        assert scan.count == 100 * calls
    assert (scan.count, calls) == (10_000, 99)


def test_a_scan_stops_when_there_is_no_time() -> None:
    scan = Scan(LineIndex("a\n" * 9999 + "a"), compile_query(Query("a")))
    assert not scan.advance(10_000, LONG, has_time=lambda: False)
    assert 0 < scan.count < 1000


def test_a_pattern_for_single_rows_asks_for_time_after_each() -> None:
    scan = Scan(LineIndex("a \n" * 100), compile_query(Query(r"a\s", is_regex=True)))
    for count in range(1, 40):
        assert not scan.advance(1_000, LONG, has_time=lambda: False)
        assert scan.count == count


def test_a_scan_may_start_behind_the_text() -> None:
    scan = complete(Scan(LineIndex("a\na"), compile_query(Query("a")), 5_000))
    assert scan.count == 2
    assert scan.next_after(Location(1, 0)) == selection(1, 0, 1)


@given(texts, st.sampled_from(["a", "ab", "zz"]), st.integers(0, 40), st.integers(0, 10))
def test_next_previous_and_number_are_right_or_unknown(text: str, word: str, offset: int, rows: int) -> None:
    lines = LineIndex(text)
    cursor = location_at(text, min(offset, len(text)))
    scan = Scan(lines, compile_query(Query(word, matches_case=True)), cursor.row)
    if rows:
        scan.advance(rows, LONG)
    known = {(cursor.row + number) % lines.row_count for number in range(min(rows, lines.row_count))}
    expected = naive(word, text)

    at = bisect_left([match.start for match in expected], cursor)
    following = [*expected[at:], *expected[:at]]
    crossed = range(cursor.row, following[0].start.row + 1) if at < len(expected) else range(lines.row_count)
    after = scan.next_after(cursor)
    if known.issuperset(crossed):
        assert after == (following[0] if following else Absent.NOWHERE)
    else:
        assert after in {Absent.NOT_YET, *following[:1]}

    before = scan.previous_before(cursor)
    if len(known) == lines.row_count:
        assert before == (following[-1] if following else Absent.NOWHERE)
    else:
        assert before in {Absent.NOT_YET, *following[-1:]}

    for number, match in enumerate(expected, 1):
        is_known = known.issuperset(range(match.start.row + 1))
        assert scan.index_of(match.start) == (number if is_known else None)
    assert scan.index_of(location_at(text, len(text))) is None


def test_the_match_at_or_behind_the_cursor_is_known_first() -> None:
    lines = LineIndex("\n".join(f"row {row}" for row in range(100_000)))
    scan = Scan(lines, compile_query(Query("row", matches_case=True)), 70_000)
    assert scan.next_after(Location(70_000, 0)) is Absent.NOT_YET
    scan.advance(1, LONG)
    assert scan.next_after(Location(70_000, 0)) == selection(70_000, 0, 3)
    assert scan.next_after(Location(70_000, 1)) is Absent.NOT_YET
    assert scan.previous_before(Location(70_000, 3)) == selection(70_000, 0, 3)
    assert scan.previous_before(Location(70_000, 0)) is Absent.NOT_YET
    assert scan.previous_before(Location(70_001, 3)) is Absent.NOT_YET
    assert scan.index_of(Location(70_000, 0)) is None
    complete(scan)
    assert scan.index_of(Location(70_000, 0)) == 70_001
    assert scan.next_after(Location(99_999, 1)) == selection(0, 0, 3)
    assert scan.previous_before(Location(0, 0)) == selection(99_999, 0, 3)


@given(texts, st.sampled_from(["a", "[ab]+", "[^a]+"]), st.sets(st.integers(0, 40), max_size=6))
def test_only_matches_inside_a_selection_count(text: str, expression: str, cuts: set[int]) -> None:
    edges = [location_at(text, min(cut, len(text))) for cut in sorted(cuts)]
    within = [Selection(end, start) for start, end in zip(edges[::2], edges[1::2], strict=False)]
    pattern = compile_query(Query(expression, is_regex=True, matches_case=True))
    scan = complete(Scan(LineIndex(text), pattern, 0, within))
    assert scanned(scan, text) == [
        match
        for match in naive(expression, text)
        if any(selected.start <= match.start and match.end <= selected.end for selected in within)
    ]


@settings(max_examples=50)
@given(st.data())
def test_a_scan_that_follows_changes_finds_what_a_new_one_does(data: st.DataObject) -> None:
    text = data.draw(st.text("ab\n", max_size=60)) * data.draw(st.sampled_from([1, 60]))
    lines = LineIndex(text)
    pattern = compile_query(Query("ab", matches_case=True))
    scan = Scan(lines, pattern, data.draw(st.integers(0, lines.row_count - 1)))
    for _ in range(data.draw(st.integers(1, 4))):
        scan.advance(data.draw(st.integers(1, 3000)), LONG)
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        inserted = data.draw(st.text("ab\n", max_size=5)) * data.draw(st.sampled_from([1, 1500]))
        text = text[:start] + inserted + text[end:]
        scan.follow(lines.splice(Splice(ByteOffset(start), end - start, inserted)))
        fresh = complete(Scan(lines, pattern))
        found = scan.next_after(Location(0, 0))
        assert found in {Absent.NOT_YET, fresh.next_after(Location(0, 0))}
        assert scan.count <= fresh.count
    complete(scan)
    expected = naive("ab", text)
    assert scan.count == len(expected)
    assert [scan.index_of(match.start) for match in expected] == list(range(1, len(expected) + 1))


def test_after_an_edit_only_its_block_is_scanned_again() -> None:
    lines = LineIndex("a\n" * 100_000)
    scan = complete(Scan(lines, compile_query(Query("a"))))
    scan.follow(lines.splice(Splice(ByteOffset(100_001), 0, "aa\n")))
    assert not scan.is_complete
    assert scan.advance(2_000, LONG)
    assert scan.count == 100_002


def test_a_scan_within_a_selection_follows_it() -> None:
    lines = LineIndex("a\na\na")
    scan = complete(Scan(lines, compile_query(Query("a")), 0, [Selection(Location(1, 0), Location(1, 1))]))
    scan.follow(lines.splice(Splice(ByteOffset(0), 0, "a\na")))
    complete(scan)
    assert scanned(scan, lines.text()) == [selection(2, 0, 1)]


def test_a_scan_keeps_a_million_matches_and_says_so() -> None:
    lines = LineIndex("\n".join(["a" * 401] * 3000))
    scan = complete(Scan(lines, compile_query(Query("a", matches_case=True))))
    assert scan.is_capped
    assert not scan.is_complete
    assert 1_000_000 <= scan.count < 1_000_000 + 256 * 401


def test_a_catastrophic_pattern_is_given_up_in_time() -> None:
    lines = LineIndex("fine\n" * 500 + "a" * 60 + "b")
    for expression in ("(a|aa)+$", r"(?:(a|aa)+\s)+$"):
        pattern = compile_query(Query(expression, is_regex=True))
        start = process_time()
        with pytest.raises(TooSlow):
            find_in_row(pattern, lines.line(500), 0.05)
        with pytest.raises(TooSlow):
            find_joined(pattern, [lines.line(500)], 500, None, 0.05)
        scan = Scan(lines, pattern)
        with pytest.raises(TooSlow):
            complete(scan, 2_000, 0.05)
        assert 0.15 <= process_time() - start < 1.5


def test_rows_that_are_slow_only_together_are_scanned_one_by_one() -> None:
    row = "a" * 18 + "b"
    pattern = compile_query(Query("(a|aa)+$|b", is_regex=True))
    start = process_time()
    assert find_in_row(pattern, row, LONG) == [(18, 19)]
    one = process_time() - start
    scan = Scan(LineIndex("\n".join([row] * 30)), pattern)
    asked = 0

    def has_time() -> bool:
        nonlocal asked
        asked += 1
        return asked % 5 != 0

    while not scan.advance(2_000, 10 * one, has_time):
        pass
    assert scan.count == 30
    assert asked > 30

"""The cursor stops where a reader expects it to."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.document import motions
from collabterm.document.clusters import cluster_end, cluster_start, starts_before
from collabterm.document.lines import LineIndex, Location
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines, location_at, offset_of

CLUSTERS = [
    "a", "B", "_", "7", " ", "\t", "-", ".", "é", "e\u0301", "e\u0301\u0323", "ß", "Ж", "中", "한",
    "\u1112\u1161\u11ab", "가\u11a8", "ｶ\uff9e", "กำ", "कि", "\x1b", "\x00", "\u2028", "\u200b", "\u202e",
    "🙂", "👍🏽", "❤\ufe0f", "1\ufe0f\u20e3", "👩\u200d👩\u200d👧\u200d👦", "🏳\ufe0f\u200d🌈",
    "👩🏻\u200d🤝\u200d👩🏽", "🇩🇪", "🇯🇵", "🏴\U000e0067\U000e0062\U000e007f", "a\u200d", "ل\u200c",
    "\ue0a0", "\ud800", "\uffff", "\r",
]  # fmt: skip
lines_of_clusters = st.lists(st.sampled_from(CLUSTERS), max_size=12)
texts_of_clusters = st.lists(st.sampled_from([*CLUSTERS, "\n", "\n"]), max_size=16)
MARKED_BLANKS = [" \u0301", "\u00a0", "\u3000", "\x1c", "_\u0301", "(\u20dd"]
runs_of_clusters = st.tuples(
    st.sampled_from([*CLUSTERS, *MARKED_BLANKS]), st.sampled_from([1, 1, 2, 70, 300])
)
texts_with_runs = st.lists(runs_of_clusters | st.just(("\n", 1)), max_size=8).map(
    lambda runs: [cluster for cluster, length in runs for _ in range(length)]
)
texts_of_paragraphs = st.lists(st.sampled_from(["\n", "\n", " ", "\t", "a", "🇩🇪"]), max_size=24)
ascii_texts = st.text("ab_1 .,-\t\n", max_size=40)


def boundaries(clusters: list[str]) -> list[int]:
    return [0, *accumulate(map(len, clusters))]


def kind(cluster: str) -> str:
    """Name what a cluster is to a word motion; every newline is a kind of its own."""
    if cluster == "\n":
        return "newline"
    if cluster[0].isspace():
        return "space"
    return "word" if cluster[0].isalnum() or cluster[0] == "_" else "punctuation"


def run_end(clusters: list[str], index: int, wanted: str) -> int:
    while index < len(clusters) and kind(clusters[index]) == wanted:
        index += 1
    return index


def word_end(clusters: list[str], index: int) -> int:
    """Find, one cluster at a time, which cluster a word motion to the right stops before."""
    if index == len(clusters) or clusters[index] == "\n":
        return min(index + 1, len(clusters))
    index = run_end(clusters, index, "space")
    if index == len(clusters) or clusters[index] == "\n":
        return index
    return run_end(clusters, index, kind(clusters[index]))


def locations(clusters: list[str]) -> list[Location]:
    return [location_at("".join(clusters), offset) for offset in boundaries(clusters)]


@given(lines_of_clusters)
def test_boundaries_of_a_line_are_those_of_its_clusters(clusters: list[str]) -> None:
    line = "".join(clusters)
    expected = boundaries(clusters)
    for column in range(len(line) + 1):
        assert cluster_start(line, column) == max(stop for stop in expected if stop <= column)
        assert cluster_end(line, column) == min(
            (stop for stop in expected if stop > column), default=len(line)
        )


@given(st.text(st.sampled_from("".join(CLUSTERS)), max_size=24))
def test_start_and_end_agree_on_any_text(line: str) -> None:
    stops = [0]
    while stops[-1] < len(line):
        stops.append(cluster_end(line, stops[-1]))
    assert stops == sorted({*(cluster_start(line, column) for column in range(len(line) + 1)), len(line)})
    assert stops[-2::-1] == list(starts_before(line, len(line)))


@pytest.mark.parametrize(
    ("rule", "clusters"),
    [
        ("GB4", ["\x07", "\u0301"]),
        ("GB5", ["a", "\u200b"]),
        ("GB6", ["\u1100\u1100\u1161"]),
        ("GB7", ["가\u1161\u11a8"]),
        ("GB8", ["각\u11a8", "\u1161"]),
        ("GB9", ["\u0301", "a\u200d", "b"]),
        ("GB9a", ["क\u0903", "ข"]),
        ("GB11", ["👩\u0308\u200d👩", "a\u200d", "👩\u200d\u200d", "👩"]),
        ("GB12", ["🇩🇪", "🇩🇪", "🇩"]),
        ("GB13", ["x", "🇩🇪", "🇩\u0308", "🇪"]),
        ("GB999", ["a", "中", "中", "🙂", "🙂"]),
    ],
)
def test_clusters_follow_the_rule(rule: str, clusters: list[str]) -> None:
    line = "".join(clusters)
    stops = [cluster_start(line, column) for column in range(len(line))]
    assert sorted(set(stops)) == boundaries(clusters)[:-1], rule


@given(texts_of_clusters)
def test_right_visits_every_cluster_and_left_visits_them_back(clusters: list[str]) -> None:
    lines = PlainLines("".join(clusters))
    expected = locations(clusters)
    for here, there in zip(expected, [*expected[1:], expected[-1]], strict=True):
        assert motions.right(lines, here) == there
    for here, there in zip(expected, [expected[0], *expected[:-1]], strict=True):
        assert motions.left(lines, here) == there


@given(texts_of_clusters, st.integers(-3, 20), st.integers(-3, 40))
def test_clamp_answers_the_last_stop_of_the_row_before(clusters: list[str], row: int, column: int) -> None:
    lines = PlainLines("".join(clusters))
    stops = locations(clusters)
    clamped = motions.clamp(lines, Location(row, column))
    assert clamped == max([stop for stop in stops if stop <= (row, max(column, 0))], default=stops[0])


@given(ascii_texts, st.data())
def test_word_right_ends_where_a_pattern_does(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    match = re.compile(r"\n|[ \t]*(?:\w+|[^\w\s]+)?").match(text, offset)
    assert match is not None
    assert motions.word_right(PlainLines(text), location_at(text, offset)) == location_at(text, match.end())


@given(ascii_texts, st.data())
def test_word_left_mirrors_word_right(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    mirror = text[::-1]
    there = motions.word_right(PlainLines(mirror), location_at(mirror, len(text) - offset))
    expected = location_at(text, len(text) - offset_of(mirror, there))
    assert motions.word_left(PlainLines(text), location_at(text, offset)) == expected


@pytest.mark.parametrize(
    ("line", "stops"),
    [
        ("größe  naı\u0308ve", [5, 13]),
        ("self._rows[0] += 中文", [4, 5, 10, 11, 12, 13, 16, 19]),
        ("👍🏽👍 ok", [3, 6]),
        ("  ", [2]),
    ],
)
def test_word_right_knows_words_of_any_script(line: str, stops: list[int]) -> None:
    reached = [motions.word_right(PlainLines(line), Location(0, 0))]
    while reached[-1].column < len(line):
        reached.append(motions.word_right(PlainLines(line), reached[-1]))
    assert [location.column for location in reached] == stops


@given(texts_with_runs, st.data())
def test_word_motions_cross_whole_clusters_of_one_kind(clusters: list[str], data: st.DataObject) -> None:
    lines = PlainLines("".join(clusters))
    stops = locations(clusters)
    index = data.draw(st.integers(0, len(clusters)))
    assert motions.word_right(lines, stops[index]) == stops[word_end(clusters, index)]
    mirrored = word_end(clusters[::-1], len(clusters) - index)
    assert motions.word_left(lines, stops[index]) == stops[len(clusters) - mirrored]


@pytest.mark.parametrize("char", ["a", " ", "-", "é", "中"])
def test_a_word_of_many_characters_is_crossed_in_one_step(char: str) -> None:
    word = char * 20_000
    lines = LineIndex(f"{word}\u0301\n")
    end = Location(0, len(word) + 1)
    assert motions.word_right(lines, Location(0, 0)) == end
    assert motions.word_left(lines, end) == Location(0, 0)


@given(texts_with_runs, st.data())
def test_a_double_click_selects_the_run_under_it(clusters: list[str], data: st.DataObject) -> None:
    lines = PlainLines("".join(clusters))
    stops = locations(clusters)
    index = data.draw(st.integers(0, len(clusters)))
    row_starts_here = index == 0 or clusters[index - 1] == "\n"
    row_ends_here = index == len(clusters) or clusters[index] == "\n"
    selected = motions.word_at(lines, stops[index])
    if row_starts_here and row_ends_here:
        assert selected == Selection.at(stops[index])
        return
    before = "" if row_starts_here else kind(clusters[index - 1])
    here = "" if row_ends_here else kind(clusters[index])
    wanted = "word" if "word" in (before, here) else here or before
    backward = clusters[: index + (here == wanted)][::-1]
    start = index + (here == wanted) - run_end(backward, 0, wanted)
    assert selected == Selection(stops[start], stops[run_end(clusters, start, wanted)])
    assert not selected.is_empty


@pytest.mark.parametrize(
    ("line", "column", "selected"),
    [
        ("one two", 1, "one"),
        ("one two", 3, "one"),
        ("one  two", 4, "  "),
        ("one  two", 5, "two"),
        ("f(x)", 1, "f"),
        ("f((x)", 2, "(("),
        ("f()", 3, "()"),
        ("nai\u0308ve!", 5, "nai\u0308ve"),
        ("größe", 5, "größe"),
    ],
)
def test_a_double_click_prefers_the_word(line: str, column: int, selected: str) -> None:
    selection = motions.word_at(PlainLines(line), Location(0, column))
    assert line[selection.start.column : selection.end.column] == selected


@given(texts_of_clusters, st.data())
def test_a_triple_click_selects_the_row_and_its_newline(clusters: list[str], data: st.DataObject) -> None:
    text = "".join(clusters)
    here = data.draw(st.sampled_from(locations(clusters)))
    selection = motions.row_at(PlainLines(text), here)
    start, end = offset_of(text, selection.anchor), offset_of(text, selection.head)
    assert text[start:end] == re.findall(r"[^\n]*\n|[^\n]*\Z", text)[here.row]


def test_ends_of_row_and_document_are_found_in_a_real_line_index() -> None:
    lines = LineIndex("one\nthree\n")
    middle = Location(1, 2)
    assert motions.line_end(lines, middle) == Location(1, 5)
    assert motions.document_start(lines, middle) == Location(0, 0)
    assert motions.document_end(lines, middle) == Location(2, 0) == lines.end


@given(texts_with_runs, st.data())
def test_smart_home_alternates_between_the_text_and_the_first_column(
    clusters: list[str], data: st.DataObject
) -> None:
    text = "".join(clusters)
    lines = PlainLines(text)
    stops = locations(clusters)
    here = data.draw(st.sampled_from(stops))
    row = [(stop, cluster) for stop, cluster in zip(stops, clusters, strict=False) if stop.row == here.row]
    text_start = next((stop for stop, cluster in row if not cluster.isspace()), Location(here.row, 0))
    expected = Location(here.row, 0) if here == text_start else text_start
    assert motions.smart_home(lines, here) == expected
    assert motions.smart_home(lines, expected) == (
        text_start if expected != text_start else Location(here.row, 0)
    )


@pytest.mark.parametrize(
    ("line", "column", "reached"),
    [
        ("\t  x", 0, 3),
        ("\t  x", 2, 3),
        ("\t  x", 3, 0),
        ("\t  x", 4, 3),
        ("  \u0301x", 3, 1),
        ("  \u0301x", 1, 0),
        ("   ", 2, 0),
        ("   ", 0, 0),
        ("x", 0, 0),
        ("", 0, 0),
    ],
)
def test_smart_home_goes_to_what_is_seen_first(line: str, column: int, reached: int) -> None:
    assert motions.smart_home(PlainLines(line), Location(0, column)) == Location(0, reached)


@given(texts_of_paragraphs, st.data())
def test_paragraph_motions_stop_at_the_next_run_of_blank_rows(
    clusters: list[str], data: st.DataObject
) -> None:
    text = "".join(clusters)
    lines = PlainLines(text)
    here = data.draw(st.sampled_from(locations(clusters)))
    blanks = [row for row, line in enumerate(text.split("\n")) if not line.strip()]
    own_run = {here.row} & {*blanks}
    while (
        own_run and (grown := {*blanks} & {row + step for row in own_run for step in (-1, 0, 1)}) != own_run
    ):
        own_run = grown
    others = [row for row in blanks if row not in own_run]
    above, below = others[: bisect_left(others, here.row)], others[bisect_left(others, here.row) :]
    assert motions.paragraph_up(lines, here) == Location(above[-1] if above else 0, 0)
    if below:
        assert motions.paragraph_down(lines, here) == Location(below[0], 0)
    else:
        assert motions.paragraph_down(lines, here) == location_at(text, len(text))


class CountedLines(PlainLines):
    """Rows that know which of them were read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.read: set[int] = set()

    def line(self, row: int) -> str:
        self.read.add(row)
        return super().line(row)


def test_paragraph_motions_read_only_the_rows_they_cross() -> None:
    lines = CountedLines("a\n\n" * 1_000)
    assert motions.paragraph_down(lines, Location(1_000, 0)) == Location(1_001, 0)
    assert motions.paragraph_up(lines, Location(1_000, 0)) == Location(999, 0)
    assert lines.read == {999, 1_000, 1_001}

"""Rows are cut so that they can be read, and the cursor is always seen where it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collabterm.document.clusters import cluster_start
from collabterm.document.display import DisplayLine, display_line
from collabterm.document.lines import LineIndex, Location
from collabterm.document.wrapping import Layout, Spot
from tests.document.plain_text import PlainLines

CLUSTERS = [
    "a", "b", "word", " ", " ", "  ", "\t", "-", "--", ".", "_", "7", "é", "e\u0301", " \u0301", "-\u0301",
    "中", "文", "。", "中\u0301", "\u3000", "\xa0", "🙂", "👩\u200d👩\u200d👧", "🇩🇪", "\x1b", "\u200b",
    "\u0301" * 35, "a" * 20,
]  # fmt: skip
lines = st.lists(st.sampled_from(CLUSTERS), max_size=20).map("".join)
texts = st.lists(st.sampled_from([*CLUSTERS, "\n", "\n", "\n"]), max_size=30).map("".join)
ascii_lines = st.text("ab  ", max_size=60)
layouts = st.builds(Layout, st.integers(1, 8), st.none() | st.integers(1, 24))
wrapping_layouts = st.builds(Layout, st.integers(1, 8), st.integers(1, 24))


def stops_of(line: str) -> list[int]:
    return sorted({cluster_start(line, column) for column in range(len(line) + 1)})


def all_spots(text: PlainLines, layout: Layout) -> list[Spot]:
    return [
        Spot(row, segment)
        for row in range(text.row_count)
        for segment in range(len(layout.segments(text.line(row))))
    ]


def all_stops(text: PlainLines) -> list[Location]:
    return [Location(row, column) for row in range(text.row_count) for column in stops_of(text.line(row))]


def pieces(line: str, width: int, tab_size: int = 4) -> list[str]:
    segments = Layout(tab_size, width).segments(line)
    return [line[segment.first_column : segment.last_column] for segment in segments]


def naive_pieces(line: str, width: int) -> list[str]:
    """Wrap a line of letters and spaces, one cell each."""
    indent = min(len(line) - len(line.lstrip()), width // 2)
    done: list[str] = []
    while len(line) >= (room := width - indent if done else width):
        word_ends = [end for end in range(1, room) if line[end - 1] == " " and line[:end].strip()]
        end = room if line[room - 1] == " " else max(word_ends, default=max(room - 1, 1))
        done.append(line[:end])
        line = line[end:]
    return [*done, line]


@given(lines, layouts)
def test_segments_are_the_row_cut_between_clusters(line: str, layout: Layout) -> None:
    display = display_line(line, layout.tab_size)
    segments, stops = layout.segments(line), stops_of(line)
    column = cell = 0
    for segment in segments:
        assert (segment.first_column, segment.first_cell) == (column, cell)
        column, cell = segment.last_column, segment.last_cell
        assert column in stops
        assert cell == display.cell_of(column)
        assert column > segment.first_column or segment is segments[-1]
    assert (column, cell) == (len(line), display.width)
    assert segments[0].indent == 0


@given(lines, wrapping_layouts)
def test_no_segment_is_wider_than_the_screen_and_only_a_blank_takes_the_last_cell(
    line: str, layout: Layout
) -> None:
    width = layout.wrap_width or 0
    display = display_line(line, layout.tab_size)
    all_stops_of_row = stops_of(line)
    for first_column, last_column, first_cell, last_cell, indent in layout.segments(line):
        stops = [stop for stop in all_stops_of_row if first_column <= stop < last_column]
        if len(stops) > 1:
            assert indent + last_cell - first_cell <= width
            assert line[stops[-1]].isspace() or indent + display.cell_of(last_column) - first_cell < width


@given(lines, wrapping_layouts)
def test_the_cursor_has_a_cell_on_screen_wherever_it_is(line: str, layout: Layout) -> None:
    width = layout.wrap_width or 0
    places = [layout.place(line, column) for column in stops_of(line)]
    assert all(0 <= cell < width for _, cell in places)
    assert places == sorted(set(places))


@given(lines, layouts)
def test_a_column_is_found_again_by_its_place(line: str, layout: Layout) -> None:
    for column in range(len(line) + 1):
        segment, cell = layout.place(line, column)
        assert layout.column_at(line, segment, cell) == cluster_start(line, column)


@given(lines, layouts, st.integers(-2, 30))
def test_every_cell_of_a_screen_row_finds_the_cluster_painted_there_or_the_nearest(
    line: str, layout: Layout, cell: int
) -> None:
    display = display_line(line, layout.tab_size)
    segments = layout.segments(line)
    for index, segment in enumerate(segments):
        starts = {
            segment.indent + display.cell_of(stop) - segment.first_cell: stop for stop in stops_of(line)
        }
        seen = [
            (start, stop)
            for start, stop in sorted(starts.items())
            if segment.first_column <= stop < segment.last_column
            or (index == len(segments) - 1 and stop == len(line))
        ]
        expected = max([pair for pair in seen if pair[0] <= cell], default=seen[0])[1]
        assert layout.column_at(line, index, cell) == expected


@given(ascii_lines, st.integers(1, 24))
@example("aaaa bbbb", 5)
@example("aaaa", 4)
@example("aaa ", 4)
def test_a_row_of_words_is_wrapped_as_by_hand(line: str, width: int) -> None:
    assert pieces(line, width) == naive_pieces(line, width)


@pytest.mark.parametrize(
    ("line", "width", "expected"),
    [
        ("the quick fox", 10, ["the quick ", "fox"]),
        ("the quicker", 10, ["the ", "quicker"]),
        ("a well-known fact", 8, ["a well-", "known ", "fact"]),
        ("pages 10-20 of it", 10, ["pages ", "10-20 of ", "it"]),
        ("run --all now", 8, ["run ", "--all ", "now"]),
        ("a long—very", 9, ["a long—", "very"]),
        ("no\xa0break here", 10, ["no\xa0break ", "here"]),
        ("unbreakable", 5, ["unbr", "eaka", "ble"]),
        ("a unbreakable", 5, ["a ", "unbr", "eaka", "ble"]),
        ("日本語、漢字。かな", 10, ["日本語、", "漢字。か", "な"]),
        ("see 日本語", 8, ["see 日", "本語"]),
        ("中文字", 4, ["中", "文", "字"]),
        ("中文", 1, ["中", "文", ""]),
        ("a\tb", 3, ["a", "\t", "b"]),
        ("one \u0301two", 6, ["one \u0301t", "wo"]),
        ("🇩🇪🇯🇵🇫🇷", 5, ["🇩🇪🇯🇵", "🇫🇷"]),
        ("    if deep: then", 14, ["    if deep: ", "then"]),
        ("", 5, [""]),
        ("full", 5, ["full"]),
        ("fully", 5, ["full", "y"]),
        ("full ", 5, ["full ", ""]),
        ("full  it", 5, ["full ", " it"]),
    ],
)
def test_a_row_is_broken_where_a_reader_expects_it(line: str, width: int, expected: list[str]) -> None:
    assert pieces(line, width) == expected


@pytest.mark.parametrize(
    ("line", "width", "indent"),
    [("  ab cd ef gh", 8, 2), ("\tab cd ef gh", 12, 4), ("       ab cd ef", 10, 5), ("ab cd ef gh", 8, 0)],
)
def test_what_is_wrapped_stands_under_the_indentation_up_to_half_the_width(
    line: str, width: int, indent: int
) -> None:
    first, *others = Layout(4, width).segments(line)
    assert first.indent == 0
    assert {segment.indent for segment in others} == {indent}


def test_the_end_of_a_segment_is_the_start_of_the_next_and_the_end_of_the_row_its_own() -> None:
    layout = Layout(4, 6)
    assert layout.place("aaa bbb", 4) == (1, 0)
    assert layout.place("aaa bbb", 7) == (1, 3)
    assert layout.place("aaaa  ", 6) == (1, 0)


@pytest.mark.parametrize("unit", ["lorem ipsum ", "unbroken", "wi\tth ", "中文", "-"])
def test_a_huge_row_is_wrapped_like_its_beginning(unit: str) -> None:
    start, whole = pieces(unit * 100, 60), pieces(unit * 20_000, 60)
    assert "".join(whole) == unit * 20_000
    assert whole[: len(start) - 2] == start[:-2]


@given(texts, layouts, st.integers(-40, 40), st.data())
def test_moving_by_screen_rows_walks_the_list_of_them_all(
    text: str, layout: Layout, count: int, data: st.DataObject
) -> None:
    plain = PlainLines(text)
    spots = all_spots(plain, layout)
    index = data.draw(st.integers(0, len(spots) - 1))
    target = min(max(index + count, 0), len(spots) - 1)
    there = layout.moved(plain, spots[index], count)
    assert there == spots[target]
    if target == index + count:
        assert layout.moved(plain, there, -count) == spots[index]


@given(texts, layouts, st.integers(1, 40), st.data())
def test_the_distance_is_that_in_the_list_of_all_screen_rows(
    text: str, layout: Layout, limit: int, data: st.DataObject
) -> None:
    plain = PlainLines(text)
    spots = all_spots(plain, layout)
    here, there = (data.draw(st.integers(0, len(spots) - 1)) for _ in range(2))
    expected = min(max(there - here, -limit), limit)
    assert layout.distance(plain, spots[here], spots[there], limit) == expected


@given(texts, layouts, st.integers(-3, 9), st.integers(-3, 9))
def test_a_spot_that_is_no_more_counts_as_the_nearest(
    text: str, layout: Layout, row: int, segment: int
) -> None:
    plain = PlainLines(text)
    spots = all_spots(plain, layout)
    expected = max([spot for spot in spots if spot <= (row, segment)], default=spots[0])
    if 0 <= row < plain.row_count and segment < 0:
        expected = Spot(row, 0)
    assert layout.clamped(plain, Spot(row, segment)) == expected
    assert layout.moved(plain, Spot(row, segment), 0) == expected
    assert layout.distance(plain, Spot(row, segment), expected, 5) == 0
    assert layout.location_at(plain, Spot(row, segment), 0) == layout.location_at(plain, expected, 0)


@given(texts, st.integers(0, 30), st.integers(1, 5))
def test_without_wrapping_up_and_down_stop_at_the_cluster_that_covers_the_goal(
    text: str, goal: int, rows: int
) -> None:
    plain = PlainLines(text)
    layout = Layout()
    stops = all_stops(plain)
    for here in stops:
        for move, row in ((layout.up, here.row - rows), (layout.down, here.row + rows)):
            row = min(max(row, 0), plain.row_count - 1)
            in_row = [stop for stop in stops if stop.row == row]
            if row == here.row:
                expected = stops[0] if move == layout.up else stops[-1]
            else:
                cell_of = display_line(plain.line(row)).cell_of
                expected = max(stop for stop in in_row if cell_of(stop.column) <= goal)
            assert move(plain, here, goal, rows) == expected


@given(texts, wrapping_layouts, st.integers(0, 30), st.integers(1, 5))
def test_up_and_down_go_by_screen_rows_and_from_the_outermost_to_the_ends(
    text: str, layout: Layout, goal: int, rows: int
) -> None:
    plain = PlainLines(text)
    spots, stops = all_spots(plain, layout), all_stops(plain)
    for here in stops:
        index = spots.index(layout.spot_of(plain, here))
        above, below = max(index - rows, 0), min(index + rows, len(spots) - 1)
        up, down = layout.up(plain, here, goal, rows), layout.down(plain, here, goal, rows)
        assert up == (layout.location_at(plain, spots[above], goal) if index else stops[0])
        assert down == (layout.location_at(plain, spots[below], goal) if below > index else stops[-1])
        assert layout.spot_of(plain, up) == spots[above]
        assert layout.spot_of(plain, down) == spots[below]


class CountingLines(PlainLines):
    """Rows that know which of them were read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.read: set[int] = set()

    def line(self, row: int) -> str:
        self.read.add(row)
        return super().line(row)


def test_walking_reads_only_the_rows_it_passes() -> None:
    counting = CountingLines("one two three\n" * 1_000)
    layout = Layout(4, 8)
    assert layout.moved(counting, Spot(500, 0), 6) == Spot(503, 0)
    assert layout.moved(counting, Spot(500, 0), -6) == Spot(497, 0)
    assert layout.distance(counting, Spot(500, 0), Spot(900, 1), 6) == 6
    assert layout.distance(counting, Spot(500, 0), Spot(100, 1), 6) == -6
    assert counting.read <= {*range(495, 506), *range(100, 105), 900}


def test_segments_of_a_real_text_show_it_all() -> None:
    text = LineIndex(re.sub(r"(?m)^", "\t", "Some words, well-known, in two rows.\nAnd more of them."))
    layout = Layout(4, 16)
    shown = [
        " " * segment.indent + DisplayLine(line).slice(segment.first_cell, segment.last_cell)
        for line in text.rows(0, 2)
        for segment in layout.segments(line)
    ]
    assert shown == [
        "    Some words, ", "    well-known, ", "    in two ", "    rows.", "    And more of ", "    them.",
    ]  # fmt: skip

"""LineIndex against a plain string."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document.lines import ByteOffset, LineIndex, Location, Replacement, Splice

TEXTS = st.text(alphabet="ab\n\né😀\r\t\f\u2028x\u0301", max_size=40)


def naive_location(text: str, offset: int) -> Location:
    before = text.encode()[:offset].decode().split("\n")
    return Location(len(before) - 1, len(before[-1]))


@st.composite
def text_and_splices(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    changes = st.tuples(st.integers(0, 60), st.integers(0, 20), TEXTS)
    return draw(TEXTS), draw(st.lists(changes, max_size=8))


@given(text_and_splices())
def test_splices_give_what_a_string_gives(case: tuple[str, list[tuple[int, int, str]]]) -> None:
    text, changes = case
    index = LineIndex(text)
    for start, length, inserted in changes:
        first, last = min(start, len(text)), min(start + length, len(text))
        offset = ByteOffset(len(text[:first].encode()))
        deleted = len(text[first:last].encode())
        replacement = index.splice(Splice(offset, deleted, inserted))
        expected_end = naive_location(text, offset + deleted)
        text = text[:first] + inserted + text[last:]
        new_end = naive_location(text, offset + len(inserted.encode()))
        assert replacement == Replacement(naive_location(text, offset), expected_end, new_end)
        assert index.text() == text
        assert index.size == len(text.encode())
        assert index.row_count == text.count("\n") + 1
        assert index.text_hash() == LineIndex(text).text_hash()


@given(TEXTS)
def test_every_location_and_offset_convert_both_ways(text: str) -> None:
    index = LineIndex(text)
    for position in range(len(text) + 1):
        offset = len(text[:position].encode())
        location = naive_location(text, offset)
        assert index.location_at(offset) == location
        assert index.offset_at(location) == offset


@given(TEXTS, st.integers(0, 60), st.integers(0, 60))
def test_text_between_is_the_slice(text: str, first: int, last: int) -> None:
    start, end = sorted((min(first, len(text)), min(last, len(text))))
    index = LineIndex(text)
    locations = [naive_location(text, len(text[:position].encode())) for position in (start, end)]
    assert index.text_between(*locations) == text[start:end]


@given(TEXTS, TEXTS)
def test_different_texts_have_different_hashes(one: str, other: str) -> None:
    assert (LineIndex(one).text_hash() == LineIndex(other).text_hash()) == (one == other)


def test_an_offset_inside_a_character_or_outside_the_text_is_refused() -> None:
    index = LineIndex("é")
    with pytest.raises(UnicodeDecodeError):
        index.location_at(1)
    for offset in (-1, 3):
        with pytest.raises(IndexError):
            index.location_at(offset)
    with pytest.raises(IndexError):
        index.offset_at(Location(0, 2))
    with pytest.raises(IndexError):
        index.line(1)


@pytest.mark.parametrize("count", [511, 512, 513, 1025, 5000])
def test_many_lines_survive_edits_across_chunks(count: int) -> None:
    text = "\n".join(f"line {row} é" for row in range(count))
    index = LineIndex(text)
    first, last = text.index("line 3"), text.index(f"line {count - 3}")
    offset = ByteOffset(len(text[:first].encode()))
    index.splice(Splice(offset, len(text[first:last].encode()), "x\n" * 2000))
    text = text[:first] + "x\n" * 2000 + text[last:]
    assert index.text() == text
    assert list(index.rows(1, 900)) == text.split("\n")[1:900]
    assert index.end == naive_location(text, len(text.encode()))
    assert index.text_hash() == LineIndex(text).text_hash()


@st.composite
def long_text_and_batches(draw: st.DrawFn) -> tuple[int, list[list[tuple[int, int, str]]]]:
    """Lines enough for several chunks, and batches of changes: a gap, a length to delete, and new text."""
    long_insert = st.builds("\n".join, st.lists(st.sampled_from(["", "é", "xyz"]), max_size=1_500))
    change = st.tuples(st.integers(0, 9_000), st.integers(0, 9_000) | st.integers(0, 9), TEXTS | long_insert)
    batches = draw(st.lists(st.lists(change, min_size=1, max_size=6), min_size=1, max_size=5))
    return draw(st.integers(0, 3_000)), batches


@settings(deadline=None, max_examples=60)
@given(long_text_and_batches())
def test_changes_made_together_give_what_they_give_one_by_one(
    case: tuple[int, list[list[tuple[int, int, str]]]],
) -> None:
    lines, batches = case
    text = "ab\né\n" * lines
    together, single = LineIndex(text), LineIndex(text)
    for batch in batches:
        splices, position = [], 0
        for gap, length, inserted in batch:
            first = min(position + gap, len(text))
            last = min(first + length, len(text))
            splices.append(
                Splice(ByteOffset(len(text[:first].encode())), len(text[first:last].encode()), inserted)
            )
            text = text[:first] + inserted + text[last:]
            position = first + len(inserted)
        assert together.splice_all(splices) == [single.splice(splice) for splice in splices]
        assert together.text() == single.text() == text
        assert (together.row_count, together.size) == (text.count("\n") + 1, len(text.encode()))
        assert together.line(together.row_count // 2) == text.split("\n")[together.row_count // 2]
        assert together.text_hash() == LineIndex(text).text_hash()


def test_a_change_before_the_one_ahead_of_it_is_refused_and_nothing_changes() -> None:
    index = LineIndex("abcdef")
    with pytest.raises(IndexError):
        index.splice_all([Splice(ByteOffset(3), 1, "x"), Splice(ByteOffset(1), 1, "y")])
    assert index.text() == "abcdef"


@pytest.mark.parametrize("long", ["x" * 1_100_000, "é\n" * 600_000, "x" * 1_050_000 + "\nend"])
def test_a_very_long_insertion_keeps_what_is_around_it(long: str) -> None:
    text = "one\ntwo\nthree\nfour"
    index = LineIndex(text)
    splices = [Splice(ByteOffset(1), 1, "!"), Splice(ByteOffset(5), 1, long)]
    index.splice_all(splices)
    expected = f"o!e\nt{long}o\nthree\nfour"
    assert index.text() == expected
    assert (index.row_count, index.size) == (expected.count("\n") + 1, len(expected.encode()))
    index.splice(Splice(ByteOffset(5), len(long.encode()), "w"))
    assert index.text() == "o!e\ntwo\nthree\nfour"
    assert index.line(2) == "three"


def test_lines_read_all_over_a_long_text_are_the_right_ones() -> None:
    """More chunks are opened than are kept open, some of them changed in between."""
    rows = [f"row {number} é" for number in range(60_000)]
    index = LineIndex("\n".join(rows))
    for number in range(0, 60_000, 377):
        row = number * 7 % 60_000
        assert index.line(row) == rows[row]
        start = index.offset_at(Location(row, 0))
        index.splice(Splice(start, len(rows[row].encode()), f"changed {row}"))
        rows[row] = f"changed {row}"
    assert index.text() == "\n".join(rows)
    assert list(index.rows(0, len(rows))) == rows


def test_a_row_that_grows_very_long_leaves_the_rows_below_where_they_are() -> None:
    index = LineIndex("one\ntwo\nthree")
    assert (index.row_count, index.size) == (3, 13)
    index.splice(Splice(ByteOffset(1), 0, "x" * 1_100_000))
    index.splice(Splice(ByteOffset(5), 0, "é"))
    assert (index.line(1), index.line(2), index.row_count) == ("two", "three", 3)
    assert index.size == 1_100_015
    assert index.offset_at(Location(2, 0)) == 1_100_010


@pytest.mark.parametrize("opened", [(), (11,), (11, 10), (10, 12, 11)])
def test_changes_over_more_chunks_than_are_kept_open_reach_every_one_of_them(opened: tuple[int, ...]) -> None:
    """Two changes that meet in a chunk, which the opening of the others may have packed meanwhile."""
    rows = [f"row {number:06d}" for number in range(512 * 100)]
    index = LineIndex("\n".join(rows))
    for chunk in opened:
        assert index.line(512 * chunk + 5) == rows[512 * chunk + 5]
    width = len(rows[0]) + 1
    places = [(512 * 10 + 5, 2, 512 * 11 + 5, 3), (512 * 11 + 5, 6, 512 * 12 + 5, 4)]
    places += [(512 * chunk + 7, 3, 512 * chunk + 7, 4) for chunk in range(20, 83)]
    spans = [(row * width + start, last * width + end) for row, start, last, end in places]
    expected, splices, moved = "\n".join(rows), [], 0
    for start, end in spans:
        splices.append(Splice(ByteOffset(start + moved), end - start, "X"))
        moved += 1 - (end - start)
    for start, end in reversed(spans):
        expected = f"{expected[:start]}X{expected[end:]}"
    index.splice_all(splices)
    assert index.text() == expected
    assert (index.row_count, index.size) == (expected.count("\n") + 1, len(expected))
    assert list(index.rows(5_000, 6_500)) == expected.split("\n")[5_000:6_500]

"""Cursors are added where the selected text stands, in order, around the end, and not too many."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.cursors import Cursors
from collabterm.document.lines import LineIndex, Location
from collabterm.document.occurrences import MAX_CURSORS, at_every, with_next
from collabterm.document.selection import Selection
from tests.document.plain_text import location_at

texts = st.text("ab \n", max_size=40)
words = st.text("ab ", min_size=1, max_size=2)


def selected(text: str, start: int, end: int) -> Selection:
    return Selection(location_at(text, start), location_at(text, end))


def starts(word: str, text: str, first: int = 0) -> list[int]:
    """Return where a word stands without overlaps."""
    return [match.start() for match in re.compile(re.escape(word)).finditer(text, first)]


@given(texts, words, texts)
def test_the_next_is_the_first_behind_the_main_cursor_or_from_the_top(
    before: str, word: str, after: str
) -> None:
    text = before + word + after
    main = selected(text, len(before), len(before) + len(word))
    behind = starts(word, text, len(before) + len(word))
    above = [start for start in starts(word, text) if start != len(before)]
    cursors = with_next(LineIndex(text), Cursors.single(main))
    following = [*behind, *above][:1]
    expected = Cursors.single(main)
    for start in following:
        expected = expected.with_added(selected(text, start, start + len(word)))
    assert cursors == expected


def test_every_place_is_taken_once_and_then_no_more() -> None:
    lines = LineIndex("ab\nab ab\n" + "x\n" * 3_000 + "xab")
    cursors = Cursors.single(Selection(Location(1, 3), Location(1, 5)))
    heads = []
    for _ in range(5):
        cursors = with_next(lines, cursors)
        heads.append(cursors.main.head)
    assert heads == [(3_002, 3), (0, 2), (1, 2), (1, 2), (1, 2)]
    assert len(cursors) == 4


def test_a_cursor_selects_its_word_first() -> None:
    lines = LineIndex("one two\ntwo")
    cursors = with_next(lines, Cursors.at(Location(0, 5)))
    assert cursors.main == Selection(Location(0, 4), Location(0, 7))


def test_what_reaches_over_rows_has_no_next() -> None:
    cursors = Cursors.single(Selection(Location(0, 0), Location(1, 0)))
    assert with_next(LineIndex("a\na\na\n"), cursors) == cursors


@given(texts, st.sampled_from(["ab", "b", "aa"]))
def test_every_place_is_selected_at_once(text: str, word: str) -> None:
    text = f"{word}\n{text}"
    cursors = at_every(LineIndex(text), Cursors.single(selected(text, 0, len(word))))
    assert list(cursors.selections) == [
        selected(text, start, start + len(word)) for start in starts(word, text)
    ]


def test_no_more_places_are_selected_than_keys_can_serve() -> None:
    lines = LineIndex("ab\n" * (MAX_CURSORS + 10))
    cursors = at_every(lines, Cursors.single(Selection(Location(0, 0), Location(0, 2))))
    assert len(cursors) == MAX_CURSORS == 1_000

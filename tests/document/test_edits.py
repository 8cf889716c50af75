"""Edits made together do what they do one by one, also when neighbours are joined."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.cursors import Cursors
from collabterm.document.edits import coalesced, replace_each, replacements
from collabterm.document.lines import Edit
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines, location_at, offset_of


@st.composite
def texts_and_edits(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(st.text("ab\n", max_size=30))
    offsets = sorted(draw(st.lists(st.integers(0, len(text)), max_size=10, unique=True)))
    pairs = zip(offsets[::2], offsets[1::2], strict=False)
    return text, [
        Edit(location_at(text, first), location_at(text, last), draw(st.text("xy\n", max_size=4)))
        for first, last in pairs
    ]


def made(text: str, edits: list[Edit]) -> str:
    """Make edits from the last to the first, so that offsets stay true."""
    for edit in reversed(edits):
        text = text[: offset_of(text, edit.start)] + edit.text + text[offset_of(text, edit.end) :]
    return text


@given(texts_and_edits())
def test_replacements_one_after_the_other_give_the_same_text(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    expected, step = made(text, edits), text
    for edit, (start, old_end, new_end) in zip(edits, replacements(edits), strict=True):
        first, last = offset_of(step, start), offset_of(step, old_end)
        assert step[first:last] == text[offset_of(text, edit.start) : offset_of(text, edit.end)]
        step = step[:first] + edit.text + step[last:]
        assert new_end == location_at(step, first + len(edit.text))
    assert step == expected


@given(texts_and_edits(), st.integers(1, 6))
def test_joined_edits_are_no_more_than_wanted_and_give_the_same_text(
    case: tuple[str, list[Edit]], limit: int
) -> None:
    text, edits = case
    joined = list(coalesced(PlainLines(text), edits, limit))
    assert len(joined) <= limit
    assert made(text, joined) == made(text, edits)
    assert all(one.end <= other.start for one, other in pairwise(joined))


@given(texts_and_edits())
def test_every_cursor_stands_behind_its_edit(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    if not edits:
        return
    cursors = Cursors(tuple(Selection(edit.start, edit.end) for edit in edits), len(edits) - 1)
    rewrite = replace_each(cursors, edits)
    result = made(text, list(rewrite.edits))
    ends = [location_at(result, offset_of(result, one.head)) for one in rewrite.cursors.selections]
    shift = 0
    expected = []
    for edit in edits:
        first, last = offset_of(text, edit.start), offset_of(text, edit.end)
        expected.append(location_at(result, first + shift + len(edit.text)))
        shift += len(edit.text) - (last - first)
    assert ends == sorted(set(expected))
    assert rewrite.cursors.head == expected[-1]

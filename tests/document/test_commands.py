"""An editing key does to a text what it does to a plain string."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.document import commands
from collabterm.document.commands import Edit
from collabterm.document.lines import Location
from collabterm.document.motions import Lines
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines, location_at, offset_of

Command = Callable[[Lines, Selection], Edit | None]

CLUSTERS = ["a", "b", " ", ".", "e\u0301", "中", "👍🏽", "🇩🇪", "👩\u200d👩\u200d👧", "\n"]
WORD = re.compile(r"\A(?:\n| *(?:\w+|[^\w\s]+)?)")
DELETIONS = [commands.backspace, commands.delete, commands.delete_word_left, commands.delete_word_right]


def applied(text: str, edit: Edit | None) -> str:
    if edit is None:
        return text
    return text[: offset_of(text, edit.start)] + edit.text + text[offset_of(text, edit.end) :]


def cursor(text: str, offset: int) -> Selection:
    return Selection.at(location_at(text, offset))


@st.composite
def selected(draw: st.DrawFn) -> tuple[str, int, int, Selection]:
    """A text, two different offsets in it and the selection from one to the other, either way."""
    text = draw(st.text("ab .\n中", min_size=1, max_size=20))
    first = draw(st.integers(0, len(text) - 1))
    last = draw(st.integers(first + 1, len(text)))
    ends = [location_at(text, first), location_at(text, last)]
    anchor, head = draw(st.permutations(ends))
    return text, first, last, Selection(anchor, head)


@given(selected(), st.text("xy\n", max_size=4))
def test_typing_replaces_the_selection(case: tuple[str, int, int, Selection], typed: str) -> None:
    text, first, last, selection = case
    assert applied(text, commands.insert_text(selection, typed)) == text[:first] + typed + text[last:]


@given(selected(), st.sampled_from(DELETIONS))
def test_deleting_takes_the_selection_and_nothing_else(
    case: tuple[str, int, int, Selection], key: Command
) -> None:
    text, first, last, selection = case
    assert applied(text, key(PlainLines(text), selection)) == text[:first] + text[last:]


@given(st.lists(st.sampled_from(CLUSTERS)), st.lists(st.sampled_from(CLUSTERS)))
def test_backspace_and_delete_take_one_cluster(before: list[str], after: list[str]) -> None:
    text = "".join(before + after)
    here = cursor(text, len("".join(before)))
    assert applied(text, commands.backspace(PlainLines(text), here)) == "".join(before[:-1] + after)
    assert applied(text, commands.delete(PlainLines(text), here)) == "".join(before + after[1:])


@given(st.text("ab_ .,\n", max_size=30), st.text("ab_ .,\n", max_size=30))
def test_deleting_a_word_takes_what_a_pattern_matches(before: str, after: str) -> None:
    lines = PlainLines(before + after)
    here = cursor(before + after, len(before))
    rest = WORD.sub("", after, count=1)
    assert applied(before + after, commands.delete_word_right(lines, here)) == before + rest
    rest = WORD.sub("", before[::-1], count=1)[::-1]
    assert applied(before + after, commands.delete_word_left(lines, here)) == rest + after


@pytest.mark.parametrize("key", DELETIONS)
def test_there_is_nothing_to_delete_in_an_empty_text(key: Command) -> None:
    assert key(PlainLines(""), cursor("", 0)) is None


def test_typing_nothing_without_a_selection_does_nothing() -> None:
    assert commands.insert_text(cursor("ab", 1), "") is None


def test_newline_breaks_the_row() -> None:
    assert applied("abcd", commands.newline(PlainLines("abcd"), cursor("abcd", 2))) == "ab\ncd"


@pytest.mark.parametrize(
    ("line", "column", "typed"),
    [
        ("", 0, "    "),
        ("abc", 1, "   "),
        ("abcd", 4, "    "),
        ("中", 1, "  "),
        ("\tx", 1, "\t"),
        ("\tx", 2, "\t"),
        (" \tx", 3, "   "),
    ],
)
def test_tab_goes_to_the_next_stop_as_the_line_is_indented(line: str, column: int, typed: str) -> None:
    here = Location(0, column)
    assert commands.tab(PlainLines(line), Selection.at(here)) == Edit(here, here, typed)


def test_tab_replaces_a_selection() -> None:
    selection = Selection(Location(1, 1), Location(0, 3))
    assert commands.tab(PlainLines("abcd\nef"), selection) == Edit(Location(0, 3), Location(1, 1), " ")


@given(st.text("ab\r\n\x0b\x0c\x85\u2028\x1b", max_size=20))
def test_pasted_rows_end_at_line_feeds_and_all_else_is_kept(raw: str) -> None:
    assert commands.paste_text(raw) == raw.replace("\r\n", "\n").replace("\r", "\n")

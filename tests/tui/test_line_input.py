"""A line is edited as one edits text, cluster by cluster, and the cursor is always in view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from collabterm.document.clusters import cluster_end, cluster_start, starts_before
from collabterm.document.display import display_line
from collabterm.tui.line_input import MAX_INPUT_CHARS, LineInput

CLUSTERS = [
    "a",
    "B",
    "_",
    " ",
    "-",
    "\t",
    "é",
    "e\u0301",
    "\u0301",
    "中",
    "🙂",
    "👍🏽",
    "🇩",
    "👩\u200d",
    "각",
]
CURSOR_KEYS = ["left", "right", "home", "end", "ctrl+left", "ctrl+right"]
DELETING_KEYS = ["backspace", "delete", "ctrl+w", "ctrl+backspace", "ctrl+delete", "alt+d", "ctrl+u"]

texts = st.lists(st.sampled_from(CLUSTERS), max_size=20).map("".join)
keys = st.sampled_from([*CURSOR_KEYS, *DELETING_KEYS, *"ab -", "\u0301", "\u200d", "🇩"])
steps = st.lists(keys.map(lambda key: ("key", key)) | texts.map(lambda text: ("paste", text)), max_size=20)


def pressed(line: LineInput, *keys: str) -> LineInput:
    for key in keys:
        line = line.pressed(key, key if len(key) == 1 else None)
    return line


def after(steps: list[tuple[str, str]], start: str = "") -> LineInput:
    line = LineInput.holding(start)
    for kind, what in steps:
        line = pressed(line, what) if kind == "key" else line.pasted(what)
    return line


def shown(text: str) -> str:
    return text.replace("\t", "␉")


def boundaries(text: str) -> list[int]:
    return [*reversed([*starts_before(shown(text), len(text))]), len(text)]


@given(st.text("ab_ .-", max_size=30), st.data())
def test_typing_and_deleting_do_what_they_do_to_a_string(text: str, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    line = LineInput(text, cursor)
    before, behind = text[:cursor], text[cursor:]
    assert pressed(line, "x") == LineInput(f"{before}x{behind}", cursor + 1)
    assert pressed(line, "backspace") == LineInput(before[:-1] + behind, max(cursor - 1, 0))
    assert pressed(line, "delete") == LineInput(before + behind[1:], cursor)
    assert pressed(line, "left") == LineInput(text, max(cursor - 1, 0))
    assert pressed(line, "right") == LineInput(text, min(cursor + 1, len(text)))
    assert pressed(line, "home") == LineInput(text, 0)
    assert pressed(line, "end") == LineInput(text, len(text))
    assert line.pasted("pq\nr") == LineInput(f"{before}pq{behind}", cursor + 2)


@given(texts)
def test_arrows_walk_over_whole_clusters_both_ways(text: str) -> None:
    stops = boundaries(text)
    line = LineInput.holding(text)
    for stop in reversed(stops):
        assert line.cursor == stop
        line = pressed(line, "left")
    for stop in stops:
        assert line.cursor == stop
        line = pressed(line, "right")


@given(texts, steps)
def test_the_cursor_never_stands_inside_a_cluster(start: str, steps: list[tuple[str, str]]) -> None:
    line = after(steps, start)
    assert cluster_start(shown(line.text), line.cursor) == line.cursor


def test_the_cursor_goes_behind_a_cluster_that_an_edit_made_around_it() -> None:
    assert LineInput("🙂", 0).pasted("👩\u200d") == LineInput("👩\u200d🙂", 3)
    assert pressed(LineInput("🇩x🇪y", 1), "delete") == LineInput("🇩🇪y", 2)


@pytest.mark.parametrize(
    ("key", "left"),
    [
        ("ctrl+w", "one two- four"),
        ("ctrl+backspace", "one two- four"),
        ("alt+backspace", "one two- four"),
        ("ctrl+delete", "one two-three"),
        ("alt+d", "one two-three"),
        ("ctrl+u", ""),
    ],
)
def test_words_are_deleted_as_in_the_text(key: str, left: str) -> None:
    assert pressed(LineInput("one two-three four", 13), key).text == left


def test_words_are_walked_as_in_the_text() -> None:
    line = LineInput("one two-three", 13)
    line = pressed(line, "ctrl+left", "ctrl+left")
    assert line.cursor == 7
    assert pressed(line, "ctrl+left", "ctrl+left", "ctrl+left").cursor == 0
    assert pressed(line, "ctrl+right", "ctrl+right", "ctrl+right").cursor == 13


def test_backspace_deletes_a_whole_cluster() -> None:
    assert pressed(LineInput.holding("a👩\u200d👧e\u0301"), "backspace").text == "a👩\u200d👧"
    assert pressed(LineInput.holding("a👩\u200d👧"), "backspace").text == "a"


@pytest.mark.parametrize(
    ("key", "character"),
    [("tab", "\t"), ("enter", "\r"), ("alt+n", "n"), ("f5", None), ("up", None)],
)
def test_what_is_no_text_changes_nothing(key: str, character: str | None) -> None:
    line = LineInput("abc", 1)
    assert line.pressed(key, character) is line


@pytest.mark.parametrize(
    "pasted", ["one\ttwo", "one\ttwo\nthree", "one\ttwo\r\nthree", "o\x1bne\ttw\x00o\rx"]
)
def test_a_paste_brings_its_first_line_without_controls_but_tabs(pasted: str) -> None:
    assert LineInput.holding(pasted) == LineInput("one\ttwo", 7)


@given(st.integers(MAX_INPUT_CHARS - 6, MAX_INPUT_CHARS), texts)
def test_a_line_ends_growing_between_two_clusters(length: int, text: str) -> None:
    line = LineInput.holding("x" * length).pasted(text)
    kept = line.text[length:]
    assert len(line.text) <= MAX_INPUT_CHARS
    assert text.startswith(kept)
    assert len(kept) in boundaries(text)
    full = LineInput.holding("x" * MAX_INPUT_CHARS)
    assert pressed(full, "y") == full


def test_an_offered_text_gives_way_to_what_is_typed_or_pasted() -> None:
    offered = LineInput.offering("needle")
    assert pressed(offered, "x", "y") == LineInput("xy", 2)
    assert offered.pasted("pin") == LineInput("pin", 3)
    assert pressed(offered, "backspace") == LineInput()


def test_an_offered_text_stays_once_the_cursor_moved() -> None:
    assert pressed(LineInput.offering("needle"), "end", "x").text == "needlex"
    assert pressed(LineInput.offering("needle"), "left", "x").text == "needlxe"
    assert LineInput.offering("needle").pasted("") == LineInput.offering("needle")
    assert not LineInput.offering("").is_offered


@given(texts, st.integers(1, 30), st.data())
def test_a_view_is_as_wide_as_asked_and_shows_the_cursor(text: str, width: int, data: st.DataObject) -> None:
    line = LineInput.holding(text)
    for _ in range(data.draw(st.integers(0, 20))):
        line = pressed(line, "left")
    visible, cell, cells = line.view(width)
    assert cell_len(visible) == width
    assert 0 <= cell < width
    if line.cursor < len(text):
        end = cluster_end(shown(text), line.cursor)
        assert cells == min(display_line(shown(text)[line.cursor : end]).width, width)
    assert 1 <= cells <= width - cell
    assert visible.replace("\u200d", "").isprintable()


@given(texts, st.data())
def test_a_view_with_room_shows_all_and_the_cursor_at_its_cluster(text: str, data: st.DataObject) -> None:
    line = LineInput.holding(text)
    for _ in range(data.draw(st.integers(0, 20))):
        line = pressed(line, "left")
    view = line.view(100)
    whole = display_line(shown(text))
    assert view.text == whole.text + " " * (100 - whole.width)
    assert view.cursor_cell == whole.cell_of(line.cursor)


@pytest.mark.parametrize(
    ("text", "cursor", "view"),
    [
        ("abcdef", 6, ("cdef ", 4, 1)),
        ("abcdef", 0, ("abcde", 0, 1)),
        ("abcdef", 5, ("cdef ", 3, 1)),
        ("中中中", 3, ("中中 ", 4, 1)),
        ("中中中", 0, ("中中 ", 0, 2)),
        ("a\x1b\tb", 4, ("a␛␉b ", 4, 1)),
        ("", 0, ("     ", 0, 1)),
    ],
)
def test_the_text_scrolls_with_the_cursor(text: str, cursor: int, view: tuple[str, int, int]) -> None:
    assert LineInput(text, cursor).view(5) == view


def test_no_room_shows_nothing() -> None:
    assert LineInput("abc", 1).view(0) == ("", 0, 0)

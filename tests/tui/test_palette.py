"""The palette finds a command by some of its letters, the likeliest first."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from collabterm.tui.line_input import LineInput
from collabterm.tui.palette import PAGE_ENTRIES, Entry, Palette, match_points, ranked
from collabterm.tui.prompts import Row

COMMANDS = (
    Entry("save", "Save the file", ("ctrl+s",)),
    Entry("save_as", "Save under another name"),
    Entry("sort_rows", "Sort the selected lines"),
    Entry("toggle_wrap", "Wrap long lines or not", ("alt+z",)),
    Entry("toggle_comment", "Comment or uncomment", ("ctrl+underscore", "ctrl+slash")),
    Entry("delete_rows", "Delete the lines", ("ctrl+shift+k",)),
    Entry("duplicate", "Duplicate lines or selection", ("ctrl+d",)),
)
MANY = tuple(Entry(f"command_{number}", f"Command {number}") for number in range(40))

letters = st.text("abA _", max_size=8)
entries_of_letters = st.lists(st.builds(Entry, letters, letters), max_size=8).map(tuple)


def palette(entries: tuple[Entry, ...] = COMMANDS, typed: str = "") -> Palette:
    return Palette(entries, lambda name: None, LineInput.holding(typed))


def pressed(opened: Palette, *keys: str) -> Palette:
    for key in keys:
        following, action = opened.press(key, key if len(key) == 1 else None)
        assert isinstance(following, Palette)
        assert action is None
        opened = following
    return opened


def text_of(row: Row) -> str:
    return "".join(piece.text for piece in row.pieces)


def is_subsequence(wanted: str, text: str) -> bool:
    return any("".join(chosen) == wanted for chosen in combinations(text, len(wanted)))


def naive_points(wanted: str, text: str) -> int | None:
    """Rate every way to find the characters and take the best."""
    ratings = [
        sum(9 for at, following in pairwise(places) if following == at + 1)
        + sum(8 for at in places if at == 0 or not text[at - 1].isalnum())
        for places in combinations(range(len(text)), len(wanted))
        if all(text[at] == char for at, char in zip(places, wanted, strict=True))
    ]
    return max(ratings, default=None)


@given(st.text("ab _", max_size=4), st.text("ab _", max_size=8))
@example("_ad", "_axad")
def test_of_all_ways_to_find_the_letters_the_best_counts(wanted: str, text: str) -> None:
    assert match_points(wanted, text) == naive_points(wanted, text)


@given(entries_of_letters, letters)
def test_what_matches_holds_the_letters_in_their_order(entries: tuple[Entry, ...], typed: str) -> None:
    wanted = typed.lower().replace(" ", "")
    matching = [
        entry
        for entry in entries
        if is_subsequence(wanted, entry.title.lower()) or is_subsequence(wanted, entry.name.lower())
    ]
    assert sorted(ranked(entries, typed), key=repr) == sorted(matching, key=repr)


@given(entries_of_letters)
def test_without_letters_all_stay_in_their_order(entries: tuple[Entry, ...]) -> None:
    assert ranked(entries, "") == entries
    assert ranked(entries, "  ") == entries


def test_equal_matches_stay_in_their_order() -> None:
    entries = tuple(Entry(f"name_{number}", "Same title") for number in range(5))
    assert ranked(entries, "st") == entries


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("sa", "save"),
        ("wrap", "toggle_wrap"),
        ("sun", "save_as"),
        ("dl", "delete_rows"),
        ("dup", "duplicate"),
        ("SORT", "sort_rows"),
        ("toggle_c", "toggle_comment"),
        ("com or", "toggle_comment"),
    ],
)
def test_word_starts_and_neighbours_come_first(typed: str, name: str) -> None:
    assert ranked(COMMANDS, typed)[0].name == name


def test_enter_runs_the_selected_command_and_closes() -> None:
    ran: list[str] = []
    opened = Palette(COMMANDS, ran.append)
    following, action = pressed(opened, "s", "down").press("enter", "\r")
    assert following is None
    assert action is not None
    assert ran == []
    action()
    assert ran == [ranked(COMMANDS, "s")[1].name]


def test_enter_without_a_match_leaves_it_open() -> None:
    assert pressed(palette(typed="xyz"), "enter").matches == ()
    assert pressed(palette(typed="xyz"), "down", "end", "up", "enter").selected == 0


def test_escape_closes_without_running() -> None:
    assert palette().press("escape", None) == (None, None)


@given(st.lists(st.sampled_from(["up", "down", "pageup", "pagedown", "home", "end"]), max_size=12))
def test_keys_choose_within_the_matches(keys: list[str]) -> None:
    moves = {"up": -1, "down": 1, "pageup": -PAGE_ENTRIES, "pagedown": PAGE_ENTRIES, "home": -99, "end": 99}
    selected = 0
    for key in keys:
        selected = min(max(selected + moves[key], 0), len(MANY) - 1)
    assert pressed(palette(MANY), *keys).selected == selected


def test_typing_selects_the_best_match_and_moving_in_the_text_keeps_the_choice() -> None:
    chosen = pressed(palette(), "s", "down")
    assert pressed(chosen, "left").selected == 1
    assert pressed(chosen, "o").selected == 0
    following, _ = chosen.paste("ort\nmore")
    assert isinstance(following, Palette)
    assert following.matches[following.selected].name == "sort_rows"


@given(st.integers(0, len(MANY) - 1), st.integers(1, 50))
def test_the_selected_entry_is_among_the_visible(selected: int, height: int) -> None:
    visible, at = replace(palette(MANY), selected=selected).visible(height)
    assert visible[at] == MANY[selected]
    assert len(visible) == min(height, len(MANY))
    first = MANY.index(visible[0])
    assert visible == MANY[first : first + height]


def test_rows_show_titles_keys_and_what_is_typed() -> None:
    rows = [text_of(row) for row in palette(typed="comment").rows(40, 10)]
    assert rows == [
        " Comment or uncomment            Ctrl-/ ",
        " Command: comment▏               1 of 7 ",
    ]
    assert palette(typed="zz").rows(40, 10)[-1].pieces[-1] == (" no such command ", "error")


def test_only_the_selected_row_looks_selected() -> None:
    rows = pressed(palette(), "down", "down").rows(60, 20)
    assert [row.ground for row in rows] == ["panel"] * 2 + ["panel_selected"] + ["panel"] * 4 + ["bar"]


@given(
    st.integers(1, 90), st.integers(1, 20), st.text(max_size=5), st.sampled_from([(), ("ctrl+w", "alt+up")])
)
def test_rows_fill_the_width_and_keep_to_the_height(
    width: int, height: int, title: str, keys: tuple[str, ...]
) -> None:
    entries = (Entry("odd", title, keys), *MANY)
    rows = palette(entries).rows(width, height)
    assert len(rows) == min(height, PAGE_ENTRIES + 1)
    assert all(cell_len(text_of(row)) == width for row in rows)

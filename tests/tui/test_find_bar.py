"""The find bar says what is sought and what a key asks for, and shows the most that fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from collabterm.document.search import Query
from collabterm.tui.find_bar import LEAST_FIELD_CELLS, FindAction, FindBar, Toggle
from collabterm.tui.line_input import LineInput
from collabterm.tui.prompts import Row


def ignore(bar: FindBar, action: FindAction) -> None:
    """Take no notice of what a key asks for."""


BAR = FindBar(ignore, LineInput.holding("needle"))
REPLACING = replace(BAR, replacement=LineInput.holding("pin"))
IN_REPLACEMENT = replace(REPLACING, in_replacement=True)

SUMMARIES = st.sampled_from(["", "3 of 120", "1,234+ so far", "no match", "bad pattern: unterminated set 中"])
bars = st.builds(
    FindBar,
    st.just(ignore),
    st.text("ab 中é\t", max_size=60).map(LineInput.holding),
    st.none() | st.text("ab 中", max_size=60).map(LineInput.holding),
    st.booleans(),
    st.frozensets(st.sampled_from(Toggle)),
    SUMMARIES,
    st.booleans(),
)


def pressed(bar: FindBar, *keys: str) -> FindBar:
    for key in keys:
        bar, _ = bar.pressed(key, key if len(key) == 1 else None)
    return bar


def asked(bar: FindBar, key: str) -> FindAction | None:
    return bar.pressed(key, key if len(key) == 1 else None)[1]


def text_of(row: Row) -> str:
    return "".join(piece.text for piece in row.pieces)


def shown(bar: FindBar, width: int, height: int = 2) -> list[str]:
    return [text_of(row) for row in bar.rows(width, height)]


@pytest.mark.parametrize(
    ("bar", "key", "action"),
    [
        (BAR, "enter", FindAction.NEXT),
        (BAR, "down", FindAction.NEXT),
        (BAR, "f3", FindAction.NEXT),
        (BAR, "up", FindAction.PREVIOUS),
        (BAR, "shift+f3", FindAction.PREVIOUS),
        (BAR, "f15", FindAction.PREVIOUS),
        (BAR, "shift+enter", FindAction.PREVIOUS),
        (BAR, "alt+a", None),
        (BAR, "ctrl+enter", None),
        (BAR, "escape", FindAction.CLOSE),
        (REPLACING, "enter", FindAction.NEXT),
        (REPLACING, "alt+a", FindAction.REPLACE_ALL),
        (IN_REPLACEMENT, "enter", FindAction.REPLACE_ONE),
        (IN_REPLACEMENT, "down", FindAction.NEXT),
        (IN_REPLACEMENT, "shift+enter", FindAction.PREVIOUS),
        (IN_REPLACEMENT, "alt+a", FindAction.REPLACE_ALL),
        (IN_REPLACEMENT, "alt+enter", FindAction.REPLACE_ALL),
        (IN_REPLACEMENT, "ctrl+enter", FindAction.REPLACE_ALL),
        (IN_REPLACEMENT, "escape", FindAction.CLOSE),
    ],
)
def test_a_key_asks_for_an_action_and_changes_nothing(
    bar: FindBar, key: str, action: FindAction | None
) -> None:
    assert bar.pressed(key, None) == (bar, action)


@pytest.mark.parametrize("key", ["x", "backspace", "ctrl+w", "ctrl+u"])
def test_the_query_changes_with_its_text(key: str) -> None:
    assert asked(BAR, key) is FindAction.QUERY_CHANGED
    assert pressed(BAR, "s").query == Query("needles")


@pytest.mark.parametrize("key", ["left", "home", "delete", "tab", "ctrl+f", "ctrl+r", "f9"])
def test_the_query_stays_while_its_text_does(key: str) -> None:
    assert asked(BAR, key) is None
    assert pressed(BAR, key).query == BAR.query


@pytest.mark.parametrize("key", ["x", "backspace", "ctrl+u"])
def test_the_replacement_is_edited_where_keys_go_to_it(key: str) -> None:
    edited = pressed(IN_REPLACEMENT, key)
    assert asked(IN_REPLACEMENT, key) is None
    assert edited.find == BAR.find
    assert edited.replacement == LineInput.holding("pin").pressed(key, key)


@pytest.mark.parametrize(
    ("key", "toggle", "query"),
    [
        ("alt+c", Toggle.MATCHES_CASE, Query("needle", matches_case=True)),
        ("alt+w", Toggle.WHOLE_WORD, Query("needle", whole_word=True)),
        ("alt+r", Toggle.IS_REGEX, Query("needle", is_regex=True)),
        ("alt+s", Toggle.IN_SELECTION, Query("needle")),
    ],
)
def test_a_toggle_goes_on_and_off_and_the_search_begins_again(key: str, toggle: Toggle, query: Query) -> None:
    assert asked(BAR, key) is FindAction.QUERY_CHANGED
    turned = pressed(BAR, key)
    assert turned.toggles == {toggle}
    assert turned.query == query
    assert pressed(turned, key) == BAR


def test_tab_goes_from_field_to_field_if_there_are_two() -> None:
    assert pressed(BAR, "tab") == BAR
    assert pressed(REPLACING, "tab") == IN_REPLACEMENT
    assert pressed(IN_REPLACEMENT, "shift+tab") == REPLACING
    assert pressed(IN_REPLACEMENT, "ctrl+f") == REPLACING


def test_ctrl_r_adds_the_replacement_and_goes_to_it_once_there_is_something_to_find() -> None:
    assert pressed(BAR, "ctrl+r") == replace(BAR, replacement=LineInput(), in_replacement=True)
    assert pressed(REPLACING, "ctrl+r") == IN_REPLACEMENT
    assert not pressed(FindBar(ignore), "ctrl+r").in_replacement


def test_a_step_hands_the_action_over_with_the_bar_as_it_is_then() -> None:
    taken: list[tuple[str, FindAction]] = []
    bar = FindBar(lambda bar, action: taken.append((bar.find.text, action)), LineInput.holding("a"))
    for step in (bar.press("b", "b"), bar.paste("cd\ne"), bar.press("enter", "\r")):
        assert step.prompt is not None
        assert step.action is not None
        step.action()
    assert taken == [
        ("ab", FindAction.QUERY_CHANGED),
        ("acd", FindAction.QUERY_CHANGED),
        ("a", FindAction.NEXT),
    ]
    assert bar.press("left", None).action is None


def test_escape_closes_the_bar_and_says_so() -> None:
    taken: list[FindAction] = []
    following, action = FindBar(lambda _, action: taken.append(action)).press("escape", None)
    assert following is None
    assert action is not None
    action()
    assert taken == [FindAction.CLOSE]


def test_toggles_show_their_keys_and_whether_they_are_on() -> None:
    (row,) = shown(pressed(BAR.summed_up("3 of 120"), "alt+w"), 80)
    assert row.startswith(" Find: needle▏ ")
    assert row.endswith("3 of 120  Alt-C Aa  Alt-W[ab] Alt-R .*  Alt-S sel ")
    assert shown(BAR, 120)[0].endswith("Ctrl-R replace ")


def test_two_fields_stand_one_below_the_other() -> None:
    find, replacement = shown(IN_REPLACEMENT.summed_up("no match"), 80)
    assert find.startswith(" Find:    needle  ")
    assert replacement.startswith(" Replace: pin▏ ")
    assert replacement.endswith("Enter replace  Alt-A all  Tab find ")
    assert shown(IN_REPLACEMENT, 80, height=1) == [replacement]
    assert shown(REPLACING, 80, height=1)[0].startswith(" Find:    needle▏")


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (60, " Find: needle▏                  3 of 120  Aa [ab] .*  sel "),
        (40, " Find: needle▏              3 of 120 [ab]"),
        (32, " needle▏           3 of 120 [ab]"),
        (20, " needle▏   3 of 120 "),
    ],
)
def test_where_it_is_narrow_the_text_and_the_summary_come_first(width: int, row: str) -> None:
    assert "".join(shown(pressed(BAR.summed_up("3 of 120"), "alt+w"), width)).split() == row.split()


def test_an_error_stands_out_and_leaves_the_text_its_room() -> None:
    bar = BAR.summed_up("bad pattern: unterminated character set", has_error=True)
    (row,) = bar.rows(30, 1)
    assert text_of(row).startswith(" needle▏   bad pattern")
    assert row.pieces[-1].style == "error"
    assert row.pieces[-1].text.endswith("…")


@given(bars, st.integers(1, 120), st.integers(1, 3))
def test_rows_fill_the_width_and_show_each_field_if_there_is_room(
    bar: FindBar, width: int, height: int
) -> None:
    bar = bar.focused(in_replacement=bar.in_replacement)
    rows = shown(bar, width, height)
    assert len(rows) == min(1 if bar.replacement is None else 2, height)
    assert [cell_len(row) for row in rows] == [width] * len(rows)


@given(bars, st.integers(LEAST_FIELD_CELLS + 4, 120))
def test_the_end_of_what_is_typed_is_always_in_view(bar: FindBar, width: int) -> None:
    bar = bar.focused(in_replacement=False)
    tail = bar.find.text.replace("\t", "␉")[-2:]
    assert f"{tail}▏" in shown(bar, width)[0]


def test_a_click_turns_a_toggle_or_goes_to_a_field() -> None:
    asked: list[FindAction] = []
    bar = FindBar(lambda _, action: asked.append(action), LineInput.holding("needle")).replacing()
    assert bar.in_replacement
    (row, _) = bar.rows(100, 2)
    text = "".join(piece.text for piece in row.pieces)
    step = bar.clicked(text.index(" .* ") + 1, 0, 100)
    assert isinstance(step.prompt, FindBar)
    assert step.prompt.toggles == {Toggle.IS_REGEX}
    assert step.action is not None
    step.action()
    assert asked == [FindAction.QUERY_CHANGED]
    at_find = bar.clicked(text.index("needle"), 0, 100).prompt
    assert isinstance(at_find, FindBar)
    assert not at_find.in_replacement
    assert at_find.clicked(12, 1, 100).prompt == bar
    assert bar.clicked(3, 5, 100).prompt == bar

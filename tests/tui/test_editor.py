"""One person's editing: what commands do to text and cursors, and what becomes of cursors meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.cursors import Cursors
from collabterm.document.file_style import FileStyle
from collabterm.document.languages import language_named
from collabterm.document.lines import Edit, Location
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document, PeerOrigin
from collabterm.document.wrapping import Layout
from collabterm.tui import actions
from collabterm.tui.bindings import COMMANDS
from collabterm.tui.clipboard import Copied
from collabterm.tui.editor import Editor
from collabterm.tui.work import Work
from tests.document.plain_text import location_at, offset_of

OTHER_OWNERS = {
    "go_to_line", "cut", "copy", "paste", "cut_rows", "find", "replace", "find_next", "find_previous",
    "toggle_wrap", "toggle_line_numbers", "toggle_blanks", "toggle_hints", "next_theme", "set_tab_size",
    "set_indent", "set_language", "save", "save_as", "quit", "help", "palette",
}  # fmt: skip
"""Commands that take more than text and cursors."""


class Desk:
    """An editor, and somebody else who writes into the same text."""

    def __init__(self, text: str, *heads: tuple[int, int]) -> None:
        self.document = Document(1)
        if text:
            self.document.seed(text, {})
        self.now_s = 100.0
        self.editor = Editor(self.document, lambda: self.now_s, Work())
        if heads:
            self.editor.put(Cursors.of([Selection.at(Location(*head)) for head in heads], len(heads) - 1))

    @property
    def text(self) -> str:
        return self.document.text()

    @property
    def heads(self) -> list[tuple[int, int]]:
        return [one.head for one in self.editor.cursors.selections]

    @property
    def selected(self) -> list[str]:
        between = self.document.lines.text_between
        return [between(one.start, one.end) for one in self.editor.cursors.selections]

    def run(self, *names: str, extends: bool = False) -> None:
        for name in names:
            assert self.editor.run(name, extends=extends)

    def type(self, text: str) -> None:
        for character in text:
            self.editor.type(character)

    def other_writes(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        other = Document(2)
        other.apply_update(self.document.update_since(b"\0"), PeerOrigin("ana"))
        before = other.state_vector()
        other.edit([Edit(Location(*start), Location(*end), text)], self.now_s)
        self.document.apply_update(other.update_since(before), PeerOrigin("bob"))


# -- commands


def test_every_command_is_the_editors_or_known_to_be_somebody_elses() -> None:
    for command in COMMANDS:
        desk = Desk("one\ntwo")
        assert desk.editor.run(command.name) == (command.name not in OTHER_OWNERS), command.name


def test_every_action_has_the_name_of_a_command() -> None:
    names = {command.name for command in COMMANDS}
    assert actions.MOTIONS.keys() | actions.VERTICAL.keys() | actions.EDITS.keys() <= names


def test_every_motion_is_in_the_section_whose_keys_select_with_shift() -> None:
    sections = {command.name: command.section for command in COMMANDS}
    assert {sections[name] for name in actions.MOTIONS.keys() | actions.VERTICAL.keys()} == {"Move"}


@pytest.mark.parametrize("name", [*actions.MOTIONS, *actions.VERTICAL])
def test_a_motion_with_shift_goes_where_it_goes_without_and_keeps_the_anchor(name: str) -> None:
    text = "def f(a):\n    one two\n\n    three (four\n)\n"
    moved, extended = Desk(text, (1, 6)), Desk(text, (1, 6))
    moved.run(name)
    extended.run(name, extends=True)
    assert moved.editor.cursors.are_empty
    assert extended.heads == moved.heads
    assert extended.editor.cursors.main.anchor == (1, 6)
    assert extended.text == text


def test_up_and_down_keep_the_cell_that_the_cursor_came_from() -> None:
    desk = Desk("a long row\nx\n\tanother row", (0, 8))
    desk.run("down")
    assert desk.heads == [(1, 1)]
    desk.run("down")
    assert desk.heads == [(2, 5)]  # a tab takes four cells
    desk.run("up", "up")
    assert desk.heads == [(0, 8)]
    desk.run("down", "left", "down")
    assert desk.heads == [(2, 0)]


def test_every_cursor_keeps_its_own_cell() -> None:
    desk = Desk("abcdef\n\nabcdef\n\nabcdef", (0, 2), (2, 5))
    desk.run("down", "down")
    assert desk.heads == [(2, 2), (4, 5)]


def test_cursors_that_meet_become_one_and_go_on_as_one() -> None:
    desk = Desk("abc\nabc\nabc", (0, 3), (1, 3))
    desk.run("document_end")
    assert desk.heads == [(2, 3)]
    desk.run("up", "up")
    assert desk.heads == [(0, 3)]


def test_cursors_that_others_join_between_two_keys_go_on_as_one() -> None:
    desk = Desk("abc\nabc\nabc\nabc\nend", (0, 1), (1, 2))
    desk.run("down")
    desk.other_writes((1, 0), (3, 0), "")
    assert len(desk.heads) == 1
    desk.run("down")
    assert desk.heads == [(2, 0)]


def test_a_page_is_turned_and_tells_by_how_much() -> None:
    desk = Desk("\n".join(str(row) for row in range(30)))
    turned: list[int] = []
    desk.editor.on_page = turned.append
    desk.editor.page_rows = 10
    desk.run("page_down", "page_down", "page_up")
    assert desk.heads == [(10, 0)]
    assert turned == [10, 10, -10]


def test_wrapped_rows_are_walked_as_they_are_seen() -> None:
    desk = Desk("one two three four\nfive")
    desk.editor.layout = Layout(4, 10)
    desk.run("down")
    assert desk.heads == [(0, 8)]
    desk.run("down", "down")
    assert desk.heads == [(1, 0)]


def test_who_shows_the_text_is_told_of_every_move_of_the_own_cursors() -> None:
    desk = Desk("one two")
    told: list[list[tuple[int, int]]] = []
    desk.editor.on_cursors = lambda: told.append(desk.heads)
    desk.run("word_right")
    desk.type("x")
    desk.run("undo")
    assert told == [[(0, 3)], [(0, 4)], [(0, 3)]]


# -- several cursors


def test_what_is_typed_is_typed_at_every_cursor() -> None:
    desk = Desk("a\nb\nc", (0, 0), (1, 1), (2, 0))
    desk.type("xy")
    assert desk.text == "xya\nbxy\nxyc"
    desk.run("backspace")
    assert desk.text == "xa\nbx\nxc"
    desk.run("newline")
    assert desk.text == "x\na\nbx\n\nx\nc"
    assert desk.heads == [(1, 0), (3, 0), (5, 0)]


def test_cursors_are_added_above_and_below_in_the_same_cell() -> None:
    desk = Desk("\tx\nabcdef\nab\nabcdef", (1, 4))
    desk.run("add_cursor_above", "add_cursor_above")
    assert desk.heads == [(0, 1), (1, 4)]
    assert desk.editor.cursors.head == (0, 1)
    desk.run("add_cursor_below")
    assert desk.heads == [(0, 1), (1, 4), (2, 2)]
    desk.type("!")
    assert desk.text == "\t!x\nabcd!ef\nab!\nabcdef"


def test_a_cursor_is_added_in_the_next_row_of_the_text_also_where_this_one_is_wrapped() -> None:
    desk = Desk("one two three four\none two three four", (0, 1))
    desk.editor.layout = Layout(4, 10)
    desk.run("add_cursor_below")
    assert desk.heads == [(0, 1), (1, 1)]


def test_the_next_match_and_every_match_are_selected() -> None:
    desk = Desk("foo bar\nfoo\nbar foo", (0, 1))
    desk.run("add_next_match")
    assert desk.selected == ["foo"]
    desk.run("add_next_match")
    assert desk.editor.cursors.main.start == (1, 0)
    desk.run("add_next_match", "add_next_match")
    assert desk.selected == ["foo"] * 3
    desk.type("x")
    assert desk.text == "x bar\nx\nbar x"
    every = Desk("foo bar\nfoo\nbar foo", (2, 5))
    every.run("cursor_at_every_match")
    assert every.selected == ["foo"] * 3
    assert every.editor.cursors.main.start == (2, 4)


def test_escape_leaves_the_main_cursor_first_and_then_its_selection() -> None:
    desk = Desk("foo foo", (0, 1))
    desk.run("add_next_match", "add_next_match", "select_nothing")
    assert desk.selected == ["foo"]
    assert desk.editor.cursors.main.start == (0, 4)
    desk.run("select_nothing")
    assert desk.heads == [(0, 7)]
    assert desk.editor.cursors.are_empty


# -- selecting


def test_rows_are_selected_one_after_the_other_to_the_very_end() -> None:
    desk = Desk("one\ntwo\nthree", (0, 2))
    desk.run("select_line")
    assert desk.selected == ["one\n"]
    desk.run("select_line")
    assert desk.selected == ["one\ntwo\n"]
    desk.run("select_line")
    assert desk.selected == ["one\ntwo\nthree"]
    desk.run("select_line")
    assert desk.selected == ["one\ntwo\nthree"]


def test_all_is_selected_and_replaced() -> None:
    desk = Desk("one\ntwo", (1, 1), (0, 0))
    desk.run("select_all")
    assert desk.selected == ["one\ntwo"]
    desk.type("x")
    assert desk.text == "x"


# -- undo


def test_undo_and_redo_bring_all_cursors_back() -> None:
    desk = Desk("foo foo", (0, 1))
    desk.run("cursor_at_every_match")
    desk.type("xy")
    after = desk.editor.cursors
    desk.run("document_start", "undo")
    assert desk.text == "foo foo"
    assert desk.selected == ["foo", "foo"]
    desk.run("redo")
    assert desk.text == "xy xy"
    assert desk.editor.cursors == after


def test_undo_without_anything_to_undo_leaves_everything_as_it_is() -> None:
    desk = Desk("one", (0, 2))
    desk.run("undo", "redo")
    assert desk.text == "one"
    assert desk.heads == [(0, 2)]


def test_a_pause_or_a_jump_ends_an_undo_step() -> None:
    desk = Desk("")
    desk.type("ab")
    desk.now_s += 1.0
    desk.type("cd")
    desk.run("line_start")
    desk.type("e")
    for text in ("abcd", "ab", ""):
        desk.run("undo")
        assert desk.text == text


@pytest.mark.parametrize(
    "name",
    ["duplicate", "sort_rows", "upper_case", "toggle_comment", "indent", "move_rows_down", "delete_rows"],
)
def test_a_command_is_one_undo_step(name: str) -> None:
    text = "b (1)\na (2)\nc"
    desk = Desk(text)
    desk.editor.style = FileStyle(language_named("python") or FileStyle().language)
    desk.editor.put(Cursors.single(Selection(Location(0, 0), Location(1, 3))))
    before = desk.editor.cursors
    desk.run(name)
    assert desk.text != text
    desk.run("undo")
    assert desk.text == text
    assert desk.editor.cursors == before


# -- the clipboard


def test_what_is_copied_by_several_cursors_is_pasted_one_by_one() -> None:
    desk = Desk("one two\n\n", (0, 0), (0, 4))
    desk.run("word_right", extends=True)
    copied = desk.editor.copied()
    assert copied == Copied("one\ntwo")
    desk.editor.put(Cursors.of([Selection.at(Location(1, 0)), Selection.at(Location(2, 0))]))
    desk.editor.paste(copied)
    assert desk.text == "one two\none\ntwo"


def test_rows_are_copied_where_nothing_is_selected_and_pasted_above() -> None:
    desk = Desk("one\ntwo", (1, 2))
    copied = desk.editor.copied()
    assert copied == Copied("two\n", is_rows=True)
    desk.run("document_start")
    desk.editor.paste(copied)
    assert desk.text == "two\none\ntwo"
    assert desk.heads == [(1, 0)]


def test_pasting_nothing_changes_nothing() -> None:
    desk = Desk("one", (0, 1))
    desk.editor.paste(Copied())
    desk.editor.paste(Copied("", is_rows=True))
    assert desk.text == "one"


# -- others


def test_others_edits_move_all_cursors_and_keep_them_out_of_clusters() -> None:
    desk = Desk("ae\nbe", (0, 2), (1, 2))
    desk.other_writes((0, 0), (0, 0), "x\n")
    assert desk.heads == [(1, 2), (2, 2)]
    desk.editor.put(Cursors.at(Location(1, 1)))
    desk.other_writes((1, 1), (1, 1), "\u0301")
    assert desk.heads == [(1, 2)]


PIECES = st.lists(st.sampled_from(["a", "b c", "\n", "\n\n", "\t", "é", "中", "("]), max_size=10).map("".join)
RUNS = st.sampled_from(
    [*actions.MOTIONS, *actions.VERTICAL, *actions.EDITS, "undo", "redo", "select_all", "select_line",
     "select_nothing", "add_cursor_above", "add_cursor_below", "add_next_match", "cursor_at_every_match"]
)  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from(["run", "extend", "type", "write"]), RUNS, PIECES, st.integers(0, 99))
)


def steps_of(desk: Desk, steps: Sequence[tuple[str, str, str, int]]) -> Iterator[None]:
    for kind, name, text, number in steps:
        if kind == "write":
            length = len(desk.text)
            start, end = sorted((number % (length + 1), number * 7 % (length + 1)))
            desk.other_writes(location_at(desk.text, start), location_at(desk.text, end), text)
        elif kind == "type":
            desk.type(text[:1].strip("\n"))
        else:
            desk.run(name, extends=kind == "extend")
        yield


@given(PIECES, STEPS)
def test_cursors_are_in_the_text_and_in_order_whatever_happens(
    text: str, steps: Sequence[tuple[str, str, str, int]]
) -> None:
    desk = Desk(text)
    for _ in steps_of(desk, steps):
        ends = [
            offset_of(desk.text, end)
            for one in desk.editor.cursors.selections
            for end in (one.start, one.end)
        ]
        assert ends == sorted(ends)
        assert [location_at(desk.text, end) for end in ends] == [
            end for one in desk.editor.cursors.selections for end in (one.start, one.end)
        ]


@given(PIECES, STEPS)
def test_undoing_everything_gives_back_what_others_did_not_change(
    text: str, steps: Sequence[tuple[str, str, str, int]]
) -> None:
    desk = Desk(text)
    own = [step for step in steps if step[0] != "write" and step[1] not in ("undo", "redo")]
    for _ in steps_of(desk, own):
        desk.now_s += 0.1
    for _ in own:
        desk.run("undo")
    assert desk.text == text

"""The mouse in the text: clicks and drags by characters, words and rows, with one cursor or several."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from collabterm.document.cursors import Cursors
from collabterm.document.lines import Edit, Location, replacements
from collabterm.document.selection import Selection
from collabterm.tui.pointer import MULTI_CLICK_S, Pointer
from tests.document.plain_text import PlainLines, location_at, offset_of
from tests.tui.stage import Stage

TEXT = "one two three\nfour five\n\nsix"


class Hand:
    """A mouse over a text, and a clock that stands still unless it is told."""

    def __init__(self) -> None:
        self.now_s = 10.0
        self.text = TEXT
        self.lines = PlainLines(TEXT)
        self.pointer = Pointer(self.lines, lambda: self.now_s)
        self.cursors = Cursors.at(Location(0, 0))

    def press(self, row: int, column: int, *, shift: bool = False, alt: bool = False) -> None:
        event = events.MouseDown(None, 0, 0, 0, 0, 1, shift, alt, False)
        self.cursors = self.pointer.press(event, Location(row, column), self.cursors)

    def drag(self, row: int, column: int) -> None:
        self.cursors = self.pointer.drag(Location(row, column))

    def click(self, row: int, column: int, *, shift: bool = False, alt: bool = False) -> None:
        self.press(row, column, shift=shift, alt=alt)
        self.pointer.release()

    def others_write(self, row: int, column: int, text: str, *, over: int = 0) -> None:
        """Let somebody else replace ``over`` characters, line breaks among them."""
        at = offset_of(self.text, Location(row, column))
        edit = Edit(Location(row, column), location_at(self.text, at + over), text)
        self.text = self.text[:at] + text + self.text[at + over :]
        self.lines = PlainLines(self.text)
        self.pointer._lines = self.lines
        self.pointer.follow(tuple(replacements([edit])))

    @property
    def selected(self) -> list[str]:
        found = (
            (offset_of(self.text, one.start), offset_of(self.text, one.end))
            for one in self.cursors.selections
        )
        return [self.text[start:end] for start, end in found]

    @property
    def ends(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        return [(one.anchor, one.head) for one in self.cursors.selections]


def test_clicks_in_quick_succession_select_a_word_then_a_row_then_nothing_again() -> None:
    hand = Hand()
    found = []
    for _ in range(4):
        hand.click(0, 5)
        found += hand.ends
    assert found == [((0, 5), (0, 5)), ((0, 4), (0, 7)), ((0, 0), (1, 0)), ((0, 5), (0, 5))]


def test_a_click_later_or_elsewhere_is_a_first_one() -> None:
    hand = Hand()
    hand.click(0, 5)
    hand.now_s += MULTI_CLICK_S
    hand.click(0, 5)
    assert hand.ends == [((0, 5), (0, 5))]
    hand.click(0, 6)
    assert hand.ends == [((0, 6), (0, 6))]


@pytest.mark.parametrize(
    ("clicks", "to", "ends"),
    [
        (1, (0, 9), ((0, 5), (0, 9))),
        (1, (0, 1), ((0, 5), (0, 1))),
        (2, (0, 9), ((0, 4), (0, 13))),
        (2, (0, 1), ((0, 7), (0, 0))),
        (2, (0, 6), ((0, 4), (0, 7))),
        (3, (1, 2), ((0, 0), (2, 0))),
        (3, (3, 1), ((0, 0), (3, 3))),
    ],
)
def test_a_drag_goes_on_in_the_unit_that_the_clicks_began_with(
    clicks: int, to: tuple[int, int], ends: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    hand = Hand()
    for _ in range(clicks - 1):
        hand.click(0, 5)
    hand.press(0, 5)
    hand.drag(1, 3)
    hand.drag(*to)
    assert hand.ends == [ends]


def test_a_click_with_shift_extends_from_where_the_selection_began() -> None:
    hand = Hand()
    hand.click(0, 4)
    hand.click(1, 4, shift=True)
    assert hand.ends == [((0, 4), (1, 4))]
    hand.press(0, 1, shift=True)
    assert hand.ends == [((0, 4), (0, 1))]
    hand.drag(3, 1)
    assert hand.ends == [((0, 4), (3, 1))]


def test_a_click_with_alt_adds_a_cursor_that_becomes_the_main_one() -> None:
    hand = Hand()
    hand.click(1, 2)
    hand.click(0, 3, alt=True)
    assert hand.ends == [((0, 3), (0, 3)), ((1, 2), (1, 2))]
    assert hand.cursors.head == (0, 3)


def test_a_drag_with_alt_adds_a_selection_and_keeps_the_others() -> None:
    hand = Hand()
    hand.cursors = Cursors.single(Selection(Location(0, 0), Location(0, 3)))
    hand.press(1, 0, alt=True)
    hand.drag(1, 4)
    assert hand.ends == [((0, 0), (0, 3)), ((1, 0), (1, 4))]
    hand.drag(0, 2)
    assert len(hand.ends) == 1  # what overlaps is one


def test_a_double_click_with_alt_adds_a_word() -> None:
    hand = Hand()
    hand.click(1, 1)
    hand.click(0, 5, alt=True)
    hand.click(0, 5, alt=True)
    assert hand.ends == [((0, 4), (0, 7)), ((1, 1), (1, 1))]


def test_the_button_is_held_from_press_to_release() -> None:
    hand = Hand()
    is_held = [hand.pointer.is_dragging]
    hand.press(0, 0)
    is_held.append(hand.pointer.is_dragging)
    hand.pointer.release()
    is_held.append(hand.pointer.is_dragging)
    assert is_held == [False, True, False]


@pytest.mark.parametrize(
    ("clicks", "selected"),
    [(1, "wo three\nfo"), (2, "two three\nfour"), (3, "one two three\nfour five\n")],
)
def test_a_drag_goes_on_from_the_same_text_when_others_write_before_it(clicks: int, selected: str) -> None:
    hand = Hand()
    for _ in range(clicks - 1):
        hand.click(0, 5)
    hand.press(0, 5)
    hand.others_write(0, 0, "zero ")
    hand.others_write(0, 0, "new\nrows\n")
    hand.drag(3, 2)
    assert hand.selected == [selected]


def test_the_cursors_beside_a_drag_follow_what_others_write() -> None:
    hand = Hand()
    hand.cursors = Cursors.single(Selection(Location(0, 4), Location(0, 7)))
    hand.press(1, 0, alt=True)
    hand.others_write(0, 0, "zero\n")
    hand.drag(2, 4)
    assert hand.selected == ["two", "four"]


def test_a_second_click_on_a_character_that_others_moved_is_a_double_click() -> None:
    hand = Hand()
    hand.click(0, 5)
    hand.others_write(0, 0, "zero\n")
    hand.click(1, 5)
    assert hand.selected == ["two"]


@given(
    st.integers(1, 3),
    st.lists(
        st.tuples(
            st.integers(0, len(TEXT)), st.integers(0, len(TEXT)), st.sampled_from(["", "x", "a b\n", "\n"])
        ),
        max_size=5,
    ),
    st.integers(0, len(TEXT)),
)
def test_a_drag_stays_inside_the_text_whatever_others_do(
    clicks: int, changes: list[tuple[int, int, str]], to: int
) -> None:
    hand = Hand()
    hand.cursors = Cursors.single(Selection(Location(1, 5), Location(3, 3)))
    for _ in range(clicks - 1):
        hand.click(1, 2, alt=True)
    hand.press(1, 2, alt=True)
    for at, over, text in changes:
        start = location_at(hand.text, min(at, len(hand.text)))
        hand.others_write(*start, text, over=over)
    hand.drag(*location_at(hand.text, min(to, len(hand.text))))
    for end in (end for one in hand.cursors.selections for end in (one.anchor, one.head)):
        assert end == location_at(hand.text, offset_of(hand.text, end))


# -- through the app


async def test_double_and_triple_clicks_select_words_and_rows() -> None:
    stage = Stage(TEXT)
    async with stage.playing() as pilot:
        await stage.click(pilot, 0, 5, times=2)
        assert stage.selected == "two"
        await stage.click(pilot, 1, 1, times=3)
        assert stage.selected == "four five\n"


@pytest.mark.parametrize("modifier", ["alt", "ctrl"])
async def test_a_click_with_alt_or_ctrl_adds_a_cursor_to_type_at(modifier: str) -> None:
    stage = Stage(TEXT)
    async with stage.playing(70) as pilot:
        await stage.click(pilot, 0, 3)
        await stage.click(pilot, 1, 4, alt=modifier == "alt", ctrl=modifier == "ctrl")
        await stage.press("!")
        assert stage.text == "one! two three\nfour! five\n\nsix"
        await stage.status_says("2 cursors")
        await stage.click(pilot, 3, 0)
        assert stage.heads == [(3, 0)]

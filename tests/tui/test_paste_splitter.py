"""Pastes come out whole and in order, however the terminal's bytes were cut into reads."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collabterm.tui.paste_splitter import Keys, Pasted, PasteSplitter

START, END = "\x1b[200~", "\x1b[201~"

inputs = st.lists(
    st.sampled_from(
        [START, END, "\x1b", "\x1b[", "\x1b[20", "\x1b[A", "\x1bOP", "a", "ü", "\r", "200~", "1~"]
    )
    | st.text(max_size=5),
    max_size=12,
).map("".join)


def split(pieces: list[str]) -> list[Keys | Pasted]:
    """Feed the pieces and return what came out, with keys that follow each other joined."""
    splitter = PasteSplitter()
    taken = [one for piece in pieces for one in splitter.feed(piece)] + list(splitter.flush())
    joined: list[Keys | Pasted] = []
    for is_keys, group in groupby(taken, lambda one: isinstance(one, Keys)):
        members = list(group)
        joined += [Keys("".join(one.text for one in members))] if is_keys else members
    return joined


@given(inputs, st.lists(st.integers(0, 60), max_size=6))
@example(f"a{START}b{END}c", [2, 4, 9, 12])
def test_any_cuts_of_the_input_give_the_same_pieces(text: str, cuts: list[int]) -> None:
    ends = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    pieces = [text[first:last] for first, last in pairwise(ends)]
    assert split(pieces) == split([text]) == split(list(text))


@given(
    st.lists(
        st.tuples(st.booleans(), st.text(st.characters(exclude_characters="\x1b"), min_size=1)), max_size=6
    )
)
def test_keys_and_pastes_come_out_in_the_order_they_went_in(parts: list[tuple[bool, str]]) -> None:
    sent = "".join(f"{START}{text}{END}" if pasted else text for pasted, text in parts)
    expected: list[Keys | Pasted] = []
    for pasted, text in parts:
        match expected[-1:], pasted:
            case _, True:
                expected.append(Pasted(text))
            case [Keys(before)], False:
                expected[-1] = Keys(before + text)
            case _:
                expected.append(Keys(text))
    assert split([sent]) == expected


def test_escape_sequences_within_a_paste_belong_to_it() -> None:
    assert split([f"{START}\x1b[31mred\x1b{START}{END}k"]) == [Pasted(f"\x1b[31mred\x1b{START}"), Keys("k")]


def test_an_empty_paste_is_one() -> None:
    assert split([START + END]) == [Pasted("")]


def test_an_end_without_a_start_is_keys() -> None:
    assert split([f"a{END}b"]) == [Keys(f"a{END}b")]


@pytest.mark.parametrize("partial", ["\x1b", "\x1b[", "\x1b[20", "\x1b[200"])
def test_half_a_marker_is_kept_until_it_is_known_to_be_keys(partial: str) -> None:
    splitter = PasteSplitter()
    assert list(splitter.feed(f"a{partial}")) == [Keys("a")]
    assert list(splitter.flush()) == [Keys(partial)]
    assert list(splitter.flush()) == []


def test_nothing_is_flushed_out_of_a_paste_that_goes_on() -> None:
    splitter = PasteSplitter()
    assert list(splitter.feed(f"{START}one\x1b[20")) == []
    assert list(splitter.flush()) == []
    assert splitter.is_pasting
    assert list(splitter.feed("1~")) == [Pasted("one")]


def test_a_paste_whose_end_got_lost_can_be_ended() -> None:
    splitter = PasteSplitter()
    assert list(splitter.feed(f"{START}one\x1b[20")) == []
    assert list(splitter.end_paste()) == [Pasted("one\x1b[20")]
    assert list(splitter.end_paste()) == []
    assert list(splitter.feed("k")) == [Keys("k")]


def test_a_large_paste_in_small_reads_is_one_paste() -> None:
    text = "0123456789" * 20_000
    sent = START + text + END
    assert split([sent[at : at + 4096] for at in range(0, len(sent), 4096)]) == [Pasted(text)]

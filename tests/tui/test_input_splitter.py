"""Pastes, Alt keys and sequences come out whole and in order, however the input was cut into reads."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collabterm.tui.input_splitter import AltKey, Escape, InputSplitter, Keys, Pasted, Piece

START, END = "\x1b[200~", "\x1b[201~"

inputs = st.lists(
    st.sampled_from(
        [START, END, "\x1b", "\x1b[", "\x1b[20", "\x1b[A", "\x1bOP", "\x1bO", "\x1b\x1b[A", "\x1b[[A",
         "\x1b[M !", "\x1b[7$", "\x1b]11;rgb", "\x1b\\", "\x07", "\x1bP", "\x1bn", "a", "ü", "\r", "\t",
         "200~", "1~", "A"]
    )
    | st.text(max_size=5),
    max_size=12,
).map("".join)  # fmt: skip

SEQUENCES = [
    "\x1b[A",
    "\x1b[1;4A",
    "\x1bOP",
    "\x1b[<35;20;3M",
    "\x1b[97;2;65u",
    "\x1b[3$",
    "\x1b[[B",
    "\x1b[Z",
    "\x1b\t",
]
RXVT = ["\x1b[A", "\x1b[a", "\x1b[3~", "\x1b[7^", "\x1bOa", "\x1b[Z"]

typed = (
    st.text(st.characters(exclude_characters="\x1b"), min_size=1, max_size=4).map(
        lambda text: (text, Keys(text))
    )
    | st.sampled_from(SEQUENCES).map(lambda text: (text, Keys(text)))
    | st.sampled_from(RXVT).map(lambda text: (f"\x1b{text}", AltKey(text)))
    | st.characters(exclude_characters="\x1b\t[OP]^_X").map(lambda one: (f"\x1b{one}", AltKey(one)))
    | st.text(st.characters(exclude_characters="\x1b"), max_size=9).map(
        lambda text: (f"{START}{text}{END}", Pasted(text))
    )
)


def joined(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces with keys that follow each other in one."""
    members: list[Piece] = []
    for is_keys, group in groupby(pieces, lambda one: isinstance(one, Keys)):
        run = list(group)
        members += [Keys("".join(one.text for one in run if isinstance(one, Keys)))] if is_keys else run
    return members


def split(reads: list[str]) -> list[Piece]:
    """Feed the reads, one soon after the other, and return what came out."""
    splitter = InputSplitter()
    return joined([one for read in reads for one in splitter.feed(read)] + list(splitter.flush()))


@given(inputs, st.lists(st.integers(0, 60), max_size=6))
@example(f"a{START}b{END}c", [2, 4, 9, 12])
def test_any_cuts_of_the_input_give_the_same_pieces(text: str, cuts: list[int]) -> None:
    ends = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    reads = [text[first:last] for first, last in pairwise(ends)]
    assert split(reads) == split([text]) == split(list(text))


@given(st.lists(typed, max_size=8))
def test_what_is_pressed_and_pasted_comes_out_in_that_order(parts: list[tuple[str, Piece]]) -> None:
    sent = "".join(sent for sent, _ in parts)
    expected = joined([piece for _, piece in parts])
    assert split([sent]) == expected
    assert split(list(sent)) == expected


@given(inputs)
def test_nothing_that_was_typed_gets_lost(text: str) -> None:
    def sent(piece: Piece) -> str:
        match piece:
            case Keys(keys):
                return keys
            case AltKey(key):
                return f"\x1b{key}"
            case Escape():
                return "\x1b"
            case Pasted(pasted):
                return START + pasted + END

    text = text.replace("\x07", "").replace("\x1b\\", "")  # there is no answer of a terminal to leave out
    splitter = InputSplitter()
    pieces = list(splitter.feed(text))
    end = END if splitter.is_pasting else ""
    pieces += [*splitter.end_paste(), *splitter.flush()]
    assert "".join(map(sent, pieces)) == text + end


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_a_sequence_is_one_piece(sequence: str) -> None:
    assert list(InputSplitter().feed(f"a{sequence}b")) == [Keys("a"), Keys(sequence), Keys("b")]


@pytest.mark.parametrize(
    ("sent", "pieces"),
    [
        ("\x1bnx", [AltKey("n"), Keys("x")]),
        ("\x1b\x7f\x1b\r", [AltKey("\x7f"), AltKey("\r")]),
        ("\x1b", [Escape()]),
        ("\x1b\x1b", [Escape(), Escape()]),
        ("\x1b\x1bn", [Escape(), AltKey("n")]),
        ("\x1b\x1b\x1b[A", [Escape(), AltKey("\x1b[A")]),
        ("\x1b\x1b[1;5A", [Escape(), Keys("\x1b[1;5A")]),
        (f"\x1b{START}a{END}", [Escape(), Pasted("a")]),
        ("\x1bO", [AltKey("O")]),
        ("\x1bOx\x1bO!", [Keys("\x1bOx"), AltKey("O"), Keys("!")]),
        ("\x1b[", [AltKey("[")]),
        ("\x1b[\r", [AltKey("["), Keys("\r")]),
        ("\x1bP", [AltKey("P")]),
        ("\x1bPhello", [AltKey("P"), Keys("hello")]),
        ("\x1b[1;\x1bn", [AltKey("["), Keys("1;"), AltKey("n")]),
    ],
)
def test_an_escape_is_what_follows_makes_of_it(sent: str, pieces: list[Piece]) -> None:
    assert split([sent]) == pieces


@pytest.mark.parametrize("gap", ["n", "[", "O", "\x1b", "[A"])
def test_a_key_after_a_pause_is_not_together_with_the_escape_before(gap: str) -> None:
    splitter = InputSplitter()
    assert list(splitter.feed("\x1b")) == []
    assert list(splitter.flush()) == [Escape()]
    assert [*splitter.feed(gap), *splitter.flush()] == ([Escape()] if gap == "\x1b" else [Keys(gap)])


@pytest.mark.parametrize(
    "answer",
    ["\x1b]11;rgb:0000/0000/0000\x1b\\", "\x1b]11;?\x07", "\x1bP>|XTerm(1)\x1b\\", "\x1b_Gi=1;OK\x1b\\"],
)
def test_what_a_terminal_says_of_itself_is_not_typed(answer: str) -> None:
    assert split([f"a{answer}b"]) == split(list(f"a{answer}b")) == [Keys("ab")]


def test_escape_sequences_within_a_paste_belong_to_it() -> None:
    assert split([f"{START}\x1b[31mred\x1b{START}{END}k"]) == [Pasted(f"\x1b[31mred\x1b{START}"), Keys("k")]


def test_an_empty_paste_is_one() -> None:
    assert split([START + END]) == [Pasted("")]


def test_an_end_without_a_start_is_keys() -> None:
    assert split([f"a{END}b"]) == [Keys(f"a{END}b")]


@pytest.mark.parametrize("partial", ["\x1b[", "\x1b[20", "\x1b[200"])
def test_half_a_marker_is_kept_until_it_is_known_to_be_keys(partial: str) -> None:
    splitter = InputSplitter()
    assert list(splitter.feed(f"a{partial}")) == [Keys("a")]
    assert splitter.kept == partial
    assert joined(list(splitter.flush())) == [AltKey("["), *([Keys(partial[2:])] if partial[2:] else [])]
    assert list(splitter.flush()) == []


def test_nothing_is_flushed_out_of_a_paste_that_goes_on() -> None:
    splitter = InputSplitter()
    assert list(splitter.feed(f"{START}one\x1b[20")) == []
    assert list(splitter.flush()) == []
    assert splitter.is_pasting
    assert list(splitter.feed("1~")) == [Pasted("one")]


def test_a_paste_whose_end_got_lost_can_be_ended() -> None:
    splitter = InputSplitter()
    assert list(splitter.feed(f"{START}one\x1b[20")) == []
    assert list(splitter.end_paste()) == [Pasted("one\x1b[20")]
    assert list(splitter.end_paste()) == []
    assert list(splitter.feed("k")) == [Keys("k")]


def test_a_large_paste_in_small_reads_is_one_paste() -> None:
    text = "0123456789" * 20_000
    sent = START + text + END
    assert split([sent[at : at + 4096] for at in range(0, len(sent), 4096)]) == [Pasted(text)]

"""The clipboard: kept here whatever its size, and told to the terminal as far as that can take it."""

from __future__ import annotations

import re
from base64 import b64decode

from hypothesis import given
from hypothesis import strategies as st

from collabterm.tui.clipboard import MAX_TERMINAL_BYTES, Clipboard, Copied

LETTERS = st.characters(exclude_categories=["Cs"])


@given(st.text(LETTERS), st.booleans())
def test_the_terminal_is_told_exactly_what_was_copied(text: str, is_rows: bool) -> None:
    written: list[str] = []
    clipboard = Clipboard(written.append)
    assert clipboard.put(Copied(text, is_rows))
    assert clipboard.copied == Copied(text, is_rows)
    (sequence,) = written
    match = re.fullmatch("\x1b\\]52;c;([A-Za-z0-9+/=]*)\x07", sequence)
    assert match is not None
    assert b64decode(match[1]).decode() == text


def test_what_the_terminal_cannot_take_is_kept_here_alone() -> None:
    written: list[str] = []
    clipboard = Clipboard(written.append)
    assert clipboard.put(Copied("é" * (MAX_TERMINAL_BYTES // 2)))
    assert len(written) == 1
    assert not clipboard.put(Copied("é" * (MAX_TERMINAL_BYTES // 2 + 1)))
    assert len(written) == 1
    assert len(clipboard.copied.text) == MAX_TERMINAL_BYTES // 2 + 1


def test_nothing_is_copied_at_first() -> None:
    assert Clipboard(lambda _: None).copied == Copied("")

"""Rows change as they are told to, whether there are few or so many that they are joined."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.cursors import Cursors
from collabterm.document.edited_lines import EditedLines
from collabterm.document.edits import Edit
from collabterm.document.lines import Location
from collabterm.document.row_changes import Span, change_rows
from tests.document.plain_text import PlainLines
from tests.document.rewriting import on_rows, rewritten


@st.composite
def changes_of(draw: st.DrawFn) -> tuple[str, dict[int, list[Span]]]:
    """A text, and for some of its rows what their columns become."""
    text = draw(st.text("ab\n", max_size=30))
    changes: dict[int, list[Span]] = {}
    for row, line in enumerate(text.split("\n")):
        bounds = sorted(draw(st.lists(st.integers(0, len(line)), max_size=4)))
        pairs = zip(bounds[::2], bounds[1::2], strict=False)
        if spans := [Span(start, end, draw(st.text("xy", min_size=1, max_size=3))) for start, end in pairs]:
            changes[row] = spans
    return text, changes


@given(changes_of(), st.integers(1, 5))
def test_joined_or_not_the_text_becomes_the_same(
    case: tuple[str, dict[int, list[Span]]], max_edits: int
) -> None:
    text, changes = case

    def changed(row: int, line: str) -> str:
        for start, end, new in reversed(changes.get(row, [])):
            line = line[:start] + new + line[end:]
        return line

    here = Cursors.at(Location(0, 0))
    single = change_rows(PlainLines(text), here, changes, EditedLines.staying)
    joined = change_rows(PlainLines(text), here, changes, EditedLines.staying, max_edits)
    assert rewritten(text, single) == on_rows(text, changed)
    assert rewritten(text, joined) == on_rows(text, changed)
    if joined and single and len(changes) > max_edits:
        assert len(joined.edits) <= max_edits
        assert joined.cursors == single.cursors


def test_what_is_before_and_behind_the_changes_is_not_replaced() -> None:
    changes = {0: [Span(1, 2, "x")], 2: [Span(0, 1, "y")]}
    here = Cursors.at(Location(2, 2))
    rewrite = change_rows(PlainLines("abc\nd\nefg"), here, changes, EditedLines.staying, max_edits=1)
    assert rewrite
    assert rewrite.edits == (Edit(Location(0, 1), Location(2, 1), "xc\nd\ny"),)
    assert rewrite.cursors == here

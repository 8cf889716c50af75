"""What commands do to plain strings, and marked texts to say it in; must stay naive.

In a marked text ``|`` is a cursor, and ``«abc»`` and ``»abc«`` are selections whose heads are at the ``»``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from hypothesis import strategies as st

from collabterm.document.clusters import boundary_after, cluster_start
from collabterm.document.commands import Command
from collabterm.document.cursors import Cursors
from collabterm.document.edits import Rewrite
from collabterm.document.file_style import FileStyle
from collabterm.document.languages import Language
from collabterm.document.lines import Location
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines, location_at, offset_of

PYTHON = FileStyle(Language("python", line_comment="#", indents_after=":([{"))
HTML = FileStyle(Language("html", block_comment=("<!--", "-->")), "  ", 2)
TABBED = FileStyle(Language("go", line_comment="//"), "\t", 8)
STYLES = [FileStyle(), PYTHON, HTML, TABBED]

PIECES = [
    "a",
    "B",
    "ß",
    "Σ",
    " ",
    "  ",
    "\t",
    ".",
    "#",
    "(",
    ")",
    "[",
    ":",
    "e\u0301",
    "\u0301",
    "中",
    "\x0c",
]
ROWS = [
    "\n",
    "\n",
    "\n    ",
    "\n\t",
    "\n# a",
    "\n<!-- a -->",
    "👍🏽",
    "🇩🇪",
    "👩\u200d👩\u200d👧",
    "\u200d",
    "İ",
]
leading_blanks = re.compile("(?: (?![\u0301\u200d])|\t)*").match
"""The blanks at a row's start; a space may carry a mark, a tab, which is a control character, may not."""

MIDDLE = "\nm1\nm2\nm3\n"
"""Rows between two far places, no text of which is in the other rows."""


def texts() -> st.SearchStrategy[str]:
    """Texts of what is hard: blanks, indentation, comments, marks, emoji and empty rows."""
    return st.lists(st.sampled_from(PIECES + ROWS), max_size=16).map("".join)


@st.composite
def cursors_in(draw: st.DrawFn, text: str, max_cursors: int = 3) -> Cursors:
    """Cursors in a text, between clusters, selecting or not."""
    places = boundaries(text)
    ends = st.sampled_from(places)
    selection = st.one_of(st.builds(Selection, ends, ends), ends.map(Selection.at))
    selections = draw(st.lists(selection, min_size=1, max_size=max_cursors))
    return Cursors.of(selections, draw(st.integers(0, len(selections) - 1)))


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, Cursors, FileStyle]:
    """A text, cursors in it and how it is written."""
    text = draw(texts())
    return text, draw(cursors_in(text)), draw(st.sampled_from(STYLES))


def boundaries(text: str) -> list[Location]:
    """List the places in a text where a cursor may be."""
    places: list[Location] = []
    for row, line in enumerate(text.split("\n")):
        column = 0
        places.append(Location(row, 0))
        while column < len(line):
            column = boundary_after(line, column)
            places.append(Location(row, column))
    return places


def spans(text: str, cursors: Cursors) -> list[tuple[int, int]]:
    """List the offsets where selections start and end."""
    return [(offset_of(text, each.start), offset_of(text, each.end)) for each in cursors.selections]


def rewritten(text: str, rewrite: Rewrite | None) -> str:
    """Make the edits, the last one first, and check that edits and cursors are well formed."""
    if rewrite is None:
        return text
    assert rewrite.edits
    for edit in rewrite.edits:
        assert edit.start <= edit.end
        assert edit.text or edit.start != edit.end
        assert {edit.start, edit.end} <= set(places_in(text))
    for edit, following in pairwise(rewrite.edits):
        assert edit.end <= following.start
    after = text
    for edit in reversed(rewrite.edits):
        after = after[: offset_of(text, edit.start)] + edit.text + after[offset_of(text, edit.end) :]
    return after


def places_in(text: str) -> list[Location]:
    """List all places in a text, inside of clusters too."""
    return [location_at(text, offset) for offset in range(len(text) + 1)]


def check_cursors(text: str, cursors: Cursors) -> None:
    """Check that cursors are in a text, between clusters and apart."""
    lines = PlainLines(text)
    for selection in cursors.selections:
        for row, column in (selection.anchor, selection.head):
            assert 0 <= row < lines.row_count
            assert 0 <= column <= len(lines.line(row))
            assert cluster_start(lines.line(row), column) == column
    assert Cursors.of(cursors.selections, cursors.main_index) == cursors


def run(command: Command, text: str, cursors: Cursors, style: FileStyle) -> tuple[str, Cursors]:
    """Do what a command says; the text and the cursors come out checked."""
    rewrite = command(PlainLines(text), cursors, style)
    after = rewritten(text, rewrite)
    if rewrite is None:
        return text, cursors
    check_cursors(after, rewrite.cursors)
    return after, rewrite.cursors


def play(command: Command, marked: str, style: FileStyle = PYTHON) -> str:
    """Run a command on a marked text and mark the result."""
    text, cursors = unmarked(marked)
    return marked_text(*run(command, text, cursors, style))


def unmarked(marked: str) -> tuple[str, Cursors]:
    """Read a text with marks."""
    text = re.sub("[|«»]", "", marked)
    selections: list[Selection] = []
    pending: tuple[str, Location] | None = None
    offset = 0
    for char in marked:
        here = location_at(text, offset)
        if char == "|":
            selections.append(Selection.at(here))
        elif char in "«»" and pending is None:
            pending = char, here
        elif char in "«»" and pending is not None:
            first, start = pending
            selections.append(Selection(start, here) if first == "«" else Selection(here, start))
            pending = None
        else:
            offset += 1
    return text, Cursors.of(selections)


def marked_text(text: str, cursors: Cursors) -> str:
    """Write a text with marks."""
    for selection in reversed(cursors.selections):
        start, end = offset_of(text, selection.start), offset_of(text, selection.end)
        if selection.is_empty:
            text = f"{text[:start]}|{text[start:]}"
        else:
            first, last = "«»" if selection.anchor < selection.head else "»«"
            text = text[:start] + first + text[start:end] + last + text[end:]
    return text


def check_far_apart(
    command: Command, above: tuple[str, Selection], below: tuple[str, Selection], style: FileStyle
) -> None:
    """Check that two cursors with rows between them do together what each does alone."""
    text = above[0] + MIDDLE + below[0]
    rows = (above[0] + MIDDLE).count("\n")
    first = above[1]
    second = Selection(*(Location(row + rows, column) for row, column in (below[1].anchor, below[1].head)))
    upper, upper_cursors = run(command, text, Cursors.single(first), style)
    lower, lower_cursors = run(command, text, Cursors.single(second), style)
    both, cursors = run(command, text, Cursors.of([first, second]), style)
    assert both == upper.partition("m2")[0] + "m2" + lower.partition("m2")[2]
    moved = both.count("\n") - lower.count("\n")
    ends = [(each.anchor, each.head) for each in lower_cursors.selections]
    shifted = [Selection(*(Location(row + moved, column) for row, column in pair)) for pair in ends]
    assert cursors == Cursors.of([*upper_cursors.selections, *shifted])


def far_cases() -> st.SearchStrategy[tuple[str, Selection]]:
    """A text and one cursor in it."""
    return texts().flatmap(lambda text: st.tuples(st.just(text), cursors_in(text, 1).map(lambda c: c.main)))


def rows_touched(text: str, cursors: Cursors | Sequence[Selection]) -> set[int]:
    """List the rows that a command on rows is about, one for one."""
    selections = cursors.selections if isinstance(cursors, Cursors) else cursors
    count = text.count("\n") + (not text.endswith("\n") or text == "")
    touched = set()
    for each in selections:
        for row in range(each.start.row, each.end.row + 1):
            if row < count and (each.is_empty or each.start.row == row or each.end != (row, 0)):
                touched.add(row)
    return touched


def on_rows(text: str, change: Callable[[int, str], str]) -> str:
    """Change each row for itself."""
    return "\n".join(change(row, line) for row, line in enumerate(text.split("\n")))

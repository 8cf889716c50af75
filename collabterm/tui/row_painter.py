"""One screen row of the editor: its line number and its piece of a row; must not know the document.

What lies over the text comes as spans in cells of the row, whichever screen row they are on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from collabterm.document.display import DisplayLine, blank_marks, display_line
from collabterm.document.highlights import Highlight
from collabterm.document.wrapping import Layout, Spot
from collabterm.tui.painters import Span, paint_cells
from collabterm.tui.theme import Theme


@dataclass(frozen=True, slots=True)
class Look:
    """How all rows look.

    Attributes:
        theme: The colors.
        layout: Tab stops, and whether rows are wrapped.
        gutter_width: The cells of the line numbers; 0 for none.
        text_width: The cells of the text beside them.
        shows_blanks: Whether tabs and trailing spaces are marked.
        color_column: The column whose ground is colored, counted from 1; 0 for none.
    """

    theme: Theme
    layout: Layout
    gutter_width: int
    text_width: int
    shows_blanks: bool
    color_column: int


@dataclass(frozen=True, slots=True)
class RowContent:
    """What is in one row of the text.

    Attributes:
        text: The row.
        highlights: What its syntax says, in columns.
        matches: What a search found in it, in columns.
        spans: What lies over it, in cells.
        is_current: Whether the cursor is in it.
    """

    text: str
    highlights: Sequence[Highlight] = ()
    matches: Sequence[tuple[int, int]] = ()
    spans: Sequence[Span] = ()
    is_current: bool = False


def paint_screen_row(look: Look, spot: Spot | None, content: RowContent, left: int) -> Strip:
    """Paint one screen row; ``spot`` is None behind the end of the text."""
    theme = look.theme
    width = look.gutter_width + look.text_width
    if spot is None:
        return Strip([Segment(" " * width, theme.text)], width)
    ground = theme.text + theme.current_line if content.is_current else theme.text
    line = display_line(content.text, look.layout.tab_size)
    spans = list(_spans(look, line, content))
    if look.layout.wrap_width is None:
        cells = paint_cells(line, left, look.text_width, ground, spans)
    else:
        cells = _paint_segment(look, spot, content.text, spans, line, ground)
    return Strip([*_gutter(look, spot, is_current=content.is_current), *cells], width)


def gutter_width(row_count: int) -> int:
    """Return how many cells line numbers take: the digits, and a blank on either side."""
    return len(str(row_count)) + 2


def _gutter(look: Look, spot: Spot, *, is_current: bool) -> list[Segment]:
    if not look.gutter_width:
        return []
    number = str(spot.row + 1) if spot.segment == 0 else ""
    style = look.theme.gutter_current if is_current else look.theme.gutter
    return [Segment(f"{number:>{look.gutter_width - 1}} ", style)]


def _paint_segment(
    look: Look, spot: Spot, text: str, spans: Sequence[Span], line: DisplayLine, ground: Style
) -> list[Segment]:
    """Paint a wrapped row's segment; only the last one shows what lies behind its end, such as names."""
    segments = look.layout.segments(text)
    segment = segments[min(spot.segment, len(segments) - 1)]
    room = look.text_width - segment.indent
    shown = room if segment is segments[-1] else min(segment.last_cell - segment.first_cell, room)
    cells = paint_cells(line, segment.first_cell, shown, ground, spans)
    if segment.indent:
        cells.insert(0, Segment(" " * segment.indent, ground))
    if shown < room:
        cells.append(Segment(" " * (room - shown), ground))
    return cells


def _spans(look: Look, line: DisplayLine, content: RowContent) -> Iterator[Span]:
    """Lay out, back to front: column, syntax, blanks, matches, and what lies over the text."""
    theme = look.theme
    if look.color_column:
        yield Span(look.color_column - 1, look.color_column, theme.column)
    cell_of = line.cell_of
    for first, last, capture in content.highlights:
        ink = theme.ink_of(capture)
        if ink is not None:
            yield Span(cell_of(first), cell_of(last), ink)
    if look.shows_blanks:
        for cell, mark in blank_marks(content.text, look.layout.tab_size):
            yield Span(cell, cell + len(mark), theme.blanks, display_line(mark))
    for first, last in content.matches:
        yield Span(cell_of(first), cell_of(last), theme.match)
    yield from content.spans

"""A row of text as segments of styled cells; must not know documents, people or where a row is.

What lies over the text is a list of spans in cells. Each span's style is added over those before it and
changes only what it sets, so an ink, a ground and a bold that come from three spans combine. A span that
must hide what is below, such as a cursor, sets every attribute.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from collabterm.document.display import DisplayLine
from collabterm.tui.prompts import Row
from collabterm.tui.theme import Theme

_CACHED_PAIRS: Final = 8_192

# Keyed by identity, because hashing a Rich style costs more than all else here. An entry holds the styles
# that it is about, so nobody else can get their ids as long as it is there.
_sums: Final[dict[tuple[int, int], tuple[Style, Style, Style]]] = {}


class Span(NamedTuple):
    """Cells from ``first`` to before ``last`` in a style.

    With ``overlay`` they show that instead of the line, also under later spans. With ``uncovers`` they show
    the line again, whatever overlay lies below: the own cursor never stands on a letter of a name.
    """

    first: int
    last: int
    style: Style
    overlay: DisplayLine | None = None
    uncovers: bool = False


def paint_cells(
    line: DisplayLine, first_cell: int, width: int, base: Style, spans: Sequence[Span]
) -> list[Segment]:
    """Paint ``width`` cells of a line from ``first_cell`` on.

    Args:
        line: The text; blank cells follow it.
        first_cell: The first cell of the line to paint.
        width: How many cells to paint.
        base: The style below all spans.
        spans: What lies over it, in cells of the line, back to front.

    Returns:
        Segments, neighbours of the same look joined, together ``width`` cells wide.
    """
    segments: list[Segment] = []
    painted = first = first_cell
    style, shown = base, None
    lying: list[int] = []
    for cell, mark in _cuts(spans, first_cell, first_cell + width):
        if cell > first:
            new_style, new_shown = _on_top(base, spans, lying)
            if new_style is not style or new_shown is not shown:
                if first > painted:
                    segments.append(_segment(line, painted, first, style, shown))
                painted, style, shown = first, new_style, new_shown
            first = cell
        if mark >= 0:
            insort(lying, mark)
        else:
            lying.remove(~mark)
    if first > painted:
        segments.append(_segment(line, painted, first, style, shown))
    return segments


def paint_row(line: DisplayLine, spans: Sequence[Span], left: int, width: int, base: Style) -> Strip:
    """Return ``width`` cells of a line from cell ``left`` on; each span without an overlay uncovers."""
    uncovering = [span if span.overlay else span._replace(uncovers=True) for span in spans]
    return Strip(paint_cells(line, left, width, base, uncovering), width)


def paint_prompt_row(row: Row, theme: Theme) -> Strip:
    """Paint a row of a prompt."""
    ground: Style = getattr(theme, row.ground)
    return Strip([Segment(text, ground + getattr(theme, style)) for text, style in row.pieces])


def _cuts(spans: Sequence[Span], left: int, right: int) -> list[tuple[int, int]]:
    """Find where spans begin (their index) and end (its complement), in order, closed by the right edge."""
    cuts = [(right, len(spans))]
    for index, (first, last, _, _, _) in enumerate(spans):
        if first < last and first < right and last > left:
            cuts.append((first, index))
            if last < right:
                cuts.append((last, ~index))
    cuts.sort()
    return cuts


def _on_top(base: Style, spans: Sequence[Span], lying: Sequence[int]) -> tuple[Style, Span | None]:
    """Add up the styles that lie over the base; the last span with an overlay is the one shown."""
    style, shown = base, None
    for index in lying:
        span = spans[index]
        found = _sums.get((id(style), id(span.style)))
        style = found[2] if found else _learn_sum(style, span.style)
        if span.overlay is not None:
            shown = span
        elif span.uncovers:
            shown = None
    return style, shown


def _segment(line: DisplayLine, first: int, last: int, style: Style, shown: Span | None) -> Segment:
    if shown is None or shown.overlay is None:
        return Segment(line.slice(first, last), style)
    return Segment(shown.overlay.slice(first - shown.first, last - shown.first), style)


def _learn_sum(under: Style, over: Style) -> Style:
    """Add two styles and keep the result; what changes nothing gives the same object, so runs join."""
    if len(_sums) >= _CACHED_PAIRS:
        _sums.clear()
    total = under + over
    if total == under:
        total = under
    _sums[id(under), id(over)] = (under, over, total)
    return total

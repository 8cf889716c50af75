"""A row of text as a strip of styled cells; must not know documents, people or where a row is.

What lies over the text is a list of spans in cells; where spans overlap the last one wins, so the own
cursor, which comes last, is never hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from collabterm.document.display import DisplayLine


class Span(NamedTuple):
    """Cells from ``first`` to ``last`` in a style; with ``overlay``, showing that instead of the line."""

    first: int
    last: int
    style: Style
    overlay: DisplayLine | None = None


def paint_row(line: DisplayLine, spans: Sequence[Span], left: int, width: int, base: Style) -> Strip:
    """Return ``width`` cells of a line from cell ``left`` on."""
    right = left + width
    if not spans:
        return Strip([Segment(line.slice(left, right), base)], width)
    cuts = {left, right}
    for span in spans:
        cuts.update(cell for cell in (span.first, span.last) if left < cell < right)
    ordered = sorted(cuts)
    segments = []
    for first, last in pairwise(ordered):
        top = next((span for span in reversed(spans) if span.first <= first < span.last), None)
        if top is None:
            segments.append(Segment(line.slice(first, last), base))
        elif top.overlay is None:
            segments.append(Segment(line.slice(first, last), base + top.style))
        else:
            segments.append(Segment(top.overlay.slice(first - top.first, last - top.first), base + top.style))
    return Strip(segments, width)


@lru_cache(maxsize=64)
def label_style(color: str) -> Style:
    """Return the style of a person's cursor and name: their color behind a readable ink."""
    background = Color.parse(color)
    return Style(color=_ink_on(background.get_truecolor()), bgcolor=background, bold=True)


@lru_cache(maxsize=64)
def selection_style(color: str, ground: str) -> Style:
    """Return the style of a person's selection: their color, blended into the ground."""
    ours, theirs = Color.parse(ground).get_truecolor(), Color.parse(color).get_truecolor()
    blended = ColorTriplet(
        *(round(0.68 * one + 0.32 * other) for one, other in zip(ours, theirs, strict=True))
    )
    return Style(bgcolor=Color.from_triplet(blended))


def _ink_on(ground: ColorTriplet) -> Color:
    luminance = 0.299 * ground.red + 0.587 * ground.green + 0.114 * ground.blue
    return Color.parse("#101216" if luminance > 110 else "#ffffff")

"""What lies over the text in view: selections, cursors, names and brackets; must not paint or change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.style import Style

from collabterm.document import brackets, motions
from collabterm.document.cursors import Cursors
from collabterm.document.display import display_line
from collabterm.document.lines import LineIndex, Location
from collabterm.document.selection import Selection
from collabterm.document.wrapping import Layout, Spot
from collabterm.session.presence import Participant
from collabterm.tui.painters import Span
from collabterm.tui.theme import Theme, cursor_style, label_style, selection_style

LABEL_S: Final = 1.5
"""How long a name stays at a cursor that moved."""

Spans = Mapping[int, tuple[Span, ...]]
"""By row of the text, in cells of that row."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be seen.

    Attributes:
        lines: The text.
        layout: How it is laid out.
        theme: The colors.
        spots: What each screen row shows.
        left: The first cell that is seen.
        width: How many are.
        cursors: One's own.
        match: What a search stands at, if it does.
        participants: The others.
        now_s: The time, on the clock of their ``moved_s``.
    """

    lines: LineIndex
    layout: Layout
    theme: Theme
    spots: Sequence[Spot | None]
    left: int
    width: int
    cursors: Cursors
    match: Selection | None
    participants: Sequence[Participant]
    now_s: float


@dataclass(frozen=True, slots=True)
class Decorations:
    """What lies over the text, and whether any of it goes away with time."""

    spans: Spans
    has_labels: bool


def decorate(scene: Scene) -> Decorations:
    """Lay out, back to front: selections, names, others' cursors, and the own main one on top."""
    canvas = _Canvas(scene)
    theme, cursors = scene.theme, scene.cursors
    seen = [(one, one.selection) for one in scene.participants if one.selection is not None]
    for one, selection in seen:
        canvas.lay_selection(selection, selection_style(one.color, theme))
    for selection in cursors.selections:
        canvas.lay_selection(selection, theme.selection)
    if scene.match is not None:
        canvas.lay_selection(scene.match, theme.match_current)
    canvas.lay_brackets()
    has_labels = False
    for one, selection in seen:
        if scene.now_s - one.moved_s < LABEL_S:
            has_labels |= canvas.lay_label(one, selection.head)
    for one, selection in seen:
        canvas.lay_cursor(selection.head, cursor_style(one.color, theme))
    for index, selection in enumerate(cursors.selections):
        if index != cursors.main_index:
            canvas.lay_cursor(selection.head, theme.other_cursor)
    canvas.lay_cursor(cursors.head, theme.cursor)
    return Decorations({row: tuple(laid) for row, laid in canvas.spans.items()}, has_labels)


@dataclass(slots=True)
class _Canvas:
    """The spans laid so far."""

    scene: Scene
    spans: dict[int, list[Span]] = field(default_factory=dict)
    first_row: int = 0
    last_row: int = -1

    def __post_init__(self) -> None:
        shown = [spot for spot in self.scene.spots if spot is not None]
        if shown:
            self.first_row, self.last_row = shown[0].row, shown[-1].row

    def lay_selection(self, selection: Selection, style: Style) -> None:
        if selection.is_empty or selection.end.row < self.first_row:
            return
        start, end = selection.start, selection.end
        for row in range(max(start.row, self.first_row), min(end.row, self.last_row) + 1):
            line = display_line(self.scene.lines.line(row), self.scene.layout.tab_size)
            first = line.cell_of(start.column) if row == start.row else 0
            last = line.cell_of(end.column) if row == end.row else line.width + 1
            if first < last:
                self._lay(row, Span(first, last, style))

    def lay_cursor(self, head: Location, style: Style) -> None:
        if self.first_row <= head.row <= self.last_row:
            line = display_line(self.scene.lines.line(head.row), self.scene.layout.tab_size)
            first = line.cell_of(head.column)
            following = motions.right(self.scene.lines, head)
            last = line.cell_of(following.column) if following.row == head.row else first
            self._lay(head.row, Span(first, max(last, first + 1), style, uncovers=True))

    def lay_brackets(self) -> None:
        if len(self.scene.cursors) > 1 or not self.scene.cursors.are_empty:
            return
        pair = brackets.pair_at(self.scene.lines, self.scene.cursors.head)
        for location in pair or ():
            if self.first_row <= location.row <= self.last_row:
                line = display_line(self.scene.lines.line(location.row), self.scene.layout.tab_size)
                first = line.cell_of(location.column)
                self._lay(location.row, Span(first, first + 1, self.scene.theme.bracket))

    def lay_label(self, one: Participant, head: Location) -> bool:
        """Put a name behind its cursor's row, where it hides nothing; for lack of room, above or below it.

        Returns:
            Whether the cursor is in view.
        """
        scene = self.scene
        spot = scene.layout.spot_of(scene.lines, head)
        if spot not in scene.spots:
            return False
        y = scene.spots.index(spot)
        text = scene.lines.line(head.row)
        line, name = display_line(text, scene.layout.tab_size), display_line(f" {one.name} ")
        style = label_style(one.color, scene.theme)
        segments = scene.layout.segments(text)
        segment = segments[min(spot.segment, len(segments) - 1)]
        shown_width = segment.indent + line.width - segment.first_cell
        if segment is segments[-1] and shown_width + 2 + name.width <= scene.left + scene.width:
            self._lay(spot.row, Span(line.width + 2, line.width + 2 + name.width, style, name))
            return True
        beside = scene.spots[y - 1] if y > 0 else scene.spots[min(y + 1, len(scene.spots) - 1)]
        if beside is not None:
            _, cell = scene.layout.place(text, head.column)
            x = max(min(cell, scene.left + scene.width - name.width), scene.left)
            there = scene.lines.line(beside.row)
            segments = scene.layout.segments(there)
            segment = segments[min(beside.segment, len(segments) - 1)]
            first = segment.first_cell + max(x - segment.indent, 0)
            last = first + name.width
            if segment is not segments[-1]:  # what is behind its end is shown on the next screen row
                last = min(last, segment.last_cell)
                first = max(last - name.width, segment.first_cell)
            self._lay(beside.row, Span(first, last, style, name))
        return True

    def _lay(self, row: int, span: Span) -> None:
        self.spans.setdefault(row, []).append(span)

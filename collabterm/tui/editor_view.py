"""The text on the screen: keys and mouse become edits, changes become repainted rows.

It must not know peers' connections or files. It repaints the rows that changed and no others; nothing it
does for a key grows with the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.strip import Strip

from collabterm.document import commands, motions
from collabterm.document.commands import Edit
from collabterm.document.display import DisplayLine, display_line, is_text
from collabterm.document.lines import Location, Replacement
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Change, PeerOrigin
from collabterm.document.undo_cursors import Stepped
from collabterm.session.events import PresenceChanged, RoomEvent
from collabterm.session.presence import Participant
from collabterm.session.room import Room
from collabterm.tui import keymap
from collabterm.tui.painters import Span, label_style, paint_row, selection_style
from collabterm.tui.rows import Rows
from collabterm.tui.viewport import Viewport

LABEL_S: Final = 1.5
"""How long a name stays at a cursor that moved."""

WHEEL_ROWS: Final = 3

_CURSOR: Final = Style(reverse=True)
_GROUND: Final = "#1b1e24"
_TEXT: Final = "#d7dae0"
_OWN_SELECTION: Final = Style(bgcolor="#4b515c")
_BASE: Final = Style(color=_TEXT, bgcolor=_GROUND)

Spans = Mapping[int, tuple[Span, ...]]


class EditorView(Rows, can_focus=True, inherit_bindings=False):
    """The editor.

    Args:
        room: Whose document is shown and whose people are drawn.
        clock: Any steady clock, in seconds; the one that the room's times come from.
    """

    def __init__(self, room: Room, clock: Callable[[], float]) -> None:
        super().__init__()
        self.selection = Selection.at(Location(0, 0))
        self.viewport = Viewport()
        self._room = room
        self._document = room.document
        self._clock = clock
        self._goal_cell: int | None = None
        self._is_dragging = False
        self._is_fading = False
        self._spans: Spans = {}
        room.document.subscribe(self._on_change)
        room.subscribe(self._on_room_event)

    def on_mount(self) -> None:
        """Tell the others where we are."""
        self._announce(by_hand=True)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor visible in the new size."""
        self.viewport = self.viewport.resized(event.size.width, event.size.height)
        self._follow_cursor()

    def press(self, key: str, character: str | None) -> bool:
        """Do what a key means here; return whether it means anything.

        The one way for every key that edits or moves, so they take effect in the order they were typed.
        """
        name, extends = keymap.without_shift(key)
        if motion := keymap.MOTIONS.get(name):
            self._move(motion(self._document.lines, self.selection.head), extends=extends)
        elif vertical := keymap.VERTICAL.get(name):
            self._move_vertically(*vertical, extends=extends)
        elif command := keymap.EDITS.get(key):
            self._apply(command(self._document.lines, self.selection))
        elif key == "ctrl+z":
            self._step(self._document.undo)
        elif key in ("ctrl+y", "ctrl+shift+z"):
            self._step(self._document.redo)
        elif key == "ctrl+a":
            self._select(Selection(Location(0, 0), self._document.lines.end))
        elif key == "escape":
            self._select(Selection.at(self.selection.head))
        elif character is not None and is_text(character):
            self._apply(commands.insert_text(self.selection, character))
        else:
            return False
        return True

    def paste(self, text: str) -> None:
        """Insert pasted text."""
        self._apply(commands.insert_text(self.selection, commands.paste_text(text)))

    def point(self, event: events.MouseEvent) -> None:
        """Do what the mouse means here; ``event`` is in cells of the screen.

        A press puts the cursor (with Shift, extends the selection) and a drag selects, also beyond the
        edges; the wheel looks elsewhere without moving the cursor.
        """
        x, y = event.screen_x - self.region.x, event.screen_y - self.region.y
        match event:
            case events.MouseScrollUp():
                self._scroll(-WHEEL_ROWS)
            case events.MouseScrollDown():
                self._scroll(WHEEL_ROWS)
            case events.MouseDown(button=1) if 0 <= y < self.size.height:
                self._is_dragging = True
                self._move(self._location_under(x, y), extends=event.shift)
            case events.MouseMove() if self._is_dragging:
                self._move(self._location_under(x, y), extends=True)
            case events.MouseUp():
                self._is_dragging = False
            case _:
                return

    def render_line(self, y: int) -> Strip:
        """Paint one row of the viewport."""
        row = self.viewport.top + y
        if row >= self._document.lines.row_count:
            return paint_row(display_line(""), (), 0, self.size.width, _BASE)
        line = display_line(self._document.lines.line(row))
        return paint_row(line, self._spans.get(row, ()), self.viewport.left, self.size.width, _BASE)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Take all the width there is."""
        return container.width

    def redecorate(self) -> None:
        """Work out anew what lies over the text, and repaint the rows where that changed."""
        spans = self._current_spans()
        if spans == self._spans:
            return
        changed = [row for row in spans.keys() | self._spans.keys() if spans.get(row) != self._spans.get(row)]
        self._spans = spans
        self._repaint(changed)

    def _on_change(self, change: Change) -> None:
        """Follow a change of the text: selection, viewport and rows."""
        top = self.viewport.top
        theirs = isinstance(change.origin, PeerOrigin)
        is_all_above = True
        for replacement in change.replacements:
            is_all_above &= replacement.old_end.row < self.viewport.top
            self.selection = self.selection.shifted(replacement)
            self.viewport = self.viewport.shifted(replacement)
        self.selection = self._on_boundaries(self.selection)
        if self.viewport.top != top and is_all_above:
            self._spans = {row + self.viewport.top - top: laid for row, laid in self._spans.items()}
        elif self.viewport.top != top:
            self._look_elsewhere()
        else:
            for replacement in change.replacements:
                self._repaint_replaced(replacement)
        if theirs:
            self._announce(by_hand=False)
        self.redecorate()

    def _on_room_event(self, event: RoomEvent) -> None:
        if isinstance(event, PresenceChanged):
            self.redecorate()

    def _fade_labels(self) -> None:
        """Take down the names that have been up long enough; come back for the others."""
        self._is_fading = False
        self.redecorate()

    def _apply(self, edit: Edit | None) -> None:
        if edit is None:
            return
        self._goal_cell = None
        self._document.edit([edit], self._clock())
        lines = edit.text.split("\n")
        column = len(lines[-1]) + (edit.start.column if len(lines) == 1 else 0)
        self._select(Selection.at(Location(edit.start.row + len(lines) - 1, column)))

    def _step(self, step: Callable[[], Stepped]) -> None:
        self._goal_cell = None
        stepped = step()
        while stepped.has_more:
            stepped = step()
        if stepped.cursors is not None:
            self._select(stepped.cursors.main)

    def _move(self, location: Location, *, extends: bool) -> None:
        self._goal_cell = None
        self._select(Selection(self.selection.anchor if extends else location, location))

    def _move_vertically(self, direction: int, by_page: bool, *, extends: bool) -> None:
        lines, head = self._document.lines, self.selection.head
        if self._goal_cell is None:
            self._goal_cell = display_line(lines.line(head.row)).cell_of(head.column)
        goal_cell = self._goal_cell
        rows = max(self.viewport.height - 1, 1) if by_page else 1
        move = motions.up if direction < 0 else motions.down
        if by_page:
            self.viewport = self.viewport.scrolled(direction * rows, max(lines.row_count - rows, 1))
            self._look_elsewhere()
        self._move(move(lines, head, goal_cell, rows), extends=extends)
        self._goal_cell = goal_cell

    def _select(self, selection: Selection) -> None:
        """Take over a selection that the person chose, and show it."""
        self.selection = self._on_boundaries(selection)
        self._follow_cursor()
        self._announce(by_hand=True)
        self.redecorate()

    def _on_boundaries(self, selection: Selection) -> Selection:
        """Return a selection whose ends an edit may have left inside clusters, with its ends outside."""
        lines = self._document.lines
        anchor = motions.out_of_cluster(lines, selection.anchor)
        return Selection(anchor, motions.out_of_cluster(lines, selection.head))

    def _follow_cursor(self) -> None:
        head = self.selection.head
        cell = display_line(self._document.lines.line(head.row)).cell_of(head.column)
        viewport = self.viewport.showing(head.row, cell)
        if viewport != self.viewport:
            self.viewport = viewport
            self._look_elsewhere()

    def _scroll(self, rows: int) -> None:
        self.viewport = self.viewport.scrolled(rows, self._document.lines.row_count)
        self._look_elsewhere()
        self.redecorate()

    def _look_elsewhere(self) -> None:
        """Repaint everything: other rows are on screen."""
        self._spans = self._current_spans()
        self.repaint()

    def _announce(self, *, by_hand: bool) -> None:
        self._room.move_cursor(self.selection, self._clock(), by_hand=by_hand)

    def _repaint_replaced(self, replacement: Replacement) -> None:
        start, old_end, new_end = replacement
        last = self.viewport.top + self.viewport.height - 1
        if old_end.row == new_end.row:
            last = min(last, new_end.row)
        self._repaint(range(max(start.row, self.viewport.top), last + 1))

    def _repaint(self, rows: Iterable[int]) -> None:
        self.repaint([row - self.viewport.top for row in rows])

    def _location_under(self, x: float, y: float) -> Location:
        """Return the location at a cell of this view, or the nearest; beyond an edge, one row further."""
        lines = self._document.lines
        row = self.viewport.top + min(max(int(y), -1), self.viewport.height)
        row = min(max(row, 0), lines.row_count - 1)
        return Location(row, self._display(row).column_at(max(int(x), 0) + self.viewport.left))

    def _current_spans(self) -> Spans:
        """Lay out, back to front: selections, names, others' cursors, and the own cursor on top."""
        spans: dict[int, list[Span]] = {}
        now_s = self._clock()
        participants = self._room.participants
        for one in participants:
            if one.selection is not None:
                self._lay_selection(spans, one.selection, selection_style(one.color, _GROUND))
        self._lay_selection(spans, self.selection, _OWN_SELECTION)
        for one in participants:
            if one.selection is not None and now_s - one.moved_s < LABEL_S:
                self._lay_label(spans, one, one.selection.head)
        for one in participants:
            if one.selection is not None:
                self._lay_cursor(spans, one.selection.head, label_style(one.color))
        self._lay_cursor(spans, self.selection.head, _CURSOR)
        return {row: tuple(laid) for row, laid in spans.items()}

    def _lay_selection(self, spans: dict[int, list[Span]], selection: Selection, style: Style) -> None:
        if selection.is_empty:
            return
        start, end = selection.start, selection.end
        last_row = min(end.row, self.viewport.top + self.viewport.height - 1)
        for row in range(max(start.row, self.viewport.top), last_row + 1):
            line = self._display(row)
            first = line.cell_of(start.column) if row == start.row else 0
            last = line.cell_of(end.column) if row == end.row else line.width + 1
            if first < last:
                spans.setdefault(row, []).append(Span(first, last, style))

    def _lay_cursor(self, spans: dict[int, list[Span]], head: Location, style: Style) -> None:
        if self._is_visible(head.row):
            line = self._display(head.row)
            first = line.cell_of(head.column)
            following = motions.right(self._document.lines, head)
            last = line.cell_of(following.column) if following.row == head.row else first
            spans.setdefault(head.row, []).append(Span(first, max(last, first + 1), style))

    def _lay_label(self, spans: dict[int, list[Span]], one: Participant, head: Location) -> None:
        """Put the name behind the cursor's row, where it hides nothing; for lack of room, above or below."""
        if not self._is_visible(head.row):
            return
        name = display_line(f" {one.name} ")
        line, right = self._display(head.row), self.viewport.left + self.viewport.width
        row, first = head.row, line.width + 2
        if first + name.width > right:
            row = head.row - 1 if head.row > self.viewport.top else head.row + 1
            first = max(min(line.cell_of(head.column), right - name.width), self.viewport.left)
        spans.setdefault(row, []).append(Span(first, first + name.width, label_style(one.color), name))
        if not self._is_fading and self.is_mounted:
            self._is_fading = True
            self.set_timer(LABEL_S / 3, self._fade_labels)

    def _is_visible(self, row: int) -> bool:
        return 0 <= row - self.viewport.top < self.viewport.height

    def _display(self, row: int) -> DisplayLine:
        lines = self._document.lines
        return display_line(lines.line(row) if row < lines.row_count else "")

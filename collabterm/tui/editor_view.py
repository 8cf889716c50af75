"""The text on the screen: changes become repainted rows, and the mouse moves cursors.

It must not know peers' connections, files or keys. It repaints the rows that changed and no others; nothing
it does for a key grows with the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from textual import events
from textual.geometry import Size
from textual.strip import Strip
from textual.timer import Timer

from collabterm.document.file_style import FileStyle
from collabterm.document.lines import Location, Replacement
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Change, Local, PeerOrigin
from collabterm.document.wrapping import Layout, Spot
from collabterm.session.events import PresenceChanged, RoomEvent
from collabterm.session.room import Room
from collabterm.tui.decorations import LABEL_S, Scene, Spans, decorate
from collabterm.tui.editor import Editor
from collabterm.tui.finder import Finder
from collabterm.tui.highlighter import Highlighter
from collabterm.tui.pointer import WHEEL_ROWS, Pointer
from collabterm.tui.row_painter import Look, RowContent, gutter_width, paint_screen_row
from collabterm.tui.rows import Rows
from collabterm.tui.settings import EditorSettings
from collabterm.tui.theme import Theme
from collabterm.tui.viewport import Viewport
from collabterm.tui.work import Work

DRAG_SCROLL_S: Final = 0.04
"""How often a drag held beyond an edge scrolls by a row."""


class EditorView(Rows, can_focus=True, inherit_bindings=False):
    """The editor.

    Args:
        room: Whose document is shown and whose people are drawn.
        clock: Any steady clock, in seconds; the one that the room's times come from.
        settings: How it looks.
        theme: In which colors.
        work: Does what takes long.
    """

    def __init__(
        self, room: Room, clock: Callable[[], float], settings: EditorSettings, theme: Theme, work: Work
    ) -> None:
        super().__init__()
        self.editor = Editor(room.document, clock, work)
        self.editor.on_cursors = self._follow_cursors
        self.editor.on_page = self._turn_page
        self.viewport = Viewport()
        self.finder = Finder(room.document.lines)
        self.on_resized: Callable[[], None] = lambda: None
        self._settings = settings
        self._theme = theme
        self._room = room
        self._lines = room.document.lines
        self._clock = clock
        self._highlighter = Highlighter(self._lines, self._repaint)
        self._pointer = Pointer(self._lines, clock)
        self._drag_x_y = (0, 0)
        self._drag_timer: Timer | None = None
        self._match: Selection | None = None
        self._laid_over: Sequence[Strip] = ()
        self._is_fading = False
        self._current_row = 0
        self._spans: Spans = {}
        self._spots: list[Spot | None] = []
        self._look = Look(theme, Layout(settings.tab_size), 0, 1, shows_blanks=False, color_column=0)
        self._lay_out()
        room.document.subscribe(self._on_change)
        room.subscribe(self._on_room_event)

    @property
    def selection(self) -> Selection:
        """The main selection."""
        return self.editor.cursors.main

    @property
    def match(self) -> Selection | None:
        """Where a search stands."""
        return self._match

    def show_as(self, settings: EditorSettings, theme: Theme) -> None:
        """Look otherwise."""
        self._settings, self._theme = settings, theme
        self.write_as(self.editor.style)
        self._lay_out()
        self._look_elsewhere()

    def write_as(self, style: FileStyle) -> None:
        """Edit, and highlight, in another style."""
        self.editor.style = replace(style, tab_size=self._settings.tab_size)
        if self.is_mounted:
            self._highlighter.set_language(style.language)

    def show_match(self, match: Selection | None) -> None:
        """Mark where a search stands, and show it without moving the cursor; None to mark nothing."""
        self._match = match
        self._show(*((match.end, match.start) if match is not None else ()))

    def lay_over(self, strips: Sequence[Strip]) -> None:
        """Show something else in the lowest rows; nothing to show the text there again."""
        if strips == self._laid_over:
            return
        changed = max(len(strips), len(self._laid_over))
        self._laid_over = strips
        self._lay_out()
        self._find_spots()
        self.repaint(range(self.size.height - changed, self.size.height))
        self.redecorate()

    def point(self, event: events.MouseEvent) -> None:
        """Do what the mouse means here; ``event`` is in cells of the screen."""
        x = int(event.screen_x) - self.region.x - self._look.gutter_width
        y = int(event.screen_y) - self.region.y
        match event:
            case events.MouseScrollUp():
                self._scroll(-WHEEL_ROWS)
            case events.MouseScrollDown():
                self._scroll(WHEEL_ROWS)
            case events.MouseDown(button=1) if 0 <= y < self.viewport.height:
                self.editor.put(self._pointer.press(event, self._location_under(x, y), self.editor.cursors))
            case events.MouseMove(button=0):  # the button may have been released where no terminal saw it
                self._pointer.release()
            case events.MouseMove() if self._pointer.is_dragging:
                self._drag_x_y = (x, y)
                self._drag()
            case events.MouseUp():
                self._pointer.release()
            case _:
                return

    def on_mount(self) -> None:
        """Tell the others where we are."""
        self._highlighter.set_language(self.editor.style.language)
        self._announce(by_hand=True)

    def on_unmount(self) -> None:
        """Stop what goes on."""
        self._highlighter.close()
        self.finder.close()

    def on_resize(self, event: events.Resize) -> None:
        """Fill the new size with text and keep the cursor visible."""
        self._lay_out()
        layout = self._look.layout
        self.viewport = self.viewport.filled(layout, self._lines)
        self.viewport = self.viewport.showing(layout, self._lines, self.selection.head)
        self._look_elsewhere()
        self.on_resized()

    def render_line(self, y: int) -> Strip:
        """Paint one row of the view."""
        covered = y - (self.size.height - len(self._laid_over))
        if covered >= 0:
            return self._laid_over[covered]
        spot = self._spots[y] if y < len(self._spots) else None
        if spot is None:
            return paint_screen_row(self._look, None, RowContent(""), 0)
        text = self._lines.line(spot.row)
        content = RowContent(
            text,
            self._highlighter.row(spot.row),
            self.finder.matches_in(text),
            self._spans.get(spot.row, ()),
            is_current=spot.row == self.selection.head.row,
        )
        return paint_screen_row(self._look, spot, content, self.viewport.left)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Take all the width there is."""
        return container.width

    def redecorate(self) -> None:
        """Work out anew what lies over the text, and repaint the rows where that changed."""
        before, self._spans = self._spans, self._current_spans()
        rows = before.keys() | self._spans.keys()
        self._repaint(row for row in rows if before.get(row) != self._spans.get(row))
        if self._current_row != self.selection.head.row:
            self._repaint((self._current_row, self.selection.head.row))
            self._current_row = self.selection.head.row

    def _on_change(self, change: Change) -> None:
        """Follow a change of the text with viewport and rows."""
        self._pointer.follow(change.replacements)
        self._highlighter.follow(change.replacements)
        self.finder.follow(change.replacements)
        top, is_above = self.viewport.top.row, True
        for replacement in change.replacements:
            is_above &= replacement.old_end.row < self.viewport.top.row
            self.viewport = self.viewport.shifted(replacement)
            if self._match is not None:
                self._match = self._match.shifted(replacement)
        before = self._spots
        if self._lay_out():
            self._find_spots()
            self.repaint()
        elif is_above and not self._look.gutter_width:
            self._find_spots()
            moved = self.viewport.top.row - top
            self._spans = {row + moved: spans for row, spans in self._spans.items()}
            self._current_row += moved
        else:
            self._find_spots()
            self._repaint_differing(before, change.replacements)
        if isinstance(change.origin, PeerOrigin):
            self._announce(by_hand=False)
        if change.origin is not Local.EDIT:  # after an own edit the cursors are yet to be put
            self.redecorate()

    def _on_room_event(self, event: RoomEvent) -> None:
        if isinstance(event, PresenceChanged):
            self.redecorate()

    def _follow_cursors(self) -> None:
        self._show(self.selection.head)
        self._announce(by_hand=True)

    def _turn_page(self, screen_rows: int) -> None:
        self.viewport = self.viewport.scrolled(self._look.layout, self._lines, screen_rows, stays_full=True)
        self._find_spots()
        self.repaint()

    def _scroll(self, screen_rows: int) -> None:
        self.viewport = self.viewport.scrolled(self._look.layout, self._lines, screen_rows)
        self._look_elsewhere()

    def _drag(self) -> None:
        """Follow the mouse; held beyond an edge it goes on scrolling."""
        if not self._pointer.is_dragging:
            return
        x, y = self._drag_x_y
        self.editor.put(self._pointer.drag(self._location_under(x, y)))
        if self._drag_timer is not None:
            self._drag_timer.stop()
        is_beyond = not 0 <= y < self.viewport.height
        self._drag_timer = self.set_timer(DRAG_SCROLL_S, self._drag) if is_beyond else None

    def _location_under(self, x: int, y: int) -> Location:
        return self.viewport.location_at(self._look.layout, self._lines, x, y)

    def _fade_labels(self) -> None:
        """Take down the names that have been up long enough; come back for the others."""
        self._is_fading = False
        self.redecorate()

    def _show(self, *locations: Location) -> None:
        """Scroll to locations, the last of which matters most, and work out once what lies over the text."""
        before = self.viewport
        for location in locations:
            self.viewport = self.viewport.showing(self._look.layout, self._lines, location)
        if self.viewport != before:
            self._look_elsewhere()
        else:
            self.redecorate()

    def _look_elsewhere(self) -> None:
        """Repaint everything: other rows are on screen."""
        self._find_spots()
        self._spans = self._current_spans()
        self._current_row = self.selection.head.row
        self.repaint()

    def _lay_out(self) -> bool:
        """Take over size and settings; return whether any row looks otherwise than before."""
        settings = self._settings
        gutter = gutter_width(self._lines.row_count) if settings.line_numbers else 0
        gutter = gutter if self.size.width > 2 * gutter else 0
        width = max(self.size.width - gutter, 1)
        layout = Layout(settings.tab_size, width if settings.wrap else None)
        look = Look(self._theme, layout, gutter, width, settings.blanks, settings.color_column)
        before, self._look = self._look, look
        if layout != before.layout:
            self.viewport = self.viewport.laid_out_anew(before.layout, layout, self._lines)
        self.viewport = self.viewport.resized(width, self.size.height - len(self._laid_over))
        self.editor.layout = layout
        self.editor.page_rows = max(self.viewport.height - 1, 1)
        return look != before

    def _find_spots(self) -> None:
        self._spots = self.viewport.spots(self._look.layout, self._lines)
        shown = [spot.row for spot in self._spots if spot is not None]
        if shown and self.is_mounted:
            self._highlighter.look_at(range(shown[0], shown[-1] + 1))

    def _announce(self, *, by_hand: bool) -> None:
        self._room.move_cursor(self.selection, self._clock(), by_hand=by_hand)

    def _repaint(self, rows: Iterable[int]) -> None:
        wanted = set(rows)
        if wanted:
            self.repaint(y for y, spot in enumerate(self._spots) if spot is not None and spot.row in wanted)

    def _repaint_differing(self, before: Sequence[Spot | None], replacements: Iterable[Replacement]) -> None:
        """Repaint the screen rows that show another spot than before, or a row that was changed or moved."""
        end = self._lines.row_count
        touched = [
            range(one.start.row, one.new_end.row + 1 if one.old_end.row == one.new_end.row else end)
            for one in replacements
        ]
        self.repaint(
            y
            for y, spot in enumerate(self._spots)
            if y >= len(before)
            or spot != before[y]
            or (spot is not None and any(spot.row in rows for rows in touched))
        )

    def _current_spans(self) -> Spans:
        decorations = decorate(
            Scene(
                self._lines,
                self._look.layout,
                self._theme,
                self._spots,
                self.viewport.left,
                self._look.text_width,
                self.editor.cursors,
                self._match,
                self._room.participants,
                self._clock(),
            )
        )
        if decorations.has_labels and not self._is_fading and self.is_mounted:
            self._is_fading = True
            self.set_timer(LABEL_S / 3, self._fade_labels)
        return decorations.spans

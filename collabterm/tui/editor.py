"""One person's editing: commands become edits of the document, and cursors move; must not paint or know keys.

Whoever shows the text is told when the cursors changed (``on_cursors``) and when a page is turned
(``on_page``), and says how the text is laid out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from collabterm.document import clipboard_commands, commands, motions, occurrences
from collabterm.document.cursors import Cursors
from collabterm.document.edits import Rewrite
from collabterm.document.file_style import FileStyle
from collabterm.document.lines import Location
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Change, Document, Local, Step
from collabterm.document.undo_cursors import Stepped
from collabterm.document.wrapping import Layout
from collabterm.tui import actions
from collabterm.tui.clipboard import Copied
from collabterm.tui.work import Work

STEP_WARNING: Final = (
    "others wrote since: so large a step may take some of it back; press again to do it anyway"
)


class Editor:
    """The cursors in a document, and what is done at them.

    Args:
        document: What is edited.
        clock: Any steady clock, in seconds.
        work: Does what takes long.
    """

    def __init__(self, document: Document, clock: Callable[[], float], work: Work) -> None:
        self.cursors = Cursors.at(Location(0, 0))
        self.style = FileStyle()
        self.layout = Layout()
        self.page_rows = 1
        self.on_cursors: Callable[[], None] = lambda: None
        self.on_page: Callable[[int], None] = lambda _: None
        self._document = document
        self._clock = clock
        self._work = work
        self.on_warning: Callable[[str], None] = lambda _: None
        self._goal_cells: tuple[int, ...] | None = None
        self._warned_of: Callable[[], Stepped] | None = None
        document.subscribe(self._on_change)

    def run(self, name: str, *, extends: bool = False) -> bool:
        """Run a command by its name; return whether it is one of the editor's.

        Args:
            name: As in ``bindings.COMMANDS``.
            extends: Whether a motion takes the selection along.
        """
        if motion := actions.MOTIONS.get(name):
            self._move(lambda head: motion(self._document.lines, head), extends=extends)
        elif vertical := actions.VERTICAL.get(name):
            self._move_vertically(*vertical, extends=extends)
        elif editing := actions.EDITS.get(name):
            command, step = editing
            self.rewrite(command(self._document.lines, self.cursors, self.style), step)
        else:
            return self._run_other(name)
        return True

    def type(self, character: str) -> None:
        """Type a character at every cursor."""
        lines = self._document.lines
        self.rewrite(commands.type_character(lines, self.cursors, self.style, character), Step.TYPED)

    def paste(self, copied: Copied) -> None:
        """Insert what was copied, if anything was."""
        if not copied.text:
            return
        if copied.is_rows:
            self.rewrite(clipboard_commands.paste_rows(self._document.lines, self.cursors, copied.text))
        else:
            self.rewrite(clipboard_commands.paste(self.cursors, copied.text))

    def copied(self) -> Copied:
        """Return what copying takes: what is selected, or the cursors' rows."""
        return Copied(*clipboard_commands.copied_text(self._document.lines, self.cursors))

    def cut(self) -> None:
        """Delete what copying takes."""
        self.rewrite(clipboard_commands.cut(self._document.lines, self.cursors, self.style))

    def rewrite(self, rewrite: Rewrite | None, step: Step = Step.WHOLE) -> None:
        """Make a command's edits and put its cursors."""
        if rewrite is None:
            return
        self._document.edit(rewrite.edits, self._clock(), step, before=self.cursors, after=rewrite.cursors)
        self.put(rewrite.cursors)

    def put(self, cursors: Cursors) -> None:
        """Take over cursors that the person chose."""
        self._goal_cells = None
        self._warned_of = None
        self.cursors = self._on_boundaries(cursors)
        self.on_cursors()

    def collapse(self) -> None:
        """Select nothing; the cursors stay."""
        self.put(self.cursors.mapped(lambda one: Selection.at(one.head)))

    def select_rows(self) -> None:
        """Extend every selection to whole rows; one that is whole rows already takes the next one too."""
        lines = self._document.lines

        def extended(one: Selection) -> Selection:
            end = Location(one.end.row + 1, 0)
            return Selection(Location(one.start.row, 0), min(end, lines.end))

        self.put(self.cursors.mapped(extended))

    def _run_other(self, name: str) -> bool:
        lines = self._document.lines
        match name:
            case "undo":
                self._step(self._document.undo, is_risky=self._document.is_undo_risky)
            case "redo":
                self._step(self._document.redo, is_risky=self._document.is_redo_risky)
            case "select_all":
                self.put(Cursors.single(Selection(Location(0, 0), lines.end)))
            case "select_line":
                self.select_rows()
            case "select_nothing":
                main = self.cursors.main
                self.put(Cursors.at(main.head) if len(self.cursors) == 1 else Cursors.single(main))
            case "add_cursor_above":
                self._add_vertically(-1)
            case "add_cursor_below":
                self._add_vertically(1)
            case "add_next_match":
                self.put(occurrences.with_next(lines, self.cursors))
            case "cursor_at_every_match":
                self.put(occurrences.at_every(lines, self.cursors))
            case _:
                return False
        return True

    def _step(self, step: Callable[[], Stepped], *, is_risky: bool) -> None:
        """Undo or redo, but only when asked twice if that may take back what others wrote."""
        is_warned, self._warned_of = self._warned_of == step, None
        if is_risky and not is_warned:
            self.on_warning(STEP_WARNING)
            self._warned_of = step
        else:
            self._work.start(self._stepping(step))

    def _stepping(self, step: Callable[[], Stepped]) -> Iterator[None]:
        """Undo or redo a step, part by part."""
        stepped = step()
        while stepped.has_more:
            yield
            stepped = step()
        self.put(self.cursors if stepped.cursors is None else stepped.cursors)

    def _move(self, motion: Callable[[Location], Location], *, extends: bool) -> None:
        def moved(one: Selection) -> Selection:
            head = motion(one.head)
            return Selection(one.anchor if extends else head, head)

        self.put(self.cursors.mapped(moved))

    def _move_vertically(self, direction: int, by_page: bool, *, extends: bool) -> None:
        goals = self._goal_cells
        if goals is None or len(goals) != len(self.cursors):  # others' edits may join cursors
            goals = tuple(self._cell_of(one.head) for one in self.cursors.selections)
        rows = self.page_rows if by_page else 1
        move = self.layout.up if direction < 0 else self.layout.down
        if by_page:
            self.on_page(direction * rows)
        selections = []
        for one, goal in zip(self.cursors.selections, goals, strict=True):
            head = move(self._document.lines, one.head, goal, rows)
            selections.append(Selection(one.anchor if extends else head, head))
        self.put(Cursors.of(selections, self.cursors.main_index))
        self._goal_cells = goals if len(self.cursors) == len(goals) else None

    def _add_vertically(self, direction: int) -> None:
        """Add a cursor in the next row of the text, however many rows of the screen this one takes."""
        edge = self.cursors.selections[0 if direction < 0 else -1]
        layout = replace(self.layout, wrap_width=None)
        move = layout.up if direction < 0 else layout.down
        _, goal = layout.place(self._document.lines.line(self.cursors.head.row), self.cursors.head.column)
        head = move(self._document.lines, edge.head, goal)
        if head.row != edge.head.row:
            self.put(self.cursors.with_added(Selection.at(head)))

    def _cell_of(self, location: Location) -> int:
        return self.layout.place(self._document.lines.line(location.row), location.column)[1]

    def _on_change(self, change: Change) -> None:
        """Let others' edits, and undo, move the cursors; whoever makes an own edit puts them."""
        if change.origin is not Local.EDIT:
            self.cursors = self._on_boundaries(self.cursors.shifted(change.replacements))

    def _on_boundaries(self, cursors: Cursors) -> Cursors:
        """Bring ends that an edit left inside a cluster out of it."""
        lines = self._document.lines

        def outside(location: Location) -> Location:
            return motions.out_of_cluster(lines, location)

        moved = cursors.mapped(lambda one: replace(one, anchor=outside(one.anchor), head=outside(one.head)))
        return cursors if moved == cursors else moved

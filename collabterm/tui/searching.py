"""Find and replace, as the bar asks for it, done in the text; must not search itself or read keys.

While the bar is open the view goes from match to match and the cursor stays; once it is closed, what was
searched for is selected where the search stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, assert_never

from collabterm.document.cursors import Cursors
from collabterm.document.edits import Rewrite
from collabterm.document.lines import Location
from collabterm.document.replace_all import replace_all
from collabterm.document.replacing import Replacing, compile_template, replace_one
from collabterm.document.search import BadPattern, TooSlow
from collabterm.document.selection import Selection, Shifts
from collabterm.document.shared_text import Change, Document
from collabterm.tui.editor_view import EditorView
from collabterm.tui.find_bar import FindAction, FindBar, Toggle
from collabterm.tui.finder import ROW_TIMEOUT_S, TOO_SLOW
from collabterm.tui.line_input import LineInput
from collabterm.tui.prompts import Prompt
from collabterm.tui.work import Work

_MAX_OFFERED_CHARS: Final = 200
STOPPABLE_S: Final = 1.0
"""A key earlier than that was typed ahead."""

STOPPED: Final = "stopped before the end"
_REPORT_S: Final = 0.1
"""How often a long replacement says how far it is."""

_PART_S: Final = 0.02
"""How long one part of a replacement looks for matches."""

PATIENCE_S: Final = 3.0
"""How long keys wait for a match that was asked for; a slow pattern in a large text may take minutes."""


class Searching:
    """The search of one editor.

    Args:
        document: Where.
        view: Shows the matches.
        work: Does what takes long.
        clock: Any steady clock, in seconds.
        ask: Opens a prompt.
        open_prompt: Says which prompt is open.
        tell: Tells the person a sentence.
    """

    def __init__(
        self,
        document: Document,
        view: EditorView,
        work: Work,
        clock: Callable[[], float],
        ask: Callable[[Prompt], None],
        open_prompt: Callable[[], Prompt | None],
        tell: Callable[[str], None],
    ) -> None:
        self._document = document
        self._view = view
        self._finder = view.finder
        self._work = work
        self._clock = clock
        self._ask = ask
        self._open_prompt = open_prompt
        self._tell = tell
        self._bar = FindBar(self._act)
        self._origin = Location(0, 0)
        self._selected_first: tuple[Selection, ...] = ()
        self._outcome = ""
        self._has_failed = False
        self._reported_s = float("-inf")
        self._has_searched = False
        self._is_stopped = False
        self._began_s: float | None = None
        self._finder.on_progress = self._on_progress
        document.subscribe(self._on_change)

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return what this does, by the names of commands."""
        return {
            "find": lambda: self._open(replacing=False),
            "replace": lambda: self._open(replacing=True),
            "find_next": lambda: self._again(forward=True),
            "find_previous": lambda: self._again(forward=False),
        }

    def stop(self) -> bool:
        """Search no further at once, and replace no more if that has gone on for a while; return whether.

        A key that stopped nothing but a search still has its own meaning.
        """
        if self._began_s is None:
            self._is_stopped = True
            return False
        self._is_stopped = self._clock() - self._began_s > STOPPABLE_S
        return self._is_stopped

    def end(self) -> None:
        """Mark no matches any more."""
        self._finder.close()
        self._selected_first = ()
        self._view.show_match(None)
        self._view.repaint()

    def _open(self, *, replacing: bool) -> None:
        selection = self._view.selection
        self._origin = selection.start
        self._selected_first = self._selections()
        self._has_searched = False
        toggles = self._bar.toggles - {Toggle.IN_SELECTION}
        find = LineInput.offering(self._bar.find.text)
        if selection.start.row == selection.end.row and not selection.is_empty:
            find = LineInput.offering(self._selected()[:_MAX_OFFERED_CHARS])
        elif replacing and not selection.is_empty:
            toggles |= {Toggle.IN_SELECTION}
        bar = replace(self._bar, find=find, toggles=toggles, in_replacement=False, replacement=None)
        self._ask(bar.replacing().focused(in_replacement=False) if replacing else bar)
        self._look(bar)

    def _selected(self) -> str:
        selection = self._view.selection
        return self._document.lines.text_between(selection.start, selection.end)

    def _act(self, bar: FindBar, action: FindAction) -> None:
        """Do what the bar asks for."""
        before, self._bar = self._bar, bar
        self._outcome, self._has_failed = "", False
        if Toggle.IN_SELECTION in bar.toggles - before.toggles:
            self._selected_first = self._selections() or self._selected_first
        self._has_searched |= action is not FindAction.CLOSE
        match action:
            case FindAction.QUERY_CHANGED:
                self._look(bar)
            case FindAction.NEXT:
                self._work.start(self._stepping(self._go_on))
            case FindAction.PREVIOUS:
                self._work.start(self._stepping(self._go_back))
            case FindAction.REPLACE_ONE:
                self._work.start(self._stepping(partial(self._replace_one, bar)))
            case FindAction.REPLACE_ALL:
                self._replace_all(bar)
            case FindAction.CLOSE:
                self._close()
            case _:
                assert_never(action)

    def _look(self, bar: FindBar) -> None:
        self._bar = bar
        self._is_stopped = False
        self._view.show_match(None)
        self._finder.look_for(bar.query, self._origin, self._within(bar))
        self._finder.find_next(self._origin, self._stand_at)
        self._view.repaint()

    def _stand_at(self, match: Selection) -> None:
        self._view.show_match(match)
        self._on_progress()

    def _within(self, bar: FindBar) -> tuple[Selection, ...] | None:
        return self._selected_first if Toggle.IN_SELECTION in bar.toggles else None

    def _selections(self) -> tuple[Selection, ...]:
        return tuple(one for one in self._view.editor.cursors.selections if not one.is_empty)

    def _on_change(self, change: Change) -> None:
        """Stay at the same place of the text, whoever changes it."""
        shifts = Shifts(change.replacements)
        self._origin = shifts.location(self._origin, sticks="before")
        self._selected_first = tuple(shifts.selection(one, grows=True) for one in self._selected_first)

    def _stepping(self, step: Callable[[], None]) -> Iterator[None]:
        """Go a step once the one before it has led somewhere; what is typed waits until this one has too."""
        until_s = self._clock() + PATIENCE_S
        yield from self._waiting(until_s)
        step()
        yield from self._waiting(until_s)

    def _waiting(self, until_s: float) -> Iterator[None]:
        while self._finder.is_awaited and not self._is_stopped and self._clock() < until_s:
            yield

    def _go_on(self) -> None:
        match = self._view.match
        self._finder.find_next(match.end if match is not None else self._origin, self._stand_at)

    def _go_back(self) -> None:
        match = self._view.match
        self._finder.find_previous(match.start if match is not None else self._origin, self._stand_at)

    def _again(self, *, forward: bool) -> None:
        """Search again with the bar closed: the match is selected before any later key is taken."""
        if self._bar.find.text:
            self._work.start(self._selecting(forward=forward))
        else:
            self._open(replacing=False)

    def _selecting(self, *, forward: bool) -> Iterator[None]:
        self._is_stopped = False
        selection = self._view.selection
        self._origin = selection.end if forward else selection.start
        if self._finder.pattern is None:
            self._finder.look_for(self._bar.query, self._origin, None)
            self._view.repaint()
        self._view.show_match(None)
        find = self._finder.find_next if forward else self._finder.find_previous
        find(self._origin, self._select, self._say_why_not)
        yield from self._waiting(self._clock() + PATIENCE_S)
        if self._finder.is_awaited:
            self._finder.call_nobody()
            self._say_why_not()

    def _select(self, match: Selection) -> None:
        self._view.editor.put(Cursors.single(match))
        number = self._finder.summary(match.start)
        self._tell(f"{self._bar.find.text}: {number}")

    def _say_why_not(self) -> None:
        self._tell(f"{self._bar.find.text}: {self._finder.summary(None)}")

    def _close(self) -> None:
        match = self._view.match
        self.end()
        if match is not None and self._has_searched and Toggle.IN_SELECTION not in self._bar.toggles:
            self._view.editor.put(Cursors.single(match))
        else:
            self._view.editor.put(self._view.editor.cursors)

    def _on_progress(self) -> None:
        """Say in the bar what is known, or what was just done."""
        prompt = self._open_prompt()
        if isinstance(prompt, FindBar):
            match = self._view.match
            summary = self._outcome or self._finder.summary(match.start if match is not None else None)
            has_error = self._has_failed if self._outcome else bool(self._finder.problem)
            self._ask(prompt.summed_up(summary, has_error=has_error))

    def _replacing(self, bar: FindBar) -> Replacing | None:
        """Return what the bar says is to be replaced; say why if it cannot be."""
        pattern = self._finder.pattern
        if pattern is None:
            return None
        text = bar.replacement.text if bar.replacement is not None else ""
        try:
            template = compile_template(pattern, text)
        except BadPattern as error:
            self._report(str(error), has_failed=True)
            return None
        return Replacing(pattern, template, self._within(bar), ROW_TIMEOUT_S)

    def _replace_one(self, bar: FindBar) -> None:
        """Replace the match that the search stands at, and go on to the next."""
        match = self._view.match
        if match is None:
            self._go_on()
            return
        replacing = self._replacing(bar)
        if replacing is None:
            return
        pattern, template = replacing.pattern, replacing.template
        try:
            edit = replace_one(self._document.lines, pattern, match, template, ROW_TIMEOUT_S)
        except TooSlow:
            self._report(TOO_SLOW, has_failed=True)
            return
        if edit is not None:
            self._view.show_match(None)
            self._view.editor.rewrite(Rewrite((edit,), Cursors.at(edit.new_end)))
            self._origin = edit.new_end
        self._finder.find_next(self._origin, self._stand_at)

    def _replace_all(self, bar: FindBar) -> None:
        replacing = self._replacing(bar)
        if replacing is not None:
            self._work.start(self._stoppable(self._replacing_all(bar, replacing)))

    def _replacing_all(self, bar: FindBar, replacing: Replacing) -> Iterator[None]:
        """Count all matches first, as many are replaced in another way than few; then replace them."""
        while not self._finder.is_complete:
            if self._is_stopped:
                self._report("stopped")
                return
            yield
        count = self._finder.match_count
        self._finder.close()
        self._view.show_match(None)
        replacing = replace(replacing, within=self._within(bar))
        cursors = self._view.editor.cursors
        done, problem = 0, ""
        with self._document.marked(cursors.selections) as marks:
            try:
                for done in self._parts(replacing, count):
                    if self._is_stopped:
                        problem = STOPPED
                        break
                    self._say_how_far(done, count)
                    yield
            except TooSlow:
                problem = TOO_SLOW
            self._view.editor.put(Cursors.of(marks, cursors.main_index))
        said = [f"Replaced {done:,}" if done or not problem else "", problem]
        self._report(", but ".join(part for part in said if part), has_failed=problem == TOO_SLOW)
        self._finder.look_for(bar.query, self._origin, self._within(bar))
        self._view.repaint()

    def _stoppable(self, parts: Iterator[None]) -> Iterator[None]:
        self._is_stopped, self._began_s = False, self._clock()
        try:
            yield from parts
        finally:
            self._began_s = None

    def _parts(self, replacing: Replacing, count: int) -> Iterator[int]:
        """Replace part by part, none much longer than the screen may stand still."""
        began_s = self._clock()

        def has_time() -> bool:
            return self._clock() - began_s < _PART_S

        for done in replace_all(self._document, replacing, count, self._clock, has_time):
            yield done
            began_s = self._clock()

    def _say_how_far(self, done: int, count: int) -> None:
        if self._clock() - self._reported_s > _REPORT_S:
            self._reported_s = self._clock()
            self._report(f"Replaced {done:,} of {count:,}")

    def _report(self, outcome: str, *, has_failed: bool = False) -> None:
        """Say what was done: in the bar as long as it is open, which hides what is told."""
        self._outcome, self._has_failed = outcome, has_failed
        self._tell(outcome)
        self._on_progress()

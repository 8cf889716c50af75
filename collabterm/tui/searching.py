"""Find and replace, as the bar asks for it, done in the text; must not search itself or read keys.

While the bar is open the view goes from match to match and the cursor stays; once it is closed, what was
searched for is selected where the search stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final, assert_never

from collabterm.document.cursors import Cursors
from collabterm.document.edits import Rewrite
from collabterm.document.lines import Location
from collabterm.document.replace_all import replace_all
from collabterm.document.replacing import Template, compile_template, replace_one
from collabterm.document.search import BadPattern, Pattern, Query, TooSlow
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document
from collabterm.tui.editor_view import EditorView
from collabterm.tui.find_bar import FindAction, FindBar, Toggle
from collabterm.tui.finder import ROW_TIMEOUT_S, TOO_SLOW
from collabterm.tui.line_input import LineInput
from collabterm.tui.prompts import Prompt
from collabterm.tui.work import Work

_MAX_OFFERED_CHARS: Final = 200
_REPORT_S: Final = 0.1
"""How often a long replacement says how far it is."""


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
        self._outcome = ""
        self._has_searched = False
        self._finder.on_progress = self._on_progress

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return what this does, by the names of commands."""
        return {
            "find": lambda: self._open(replacing=False),
            "replace": lambda: self._open(replacing=True),
            "find_next": lambda: self._again(self._go_on),
            "find_previous": lambda: self._again(self._go_back),
        }

    def end(self) -> None:
        """Mark no matches any more."""
        self._finder.close()
        self._view.show_match(None)
        self._view.repaint()

    def _open(self, *, replacing: bool) -> None:
        selection = self._view.selection
        self._origin = selection.start
        self._has_searched = False
        toggles = self._bar.toggles - {Toggle.IN_SELECTION}
        find = LineInput.offering(self._bar.find.text)
        is_given = False
        if selection.start.row == selection.end.row and not selection.is_empty:
            find = LineInput.offering(self._selected()[:_MAX_OFFERED_CHARS])
            is_given = True
        elif replacing and not selection.is_empty:
            toggles |= {Toggle.IN_SELECTION}
        bar = replace(self._bar, find=find, toggles=toggles, in_replacement=False, replacement=None)
        self._ask(bar.replacing().focused(in_replacement=is_given) if replacing else bar)
        self._look(bar)

    def _selected(self) -> str:
        selection = self._view.selection
        return self._document.lines.text_between(selection.start, selection.end)

    def _act(self, bar: FindBar, action: FindAction) -> None:
        """Do what the bar asks for."""
        self._bar = bar
        self._outcome = ""
        self._has_searched |= action is not FindAction.CLOSE
        match action:
            case FindAction.QUERY_CHANGED:
                self._look(bar)
            case FindAction.NEXT:
                self._go_on()
            case FindAction.PREVIOUS:
                self._go_back()
            case FindAction.REPLACE_ONE:
                self._replace_one(bar)
            case FindAction.REPLACE_ALL:
                self._replace_all(bar)
            case FindAction.CLOSE:
                self._close()
            case _:
                assert_never(action)

    def _look(self, bar: FindBar) -> None:
        self._bar = bar
        self._view.show_match(None)
        self._finder.look_for(bar.query, self._origin, self._within(bar))
        self._finder.find_next(self._origin, self._stand_at)
        self._view.repaint()

    def _stand_at(self, match: Selection) -> None:
        self._view.show_match(match)
        self._on_progress()

    def _within(self, bar: FindBar) -> tuple[Selection, ...] | None:
        if Toggle.IN_SELECTION not in bar.toggles:
            return None
        return tuple(one for one in self._view.editor.cursors.selections if not one.is_empty)

    def _go_on(self) -> None:
        match = self._view.match
        self._finder.find_next(match.end if match is not None else self._origin, self._stand_at)

    def _go_back(self) -> None:
        match = self._view.match
        self._finder.find_previous(match.start if match is not None else self._origin, self._stand_at)

    def _again(self, go: Callable[[], None]) -> None:
        """Search again with the bar closed: the match is selected at once."""
        if not self._bar.find.text:
            self._open(replacing=False)
            return
        selection = self._view.selection
        self._origin = selection.end if go == self._go_on else selection.start
        if self._finder.pattern is None:
            self._finder.look_for(self._bar.query, self._origin, None)
            self._view.repaint()
        self._view.show_match(None)
        find = self._finder.find_next if go == self._go_on else self._finder.find_previous
        find(self._origin, self._select, self._say_why_not)

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
            self._ask(prompt.summed_up(summary, has_error=bool(self._finder.problem)))

    def _template(self, bar: FindBar, pattern: Pattern) -> Template | None:
        text = bar.replacement.text if bar.replacement is not None else ""
        try:
            return compile_template(pattern, text)
        except BadPattern as error:
            self._ask(bar.summed_up(str(error), has_error=True))
            return None

    def _replace_one(self, bar: FindBar) -> None:
        """Replace the match that the search stands at, and go on to the next."""
        match, pattern = self._view.match, self._finder.pattern
        template = self._template(bar, pattern) if pattern is not None else None
        if match is None or pattern is None or template is None:
            self._go_on()
            return
        try:
            edit = replace_one(self._document.lines, pattern, match, template, ROW_TIMEOUT_S)
        except TooSlow:
            self._tell(TOO_SLOW)
            return
        if edit is not None:
            self._view.show_match(None)
            self._view.editor.rewrite(Rewrite((edit,), Cursors.at(edit.new_end)))
            self._origin = edit.new_end
        self._finder.find_next(self._origin, self._stand_at)

    def _replace_all(self, bar: FindBar) -> None:
        pattern = self._finder.pattern
        template = self._template(bar, pattern) if pattern is not None else None
        if pattern is not None and template is not None:
            self._work.start(self._replacing_all(pattern, template, bar.query))

    def _replacing_all(self, pattern: Pattern, template: Template, query: Query) -> Iterator[None]:
        """Count all matches first, as many are replaced in another way than few; then replace them."""
        while not self._finder.is_complete:
            yield
        count, within = self._finder.match_count, self._finder.within
        self._finder.close()
        self._view.show_match(None)
        cursors = self._view.editor.cursors
        marked = self._document.marked
        done, problem, reported_s = 0, "", float("-inf")
        with marked(cursors.selections) as marks, marked(within or (), grow=True) as inside:
            try:
                for done in replace_all(
                    self._document, pattern, template, count, within, self._clock, ROW_TIMEOUT_S
                ):
                    if self._clock() - reported_s > _REPORT_S:
                        reported_s = self._clock()
                        self._report(f"Replaced {done:,} of {count:,}")
                    yield
            except TooSlow:
                problem = TOO_SLOW
            self._view.editor.put(Cursors.of(marks, cursors.main_index))
            within = None if within is None else tuple(inside)
        said = [f"Replaced {done:,}" if done or not problem else "", problem]
        self._report(", but ".join(part for part in said if part))
        self._finder.look_for(query, self._origin, within)
        self._view.repaint()

    def _report(self, outcome: str) -> None:
        """Say what was done: in the bar as long as it is open, which hides what is told."""
        self._outcome = outcome
        self._tell(outcome)
        self._on_progress()

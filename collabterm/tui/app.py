"""The application on the screen: rows of parts, every key in order, one prompt at a time, commands by name.

It must not open connections or files: it is handed a room and a file keeper.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, assert_never

from textual import events
from textual.app import App, ComposeResult
from textual.driver import Driver

from collabterm.document.clipboard_commands import dropped_controls, paste_text
from collabterm.document.display import is_text
from collabterm.document.shared_text import Change, Local, PeerOrigin
from collabterm.session.events import PresenceChanged, RoomEvent, StatusChanged
from collabterm.session.room import Room
from collabterm.tui import guide
from collabterm.tui.appearance import Appearance, theme_of
from collabterm.tui.bindings import Keymap
from collabterm.tui.clipboard import Clipboard, Copied
from collabterm.tui.editor_view import EditorView
from collabterm.tui.file_dialogs import FileDialogs
from collabterm.tui.hint_bar import HintBar
from collabterm.tui.notice_bar import NoticeBar, reading_s
from collabterm.tui.painters import paint_prompt_row
from collabterm.tui.participants import ParticipantsBar, Person
from collabterm.tui.prompts import Prompt, Step
from collabterm.tui.saving import FileKeeper
from collabterm.tui.searching import Searching
from collabterm.tui.settings import EditorSettings
from collabterm.tui.status_bar import Said, StatusBar, describe, has_place
from collabterm.tui.theme import Theme
from collabterm.tui.work import Work

logger = logging.getLogger(__name__)

STATUS_DELAY_S: Final = 0.1
LEAST_HEIGHT_WITH_HINTS: Final = 8
"""Below that the text has the rows of hints and long notices."""

_WHEEL_ROWS: Final = 3


class EditorApp(App[int], inherit_bindings=False):
    """The editor of one room.

    Args:
        room: The room, its document and its people.
        room_name: As shown.
        keeper: The text's file.
        clock: The clock that the room's times come from, in seconds.
        settings: How it looks, and which key does what.
        language: The name of the text's language; found out if None.
        on_ready: Called once the first screen is up and keys are taken.
        driver_class: The terminal; Textual's choice if None.
    """

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "collabterm"

    def __init__(
        self,
        room: Room,
        room_name: str,
        keeper: FileKeeper,
        clock: Callable[[], float],
        settings: EditorSettings | None = None,
        language: str | None = None,
        on_ready: Callable[[], None] = lambda: None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class, ansi_color=True)
        settings = settings or EditorSettings()
        theme = theme_of(settings)
        self.failure: Exception | None = None
        self._work = Work()
        self.view = EditorView(room, clock, settings, theme, self._work)
        self.view.on_resized = self._fit_prompt
        self._room = room
        self._room_name = room_name
        self._keeper = keeper
        self._style_known_for = ("", False)
        self._style_due: asyncio.Handle | None = None
        self._on_ready = on_ready
        self._prompt: Prompt | None = None
        self._notice = ""
        self._status_due: asyncio.TimerHandle | None = None
        self._status_bar = StatusBar(theme)
        self._participants_bar = ParticipantsBar(theme)
        self._notice_bar = NoticeBar(theme)
        self._hint_bar = HintBar(settings.keymap, theme)
        self._last_command = ""
        self._copies = Clipboard(self._write_to_terminal)
        self._appearance = Appearance(
            settings,
            language,
            lambda: self.view.editor.style,
            self.view.write_as,
            self._show_as,
            self.ask,
            self.tell,
        )
        searching = Searching(
            room.document, self.view, self._work, clock, self.ask, lambda: self._prompt, self.tell
        )
        files = FileDialogs(keeper, room, self.ask, self.tell, lambda: self.exit(0))
        self._end_search, self._stop_work = searching.end, searching.stop
        self._commands: Mapping[str, Callable[[], None]] = {
            **searching.commands(),
            **files.commands(),
            **self._appearance.commands(),
            **self._own_commands(settings.keymap),
        }
        self.view.editor.on_warning = self.tell
        room.subscribe(self._on_room_event)
        room.document.subscribe(self._on_change)

    def _own_commands(self, keymap: Keymap) -> Mapping[str, Callable[[], None]]:
        lines, editor = self._room.document.lines, self.view.editor
        return {
            "help": lambda: self.ask(guide.help_page(keymap)),
            "palette": lambda: self.ask(guide.palette(keymap, self.run_command)),
            "go_to_line": lambda: self.ask(guide.go_to_line(lines, editor.put, self.ask)),
            "copy": self._copy,
            "cut": self._cut,
            "cut_rows": self._cut_rows,
            "paste": lambda: editor.paste(self._copies.copied),
        }

    def compose(self) -> ComposeResult:
        """Stack the rows."""
        yield self._participants_bar
        yield self.view
        yield self._status_bar
        yield self._notice_bar
        yield self._hint_bar

    def on_mount(self) -> None:
        """Take keys from now on."""
        self.view.focus()
        self._show_hints()
        self._find_style()
        self._show_status()
        self._show_people()
        self.set_interval(0.5, self._show_status)
        self.call_after_refresh(self._on_ready)

    async def on_event(self, event: events.Event) -> None:
        """Take keys, pastes and the mouse here, at once and in order; leave all else to Textual.

        Textual would look for bindings and pass each key through three message queues first: it would
        be later by those, and a bound key would overtake typed ones.
        """
        if self.is_running and isinstance(event, events.Key):
            if not (event.key == "escape" and self._work.is_busy and self._stop_work()):
                self._work.after(partial(self.press, event.key, event.character))
            self.view.paint_now()
        elif self.is_running and isinstance(event, events.Paste):
            self._work.after(partial(self._paste, event.text))
        elif self.is_running and isinstance(event, events.MouseEvent):
            self._work.after(partial(self._point, event))
        else:
            await super().on_event(event)
            if isinstance(event, events.Resize):
                self._show_hints()
                self.refresh()  # at an equal size too: a terminal that shrank and grew lost what it showed

    def press(self, key: str, character: str | None) -> None:
        """Do what a key means: for an open prompt, or as a command, or as text."""
        if self._prompt is not None:
            self._take(self._prompt.press(key, character))
        elif bound := self._appearance.settings.keymap.command_for(key):
            self.run_command(bound[0], extends=bound[1])
        elif character is not None and is_text(character):
            self.view.editor.type(character)
            self._last_command = ""
        self._show_status_soon()

    def run_command(self, name: str, *, extends: bool = False) -> None:
        """Run a command by its name, as in ``bindings.COMMANDS``."""
        if command := self._commands.get(name):
            command()
        else:
            if name == "select_nothing":
                self._end_search()
            known = self.view.editor.run(name, extends=extends)
            assert known, f"no command is called {name!r}"
        if name == "toggle_comment" and not self.view.editor.style.language.has_comments:
            self.tell("This language has no comments")
        self._last_command = name

    def ask(self, prompt: Prompt | None) -> None:
        """Give the keyboard to a prompt, or back to the text."""
        self._prompt = prompt
        self._fit_prompt()

    def tell(self, sentence: str) -> None:
        """Show a sentence in the status bar, or below it if it is long, for a while."""
        self._notice = sentence
        if self.is_running:
            self.set_timer(reading_s(sentence), lambda: self._end_notice(sentence))
            self._show_status()

    def _take(self, step: Step) -> None:
        self.ask(step.prompt)
        if step.action is not None:
            step.action()

    def _fit_prompt(self) -> None:
        """Lay the open prompt over the lowest rows, the last of which is the status bar's."""
        if not self.is_running:
            return
        if self._prompt is None:
            self.view.lay_over(())
            self._show_status()
            return
        self._notice_bar.say("", 0)
        width, height = self.view.size.width, self.view.size.height + 1
        self._prompt = self._prompt.fitted(width, height)
        theme = self._appearance.theme()
        *above, last = (paint_prompt_row(row, theme) for row in self._prompt.rows(width, height))
        self.view.lay_over(above)
        self._status_bar.show_prompt(last)

    def _paste(self, text: str) -> None:
        self._last_command = ""
        if self._prompt is not None:
            self._take(self._prompt.paste(text))
        else:
            self.view.editor.paste(Copied(paste_text(text)))
            if dropped := dropped_controls(text):
                self.tell(f"Pasted without {dropped:,} control character{'' if dropped == 1 else 's'}")
        self._show_status_soon()

    def _point(self, event: events.MouseEvent) -> None:
        if isinstance(event, events.MouseDown):
            self._last_command = ""
        is_hint = self._hint_bar.display and int(event.screen_y) == self._hint_bar.region.y
        if isinstance(event, events.MouseDown) and is_hint:
            self._click_hint(int(event.screen_x))
        elif self._prompt is None or isinstance(event, events.MouseUp):
            self.view.point(event)
        elif isinstance(event, events.MouseScrollUp):
            self.ask(self._prompt.scrolled(-_WHEEL_ROWS))
        elif isinstance(event, events.MouseScrollDown):
            self.ask(self._prompt.scrolled(_WHEEL_ROWS))
        elif isinstance(event, events.MouseDown):
            x, y = int(event.screen_x), int(event.screen_y) - self._prompt_top()
            self._take(self._prompt.clicked(x, y, self.view.size.width))
        self._show_status_soon()

    def _click_hint(self, x: int) -> None:
        """Run the command that was clicked; an open prompt is left first."""
        command = self._hint_bar.command_at(x)
        if command is not None:
            if self._prompt is not None:
                self._take(self._prompt.press("escape", None))
            self.run_command(command)

    def _prompt_top(self) -> int:
        height = self.view.size.height + 1
        rows = self._prompt.rows(self.view.size.width, height) if self._prompt is not None else ()
        return self._status_bar.region.y + 1 - len(rows)

    def _copy(self) -> None:
        self._keep(self.view.editor.copied(), "Copied")

    def _cut(self) -> None:
        self._keep(self.view.editor.copied(), "Cut")
        self.view.editor.cut()

    def _cut_rows(self) -> None:
        """Cut the cursors' rows; together with those cut just before, if nothing came in between."""
        self.view.editor.collapse()
        rows = self.view.editor.copied()
        before = self._copies.copied
        if self._last_command == "cut_rows" and before.is_rows and rows.text:
            rows = Copied(before.text + rows.text, is_rows=True)
        self._keep(rows, "Cut")
        self.view.editor.cut()

    def _keep(self, copied: Copied, done: str) -> None:
        if not copied.text:
            self.tell("Nothing to copy")
            return
        count = copied.text.count("\n") if copied.is_rows else len(copied.text)
        unit = "line" if copied.is_rows else "character"
        what = f"{count:,} {unit}{'' if count == 1 else 's'}"
        reached = self._copies.put(copied)
        here = "" if reached else " here; it is too much for the terminal's clipboard"
        self.tell(f"{done} {what}{here}")

    def _write_to_terminal(self, data: str) -> None:
        driver = self._driver
        if driver is not None:
            driver.write(data)

    def _show_as(self, settings: EditorSettings, theme: Theme) -> None:
        """Take over how everything looks."""
        self.view.show_as(settings, theme)
        for bar in (self._status_bar, self._participants_bar, self._notice_bar, self._hint_bar):
            bar.show_as(theme)
        self._show_hints()

    def _show_hints(self) -> None:
        fits = self.size.height >= LEAST_HEIGHT_WITH_HINTS
        self._hint_bar.display = self._appearance.settings.hints and fits

    def _find_style(self) -> None:
        """Find out the language and the indentation of the text, and again once there is more to go by."""
        self._style_due = None
        document = self._room.document
        self._style_known_for = (self._keeper.name, document.lines.size > 0)
        told = document.properties().get("language")
        self._appearance.find_style(self._keeper.name, told, document.lines)

    def _find_style_soon(self) -> None:
        """Find it out once all of a change is there, if the file's name is another or there was no text."""
        is_due = self._style_known_for != (self._keeper.name, self._room.document.lines.size > 0)
        if is_due and self._style_due is None:
            self._style_due = asyncio.get_running_loop().call_soon(self._find_style)

    def _end_notice(self, sentence: str) -> None:
        if self._notice == sentence:
            self._notice = ""
            self._show_status()

    def _on_change(self, change: Change) -> None:
        if not self.is_running:
            return
        if change.origin is not Local.EDIT:
            self._find_style_soon()
        if isinstance(change.origin, PeerOrigin):
            self._show_status_soon()

    def _on_room_event(self, event: RoomEvent) -> None:
        if not self.is_running:
            return
        match event:
            case PresenceChanged():
                self._show_people()
            case StatusChanged():
                self._show_status()
            case _:
                assert_never(event)

    def _show_status_soon(self) -> None:
        """Bring the status bar up to date a little later: it is not what one looks at while typing."""
        if self._status_due is None:
            self._status_due = asyncio.get_running_loop().call_later(STATUS_DELAY_S, self._show_status)

    def _show_status(self) -> None:
        if self._status_due is not None:
            self._status_due.cancel()
            self._status_due = None
        if not self.is_running or self._prompt is not None:
            return
        self._find_style_soon()
        modified = " ●" if self._keeper.is_modified else ""
        editor = self.view.editor
        said = Said(
            room=self._room_name,
            known=describe(self._room.status, self._room.signaling),
            notice=self._notice,
            file=f"{self._keeper.name or 'no file'}{modified}",
            position=f"{editor.cursors.head.row + 1}:{editor.cursors.head.column + 1}",
            details=guide.details(editor.cursors, editor.style, self._room.document.lines),
        )
        is_apart = self.size.height >= LEAST_HEIGHT_WITH_HINTS and not has_place(said, self.size.width)
        self._notice_bar.say(self._notice if is_apart else "", self.size.width)
        self._status_bar.say(replace(said, notice="") if is_apart else said)

    def _show_people(self) -> None:
        presence = self._room.presence
        people = [Person(presence.name, presence.color, is_self=True)]
        people += [Person(one.name, one.color) for one in self._room.participants]
        people += [Person(name, None) for name in self._room.awaited_names()]
        self._participants_bar.show_people(people)

    def fail(self, error: Exception) -> None:
        """Leave in order on an error of ours: restore the terminal, keep the error, print no traceback."""
        logger.critical("internal error", exc_info=error)
        if self.failure is None:
            self.failure = error
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._return_code = 1
        self._close_messages_no_wait()

    def _handle_exception(self, error: Exception) -> None:
        self.fail(error)

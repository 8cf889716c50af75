"""The application on the screen: three rows of parts, every key in order, saving and leaving.

It must not open connections or files: it is handed a room and a file keeper.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, assert_never

from textual import events
from textual.app import App, ComposeResult
from textual.driver import Driver

from collabterm.document.shared_text import Change, PeerOrigin
from collabterm.errors import FileProblem
from collabterm.session.events import InSync, PresenceChanged, RoomEvent, StatusChanged
from collabterm.session.room import Room
from collabterm.tui import prompts
from collabterm.tui.editor_view import EditorView
from collabterm.tui.participants import ParticipantsBar, Person
from collabterm.tui.prompts import Choice, Prompt, TextInput
from collabterm.tui.saving import FileKeeper, NeedsConsent, NeedsPath, Saved
from collabterm.tui.status_bar import StatusBar, describe

logger = logging.getLogger(__name__)

NOTICE_S: Final = 4.0
STATUS_DELAY_S: Final = 0.1
HINT: Final = "Ctrl-S save  Ctrl-Q quit"


class EditorApp(App[int], inherit_bindings=False):
    """The editor of one room.

    Args:
        room: The room, its document and its people.
        room_name: As shown.
        keeper: The text's file.
        clock: The clock that the room's times come from, in seconds.
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
        on_ready: Callable[[], None] = lambda: None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.failure: Exception | None = None
        self.editor = EditorView(room, clock)
        self._status_due: asyncio.TimerHandle | None = None
        self._room = room
        self._room_name = room_name
        self._keeper = keeper
        self._on_ready = on_ready
        self._prompt: Prompt | None = None
        self._notice = HINT
        self._status_bar = StatusBar()
        self._participants_bar = ParticipantsBar()
        room.subscribe(self._on_room_event)
        room.document.subscribe(self._on_change)

    def compose(self) -> ComposeResult:
        """Stack the rows."""
        yield self._participants_bar
        yield self.editor
        yield self._status_bar

    def on_mount(self) -> None:
        """Take keys from now on."""
        self.editor.focus()
        self.notify_person(HINT)
        self._show_people()
        self.set_interval(0.5, self._show_status)
        self.call_after_refresh(self._on_ready)

    async def on_event(self, event: events.Event) -> None:
        """Take keys, pastes and the mouse here, at once and in order; leave all else to Textual.

        Textual would look for bindings and pass each key through three message queues first: it would
        be later by those, and a bound key would overtake typed ones.
        """
        if isinstance(event, events.Key) and self.is_running:
            self.press(event.key, event.character)
            self.editor.paint_now()
        elif isinstance(event, events.Paste) and self.is_running:
            self._paste(event.text)
        elif isinstance(event, events.MouseEvent) and self.is_running:
            self.editor.point(event)
            self._show_status_soon()
        else:
            await super().on_event(event)
            if isinstance(event, events.Resize):
                self.refresh()  # at an equal size too: a terminal that shrank and grew lost what it showed

    def press(self, key: str, character: str | None) -> None:
        """Do what a key means: for an open question, for the app, or for the text."""
        if self._prompt is not None:
            asked, self._prompt = self._prompt, None
            following = prompts.press(asked, key, character)
            self._prompt = self._prompt or following
        elif key == "ctrl+s":
            self._save()
        elif key == "ctrl+q":
            self._leave()
        else:
            self.editor.press(key, character)
            self._show_status_soon()
            return
        self._show_status()

    def notify_person(self, sentence: str) -> None:
        """Show a sentence in the status bar for a while."""
        self._notice = sentence
        self.set_timer(NOTICE_S, lambda: self._end_notice(sentence))
        self._show_status()

    def _paste(self, text: str) -> None:
        match self._prompt:
            case TextInput() as asked:
                for character in text.splitlines()[0] if text else "":
                    self.press(character, character)
                self._prompt = self._prompt or asked
            case None:
                self.editor.paste(text)
        self._show_status_soon()

    def _end_notice(self, sentence: str) -> None:
        if self._notice == sentence:
            self._notice = ""
            self._show_status()

    def _on_change(self, change: Change) -> None:
        if self.is_running and isinstance(change.origin, PeerOrigin):
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
        if not self.is_running:
            return
        if self._prompt is not None:
            self._status_bar.show_prompt(self._prompt.line)
            return
        modified = " ●" if self._keeper.is_modified else ""
        file = f"{self._keeper.name}{modified}" if self._keeper.name else f"no file{modified}"
        head = self.editor.selection.head
        known = describe(self._room.status, self._room.signaling)
        left = " │ ".join(part for part in (known, self._notice) if part)
        self._status_bar.show_status(self._room_name, left, f"{file} │ {head.row + 1}:{head.column + 1}")

    def _show_people(self) -> None:
        presence = self._room.presence
        people = [Person(presence.name, presence.color, is_self=True)]
        people += [Person(one.name, one.color) for one in self._room.participants]
        people += [Person(name, None) for name in self._room.awaited_names()]
        self._participants_bar.show_people(people)

    def _save(
        self, path: str | None = None, *, overwrite: bool = False, then: Callable[[], None] | None = None
    ) -> None:
        try:
            outcome = self._keeper.save(path, overwrite=overwrite)
        except FileProblem as problem:
            self.notify_person(str(problem))
            return
        match outcome:
            case Saved(saved):
                self.notify_person(f"Saved {saved}")
                if then is not None:
                    then()
            case NeedsPath():
                self._prompt = TextInput("Save as:", lambda answer: self._save_as(answer, then))
            case NeedsConsent(target):
                self._prompt = Choice(
                    f"{target} on disk is different. Overwrite it? y yes, Esc no",
                    {"y": lambda: self._save(path, overwrite=True, then=then)},
                )
            case _:
                assert_never(outcome)

    def _save_as(self, answer: str, then: Callable[[], None] | None) -> None:
        if answer.strip():
            self._save(answer.strip(), then=then)

    def _leave(self) -> None:
        """Quit, unless text would be lost: unsaved in a file, or not known to be anywhere but here."""
        is_elsewhere = isinstance(self._room.status, InSync)
        if self._keeper.is_modified and (self._keeper.name or not is_elsewhere):
            lost = "not saved" if self._keeper.name else "not known to be anywhere else"
            self._prompt = Choice(
                f"The text is {lost}. Save? y yes, n quit without, Esc stay",
                {"y": lambda: self._save(then=self._quit), "n": self._quit},
            )
        else:
            self._quit()

    def _quit(self) -> None:
        self.exit(0)

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

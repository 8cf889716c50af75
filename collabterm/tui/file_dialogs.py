"""Saving and leaving, with the questions they take; must not touch the disk itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from collabterm.errors import FileProblem
from collabterm.session.events import InSync
from collabterm.session.room import Room
from collabterm.tui.line_input import LineInput
from collabterm.tui.prompts import Choice, Prompt, TextInput
from collabterm.tui.saving import FileKeeper, NeedsConsent, NeedsPath, Saved

_NO_ANSWER: Final = LineInput()


class FileDialogs:
    """The dialogs about one text's file.

    Args:
        keeper: The file.
        room: Tells whether others hold the text.
        ask: Opens a prompt.
        tell: Tells the person a sentence.
        leave: Ends the editor.
    """

    def __init__(
        self,
        keeper: FileKeeper,
        room: Room,
        ask: Callable[[Prompt], None],
        tell: Callable[[str], None],
        leave: Callable[[], None],
    ) -> None:
        self._keeper = keeper
        self._room = room
        self._ask = ask
        self._tell = tell
        self._leave = leave

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return what this does, by the names of commands."""
        return {"save": self._save, "save_as": self._ask_for_path, "quit": self._quit}

    def _save(
        self, path: str | None = None, *, overwrite: bool = False, then: Callable[[], None] | None = None
    ) -> None:
        try:
            outcome = self._keeper.save(path, overwrite=overwrite)
        except FileProblem as problem:
            if path is None:
                self._tell(str(problem))
            else:
                self._ask_for_path(then, LineInput.holding(path), str(problem))
            return
        match outcome:
            case Saved(saved):
                self._tell(f"Saved {saved}")
                if then is not None:
                    then()
            case NeedsPath():
                self._ask_for_path(then)
            case NeedsConsent(target):
                self._ask(
                    Choice(
                        f"{target} on disk is different. Overwrite it? y yes, Esc no",
                        {"y": lambda: self._save(path, overwrite=True, then=then)},
                    )
                )
            case _:
                assert_never(outcome)

    def _ask_for_path(
        self, then: Callable[[], None] | None = None, answer: LineInput = _NO_ANSWER, problem: str = ""
    ) -> None:
        self._ask(TextInput("Save as:", lambda path: self._save_as(path, then), answer, problem))

    def _save_as(self, answer: str, then: Callable[[], None] | None) -> None:
        if answer.strip():
            self._save(answer.strip(), then=then)

    def _quit(self) -> None:
        """Quit, unless text would be lost: unsaved in a file, or not known to be anywhere but here."""
        is_elsewhere = isinstance(self._room.status, InSync)
        if self._keeper.is_modified and (self._keeper.name or not is_elsewhere):
            lost = "not saved" if self._keeper.name else "not known to be anywhere else"
            self._ask(
                Choice(
                    f"The text is {lost}. Save? y yes, n quit without, Esc stay",
                    {"y": lambda: self._save(then=self._leave), "n": self._leave},
                )
            )
        else:
            self._leave()

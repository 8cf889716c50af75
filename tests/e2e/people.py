"""People at real terminals who edit together, for the end-to-end tests; it must start nothing but editors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final, Self

from tests.e2e import words
from tests.product import environment, join_command, saved
from tests.terminal import Terminal

CONNECT_TIMEOUT_S: Final = 20.0
"""Several editors start at once on a busy machine; how fast one connects is the benchmarks' question."""


class Person(Terminal):
    """One editor, who sits at it, and the file it was given."""

    def __init__(self, name: str, file: Path | None, argv: Sequence[str], env: Mapping[str, str]) -> None:
        super().__init__(argv, env=env)
        self.name = name
        self._file = file

    @property
    def file(self) -> Path:
        """Where Ctrl-S saves."""
        assert self._file is not None, f"{self.name} has no file"
        return self._file

    def saves(self, content: str | bytes) -> None:
        """Press Ctrl-S and wait until the file holds exactly ``content``, which it did not before."""
        expected = content.encode() if isinstance(content, str) else content
        before = self.file.read_bytes() if self.file.exists() else None
        assert before != expected, "saving what is on disk already would prove nothing"
        self.press("ctrl+s")
        saved(self.file, expected)

    def sees_alone(self, name: str, timeout: float = CONNECT_TIMEOUT_S) -> None:
        """Wait until ``name`` is nowhere on the screen any more."""
        self.wait_for(lambda terminal: name not in terminal.text, timeout)


class Party:
    """The people of one test: one computer, one user account, any number of terminals.

    Args:
        home: The folder of that account.
        server: The signaling server they are told of; None leaves them to the default address.
        folder: Where their files are made.
    """

    def __init__(self, home: Path, folder: Path, server: str | None) -> None:
        self.home = home
        self.folder = folder
        self.server = server
        self._people: list[Person] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for person in self._people:
            person.close()

    def join(
        self,
        name: str,
        file: str | None = None,
        *,
        content: str | bytes | None = None,
        room: str = "demo",
        within: Callable[[Sequence[str]], list[str]] = list,
        **env: str,
    ) -> Person:
        """Start an editor and wait until its room is on the screen.

        Args:
            name: Who joins.
            file: The name of a file in the party's folder; it need not exist.
            content: What to put into that file first.
            room: Which room.
            within: What makes the command run in another network.
            env: Variables to add; a name among them replaces the one on the command line.
        """
        path = None if file is None else self.folder / file
        if content is not None:
            assert path is not None, "content for no file"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        asked_for = None if "COLLABTERM_NAME" in env else name
        argv = within(join_command(room, path, server=self.server, name=asked_for))
        person = Person(name, path, argv, environment(self.home, **env))
        self._people.append(person)
        person.wait_for(room, CONNECT_TIMEOUT_S)
        return person


def together(*people: Person, timeout: float = CONNECT_TIMEOUT_S) -> None:
    """Wait until each has everyone else on the screen and is in sync."""
    for person in people:
        expected = [words.IN_SYNC, *(other.name for other in people if other is not person)]
        for word in expected:
            person.wait_for(word, timeout)


def type_at_once(typed: Mapping[Person, str]) -> None:
    """Type for several people in turn, a character each, without waiting for anything."""
    for characters in zip_longest(*typed.values(), fillvalue=""):
        for person, character in zip(typed, characters, strict=True):
            person.type(character)


def all_see(people: Sequence[Person], *texts: str, timeout: float = 10.0) -> None:
    """Wait until every text is on everyone's screen."""
    for person in people:
        for text in texts:
            person.wait_for(text, timeout)

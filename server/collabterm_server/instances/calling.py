"""An instance's call for the common state; must not decide when to call or whom to believe."""

from __future__ import annotations

from typing import Final

from collabterm_server.instances.announcements import Command, Epoch, Hello, InstanceId, Origin, SnapshotPart
from collabterm_server.instances.replica import Replica, assemble

_MOST_COMMANDS: Final = 200_000
"""Kept until the snapshot has come, some 100 bytes each: minutes of them, and it should take one second."""


class Call:
    """What is heard from a HELLO on, until all parts of one snapshot are there.

    Args:
        instance: Who calls.
        number: Which call of this instance it is.
        attempt: How many before it were not answered.
        deadline: Until when something must be heard.
    """

    __slots__ = ("_commands", "_instance", "_is_heard", "_parts", "attempt", "deadline", "founding", "number")

    def __init__(self, instance: InstanceId, number: int, attempt: int, deadline: float) -> None:
        self.number = number
        self.attempt = attempt
        self.deadline = deadline
        self.founding: Epoch | None = None
        """The group that this instance proposes to found, because nobody answers."""
        self._instance = instance
        self._is_heard = False
        self._commands: list[tuple[Origin, Command]] = []
        self._parts: dict[Origin, dict[int, SnapshotPart]] = {}

    def hear(self, command: Command, origin: Origin) -> None:
        """Keep a command that comes after one's own HELLO; the snapshot has all that came before."""
        if self._is_heard and len(self._commands) < _MOST_COMMANDS:
            self._commands.append((origin, command))
        elif isinstance(command, Hello) and origin.instance == self._instance:
            self._is_heard = self._is_heard or origin.call == self.number

    def take(self, part: SnapshotPart, origin: Origin) -> Replica | None:
        """Take a part of an answer; return the common state, up to date, when all are there.

        Returns None also when the group has given up the caller in the meantime: it has to call again.
        """
        if part.call != self.number:
            return None
        parts = self._parts.setdefault(origin, {})
        parts[part.number] = part
        if len(parts) < part.total:
            return None
        replica = assemble(parts.values())
        for source, command in self._commands:
            if source.epoch == origin.epoch or isinstance(command, Hello):
                replica.apply(command, source)
        return replica

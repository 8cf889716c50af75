"""What a command and another person's edit at the same moment may come to, in plain strings; must stay naive.

Every character is a node, and nodes stay when they are deleted. A text is the nodes that are alive. What the
other one inserts is between two of them, and stays there: only where the command has put or brought back
text at the same place, there are several places that a merge may choose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple


@dataclass(slots=True, eq=False)
class Node:
    """A character; ``run`` is shared by those that one edit inserted, or deleted, side by side."""

    char: str
    run: int
    is_old: bool
    is_alive: bool = True


class Other(NamedTuple):
    """The other one's edit, in offsets of the text that they saw."""

    start: int
    end: int
    text: str

    def alone(self, text: str) -> str:
        """Make the edit in a text."""
        return text[: self.start] + self.text + text[self.end :]


class Merged(NamedTuple):
    """What a merge may come to, and where in it the text is that the other one put there."""

    text: str
    other_at: int


class PlainMerge:
    """A text that a command changes, and what it is together with somebody else's edit."""

    def __init__(self, text: str) -> None:
        self._runs = count()
        self._nodes = [Node(char, next(self._runs), is_old=True) for char in text]

    def replace(self, start: int, end: int, text: str) -> None:
        """Make one of the command's edits, in offsets of the text as it is."""
        alive = [node for node in self._nodes if node.is_alive]
        index = self._nodes.index(alive[start]) if start < len(alive) else len(self._nodes)
        run = next(self._runs)
        for node in alive[start:end]:
            node.is_alive = False
            node.run = run
        run = next(self._runs)
        self._nodes[index:index] = [Node(char, run, is_old=False) for char in text]

    @property
    def before(self) -> str:
        """The text before the command."""
        return "".join(node.char for node in self._old)

    @property
    def after(self) -> str:
        """The text after the command."""
        return "".join(node.char for node in self._new)

    def done(self, other: Other) -> Iterator[Merged]:
        """Yield what the command makes of a text that the other one edits meanwhile."""
        return self._merges(self._old, self._new, other)

    def undone(self, other: Other) -> Iterator[Merged]:
        """Yield what is left once a command is taken back that the other one's edit came in the middle of."""
        return self._merges(self._old, self._old, other)

    def undone_meanwhile(self, other: Other) -> Iterator[Merged]:
        """Yield what taking the command back makes of a text that the other one edits meanwhile."""
        return self._merges(self._new, self._old, other)

    def places(self, offset: int, merged: Merged, other: Other) -> set[int]:
        """Find where an offset of the text after the command may be once the other one's edit has come."""
        gone = set(map(id, self._old[other.start : other.end]))
        kept = sum(id(node) not in gone for node in self._new[:offset])
        behind = kept + len(other.text)
        if kept == merged.other_at:
            return {kept, behind}
        return {kept if kept < merged.other_at else behind}

    @property
    def _old(self) -> list[Node]:
        return [node for node in self._nodes if node.is_old]

    @property
    def _new(self) -> list[Node]:
        return [node for node in self._nodes if node.is_alive]

    def _merges(self, seen: list[Node], result: list[Node], other: Other) -> Iterator[Merged]:
        gone = set(map(id, seen[other.start : other.end]))
        # What both have deleted, and undo brings back, may be back or not.
        twice = {id(node) for node in result if id(node) in gone and not node.is_alive}
        for left_out in (gone, gone - twice) if twice else (gone,):
            nodes = [node for node in result if id(node) not in left_out]
            before = set(map(id, seen[: other.start]))
            behind = set(map(id, seen[other.end :]))
            least = max((i + 1 for i, node in enumerate(nodes) if id(node) in before), default=0)
            most = min((i for i, node in enumerate(nodes) if id(node) in behind), default=len(nodes))
            text = "".join(node.char for node in nodes)
            for place in range(least, most + 1):
                if not least < place < most or nodes[place - 1].run != nodes[place].run:
                    yield Merged(text[:place] + other.text + text[place:], place)

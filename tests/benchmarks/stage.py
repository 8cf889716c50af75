"""A server, a home and people for one benchmark, and keys typed on a schedule; it must not judge anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from string import ascii_lowercase
from tempfile import TemporaryDirectory
from typing import Final

from tests.e2e.people import Party
from tests.network import ServerProcess, free_port
from tests.product import environment
from tests.terminal import Terminal

LETTERS: Final = [chr(code) for code in (*range(0xC0, 0xD7), *range(0xD8, 0xF7), *range(0xF8, 0x250))] + [
    chr(code) for code in (*range(0x391, 0x3A2), *range(0x3A3, 0x3CA), *range(0x410, 0x482))
]
"""One cell wide and nowhere else on the screen: one of them in the output is the echo of its key."""

_LETTERS_PER_LINE: Final = 30


@contextmanager
def stage() -> Iterator[Party]:
    """Start a signaling server, and yield a party of people who use it and share an empty home."""
    with TemporaryDirectory(prefix="collabterm-benchmark-") as name:
        home, folder = Path(name, "home"), Path(name, "files")
        home.mkdir()
        folder.mkdir()
        with (
            ServerProcess(free_port(), environment(home)) as server,
            Party(home, folder, server.url) as party,
        ):
            yield party


def numbered_lines(lines: int) -> str:
    """Return a document whose every line says which it is, like ``line 000000 of 001000``, and more words."""
    words = random_words(3 * lines)
    return "".join(
        f"line {number:06d} of {lines:06d} {' '.join(words[3 * number : 3 * number + 3])}\n"
        for number in range(lines)
    )


def random_words(count: int) -> list[str]:
    """Return words of three to eight letters, always the same ones, that compress about as badly as prose.

    A text that repeats itself would cross the network as next to nothing, and measure next to nothing.
    """
    random = Random(count)
    known = ["".join(random.choices(ascii_lowercase, k=random.randint(3, 8))) for _ in range(4_000)]
    return random.choices(known, k=count)


def first_line(lines: int) -> str:
    """Return words that only the first of ``numbered_lines`` has, not its first letter, where a cursor is."""
    return f"000000 of {lines:06d}"


def last_line(lines: int) -> str:
    """Return words that only the last of ``numbered_lines`` has."""
    return f"{lines - 1:06d} of {lines:06d}"


def every(seconds: float) -> Iterator[int]:
    """Yield 0, 1, 2, ... on a fixed schedule, which does not slip when one round takes longer."""
    start = time.perf_counter()
    for number in count():
        time.sleep(max(0.0, start + number * seconds - time.perf_counter()))
        yield number


class Typist:
    """Types letters that are nowhere else on the screen, one a call, and says how long each took to show.

    Args:
        hands: The terminal that gets the keys.
        eyes: The terminals that shall show them.
        patience_s: How long to wait for that.
    """

    def __init__(self, hands: Terminal, *eyes: Terminal, patience_s: float = 10.0) -> None:
        self._hands = hands
        self._eyes = eyes
        self._patience_s = patience_s
        self._letters = iter(LETTERS)
        self._keys = count(1)

    def type_one(self) -> list[float]:
        """Type the next letter; return for each terminal the seconds until it was seen.

        After a line's worth of letters it is Enter instead, which cannot be seen: then nothing is returned.
        """
        if next(self._keys) % (_LETTERS_PER_LINE + 1) == 0:
            self._hands.press("enter")
            return []
        letter = next(self._letters)
        since = [terminal.received for terminal in self._eyes]
        sent = self._hands.type(letter)
        return [
            terminal.first_seen(letter, start, self._patience_s) - sent
            for terminal, start in zip(self._eyes, since, strict=True)
        ]

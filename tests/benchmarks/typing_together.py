"""Two people type long and fast at once: what they end up with and its cost; it must not time keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from tests.benchmarks.report import Effort, Figure, run
from tests.benchmarks.stage import every, stage
from tests.e2e.people import Person, all_see, together

KEYS = 500
KEYS_PER_SECOND = 20
KEYS_PER_LINE = 60
CPU_GOAL_S = 2.5


def measure(effort: Effort) -> Iterator[Figure]:
    """Measure whether both have what was typed, and the processor time of each while they typed."""
    rounds = 1 if effort.quick else 3
    results = [_type_together(Random(seed)) for seed in range(rounds)]
    right = sum(as_typed for as_typed, _ in results)
    worst = max(seconds for _, seconds in results)
    yield Figure(
        f"both sides type {KEYS} keys at {KEYS_PER_SECOND} keys/s: same text, exactly as typed",
        "always",
        f"{right} of {rounds}",
        right == rounds,
    )
    yield Figure(
        "the same: processor time of a client", f"≤ {CPU_GOAL_S:g} s", f"{worst:.2f} s", worst <= CPU_GOAL_S
    )


def _type_together(random: Random) -> tuple[bool, float]:
    """Return whether screens and files are as typed, and the processor seconds of the busier client."""
    with stage() as party:
        ada = party.join("Ada", "ada.txt", content="1\n\n2\n")
        bob = party.join("Bob", "bob.txt")
        together(ada, bob)
        ada.press("ctrl+home", "down")
        bob.press("ctrl+end")
        people = (ada, bob)
        texts = [_text(random) for _ in people]
        before = [person.cpu_seconds() for person in people]
        for number in islice(every(0.5 / KEYS_PER_SECOND), 2 * KEYS):
            person = number % 2
            people[person].type(texts[person][number // 2].replace("\n", "\r"))
        for text in texts:
            all_see(people, text.splitlines()[-1])
        spent = [person.cpu_seconds() - start for person, start in zip(people, before, strict=True)]
        return _is_saved(people, f"1\n{texts[0]}\n2\n{texts[1]}"), max(spent)


def _text(random: Random) -> str:
    """Return a text of ``KEYS`` keys, Enter after each line's worth of them; no line begins with a blank.

    Enter copies the indentation of the line, so that it would not be what was typed.
    """
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;"
    keys = [
        random.choice(letters if number % KEYS_PER_LINE == 0 else letters + " ") for number in range(KEYS)
    ]
    keys[KEYS_PER_LINE - 1 :: KEYS_PER_LINE] = ["\n"] * (KEYS // KEYS_PER_LINE)
    return "".join(keys)


def _is_saved(people: tuple[Person, Person], expected: str) -> bool:
    for person in people:
        for line in expected.splitlines():
            person.wait_for(line.rstrip())
        try:
            person.saves(expected)
        except AssertionError:
            return False
    return True


if __name__ == "__main__":
    run(measure)

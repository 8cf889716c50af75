"""From the command to a peer's document on screen, and from a paste to the other's; it must not time keys."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.report import Effort, Figure, duration_figure, median, run
from tests.benchmarks.stage import first_line, last_line, numbered_lines, random_words, stage
from tests.e2e.people import Party, Person, together
from tests.product import environment, join_command
from tests.terminal import Terminal

JOINS = ((1_000, 1.0), (100_000, 1.5))
PASTE_GOAL_S = 0.15
PASTED_LINES = 2_000
PASTED_LINE_BYTES = 50
RANDOM_BYTES = PASTED_LINE_BYTES - len("paste 0 line 00000 \n")


def measure(effort: Effort) -> Iterator[Figure]:
    """Measure joining and pasting."""
    for lines, goal_s in JOINS:
        yield join(lines, goal_s, effort)
    yield paste(effort)


def join(lines: int, goal_s: float, effort: Effort) -> Figure:
    """Measure from process start to the first line of a peer's document, and note when the last is there."""
    with stage() as party:
        ada = party.join("Ada", "ada.txt", content=numbered_lines(lines), room="bench")
        ada.wait_for(first_line(lines), timeout=60)
        samples = [_join_once(party, lines) for _ in range(1 + effort.samples(8))][1:]
    figure = duration_figure(
        f"`collabterm join` to {lines:,} lines on screen", [first for first, _ in samples], goal_s
    )
    to_last = median([last for _, last in samples])
    return Figure(figure.name, figure.goal, f"{figure.measured}; last line {to_last:.2f} s", figure.met)


def _join_once(party: Party, lines: int) -> tuple[float, float]:
    """Join once; return the seconds to the first line, and to the last after Ctrl-End."""
    argv = join_command("bench", server=party.server, name="Bob")
    with Terminal(argv, env=environment(party.home)) as bob:
        first = bob.first_seen(first_line(lines), 0, timeout=120)
        bob.press("ctrl+end")
        last = bob.first_seen(last_line(lines), 0, timeout=60)
        bob.press("ctrl+q")
        bob.wait_exit()
        return first - bob.started, last - bob.started


def paste(effort: Effort) -> Figure:
    """Measure from a paste of 100 kB to its last line on the other's screen.

    The other sees the first line come in and presses Ctrl-End at once: that key is part of the figure.
    """
    with stage() as party:
        ada = party.join("Ada", "ada.txt", content="the top\nthe bottom\n")
        bob = party.join("Bob")
        together(ada, bob)
        samples = [_paste_once(ada, bob, number) for number in range(effort.samples(8))]
    return duration_figure("paste of 100 kB to the last line on the other screen", samples, PASTE_GOAL_S)


def _paste_once(ada: Person, bob: Person, number: int) -> float:
    words = " ".join(random_words(PASTED_LINES * PASTED_LINE_BYTES // 4))
    lines = [
        f"paste {number} line {line:05d} {words[line * PASTED_LINE_BYTES :]:.{RANDOM_BYTES}}"
        for line in range(PASTED_LINES)
    ]
    lines[-1] = f"paste {number} is all here"
    bob.press("ctrl+home")
    ada.press("ctrl+home", "ctrl+shift+end")
    ada.type(f"top {number}\rbottom {number}\r")
    bob.wait_for(f"bottom {number}", timeout=30)
    together(ada, bob)
    ada.press("ctrl+home", "down")
    since = bob.received
    sent = ada.paste("".join(f"{line}\n" for line in lines))
    bob.first_seen(f"paste {number} line 00000 ", since, timeout=60)
    bob.press("ctrl+end")
    return bob.first_seen(lines[-1], since, timeout=60) - sent


if __name__ == "__main__":
    run(measure)

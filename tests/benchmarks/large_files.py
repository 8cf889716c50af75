"""1,000,000 lines opened, 1 MB pasted, 100,000 matches replaced, all undone; must not time single keys.

Durations are from the write into the pseudo-terminal to the bytes on it. How long the screen stood still in
the meantime is told by the editor's process itself (``turns``), with a second person linked who gets every
edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import perf_counter, sleep

from tests.benchmarks.report import MILLISECOND, Effort, Figure, duration_figure, median, run
from tests.benchmarks.sources import first_comment, python_source
from tests.benchmarks.stage import first_line, last_line, numbered_lines, stage
from tests.benchmarks.turns import longest_turn, watched
from tests.e2e.people import Party, Person, together
from tests.product import environment, join_command
from tests.terminal import Terminal

OPENED_LINES = 1_000_000
OPEN_GOAL_S = 3
MEMORY_GOAL = 8
PASTED_BYTES = 1_000_000
LINES_BELOW = 100
MATCHES = 100_000
EDIT_GOAL_S = 1
FREEZE_GOAL_MS = 100
TIMEOUT_S = 120

Sample = tuple[float, float]
"""The seconds that it took, and those of the longest turn."""


def measure(effort: Effort) -> Iterator[Figure]:
    """Measure opening, pasting and replacing."""
    yield from opening(effort)
    yield from pasting(effort)
    yield from replacing(effort)


def opening(effort: Effort) -> Iterator[Figure]:
    """Measure from process start to the first line on the screen, and the memory then and later."""
    with stage() as party:
        path = party.folder / "large.py"
        path.write_text(python_source(OPENED_LINES))
        size = path.stat().st_size
        samples = [_open_once(party, path, number) for number in range(effort.samples(5))]
    yield duration_figure(
        f"open {OPENED_LINES:,} lines ({size / 1e6:.0f} MB) to first paint",
        [seconds for seconds, _, _ in samples],
        OPEN_GOAL_S,
    )
    peak, settled = (max(sample[index] for sample in samples) / size for index in (1, 2))
    yield Figure(
        "the same: memory (RSS) at its peak / settled, in file sizes",
        f"≤ {MEMORY_GOAL} / ≤ {MEMORY_GOAL}",
        f"{peak:.1f} / {settled:.1f} ({peak * size / 1e6:,.0f} MB / {settled * size / 1e6:,.0f} MB)",
        max(peak, settled) <= MEMORY_GOAL,
    )


def _open_once(party: Party, path: Path, number: int) -> tuple[float, int, int]:
    """Return the seconds to the first line, and the bytes of memory at its peak and once all is quiet."""
    argv = join_command(f"large{number}", path, server=party.server, name="Ada")
    with Terminal(argv, env=environment(party.home)) as ada:
        seen = ada.first_seen(first_comment(OPENED_LINES), 0, TIMEOUT_S)
        spent = -1.0
        while ada.cpu_seconds() > spent + 0.2:
            spent = ada.cpu_seconds()
            sleep(2)
        return seen - ada.started, _memory(ada, "VmHWM"), _memory(ada, "VmRSS")


def _memory(terminal: Terminal, field: str) -> int:
    status = Path(f"/proc/{terminal.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(f"{field}:"))
    return 1024 * int(line.split()[1])


def pasting(effort: Effort) -> Iterator[Figure]:
    """Measure from a paste to its last line on the screen, and from Ctrl-Z to the text's, which was not seen.

    A Ctrl-End that came right behind Ctrl-Z waits for the undo. It is a part of the figure, and small.
    """
    below = "".join(f"# {line}\n" for line in numbered_lines(LINES_BELOW).splitlines())
    with stage() as party:
        notes = party.folder / "turns"
        ada = _join(party, "ada.py", below, notes)
        bob = party.join("Bob", room="bench")
        together(ada, bob)
        rounds = [_paste_once(ada, bob, notes, number) for number in range(effort.samples(5))]
    yield from _figures("paste of 1 MB", [paste for paste, _ in rounds])
    yield from _figures("undo of the paste", [undo for _, undo in rounds])


def _paste_once(ada: Person, bob: Person, notes: Path, number: int) -> tuple[Sample, Sample]:
    first, last = f"pasted from here {number}", f"pasted up to here {number}"
    code = python_source(PASTED_BYTES // 30)[: PASTED_BYTES - 100]
    ada.press("ctrl+home")
    since = ada.received
    sent = ada.paste(f"# {first}\n{code}\n# {last}\n")
    seen = ada.first_seen(last, since, TIMEOUT_S)
    bob.wait_for(first, TIMEOUT_S)
    pasted = (seen - sent, longest_turn(notes, sent, perf_counter()))
    together(ada, bob)
    since = ada.received
    sent = ada.press("ctrl+z", "ctrl+end")
    seen = ada.first_seen(last_line(LINES_BELOW), since, TIMEOUT_S)
    bob.sees_alone(first, TIMEOUT_S)
    undone = (seen - sent, longest_turn(notes, sent, perf_counter()))
    together(ada, bob)
    return pasted, undone


def replacing(effort: Effort) -> Iterator[Figure]:
    """Measure from Alt-A until nothing is left to replace, and from Ctrl-Z until the last line is as before.

    The first ends when the bar says so; the second is measured like that of a paste.
    """
    with stage() as party:
        notes = party.folder / "turns"
        ada = _join(party, "ada.txt", numbered_lines(MATCHES), notes)
        ada.wait_for(first_line(MATCHES), TIMEOUT_S)
        bob = party.join("Bob", room="bench")
        together(ada, bob, timeout=TIMEOUT_S)
        rounds = [_replace_once(ada, bob, notes) for _ in range(effort.samples(5))]
    yield from _figures(f"replace {MATCHES:,} matches", [replaced for replaced, _ in rounds])
    yield from _figures("undo of the replacing", [undo for _, undo in rounds])


def _replace_once(ada: Person, bob: Person, notes: Path) -> tuple[Sample, Sample]:
    ada.press("ctrl+home")
    ada.press("ctrl+r")
    ada.type("line 0\trow 1")
    ada.wait_for(f"of {MATCHES:,}", TIMEOUT_S)
    since = ada.received
    sent = ada.press("alt+a")
    seen = ada.first_seen(f"Replaced {MATCHES:,}", since, TIMEOUT_S)
    bob.wait_for("row 100000", TIMEOUT_S)
    replaced = (seen - sent, longest_turn(notes, sent, perf_counter()))
    ada.press("escape")
    together(ada, bob, timeout=TIMEOUT_S)
    since = ada.received
    sent = ada.press("ctrl+z", "ctrl+end")
    seen = ada.first_seen(f"line {last_line(MATCHES)}", since, TIMEOUT_S)
    bob.wait_for(first_line(MATCHES), TIMEOUT_S)
    undone = (seen - sent, longest_turn(notes, sent, perf_counter()))
    together(ada, bob, timeout=TIMEOUT_S)
    return replaced, undone


def _join(party: Party, file: str, content: str, notes: Path) -> Person:
    """Start an editor that notes its turns."""
    return party.join("Ada", file, content=content, room="bench", within=partial(watched, notes=notes))


def _figures(name: str, samples: list[Sample]) -> Iterator[Figure]:
    yield duration_figure(name, [seconds for seconds, _ in samples], EDIT_GOAL_S)
    middle, worst = (of([turn for _, turn in samples]) / MILLISECOND for of in (median, max))
    yield Figure(
        "the same: longest freeze of the screen",
        f"≤ {FREEZE_GOAL_MS} ms",
        f"{middle:.0f} ms (of {len(samples)}, worst {worst:.0f})",
        worst <= FREEZE_GOAL_MS,
    )


if __name__ == "__main__":
    run(measure)

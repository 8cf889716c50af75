"""What somebody else's key costs one's own event loop while one types; must not measure the network.

In this process, as a cost cannot be seen from outside: a real editor on a driver that writes nowhere, and a
loop that knows when it waits. What it does not wait is its time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from textual import events
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver

from collabterm.document.lines import Edit, Location
from collabterm.document.shared_text import Document
from collabterm.session.room import Room
from collabterm.tui.app import EditorApp
from tests.benchmarks.report import MILLISECOND, Effort, Figure, median, run, typical_figure
from tests.benchmarks.sources import python_source, statement_row
from tests.benchmarks.stage import LETTERS
from tests.in_memory_network import InMemoryNetwork
from tests.tui.stage import Drawer

LINES = 100_000
GOAL_MS = 3
PAUSE_S = 0.05
WARM_UP = 10
LETTERS_PER_ROW = 20


def measure(effort: Effort) -> Iterator[Figure]:
    """Measure keys received in a large Python file in view of somebody who types there too."""
    selector = _WaitingSelector()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        samples = runner.run(_receive(effort.samples(200), selector))
    figure = typical_figure(
        "loop time of somebody else's key while one types, to painted, p50 / p99",
        [painted for painted, _ in samples],
        GOAL_MS,
    )
    in_all = median([all_of_it for _, all_of_it in samples]) / MILLISECOND
    measured = f"{figure.measured}; with its highlighting {in_all:.1f} ms"
    yield Figure(figure.name, figure.goal, measured, figure.met)


class _WaitingSelector(selectors.DefaultSelector):
    """Knows for how long it waited."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        start = perf_counter()
        try:
            return super().select(timeout)
        finally:
            self.waited_s += perf_counter() - start

    @property
    def worked_s(self) -> float:
        """A clock that stands still while the loop waits."""
        return perf_counter() - self.waited_s


async def _receive(keys: int, selector: _WaitingSelector) -> list[tuple[float, float]]:
    """Let Bob type below Ada, in turn; return the loop's seconds until painted, and until all was done."""
    network = InMemoryNetwork()
    rooms = [Room(Document(number), name, name) for number, name in ((1, "ada"), (2, "bob"))]
    for room in rooms:
        network.add(room.presence.name, room)
    ada, bob = rooms
    source = python_source(LINES)
    ada.document.seed(source, {"language": "python"})
    network.lay("ada", "bob")
    network.deliver_all()
    painted = asyncio.Event()
    app = EditorApp(ada, "bench", Drawer(), lambda: network.now_s, driver_class=_driver_class(painted))
    row = statement_row(source)
    column = len(source.splitlines()[row])
    samples = []
    async with app.run_test(headless=False, size=(100, 30)):
        with app._context():
            app.view.editor.put(app.view.editor.cursors.at(Location(row, column)))
            for number in range(WARM_UP + keys):
                await app.on_event(events.Key("x", "x") if number % 20 else events.Key("ctrl+w", None))
                await asyncio.sleep(PAUSE_S)
                target = Location(row + 2 + number // LETTERS_PER_ROW % 10, 0)
                bob.document.edit([Edit(target, target, LETTERS[number])], network.now_s)
                network.pass_time(PAUSE_S)
                painted.clear()
                start = selector.worked_s
                while network._pipes["bob", "ada"].datagrams:
                    network.deliver_datagram("bob", "ada", 0)
                await painted.wait()
                until_painted = selector.worked_s - start
                await asyncio.sleep(PAUSE_S)
                samples.append((until_painted, selector.worked_s - start))
                network.deliver_all()
    return samples[WARM_UP:]


def _driver_class(painted: asyncio.Event) -> type[Driver]:
    class Announcer(HeadlessDriver):
        """Tells when something was painted."""

        @property
        def is_headless(self) -> bool:
            return False

        def write(self, data: str) -> None:
            painted.set()

    return Announcer


if __name__ == "__main__":
    run(measure)

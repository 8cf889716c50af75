"""Keys to the screen in other editors, on the files and in the terminals of ``editing``; must not set goals.

They get the same keys, each in a small and a large file. One that is not installed is left out, one
that is slow gets fewer keys, and the table says so.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.latency import paced
from tests.benchmarks.report import MILLISECOND, Effort, Figure, percentile, run
from tests.benchmarks.sources import python_source, statement_row
from tests.benchmarks.stage import Typist
from tests.product import environment
from tests.terminal import Terminal

SIZES = (100, 100_000)
BUDGET_S = 40
OPENING_S = 60

TEXT_AREA = """
import sys
from textual.app import App
from textual.widgets import TextArea

class Editor(App):
    def compose(self):
        yield TextArea.code_editor(open(sys.argv[2]).read(), language="python")

    def on_mount(self):
        area = self.query_one(TextArea)
        area.focus()
        area.move_cursor((int(sys.argv[1]) - 1, 0), center=True)

Editor().run()
"""


@dataclass(frozen=True, slots=True)
class Editor:
    """One of the others.

    Attributes:
        name: What it is called in the table.
        program: What must be installed.
        command: How to open a file at a line, counted from 1.
        to_line_end: The bytes that put the cursor behind the line, ready to type.
    """

    name: str
    program: str
    command: Callable[[Path, int], list[str]]
    to_line_end: bytes


EDITORS = (
    Editor(
        "Textual's TextArea, highlighted",
        sys.executable,
        lambda path, line: [sys.executable, "-c", TEXT_AREA, str(line), str(path)],
        b"\x1b[F",
    ),
    Editor("micro", "micro", lambda path, line: ["micro", f"+{line}:1", str(path)], b"\x1b[F"),
    Editor(
        "vim -u NONE, syntax and numbers on",
        "vim",
        lambda path, line: [
            *("vim", "-u", "NONE", "-c", "syntax on", "-c", "set number"),
            *(f"+{line}", str(path)),
        ],
        b"A",
    ),
)


def measure(effort: Effort) -> Iterator[Figure]:
    """Measure the other editors one after the other."""
    for editor in EDITORS:
        if shutil.which(editor.program) is None:
            yield Figure(f"({editor.name}: key to own screen)", "", "not installed", met=True)
            continue
        with TemporaryDirectory(prefix="collabterm-benchmark-") as home, ExitStack() as stack:
            terminals = [stack.enter_context(_opened(editor, lines, Path(home))) for lines in SIZES]
            typists = [Typist(terminal, terminal, patience_s=BUDGET_S) for terminal in terminals]
            seen = [paced(effort.samples(100), typist, budget_s=BUDGET_S)[0] for typist in typists]
        for lines, samples in zip(SIZES, seen, strict=True):
            yield _figure(editor, lines, [own for (own,) in samples])


def _opened(editor: Editor, lines: int, home: Path) -> Terminal:
    """Open a file and go to the end of a statement in its middle."""
    source = python_source(lines)
    row = statement_row(source)
    path = home / f"code{lines}.py"
    path.write_text(source)
    terminal = Terminal(editor.command(path, row + 1), env=environment(home))
    terminal.wait_for(source.splitlines()[row], OPENING_S)
    terminal.type(editor.to_line_end)
    return terminal


def _figure(editor: Editor, lines: int, samples: list[float]) -> Figure:
    name = f"({editor.name}: key to own screen, {lines:,} lines, p50 / p99)"
    if not samples:
        return Figure(name, "", f"no echo within {BUDGET_S} s", met=True)
    p50, p99 = (percentile(samples, percent) / MILLISECOND for percent in (50, 99))
    return Figure(name, "", f"{p50:.1f} ms / {p99:.1f} ms ({len(samples)} keys)", met=True)


if __name__ == "__main__":
    run(measure)

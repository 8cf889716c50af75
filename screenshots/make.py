"""Take the README's screenshots from the running program: ``python -m screenshots.make``.

Real commands in real pseudo-terminals; what they show is drawn as SVG. It must not touch up anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from xml.sax.saxutils import escape

from tests.e2e.people import Party, Person, all_see, together
from tests.emulator import Cell
from tests.network import ServerProcess, free_port
from tests.product import environment
from tests.terminal import Terminal

FOLDER: Final = Path(__file__).parent
COLUMNS: Final = 100
ROWS: Final = 30
CELL_WIDTH: Final = 8.4
CELL_HEIGHT: Final = 18
GAP: Final = 14
BAR: Final = 26
NO_BREAK_SPACE: Final = "\u00a0"
"""Not every program that shows SVG keeps plain spaces."""

GROUND, INK = "1b1e24", "d7dae0"

PROGRAM: Final = '''"""Count the words of a text."""

from collections import Counter


def most_common(text: str, count: int) -> list[str]:
    words = text.lower().split()
    return [word for word, _ in Counter(words).most_common(count)]


if __name__ == "__main__":
    print(most_common(open("story.txt").read(), 10))
'''


NOTES: Final = (
    "# Things to try together\n\n"
    "- A row that is too long for the screen goes on in the next one, under its own text, and the cursor"
    " moves by what is seen.\n"
    "    - Indented rows keep their indentation when they are wrapped, however often that is necessary to"
    " show it all.\n"
    "\tA row with a tab, and with spaces at its end:   \n\n"
    "日本語の文章 wraps between characters, e\u0301 is one letter, and `code` looks like code.\n"
)


@contextmanager
def stage() -> Iterator[tuple[Party, ServerProcess]]:
    """Start a server and people who share an empty home."""
    with TemporaryDirectory(prefix="collabterm-screenshots-") as name:
        home, folder = Path(name, "home"), Path(name, "files")
        home.mkdir()
        folder.mkdir()
        with (
            ServerProcess(free_port(), environment(home)) as server,
            Party(home, folder, server.url) as party,
        ):
            yield party, server


def editing_together() -> None:
    """Two people in one file: a selection, two cursors and a name."""
    with stage() as (party, _):
        ana = party.join("ana", "words.py", content=PROGRAM, room="pairing")
        bob = party.join("bob", room="pairing")
        together(ana, bob)
        bob.press("ctrl+home", *["down"] * 7, *["ctrl+right"] * 2)
        bob.press("shift+end")
        ana.press("ctrl+home", *["down"] * 6, "end", "enter")
        ana.type("# bob, look at this")
        all_see([ana, bob], "# bob, look at this")
        bob.wait_for("look at this   ana")
        ana.wait_for("│ 8:24")
        for person in (ana, bob):
            person.wait_for("in sync")
        draw("editing-together", [ana, bob])


def three_people() -> None:
    """Three people at three places, seen by one of them."""
    with stage() as (party, _):
        people = [party.join(name, room="workshop") for name in ("ana", "bob", "cleo")]
        together(*people)
        people[0].paste(PROGRAM)
        all_see(people, "story.txt")
        for person, rows in zip(people, (2, 6, 11), strict=True):
            person.press("ctrl+home", *["down"] * rows, "end")
            person.type(f"  # {person.name} is here")
            all_see(people, f"# {person.name} is here")
        people[0].wait_for("cleo is here   cleo")
        people[0].wait_for("in sync")
        draw("three-people", [people[0]])


def server_lost() -> None:
    """The status bar while the signaling server is away and two people go on."""
    with stage() as (party, server):
        ana = party.join("ana", "words.py", content=PROGRAM, room="pairing")
        bob = party.join("bob", room="pairing")
        together(ana, bob)
        server.stop()
        ana.wait_for("no server")
        bob.press("ctrl+home", "down")
        bob.type("# typed without a server")
        ana.wait_for("typed without a server")
        ana.wait_for("in sync")
        draw("server-lost", [ana])


def overwrite_question() -> None:
    """Saving the room's text over a file that is another."""
    with stage() as (party, _):
        ana = party.join("ana", "words.py", content=PROGRAM, room="pairing")
        bob = party.join("bob", "mine.py", content="# bob's own file\n", room="pairing")
        together(ana, bob)
        bob.press("ctrl+s")
        bob.wait_for("Overwrite")
        draw("overwrite-question", [bob])


def find_and_replace() -> None:
    """The find bar with its second field, and all matches marked."""
    with stage() as (party, _):
        ana = party.join("ana", "words.py", content=PROGRAM, room="pairing")
        ana.wait_for("most_common")
        ana.press("ctrl+home", "ctrl+r")
        ana.type("words")
        ana.press("tab")
        ana.type("terms")
        ana.wait_for("1 of 3")
        draw("find-and-replace", [ana])


def several_cursors() -> None:
    """One person with several cursors, another with a selection."""
    with stage() as (party, _):
        ana = party.join("ana", "words.py", content=PROGRAM, room="pairing")
        bob = party.join("bob", room="pairing")
        together(ana, bob)
        bob.press("ctrl+end", "up", "shift+up")
        ana.press("ctrl+home", *["down"] * 6, "ctrl+right", "alt+n", "alt+n", "alt+n")
        ana.wait_for("3 cursors")
        ana.wait_for("in sync")
        draw("several-cursors", [ana])


def command_palette() -> None:
    """The list of commands, narrowed down."""
    with stage() as (party, _):
        ana = party.join("ana", "words.py", content=PROGRAM, room="pairing")
        ana.wait_for("most_common")
        ana.press("ctrl+p")
        ana.type("line")
        ana.wait_for("Command: line")
        draw("command-palette", [ana])


def help_page() -> None:
    """The page of keys."""
    with stage() as (party, _):
        ana = party.join("ana", "words.py", content=PROGRAM, room="pairing")
        ana.wait_for("most_common")
        ana.press("f1")
        ana.wait_for("Esc close")
        draw("help", [ana])


def wrapped_light() -> None:
    """Soft wrap, marks for tabs and trailing spaces, and the light theme."""
    with stage() as (party, _):
        settings = party.home / "config" / "collabterm" / "config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text('theme = "light"\nwrap = true\nblanks = true\ncolor_column = 80\n')
        ana = party.join("ana", "notes.md", content=NOTES, room="notes")
        ana.wait_for("Things")
        ana.press("ctrl+home", *["down"] * 4, "end")
        ana.wait_for("│ 4:")
        draw("wrapped-light", [ana])


def draw(name: str, people: Sequence[Person]) -> None:
    """Write the screens of some people, one below the other, into one picture."""
    width = COLUMNS * CELL_WIDTH + 2 * GAP
    height = len(people) * (ROWS * CELL_HEIGHT + BAR + GAP) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14">',
        "<style>.bold { font-weight: bold } .underlined { text-decoration: underline }</style>",
    ]
    top = float(GAP)
    for person in people:
        parts += _window(person, person.name, top)
        top += ROWS * CELL_HEIGHT + BAR + GAP
    parts.append("</svg>")
    (FOLDER / f"{name}.svg").write_text("\n".join(parts) + "\n")


def _window(terminal: Terminal, title: str, top: float) -> Iterator[str]:
    width, height = COLUMNS * CELL_WIDTH, ROWS * CELL_HEIGHT
    yield f'<rect x="{GAP}" y="{top:g}" width="{width:g}" height="{height + BAR}" rx="7" fill="#12141a"/>'
    label = escape(f"{title}'s terminal")
    yield f'<text x="{GAP + 12}" y="{top + 18:g}" fill="#8b93a1" font-size="12">{label}</text>'
    for row in range(ROWS):
        cells = [terminal.cell(row, column) for column in range(COLUMNS)]
        yield from _row(cells, top + BAR + row * CELL_HEIGHT)


def _row(cells: Sequence[Cell], y: float) -> Iterator[str]:
    column = 0
    for (ink, ground, classes), run in groupby(cells, _look):
        text = "".join(cell.text for cell in run_cells) if (run_cells := list(run)) else ""
        x, width = GAP + column * CELL_WIDTH, len(run_cells) * CELL_WIDTH
        yield f'<rect x="{x:g}" y="{y:g}" width="{width + 0.3:g}" height="{CELL_HEIGHT}" fill="#{ground}"/>'
        if word := text.strip():
            start = x + (len(text) - len(text.lstrip())) * CELL_WIDTH
            yield (
                f'<text x="{start:g}" y="{y + 13.5:g}" fill="#{ink}" textLength="{len(word) * CELL_WIDTH:g}"'
                f"{classes}>{escape(word.replace(' ', NO_BREAK_SPACE))}</text>"
            )
        column += len(run_cells)


def _look(cell: Cell) -> tuple[str, str, str]:
    """Return ink, ground and the classes of a cell's text."""
    ink = INK if cell.foreground == "default" else cell.foreground
    ground = GROUND if cell.background == "default" else cell.background
    names = [name for name, is_so in (("bold", cell.bold), ("underlined", cell.underlined)) if is_so]
    classes = f' class="{" ".join(names)}"' if names else ""
    return (ground, ink, classes) if cell.reverse else (ink, ground, classes)


if __name__ == "__main__":
    editing_together()
    three_people()
    server_lost()
    overwrite_question()
    find_and_replace()
    several_cursors()
    command_palette()
    help_page()
    wrapped_light()

"""The top row: everybody by name and color, oneself first, and nobody forgotten for lack of room."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from collabterm.session.presence import COLORS
from collabterm.tui.participants import ParticipantsBar, Person

ANA = Person("ana", COLORS[0], is_self=True)
BOB = Person("bob", COLORS[1])
CLEO = Person("cleo", None)


class BarApp(App[None]):
    """A screen with a list of people and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = ParticipantsBar()

    def compose(self) -> ComposeResult:
        yield self.bar


async def test_everybody_is_listed_and_who_is_not_linked_is_marked() -> None:
    app = BarApp()
    async with app.run_test(size=(60, 3)):
        app.bar.show_people([ANA, BOB, CLEO])
        strip = app.bar.render_line(0)
        assert strip.text.rstrip() == " ● ana (you)  ● bob  ● cleo (connecting)"
        colors = {
            segment.text.strip(): segment.style.color.name
            for segment in strip
            if segment.style is not None and segment.style.color is not None
        }
        assert colors["● ana (you)"] == COLORS[0]
        assert colors["● bob"] == COLORS[1]
        assert colors["● cleo (connecting)"] not in COLORS


@pytest.mark.parametrize("width", [1, 5, 14, 20, 22, 40, 200])
async def test_who_does_not_fit_is_counted(width: int) -> None:
    people = [ANA, *(Person(f"person{number}", COLORS[number]) for number in range(1, 8))]
    app = BarApp()
    async with app.run_test(size=(width, 3)):
        app.bar.show_people(people)
        strip = app.bar.render_line(0)
        assert strip.cell_length == width
        shown = sum(person.name in strip.text for person in people)
        if width >= 22:
            assert shown == len(people) or strip.text.rstrip().endswith(f"+{len(people) - shown}")


async def test_nobody_can_drive_the_terminal_with_a_name() -> None:
    app = BarApp()
    async with app.run_test(size=(60, 3)):
        app.bar.show_people([Person("\x1b]0;x\x07", COLORS[0]), Person("\u202eevil\x85", None)])
        assert app.bar.render_line(0).text.isprintable()


async def test_names_of_wide_and_combining_characters_take_the_cells_they_take() -> None:
    app = BarApp()
    async with app.run_test(size=(40, 3)):
        app.bar.show_people([Person("中村", COLORS[0], is_self=True), Person("é́", COLORS[1])])
        assert app.bar.render_line(0).cell_length == 40

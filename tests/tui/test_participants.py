"""The top row: everybody by name and color, oneself first, and nobody forgotten for lack of room."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from collabterm.session.presence import COLORS
from collabterm.tui.participants import ParticipantsBar, Person
from collabterm.tui.theme import DARK, LIGHT, MONOCHROME, person_style

ANA = Person("ana", COLORS[0], is_self=True)
BOB = Person("bob", COLORS[1])
CLEO = Person("cleo", None)


class BarApp(App[None]):
    """A screen with a list of people and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = ParticipantsBar(DARK)

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
        for person, entry in ((ANA, "● ana (you)"), (BOB, "● bob")):
            assert person.color is not None
            style = person_style(person.color, DARK)
            assert style.color is not None
            assert colors[entry] == style.color.name
        assert colors["● ana (you)"] != colors["● bob"]
        assert DARK.bar.color is not None
        assert colors["● cleo (connecting)"] == DARK.bar.color.name


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


async def test_another_theme_is_taken_over_at_once() -> None:
    app = BarApp()
    async with app.run_test(size=(40, 3)):
        app.bar.show_people([ANA, BOB])
        dark = app.bar.render_line(0)
        app.bar.show_as(LIGHT)
        light = app.bar.render_line(0)
        app.bar.show_as(MONOCHROME)
        plain = app.bar.render_line(0)
        assert dark.text == light.text == plain.text
        assert dark != light
        assert all(segment.style is None or segment.style.color is None for segment in plain)

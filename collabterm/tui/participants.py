"""The top row: everybody in the room in their color; must not know where anybody's cursor is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.style import Style
from textual.strip import Strip

from collabterm.document.display import display_line, safe_text
from collabterm.tui.painters import Span, paint_row
from collabterm.tui.rows import Rows
from collabterm.tui.theme import Theme, person_style

_AWAY: Final = Style(dim=True)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to list; ``color`` is None while there is no link to them."""

    name: str
    color: str | None
    is_self: bool = False


class ParticipantsBar(Rows):
    """One row of names.

    Args:
        theme: In which colors.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._people: tuple[Person, ...] = ()

    def show_as(self, theme: Theme) -> None:
        """Look otherwise."""
        self._theme = theme
        self.repaint()

    def show_people(self, people: Sequence[Person]) -> None:
        """Show these people, the own name first."""
        if tuple(people) != self._people:
            self._people = tuple(people)
            self.repaint()

    def render_line(self, y: int) -> Strip:
        """Paint the row; those who do not fit are counted."""
        text, spans, width = "", [], self.size.width
        for index, person in enumerate(self._people):
            suffix = " (you)" if person.is_self else "" if person.color else " (connecting)"
            entry = f" ● {safe_text(person.name)}{suffix} "
            rest = f" +{len(self._people) - index}"
            if display_line(text + entry).width + len(rest) > width and index:
                text += rest
                break
            first = display_line(text).width
            text += entry
            style = person_style(person.color, self._theme) if person.color else _AWAY
            spans.append(Span(first, display_line(text).width, style))
        return paint_row(display_line(text), spans, 0, width, self._theme.bar)

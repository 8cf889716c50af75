"""The page that lists every command with its keys, as a value that scrolls; must not know what is bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from collabterm.document.display import display_line
from collabterm.tui.key_labels import keys_label
from collabterm.tui.prompts import Piece, Prompt, Row, Step, row_of, shortened

MAX_KEY_CELLS: Final = 22
MIN_COLUMN_CELLS: Final = 54
"""Two columns stand side by side where each has this much."""

_CLOSING_KEYS: Final = frozenset({"escape", "f1", "q", "enter"})


class HelpLine(NamedTuple):
    """A command's keys, by Textual's names, and what it does."""

    keys: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True)
class HelpSection:
    """Lines that belong together."""

    title: str
    lines: tuple[HelpLine, ...]


@dataclass(frozen=True, slots=True)
class HelpPage(Prompt):
    """The sections, laid out for a screen's size, from row ``top`` on."""

    sections: tuple[HelpSection, ...]
    top: int = 0
    width: int = 80
    height: int = 24

    def press(self, key: str, character: str | None) -> Step:
        """Scroll or close."""
        page = max(self.height - 2, 1)
        match key:
            case _ if key in _CLOSING_KEYS:
                return Step(None)
            case "up":
                return Step(self.scrolled(-1))
            case "down":
                return Step(self.scrolled(1))
            case "pageup":
                return Step(self.scrolled(-page))
            case "pagedown" | "space":
                return Step(self.scrolled(page))
            case "home":
                return Step(replace(self, top=0))
            case "end":
                return Step(replace(self, top=self._last_top))
            case _:
                return Step(self)

    def scrolled(self, rows: int) -> HelpPage:
        """Go ``rows`` down, as far as there is more to see."""
        return replace(self, top=max(min(self.top + rows, self._last_top), 0))

    def fitted(self, width: int, height: int) -> HelpPage:
        """Lay the page out for another size."""
        return replace(self, width=width, height=height).scrolled(0)

    def rows(self, width: int, height: int) -> list[Row]:
        """Show exactly ``height`` rows, the last of which tells the keys of the page itself."""
        page = self.fitted(width, height)
        laid_out = _laid_out(page.sections, width)
        room = max(height - 1, 0)
        shown = list(laid_out[page.top : page.top + room])
        shown += [row_of([], width, "panel")] * (room - len(shown))
        last = min(page.top + room, len(laid_out))
        return [*shown, _foot(page.top + 1, last, len(laid_out), width)][:height]

    @property
    def _last_top(self) -> int:
        return max(len(_laid_out(self.sections, self.width)) - max(self.height - 1, 1), 0)


@lru_cache(maxsize=4)
def _laid_out(sections: tuple[HelpSection, ...], width: int) -> tuple[Row, ...]:
    """Lay the whole page out, in two columns of about the same length if they fit."""
    if width < 2 * MIN_COLUMN_CELLS or len(sections) < 2:
        return tuple(_column(sections, width))
    cut = _cut(sections)
    left_width = width // 2
    left, right = _column(sections[:cut], left_width), _column(sections[cut:], width - left_width)
    length = max(len(left), len(right))
    left += [row_of([], left_width, "panel")] * (length - len(left))
    right += [row_of([], width - left_width, "panel")] * (length - len(right))
    return tuple(Row("panel", one.pieces + other.pieces) for one, other in zip(left, right, strict=True))


def _cut(sections: Sequence[HelpSection]) -> int:
    """Find where the second column begins, so that the longer of the two is as short as can be."""
    lengths = [len(section.lines) + 2 for section in sections]
    return min(range(1, len(sections)), key=lambda cut: max(sum(lengths[:cut]), sum(lengths[cut:])))


def _column(sections: Sequence[HelpSection], width: int) -> list[Row]:
    max_key_cells = min(MAX_KEY_CELLS, width // 2)
    lines = [line for section in sections for line in section.lines]
    labels = {line.keys: shortened(keys_label(line.keys, max_key_cells), max_key_cells) for line in lines}
    key_cells = max((display_line(label).width for label in labels.values()), default=0)
    rows: list[Row] = []
    for section in sections:
        heading = Piece(shortened(f" {section.title}", width), "bar_strong")
        rows.append(row_of([heading], width, "panel"))
        for line in section.lines:
            label = row_of([Piece(f"  {labels[line.keys]}", "hint_key")], key_cells + 2, "panel")
            room = max(width - key_cells - 5, 0)
            rows.append(
                row_of([*label.pieces, Piece(f"  {shortened(line.title, room)}", "panel")], width, "panel")
            )
        rows.append(row_of([], width, "panel"))
    return rows[:-1]


def _foot(first: int, last: int, count: int, width: int) -> Row:
    pieces = [Piece(" Esc", "hint_key"), Piece(" close ", "bar")]
    if last - first + 1 < count:
        pieces += [Piece(" ↑ ↓", "hint_key"), Piece(f" scroll   {first}–{last} of {count} ", "bar")]
    return row_of(pieces, width, "bar")

"""The command palette: every command by its title, found by typing some of it; must not run or bind any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Final

from collabterm.document.display import display_line
from collabterm.tui.key_labels import keys_label
from collabterm.tui.line_input import LineInput
from collabterm.tui.prompts import Piece, Prompt, Row, Step, StyleName, input_pieces, row_of, shortened

PAGE_ENTRIES: Final = 12

MIN_WIDTH_WITH_NAMES: Final = 64
"""From here on, what each command is called in the configuration file is shown too."""

_NAME_CELLS: Final = 24
_KEY_CELLS: Final = 26

_CONTIGUOUS, _WORD_START, _IN_NAME = 9, 8, -1
"""What a character is worth behind the one typed before it and at a word's start, and a match in the name."""

_STEPS: Final[Mapping[str, int]] = {"up": -1, "down": 1, "pageup": -PAGE_ENTRIES, "pagedown": PAGE_ENTRIES}


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its name in settings, its title for people, and Textual's names of its keys."""

    name: str
    title: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Palette(Prompt):
    """The commands that match what is typed, one of them selected; ``run`` is called with its name."""

    entries: tuple[Entry, ...]
    run: Callable[[str], None]
    input: LineInput = field(default_factory=LineInput)
    selected: int = 0

    @property
    def matches(self) -> tuple[Entry, ...]:
        """The entries that match, best first."""
        return ranked(self.entries, self.input.text)

    def press(self, key: str, character: str | None) -> Step:
        """Choose, run, leave, or narrow down by typing."""
        last = len(self.matches) - 1
        match key:
            case "escape":
                return Step(None)
            case "enter":
                return Step(self) if last < 0 else Step(None, partial(self.run, self._chosen.name))
            case "home":
                return Step(replace(self, selected=0))
            case "end":
                return Step(replace(self, selected=max(last, 0)))
            case "up" | "down" | "pageup" | "pagedown":
                return Step(self.scrolled(_STEPS[key]))
            case _:
                return Step(self._with_input(self.input.pressed(key, character)))

    def paste(self, text: str) -> Step:
        """Narrow down by pasted text."""
        return Step(self._with_input(self.input.pasted(text)))

    def scrolled(self, rows: int) -> Palette:
        """Choose an entry ``rows`` further down."""
        return replace(self, selected=max(min(self.selected + rows, len(self.matches) - 1), 0))

    def clicked(self, x: int, y: int, width: int) -> Step:
        """Run the entry that was clicked."""
        shown, selected = self.visible(PAGE_ENTRIES)
        if not 0 <= y < len(shown):
            return Step(self)
        return replace(self, selected=self.selected - selected + y).press("enter", None)

    def visible(self, height: int) -> tuple[tuple[Entry, ...], int]:
        """Return at most ``height`` of the matches, and which of them is the selected one."""
        first = min(max(self.selected - height // 2, 0), max(len(self.matches) - height, 0))
        return self.matches[first : first + height], self.selected - first

    def rows(self, width: int, height: int) -> list[Row]:
        """Show a page of matches at most, and what is typed below them."""
        shown, selected = self.visible(min(PAGE_ENTRIES, height - 1)) if height > 1 else ((), 0)
        rows = [_entry_row(entry, width, is_selected=at == selected) for at, entry in enumerate(shown)]
        return [*rows, self._input_row(width)][:height]

    @property
    def _chosen(self) -> Entry:
        return self.matches[self.selected]

    def _with_input(self, following: LineInput) -> Palette:
        is_narrowed = following.text != self.input.text
        return replace(self, input=following, selected=0 if is_narrowed else self.selected)

    def _input_row(self, width: int) -> Row:
        label = Piece(shortened(" Command: ", width // 2), "prompt")
        count = f" {len(self.matches)} of {len(self.entries)} " if self.matches else " no such command "
        field_width = width - display_line(label.text + count).width
        if field_width < width // 3:
            count, field_width = "", width - display_line(label.text).width
        typed = input_pieces(self.input, field_width, "bar")
        return row_of([label, *typed, Piece(count, "bar" if self.matches else "error")], width, "bar")


@lru_cache(maxsize=64)
def ranked(entries: tuple[Entry, ...], typed: str) -> tuple[Entry, ...]:
    """Return the entries that match, best first; those that match equally well stay in their order."""
    wanted = "".join(typed.casefold().split())
    scored = [(points, entry) for entry in entries if (points := _points(wanted, entry)) is not None]
    return tuple(entry for _, entry in sorted(scored, key=lambda one: -one[0]))


def match_points(wanted: str, text: str) -> int | None:
    """Rate how well ``wanted`` is found in ``text`` as characters in their order; None if it is not.

    Of all the ways to find it the best one counts.
    """
    text = text.casefold()
    ends = {-1: 0}
    for char in wanted:
        following: dict[int, int] = {}
        best_before: int | None = None
        for at, candidate in enumerate(text):
            if (ending := ends.get(at - 1)) is not None:
                best_before = ending if best_before is None else max(best_before, ending)
            if candidate == char and best_before is not None:
                is_start = at == 0 or not text[at - 1].isalnum()
                joined = ends[at - 1] + _CONTIGUOUS if at > 0 and at - 1 in ends else best_before
                following[at] = max(best_before, joined) + (_WORD_START if is_start else 0)
        ends = following
    return max(ends.values(), default=None)


def _points(wanted: str, entry: Entry) -> int | None:
    in_title, in_name = match_points(wanted, entry.title), match_points(wanted, entry.name)
    if in_name is None:
        return in_title
    return in_name + _IN_NAME if in_title is None else max(in_title, in_name + _IN_NAME)


def _entry_row(entry: Entry, width: int, *, is_selected: bool) -> Row:
    """Lay out the title, the name in settings if there is room for it, and the keys, in columns."""
    ground: StyleName = "panel_selected" if is_selected else "panel"
    of_keys: StyleName = ground if is_selected else "hint_key"
    if width < MIN_WIDTH_WITH_NAMES:
        keys = keys_label(entry.keys, width // 3)
        keys = f" {keys} " if keys and display_line(keys).width <= width // 2 else ""
        columns = [(entry.title, width - display_line(keys).width, ground), (keys.strip(), width, of_keys)]
    else:
        room = width - _NAME_CELLS - _KEY_CELLS
        keys = keys_label(entry.keys, _KEY_CELLS - 2)
        columns = [(entry.title, room, ground), (entry.name, _NAME_CELLS, ground), (keys, width, of_keys)]
    pieces: list[Piece] = []
    for text, cells, style in columns:
        pieces += row_of([Piece(shortened(f" {text}", cells), style)], cells, ground).pieces
    return row_of(pieces, width, ground)

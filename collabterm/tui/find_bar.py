"""The find and replace bar as a value: what is sought, how, and in which field one types; must not search.

closed ── the app opens it ──► find ◄── Tab, Ctrl-F ── Tab, Ctrl-R ──► replacement
                                 └──────────── Escape: closed ◄──────────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial
from typing import Final

from collabterm.document.display import display_line
from collabterm.document.search import Query
from collabterm.tui.key_labels import key_label
from collabterm.tui.line_input import LineInput
from collabterm.tui.prompts import Piece, Prompt, Row, Step, input_pieces, piece_at, row_of, shortened

FIELD_CELLS: Final = 14
LEAST_FIELD_CELLS: Final = 8
"""What the text gets before the toggles are shown, and before the summary is shown in full."""

_MIN_WIDTH_WITH_LABEL: Final = 36


class FindAction(Enum):
    """What a key in the bar asks for."""

    QUERY_CHANGED = auto()
    NEXT = auto()
    PREVIOUS = auto()
    REPLACE_ONE = auto()
    REPLACE_ALL = auto()
    CLOSE = auto()


class Toggle(Enum):
    """A way to search that is on or off, by the key that turns it."""

    MATCHES_CASE = "alt+c"
    WHOLE_WORD = "alt+w"
    IS_REGEX = "alt+r"
    IN_SELECTION = "alt+s"


_WALKS: Final[Mapping[str, FindAction]] = {
    "down": FindAction.NEXT,
    "f3": FindAction.NEXT,
    "up": FindAction.PREVIOUS,
    "shift+enter": FindAction.PREVIOUS,
    "shift+f3": FindAction.PREVIOUS,
    "f15": FindAction.PREVIOUS,  # Shift-F3 of terminals that count on from F12
}
_REPLACE_ALL_KEYS: Final = frozenset({"alt+a", "alt+enter", "ctrl+enter"})


_SIGNS: Final[Mapping[Toggle, str]] = {
    Toggle.MATCHES_CASE: "Aa",
    Toggle.WHOLE_WORD: "ab",
    Toggle.IS_REGEX: ".*",
    Toggle.IN_SELECTION: "sel",
}
_TOGGLE_KEYS: Final[Mapping[str, Toggle]] = {toggle.value: toggle for toggle in Toggle}


@dataclass(frozen=True, slots=True)
class FindBar(Prompt):
    """The bar.

    Args:
        act: Called with the bar as it is then and what a key asked for.
        find: What is sought.
        replacement: What comes instead; None while nothing is to be replaced.
        in_replacement: Whether keys go to the replacement.
        toggles: Those that are on.
        summary: What the app says of the search, such as ``3 of 120``.
        has_error: Whether the summary is an error.
    """

    act: Callable[[FindBar, FindAction], None]
    find: LineInput = field(default_factory=LineInput)
    replacement: LineInput | None = None
    in_replacement: bool = False
    toggles: frozenset[Toggle] = frozenset()
    summary: str = ""
    has_error: bool = False

    @property
    def query(self) -> Query:
        """What to search for."""
        return Query(
            self.find.text,
            is_regex=Toggle.IS_REGEX in self.toggles,
            matches_case=Toggle.MATCHES_CASE in self.toggles,
            whole_word=Toggle.WHOLE_WORD in self.toggles,
        )

    def pressed(self, key: str, character: str | None) -> tuple[FindBar, FindAction | None]:
        """Return the bar after a key and what the key asks for."""
        if key == "escape":
            return self, FindAction.CLOSE
        if action := self._asked(key):
            return self, action
        if toggle := _TOGGLE_KEYS.get(key):
            return replace(self, toggles=self.toggles ^ {toggle}), FindAction.QUERY_CHANGED
        match key:
            case "tab" | "shift+tab":
                return self.focused(in_replacement=not self.in_replacement), None
            case "ctrl+f":
                return self.focused(in_replacement=False), None
            case "ctrl+r":
                return self.replacing(), None
            case _:
                return self._edited(lambda line: line.pressed(key, character))

    def press(self, key: str, character: str | None) -> Step:
        """Take a key; the action is for ``act``."""
        return self._step(*self.pressed(key, character))

    def paste(self, text: str) -> Step:
        """Put a line into the field that keys go to."""
        return self._step(*self._edited(lambda line: line.pasted(text)))

    def clicked(self, x: int, y: int, width: int) -> Step:
        """Turn the toggle that was clicked, or go to the field."""
        rows = self.rows(width, 2)
        if not 0 <= y < len(rows):
            return Step(self)
        sign = piece_at(rows[y], x).strip(" []")
        toggle = next((toggle for toggle, one in _SIGNS.items() if one == sign), None)
        if toggle is not None and y == 0:
            return self.press(toggle.value, None)
        return Step(self.focused(in_replacement=y == 1))

    def replacing(self) -> FindBar:
        """Add the replacement's field and go there, once there is something to find."""
        following = self if self.replacement is not None else replace(self, replacement=LineInput())
        return following.focused(in_replacement=bool(self.find.text))

    def focused(self, *, in_replacement: bool) -> FindBar:
        """Let keys go to a field, if it is there."""
        return replace(self, in_replacement=in_replacement and self.replacement is not None)

    def summed_up(self, summary: str, *, has_error: bool = False) -> FindBar:
        """Say what came of the search."""
        return replace(self, summary=summary, has_error=has_error)

    def rows(self, width: int, height: int) -> list[Row]:
        """Show a row for each field; if there is room for one only, the one that keys go to."""
        rows = [self._find_row(width)]
        if self.replacement is not None:
            rows.append(self._replacement_row(self.replacement, width))
        return rows if len(rows) <= height else rows[self.in_replacement :][:height]

    def _asked(self, key: str) -> FindAction | None:
        if key == "enter":
            return FindAction.REPLACE_ONE if self.in_replacement else FindAction.NEXT
        if key in _REPLACE_ALL_KEYS and self.replacement is not None:
            return FindAction.REPLACE_ALL
        return _WALKS.get(key)

    def _edited(self, edit: Callable[[LineInput], LineInput]) -> tuple[FindBar, FindAction | None]:
        if self.in_replacement and self.replacement is not None:
            return replace(self, replacement=edit(self.replacement)), None
        following = replace(self, find=edit(self.find))
        is_same = following.find.text == self.find.text
        return following, None if is_same else FindAction.QUERY_CHANGED

    def _step(self, following: FindBar, action: FindAction | None) -> Step:
        left_open = None if action is FindAction.CLOSE else following
        return Step(left_open, None if action is None else partial(self.act, following, action))

    def _find_row(self, width: int) -> Row:
        label = " Find: " if self.replacement is None else " Find:    "
        if width < _MIN_WIDTH_WITH_LABEL:
            label = " " if self.replacement is None else " F: "
        summary = Piece(f"  {self.summary} " if self.summary else "", "error" if self.has_error else "bar")
        offers = [self._toggles(with_keys=True), self._toggles(with_keys=False), self._toggles_on(), []]
        if self.replacement is None:
            offers.insert(0, [*offers[0], *_hint("ctrl+r", "replace")])
        return _field_row(label, self.find, not self.in_replacement, summary, offers, width)

    def _replacement_row(self, replacement: LineInput, width: int) -> Row:
        one, every = _hint("enter", "replace"), _hint("alt+a", "all")
        offers = [[*one, *every, *_hint("tab", "find")], [*one, *every], every, []]
        label = " R: " if width < _MIN_WIDTH_WITH_LABEL else " Replace: "
        return _field_row(label, replacement, self.in_replacement, Piece("", "bar"), offers, width)

    def _toggles(self, *, with_keys: bool) -> list[Piece]:
        pieces: list[Piece] = []
        for toggle, sign in _SIGNS.items():
            if with_keys:
                pieces.append(Piece(f" {key_label(toggle.value)}", "hint_key"))
            is_on = toggle in self.toggles
            pieces.append(Piece(f"[{sign}]", "bar_strong") if is_on else Piece(f" {sign} ", "bar"))
        return pieces

    def _toggles_on(self) -> list[Piece]:
        return [Piece(f"[{sign}]", "bar_strong") for toggle, sign in _SIGNS.items() if toggle in self.toggles]


def _hint(key: str, meaning: str) -> list[Piece]:
    return [Piece(f" {key_label(key)}", "hint_key"), Piece(f" {meaning} ", "bar")]


def _field_row(
    label: str, line: LineInput, is_focused: bool, summary: Piece, offers: list[list[Piece]], width: int
) -> Row:
    """Lay out a field: its text and the summary come first, then the richest offer that leaves them room."""
    room = width - len(label)
    wanted = FIELD_CELLS + display_line(summary.text).width
    tail = next((offer for offer in offers if wanted + _cells(offer) <= room), [])
    summary_room = room - max(min(LEAST_FIELD_CELLS, room), min(room // 4, FIELD_CELLS)) - _cells(tail)
    summary = summary._replace(text=shortened(summary.text, summary_room))
    field_width = room - _cells([summary, *tail])
    typed = input_pieces(line, field_width, "bar", is_focused=is_focused)
    return row_of([Piece(label, "prompt"), *typed, summary, *tail], width, "bar")


def _cells(pieces: list[Piece]) -> int:
    return sum(display_line(piece.text).width for piece in pieces)

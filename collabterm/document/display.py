"""What a line looks like in terminal cells, harmless whoever wrote it; must not paint or know colours.

Text from peers and files goes to the terminal as it is painted, so control characters would drive it,
bidirectional controls would reorder it and invisible ones would hide in it: each is shown as one visible
stand-in of one cell. ``rich.cells`` is the width table, because Textual measures and crops with it: every
text made here is, measured there, as wide as this module says.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Final
from unicodedata import category, combining

from rich.cells import cell_len, get_character_cell_size

from collabterm.document.clusters import (
    VISIBLE_FORMATS,
    ZERO_WIDTH_JOINER,
    ZERO_WIDTH_NON_JOINER,
    boundary_after,
    extends,
    is_pictograph,
    is_regional_indicator,
)

TAB_SIZE: Final = 4

_BAD_CHARACTER: Final = "\ufffd"
_INVISIBLE: Final = "\u2b1a"  # a dotted square, as the Unicode charts draw invisible characters
_LONE_MODIFIER: Final = "\u25a0"
_MARK_BASE: Final = "\u25cc"  # a dotted circle, as the Unicode charts draw marks
_RIGHTWARDS, _LEFTWARDS, _NEUTRAL, _POP = "\u21e2", "\u21e0", "\u21e1", "\u21e3"

_STAND_INS: Final = (
    {chr(code): chr(0x2400 + code) for code in range(0x20)}
    | {"\x7f": "\u2421", "\x85": "\u2424", "\u2028": "\u2424", "\u2029": "\xb6"}
    | dict.fromkeys("\u200e\u202a\u202d\u2066", _RIGHTWARDS)
    | dict.fromkeys("\u061c\u200f\u202b\u202e\u2067", _LEFTWARDS)
    | dict.fromkeys("\u2068", _NEUTRAL)
    | dict.fromkeys("\u202c\u2069", _POP)
    | dict.fromkeys("\u115f\u1160\u3164\uffa0", _INVISIBLE)  # Hangul fillers: letters that show nothing
    | dict.fromkeys("\u2065", _INVISIBLE)  # unassigned, reserved for a format character
)
_KEPT_FORMATS: Final = VISIBLE_FORMATS | {ZERO_WIDTH_JOINER, ZERO_WIDTH_NON_JOINER}

_NARROW: Final = (
    " -~\xa0-\xac\xae-\u02ff\u0370-\u0377\u037a-\u037f\u0400-\u0482\u1e00-\u1eff\u2010-\u2027\u2500-\u259f"
)
_WIDE: Final = "\u3001-\u3029\u3041-\u3096\u30a0-\u30ff\u3400-\u4db5\u4e00-\u9fa5\uac00-\ud7a3\uff01-\uff60"
"""Characters of one cell and of two that join nothing before them: runs of them are painted as they are."""

_TAB_MARK: Final = "\u2192"
_BLANK_MARK: Final = "\xb7"

_narrow_line: Final = re.compile(f"[{_NARROW}]*").fullmatch
_narrow_line_with_tabs: Final = re.compile(rf"[{_NARROW}\t]*").fullmatch
_narrow_run: Final = re.compile(rf"[{_NARROW}]+(?=[{_NARROW}{_WIDE}\t]|\Z)").match
_wide_run: Final = re.compile(rf"[{_WIDE}]+(?=[{_NARROW}{_WIDE}\t]|\Z)").match

_tabs: Final = re.compile(r"\t").finditer
_tabs_and_spaces: Final = re.compile(r"\t| +").finditer

_MAX_ATOM_CHARS: Final = 32
"""More marks than this on one base (UAX #15 allows 30) are shown, not stacked."""

_CACHED_LINES: Final = 512
_CACHED_LINE_CHARS: Final = 4_096
_CACHED_HUGE_LINES: Final = 2


class DisplayLine:
    """A line as it is painted, with the cell of each column.

    ``text`` is made of *atoms*: a character with its marks, or a stand-in, or the spaces of a tab. A cluster
    is painted as one atom or more. Cutting between atoms never changes what either side looks like.
    """

    __slots__ = ("_column_cells", "_tab_stops", "_text_cells", "text", "width")

    text: str
    """What to paint; harmless to the terminal."""
    width: int
    """The cells that ``text`` takes."""

    def __init__(self, line: str, tab_size: int = TAB_SIZE) -> None:
        self._column_cells: array[int] | None = None
        self._text_cells: array[int] | None = None
        self._tab_stops: _TabStops | None = None
        if (line.isascii() and line.isprintable()) or _narrow_line(line):
            self.text = line
            self.width = len(line)
        elif _narrow_line_with_tabs(line):
            self.text = line.expandtabs(tab_size)
            self.width = len(self.text)
            self._tab_stops = _TabStops(line, tab_size)
        else:
            self._lay_out(line, tab_size)

    def _lay_out(self, line: str, tab_size: int) -> None:
        parts: list[str] = []
        column_cells, text_cells = array("I"), array("I")
        cell = position = 0
        while position < len(line):
            if run := _narrow_run(line, position) or _wide_run(line, position):
                end = run.end()
                step = get_character_cell_size(line[position])
                after = cell + step * (end - position)
                parts.append(run[0])
                column_cells.extend(range(cell, after, step))
                text_cells.extend(range(cell, after, step))
                cell = after
            else:
                end = boundary_after(line, position)
                column_cells.extend([cell] * (end - position))
                for atom in _atoms(line[position:end], tab_size - cell % tab_size):
                    parts.append(atom)
                    text_cells.extend([cell] * len(atom))
                    cell += cell_len(atom)
            position = end
        column_cells.append(cell)
        text_cells.append(cell)
        self._column_cells, self._text_cells = column_cells, text_cells
        self.text = "".join(parts)
        self.width = cell

    def cell_of(self, column: int) -> int:
        """Find the cell where the cluster of ``column`` starts; the width behind the last column."""
        if self._tab_stops is not None:
            return self._tab_stops.cell_of(column)
        if self._column_cells is None:
            return min(column, self.width)
        return self._column_cells[min(column, len(self._column_cells) - 1)]

    def column_at(self, cell: int) -> int:
        """Find the first column of the cluster that covers ``cell``; the line's end behind the last cell."""
        if self._tab_stops is not None:
            return self._tab_stops.column_at(cell)
        if self._column_cells is None:
            return min(cell, self.width)
        return _first_covering(self._column_cells, cell)

    def slice(self, first_cell: int, last_cell: int) -> str:
        """Cut out the cells from ``first_cell`` to before ``last_cell``.

        Returns:
            Text exactly that many cells wide: spaces stand behind the line's end and for what is cut in two.
        """
        if self._text_cells is None:
            return self.text[first_cell:last_cell].ljust(last_cell - first_cell)
        start = bisect_left(self._text_cells, first_cell)
        end = _first_covering(self._text_cells, last_cell)
        if end < start:
            return " " * (last_cell - first_cell)
        left = self._text_cells[start] - first_cell
        right = last_cell - self._text_cells[end]
        return f"{' ' * left}{self.text[start:end]}{' ' * right}"


def display_line(line: str, tab_size: int = TAB_SIZE) -> DisplayLine:
    """Lay out ``line``, or find the layout in a bounded cache."""
    if len(line) <= _CACHED_LINE_CHARS:
        return _ordinary_line(line, tab_size)
    return _huge_line(line, tab_size)


def blank_marks(
    line: str, tab_size: int = TAB_SIZE, first_cell: int = 0, last_cell: int | None = None
) -> Sequence[tuple[int, str]]:
    """Make what shows the white space of a line that is otherwise not seen.

    Args:
        line: The line.
        tab_size: The cells from one tab stop to the next.
        first_cell: The first cell that anybody will see.
        last_cell: The cell behind the last that anybody will see; None for the line's end.

    Returns:
        From left to right, a cell and the text to lay over the line from there on: an arrow for each tab, as
        wide as the tab, and a run of dots for spaces at the line's end.
    """
    behind_text = len(line.rstrip(" \t"))
    if behind_text == len(line) and "\t" not in line:
        return ()
    display = display_line(line, tab_size)
    start = display.column_at(first_cell)
    end = len(line) if last_cell is None else display.column_at(max(last_cell - 1, 0)) + 1
    in_text = _tabs(line, start, min(end, behind_text))
    marks = []
    for blanks in chain(in_text, _tabs_and_spaces(line, max(start, behind_text), end)):
        cell = display.cell_of(blanks.start())
        width = display.cell_of(blanks.end()) - cell
        marks.append((cell, _TAB_MARK.ljust(width) if blanks[0] == "\t" else _BLANK_MARK * width))
    return marks


def is_text(character: str) -> bool:
    """Return whether what a key sent is text: all but control characters and halves of surrogate pairs."""
    return category(character) not in ("Cc", "Cs")


def safe_text(text: str) -> str:
    """Make a name, a path or a message harmless and one line: tabs and newlines get stand-ins too."""
    return display_line(text.replace("\t", _STAND_INS["\t"])).text


_ordinary_line = lru_cache(maxsize=_CACHED_LINES)(DisplayLine)
_huge_line = lru_cache(maxsize=_CACHED_HUGE_LINES)(DisplayLine)


class _TabStops:
    """Where the columns of a line are in which every character but the tabs takes one cell.

    Lists what is behind each tab, and only once somebody asks: painting a line does not.
    """

    __slots__ = ("_cells", "_columns", "_line", "_tab_size")

    def __init__(self, line: str, tab_size: int) -> None:
        self._line = line
        self._tab_size = tab_size
        self._columns = array("I", [0])
        self._cells = array("I")

    def cell_of(self, column: int) -> int:
        cells = self._cells or self._find()
        column = min(column, len(self._line))
        stop = bisect_right(self._columns, column) - 1
        return cells[stop] + column - self._columns[stop]

    def column_at(self, cell: int) -> int:
        cells = self._cells or self._find()
        stop = bisect_right(cells, cell) - 1
        column = self._columns[stop] + cell - cells[stop]
        last = self._columns[stop + 1] - 1 if stop + 1 < len(cells) else len(self._line)
        return min(column, last)

    def _find(self) -> array[int]:
        cells = array("I", [0])
        column = cell = 0
        *texts, _ = self._line.split("\t")
        for text in texts:
            column += len(text) + 1
            cell += len(text)
            cell += self._tab_size - cell % self._tab_size
            self._columns.append(column)
            cells.append(cell)
        self._cells = cells
        return cells


def _first_covering(starts: array[int], cell: int) -> int:
    """Find the first index of the piece that covers ``cell``; ``starts`` repeats each piece's first cell."""
    last = bisect_right(starts, cell) - 1
    return bisect_left(starts, starts[last], 0, last)


def _atoms(cluster: str, tab_width: int) -> list[str]:
    """Paint one cluster as texts that each begin with a character of at least one cell."""
    if cluster == "\t":
        return [" " * tab_width]
    atoms: list[str] = []
    open_base = False  # whether the last atom shows text that may take another mark
    previous = ""
    for index, char in enumerate(cluster):
        has_room = open_base and len(atoms[-1]) < _MAX_ATOM_CHARS
        following = cluster[index + 1 : index + 2]
        if open_base and atoms[-1].endswith(ZERO_WIDTH_JOINER):
            atoms[-1] += char
        elif stand_in := _stand_in(char) or _misplaced(char, previous if has_room else "", following):
            atoms.append(stand_in)
            open_base = False
        elif get_character_cell_size(char) and not (has_room and is_regional_indicator(previous)):
            atoms.append(char)
            open_base = True
        elif has_room:
            # Between letters (after a virama) rich takes the next letter for joined; drawing works without.
            atoms[-1] += "" if char == ZERO_WIDTH_JOINER and not following else char
        else:
            atoms.append(_MARK_BASE + char)
            open_base = True
        previous = char
    return atoms


def _misplaced(char: str, previous: str, following: str) -> str:
    """Pick the stand-in of a character that would be invisible or unmeasurable behind ``previous``.

    Args:
        char: A character of a cluster.
        previous: The character shown before it in the same atom; empty if there is none.
        following: The next character of the same cluster; empty if there is none.

    Returns:
        The stand-in, or nothing when ``char`` is well placed.
    """
    if char == ZERO_WIDTH_JOINER:
        joins_emoji = previous and following and is_pictograph(following)
        follows_virama = previous and not following and combining(previous) == 9
        return "" if joins_emoji or follows_virama else _INVISIBLE
    if char == ZERO_WIDTH_NON_JOINER:
        return "" if previous and category(previous)[0] in "LM" else _INVISIBLE
    if _is_variation_selector(char):
        return "" if previous and not extends(previous) else _INVISIBLE
    if _is_emoji_modifier(char):
        return "" if previous and is_pictograph(previous) else _LONE_MODIFIER
    return ""


@lru_cache(maxsize=4_096)
def _stand_in(char: str) -> str:
    """Find what is shown instead of a character that is dangerous or invisible wherever it stands."""
    if char in _STAND_INS:
        return _STAND_INS[char]
    code = ord(char)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:  # noncharacters
        return _BAD_CHARACTER
    if 0xE0000 <= code <= 0xE0FFF and not _is_variation_selector(char):
        return _INVISIBLE
    match category(char):
        case "Cc" | "Cs":
            return _BAD_CHARACTER
        case "Cf" if char not in _KEPT_FORMATS:
            return _INVISIBLE
        case _:
            return ""


def _is_variation_selector(char: str) -> bool:
    return (
        "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
        or char in "\u180b\u180c\u180d\u180f"
    )


def _is_emoji_modifier(char: str) -> bool:
    return "\U0001f3fb" <= char <= "\U0001f3ff"

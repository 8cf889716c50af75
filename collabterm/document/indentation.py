"""What indents a row and a file; must not change either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Final

from collabterm.document.clusters import cluster_start
from collabterm.document.file_style import FileStyle

BLANKS: Final = " \t"
"""What indents and trails; form feeds and exotic spaces are text."""

_SAMPLE_ROWS: Final = 1_000
_WIDTHS: Final = range(2, 9)
"""Steps in spaces that are levels; a single space is alignment, more than eight are a continued row."""


def detect_indent(rows: Iterable[str], default: str = "    ") -> str:
    """Tell how a file indents by the most common step from one row to the next that is not blank.

    Args:
        rows: The file's rows; only the first thousand are read.
        default: What to return for a file without indented rows.

    Returns:
        A tab, or the spaces of one level.
    """
    steps: Counter[str] = Counter()
    previous = ""
    for row in islice(rows, _SAMPLE_ROWS):
        current = row[: _leading_blanks(row)]
        if not row.strip() or _continues_comment(row, current):
            continue
        step = _step(previous, current)
        if step:
            steps[step] += 1
        previous = current
    return max(steps, key=lambda step: (steps[step], -len(step))) if steps else default


def indentation_of(line: str) -> str:
    """Cut out the blanks at a row's start; a blank that carries a mark is text."""
    return line[: cluster_start(line, _leading_blanks(line))]


def level_of(line: str, style: FileStyle) -> int:
    """Count the blanks at a row's start that make its first level, or what there is of it."""
    width = style.tab_size if style.indent == "\t" else len(style.indent)
    cell = 0
    for column, char in enumerate(indentation_of(line)):
        if cell >= width:
            return column
        cell += style.tab_size - cell % style.tab_size if char == "\t" else 1
    return len(indentation_of(line))


def _leading_blanks(line: str) -> int:
    return len(line) - len(line.lstrip(BLANKS))


def _continues_comment(row: str, indentation: str) -> bool:
    r"""Whether the row's star is aligned below the one of a C comment's ``/*``."""
    return len(indentation) % 2 == 1 and row.startswith("*", len(indentation))


def _step(previous: str, current: str) -> str:
    if current.count("\t") > previous.count("\t"):
        return "\t"
    width = len(current) - len(previous)
    return " " * width if "\t" not in previous + current and width in _WIDTHS else ""

"""What is put in place of matches, as edits; must not make them or look for more than it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import regex

from collabterm.document.edits import Edit, Lines
from collabterm.document.lines import LineIndex, Location
from collabterm.document.search import BadPattern, Match, Pattern, TooSlow, Within, find_groups, find_joined
from collabterm.document.selection import Selection

_PIECE_ROWS: Final = 256
_ESCAPE: Final = regex.compile(r"\\(?:g<(?P<name>[^>]*)>|(?P<number>\d{1,2})|(?P<other>.?))", regex.DOTALL)
_CHARACTERS: Final = {"n": "\n", "t": "\t", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Template:
    """A replacement made ready: texts, and the numbers or names of groups to insert."""

    parts: tuple[str | _Group, ...]

    @property
    def constant(self) -> str | None:
        """The text, if it is the same for every match."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "".join(texts) if len(texts) == len(self.parts) else None


@dataclass(frozen=True, slots=True)
class _Group:
    key: int | str


@dataclass(frozen=True, slots=True)
class Replacing:
    """What to replace.

    Attributes:
        pattern: What.
        template: By what; made ready for ``pattern``.
        within: Where matches count.
        timeout_s: How long the pattern may take for one row.
    """

    pattern: Pattern
    template: Template
    within: Within
    timeout_s: float


def compile_template(pattern: Pattern, replacement: str) -> Template:
    r"""Make a replacement ready; for plain text it is taken as it is.

    Args:
        pattern: What will be replaced.
        replacement: In regex mode ``\1``, ``\g<1>``, ``\g<name>``, ``\n``, ``\t`` and ``\\`` are special.

    Raises:
        BadPattern: If it names a group that the pattern does not have, or an unknown escape.
    """
    if not pattern.query.is_regex:
        return Template((replacement,))
    parts: list[str | _Group] = []
    behind = 0
    for escape in _ESCAPE.finditer(replacement):
        parts += [replacement[behind : escape.start()], _part(pattern, escape)]
        behind = escape.end()
    parts.append(replacement[behind:])
    return Template(tuple(part for part in parts if part))


def expand(template: Template, match: regex.Match[str] | None) -> str:
    """Return the text for one match; a group that took no part is empty.

    Args:
        template: Of the same pattern as ``match``.
        match: None for a literal, which has no groups.
    """
    return "".join(
        [part if isinstance(part, str) else (match and match[part.key]) or "" for part in template.parts]
    )


def replace_one(
    lines: Lines, pattern: Pattern, selection: Selection, template: Template, timeout_s: float
) -> Edit | None:
    """Return the edit for the match that is selected; None if the selection is not exactly a match.

    Raises:
        TooSlow: If it takes longer than ``timeout_s``.
    """
    start, end = selection.start, selection.end
    if start.row != end.row:
        return None
    for match in find_groups(pattern, lines.line(start.row), timeout_s):
        if match.span() == (start.column, end.column):
            return Edit(start, end, expand(template, match))
    return None


def replace_in_rows(
    lines: LineIndex, replacing: Replacing, first_row: int, last_row: int
) -> Iterator[tuple[int, list[Edit]]]:
    """Replace all matches in some rows, from the last row to the first, in pieces as large as is quick.

    Args:
        lines: The text, which must not change meanwhile.
        replacing: What, by what and where.
        first_row: The first row.
        last_row: The row behind the last one.

    Yields:
        The first row of each piece, and ascending and disjoint edits for it.

    Raises:
        TooSlow: If the pattern took longer for a row than it may.
    """
    text = replacing.template.constant
    for first, matches in _find_upwards(lines, replacing, first_row, last_row):
        yield (
            first,
            [
                Edit(
                    Location(row, start),
                    Location(row, end),
                    expand(replacing.template, groups) if text is None else text,
                )
                for row, start, end, groups in matches
            ],
        )


def replace_in_runs(
    lines: LineIndex, pattern: Pattern, text: str, first_row: int, last_row: int, run_rows: int
) -> tuple[list[Edit], int]:
    """Return an edit for each run of rows that has matches, for when there are too many for one edit each.

    Args:
        lines: The text.
        pattern: What to replace; made of plain text.
        text: What to put there.
        first_row: The first row.
        last_row: The row behind the last one.
        run_rows: How many rows are one run.

    Returns:
        Ascending and disjoint edits, and how many matches they replace.
    """
    edits: list[Edit] = []
    count = 0
    rows = list(lines.rows(first_row, last_row))
    for start in range(0, len(rows), run_rows):
        run = rows[start : start + run_rows]
        before = "\n".join(run)
        if pattern.literal is not None:
            found, after = before.count(pattern.literal), before.replace(pattern.literal, text)
        else:
            after, found = pattern.regex.subn(lambda _: text, before)
        if found:
            first = first_row + start
            end = Location(first + len(run) - 1, len(run[-1]))
            edits.append(Edit(Location(first, 0), end, after))
            count += found
    return edits, count


def _find_upwards(
    lines: LineIndex, replacing: Replacing, first_row: int, last_row: int
) -> Iterator[tuple[int, list[Match]]]:
    """Yield pieces of some rows and their matches; once rows are slow together, each is a piece."""
    pattern, within, timeout_s = replacing.pattern, replacing.within, replacing.timeout_s
    joins = pattern.is_joinable
    for last in range(last_row, first_row, -_PIECE_ROWS):
        first = max(last - _PIECE_ROWS, first_row)
        texts = list(lines.rows(first, last))
        if joins:
            try:
                matches = find_joined(pattern, texts, first, within, timeout_s)
            except TooSlow:
                joins = False
            else:
                yield first, matches
                continue
        for row in reversed(range(first, last)):
            yield row, find_joined(pattern, [texts[row - first]], row, within, timeout_s)


def _part(pattern: Pattern, escape: regex.Match[str]) -> str | _Group:
    other = escape["other"]
    if other is None:
        return _group(pattern, escape["name"] or escape["number"] or "")
    if other not in _CHARACTERS:
        raise BadPattern(f"unknown escape {escape[0]} in the replacement")
    return _CHARACTERS[other]


def _group(pattern: Pattern, key: str) -> _Group:
    if key in pattern.regex.groupindex:
        return _Group(key)
    if key.isdecimal() and int(key) <= pattern.regex.groups:
        return _Group(int(key))
    raise BadPattern(f"the pattern has no group {key!r}")

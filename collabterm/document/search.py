r"""What to look for, and where it is in the text; must not change the text or know the screen.

A match lies within one row: ``^`` and ``$`` are a row's ends. It may begin or end inside a grapheme cluster.
Patterns run on the ``regex`` library, as Python's ``re`` cannot be interrupted. Its timeouts count
the CPU time of the process.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import Final, NamedTuple, TypeAlias

import regex

from collabterm.document.lines import Location
from collabterm.document.selection import Selection

MAX_MATCHES: Final = 1_000_000
"""No more are found at once, and a scan stops there: they take 16 MB, and nobody walks through more."""

_MAX_REPEATS: Final = 100_000
r"""``regex`` unrolls counted repeats to compile them: ``a{100000000}`` took all memory, 10**6 take 0.5 s."""
_JOINED_TIMEOUT_S: Final = 0.01
"""Rows that take longer than this together are searched one by one, with a look at the clock after each."""

_FULL_WORD: Final = r"(?<!\w(?=\w))(?:{})(?!(?<=\w)\w)"
_REPEATS: Final = regex.compile(r"\\.|\{\s*(\d*)", regex.DOTALL)
_JOINABLE: Final = regex.compile(
    r"""(?: [^\\\[({\x00-\x1f] | \{\d*,?\d*\} | \( (?: (?!\?) | \?: | \?<?[=!] | \?P?<\w+> )
    | \\[wdb[^\w\s\x00-\x1f]]
    | \[(?!\^) (?: [^\\\[\]\x00-\x1f] | \\[wd[^\w\s\x00-\x1f]] )+ \] )*+""",
    regex.VERBOSE | regex.VERSION1,
)
"""Patterns that cannot match a newline or look beyond one, so that many rows can be searched at once."""

Within: TypeAlias = Sequence[Selection] | None
"""If given, only matches inside one of these selections count. They are disjoint and in text order."""


class BadPattern(ValueError):  # noqa: N818 - it is worded for the person who typed it
    """A pattern or its replacement cannot be understood; the message is one line that says why."""


class TooSlow(Exception):  # noqa: N818 - a fact about the text, nobody's error
    """A pattern took longer than it was given."""


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody looks for.

    Attributes:
        text: Plain text, or a pattern in the syntax of the ``regex`` library.
        is_regex: Which of the two ``text`` is.
        matches_case: Whether ``a`` and ``A`` differ.
        whole_word: Whether a match must not end in the middle of a word.
    """

    text: str
    is_regex: bool = False
    matches_case: bool = False
    whole_word: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A query made ready.

    Attributes:
        query: What it was made of.
        regex: Matches a whole row or, if ``is_joinable``, rows joined by newlines.
        literal: What to look for without any pattern, if that is enough; it is quicker.
        is_joinable: Whether joined rows have the same matches as single ones.
    """

    query: Query
    regex: regex.Pattern[str]
    literal: str | None
    is_joinable: bool


class Match(NamedTuple):
    """A place where a pattern matches, in columns of one row; ``groups`` is None for a literal."""

    row: int
    start: int
    end: int
    groups: regex.Match[str] | None


def compile_query(query: Query) -> Pattern:
    """Make a query ready; an empty one, or plain text with a newline, matches nothing.

    Raises:
        BadPattern: If it is a pattern that cannot be understood, or one that would take too much memory.
    """
    flags = regex.MULTILINE | (0 if query.matches_case else regex.IGNORECASE)
    if not query.text or (not query.is_regex and "\n" in query.text):
        return Pattern(query, regex.compile("(?!)"), None, is_joinable=True)
    source = query.text if query.is_regex else regex.escape(query.text)
    if query.is_regex:
        _check_repeats(source)
        _compile(source, flags)
    compiled = _compile(_FULL_WORD.format(source) if query.whole_word else source, flags)
    is_literal = query.matches_case and not query.is_regex and not query.whole_word
    is_joinable = not query.is_regex or _JOINABLE.fullmatch(source) is not None
    return Pattern(query, compiled, query.text if is_literal else None, is_joinable)


def find_in_row(pattern: Pattern, text: str, timeout_s: float) -> list[tuple[int, int]]:
    """Return the first and last columns of all matches in one row that are not empty.

    Raises:
        TooSlow: If it takes longer than ``timeout_s``.
    """
    return [(start, end) for _, start, end, _ in islice(_matches(pattern, [text], 0, timeout_s), MAX_MATCHES)]


def find_groups(pattern: Pattern, text: str, timeout_s: float) -> list[regex.Match[str]]:
    """Return all matches that are not empty with their groups; see ``find_in_row``."""
    try:
        # All at once: what happens between two matches would count as their time.
        found = pattern.regex.finditer(text, concurrent=False, timeout=timeout_s)
        matches = list(islice((match for match in found if match.end() > match.start()), MAX_MATCHES))
    except TimeoutError:
        raise TooSlow from None
    if pattern.regex.flags & regex.REVERSE:
        matches.reverse()
    return matches


def find_joined(
    pattern: Pattern, texts: Sequence[str], first: int, within: Within, timeout_s: float
) -> list[Match]:
    """Return the matches in consecutive rows, searched at once.

    Args:
        pattern: What to look for.
        texts: The rows; one of them only if the pattern is not joinable.
        first: The number of the first row.
        within: Where matches count.
        timeout_s: For all rows together; several of them get less.

    Raises:
        TooSlow: If it takes longer than that.
    """
    if len(texts) > 1:
        timeout_s = min(timeout_s, _JOINED_TIMEOUT_S)
    matches: Iterable[Match] = _matches(pattern, texts, first, timeout_s)
    if within is not None:
        matches = (match for match in matches if _is_inside(within, match))
    return list(islice(matches, MAX_MATCHES))


def _check_repeats(source: str) -> None:
    counts = [int(digits[:10]) for digits in _REPEATS.findall(source) if digits]
    if prod(max(1, count) for count in counts) > _MAX_REPEATS:
        raise BadPattern(f"more than {_MAX_REPEATS:,} repetitions")


def _compile(source: str, flags: int) -> regex.Pattern[str]:
    try:
        return regex.compile(source, flags, cache_pattern=False)
    except regex.error as error:
        raise BadPattern(str(error)) from None
    except RecursionError:
        raise BadPattern("too many nested groups") from None


def _matches(pattern: Pattern, texts: Sequence[str], first: int, timeout_s: float) -> Iterator[Match]:
    """Yield the matches of rows searched at once; what a call costs would else be paid for each row."""
    text = "\n".join(texts)
    spans: Iterable[tuple[int, int, regex.Match[str] | None]]
    if pattern.literal is not None:
        spans = _literal_spans(pattern.literal, text)
    else:
        spans = ((*match.span(), match) for match in find_groups(pattern, text, timeout_s))
    index, row_start, row_end = 0, 0, len(texts[0])
    for start, end, groups in spans:
        while start > row_end:
            index += 1
            row_start, row_end = row_end + 1, row_end + 1 + len(texts[index])
        yield Match(first + index, start - row_start, end - row_start, groups)


def _literal_spans(literal: str, text: str) -> Iterator[tuple[int, int, None]]:
    start = text.find(literal)
    while start >= 0:
        end = start + len(literal)
        yield start, end, None
        start = text.find(literal, end)


def _is_inside(within: Sequence[Selection], match: Match) -> bool:
    start, end = Location(match.row, match.start), Location(match.row, match.end)
    index = bisect_right(within, start, key=lambda selection: selection.start) - 1
    return index >= 0 and end <= within[index].end

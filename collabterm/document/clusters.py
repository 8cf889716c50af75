"""Where a grapheme cluster begins and ends within one line; must not know rows, cells or the cursor.

Follows UAX #29 (extended grapheme clusters) by the general categories of ``unicodedata``. Left out on
purpose: GB9b (prepended marks) and GB9c (Indic conjuncts), where stopping once more does no harm, and GB3
(CR LF), because a row has no LF.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from unicodedata import category

ZERO_WIDTH_NON_JOINER: Final = "\u200c"
ZERO_WIDTH_JOINER: Final = "\u200d"

VISIBLE_FORMATS: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Characters of category Cf that are drawn, such as the Arabic number sign (Prepend, not Control)."""

_CONTROLS: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
_OTHER_EXTENDERS: Final = frozenset(
    {ZERO_WIDTH_NON_JOINER, ZERO_WIDTH_JOINER, "\u0e33", "\u0eb3", "\uff9e", "\uff9f"}
    | set(map(chr, range(0x1F3FB, 0x1F400)))
    | set(map(chr, range(0xE0020, 0xE0080)))
)
"""Joiners, Thai and Lao AM, halfwidth voiced marks, emoji modifiers and tags: no marks, but they extend."""

_PICTOGRAPHS: Final = (
    (0x203C, 0x203C), (0x2049, 0x2049), (0x2122, 0x2122), (0x2139, 0x2139), (0x2194, 0x2199),
    (0x21A9, 0x21AA), (0x231A, 0x231B), (0x2328, 0x2328), (0x23CF, 0x23CF), (0x23E9, 0x23FA),
    (0x25AA, 0x25AB), (0x25B6, 0x25B6), (0x25C0, 0x25C0), (0x25FB, 0x25FE), (0x2600, 0x27BF),
    (0x2934, 0x2935), (0x2B05, 0x2B07), (0x2B1B, 0x2B1C), (0x2B50, 0x2B50), (0x2B55, 0x2B55),
    (0x3030, 0x3030), (0x303D, 0x303D), (0x3297, 0x3297), (0x3299, 0x3299), (0x1F000, 0x1F1E5),
    (0x1F201, 0x1F3FA), (0x1F400, 0x1FAFF), (0x1FC00, 0x1FFFD),
)  # fmt: skip
"""Extended_Pictographic, with the dingbat and emoji blocks taken whole and without the Latin-1 signs."""

_JOINABLE_FROM: Final = "\u0300"
"""No character below joins the one before it."""


def cluster_start(line: str, column: int) -> int:
    """Find the last cluster boundary at or before ``column``."""
    column = min(max(column, 0), len(line))
    if column in (0, len(line)) or line[column] < _JOINABLE_FROM:
        return column
    start = _certain_boundary(line, column)
    while (end := boundary_after(line, start)) <= column:
        start = end
    return start


def cluster_end(line: str, column: int) -> int:
    """Find the first cluster boundary after ``column``; the line's end when there is none."""
    column = max(column, 0)
    if column >= len(line):
        return len(line)
    end = _certain_boundary(line, column)
    while end <= column:
        end = boundary_after(line, end)
    return end


def boundary_after(line: str, start: int) -> int:
    """Find where the cluster that starts at the boundary ``start`` ends; walks forward only."""
    end = start + 1
    while end < len(line) and _may_join(line[end - 1], line[end]):
        preceding, following = line[end - 1], line[end]
        if is_regional_indicator(following) and end - 1 != start:  # GB12, GB13: they go in pairs
            break
        if not extends(following) and preceding == ZERO_WIDTH_JOINER and not _is_emoji(line, start, end - 1):
            break
        end += 1
    return end


def starts_before(line: str, column: int) -> Iterator[int]:
    """Walk back over the starts of the clusters before ``column``, in linear time whatever the line."""
    while column > 0:
        starts = [_certain_boundary(line, column - 1)]
        while (end := boundary_after(line, starts[-1])) < column:
            starts.append(end)
        yield from reversed(starts)
        column = starts[0]


def extends(char: str) -> bool:
    """Whether ``char`` continues any cluster before it (GB9 Extend and ZWJ, GB9a SpacingMark)."""
    return char >= _JOINABLE_FROM and (category(char) in _MARKS or char in _OTHER_EXTENDERS)


def is_pictograph(char: str) -> bool:
    """Whether ``char`` can be part of an emoji sequence joined by ZWJ (GB11)."""
    code = ord(char)
    return code >= 0x203C and any(first <= code <= last for first, last in _PICTOGRAPHS)


def is_regional_indicator(char: str) -> bool:
    """Whether ``char`` is one half of a flag."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _certain_boundary(line: str, column: int) -> int:
    """Walk back from ``column`` to a place where a cluster must start."""
    while column > 0 and _may_join(line[column - 1], line[column]):
        column -= 1
    return column


def _may_join(preceding: str, following: str) -> bool:
    """Whether two neighbours can be in one cluster, as far as the two alone can tell."""
    if following < _JOINABLE_FROM or _is_control(preceding):  # GB4
        return False
    if extends(following):  # GB9, GB9a
        return True
    if preceding == ZERO_WIDTH_JOINER:  # GB11
        return is_pictograph(following)
    if is_regional_indicator(following):
        return is_regional_indicator(preceding)
    return _is_hangul_joined(preceding, following)


def _is_control(char: str) -> bool:
    if category(char) not in _CONTROLS:
        return False
    return char not in _OTHER_EXTENDERS and char not in VISIBLE_FORMATS


def _is_emoji(line: str, start: int, joiner: int) -> bool:
    """Whether a pictograph and its extenders stand before ``joiner`` (GB11)."""
    column = joiner - 1
    while column > start and extends(line[column]) and line[column] != ZERO_WIDTH_JOINER:
        column -= 1
    return column >= start and is_pictograph(line[column])


def _is_hangul_joined(preceding: str, following: str) -> bool:
    match _hangul_part(ord(preceding)):
        case "L":
            return _hangul_part(ord(following)) in {"L", "V", "LV", "LVT"}  # GB6
        case "V" | "LV":
            return _hangul_part(ord(following)) in {"V", "T"}  # GB7
        case "T" | "LVT":
            return _hangul_part(ord(following)) == "T"  # GB8
        case _:
            return False


def _hangul_part(code: int) -> str:
    """Name the Hangul_Syllable_Type of a character; empty for everything else."""
    if 0xAC00 <= code <= 0xD7A3:
        return "LVT" if (code - 0xAC00) % 28 else "LV"
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    return ""

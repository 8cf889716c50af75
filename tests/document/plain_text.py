"""A text as one plain string, for tests to check the document's functions against; must stay naive."""

from __future__ import annotations

from collabterm.document.lines import Location


class PlainLines:
    """Rows of a string, as motions and commands read them."""

    def __init__(self, text: str) -> None:
        self._rows = text.split("\n")

    @property
    def row_count(self) -> int:
        return len(self._rows)

    def line(self, row: int) -> str:
        return self._rows[row]


def location_at(text: str, offset: int) -> Location:
    """Count the rows and columns before ``offset``."""
    rows = text[:offset].split("\n")
    return Location(len(rows) - 1, len(rows[-1]))


def offset_of(text: str, location: Location) -> int:
    """Count the characters before ``location``."""
    return sum(len(row) + 1 for row in text.split("\n")[: location.row]) + location.column

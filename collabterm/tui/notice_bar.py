"""Rows for what just happened if the status bar has no place for it; must not decide what is said there."""

from __future__ import annotations

from typing import Final

from textual.strip import Strip

from collabterm.document.display import display_line
from collabterm.tui.painters import paint_row
from collabterm.tui.prompts import broken, shortened
from collabterm.tui.rows import Rows
from collabterm.tui.theme import Theme

MOST_ROWS: Final = 3
"""What a server says may be long, and the text needs its rows."""

MOST_CHARS: Final = 1_000
"""More than the rows hold; the rest of what may be a whole message is not looked at for every key."""

LEAST_S: Final = 4.0
LONGEST_S: Final = 20.0
S_PER_CHAR: Final = 0.1
"""Somebody who is at work looks down late, and reads a language that may not be theirs."""


def reading_s(sentence: str) -> float:
    """Return how long a sentence stays."""
    return min(max(S_PER_CHAR * len(sentence), LEAST_S), LONGEST_S)


def notice_rows(sentence: str, width: int) -> list[str]:
    """Return the rows that show a sentence in ``width`` cells; what does not fit ends with an ellipsis."""
    rows = broken(sentence[:MOST_CHARS], width) if sentence else []
    if len(rows) > MOST_ROWS:
        rows[MOST_ROWS - 1 :] = [f"{rows[MOST_ROWS - 1]}…"]
    return [shortened(row, width) for row in rows]


class NoticeBar(Rows):
    """The rows below the status bar, none as long as nothing is to be said.

    Args:
        theme: In which colors.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[str] = []

    def show_as(self, theme: Theme) -> None:
        """Look otherwise."""
        self._theme = theme
        self.repaint()

    def say(self, sentence: str, width: int) -> None:
        """Take as many rows of the screen as the sentence needs; none for an empty one."""
        rows = notice_rows(sentence, width)
        if rows != self._rows:
            self._rows = rows
            self.styles.height = len(rows)
            self.display = bool(rows)
            self.repaint()

    def render_line(self, y: int) -> Strip:
        """Paint a row."""
        line = display_line(self._rows[y] if y < len(self._rows) else "")
        return paint_row(line, (), 0, self.size.width, self._theme.bar)

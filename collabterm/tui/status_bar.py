"""The bottom row: room, connection, file and position, or a question; must not decide anything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from textual.strip import Strip

from collabterm.document.display import display_line, safe_text
from collabterm.session.events import (
    Alone,
    Behind,
    Connecting,
    InSync,
    Signaling,
    SignedIn,
    SignedOut,
    SigningIn,
    Status,
    Syncing,
)
from collabterm.tui.painters import Span, paint_row
from collabterm.tui.prompts import shortened
from collabterm.tui.rows import Rows
from collabterm.tui.theme import Theme


@dataclass(frozen=True, slots=True)
class Said:
    """What there is to say.

    Attributes:
        room: The room's name.
        known: What is known of the connection.
        notice: What just happened.
        file: The file's name, and whether it is saved.
        position: Where the cursor is.
        details: What else: language, selection, further cursors.
    """

    room: str
    known: str
    notice: str
    file: str
    position: str
    details: str = ""


class StatusBar(Rows):
    """One row of text, repainted only when it says something else.

    Args:
        theme: In which colors.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._said = Said("", "", "", "", "")
        self._prompt: Strip | None = None

    def show_as(self, theme: Theme) -> None:
        """Look otherwise."""
        self._theme = theme
        self.repaint()

    def say(self, said: Said) -> None:
        """Show how things are."""
        if said != self._said or self._prompt is not None:
            self._said, self._prompt = said, None
            self.repaint()

    def show_prompt(self, strip: Strip) -> None:
        """Show a question instead."""
        if strip != self._prompt:
            self._prompt = strip
            self.repaint()

    def render_line(self, y: int) -> Strip:
        """Paint the row; a prompt has it all."""
        if self._prompt is not None:
            return self._prompt
        width = self.size.width
        room, left, right = fitted(self._said, width)
        rest = max(width - display_line(left).width, 0)
        line = display_line(f"{left}{' ' * (rest - display_line(right).width)}{right}")
        strong = Span(0, display_line(room).width, self._theme.bar_strong)
        return paint_row(line, (strong,), 0, width, self._theme.bar)


def has_place(said: Said, width: int) -> bool:
    """Return whether a row of ``width`` cells has place for the whole notice, if names give way to it."""
    _, left, right = fitted(replace(said, room="", file="", details=""), width)
    return safe_text(said.notice) in left and display_line(f"{left}{right}").width <= width


def fitted(said: Said, width: int) -> tuple[str, str, str]:
    """Choose what is said in a row of ``width`` cells.

    What is known of the connection always comes first and is cut last; names give way to it.

    Returns:
        The room's part of the left text, the left text, and the right text.
    """
    known, notice = safe_text(said.known), safe_text(said.notice)
    for name_cells, shows_details in ((24, True), (16, True), (12, False), (8, False), (0, False)):
        room = f" {shortened(said.room, name_cells)} " if name_cells else ""
        parts = [part for part in (known, notice) if part]
        left = "│".join([room, *(f" {part} " for part in parts)]) if room else f" {' │ '.join(parts)} "
        details = f" │ {said.details}" if shows_details and said.details else ""
        file = shortened(said.file, name_cells * 2)
        right = f" {file}{details} │ {said.position} " if file else f" {said.position} "
        if display_line(left).width + display_line(right).width <= width:
            return room, left, right
    left = shortened(left, max(width - display_line(right).width, width // 2))
    return "", left, shortened(right, max(width - display_line(left).width, 0))


def describe(status: Status, signaling: Signaling) -> str:
    """Return what the status bar says of the connection: never more than is known."""
    server = _describe_signaling(signaling, has_peers=not isinstance(status, Alone))
    return f"{_describe_status(status, signaling)}{server}"


def _describe_status(status: Status, signaling: Signaling) -> str:
    match status:
        case Alone() if isinstance(signaling, SignedIn):
            return (
                f"◌ waiting for {_names(signaling.awaited)} to return" if signaling.awaited else "alone here"
            )
        case Alone():
            return ""
        case Connecting(names):
            return f"◌ connecting to {_names(names)}"
        case Syncing():
            return "◌ syncing"
        case Behind(names):
            return f"✗ differs from {_names(names)}, repairing"
        case InSync(peers):
            return f"● in sync with {peers}"
        case _:
            assert_never(status)


def _describe_signaling(signaling: Signaling, *, has_peers: bool) -> str:
    separator = " │ " if has_peers else ""
    match signaling:
        case SigningIn():
            return f"{separator}◌ signing in"
        case SignedIn(hosting=True):
            return " │ hosting"
        case SignedIn():
            return ""
        case SignedOut(reason, is_final=True):
            return f"{separator}no server: {safe_text(reason)}"
        case SignedOut(is_turned_away=True):
            return f"{separator}turned away, trying again"
        case SignedOut():
            return f"{separator}no server, trying again"
        case _:
            assert_never(signaling)


def _names(names: tuple[str, ...]) -> str:
    return safe_text(", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""))

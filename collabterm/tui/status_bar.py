"""The bottom row: room, connection, file and position, or a question; must not decide anything."""

from __future__ import annotations

from typing import assert_never

from rich.style import Style
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
from collabterm.tui.rows import Rows

_BASE = Style(color="#c8ccd4", bgcolor="#2c313a")
_PROMPT = Style(color="#101216", bgcolor="#e6b422", bold=True)
_STRONG = Style(bold=True, color="#ffffff")


class StatusBar(Rows):
    """One row of text, repainted only when it says something else."""

    def __init__(self) -> None:
        super().__init__()
        self._left = ""
        self._right = ""
        self._strong_cells = 0
        self._is_prompt = False

    def show_status(self, room: str, left: str, right: str) -> None:
        """Show the room's name, what is known on the left, and the position on the right."""
        self._show(f" {room} ", f" {room} │ {left}", f"{right} ", is_prompt=False)

    def show_prompt(self, line: str) -> None:
        """Show a question instead."""
        self._show("", f" {line}", "", is_prompt=True)

    def _show(self, strong: str, left: str, right: str, *, is_prompt: bool) -> None:
        shown = (left, right, is_prompt)
        if shown != (self._left, self._right, self._is_prompt):
            self._left, self._right, self._is_prompt = shown
            self._strong_cells = display_line(strong).width
            self.repaint()

    def render_line(self, y: int) -> Strip:
        """Paint the row; what does not fit goes from the left part's end."""
        width = self.size.width
        right = display_line(self._right)
        room_left = max(width - right.width - 1, width // 2)
        left = display_line(self._left).slice(0, room_left)
        line = display_line(left + " " + right.text)
        if self._is_prompt:
            tail = display_line(self._left)
            start = max(tail.width - width, 0)
            return paint_row(tail, (), start, width, _PROMPT)
        return paint_row(line, (Span(0, self._strong_cells, _STRONG),), 0, width, _BASE)


def describe(status: Status, signaling: Signaling) -> str:
    """Return what the status bar says of the connection: never more than is known."""
    server = _describe_signaling(signaling, has_peers=not isinstance(status, Alone))
    return f"{_describe_status(status, signaling)}{server}"


def _describe_status(status: Status, signaling: Signaling) -> str:
    match status:
        case Alone():
            return "alone here" if isinstance(signaling, SignedIn) else ""
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
        case SignedOut():
            return f"{separator}no server, trying again"
        case _:
            assert_never(signaling)


def _names(names: tuple[str, ...]) -> str:
    return safe_text(", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""))

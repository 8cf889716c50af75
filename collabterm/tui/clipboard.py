"""What was copied, here and in the terminal's own clipboard; must not know selections or keys.

The terminal's clipboard is written with OSC 52 (xterm, "Manipulate Selection Data") and never read: few
terminals allow that, and what it holds comes as a paste when the person wants it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_TERMINAL_BYTES: Final = 74_994
"""What every terminal takes: xterm stops at 100,000 bytes of base64 and hterm at 74,994 bytes of text."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Some text; ``is_rows`` if it is whole rows, to be put in above the cursor's row."""

    text: str = ""
    is_rows: bool = False


class Clipboard:
    """The editor's clipboard.

    Args:
        write: Writes to the terminal.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self.copied = Copied()
        self._write = write

    def put(self, copied: Copied) -> bool:
        """Keep what was copied; return whether the terminal was told too, which has a limit."""
        self.copied = copied
        encoded = copied.text.encode()
        if len(encoded) > MAX_TERMINAL_BYTES:
            return False
        self._write(f"\x1b]52;c;{b64encode(encoded).decode()}\x07")
        return True

"""Every word of the screen that the end-to-end tests rely on, and nothing else; it must not hold logic."""

from __future__ import annotations

from typing import Final

IN_SYNC: Final = "in sync"
"""The status bar, when everyone is known to have the same text."""

ALONE: Final = "alone here"
"""The status bar of one who is in the room with nobody else."""

AWAITED: Final = "waiting for {name} to return"
"""The status bar of a stranger in the empty room of somebody who lost the connection."""

FILE_WAITS: Final = "{file} opens if not"
"""The status bar, beside that, at first."""

HOSTING: Final = "hosting"
"""The status bar of the one whose process hosts the signaling server."""

SERVER_LOST: Final = "no server"
"""The status bar, while signaling is lost and the peers go on."""

POSITION: Final = "{row}:{column}"
"""Where the status bar says the cursor is, both from 1."""

CONNECTING: Final = "connecting to"
"""The status bar, before the name of somebody who is in the room and not linked."""

OVERWRITE_QUESTION: Final = "Overwrite"
"""The dialog before a file that differs is written over."""

OVERWRITE_KEYS: Final = ("y",)
"""What is pressed there to do it."""

KEEP_KEYS: Final = ("escape",)
"""What is pressed there to leave the file alone."""

FIND_BAR: Final = "Find:"
"""Before what is looked for."""

MATCHES: Final = "{number} of {count}"
"""The find bar, when the search stands at a match and knows all."""

HINT: Final = "Quit"
"""In the row of hints."""

CURSORS: Final = "{count} cursors"
"""The status bar, when there are several."""

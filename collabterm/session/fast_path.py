"""The last few edits, to be repeated in every datagram; must not know peers or what else a datagram holds.

aiortc's reliable channel holds everything back for a second when one packet is lost. An unreliable packet
that repeats the edits before it makes that second invisible, and repeating a CRDT update is free.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from collabterm.protocol.messages import Update, encode_message

REPEAT_S: Final = 1.0
"""How long an edit is repeated: by then the reliable channel has carried it."""

MAX_BYTES: Final = 640
"""What the edits may take of a datagram; a larger edit goes by the reliable channel alone."""

_MAX_EDITS: Final = 16


class FastPath:
    """The recent edits of this side."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, bytes]] = deque(maxlen=_MAX_EDITS)
        self._fresh: list[bytes] = []

    @property
    def is_due(self) -> bool:
        """Whether there are edits that no datagram has carried."""
        return bool(self._fresh)

    def add(self, update: bytes) -> None:
        """Remember an edit for the next datagram, unless it is too large for any."""
        if len(update) <= MAX_BYTES:
            self._fresh.append(update)

    def take(self, now_s: float) -> list[bytes]:
        """Return the messages for a datagram sent now, oldest first."""
        self._recent.extend((now_s, encode_message(Update(update))) for update in self._fresh)
        self._fresh.clear()
        while self._recent and now_s - self._recent[0][0] > REPEAT_S:
            self._recent.popleft()
        messages: list[bytes] = []
        size = 0
        for _, message in reversed(self._recent):
            size += len(message)
            if size > MAX_BYTES:
                break
            messages.append(message)
        return messages[::-1]

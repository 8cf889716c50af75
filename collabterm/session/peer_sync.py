"""One linked peer's side of the bookkeeping: greeted, verified, alive; must not touch the document.

Its states, as the status bar tells them::

    opened ── hello ─► greeted ── digest equal to ours ─► agreed ── anybody edits ─► greeted ...
                          └─ digest differs, and lasts ─► differing ── sync step 1 ─► ...
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from collabterm.protocol.messages import ClientId

PING_INTERVAL_S: Final = 2.0
PING_RETRY_S: Final = 0.5
GREETING_S: Final = 10.0
"""A peer that says nothing for this long does not speak our protocol."""

SILENCE_S: Final = 4.5
"""Nothing heard for this long, pings included: the path is dead (ICE consent would take 30 s)."""

DOUBTED_SILENCE_S: Final = 1.2
"""The same for a peer that the server says has left: most likely it has."""

REPAIR_AFTER_S: Final = 1.0
MAX_REPAIR_INTERVAL_S: Final = 16.0
UNDER_WAY_S: Final = 4.0
"""The largest edits, of tens of megabytes, take some seconds to travel."""

_MAX_SEEN: Final = 64
_MAX_SEEN_BYTES: Final = 1_024


@dataclass(slots=True)
class PeerSync:
    """What is between us and one peer over one link."""

    peer_id: str
    opened_s: float
    heard_s: float
    client_id: ClientId | None = None
    pinged_s: float = float("-inf")
    ping_nonce: int = 0
    doubted_s: float | None = None
    """When the server said that the peer left, unless it answered since."""
    is_faulty: bool = False
    """What they asked cannot be answered."""
    pending: list[bytes] = field(default_factory=list)
    """Updates not yet sent over the reliable channel."""
    owed_since_s: float | None = None
    owes_awareness: bool = False
    """Our presence changed since it was last sent over the reliable channel."""
    stated_version: int = -1
    """The version of our text that our last digest to them was about."""
    agreed_version: int = -1
    """The version of our text that their last digest was equal to."""
    asked: bytes | None = None
    """The state vector of their last sync step 1, until it is answered."""
    owes_everybody: bool = False
    """They asked for everybody's presence, or there was news before they said hello."""
    seen: dict[bytes, None] = field(default_factory=dict)
    theirs: tuple[Mapping[int, int], bytes] | None = None
    compared: object = None
    """Both sides when they last differed: a difference between the very same texts is one that lasts."""
    differs_since_s: float | None = None
    repair_interval_s: float = REPAIR_AFTER_S
    is_under_way: bool = False
    """One side lacks edits of the other, which may still be travelling."""

    @property
    def is_greeted(self) -> bool:
        """Whether the peer said hello."""
        return self.client_id is not None

    def has_seen(self, update: bytes) -> bool:
        """Return whether these very bytes came lately: the fast path repeats itself on purpose."""
        if len(update) > _MAX_SEEN_BYTES:
            return False
        if update in self.seen:
            return True
        self.seen[update] = None
        if len(self.seen) > _MAX_SEEN:
            del self.seen[next(iter(self.seen))]
        return False

    @property
    def is_differing(self) -> bool:
        """Whether a difference outlasted a first repair, or several while edits may have been under way."""
        return self.repair_interval_s > (UNDER_WAY_S if self.is_under_way else REPAIR_AFTER_S)

    def take_batch(self, now_s: float, delay_s: float, max_bytes: int) -> bool:
        """Return whether what is owed has to go now: it waited long enough, or is too large to wait."""
        if not self.pending and not self.owes_awareness:
            return False
        if self.owed_since_s is None:
            self.owed_since_s = now_s
        if now_s - self.owed_since_s < delay_s and sum(map(len, self.pending)) <= max_bytes:
            return False
        self.owed_since_s = None
        return True

    def compare(self, ours: tuple[Mapping[int, int], bytes], version: int, now_s: float) -> None:
        """Hold the peer's last digest against what we have now."""
        if self.theirs is None:
            return
        if self.theirs == ours:
            self.agreed_version = version
            self.differs_since_s = None
            self.repair_interval_s = REPAIR_AFTER_S
            return
        self.agreed_version = -1
        if self.differs_since_s is None or self.compared != (ours, self.theirs):
            self.differs_since_s = now_s
        self.compared = (ours, self.theirs)
        self.is_under_way = ours[0] != self.theirs[0]

    def take_repair(self, now_s: float) -> bool:
        """Return whether a difference has lasted long enough to ask for what we lack, and back off."""
        if self.differs_since_s is None or now_s - self.differs_since_s < self.repair_interval_s:
            return False
        self.differs_since_s = now_s
        self.repair_interval_s = min(2 * self.repair_interval_s, MAX_REPAIR_INTERVAL_S)
        return True

    def take_ping(self, now_s: float) -> bool:
        """Return whether it is time to ask for a sign of life."""
        is_late = self.doubted_s is not None or now_s - self.heard_s > PING_INTERVAL_S + PING_RETRY_S
        interval = PING_RETRY_S if is_late else PING_INTERVAL_S
        if now_s - self.pinged_s < interval:
            return False
        self.pinged_s = now_s
        self.ping_nonce += 1
        return True

    def is_silent(self, now_s: float) -> bool:
        """Return whether the peer gave no sign of life for too long."""
        if self.doubted_s is not None and now_s - self.doubted_s > DOUBTED_SILENCE_S:
            return True
        if self.is_faulty:
            return True
        if not self.is_greeted and now_s - self.opened_s > GREETING_S:
            return True
        return now_s - self.heard_s > SILENCE_S

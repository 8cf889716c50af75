"""How many are let in, at once and over time, of all and of one source; must not know clients or a clock.

Who is let in, by key and token, is ``access``'s to say.
"""

from __future__ import annotations

from typing import Final

from collabterm.protocol.signaling import Error, ErrorCode
from collabterm_server.limits import ServerLimits
from collabterm_server.rates import SourceCounts, SourceRates

_OVERDRAFT: Final = 2
"""How many times its handshakes a source may have under way: to there refused in words, beyond cut off."""

_HOLDERS: Final = 4
"""How many sources can hold as much as they like of messages that have come in part."""

_CROWDED_RETRY_S: Final = 10.0
"""How soon a full server is worth another try."""

_FULL: Final = Error(ErrorCode.TOO_MANY, "The server is full: try again later.", _CROWDED_RETRY_S)


class Doorkeeper:
    """Counts connections on their way in; a source is "" until it is known.

    A connection's way::

        came ── attributed to a source ── challenged ── signed in ─► gone
           └──────────── at any time ────────────────────────────────►
    """

    __slots__ = (
        "_challenged",
        "_connections",
        "_held",
        "_held_bytes",
        "_inside",
        "_joins",
        "_knocking",
        "_limits",
        "_places",
    )

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self._connections = 0
        self._challenged = 0
        self._inside = 0
        self._held_bytes = 0
        self._held: dict[str, int] = {}
        self._knocking = SourceCounts()
        self._places = SourceCounts()
        self._joins = SourceRates(limits.join_rate, limits.join_burst)

    @property
    def challenged(self) -> int:
        """How many have been challenged and not answered."""
        return self._challenged

    def came(self) -> bool:
        """Count a connection; return False if it is to be cut off, because there are far too many."""
        limits = self._limits
        self._connections += 1
        return (
            self._connections <= limits.max_connections + limits.max_handshakes
            and self._connections - self._inside <= _OVERDRAFT * limits.max_handshakes
        )

    def attribute(self, source: str) -> bool:
        """Count a connection as its source's; return False if it is to be cut off."""
        self._knocking.add(source)
        return self._knocking.count(source) <= _OVERDRAFT * self._limits.max_handshakes_per_source

    def challenge(self, source: str) -> Error | None:
        """Count a connection that is about to be challenged, or return why it must not be."""
        limits = self._limits
        if self._knocking.count(source) > limits.max_handshakes_per_source:
            sentence = "Too many sign-ins are under way from your address: try again later."
            return Error(ErrorCode.RATE_LIMITED, sentence, _CROWDED_RETRY_S)
        if self._challenged >= limits.max_handshakes:
            return _FULL
        self._challenged += 1
        return None

    def try_to_sign_in(self, source: str, now: float) -> Error | None:
        """Count a try, before its signature costs anything, or return why it must not be.

        It takes one of its source's joins, also if it fails, so that nobody guesses tokens faster than
        people join. The first join of who succeeds is paid with it.
        """
        return self.join(source, now)

    def place(self, source: str, inside: int) -> Error | None:
        """Return why there is no place for one who has signed in, beside ``inside`` others.

        Not to be asked for who replaces a connection of their own: their place is there.
        """
        if inside >= self._limits.max_connections:
            return _FULL
        if self._places.count(source) >= self._limits.max_connections_per_source:
            sentence = "Too many people are here from your address: try again later."
            return Error(ErrorCode.TOO_MANY, sentence, _CROWDED_RETRY_S)
        return None

    def hold(self, source: str, growth: int) -> bool:
        """Count the bytes of messages that have come in part; return whether there may be so many.

        No source may hold so many that those of others are in the way.
        """
        self._held_bytes += growth
        held = self._held.get(source, 0) + growth
        if held:
            self._held[source] = held
        else:
            self._held.pop(source, None)
        most = self._limits.max_held_bytes
        return self._held_bytes <= most and held <= most // _HOLDERS

    def join(self, source: str, now: float) -> Error | None:
        """Count a join, or return when there may be one."""
        wait_s = self._joins.take(source, now)
        if not wait_s:
            return None
        sentence = f"Too many joins from your address: go on in {wait_s:.2g} seconds."
        return Error(ErrorCode.RATE_LIMITED, sentence, wait_s)

    def sign_in(self, source: str) -> None:
        """Count one that was challenged as one who is in."""
        self._challenged -= 1
        self._inside += 1
        self._knocking.remove(source)
        self._places.add(source)

    def went(self, source: str, *, was_challenged: bool, was_in: bool) -> None:
        """Count a connection no more."""
        self._connections -= 1
        if was_in:
            self._inside -= 1
            self._places.remove(source)
            return
        self._challenged -= was_challenged
        if source:
            self._knocking.remove(source)

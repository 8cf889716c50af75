"""How often something may happen: token buckets and counts, alone or by source; must not read a clock.

Every ``now`` is an argument, in seconds of any clock that seldom steps. A clock that steps forward
fills the buckets, one that steps back leaves them at worst empty.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MAX_SOURCES: Final = 10_000
"""Sources remembered at once, some 2 MB: as many as the connections that could come from them."""

_ROUNDING_S: Final = 1e-6
"""So much too early is in time: who waits as long as told must not be refused for the last bit of a float."""


class TokenBucket:
    """Grants ``burst`` at once and ``rate`` a second from then on.

    The time at which it will be full again is all its state (the generic cell rate algorithm, ITU-T
    I.371): one float a connection, and nothing to be done while nothing is taken.
    """

    __slots__ = ("_burst", "_full_at", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._full_at = float("-inf")

    def take(self, now: float, n: float = 1) -> float:
        """Take ``n`` tokens if they are there; return 0, or in how many seconds they will be.

        What is refused costs nothing: who waits that long is granted it, however often it asked before.
        """
        if n > self._burst:
            raise AssertionError("no waiting would fill the bucket with more than its burst")
        span_s = self._burst / self._rate
        most_s = span_s + _ROUNDING_S  # more is missing only if the clock went back
        missing_s = min(max(self._full_at - now, 0.0), most_s)
        wait_s = missing_s + n / self._rate - span_s
        if wait_s > _ROUNDING_S:
            self._full_at = now + missing_s
            return wait_s
        self._full_at = now + missing_s + n / self._rate
        return 0.0

    def is_full(self, now: float) -> bool:
        """Return whether it is like a new one."""
        return self._full_at <= now


class SourceRates:
    """A bucket for each source, of which only those in use are kept.

    When more sources than ``max_sources`` are in use, the one that has been quiet for longest is
    forgotten and so may begin anew. To refuse new sources instead would let whoever has that many
    addresses keep everybody else out; and a limit by source does not hold them anyway.
    """

    __slots__ = ("_buckets", "_burst", "_max_sources", "_rate")

    def __init__(self, rate: float, burst: float, max_sources: int = MAX_SOURCES) -> None:
        self._rate = rate
        self._burst = burst
        self._max_sources = max_sources
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()  # the one quiet for longest is first

    def __len__(self) -> int:
        """Return how many sources are remembered."""
        return len(self._buckets)

    def take(self, source: str, now: float, n: float = 1) -> float:
        """Take ``n`` tokens of a source's bucket; return as the bucket does."""
        self._forget_full(now)
        bucket = self._buckets.get(source)
        if bucket is None:
            if len(self._buckets) >= self._max_sources:
                self._buckets.popitem(last=False)
            bucket = self._buckets[source] = TokenBucket(self._rate, self._burst)
        else:
            self._buckets.move_to_end(source)
        return bucket.take(now, n)

    def _forget_full(self, now: float) -> None:
        """Forget from the quiet end on: each bucket once, so the cost is a constant for each one made.

        Full ones behind one that is not wait for it, at most until that one had time to fill up.
        """
        while self._buckets:
            source, bucket = next(iter(self._buckets.items()))
            if not bucket.is_full(now):
                return
            del self._buckets[source]


class SourceCounts:
    """How many things each source has open; what is counted bounds the memory."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many sources have anything open."""
        return len(self._counts)

    def count(self, source: str) -> int:
        """Return how many are open."""
        return self._counts.get(source, 0)

    def add(self, source: str) -> None:
        """Count one that opened."""
        self._counts[source] = self.count(source) + 1

    def remove(self, source: str) -> None:
        """Count one that closed, after it was added."""
        count = self.count(source)
        if count == 0:
            raise AssertionError("more closed than were open")
        if count == 1:
            del self._counts[source]
        else:
            self._counts[source] = count - 1

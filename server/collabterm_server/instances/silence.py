"""Which instances have been silent for too long; must not read a clock or act on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from collabterm_server.instances.announcements import InstanceId


@dataclass(frozen=True, slots=True)
class Pace:
    """How often an instance shows that it is alive, and how long it waits for others (seconds).

    ``patience_s`` is how long the bus may bring nothing, although one's own beats come back over it:
    less than ``silence_s``, so that a bus that hangs is known to be lost before the others seem dead.
    """

    beat_s: float
    silence_s: float
    answer_s: float
    patience_s: float


def pace_for(heartbeat_s: float) -> Pace:
    """Return the pace at which an instance's end is noticed within the heartbeat of the clients.

    With the default of 15 s: after 10 s of silence, looked at once a second.
    """
    beat_s = heartbeat_s / 15
    return Pace(beat_s, silence_s=10 * beat_s, answer_s=beat_s / 2, patience_s=4 * beat_s)


class Silence:
    """When each instance was heard last; times are seconds of one monotonic clock."""

    __slots__ = ("_heard", "_looked", "_pace")

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._heard: dict[InstanceId, float] = {}
        self._looked: float | None = None

    def hear(self, instance: InstanceId, now: float) -> None:
        """Take note of a sign of life."""
        self._heard[instance] = now
        if self._looked is None:
            self._looked = now

    def too_long(self, instances: Iterable[InstanceId], now: float) -> list[InstanceId]:
        """Return which of them have been silent for too long; to be asked about once in ``beat_s``.

        Who asks late has been busy or stopped, and what others said meanwhile may still be unread: the
        pause is not held against them. Others than these are forgotten.
        """
        paused_s = 0.0 if self._looked is None else max(0.0, now - self._looked - 2 * self._pace.beat_s)
        self._looked = now
        self._heard = {each: min(now, self._heard.get(each, now) + paused_s) for each in instances}
        return [each for each, heard in self._heard.items() if now - heard > self._pace.silence_s]

"""What one signaling server allows, and for how long it waits; numbers and their reasons only.

Must not depend on sockets or on a clock. What both ends keep to is in ``collabterm.protocol.limits``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from math import nan
from typing import Any, Final, NamedTuple, TypeVar

from collabterm.errors import BadLimit
from collabterm.protocol.limits import MAX_PEERS, MAX_SIGNAL_BYTES

SILENT_BEATS: Final = 2.5
"""Beats a client may miss: one lost or late beat is forgiven, two are not."""

GRACE_S: Final = 20.0
MAX_ROOMS: Final = 10_000
"""These two are named because the rooms have them by default, too."""

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class _Limit:
    """A default, from what to what the command line may set it, and why it is what it is."""

    default: float
    least: float
    most: float
    reason: str


def _limit(default: _Number, least: float, most: float, reason: str) -> _Number:
    return field(default=default, metadata={_Limit: _Limit(default, least, most, reason)})


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The limits of one server; each stands here with its default, its bounds and its reason.

    The bounds are those of ``with_limit``: a test may go below them, an operator may not.
    """

    auth_s: float = _limit(
        10.0,
        1,
        120,
        "From the TCP connection to the request, and again from the challenge to AUTH: "
        "ample for any network, and a client that drips its bytes (slow loris) holds its place no longer.",
    )
    heartbeat_s: float = _limit(
        15.0,
        1,
        120,
        "Shorter than the 30 to 60 s after which proxies and NATs forget an idle connection.",
    )
    grace_s: float = _limit(
        GRACE_S,
        0,
        600,
        "A place in a room, and an empty room, are kept this long for a client that lost its connection: "
        "longer than the client's longest pause between two tries, 15 s.",
    )
    close_s: float = _limit(
        1.0,
        0.1,
        30,
        "For a client's side of the closing handshake.",
    )
    shutdown_s: float = _limit(
        0.2,
        0,
        30,
        "For all clients' closing handshakes when the server ends; nobody waits for a stopping server.",
    )
    max_connections: int = _limit(
        10_000,
        1,
        1_000_000,
        "Signed-in clients: at 8 KB each, 28 with TLS, 80 to 280 MB, which a machine of 512 MB has to spare.",
    )
    max_connections_per_source: int = _limit(
        1_000,
        1,
        1_000_000,
        "Signed-in clients from one source: an office of 300 three times over; "
        "a tenth of all, so no one address takes every place.",
    )
    max_handshakes: int = _limit(
        1_000,
        1,
        100_000,
        "Connections that have not signed in: a thousand arrivals a second, each a second away; "
        "they are counted apart, so those who only knock never use up the places of those who edit.",
    )
    max_handshakes_per_source: int = _limit(
        300,
        1,
        100_000,
        "A whole office behind one address may knock at the same moment when its server restarts; "
        "under a third of all, so no one address shuts the others out.",
    )
    max_rooms: int = _limit(
        MAX_ROOMS,
        1,
        1_000_000,
        "As many as connections, everybody alone in one; at about 1 KB each, "
        "empty ones that are still kept cannot fill the memory.",
    )
    max_peers: int = _limit(
        MAX_PEERS,
        2,
        MAX_PEERS,
        "Peers in a room: each holds a link to every other, and more links than that no terminal carries.",
    )
    max_message_bytes: int = _limit(
        MAX_SIGNAL_BYTES,
        16_384,
        MAX_SIGNAL_BYTES,
        "One message from a client: what clients keep to; the largest description is under 8 KB, "
        "sealed and encoded under 16 KB.",
    )
    max_held_bytes: int = _limit(
        32 * 1024 * 1024,
        MAX_SIGNAL_BYTES,
        1024 * 1024 * 1024,
        "Messages of all clients that have come in part only: 512 of the largest at the same moment, "
        "where an honest one takes milliseconds.",
    )
    max_unsent_bytes: int = _limit(
        4 * MAX_SIGNAL_BYTES,
        MAX_SIGNAL_BYTES,
        256 * MAX_SIGNAL_BYTES,
        "Waiting for one slow client: the introductions of a whole room several times over.",
    )
    message_rate: float = _limit(
        20.0,
        1,
        100_000,
        "Messages a second and connection, for as long as it likes: seven links made anew every four "
        "seconds, which no working network asks for.",
    )
    message_burst: int = _limit(
        200,
        16,
        100_000,
        "Messages at once: a newcomer in a room of 8 sends 7 offers with some 10 candidates each, 77, "
        "and may have to do it all again at once when its network changes.",
    )
    join_rate: float = _limit(
        10.0,
        0.01,
        100_000,
        "Joins a second and source, for as long as it likes: a hundredth of what one core answers.",
    )
    join_burst: int = _limit(
        600,
        1,
        100_000,
        "Joins at once: an office of 300 behind one address comes back, and soon once more, "
        "when its server restarts twice.",
    )

    @property
    def silence_s(self) -> float:
        """How long a signed-in client may say nothing."""
        return SILENT_BEATS * self.heartbeat_s


DEFAULT_LIMITS: Final = ServerLimits()


class LimitRow(NamedTuple):
    """One limit in words: a row of the table in the documentation."""

    name: str
    default: str
    bounds: str
    reason: str


def describe_limits() -> list[LimitRow]:
    """Return every limit with its default, the values the command line takes, and its reason."""
    return [
        LimitRow(name, _spell(limit.default), _spell_bounds(limit), limit.reason)
        for name, limit in _LIMITS.items()
    ]


def with_limit(limits: ServerLimits, setting: str) -> ServerLimits:
    """Return the limits with one of them set as the command line says it, ``NAME=VALUE``.

    Raises:
        BadLimit: If there is no such limit, or the value is out of its bounds.
    """
    name, equals, text = setting.partition("=")
    name = name.strip()
    limit = _LIMITS.get(name)
    if limit is None:
        raise BadLimit(setting=setting, advice=_name_advice(name))
    if not equals:
        raise BadLimit(setting=setting, advice=f"write it like {name}={_spell(limit.default)}.")
    whole = isinstance(limit.default, int)
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = nan
    if not limit.least <= value <= limit.most:  # so written that NaN is refused
        kind = "a whole number" if whole else "a number"
        raise BadLimit(setting=setting, advice=f"{name} must be {kind} from {_spell_bounds(limit)}.")
    changes: dict[str, Any] = {name: value}
    return replace(limits, **changes)


def _name_advice(name: str) -> str:
    close = get_close_matches(name, _LIMITS, n=1)
    return f"did you mean {close[0]}?" if close else f"use one of {', '.join(_LIMITS)}."


def _spell_bounds(limit: _Limit) -> str:
    return f"{_spell(limit.least)} to {_spell(limit.most)}"


def _spell(number: float) -> str:
    """Return a number as the command line takes it: no separators, no exponent."""
    return f"{number:.10g}"


_LIMITS: Final[dict[str, _Limit]] = {each.name: each.metadata[_Limit] for each in fields(ServerLimits)}

"""How STUN and TURN servers are written, after RFC 7064 and RFC 7065; must not resolve or reach them.

IPv6 addresses in brackets are left out: aiortc cannot read them, and aioice asks STUN over IPv4 only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

_PORT: Final = 3478
_TLS_PORT: Final = 5349
_MAX_PORT: Final = 65_535
_URL: Final = re.compile(
    r"(?P<scheme>stun|turn|turns):(?P<host>[0-9A-Za-z](?:[-.0-9A-Z_a-z]{0,252}))(?::(?P<port>[0-9]{1,5}))?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)


@dataclass(frozen=True, slots=True)
class IceUrl:
    """A STUN or TURN server; ``turns`` is TURN over TLS, and so over TCP."""

    scheme: Literal["stun", "turn", "turns"]
    host: str
    port: int
    transport: Literal["udp", "tcp"] = "udp"


def parse_ice_url(text: str) -> IceUrl | None:
    """Return the server that ``text`` names; None if none.

    Args:
        text: ``stun:host[:port]`` or ``turn[s]:host[:port][?transport=udp|tcp]``.
    """
    found = _URL.fullmatch(text)
    if found is None:
        return None
    port = int(found["port"] or (_TLS_PORT if found["scheme"] == "turns" else _PORT))
    if not 1 <= port <= _MAX_PORT:
        return None
    match found["scheme"], found["transport"]:
        case "stun", None:
            return IceUrl("stun", found["host"], port)
        case "turn", None | "udp":
            return IceUrl("turn", found["host"], port)
        case "turn", "tcp":
            return IceUrl("turn", found["host"], port, "tcp")
        case "turns", None | "tcp":
            return IceUrl("turns", found["host"], port, "tcp")
        case _:
            return None

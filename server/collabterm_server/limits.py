"""What one signaling server allows, and for how long it waits; numbers and their reasons only.

Must not depend on sockets or on a clock. What both ends keep to is in ``collabterm.protocol.limits``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from collabterm.protocol.limits import MAX_PEERS, MAX_SIGNAL_BYTES

AUTH_S: Final = 10.0
"""From the TCP connection to the request, and again from the challenge to AUTH."""

HEARTBEAT_S: Final = 15.0
"""Shorter than the 30 to 60 s after which proxies and NATs forget an idle connection."""

SILENT_BEATS: Final = 2.5
"""Beats a client may miss: one lost or late beat is forgiven, two are not."""

MAX_CONNECTIONS: Final = 900
"""With the handshakes below and the listening sockets: under 1,024, the files a process may open."""

MAX_HANDSHAKES: Final = 64
"""Connections that have not signed in; those who only knock cannot use up the places of those who edit."""

MAX_UNSENT_BYTES: Final = 4 * MAX_SIGNAL_BYTES
"""Waiting for one slow client: the introductions of a whole room several times over."""

CLOSE_S: Final = 1.0
"""For a client's side of the closing handshake."""

SHUTDOWN_S: Final = 0.2
"""For all clients' closing handshakes when the server ends; nobody waits for a stopping server."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The limits of one server; the defaults are those above."""

    auth_s: float = AUTH_S
    heartbeat_s: float = HEARTBEAT_S
    max_connections: int = MAX_CONNECTIONS
    max_handshakes: int = MAX_HANDSHAKES
    max_unsent_bytes: int = MAX_UNSENT_BYTES
    max_peers: int = MAX_PEERS
    close_s: float = CLOSE_S
    shutdown_s: float = SHUTDOWN_S

    @property
    def silence_s(self) -> float:
        """How long a signed-in client may say nothing."""
        return SILENT_BEATS * self.heartbeat_s


DEFAULT_LIMITS: Final = ServerLimits()

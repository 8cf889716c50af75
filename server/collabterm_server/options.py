"""What whoever runs a server decides about it, limits apart; values only, it must not read files.

Everything has a default that fits a server hosted inside an editor: open, without TLS, for this machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Final

from collabterm_server.access import OPEN, Access
from collabterm_server.addresses import Network
from collabterm_server.turn import TurnRelay


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """The options of one server.

    Args:
        access: Who may enter.
        tls: Speaks TLS on the port; None for plain TCP.
        trusted_proxies: From whose connections ``X-Forwarded-For`` is believed.
        allowed_origins: The origins of browsers' pages that may connect; a terminal sends none.
        stun: Whether to answer STUN on the UDP port of the same number.
        turn: Makes credentials for TURN servers; None if there are none.
        redis_url: Where the instances that act as one server meet; None if this is the only one.
    """

    access: Access = OPEN
    tls: SSLContext | None = None
    trusted_proxies: tuple[Network, ...] = ()
    allowed_origins: frozenset[str] = frozenset()
    stun: bool = False
    turn: TurnRelay | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)


DEFAULT_OPTIONS: Final = ServerOptions()

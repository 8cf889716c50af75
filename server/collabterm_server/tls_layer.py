"""TLS on one accepted TCP connection, below a protocol that knows of both; must not choose certificates.

asyncio has two ways of its own, and neither would do. ``create_server(ssl=...)`` tells nobody of a
connection before its handshake is done, so any number could begin one, and leaves a circle of 10 KB
behind each that fails. ``start_tls`` returns to a task, and what came together with the end of the
handshake is read, and answered in plain text, before that task goes on.
"""

from __future__ import annotations

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from typing import cast


class TlsLayer(SSLProtocol):
    """The server's side of TLS; the protocol above is told ``connection_made`` when the handshake is done.

    Args:
        above: Speaks over it.
        context: Has the certificate.
        handshake_s: For the handshake.
        shutdown_s: For the other side's farewell.
        on_lost: Called when the TCP connection is lost, also when the protocol above never heard of one.
    """

    def __init__(
        self,
        above: asyncio.BufferedProtocol,
        context: ssl.SSLContext,
        handshake_s: float,
        shutdown_s: float,
        on_lost: Callable[[BaseException | None], None],
    ) -> None:
        # The casts are for typeshed, which knows of whole seconds only and of somebody who waits.
        super().__init__(
            asyncio.get_running_loop(),
            cast("asyncio.Protocol", above),
            context,
            cast("asyncio.Future[object]", None),
            server_side=True,
            ssl_handshake_timeout=cast("int", handshake_s),
            ssl_shutdown_timeout=cast("int", shutdown_s),
        )
        self._on_lost = on_lost

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell both of those who want to know."""
        super().connection_lost(exc)
        on_lost = self._on_lost
        del self._on_lost
        on_lost(exc)

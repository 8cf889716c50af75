"""A server as a process of its own: its signals, its files, its memory; must not know clients."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from collabterm.errors import CollabtermError, TooFewFiles
from collabterm_server.limits import ServerLimits
from collabterm_server.relay import BACKLOG, SignalingServer
from collabterm_server.service import Service

_FILES_KEPT_BACK: Final = 64 + BACKLOG
"""For the listening sockets, Redis and the log, and for connections that are accepted only to be cut off."""

_FEWEST_CONNECTIONS: Final = 16

_YOUNG_OBJECTS: Final = 10_000
_NEVER: Final = 1_000_000_000

_log: Final = logging.getLogger(__name__)


async def serve_forever(service: Service, *, on_ready: Callable[[str], None]) -> None:
    """Run a server until SIGINT or SIGTERM; SIGHUP reads the files of keys, tokens and TLS again.

    Args:
        service: What was asked for.
        on_ready: Called once with the server's URL, when clients can connect.

    Raises:
        PortInUse: If another program listens there.
        CannotListen: If the system does not let us.
        TooFewFiles: If the system lets the process open hardly any files.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    was_at_terminal = os.isatty(0)
    limits = _fit_to_files(service.limits)
    server = SignalingServer(service.host, service.port, limits, service.options)
    handlers = {
        signal.SIGINT: stopped.set,
        signal.SIGTERM: stopped.set,
        # the terminal is gone, or somebody wants us to read the files again
        signal.SIGHUP: lambda: (
            stopped.set() if was_at_terminal and not os.isatty(0) else _reload(service, server)
        ),
    }
    with _handling(handlers, loop):
        async with server:
            _spare_the_collector()
            on_ready(server.url)
            await stopped.wait()


@contextmanager
def _handling(
    handlers: Mapping[signal.Signals, Callable[[], None]], loop: asyncio.AbstractEventLoop
) -> Iterator[None]:
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)


def _reload(service: Service, server: SignalingServer) -> None:
    """Read the files again; one that cannot be used changes nothing."""
    try:
        access = service.files.read()
        if service.tls is not None:
            service.tls.reload()
    except CollabtermError as error:
        _log.error("everything stays as it was: %s", error)
        return
    server.reception.change_access(access)
    keys = "any" if access.authorized is None else len(access.authorized)
    tokens = "none asked for" if access.tokens is None else len(access.tokens)
    _log.info("read the files again: keys that may enter: %s; tokens: %s", keys, tokens)


def _fit_to_files(limits: ServerLimits) -> ServerLimits:
    """Let the process have all the open files it may, and no more connections than those.

    Raises:
        TooFewFiles: If hardly any are left: without one, not even a connection can be refused.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = limits.max_connections + limits.max_handshakes + _FILES_KEPT_BACK
    if soft < hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):  # macOS has a lower limit that it does not tell
            hard = soft
    left = hard - _FILES_KEPT_BACK
    if left >= limits.max_connections + limits.max_handshakes:
        return limits
    if left < _FEWEST_CONNECTIONS:
        raise TooFewFiles(files=hard, least=_FILES_KEPT_BACK + _FEWEST_CONNECTIONS)
    handshakes = min(limits.max_handshakes, left // 4)
    connections = min(limits.max_connections, left - handshakes)
    _log.warning("the system allows %d open files: room for %d connections", hard, connections)
    return replace(limits, max_connections=connections, max_handshakes=handshakes)


def _spare_the_collector() -> None:
    """Look for circles among young objects only.

    A connection that ends frees itself (a test counts what is left), so old objects need no collector;
    to walk all those of 10,000 connections takes it a few tenths of a second, in which nobody is served.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _NEVER, _NEVER)

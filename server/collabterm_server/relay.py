"""The server as a whole: listens, keeps the time and ends; must not know what clients say to each other."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import AsyncExitStack, suppress
from errno import EADDRINUSE
from random import SystemRandom
from types import TracebackType
from typing import Final, Self

from collabterm.errors import CannotListen, PortInUse
from collabterm_server.instances.redis_bus import RedisBus
from collabterm_server.instances.silence import pace_for
from collabterm_server.limits import DEFAULT_LIMITS, ServerLimits
from collabterm_server.options import DEFAULT_OPTIONS, ServerOptions
from collabterm_server.reception import Reception
from collabterm_server.udp import StunResponder

BACKLOG: Final = 256
"""Connections the system accepts for us while we are busy: a quarter of a second of arrivals."""

_SOCKET_BYTES: Final = 65_536
"""What the system may hold for one connection in each direction; by itself it grows to megabytes."""

_LONGEST_SWEEP_S: Final = 1.0
_SWEEPS: Final = 8
"""In the shortest deadline that is told to clients, so that none is overdrawn by more than an eighth."""

_log: Final = logging.getLogger(__name__)


class SignalingServer:
    """A server that runs within ``async with``; ``port`` is the real one, also when 0 was asked for."""

    def __init__(
        self,
        host: str,
        port: int,
        limits: ServerLimits = DEFAULT_LIMITS,
        options: ServerOptions = DEFAULT_OPTIONS,
    ) -> None:
        self.host = host
        self.port = port
        self._limits = limits
        self._options = options
        self.reception = Reception(limits, options)

    @property
    def url(self) -> str:
        """What a client connects to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self._options.tls else 'ws'}://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            PortInUse: If another program listens there.
            CannotListen: If the system does not let us.
        """
        async with AsyncExitStack() as stack:
            await self._sweep_meanwhile(stack)
            if self._options.redis_url is not None:
                await self._meet_others(self._options.redis_url, stack)
            try:
                self._server = await self._listen()
            except (OSError, OverflowError, UnicodeError) as error:
                raise _listen_error(self.host, self.port, error) from error
            self.port = self._server.sockets[0].getsockname()[1]
            stack.push_async_callback(self._close)
            if self._options.stun:
                await self._answer_stun(stack)
            self._running = stack.pop_all()
        _log.info("listening on %s", self.url)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Tell everybody that the server ends, and end it."""
        await self._running.aclose()
        _log.info("ended")

    async def _close(self) -> None:
        self._server.close()
        self.reception.send_home(SystemRandom())
        try:
            async with asyncio.timeout(self._limits.shutdown_s):
                await self.reception.is_empty()
        except TimeoutError:
            self.reception.cut_off()

    async def _meet_others(self, redis_url: str, stack: AsyncExitStack) -> None:
        """Join the other instances on Redis, and know what they know before anybody is let in."""
        reception = self.reception
        bus = RedisBus(
            redis_url,
            reception.cluster.instance,
            pace_for(self._limits.heartbeat_s).patience_s,
            on_bulletin=reception.hear,
            on_attached=reception.reached,
            on_lost=reception.cut_from_others,
        )
        reception.join_others(bus)
        await stack.enter_async_context(bus)
        with suppress(TimeoutError):  # then /readyz says so
            async with asyncio.timeout(self._limits.heartbeat_s):
                await reception.is_attached()

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self.reception.receive, self.host, self.port, backlog=BACKLOG)
        for listening in server.sockets:  # its connections inherit this
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BYTES)
        return server

    async def _answer_stun(self, stack: AsyncExitStack) -> None:
        """Answer STUN on the same addresses and port number, over UDP."""
        loop = asyncio.get_running_loop()
        stats = self.reception.stats
        try:
            for listening in self._server.sockets:
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: StunResponder(loop.time, stats.count_stun_answer, stats.count_stun_drop),
                    sock=_udp_socket_beside(listening),
                )
                stack.callback(transport.close)
        except OSError as error:
            raise CannotListen(host=self.host, port=self.port, reason=f"UDP: {error.strerror}") from error
        self.reception.stun_port = self.port

    async def _sweep_meanwhile(self, stack: AsyncExitStack) -> None:
        tasks = await asyncio.TaskGroup().__aenter__()
        sweeping = tasks.create_task(self._sweep_forever())

        async def stop() -> None:
            sweeping.cancel()
            await tasks.__aexit__(None, None, None)  # what ends the server otherwise is no error of a task

        stack.push_async_callback(stop)

    async def _sweep_forever(self) -> None:
        loop = asyncio.get_running_loop()
        limits = self._limits
        told_s = min(limits.auth_s, limits.silence_s)
        beat_s = pace_for(limits.heartbeat_s).beat_s
        pause_s = min(_LONGEST_SWEEP_S, told_s / _SWEEPS, limits.close_s, beat_s)
        while True:
            await asyncio.sleep(pause_s)
            self.reception.sweep(loop.time())


def _udp_socket_beside(listening: socket.socket) -> socket.socket:
    udp = socket.socket(listening.family, socket.SOCK_DGRAM)
    if listening.family == socket.AF_INET6:
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has a socket of its own
    udp.setblocking(False)
    try:
        udp.bind(listening.getsockname())
    except OSError:
        udp.close()
        raise
    return udp


def _listen_error(host: str, port: int, error: Exception) -> PortInUse | CannotListen:
    if isinstance(error, socket.gaierror):
        return CannotListen(host=host, port=port, reason=error.strerror)
    if not isinstance(error, OSError) or error.errno is None:
        return CannotListen(host=host, port=port, reason=error)
    if error.errno == EADDRINUSE:
        return PortInUse(host=host, port=port)
    return CannotListen(host=host, port=port, reason=os.strerror(error.errno))

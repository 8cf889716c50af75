"""Clients within the TLS handshake: counted, bounded in time, and never answered in plain text."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from collabterm.protocol.signaling import Heartbeat
from collabterm_server.limits import ServerLimits
from collabterm_server.options import ServerOptions
from collabterm_server.relay import SignalingServer
from collabterm_server.tls import ServerTls
from tests.server.arrivals import ELSEWHERE, arriving, is_let_in
from tests.server.certificate_files import CertificateFiles, trusting
from tests.server.raw_client import LOCALHOST, UPGRADE, RawClient, dialing
from tests.waiting import until


@pytest.fixture
def options(tmp_path: Path) -> ServerOptions:
    files = CertificateFiles(tmp_path)
    files.issue("localhost")
    return ServerOptions(tls=ServerTls(files.cert, files.key).context)


class Handshake:
    """A TLS client whose bytes a test sends when, and in what pieces, it likes."""

    def __init__(self, client: RawClient) -> None:
        self._client = client
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = trusting().wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")

    async def finish(self) -> bytes:
        """Shake hands, and return the last of the client's bytes, which are still to be sent."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._client.write(self._outgoing.read())
                self._incoming.write(await self._client.some())
            else:
                return self._outgoing.read()

    def encrypt(self, data: bytes) -> bytes:
        """Return the bytes that carry the data."""
        self._tls.write(data)
        return self._outgoing.read()

    async def read(self) -> bytes:
        """Return what comes next, decrypted; what is not encrypted is an error."""
        while True:
            try:
                return self._tls.read()
            except ssl.SSLWantReadError:
                self._incoming.write(await self._client.some())


async def test_a_request_that_comes_with_the_end_of_the_handshake_is_answered_encrypted(
    options: ServerOptions,
) -> None:
    async with SignalingServer(LOCALHOST, 0, options=options) as server, dialing(server.port) as client:
        handshake = Handshake(client)
        finished = await handshake.finish()
        client.write(finished, handshake.encrypt(UPGRADE))
        assert (await handshake.read()).startswith(b"HTTP/1.1 101 ")


async def test_a_handshake_may_come_byte_by_byte(options: ServerOptions) -> None:
    async with SignalingServer(LOCALHOST, 0, options=options) as server, dialing(server.port) as client:
        handshake = Handshake(client)
        for byte in await handshake.finish() + handshake.encrypt(UPGRADE):
            client.write(bytes((byte,)))
            await asyncio.sleep(0)
        assert (await handshake.read()).startswith(b"HTTP/1.1 101 ")


async def test_a_handshake_that_drips_is_cut_off(options: ServerOptions) -> None:
    async with (
        SignalingServer(LOCALHOST, 0, ServerLimits(auth_s=0.3), options) as server,
        dialing(server.port) as client,
    ):
        rest = asyncio.create_task(client.rest())
        client.write(b"\x16\x03\x01\x10\x00")
        while not (await asyncio.wait((rest,), timeout=0.03))[0]:
            client.write(b"\0")
        assert await rest == b""


async def test_connections_within_the_handshake_count_and_far_too_many_of_an_address_are_cut_off(
    options: ServerOptions,
) -> None:
    limits = ServerLimits(max_handshakes_per_source=2)
    async with SignalingServer(LOCALHOST, 0, limits, options) as server, AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(dialing(server.port))
        await until(lambda: len(server.reception._clients) == 4, "the server has seen all of them")
        async with dialing(server.port) as late:
            assert await late.rest() == b""
        async with arriving(server.url, address=ELSEWHERE, ssl=trusting()) as bea:
            await is_let_in(bea)
            await stack.aclose()
            await until(lambda: len(server.reception._clients) == 1, "the server has seen them go")
            assert await bea.ask(Heartbeat()) == Heartbeat()
        async with arriving(server.url, ssl=trusting()) as ann:
            await is_let_in(ann)


async def test_those_who_are_through_count_no_more(options: ServerOptions) -> None:
    limits = ServerLimits(max_handshakes_per_source=1)
    async with SignalingServer(LOCALHOST, 0, limits, options) as server, AsyncExitStack() as stack:
        for _ in range(5):
            peer = await stack.enter_async_context(arriving(server.url, ssl=trusting()))
            await is_let_in(peer)

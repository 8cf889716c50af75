"""What scanners send to a port, against a server in a process of its own: no trace in its log, and no harm.

The probes are those of nmap's service detection (nmap-service-probes), and what a slow or greedy client
of HTTP would send.
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

import pytest
from websockets.asyncio.client import connect

from collabterm.protocol.signaling import Heartbeat
from tests.product import environment, serve_command
from tests.server.certificate_files import CertificateFiles, trusting
from tests.server.signaling_peer import DEADLINE_S, Identity, SignalingPeer

LOCALHOST: Final = "127.0.0.1"
UPGRADE: Final = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
UPGRADED: Final = (
    UPGRADE + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def tls_hello() -> bytes:
    """Return what a TLS client says first."""
    outgoing = ssl.MemoryBIO()
    hello = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="example.org")
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    return outgoing.read()


PROBES: Final[dict[str, bytes]] = {
    "nothing": b"",
    "GenericLines": b"\r\n\r\n",
    "GetRequest": b"GET / HTTP/1.0\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/1.1 without a host": b"GET / HTTP/1.1\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTPOptions": b"OPTIONS / HTTP/1.0\r\n\r\n",
    "RTSPRequest": b"OPTIONS / RTSP/1.0\r\n\r\n",
    "SIPOptions": b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm;branch=foo\r\nMax-Forwards: 70\r\n\r\n",
    "FourOhFourRequest": b"GET /nice%20ports%2C/Tri%6Eity.txt%2ebak HTTP/1.0\r\n\r\n",
    "Socks5": b"\x05\x04\x00\x01\x02\x80\x05\x01\x00\x03\x0agoogle.com\x00\x50",
    "RPCCheck": b"\x80\x00\x00\x28\x72\xfe\x1d\x13\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa0",
    "SMBProgNeg": b"\x00\x00\x00\xa4\xff\x53\x4d\x42\x72\x00\x00\x00\x00\x08\x01\x40" + b"\0" * 64,
    "SSH banner": b"SSH-2.0-OpenSSH_9.2\r\n",
    "TLSSessionReq": tls_hello(),
    "Help": b"HELP\r\n",
    "zero bytes": b"\0" * 4_096,
    "all bytes": bytes(range(256)) * 16,
    "random bytes": Random(4).randbytes(65_536),
    "a name as terminals obey it": b"GET /\x1b[2J HTTP/1.1\r\nHost: \x1b]0;x\x07\r\n\r\n",
    "a proxy's request": b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
    "a body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    "chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "1 MB of path": b"GET /" + b"a" * 1_000_000,
    "1 MB in one header": b"GET / HTTP/1.1\r\nX: " + b"a" * 1_000_000,
    "1 MB of headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 170_000,
    "many requests in one": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 1_000,
    "an upgrade to nothing": UPGRADE + b"\r\n",
    "an upgrade by a short key": UPGRADE + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
    "an upgrade by a key that is not ASCII": UPGRADE
    + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \xff\xfe\r\n\r\n",
    "an upgrade by other rules": UPGRADE + b"Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: AAAA\r\n\r\n",
    "an upgrade with a header that is no list": UPGRADED.replace(b"websocket", b'websocket, "'),
    "a frame without a mask": UPGRADED + b"\x81\x05hello",
    "frames that are none": UPGRADED + b"\xff" * 100,
    "a frame of 2^63 bytes": UPGRADED + b"\x81\xff\x7f" + b"\xff" * 7 + b"\0" * 4,
    "a close code that does not exist": UPGRADED + b"\x88\x82\0\0\0\0\0\1",
    "text that is not UTF-8": UPGRADED + b"\x81\x82\0\0\0\0\xff\xfe",
}


class Scanned:
    """A server in a process of its own, and what it writes to standard error."""

    def __init__(self, home: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            [*serve_command(0), *options],
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[2]
        self.port = int(self.url.rpartition(":")[2])

    def _read(self) -> None:
        assert self._process.stderr is not None
        self._lines.extend(self._process.stderr)

    def stop(self) -> list[str]:
        """End the server; return all that it wrote."""
        self._process.terminate()
        assert self._process.wait(DEADLINE_S) == 0
        self._reader.join()
        return self._lines

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._reader.join()


@contextmanager
def scanned(home: Path, *options: str) -> Iterator[Scanned]:
    """Run a server; at the end nothing has troubled it."""
    server = Scanned(home, *options)
    try:
        yield server
        assert "".join(troubles(server.stop())) == ""
    finally:
        server.kill()


async def probe(port: int, data: bytes, *, reset: bool = False) -> None:
    """Send a probe, and wait until the server has closed, unless to leave at once."""
    reader, writer = await asyncio.open_connection(LOCALHOST, port)
    try:
        writer.write(data)
        if reset:
            return
        with suppress(OSError):  # as the system says that the server has closed already
            writer.write_eof()
        async with asyncio.timeout(2 * DEADLINE_S):
            await reader.read()
    except ConnectionError:
        return  # however the server ends it
    finally:
        await hang_up(writer)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def is_serving(server: Scanned) -> None:
    """Sign in, and wait for the answer to a heartbeat, whatever else the server has to say before."""
    context = trusting() if server.url.startswith("wss:") else None
    async with connect(server.url, ssl=context, ping_interval=None, proxy=None) as socket:
        peer = await SignalingPeer(socket, Identity()).sign_in()
        await peer.send(Heartbeat())
        while await peer.receive() != Heartbeat():
            pass


def troubles(lines: list[str]) -> list[str]:
    """Return the lines that are not as innocent as a line of the log at INFO."""
    return [
        line
        for line in lines
        if " INFO " not in line or "Traceback" in line or not line.strip().isprintable()
    ]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
async def test_a_port_scan_leaves_no_traceback_and_the_server_serves(tmp_path: Path, secure: bool) -> None:
    files = CertificateFiles(tmp_path)
    files.issue("localhost")
    options = ("--tls-cert", str(files.cert), "--tls-key", str(files.key)) if secure else ()
    with scanned(tmp_path, *options) as server:
        for data in PROBES.values():
            await probe(server.port, data)
            await probe(server.port, data, reset=True)
        await asyncio.gather(*(probe(server.port, data) for data in PROBES.values()))
        await is_serving(server)


async def test_clients_that_drip_their_request_keep_nobody_out_and_are_given_up(tmp_path: Path) -> None:
    with scanned(tmp_path, "--limit", "auth_s=1") as server:
        dripping = [await asyncio.open_connection(LOCALHOST, server.port) for _ in range(50)]
        for _, writer in dripping:
            writer.write(b"GET / HTTP/1.1\r\nX: ")
        await is_serving(server)
        for reader, writer in dripping:
            async with asyncio.timeout(DEADLINE_S):
                while not await dripped(reader, writer):
                    pass
            await hang_up(writer)


async def dripped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Send one more byte; return whether the server has given up on the rest."""
    writer.write(b"x")
    try:
        async with asyncio.timeout(0.05):
            return await reader.read(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True

"""TLS over real sockets: what clients are shown, before and after the files change, and what is refused."""

from __future__ import annotations

import asyncio
import logging
import shutil
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
)
from websockets.asyncio.client import connect

from collabterm.errors import BadTlsFile
from collabterm_server.limits import ServerLimits
from collabterm_server.options import ServerOptions
from collabterm_server.relay import SignalingServer
from collabterm_server.tls import ServerTls
from tests.server.certificate_files import CertificateFiles, trusting
from tests.server.signaling_peer import DEADLINE_S, Identity, SignalingPeer

LOCALHOST = "127.0.0.1"


@pytest.fixture
def files(tmp_path: Path) -> CertificateFiles:
    made = CertificateFiles(tmp_path)
    made.issue("first")
    return made


class Echo(asyncio.Protocol):
    """Sends back what comes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


Dial = Callable[..., Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


@asynccontextmanager
async def listening(
    context: ssl.SSLContext, protocol: Callable[[], asyncio.Protocol] = Echo
) -> AsyncIterator[Dial]:
    """Serve an echo over TLS; yield what connects to it."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.get_running_loop().create_server(protocol, LOCALHOST, 0, ssl=context)
    port = server.sockets[0].getsockname()[1]

    async def dial(**options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(LOCALHOST, port, **options)
        writers.append(writer)
        return reader, writer

    async with server:
        yield dial
        for writer in writers:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def shown(dial: Dial, client: ssl.SSLContext | None = None, name: str | None = None) -> str:
    """Return whose certificate the server shows."""
    _, writer = await dial(ssl=client or trusting(), server_hostname=name)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    [holder] = x509.load_der_x509_certificate(certificate).subject
    return str(holder.value)


async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> bytes:
    writer.write(data)
    return await reader.readexactly(len(data))


async def test_what_is_said_over_tls_arrives(files: CertificateFiles) -> None:
    async with listening(ServerTls(files.cert, files.key).context) as dial:
        reader, writer = await dial(ssl=trusting(), server_hostname="localhost")
        assert await said(reader, writer, b"x" * 200_000) == b"x" * 200_000
        assert writer.get_extra_info("ssl_object").version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize("name", ["localhost", "", None])
async def test_a_new_certificate_is_shown_to_new_clients_and_old_connections_go_on(
    files: CertificateFiles, name: str | None
) -> None:
    tls = ServerTls(files.cert, files.key)
    async with listening(tls.context) as dial:
        reader, writer = await dial(ssl=trusting())
        assert await shown(dial, name=name) == "first"
        files.issue("second")
        assert await shown(dial, name=name) == "first"
        tls.reload()
        assert await shown(dial, name=name) == "second"
        files.issue("third")
        tls.reload()
        assert await shown(dial, name=name) == "third"
        assert await said(reader, writer, b"still here") == b"still here"


async def test_a_certificate_of_another_kind_leaves_nothing_of_the_old_one(files: CertificateFiles) -> None:
    files.issue("rsa", rsa.generate_private_key(65_537, 2_048))
    tls = ServerTls(files.cert, files.key)
    files.issue("ec")
    tls.reload()
    only_rsa = trusting()
    only_rsa.maximum_version = ssl.TLSVersion.TLSv1_2
    only_rsa.set_ciphers("aRSA")
    async with listening(tls.context) as dial:
        assert await shown(dial) == "ec"
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await shown(dial, only_rsa)


async def test_a_bad_new_certificate_keeps_the_old_one(files: CertificateFiles, tmp_path: Path) -> None:
    tls = ServerTls(files.cert, files.key)
    other = CertificateFiles(tmp_path / "other")
    (tmp_path / "other").mkdir()
    other.issue("other")
    shutil.copy(other.cert, files.cert)
    with pytest.raises(BadTlsFile):
        tls.reload()
    async with listening(tls.context) as dial:
        assert await shown(dial) == "first"


async def test_tls_before_1_2_is_refused(files: CertificateFiles) -> None:
    old = trusting()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.deprecated_call():
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with listening(ServerTls(files.cert, files.key).context) as dial:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await shown(dial, old)


async def test_whoever_does_not_speak_tls_leaves_no_trace(
    files: CertificateFiles, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with listening(ServerTls(files.cert, files.key).context) as dial:
        for garbage in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\x02\x00\x01", b""):
            reader, writer = await dial()
            writer.write(garbage)
            writer.write_eof()
            await asyncio.gather(reader.read(), return_exceptions=True)
        assert await shown(dial) == "first"
    assert caplog.records == []


async def test_a_connection_does_not_cost_the_large_buffer_that_asyncio_gives_it(
    files: CertificateFiles,
) -> None:
    made: list[Echo] = []

    def greet() -> Echo:
        made.append(Echo())
        return made[-1]

    async with listening(ServerTls(files.cert, files.key).context, greet) as dial:
        await said(*await dial(ssl=trusting()), b"hello")
        [connection] = made
        assert len(connection.transport._ssl_protocol._ssl_buffer) <= 4_096  # type: ignore[attr-defined]  # asyncio's own


async def test_a_server_with_tls_speaks_it_and_gives_up_whoever_does_not_finish_to_greet(
    files: CertificateFiles,
) -> None:
    tls = ServerTls(files.cert, files.key)
    limits, options = ServerLimits(auth_s=0.3), ServerOptions(tls=tls.context)
    async with SignalingServer(LOCALHOST, 0, limits, options) as server:
        assert server.url.startswith("wss://")
        reader, writer = await asyncio.open_connection(LOCALHOST, server.port)
        async with connect(server.url, ssl=trusting(), ping_interval=None, proxy=None) as socket:
            async with asyncio.timeout(DEADLINE_S):
                await SignalingPeer(socket, Identity()).sign_in()
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(reader.read(), return_exceptions=True)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def refusal(cert: Path, key: Path) -> str:
    with pytest.raises(BadTlsFile) as caught:
        ServerTls(cert, key)
    sentence = str(caught.value)
    advice = ": give the certificate and its key as PEM files with --tls-cert and --tls-key."
    assert sentence.endswith(advice)
    return sentence.removesuffix(advice)


def test_a_file_that_is_missing_is_named(files: CertificateFiles, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    sentence = f"{missing} cannot be used for TLS (No such file or directory)"
    assert refusal(missing, files.key) == sentence
    assert refusal(files.cert, missing) == sentence


def test_a_folder_is_no_certificate(files: CertificateFiles, tmp_path: Path) -> None:
    assert refusal(tmp_path, files.key) == f"{tmp_path} cannot be used for TLS (Is a directory)"


def test_files_in_the_wrong_place_are_told(files: CertificateFiles) -> None:
    assert (
        refusal(files.key, files.cert)
        == f"{files.key} cannot be used for TLS (it holds no certificate in PEM)"
    )
    assert (
        refusal(files.cert, files.cert)
        == f"{files.cert} cannot be used for TLS (it holds no private key in PEM)"
    )


@pytest.mark.parametrize("content", [b"", b"\x30\x82\x01\x0a" * 50, b"hello\n"])
def test_what_is_not_pem_is_told(files: CertificateFiles, content: bytes) -> None:
    files.cert.write_bytes(content)
    assert refusal(files.cert, files.key).endswith("(it holds no certificate in PEM)")


@pytest.mark.parametrize("name", ["cert", "key"])
def test_a_file_cut_short_is_told(files: CertificateFiles, name: str) -> None:
    path: Path = getattr(files, name)
    path.write_bytes(path.read_bytes()[:100])
    assert refusal(files.cert, files.key) == f"{path} cannot be used for TLS (it is damaged)"


def test_the_key_of_another_certificate_is_told(files: CertificateFiles, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = CertificateFiles(tmp_path / "other")
    other.issue("other")
    assert refusal(files.cert, other.key) == (
        f"{other.key} cannot be used for TLS (it is not the key of the certificate in {files.cert})"
    )


def test_an_encrypted_key_is_told_and_no_password_is_asked_for(files: CertificateFiles) -> None:
    files.issue("locked", encryption=BestAvailableEncryption(b"secret"))
    assert refusal(files.cert, files.key) == (
        f"{files.key} cannot be used for TLS (it is encrypted, and nobody is there to type its password)"
    )


def test_a_key_that_is_too_weak_is_told_in_words_to_search_for(files: CertificateFiles) -> None:
    files.issue("weak", rsa.generate_private_key(65_537, 1_024))
    assert refusal(files.cert, files.key) == f"{files.cert} cannot be used for TLS (ee key too small)"


def test_certificate_and_key_may_be_in_one_file(files: CertificateFiles) -> None:
    files.cert.write_bytes(files.key.read_bytes() + files.cert.read_bytes())
    ServerTls(files.cert, files.cert)

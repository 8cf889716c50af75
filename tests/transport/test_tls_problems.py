"""What a person reads when TLS, or its absence, keeps them from a server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from collabterm.errors import (
    BadTrustFile,
    CollabtermError,
    ServerNotTrusted,
    ServerUnreachable,
    TlsFailed,
    TlsWanted,
)
from collabterm.transport.losses import unreachable
from collabterm.transport.signaling_client import EnteredRoom
from collabterm_server.options import ServerOptions
from collabterm_server.relay import SignalingServer
from tests.transport.visitors import Visitor, listening


def issue(folder: Path, name: str = "localhost", *, days: int = 1) -> Path:
    """Write a certificate that vouches for itself, and its key, into one file; it ends after ``days``."""
    key = ec.generate_private_key(ec.SECP256R1())
    holder = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(holder)
        .issuer_name(holder)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=10))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        certificate.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return path


@asynccontextmanager
async def serving(certificate: Path) -> AsyncIterator[SignalingServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with SignalingServer("127.0.0.1", 0, options=ServerOptions(tls=context)) as server:
        yield server


def by_name(server: SignalingServer) -> str:
    return server.url.replace("127.0.0.1", "localhost")


async def problem_at(url: str) -> CollabtermError:
    async with Visitor(url, "ana") as ana:
        return await ana.problem()


async def test_who_trusts_the_certificate_enters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = issue(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with serving(certificate) as server, Visitor(by_name(server), "ana") as ana:
        await ana.sees(EnteredRoom)


@pytest.mark.parametrize(
    ("name", "days", "trusts", "reason"),
    [
        ("localhost", 1, False, "self-signed certificate"),
        ("localhost", -1, True, "certificate has expired"),
        ("elsewhere", 1, True, "Hostname mismatch, certificate is not valid for 'localhost'"),
    ],
    ids=["stranger", "expired", "other name"],
)
async def test_a_certificate_that_is_not_trusted_is_no_server_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, days: int, trusts: bool, reason: str
) -> None:
    certificate = issue(tmp_path, name, days=days)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if trusts:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with serving(certificate) as server:
        problem = await problem_at(by_name(server))
    assert isinstance(problem, ServerNotTrusted)
    assert str(problem) == (
        f"A server answers at {by_name(server)}, but its certificate is not trusted ({reason}): "
        "check the name in the address, or set SSL_CERT_FILE to the certificate of whoever issued it."
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing", "No such file or directory"),
        (".", "Is a directory"),
        ("text", "no certificate or crl found"),
    ],
)
async def test_trusted_certificates_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, reason: str
) -> None:
    (tmp_path / "text").write_text("hello")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / path))
    async with serving(issue(tmp_path)) as server:
        problem = await problem_at(by_name(server))
    assert isinstance(problem, BadTrustFile)
    assert f"SSL_CERT_FILE names {tmp_path / path}, which is of no use ({reason}): " in str(problem)


async def test_who_dials_a_plain_server_with_tls_is_told_to_try_without() -> None:
    async with SignalingServer("127.0.0.1", 0) as server:
        problem = await problem_at(server.url.replace("ws:", "wss:"))
    assert isinstance(problem, TlsFailed)
    assert "TLS with it fails (it closed the connection): write ws:// " in str(problem)


async def test_who_dials_something_else_with_tls_is_told_what_openssl_makes_of_it() -> None:
    async def say_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ready\r\n")
        await reader.read()

    async with listening(say_hello) as url:
        problem = await problem_at(url.replace("ws:", "wss:"))
    assert isinstance(problem, TlsFailed)
    assert "_" not in str(problem)


async def test_who_dials_a_server_with_tls_in_plain_text_is_told_to_try_with(tmp_path: Path) -> None:
    async with serving(issue(tmp_path)) as server:
        problem = await problem_at(server.url.replace("wss:", "ws:"))
    assert isinstance(problem, TlsWanted)
    assert "not without TLS (it closed the connection): write wss:// " in str(problem)


async def test_a_server_that_redirects_to_tls_is_not_followed_and_the_address_is_to_be_changed() -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 301 Moved\r\nLocation: https://localhost/\r\nContent-Length: 0\r\n\r\n")

    async with listening(redirect) as url:
        assert isinstance(await problem_at(url), TlsWanted)


def test_a_connection_that_is_cut_without_tls_has_nothing_to_do_with_it() -> None:
    problem = unreachable(ConnectionResetError(), "ws://server:3001").problem
    assert isinstance(problem, ServerUnreachable)
    assert "(it closed the connection)" in str(problem)

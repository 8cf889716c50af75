"""What tells Docker whether the server in a container is alive."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from healthcheck import is_alive
from tests.network import free_port


@contextmanager
def answering(status: int, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Yield the port of an HTTP server that gives this answer to /healthz and 404 to the rest."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return what serves TLS with a certificate for another name than a loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    holder = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pair.example.org")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(holder, holder, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, SHA256())
    )
    file = folder / "both.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_server_is_healthy_if_it_answers_plainly_or_over_tls(tmp_path: Path) -> None:
    with answering(200) as port:
        assert is_alive(port)
    with answering(200, self_signed(tmp_path)) as port:
        assert is_alive(port)


def test_a_server_that_answers_otherwise_or_not_at_all_is_not_healthy() -> None:
    with answering(503) as port:
        assert not is_alive(port)
    assert not is_alive(free_port())

"""Certificates that a test makes for itself, and a client that believes them; must not serve anything."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class CertificateFiles:
    """A certificate and its key in a folder, to be replaced at will."""

    def __init__(self, folder: Path) -> None:
        self.cert = folder / "cert.pem"
        self.key = folder / "key.pem"

    def issue(
        self, name: str, key: PrivateKey | None = None, encryption: KeySerializationEncryption | None = None
    ) -> None:
        """Write a new certificate that names its holder ``name``."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        holder = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(holder)
            .issuer_name(holder)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .sign(key, SHA256())
        )
        self.cert.write_bytes(certificate.public_bytes(Encoding.PEM))
        self.key.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
        )


def trusting() -> ssl.SSLContext:
    """Return a client's context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

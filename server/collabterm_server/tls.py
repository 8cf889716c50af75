"""The certificate with which the server speaks TLS, as its files have it; must not listen or watch them.

Source: RFC 8446 and 9325; TLS 1.2 and 1.3 with the ciphers that Python and the system allow.
"""

from __future__ import annotations

import ssl
from asyncio import sslproto
from pathlib import Path
from typing import Final

from collabterm.errors import BadTlsFile

_READ_BUFFER_BYTES: Final = 4_096
"""Of every connection: a description takes two reads. asyncio has 256 KiB, 2.6 GB for ten thousand."""

_MAX_FILE_BYTES: Final = 1_000_000
"""Of a certificate with all its intermediates; more is another file."""


class ServerTls:
    """TLS for one listening socket, whose ``context`` stays the same while its certificate may change.

    ``reload`` does not load the new files into the old context: there an RSA certificate would stay
    beside the ECDSA one that replaces it, and some clients would still be shown it after it has expired.
    Instead, every new connection is moved to the newest context before its certificate is chosen.

    Raises:
        BadTlsFile: If the files are not there, or not what they should be.
    """

    def __init__(self, cert: Path, key: Path) -> None:
        self._cert = cert
        self._key = key
        self._newest = _load(cert, key)
        self.context = self._newest
        self.context.sni_callback = self._move  # called for every handshake, with or without a name
        sslproto.SSLProtocol.max_size = _READ_BUFFER_BYTES  # of the whole process: there is no other way

    def reload(self) -> None:
        """Serve new connections with what the files hold now; the others go on as they are.

        Raises:
            BadTlsFile: If they cannot be used; then everything stays as it was.
        """
        self._newest = _load(self._cert, self._key)

    def _move(self, tls: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        tls.context = self._newest


def _load(cert: Path, key: Path) -> ssl.SSLContext:
    _look_for("certificate", b"CERTIFICATE-----", cert)
    _look_for("private key", b"PRIVATE KEY-----", key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # a client could make the server work by it
    context.set_alpn_protocols(["http/1.1"])  # WebSocket over HTTP/2 is another protocol
    try:
        context.load_cert_chain(cert, key, password=_refuse_to_decrypt)
    except _EncryptedError as error:
        raise BadTlsFile(
            path=key, problem="it is encrypted, and nobody is there to type its password"
        ) from error
    except ssl.SSLError as error:
        raise _explain(error, cert, key) from error
    except OSError as error:
        raise BadTlsFile(path=cert, problem=error.strerror) from error
    return context


class _EncryptedError(Exception):
    """The key is encrypted."""


def _refuse_to_decrypt() -> str:
    raise _EncryptedError


def _look_for(what: str, label: bytes, path: Path) -> None:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise BadTlsFile(path=path, problem=error.strerror or error) from error
    if label not in content:
        raise BadTlsFile(path=path, problem=f"it holds no {what} in PEM")


def _explain(error: ssl.SSLError, cert: Path, key: Path) -> BadTlsFile:
    if error.reason == "KEY_VALUES_MISMATCH":
        return BadTlsFile(path=key, problem=f"it is not the key of the certificate in {cert}")
    if error.reason:  # OpenSSL's own words, like EE_KEY_TOO_SMALL, are the best to search for
        return BadTlsFile(path=cert, problem=error.reason.replace("_", " ").lower())
    return BadTlsFile(path=key if _is_certificate(cert) else cert, problem="it is damaged")


def _is_certificate(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return False
    return True

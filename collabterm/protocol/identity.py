"""What makes a client somebody: its key, the id and the fingerprint that follow from it, and what it signs.

It must not hold secrets longer than a call, or sign anything: the client signs, the server verifies,
and both compute the same bytes here.
"""

from __future__ import annotations

from base64 import b32encode, b64encode
from hashlib import sha256
from hmac import digest
from typing import Final

from collabterm.protocol.signaling import PeerId

KEY_TYPE: Final = "ssh-ed25519"
"""The name of our keys in OpenSSH's files (RFC 8709 section 4)."""

_AUTH_CONTEXT: Final = b"collabterm signaling auth v1\0"
_PEER_ID_CHARS: Final = 20
_LENGTH_BYTES: Final = 4


def derive_peer_id(public_key: bytes, peer_nonce: bytes) -> PeerId:
    """Return the peer id that belongs to a key and a client's nonce."""
    hashed = sha256(len(public_key).to_bytes(2, "big") + public_key + peer_nonce).digest()
    return PeerId(b32encode(hashed).decode().lower()[:_PEER_ID_CHARS])


def auth_statement(nonce: bytes, peer_id: PeerId, server: str) -> bytes:
    """Return the bytes that AUTH signs: each part after its length, so that none can pass for another.

    Args:
        nonce: The server's, so that the signature is of no use in another connection.
        peer_id: The id that is asked for.
        server: The name that the client dialed (``server_names.dialed_name``), so that a server cannot
            pass the signature on to another and be this client there.
    """
    return _AUTH_CONTEXT + _with_lengths(nonce, peer_id.encode(), server.encode())


def token_proof(token: bytes, statement: bytes) -> bytes:
    """Return what shows that one knows a shared secret without telling it: HMAC-SHA-256 (RFC 2104).

    Args:
        token: The secret.
        statement: The ``auth_statement`` of this connection, so a proof is of no use in another.
    """
    return digest(token, statement, "sha256")


def openssh_key(public_key: bytes) -> str:
    """Return an Ed25519 public key (32 bytes) as OpenSSH writes it, without a comment."""
    return f"{KEY_TYPE} {b64encode(openssh_blob(public_key)).decode()}"


def openssh_blob(public_key: bytes) -> bytes:
    """Return an Ed25519 public key (32 bytes) in SSH's wire format (RFC 8709 section 4)."""
    return _with_lengths(KEY_TYPE.encode(), public_key)


def key_fingerprint(public_key: bytes) -> str:
    """Return what ``ssh-keygen -l`` shows of an Ed25519 public key (32 bytes): ``SHA256:`` and base64."""
    return "SHA256:" + b64encode(sha256(openssh_blob(public_key)).digest()).decode().rstrip("=")


def _with_lengths(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts)

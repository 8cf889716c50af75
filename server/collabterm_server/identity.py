"""Decides from an AUTH message who a client is; must not keep state, draw nonces or talk to anyone.

Source of the signature: Ed25519, RFC 8032. What is signed, and how a key and a nonce make a peer id,
is in ``collabterm.protocol.identity``, which both ends use.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collabterm.errors import BadName
from collabterm.protocol.identity import auth_statement, derive_peer_id, key_fingerprint
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import Auth, Error, ErrorCode, PeerInfo, check_name, unsupported_version
from collabterm_server.access import OPEN, Access


def verify_auth(auth: Auth, nonce: bytes, access: Access = OPEN) -> PeerInfo | Error:
    """Return who signed ``nonce``, or why the server cannot believe it or does not let it in.

    Args:
        auth: The client's answer to the challenge.
        nonce: What this connection's challenge asked to sign.
        access: Whom this server lets in; asked about a proven key only.
    """
    if unsupported_version(auth.version) is not None:
        return Error(ErrorCode.BAD_VERSION, _version_sentence(auth.version))
    peer_id = derive_peer_id(auth.public_key, auth.peer_nonce)
    statement = auth_statement(nonce, peer_id, auth.server)
    if not _is_signed(auth, statement):
        return Error(
            ErrorCode.AUTH_FAILED,
            "This identity key did not sign the server's challenge: try again, and if it persists, "
            "check the file that holds the key.",
        )
    refusal = access.admits(auth, statement)
    if refusal is not None:
        return refusal
    try:
        return PeerInfo(peer_id, check_name(auth.name), key_fingerprint(auth.public_key))
    except BadName as error:
        return Error(ErrorCode.BAD_NAME, str(error))


def _is_signed(auth: Auth, statement: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(auth.public_key).verify(auth.signature, statement)
    except (ValueError, InvalidSignature):  # ValueError: the key is not 32 bytes
        return False
    return True


def _version_sentence(theirs: int) -> str:
    behind = "your collabterm" if theirs < PROTOCOL_VERSION else "the server"
    spoken = str(theirs)[:12]
    return f"The server speaks protocol {PROTOCOL_VERSION} and your collabterm {spoken}: upgrade {behind}."

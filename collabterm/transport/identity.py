"""Who this terminal is to the signaling server: an Ed25519 key and a peer id; must not store anything."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collabterm.protocol.identity import auth_statement, derive_peer_id
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import Auth


class Identity:
    """A key shared by all terminals of a person, and an id of this very terminal.

    Args:
        seed: The 32 bytes of the Ed25519 private key (RFC 8032).
        peer_nonce: Fresh random bytes; with the key they make the peer id, which survives reconnections.
    """

    def __init__(self, seed: bytes, peer_nonce: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()
        self._peer_nonce = peer_nonce
        self.peer_id = derive_peer_id(self.public_key, peer_nonce)

    def answer(self, challenge_nonce: bytes, name: str) -> Auth:
        """Return the AUTH that answers a server's challenge."""
        return Auth(
            version=PROTOCOL_VERSION,
            public_key=self.public_key,
            peer_nonce=self._peer_nonce,
            signature=self._key.sign(auth_statement(challenge_nonce, self.peer_id)),
            name=name,
        )

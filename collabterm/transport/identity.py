"""Who this terminal is to the signaling server: an Ed25519 key and a peer id; must not store anything."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collabterm.protocol.identity import auth_statement, derive_peer_id, token_proof
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import Auth, PeerId


@dataclass(frozen=True, slots=True)
class Identity:
    """A key shared by all terminals of a person, and an id of this very terminal.

    Args:
        seed: The 32 bytes of the Ed25519 private key (RFC 8032).
        peer_nonce: Fresh random bytes; with the key they make the peer id, which survives reconnections.
        token: The secret shared with a server that asks for one.
    """

    seed: bytes = field(repr=False)
    peer_nonce: bytes
    token: bytes | None = field(default=None, repr=False)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that others know the person by."""
        return self._key.public_key().public_bytes_raw()

    @property
    def peer_id(self) -> PeerId:
        """What others call this terminal."""
        return derive_peer_id(self.public_key, self.peer_nonce)

    def answer(self, challenge_nonce: bytes, name: str, server: str) -> Auth:
        """Return the AUTH that answers a server's challenge; the token is proven, not told.

        Args:
            challenge_nonce: What the server asked to sign.
            name: The name others see.
            server: The name that the server was dialed by; it is of use to no other.
        """
        statement = auth_statement(challenge_nonce, self.peer_id, server)
        return Auth(
            version=PROTOCOL_VERSION,
            public_key=self.public_key,
            peer_nonce=self.peer_nonce,
            signature=self._key.sign(statement),
            name=name,
            server=server,
            token_proof=token_proof(self.token, statement) if self.token is not None else None,
        )

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

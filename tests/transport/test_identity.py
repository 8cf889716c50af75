"""Who this terminal is: what it answers, and what it never shows."""

from __future__ import annotations

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collabterm.protocol.identity import auth_statement, derive_peer_id, token_proof
from collabterm.transport.identity import Identity

SEED = bytes(range(32))
NONCE = b"challenge" * 3
TOKEN = b"correct-horse-battery"
SERVER = "pair.example.org"


def test_the_answer_is_signed_by_the_key_it_names() -> None:
    identity = Identity(SEED, b"nonce")
    auth = identity.answer(NONCE, "Ada", SERVER)
    assert (auth.name, auth.public_key, auth.peer_nonce) == ("Ada", identity.public_key, b"nonce")
    assert auth.server == SERVER
    assert identity.peer_id == derive_peer_id(auth.public_key, b"nonce")
    Ed25519PublicKey.from_public_bytes(auth.public_key).verify(
        auth.signature, auth_statement(NONCE, identity.peer_id, SERVER)
    )


def test_a_terminal_without_a_token_proves_none() -> None:
    assert Identity(SEED, b"nonce").answer(NONCE, "Ada", SERVER).token_proof is None


def test_a_token_is_proven_over_what_is_signed() -> None:
    identity = Identity(SEED, b"nonce", TOKEN)
    expected = token_proof(TOKEN, auth_statement(NONCE, identity.peer_id, SERVER))
    assert identity.answer(NONCE, "Ada", SERVER).token_proof == expected


def test_a_token_makes_nobody_another() -> None:
    identity = Identity(SEED, b"nonce")
    assert replace(identity, token=TOKEN).peer_id == identity.peer_id


def test_neither_key_nor_token_is_shown() -> None:
    shown = repr(Identity(SEED, b"nonce", TOKEN))
    assert repr(SEED) not in shown
    assert TOKEN.decode() not in shown

"""What follows from a key: compared with what OpenSSH and RFC 4231 say of the same bytes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from collabterm.protocol.identity import (
    auth_statement,
    derive_peer_id,
    key_fingerprint,
    openssh_key,
    token_proof,
)
from collabterm.protocol.signaling import PeerId

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()


def test_a_key_is_written_as_openssh_writes_it() -> None:
    line = KEY.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert openssh_key(KEY.public_bytes_raw()) == line


def test_a_fingerprint_is_the_one_that_ssh_keygen_shows(tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_text(openssh_key(KEY.public_bytes_raw()) + " ann@desk\n")
    shown = subprocess.run(["ssh-keygen", "-lf", path], capture_output=True, text=True, check=True).stdout
    assert shown.split()[1] == key_fingerprint(KEY.public_bytes_raw())


def test_a_token_proof_is_the_hmac_of_rfc_4231() -> None:
    proof = token_proof(b"Jefe", b"what do ya want for nothing?")
    assert proof.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_a_proof_and_a_signed_statement_belong_to_one_connection_and_one_peer() -> None:
    ann, bea = (derive_peer_id(KEY.public_bytes_raw(), nonce) for nonce in (b"a", b"b"))
    statements = {auth_statement(nonce, peer, "here") for nonce in (b"1", b"2") for peer in (ann, bea)}
    assert len(statements) == 4
    assert len({token_proof(b"secret", statement) for statement in statements}) == 4
    assert ann != bea
    assert ann == PeerId(ann.lower())
    assert len(ann) == 20

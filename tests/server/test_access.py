"""Who may enter: real keys and tokens against every kind of door."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collabterm.protocol.identity import auth_statement, key_fingerprint, token_proof
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import Auth, Error, ErrorCode, PeerInfo
from collabterm.transport.identity import Identity
from collabterm_server.access import OPEN, Access
from collabterm_server.identity import verify_auth

NONCE = bytes(range(32))
SERVER = "pair.example.org"
TOKEN, OTHER_TOKEN, THIRD_TOKEN = b"first-token-12345", b"second-token-1234", b"third-token-12345"
ADA = Identity(bytes(range(32)), b"nonce")
BEA = Identity(bytes(range(1, 33)), b"nonce")
KNOWS_TOKEN = replace(ADA, token=TOKEN)


def verdict(identity: Identity, access: Access) -> ErrorCode | None:
    """Return why the door stays shut, None if it opens; what opens it, knows who came."""
    decided = verify_auth(identity.answer(NONCE, "Ada", SERVER), NONCE, access)
    if isinstance(decided, Error):
        assert decided.message.endswith(".")
        assert decided.retry_after is None
        return decided.code
    assert decided == PeerInfo(identity.peer_id, "Ada", key_fingerprint(identity.public_key))
    return None


class TestKeys:
    def test_without_any_list_every_key_enters(self) -> None:
        assert Access() == OPEN
        assert verdict(ADA, OPEN) is verdict(BEA, OPEN) is None

    def test_a_list_of_keys_lets_in_those_on_it_and_nobody_else(self) -> None:
        access = Access(authorized=frozenset({ADA.public_key}))
        assert verdict(ADA, access) is None
        assert verdict(BEA, access) is ErrorCode.KEY_REFUSED

    def test_an_empty_list_of_keys_lets_nobody_in(self) -> None:
        assert verdict(ADA, Access(authorized=frozenset())) is ErrorCode.KEY_REFUSED

    def test_all_terminals_of_a_person_have_the_key_that_is_on_the_list(self) -> None:
        access = Access(authorized=frozenset({ADA.public_key}))
        assert verdict(replace(ADA, peer_nonce=b"another terminal"), access) is None

    def test_the_refused_are_told_what_to_send_to_whom(self) -> None:
        refusal = verify_auth(BEA.answer(NONCE, "Bea", SERVER), NONCE, Access(authorized=frozenset()))
        assert isinstance(refusal, Error)
        assert "send the line that 'collabterm key' prints to whoever runs it" in refusal.message


class TestTokens:
    @pytest.mark.parametrize("token", [TOKEN, OTHER_TOKEN, THIRD_TOKEN])
    def test_any_one_of_the_tokens_opens(self, token: bytes) -> None:
        access = Access(tokens=(TOKEN, OTHER_TOKEN, THIRD_TOKEN))
        assert verdict(replace(ADA, token=token), access) is None

    @pytest.mark.parametrize("token", [None, b"", OTHER_TOKEN, TOKEN + b"\n", TOKEN[:-1]])
    def test_no_token_and_another_token_are_refused(self, token: bytes | None) -> None:
        assert verdict(replace(ADA, token=token), Access(tokens=(TOKEN,))) is ErrorCode.TOKEN_REFUSED

    @pytest.mark.parametrize("identity", [ADA, KNOWS_TOKEN])
    def test_an_empty_list_of_tokens_lets_nobody_in(self, identity: Identity) -> None:
        assert verdict(identity, Access(tokens=())) is ErrorCode.TOKEN_REFUSED

    def test_a_token_that_nobody_asks_for_does_no_harm(self) -> None:
        assert verdict(KNOWS_TOKEN, OPEN) is None

    @pytest.mark.parametrize("proof", [b"", bytes(32), bytes(33), TOKEN])
    def test_a_proof_that_is_none_is_refused(self, proof: bytes) -> None:
        auth = replace(ADA.answer(NONCE, "Ada", SERVER), token_proof=proof)
        assert code(verify_auth(auth, NONCE, Access(tokens=(TOKEN,)))) is ErrorCode.TOKEN_REFUSED

    def test_an_overheard_proof_is_of_no_use_for_another_challenge_or_another_peer(self) -> None:
        access = Access(tokens=(TOKEN,))
        overheard = KNOWS_TOKEN.answer(NONCE, "Ada", SERVER).token_proof
        later = replace(ADA.answer(bytes(32), "Ada", SERVER), token_proof=overheard)
        assert code(verify_auth(later, bytes(32), access)) is ErrorCode.TOKEN_REFUSED
        by_another = replace(BEA.answer(NONCE, "Bea", SERVER), token_proof=overheard)
        assert code(verify_auth(by_another, NONCE, access)) is ErrorCode.TOKEN_REFUSED

    @pytest.mark.parametrize("token", [None, OTHER_TOKEN])
    def test_the_refused_are_told_the_three_places_of_a_token(self, token: bytes | None) -> None:
        refusal = verify_auth(
            replace(ADA, token=token).answer(NONCE, "Ada", SERVER), NONCE, Access(tokens=(TOKEN,))
        )
        assert isinstance(refusal, Error)
        for place in ("--token-file", "COLLABTERM_TOKEN", "token_file in the config"):
            assert place in refusal.message

    def test_the_rules_do_not_show_the_tokens(self) -> None:
        assert TOKEN.decode() not in repr(Access(tokens=(TOKEN,)))


class TestBoth:
    @pytest.mark.parametrize(
        ("identity", "refusal"),
        [
            (KNOWS_TOKEN, None),
            (ADA, ErrorCode.TOKEN_REFUSED),
            (BEA, ErrorCode.KEY_REFUSED),
            (replace(BEA, token=TOKEN), ErrorCode.KEY_REFUSED),
        ],
    )
    def test_key_and_token_must_both_be_right(self, identity: Identity, refusal: ErrorCode | None) -> None:
        access = Access(authorized=frozenset({ADA.public_key}), tokens=(TOKEN,))
        assert verdict(identity, access) is refusal


class TestNames:
    def test_a_server_with_names_takes_what_was_signed_for_one_of_them_and_nothing_else(self) -> None:
        assert verdict(ADA, Access(names=("other.example", SERVER))) is None
        assert verdict(ADA, Access(names=(f"{SERVER}:443",))) is None
        assert verdict(ADA, Access(names=("other.example",))) is ErrorCode.AUTH_FAILED
        assert verdict(ADA, Access(names=(f"{SERVER}:3001",))) is ErrorCode.AUTH_FAILED

    def test_a_server_name_that_was_not_the_signed_one_is_refused_by_every_server(self) -> None:
        auth = replace(ADA.answer(NONCE, "Ada", "malicious.example"), server=SERVER)
        for access in (OPEN, Access(names=(SERVER,))):
            assert code(verify_auth(auth, NONCE, access)) is ErrorCode.AUTH_FAILED

    def test_the_token_is_proven_to_the_named_server_alone(self) -> None:
        proof = KNOWS_TOKEN.answer(NONCE, "Ada", "malicious.example").token_proof
        auth = replace(ADA.answer(NONCE, "Ada", SERVER), token_proof=proof)
        assert code(verify_auth(auth, NONCE, Access(tokens=(TOKEN,)))) is ErrorCode.TOKEN_REFUSED

    @pytest.mark.parametrize("server", ["", "x" * 60_000, "pair.example.org\n", "é", "[::1"])
    def test_a_server_name_that_is_none_is_refused_and_not_raised(self, server: str) -> None:
        verified = verify_auth(ADA.answer(NONCE, "Ada", server), NONCE, Access(names=(SERVER,)))
        assert code(verified) is ErrorCode.AUTH_FAILED

    def test_only_lists_without_a_name_can_be_got_around(self) -> None:
        lists = [Access(), Access(authorized=frozenset()), Access(tokens=())]
        assert [access.can_be_passed_on for access in lists] == [False, True, True]
        assert not any(replace(access, names=(SERVER,)).can_be_passed_on for access in lists)


class TestOrder:
    """What is wrong first is what is told: whoever has not proven a key learns nothing of the lists."""

    DOOR = Access(authorized=frozenset({ADA.public_key}), tokens=(TOKEN,))

    def refusal(self, **changes: object) -> ErrorCode:
        auth = KNOWS_TOKEN.answer(NONCE, "Ada", SERVER)
        for name, value in changes.items():
            auth = replace(auth, **{name: value})  # type: ignore[arg-type]  # the names are in the test below
        return code(verify_auth(auth, NONCE, self.DOOR))

    def test_the_version_then_the_signature_then_the_lists_then_the_name(self) -> None:
        wrong: dict[str, object] = {"name": "\x1b"}
        assert self.refusal(**wrong) is ErrorCode.BAD_NAME
        wrong["token_proof"] = None
        assert self.refusal(**wrong) is ErrorCode.TOKEN_REFUSED
        wrong["signature"] = bytes(64)
        assert self.refusal(**wrong) is ErrorCode.AUTH_FAILED
        wrong["version"] = PROTOCOL_VERSION + 1
        assert self.refusal(**wrong) is ErrorCode.BAD_VERSION

    @pytest.mark.parametrize("key", [ADA.public_key, BEA.public_key])
    def test_a_stranger_cannot_try_out_whose_keys_are_on_the_list(self, key: bytes) -> None:
        stranger = Identity(bytes(31) + b"\1", b"nonce", TOKEN)
        assert code(verify_auth(claiming(stranger, key), NONCE, self.DOOR)) is ErrorCode.AUTH_FAILED


def claiming(stranger: Identity, key: bytes) -> Auth:
    """Return a sign-in with the key of somebody else, as far as one gets without its private half."""
    auth = replace(stranger.answer(NONCE, "Ada", SERVER), public_key=key)
    return replace(auth, token_proof=token_proof(TOKEN, auth_statement(NONCE, ADA.peer_id, SERVER)))


def code(decided: PeerInfo | Error) -> ErrorCode:
    assert isinstance(decided, Error)
    return decided.code

"""Who gets in over real sockets: keys, tokens, both, and those who claim to be somebody else."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from collabterm.protocol.identity import auth_statement, derive_peer_id, openssh_key, token_proof
from collabterm.protocol.signaling import AuthOk, ErrorCode, JoinRoom, PeerJoined, RoomJoined, RoomName
from collabterm_server.access import Access
from collabterm_server.options import ServerOptions
from collabterm_server.relay import SignalingServer
from collabterm_server.service import AccessFiles
from tests.server.arrivals import arriving, is_kept_out, is_let_in
from tests.server.raw_client import LOCALHOST
from tests.server.signaling_peer import DIALED, Identity, knocking, signed_in, stats_of

DEN = RoomName("den")
TOKEN: Final = b"correct-horse-battery"


def guarded(access: Access) -> SignalingServer:
    return SignalingServer(LOCALHOST, 0, options=ServerOptions(access=access))


def fingerprint_by_openssh(identity: Identity, folder: Path) -> str:
    file = folder / "key.pub"
    file.write_text(openssh_key(identity.public_key) + " comment\n")
    shown = subprocess.run(["ssh-keygen", "-l", "-f", file], capture_output=True, text=True, check=True)
    return shown.stdout.split()[1]


async def test_only_listed_keys_get_in_and_the_room_sees_name_and_fingerprint(tmp_path: Path) -> None:
    ann, bea, eve = Identity("Ann"), Identity("Bea é"), Identity("Eve")
    lines = [f"# friends\n{openssh_key(each.public_key)} {each.name}\n" for each in (ann, bea)]
    (tmp_path / "keys").write_text("".join(lines), "utf-8")
    async with guarded(AccessFiles(tmp_path / "keys").read()) as server:
        async with arriving(server.url, eve) as stranger:
            error = await is_kept_out(stranger)
            assert error.code is ErrorCode.KEY_REFUSED
            assert "'collabterm key'" in error.message
            assert await stranger.is_closed() == 1008
        async with (
            signed_in(server.url, identity=ann) as first,
            signed_in(server.url, identity=bea) as second,
        ):
            await first.enter(DEN)
            assert await second.ask(JoinRoom(DEN, create=False)) == RoomJoined(DEN, (ann.info,))
            arrival = await first.receive()
            assert arrival == PeerJoined(bea.info)
            assert isinstance(arrival, PeerJoined)
            assert arrival.peer.name == "Bea é"
            assert arrival.peer.fingerprint == fingerprint_by_openssh(bea, tmp_path)


@pytest.mark.parametrize("content", ["", "\n# nobody yet\n"])
async def test_an_existing_but_empty_list_lets_nobody_in(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys").write_text(content)
    async with guarded(AccessFiles(tmp_path / "keys").read()) as server, knocking(server.url) as ann:
        assert (await is_kept_out(ann)).code is ErrorCode.KEY_REFUSED


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (TOKEN, None),
        (b"another-good-token-too", None),
        (None, ErrorCode.TOKEN_REFUSED),
        (b"correct-horse-batterz", ErrorCode.TOKEN_REFUSED),
        (b"", ErrorCode.TOKEN_REFUSED),
    ],
)
async def test_a_token_of_the_file_opens_and_no_other(
    tmp_path: Path, token: bytes | None, code: ErrorCode | None
) -> None:
    (tmp_path / "tokens").write_bytes(TOKEN + b"\nanother-good-token-too\n")
    async with guarded(AccessFiles(tokens=tmp_path / "tokens").read()) as server, knocking(server.url) as ann:
        if code is None:
            await is_let_in(ann, token)
        else:
            error = await is_kept_out(ann, token)
            assert error.code is code
            assert TOKEN.decode() not in error.message
            assert await ann.is_closed() == 1008


@pytest.mark.parametrize("known", [True, False], ids=["a listed key", "another key"])
@pytest.mark.parametrize("token", [TOKEN, None], ids=["the token", "no token"])
async def test_with_two_lists_both_must_let_one_in(known: bool, token: bytes | None) -> None:
    ann = Identity()
    access = Access(frozenset({(ann if known else Identity()).public_key}), (TOKEN,))
    async with guarded(access) as server, knocking(server.url, ann) as peer:
        if known and token:
            await is_let_in(peer, token)
        else:
            code = ErrorCode.TOKEN_REFUSED if known else ErrorCode.KEY_REFUSED
            assert (await is_kept_out(peer, token)).code is code


async def test_a_proof_of_the_token_for_another_connection_is_worth_nothing() -> None:
    async with guarded(Access(tokens=(TOKEN,))) as server:
        ann = Identity()
        async with knocking(server.url, ann) as first, knocking(server.url, ann) as second:
            overheard = token_proof(
                TOKEN, auth_statement((await first.challenge()).nonce, ann.peer_id, DIALED)
            )
            auth = replace(ann.auth((await second.challenge()).nonce), token_proof=overheard)
            await second.send(auth)
            assert (await second.refusal()).code is ErrorCode.TOKEN_REFUSED


class TestImpostors:
    async def test_the_id_of_somebody_else_cannot_be_had_with_another_key(
        self, server: SignalingServer
    ) -> None:
        victim, eve = Identity("Ann"), Identity("Ann")
        async with signed_in(server.url, identity=victim) as ann, knocking(server.url, eve) as thief:
            challenge = await thief.challenge()
            await thief.send(eve.auth(challenge.nonce, claim=victim.peer_id))
            assert (await thief.refusal()).code is ErrorCode.AUTH_FAILED
            assert await thief.is_closed() == 1008
            assert await ann.enter(DEN) == ()

    async def test_the_key_of_somebody_else_is_of_no_use_without_its_signature(
        self, server: SignalingServer
    ) -> None:
        victim, eve = Identity("Ann"), Identity("Eve")
        async with signed_in(server.url, identity=victim) as ann, knocking(server.url, eve) as thief:
            forged = eve.auth((await thief.challenge()).nonce, claim=victim.peer_id)
            await thief.send(replace(forged, public_key=victim.public_key, peer_nonce=victim.peer_nonce))
            assert (await thief.refusal()).code is ErrorCode.AUTH_FAILED
            assert await ann.enter(DEN) == ()

    async def test_an_answer_that_was_overheard_is_of_no_use_in_another_connection(
        self, server: SignalingServer
    ) -> None:
        victim = Identity("Ann")
        async with knocking(server.url, victim) as ann, knocking(server.url) as thief:
            overheard = victim.auth((await ann.challenge()).nonce)
            assert await ann.ask(overheard) == AuthOk(victim.peer_id)
            await thief.challenge()
            await thief.send(overheard)
            assert (await thief.refusal()).code is ErrorCode.AUTH_FAILED
            assert await ann.enter(DEN) == ()
            assert (await stats_of(server.port))["connections"] == 1

    async def test_two_terminals_of_one_person_are_two_peers_with_one_fingerprint(
        self, server: SignalingServer
    ) -> None:
        one, other = Identity("Ann"), Identity("Ann")
        other.key, other.public_key = one.key, one.public_key
        other.peer_id = derive_peer_id(other.public_key, other.peer_nonce)
        async with (
            signed_in(server.url, identity=one) as first,
            signed_in(server.url, identity=other) as second,
        ):
            await first.enter(DEN)
            [present] = await second.enter(DEN)
            assert present.peer_id != second.peer_id
            assert present.fingerprint == second.info.fingerprint

    async def test_auth_comes_once(self, server: SignalingServer) -> None:
        async with knocking(server.url) as ann:
            challenge = await ann.challenge()
            auth = ann.identity.auth(challenge.nonce)
            assert await ann.ask(auth) == AuthOk(ann.peer_id)
            await ann.send(auth)
            assert (await ann.refusal()).code is ErrorCode.BAD_MESSAGE
            assert await ann.enter(DEN) == ()

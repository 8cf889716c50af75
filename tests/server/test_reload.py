"""SIGHUP: the files of keys, tokens and TLS are read again while clients are connected."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509

from collabterm.protocol.identity import openssh_key
from collabterm.protocol.signaling import Error, ErrorCode, Heartbeat, PeerLeft, RoomName
from tests.server.arrivals import arriving, is_kept_out, is_let_in, skip_to
from tests.server.certificate_files import CertificateFiles, trusting
from tests.server.served_process import ServedProcess, served
from tests.server.signaling_peer import Identity, knocking

DEN = RoomName("den")
FIRST, SECOND = b"the-first-token-of-all", b"the-second-token-of-all"
DONE: Final = "read the files again"
KEPT: Final = "everything stays as it was"


class Keys:
    """A file of keys and a server that reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write()

    def write(self, *identities: Identity) -> None:
        lines = [f"{openssh_key(each.public_key)} {each.name}\n" for each in identities]
        self.path.write_text("".join(lines), "utf-8")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "authorized_keys")


@pytest.fixture
def server(tmp_path: Path, keys: Keys) -> Iterator[ServedProcess]:
    with served(tmp_path, "--authorized-keys", str(keys.path), "--no-stun") as process:
        yield process


def hang_up(server: ServedProcess, words: str = DONE, times: int = 1) -> None:
    """Send SIGHUP, and wait until the log tells what came of it."""
    server.signal(signal.SIGHUP)
    server.logs(words, times)


async def test_a_key_that_is_taken_off_the_list_is_shown_out_and_one_that_is_added_comes_in(
    server: ServedProcess, keys: Keys
) -> None:
    ann, bea, cid = Identity("Ann"), Identity("Bea"), Identity("Cid")
    keys.write(ann, bea)
    hang_up(server)
    async with arriving(server.url, ann) as first, arriving(server.url, bea) as second:
        for peer in (first, second):
            await is_let_in(peer)
            await peer.enter(DEN)
        async with knocking(server.url, cid) as early:
            assert (await is_kept_out(early)).code is ErrorCode.KEY_REFUSED
        async with knocking(server.url, cid) as waiting:
            await waiting.challenge()
            keys.write(bea, cid)
            hang_up(server, times=2)
            later = await waiting.refusal()
            assert (later.code, later.retry_after) == (ErrorCode.TOO_MANY, 0.1)
            assert await waiting.is_closed() == 1013
        async with knocking(server.url, cid) as third:
            await is_let_in(third)
            assert await third.enter(DEN) == (bea.info,)
        error = await skip_to(first, Error)
        assert isinstance(error, Error)
        assert error.code is ErrorCode.KEY_REFUSED
        assert await first.is_closed() == 1008
        assert await skip_to(second, PeerLeft) == PeerLeft(ann.peer_id)
        async with knocking(server.url, ann) as again:
            assert (await is_kept_out(again)).code is ErrorCode.KEY_REFUSED
    assert "ERROR" not in server.levels()


@pytest.mark.parametrize(
    "content",
    [b"ssh-rsa AAAA somebody\n", b"ssh-ed25519 AAAA cut off\n", b"\0", b"\xff", None],
    ids=["another type", "half a key", "no text", "no UTF-8", "no file"],
)
async def test_a_list_that_cannot_be_read_changes_nothing_and_is_one_line_in_the_log(
    server: ServedProcess, keys: Keys, content: bytes | None
) -> None:
    ann = Identity("Ann")
    keys.write(ann)
    hang_up(server)
    async with arriving(server.url, ann) as first, knocking(server.url) as waiting:
        await is_let_in(first)
        keys.path.write_bytes(content or b"")
        if content is None:
            keys.path.unlink()
        hang_up(server, KEPT)
        assert await first.ask(Heartbeat()) == Heartbeat()
        assert (await is_kept_out(waiting)).code is ErrorCode.KEY_REFUSED
        async with knocking(server.url, Identity("Ann")) as stranger:
            assert (await is_kept_out(stranger)).code is ErrorCode.KEY_REFUSED
    [told] = [line for line in server.log if " ERROR " in line]
    assert str(keys.path) in told
    assert "Traceback" not in told
    keys.write()
    hang_up(server, times=2)
    async with knocking(server.url, ann) as late:
        assert (await is_kept_out(late)).code is ErrorCode.KEY_REFUSED


async def test_new_tokens_hold_from_now_on_and_those_who_are_in_stay(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_bytes(FIRST + b"\n")
    with served(tmp_path, "--token-file", str(file), "--no-stun") as server:
        async with knocking(server.url) as ann:
            await is_let_in(ann, FIRST)
            file.write_bytes(SECOND + b"\n")
            hang_up(server)
            for token, is_welcome in ((FIRST, False), (SECOND, True)):
                async with knocking(server.url) as peer:
                    await (is_let_in(peer, token) if is_welcome else is_kept_out(peer, token))
            file.write_bytes(b"short\n")
            hang_up(server, KEPT)
            async with knocking(server.url) as bea:
                await is_let_in(bea, SECOND)
            assert await ann.ask(Heartbeat()) == Heartbeat()
        assert not [
            line for line in server.log if "short" in line.replace("shorter", "") or "token-of" in line
        ]


async def test_a_new_certificate_is_shown_and_old_connections_go_on(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path)
    files.issue("first")
    options = ("--tls-cert", str(files.cert), "--tls-key", str(files.key), "--no-stun")
    with served(tmp_path, *options) as server:
        async with arriving(server.url, ssl=trusting()) as ann:
            await is_let_in(ann)
            assert await shown(server.port) == "first"
            files.issue("second")
            hang_up(server)
            assert await shown(server.port) == "second"
            shutil.copy(files.key, files.cert)
            hang_up(server, KEPT)
            assert await shown(server.port) == "second"
            assert await ann.ask(Heartbeat()) == Heartbeat()


async def shown(port: int) -> str:
    """Return whose certificate the server shows."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting())
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    [holder] = x509.load_der_x509_certificate(certificate).subject
    return str(holder.value)


async def test_a_server_without_files_goes_on(tmp_path: Path) -> None:
    with served(tmp_path, "--no-stun") as server:
        async with arriving(server.url) as ann:
            await is_let_in(ann)
            hang_up(server, "keys that may enter: any; tokens: none asked for")
            assert await ann.ask(Heartbeat()) == Heartbeat()
        assert server.levels() == {"INFO"}

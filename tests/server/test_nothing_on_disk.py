"""What a server that does everything it can leaves on the disk."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Final

import pytest

from collabterm.protocol.identity import openssh_key
from collabterm.protocol.signaling import IceCandidate, IceServers, PeerJoined, RoomName, SdpAnswer, SdpOffer
from tests.server.arrivals import arriving, is_let_in, skip_to
from tests.server.certificate_files import CertificateFiles, trusting
from tests.server.served_process import served
from tests.server.signaling_peer import Identity, SignalingPeer

DEN = RoomName("den")
TOKEN: Final = b"correct-horse-battery"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The only folder that the server is told of, besides the files that it is to read."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """The files that the server is to read."""
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}


async def exchange(ann: SignalingPeer, bea: SignalingPeer) -> None:
    """Let two meet in a room, pass on one of everything, and leave in both ways."""
    await ann.enter(DEN)
    await bea.enter(DEN)
    assert await skip_to(ann, PeerJoined) == PeerJoined(bea.info)
    await bea.send(SdpOffer({"sdp": "v=0"}, to=ann.peer_id))
    await bea.send(IceCandidate({"candidate": "c"}, to=ann.peer_id))
    assert await skip_to(ann, IceCandidate) == IceCandidate({"candidate": "c"}, sender=bea.peer_id)
    await ann.send(SdpAnswer({"sdp": "v=0"}, to=bea.peer_id))
    assert await skip_to(bea, SdpAnswer) == SdpAnswer({"sdp": "v=0"}, sender=ann.peer_id)


async def test_a_server_writes_nothing_to_the_disk(home: Path, given: Path) -> None:
    ann, bea = Identity("Ann"), Identity("Bea")
    files = CertificateFiles(given)
    files.issue("localhost")
    (given / "keys").write_text("".join(f"{openssh_key(each.public_key)}\n" for each in (ann, bea)))
    (given / "token").write_bytes(TOKEN)
    before = content_of(given)
    options = ["--log-level", "debug", "--tls-cert", str(files.cert), "--tls-key", str(files.key)]
    options += ["--authorized-keys", str(given / "keys"), "--token-file", str(given / "token")]
    with served(home, *options) as server:
        async with (
            arriving(server.url, ann, ssl=trusting()) as first,
            arriving(server.url, bea, ssl=trusting()) as second,
        ):
            for peer in (first, second):
                await is_let_in(peer, TOKEN)
                await skip_to(peer, IceServers)
            await exchange(first, second)
            first.abort()
        server.logs("left", times=2)
        server.signal(signal.SIGHUP)
        server.logs("read the files again")
        server.signal(signal.SIGTERM)
        assert server.ends() == 0
    assert content_of(home) == {}
    assert content_of(given) == before

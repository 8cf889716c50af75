"""A person's whole network against a real server: what opens their file, what they read, what ends it."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Self

import pytest

from collabterm.config import Settings
from collabterm.connection import stay_connected
from collabterm.document.lines import Edit, Location
from collabterm.document.shared_text import Document
from collabterm.errors import CollabtermError, ServerRefused
from collabterm.file_keeper import FileKeeper
from collabterm.join_request import JoinRequest
from collabterm.protocol.signaling import Error, ErrorCode, RoomName
from collabterm.session.events import Alone, InSync, SignedIn, SignedOut
from collabterm.session.room import Room
from collabterm.storage import files
from collabterm.transport.identity import Identity
from collabterm.tui.saving import NeedsConsent, Saved
from collabterm_server.access import Access
from collabterm_server.limits import ServerLimits
from collabterm_server.options import ServerOptions
from collabterm_server.relay import SignalingServer
from tests.transport.visitors import ScriptedServer
from tests.waiting import until

START = Location(0, 0)
OLD_TOKEN, NEW_TOKEN = b"correct-horse-battery", b"staple-of-the-team"


class Person:
    """Somebody who joins a room, perhaps with a file, as long as the ``async with`` lasts."""

    def __init__(
        self,
        server: SignalingServer | ScriptedServer,
        name: str,
        file: Path | None = None,
        *,
        like: Person | None = None,
        token_file: Path | None = None,
    ) -> None:
        """``like`` is the same person in a terminal before."""
        self.notices: list[str] = []
        self.refusals: list[CollabtermError] = []
        self.document = Document(secrets.randbits(53))
        loaded = files.load(file) if file is not None else None
        self.keeper = FileKeeper(self.document, file, loaded)
        seed = secrets.token_bytes(32) if like is None else like._identity.seed
        self._identity: Identity = Identity(seed, secrets.token_bytes(16))
        self.room = Room(self.document, self._identity.peer_id, name)
        settings = Settings(server.url, name, (), token_file=token_file)
        self._request = JoinRequest(RoomName("demo"), settings, file, loaded, None)

    async def __aenter__(self) -> Self:
        self._network = asyncio.create_task(
            stay_connected(
                self._request,
                self._identity,
                self.room,
                self.keeper,
                on_refused=self.refusals.append,
                on_notice=self.notices.append,
            )
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._network.cancel()
        await asyncio.gather(self._network, return_exceptions=True)

    @property
    def text(self) -> str:
        """What this person has."""
        return self.document.text()

    def type(self, text: str) -> None:
        """Insert ``text`` at the beginning."""
        self.document.edit([Edit(START, START, text)], 0.0)

    async def enters(self) -> SignedIn:
        """Wait until the server has let them in."""
        await until(lambda: isinstance(self.room.signaling, SignedIn), "they are in the room")
        assert isinstance(self.room.signaling, SignedIn)
        return self.room.signaling

    async def turned_away(self) -> None:
        """Wait until the server has said that it does not let them in just now."""
        await until(
            lambda: isinstance(self.room.signaling, SignedOut) and self.room.signaling.is_turned_away,
            "the server turns them away",
        )


def cut_cable(server: SignalingServer) -> None:
    """End the only connection there is; neither end is told why."""
    (client,) = server.reception._clients
    client.socket.abort()


def file_of(folder: Path, text: str) -> Path:
    path = folder / "notes.txt"
    path.write_text(text)
    return path


async def test_a_file_opens_in_a_room_that_is_new(tmp_path: Path) -> None:
    file = file_of(tmp_path, "mine\n")
    async with SignalingServer("127.0.0.1", 0) as server, Person(server, "bob", file) as bob:
        await bob.enters()
        assert (bob.text, bob.notices) == ("mine\n", [])


async def test_a_file_opens_late_if_those_for_whom_the_room_is_kept_do_not_return(tmp_path: Path) -> None:
    file = file_of(tmp_path, "mine\n")
    async with SignalingServer("127.0.0.1", 0, ServerLimits(grace_s=0.6)) as server:
        async with Person(server, "ana") as ana:
            await ana.enters()
            cut_cable(server)
        async with Person(server, "bob", file) as bob:
            assert await bob.enters() == SignedIn(hosting=False, awaited=("ana",))
            assert (bob.text, bob.notices) == ("", ["notes.txt opens if not"])
            assert bob.keeper.save() == NeedsConsent("notes.txt")
            await until(lambda: bob.text == "mine\n", "the file opens")
            assert bob.room.signaling == SignedIn(hosting=False)
            assert not bob.keeper.is_modified


async def test_of_two_files_that_wait_the_one_of_who_starts_anew_opens(tmp_path: Path) -> None:
    (tmp_path / "his").mkdir()
    hers, his = file_of(tmp_path, "hers\n"), file_of(tmp_path / "his", "his\n")
    async with SignalingServer("127.0.0.1", 0, ServerLimits(grace_s=60.0)) as server:
        async with Person(server, "ana", hers) as ana:
            await until(lambda: ana.text == "hers\n", "the file opens")
            cut_cable(server)
        async with Person(server, "bob", his) as bob:
            assert await bob.enters() == SignedIn(hosting=False, awaited=("ana",))
            async with Person(server, "ana", hers, like=ana) as again:
                await until(lambda: again.text == bob.text == "hers\n", "hers opens at both")
                assert not bob.keeper.waits_for_room


async def test_a_file_does_not_open_if_those_for_whom_the_room_is_kept_return(tmp_path: Path) -> None:
    file = file_of(tmp_path, "mine\n")
    async with (
        SignalingServer("127.0.0.1", 0, ServerLimits(grace_s=5.0)) as server,
        Person(server, "ana") as ana,
    ):
        await ana.enters()
        ana.type("hers\n")
        cut_cable(server)
        await until(lambda: isinstance(ana.room.signaling, SignedOut), "ana notices")
        async with Person(server, "bob", file) as bob:
            await until(lambda: bob.room.status == InSync(1), "bob has met ana")
            assert (bob.text, ana.text) == ("hers\n", "hers\n")
            assert not bob.keeper.waits_for_room
            assert bob.room.signaling == SignedIn(hosting=False)
            assert bob.keeper.save() == NeedsConsent("notes.txt")


async def test_a_file_that_equals_the_text_of_who_returns_is_as_good_as_opened_here(tmp_path: Path) -> None:
    file = file_of(tmp_path, "the same\n")
    async with SignalingServer("127.0.0.1", 0, ServerLimits(grace_s=5.0)) as server:
        ana = Person(server, "ana")
        async with ana:
            await ana.enters()
            ana.type("the same\n")
            cut_cable(server)
        async with Person(server, "bob", file) as bob, Person(server, "cleo"):
            await until(lambda: bob.room.status == InSync(1), "the strangers agree on nothing")
            assert bob.keeper.waits_for_room
            async with ana:
                await until(lambda: bob.text == "the same\n" and bob.room.status == InSync(2), "ana is back")
                assert not bob.keeper.is_modified
                assert bob.keeper.save() == Saved("notes.txt")


async def test_the_room_of_one_who_left_is_kept_for_nobody(tmp_path: Path) -> None:
    file = file_of(tmp_path, "mine\n")
    async with SignalingServer("127.0.0.1", 0) as server:
        async with Person(server, "ana") as ana:
            await ana.enters()
        async with Person(server, "bob", file) as bob:
            await bob.enters()
            assert (bob.text, bob.room.status) == ("mine\n", Alone())


@pytest.mark.parametrize(
    "options",
    [ServerOptions(access=Access(authorized=frozenset())), ServerOptions(access=Access(tokens=()))],
    ids=["key", "token"],
)
async def test_who_may_not_sign_in_at_the_start_is_told_so_in_one_sentence(options: ServerOptions) -> None:
    async with SignalingServer("127.0.0.1", 0, options=options) as server, Person(server, "ana") as ana:
        await until(lambda: ana.refusals, "ana is refused")
        assert isinstance(ana.refusals[0], ServerRefused)
        assert str(ana.refusals[0]).startswith(f"The server at {server.url} refused: ")


async def test_who_comes_to_a_full_server_is_told_so_once_and_not_sent_home() -> None:
    limits = ServerLimits(max_connections=0)
    async with SignalingServer("127.0.0.1", 0, limits) as server, Person(server, "ana") as ana:
        await ana.turned_away()
        assert ana.notices == ["The server is full: try again later."]
        assert ana.refusals == []


async def test_what_a_server_says_again_and_again_is_read_once() -> None:
    full = Error(ErrorCode.TOO_MANY, "Full.", 0.0)
    async with ScriptedServer([full]) as server, Person(server, "ana") as ana:
        await until(lambda: len(server.heard) > 3, "ana tries again and again")
        assert ana.notices == ["Full."]


async def test_nobody_is_turned_away_by_a_server_that_shuts_down() -> None:
    down = Error(ErrorCode.SHUTTING_DOWN, "Back soon.", 0.0)
    async with ScriptedServer([down]) as server, Person(server, "ana") as ana:
        await until(lambda: len(server.heard) > 3, "ana tries again and again")
        assert isinstance(ana.room.signaling, SignedOut)
        assert not ana.room.signaling.is_turned_away
        assert (ana.notices, ana.refusals) == ([], [])


async def test_who_is_editing_when_the_keys_change_edits_on_and_reads_why() -> None:
    async with SignalingServer("127.0.0.1", 0) as server, Person(server, "ana") as ana:
        await ana.enters()
        ana.type("on")
        server.reception.change_access(Access(authorized=frozenset()))
        await ana.turned_away()
        assert (ana.text, ana.refusals) == ("on", [])
        (notice,) = ana.notices
        assert notice.startswith("This server does not know your key: ")


async def test_a_token_that_changes_while_one_edits_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(OLD_TOKEN)
    options = ServerOptions(access=Access(tokens=(OLD_TOKEN,)))
    async with (
        SignalingServer("127.0.0.1", 0, options=options) as server,
        Person(server, "ana", token_file=file) as ana,
    ):
        await ana.enters()
        server.reception.change_access(Access(tokens=(NEW_TOKEN,)))
        file.write_bytes(NEW_TOKEN)
        cut_cable(server)
        await until(lambda: isinstance(ana.room.signaling, SignedOut), "ana notices")
        await ana.enters()
        assert ana.notices == []


async def test_who_comes_back_without_a_readable_token_reads_why(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(OLD_TOKEN)
    async with SignalingServer("127.0.0.1", 0) as server, Person(server, "ana", token_file=file) as ana:
        await ana.enters()
        ana.type("on")
        file.unlink()
        cut_cable(server)
        await ana.turned_away()
        (notice,) = ana.notices
        assert notice.startswith(f"The token file {file} cannot be used (No such file or directory): ")
        assert (ana.text, ana.refusals) == ("on", [])

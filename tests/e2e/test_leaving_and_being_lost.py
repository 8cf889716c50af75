"""What becomes of a room when its only person leaves, and when that person's program dies."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.e2e import words
from tests.e2e.people import Party, Person
from tests.network import ServerProcess
from tests.product import eventually

LEAVING: dict[str, Callable[[Person], object]] = {
    "ctrl+q": lambda person: person.press("ctrl+q"),
    "SIGTERM": lambda person: person.send_signal(signal.SIGTERM),
    "SIGHUP": lambda person: person.send_signal(signal.SIGHUP),
}


def clients_and_rooms(server: ServerProcess) -> tuple[int, int]:
    with urlopen(f"http://127.0.0.1:{server.port}/api/stats", timeout=5) as response:
        stats = json.load(response)
        return stats["connections"], stats["rooms"]


@pytest.mark.parametrize("how", LEAVING)
def test_who_leaves_on_purpose_takes_the_room_along(party: Party, server: ServerProcess, how: str) -> None:
    ada = party.join("Ada")
    ada.wait_for(words.ALONE)
    LEAVING[how](ada)
    ada.wait_exit()
    eventually(lambda: clients_and_rooms(server) == (0, 0), "the server has forgotten the room")


def test_the_room_of_one_whose_program_dies_is_kept_and_a_strangers_file_waits(
    party: Party, server: ServerProcess, tmp_path: Path
) -> None:
    ada = party.join("Ada")
    ada.wait_for(words.ALONE)
    ada.kill()
    eventually(lambda: clients_and_rooms(server) == (0, 1), "the server keeps the room")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Party(elsewhere, elsewhere, server.url) as strangers:
        bob = strangers.join("Bob", "bob.txt", content="from bob\n")
        bob.wait_for(words.AWAITED.format(name="Ada"))
        bob.wait_for(words.FILE_WAITS.format(file="bob.txt"))
        assert "from bob" not in bob.text

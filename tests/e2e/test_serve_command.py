"""The command that serves signaling, from outside: where it listens and what it counts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.e2e.people import Party, all_see, together
from tests.network import ServerProcess, free_port
from tests.product import environment, eventually, serve_command


def stats_of(server: ServerProcess) -> dict[str, Any]:
    with urlopen(f"http://127.0.0.1:{server.port}/api/stats", timeout=5) as response:
        found: dict[str, Any] = json.load(response)
        return found


def test_no_edit_passes_the_server_while_two_people_type(party: Party, server: ServerProcess) -> None:
    ada = party.join("Ada", "ada.txt", content="hello\n")
    bob = party.join("Bob")
    together(ada, bob)
    ada.type("typed by ada ")
    all_see([ada, bob], "typed by ada hello")
    assert stats_of(server)["operations"] == {"total": 0, "perSecond": 0}


def test_the_server_is_healthy_while_it_runs(server: ServerProcess) -> None:
    with urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=5) as response:
        assert response.status == 200


def test_the_port_in_the_environment_is_honoured(home: Path) -> None:
    port = free_port()
    server = subprocess.Popen(
        serve_command(), env=environment(home, PORT=str(port)), stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        assert str(port) in server.stdout.readline()
    finally:
        server.kill()
        server.communicate()


def test_a_server_that_is_stopped_ends_well_and_its_port_is_free_again(server: ServerProcess) -> None:
    assert server.stop() == 0
    server.start()
    eventually(lambda: "operations" in stats_of(server), "the server answers again")

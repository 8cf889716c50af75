"""People at home behind NATs edit together, with no help but that of 'collabterm serve' in between."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.coturn import SECRET, Coturn, why_no_coturn
from tests.e2e.people import Party, all_see, together, type_at_once
from tests.nat import SERVER, Gate, TwoHomes
from tests.network import ServerProcess
from tests.product import environment

PORT = 3001


def edit_together(homes: TwoHomes, party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="1: \n2: \n", within=partial(homes.at_home, 0))
    bob = party.join("Bob", "bob.txt", within=partial(homes.at_home, 1))
    together(ada, bob)
    ada.press("ctrl+home", "end")
    bob.press("ctrl+home", "down", "end")
    type_at_once({ada: "from ada", bob: "from bob"})
    all_see([ada, bob], "1: from ada", "2: from bob")


@pytest.mark.namespaces
def test_two_behind_nats_edit_together_with_the_stun_of_the_server(home: Path, folder: Path) -> None:
    with (
        TwoHomes(Gate.NAT) as homes,
        ServerProcess(PORT, environment(home), host=SERVER, prefix=homes.in_street(())) as server,
        Party(home, folder, server.url) as party,
    ):
        edit_together(homes, party)


@pytest.mark.namespaces
@pytest.mark.skipif(why_no_coturn() is not None, reason=why_no_coturn() or "")
def test_two_whose_firewalls_let_nothing_through_edit_together_over_the_relay_that_the_server_names(
    home: Path, folder: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "turn.secret"
    secret.write_bytes(SECRET + b"\n")
    secret.chmod(0o600)
    with TwoHomes(Gate.NO_UDP) as homes, Coturn(SERVER, homes.in_street(())) as coturn:
        options = ("--turn-url", f"{coturn.url}?transport=tcp", "--turn-secret-file", str(secret))
        in_street = homes.in_street(())
        server = ServerProcess(PORT, environment(home), host=SERVER, prefix=in_street, options=options)
        with server, Party(home, folder, server.url) as party:
            edit_together(homes, party)

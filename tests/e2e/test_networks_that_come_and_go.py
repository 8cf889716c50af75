"""Hosts that quit, servers that stop, cables that are pulled: everyone goes on, and in the end all agree."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.e2e import words
from tests.e2e.people import CONNECT_TIMEOUT_S, Party, all_see, together, type_at_once
from tests.network import LoopbackOnly, NamespacePair, ServerProcess, SilentUdpServer
from tests.product import environment

LINES = "1: \n2: \n3: \n"
NOTICED_TIMEOUT_S = 30.0
"""A lost link or server is noticed in a few seconds; the rest is for a busy machine."""


@pytest.mark.namespaces
def test_two_with_no_network_but_loopback_and_no_server_connect(
    offline: LoopbackOnly, offline_party: Party
) -> None:
    ada = offline_party.join("Ada", "ada.txt", content=LINES, within=offline.command)
    ada.wait_for(words.HOSTING)
    bob = offline_party.join("Bob", "bob.txt", within=offline.command)
    together(ada, bob)
    ada.press("ctrl+home", "end")
    bob.press("ctrl+home", "down", "end")
    type_at_once({ada: "from ada", bob: "from bob"})
    all_see([ada, bob], "1: from ada", "2: from bob")
    for person in (ada, bob):
        person.saves("1: from ada\n2: from bob\n3: \n")


@pytest.mark.namespaces
@pytest.mark.parametrize("end", ["ctrl+q", "kill -9"])
def test_when_the_host_of_the_embedded_server_ends_the_others_go_on_and_new_ones_can_join(
    offline: LoopbackOnly, offline_party: Party, end: str
) -> None:
    ada = offline_party.join("Ada", "ada.txt", content=LINES, within=offline.command)
    ada.wait_for(words.HOSTING)
    bob = offline_party.join("Bob", "bob.txt", within=offline.command)
    cyd = offline_party.join("Cyd", "cyd.txt", within=offline.command)
    together(ada, bob, cyd)
    if end == "ctrl+q":
        ada.press("ctrl+q")
        ada.wait_exit()
    else:
        ada.kill()
    bob.press("ctrl+home", "end")
    cyd.press("ctrl+home", "down", "end")
    type_at_once({bob: "bob goes on", cyd: "cyd goes on"})
    all_see([bob, cyd], "1: bob goes on", "2: cyd goes on")
    for person in (bob, cyd):
        person.sees_alone("Ada", NOTICED_TIMEOUT_S)
    dan = offline_party.join("Dan", "dan.txt", within=offline.command)
    together(bob, cyd, dan, timeout=NOTICED_TIMEOUT_S)
    dan.press("ctrl+home", "down", "down", "end")
    dan.type("dan is new")
    all_see([bob, cyd, dan], "1: bob goes on", "2: cyd goes on", "3: dan is new")
    for person in (bob, cyd, dan):
        person.saves("1: bob goes on\n2: cyd goes on\n3: dan is new\n")


def test_a_server_that_stops_under_two_typing_people_and_comes_back_costs_nothing(
    party: Party, server: ServerProcess
) -> None:
    ada = party.join("Ada", "ada.txt", content=LINES)
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    ada.press("ctrl+home", "end")
    bob.press("ctrl+home", "down", "end")
    type_at_once({ada: "before", bob: "before"})
    server.stop()
    type_at_once({ada: ", during", bob: ", during"})
    all_see([ada, bob], "1: before, during", "2: before, during")
    all_see([ada, bob], words.SERVER_LOST, timeout=NOTICED_TIMEOUT_S)
    server.start()
    for person in (ada, bob):
        person.wait_for(lambda terminal: words.SERVER_LOST not in terminal.text, NOTICED_TIMEOUT_S)
    cyd = party.join("Cyd", "cyd.txt")
    together(ada, bob, cyd, timeout=NOTICED_TIMEOUT_S)
    type_at_once({ada: " and after", bob: " and after"})
    all_see([ada, bob, cyd], "1: before, during and after", "2: before, during and after")
    for person in (ada, bob, cyd):
        person.saves("1: before, during and after\n2: before, during and after\n3: \n")


@pytest.mark.namespaces
def test_what_both_sides_of_a_cut_cable_typed_is_merged_when_it_heals(
    cable: NamespacePair, home: Path, folder: Path
) -> None:
    address = cable.addresses[0]
    server = ServerProcess(3001, environment(home), host=address, prefix=cable.command(0, ()))
    with server, Party(home, folder, server.url) as party:
        ada = party.join("Ada", "ada.txt", content=LINES, within=lambda argv: cable.command(0, argv))
        bob = party.join("Bob", "bob.txt", within=lambda argv: cable.command(1, argv))
        together(ada, bob)
        cable.cut()
        for person in (ada, bob):
            person.wait_for(lambda terminal: words.IN_SYNC not in terminal.text, NOTICED_TIMEOUT_S)
        ada.press("ctrl+home", "end")
        bob.press("ctrl+home", "down", "end")
        type_at_once({ada: "ada was alone", bob: "bob was alone"})
        ada.wait_for("1: ada was alone")
        bob.wait_for("2: bob was alone")
        assert "bob was alone" not in ada.text
        cable.heal()
        all_see([ada, bob], "1: ada was alone", "2: bob was alone", timeout=2 * NOTICED_TIMEOUT_S)
        together(ada, bob, timeout=NOTICED_TIMEOUT_S)
        for person in (ada, bob):
            person.saves("1: ada was alone\n2: bob was alone\n3: \n")


@pytest.mark.namespaces
def test_a_link_that_is_cut_while_the_server_goes_on_is_rebuilt_and_merges_both_sides(
    cable: NamespacePair, home: Path, folder: Path
) -> None:
    address = cable.addresses[0]
    server = ServerProcess(3001, environment(home), host=address, prefix=cable.command(0, ()))
    with server, Party(home, folder, server.url) as party:
        ada = party.join("Ada", "ada.txt", content=LINES, within=lambda argv: cable.command(0, argv))
        bob = party.join("Bob", "bob.txt", within=lambda argv: cable.command(1, argv))
        together(ada, bob)
        cable.cut_links()
        ada.wait_for(f"{words.CONNECTING} Bob", NOTICED_TIMEOUT_S)
        bob.wait_for(f"{words.CONNECTING} Ada", NOTICED_TIMEOUT_S)
        ada.press("ctrl+home", "end")
        bob.press("ctrl+home", "down", "end")
        type_at_once({ada: "ada was alone", bob: "bob was alone"})
        ada.wait_for("1: ada was alone")
        bob.wait_for("2: bob was alone")
        cable.heal_links()
        together(ada, bob, timeout=NOTICED_TIMEOUT_S)
        all_see([ada, bob], "1: ada was alone", "2: bob was alone")
        for person in (ada, bob):
            person.saves("1: ada was alone\n2: bob was alone\n3: \n")


@pytest.mark.parametrize("end", ["ctrl+q", "kill -9"])
def test_who_leaves_or_crashes_disappears_from_the_others_screens(party: Party, end: str) -> None:
    ada = party.join("Ada", "ada.txt", content=LINES)
    bob = party.join("Bob")
    together(ada, bob)
    if end == "ctrl+q":
        bob.press("ctrl+q")
        bob.wait_exit()
    else:
        bob.kill()
    ada.sees_alone("Bob", NOTICED_TIMEOUT_S)
    bob = party.join("Bob")
    together(ada, bob)


def test_one_who_hangs_does_not_hold_up_the_others_and_catches_up_later(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=LINES)
    bob = party.join("Bob", "bob.txt")
    cyd = party.join("Cyd", "cyd.txt")
    together(ada, bob, cyd)
    cyd.send_signal(signal.SIGSTOP)
    ada.press("ctrl+home", "end")
    bob.press("ctrl+home", "down", "end")
    type_at_once({ada: "no waiting", bob: "for anyone"})
    all_see([ada, bob], "1: no waiting", "2: for anyone")
    cyd.send_signal(signal.SIGCONT)
    all_see([cyd], "1: no waiting", "2: for anyone", timeout=NOTICED_TIMEOUT_S)
    cyd.saves("1: no waiting\n2: for anyone\n3: \n")


def test_a_stun_server_that_does_not_answer_holds_nobody_up(party: Party) -> None:
    with SilentUdpServer() as silent:
        ada = party.join("Ada", "ada.txt", content=LINES, COLLABTERM_STUN=silent.stun_url)
        started = time.perf_counter()
        bob = party.join("Bob", COLLABTERM_STUN=silent.stun_url)
        bob.wait_for("3:", CONNECT_TIMEOUT_S)
        assert time.perf_counter() - started < 5.0  # aiortc alone would gather for 10 s
        together(ada, bob)

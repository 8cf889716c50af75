"""What the networks and servers of the end-to-end tests promise, shown with small foreign programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest

from tests.network import (
    LoopbackOnly,
    NamespacePair,
    ServerProcess,
    SilentUdpServer,
    free_port,
    why_no_namespaces,
)

ENV: Mapping[str, str] = {"PATH": os.environ["PATH"]}
REASON = why_no_namespaces()
needs_namespaces = pytest.mark.skipif(REASON is not None, reason=REASON or "")

RECEIVE = """
import socket
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("10.213.1.1", 5000))
print("ready", flush=True)
print(receiver.recv(100).decode(), flush=True)
"""
SEND = """
import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(sys.argv[1].encode(), ("10.213.1.1", 5000))
"""


def run(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, env=ENV, capture_output=True, text=True, check=False, timeout=10)


def test_two_free_ports_can_be_had_and_used() -> None:
    assert 1024 <= free_port() < 65536


def test_a_dead_stun_server_has_an_address() -> None:
    with SilentUdpServer() as silent:
        assert silent.stun_url.startswith("stun:127.0.0.1:")


def test_a_server_that_does_not_listen_is_reported_with_its_words() -> None:
    words = [sys.executable, "-c", "print('I would rather not')"]
    with pytest.raises(AssertionError, match="I would rather not"):
        ServerProcess(free_port(), ENV, prefix=words).start()


def test_a_server_is_stopped_and_started_again() -> None:
    program = "import signal; print('Listening on it', flush=True); signal.pause()"
    with ServerProcess(free_port(), ENV, prefix=[sys.executable, "-c", program]) as server:
        first = server.pid
        assert server.stop() == -15
        server.start()
        assert server.pid != first


@needs_namespaces
def test_a_loopback_only_network_has_no_other_interface() -> None:
    with LoopbackOnly() as network:
        links = json.loads(run(network.command(["ip", "-j", "link"])).stdout)
        assert [link["ifname"] for link in links if "UP" in link["flags"]] == ["lo"]


@needs_namespaces
def test_what_is_sent_over_a_cut_cable_is_lost_and_over_a_healed_one_arrives() -> None:
    with NamespacePair() as network:
        receiver = subprocess.Popen(
            network.command(0, [sys.executable, "-c", RECEIVE]), env=ENV, stdout=subprocess.PIPE, text=True
        )
        assert receiver.stdout is not None
        assert receiver.stdout.readline() == "ready\n"
        network.cut()
        assert run(network.command(1, [sys.executable, "-c", SEND, "cut"])).returncode != 0
        network.heal()
        assert run(network.command(1, [sys.executable, "-c", SEND, "healed"])).returncode == 0
        assert receiver.communicate(timeout=10)[0] == "healed\n"


@needs_namespaces
def test_nothing_is_left_of_a_network() -> None:
    before = run(["ip", "netns"]).stdout
    with NamespacePair(), LoopbackOnly():
        assert len(run(["ip", "netns"]).stdout.splitlines()) == len(before.splitlines()) + 3
    assert run(["ip", "netns"]).stdout == before

"""Two homes behind a NAT each, and a street between them with a server; it must not know the editor.

The networks are Linux network namespaces: what happens in them is seen by nothing outside. Linux's
masquerading keeps the port of whoever sends, so its mapping is endpoint-independent (RFC 4787) as long as no
two senders share a port; what comes in is let through only from where something was sent to. What is for
addresses that nobody in the street has is lost, as in the Internet, and not refused: coturn ends a session
for which the system refuses to send.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from enum import Enum
from typing import Final, Self

from tests.network import _add_namespace, _ip, _unique_name, _within

SERVER: Final = "198.51.100.1"
"""The address of whatever listens in the street."""

_RULES: Final = """
table ip gate {{
  chain out {{ type nat hook postrouting priority srcnat; oifname "street" masquerade {masquerading}; }}
  chain within {{ type filter hook input priority filter; iifname "street" drop; }}
  chain through {{ type filter hook forward priority filter; {forwarding} }}
}}
"""


class Gate(Enum):
    """What stands between a home and the street."""

    NAT = ("", "")
    """Any datagram gets out, and answers to it get in."""
    SYMMETRIC = ("random,fully-random", "")
    """Each destination sees another port, so what STUN learns is of no use to others: in RFC 4787 a mapping
    that depends on address and port."""
    WALL = ("", f"meta l4proto udp ip saddr != {SERVER} ip daddr != {SERVER} drop;")
    """No datagram but to and from the server."""
    NO_UDP = ("", "meta l4proto udp drop;")
    """No datagram at all."""


class TwoHomes:
    """Machines 0 and 1, each behind a gate of its own, and the street in which ``SERVER`` is.

    Args:
        gate: What both gates let through.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._street = _unique_name()
        self._gates = (_unique_name(), _unique_name())
        self._homes = (_unique_name(), _unique_name())

    def __enter__(self) -> Self:
        try:
            for name in (self._street, *self._gates, *self._homes):
                _add_namespace(name)
            _ip("-n", self._street, "address", "add", f"{SERVER}/32", "dev", "lo")
            _ip("-n", self._street, "link", "add", "elsewhere", "type", "veth", "peer", "name", "nowhere")
            _ip("-n", self._street, "link", "set", "nowhere", "up")
            _ip("-n", self._street, "link", "set", "elsewhere", "arp", "off", "up")
            _ip("-n", self._street, "route", "add", "default", "dev", "elsewhere")
            _forward(self._street)
            for index in (0, 1):
                self._build(index)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._remove()

    def at_home(self, index: int, argv: Sequence[str]) -> list[str]:
        """Return ``argv`` as a command that runs on machine 0 or 1, in one process."""
        return _within(self._homes[index], argv)

    def in_street(self, argv: Sequence[str]) -> list[str]:
        """Return ``argv`` as a command that runs where ``SERVER`` is, in one process."""
        return _within(self._street, argv)

    def _build(self, index: int) -> None:
        gate, home = self._gates[index], self._homes[index]
        _cable(
            self._street,
            f"house{index}",
            f"203.0.113.{4 * index + 1}",
            gate,
            "street",
            f"203.0.113.{4 * index + 2}",
            30,
        )
        _cable(gate, "home", f"10.77.{index}.1", home, "gate", f"10.77.{index}.2", 24)
        _ip("-n", gate, "route", "add", "default", "via", f"203.0.113.{4 * index + 1}")
        _ip("-n", home, "route", "add", "default", "via", f"10.77.{index}.1")
        _forward(gate)
        masquerading, forwarding = self._gate.value
        rules = _RULES.format(masquerading=masquerading, forwarding=forwarding)
        subprocess.run(
            _within(gate, ["nft", "-f", "-"]), input=rules, check=True, capture_output=True, text=True
        )

    def _remove(self) -> None:
        for name in (self._street, *self._gates, *self._homes):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _cable(
    one: str, plug: str, address: str, other: str, other_plug: str, other_address: str, bits: int
) -> None:
    """Join two machines by a cable whose plugs have these names and addresses."""
    _ip("link", "add", plug, "netns", one, "type", "veth", "peer", "name", other_plug, "netns", other)
    for name, device, own in ((one, plug, address), (other, other_plug, other_address)):
        _ip("-n", name, "address", "add", f"{own}/{bits}", "dev", device)
        _ip("-n", name, "link", "set", device, "up")


def _forward(name: str) -> None:
    """Let a machine pass on what is not for it."""
    subprocess.run(
        _within(name, ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]), check=True, capture_output=True
    )

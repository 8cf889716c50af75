"""Servers to stop and start, and networks to cut, for the end-to-end tests; it must not know the editor.

The networks are Linux network namespaces: what happens in them is seen by nothing outside.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Final, Self

from tests.product import serve_command

_LISTENING: Final = "listening on"
_numbers = count()


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class ServerProcess:
    """``collabterm serve`` on one port, to be started and stopped any number of times.

    Args:
        port: Where it listens each time.
        env: Its environment.
        host: The address it listens on.
        prefix: What stands before the command, such as ``NamespacePair.command(0, ())``.
        options: What stands behind it.
    """

    def __init__(
        self,
        port: int,
        env: Mapping[str, str],
        *,
        host: str = "127.0.0.1",
        prefix: Sequence[str] = (),
        options: Sequence[str] = (),
    ) -> None:
        self.port = port
        self.url = f"ws://{host}:{port}"
        self._argv = [*prefix, *serve_command(port, host=host), *options]
        self._env = dict(env)
        self._process: subprocess.Popen[str] | None = None
        self._output: list[str] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        assert self._process is not None, "the server is not started"
        return self._process.pid

    def start(self, timeout: float = 10.0) -> None:
        """Start it and wait until it says that it listens.

        Raises:
            AssertionError: With what it said instead.
        """
        assert self._process is None, "the server runs already"
        self._output = []
        self._process = subprocess.Popen(
            self._argv, env=self._env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        listening = threading.Event()
        threading.Thread(target=self._drain, args=(self._process, listening), daemon=True).start()
        listening.wait(timeout)
        if not any(_LISTENING in line.lower() for line in self._output):
            self.kill()
            raise AssertionError(f"{self._argv} does not listen: {''.join(self._output)}")

    def stop(self, timeout: float = 10.0) -> int:
        """End it as a service manager does, with SIGTERM; return its exit code."""
        assert self._process is not None, "the server is not started"
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(timeout)
        self._process = None
        return code

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _drain(self, process: subprocess.Popen[str], listening: threading.Event) -> None:
        assert process.stdout is not None, "started with a pipe"
        with process.stdout:
            for line in process.stdout:
                self._output.append(line)
                if _LISTENING in line.lower():
                    listening.set()
        listening.set()


class SilentUdpServer:
    """A UDP socket on loopback that takes everything and answers nothing: a dead STUN server."""

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._socket.close()

    @property
    def stun_url(self) -> str:
        """Its address as ICE servers are written (RFC 7064)."""
        return f"stun:127.0.0.1:{self._socket.getsockname()[1]}"


def why_no_namespaces() -> str | None:
    """Return why network namespaces cannot be made here, or None if they can."""
    if not sys.platform.startswith("linux"):
        return "network namespaces are a thing of Linux"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    name = _unique_name()
    try:
        _ip("netns", "add", name)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"'ip netns add' fails: {getattr(error, 'stderr', None) or error}"
    _ip("netns", "delete", name)
    return None


class LoopbackOnly:
    """A network of one machine that has no interface but loopback."""

    def __init__(self) -> None:
        self._name = _unique_name()

    def __enter__(self) -> Self:
        _add_namespace(self._name)
        return self

    def __exit__(self, *exc_info: object) -> None:
        _ip("netns", "delete", self._name)

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return ``argv`` as a command that runs in this network, in one process."""
        return _within(self._name, argv)


class NamespacePair:
    """Two machines joined by one cable, and each has loopback; nothing else is reachable."""

    addresses: Final = ("10.213.1.1", "10.213.1.2")

    def __init__(self) -> None:
        self._names = (_unique_name(), _unique_name())

    def __enter__(self) -> Self:
        first, second = self._names
        try:
            for name in self._names:
                _add_namespace(name)
            _ip(
                "link",
                "add",
                "cable",
                "netns",
                first,
                "type",
                "veth",
                "peer",
                "name",
                "cable",
                "netns",
                second,
            )
            for name, address in zip(self._names, self.addresses, strict=True):
                _ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
            self.heal()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._remove()

    def command(self, index: int, argv: Sequence[str]) -> list[str]:
        """Return ``argv`` as a command that runs on machine 0 or 1, in one process."""
        return _within(self._names[index], argv)

    def cut(self) -> None:
        """Pull the cable at machine 1: there, sending fails; on machine 0 it goes into the void."""
        _ip("-n", self._names[1], "link", "set", "cable", "down")

    def heal(self) -> None:
        """Put the cable back."""
        for name in self._names:
            _ip("-n", name, "link", "set", "cable", "up")

    def cut_links(self) -> None:
        """Let no datagram through, both ways: peer links are dead while TCP, the signaling, goes on."""
        for name in self._names:
            _ip("-n", name, "rule", "add", "pref", "1", "ipproto", "udp", "blackhole")

    def heal_links(self) -> None:
        """Let datagrams through again."""
        for name in self._names:
            _ip("-n", name, "rule", "delete", "pref", "1")

    def _remove(self) -> None:
        for name in self._names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _unique_name() -> str:
    return f"collabterm-{os.getpid()}-{next(_numbers)}"


def _add_namespace(name: str) -> None:
    _ip("netns", "add", name)
    _ip("-n", name, "link", "set", "lo", "up")


def _within(name: str, argv: Sequence[str]) -> list[str]:
    return ["ip", "netns", "exec", name, *argv]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)

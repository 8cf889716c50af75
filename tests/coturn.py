"""A real TURN server, coturn, to be started and stopped by tests; it must not know the editor."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from typing import Final, Self

from tests.network import free_port

SECRET: Final = b"a secret of coturn and ours"
_READY: Final = "auth thread"
_READY_S: Final = 10.0


def why_no_coturn() -> str | None:
    """Return why coturn cannot be started here, or None if it can."""
    return None if shutil.which("turnserver") else "coturn is not installed"


class Coturn:
    """coturn with a shared secret, listening over UDP and TCP as long as the ``with`` lasts.

    Args:
        host: The address it listens on and relays from.
        prefix: What stands before the command, such as ``TwoHomes.in_street(())``.
    """

    def __init__(self, host: str = "127.0.0.1", prefix: Sequence[str] = ()) -> None:
        self.host = host
        self.port = free_port()
        self.url = f"turn:{host}:{self.port}"
        self._prefix = prefix
        self._output: list[str] = []

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        folder = self._folder.name
        self._process = subprocess.Popen(
            [
                *self._prefix, "turnserver", "-n",
                "--use-auth-secret", f"--static-auth-secret={SECRET.decode()}", "--realm=test",
                f"--listening-ip={self.host}", f"--listening-port={self.port}", f"--relay-ip={self.host}",
                "--relay-threads=1", "--no-tls", "--no-dtls", "--no-cli", "--no-rfc5780",
                "--allow-loopback-peers", "--log-file=stdout", "--simple-log",
                f"--pidfile={folder}/pid", f"--userdb={folder}/users",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
        )  # fmt: skip
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(ready,), daemon=True)
        self._reader.start()
        ready.wait(_READY_S)
        if not any(_READY in line for line in self._output):
            self.__exit__()
            raise AssertionError(f"coturn does not start: {''.join(self._output)}")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._folder.cleanup()

    @property
    def log(self) -> str:
        """What it has said so far."""
        return "".join(self._output)

    def _read(self, ready: threading.Event) -> None:
        assert self._process.stdout is not None, "started with a pipe"
        with self._process.stdout as output:
            for line in output:
                self._output.append(line)
                if _READY in line:
                    ready.set()
        ready.set()

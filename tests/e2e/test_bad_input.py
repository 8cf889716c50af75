"""What cannot work is refused in one sentence with the right exit code, and nothing is lost."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve

from collabterm import errors
from collabterm.protocol.limits import PROTOCOL_VERSION
from tests.e2e.people import Party
from tests.network import ServerProcess, free_port
from tests.product import environment, join_command, serve_command
from tests.terminal import Terminal

ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_].*?\x1b\\|[@-Z\\-_=>])", re.DOTALL
)


def refused(terminal: Terminal) -> tuple[int, str]:
    """Wait for the end; return the exit code and what was said, in one line."""
    code = terminal.wait_exit()
    assert terminal.leftovers() == []
    return code, " ".join(ESCAPES.sub("", terminal.raw.decode(errors="replace")).split())


def run(home: Path, argv: Sequence[str], *, columns: int = 100, rows: int = 30) -> tuple[int, str]:
    with Terminal(argv, env=environment(home), columns=columns, rows=rows) as terminal:
        return refused(terminal)


@pytest.mark.parametrize("room", ["", "x" * 65, "two words", "room\x1b[31m", "room#"])
def test_a_bad_room_name_is_refused(home: Path, room: str) -> None:
    code, said = run(home, join_command(room))
    assert code == 2
    assert "is not a room name" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["  ", "x" * 33, "Ada\x1b[31m", "Ada\u202e"])
def test_a_bad_name_is_refused(home: Path, name: str) -> None:
    code, said = run(home, join_command("demo", name=name))
    assert code == 2
    assert "is not a name to show" in said


@pytest.mark.parametrize("url", ["ftp://host:1", "ws://", "ws://host:99999", "host", "ws://a b"])
def test_a_bad_server_address_is_refused(home: Path, url: str) -> None:
    code, said = run(home, join_command("demo", server=url))
    assert (code, said) == (2, f"collabterm: {errors.BadServerUrl(url=url)}")


def test_a_server_that_does_not_answer_is_named(home: Path) -> None:
    url = f"ws://127.0.0.1:{free_port()}"
    code, said = run(home, join_command("demo", server=url))
    assert code == 1
    assert f"No server answers at {url}" in said


def test_something_else_at_the_address_is_told_from_a_server(home: Path) -> None:
    with other_program() as url:
        code, said = run(home, join_command("demo", server=url))
    assert code == 1
    assert str(errors.NotASignalingServer(url=url)) in said


@pytest.mark.parametrize("version", [0, PROTOCOL_VERSION + 1])
def test_a_server_of_another_protocol_version_is_refused_with_who_must_upgrade(
    home: Path, version: int
) -> None:
    with server_of_version(version) as url:
        code, said = run(home, join_command("demo", server=url))
    assert code == 1
    assert f"speaks protocol {version}" in said
    assert "upgrade" in said


def test_a_port_in_use_is_named(home: Path, server: ServerProcess) -> None:
    code, said = run(home, serve_command(server.port))
    assert (code, said) == (1, f"collabterm: {errors.PortInUse(port=server.port, host='127.0.0.1')}")


def test_a_folder_is_not_opened(home: Path, folder: Path) -> None:
    code, said = run(home, join_command("demo", folder))
    assert (code, said) == (1, f"collabterm: {errors.FileIsFolder(path=folder)}")


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"\x7fELF\x00\x00", errors.FileIsBinary), (b"caf\xe9\n", errors.FileNotUtf8)],
    ids=["binary", "latin-1"],
)
def test_a_file_that_is_not_text_is_not_opened_and_not_touched(
    home: Path, folder: Path, content: bytes, error: type[errors.CollabtermError]
) -> None:
    path = folder / "file"
    path.write_bytes(content)
    code, said = run(home, join_command("demo", path))
    assert (code, said) == (1, f"collabterm: {error(path=path, position=3)}")
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_read_is_named_with_the_reason(home: Path, folder: Path) -> None:
    path = folder / "turning in circles"
    path.symlink_to(path)
    code, said = run(home, join_command("demo", path))
    assert code == 1
    assert f"{path} cannot be read (" in said


def test_a_file_in_a_folder_that_does_not_exist_is_refused(home: Path, folder: Path) -> None:
    code, said = run(home, join_command("demo", folder / "missing" / "file.txt"))
    assert (code, said) == (1, f"collabterm: {errors.FolderMissing(folder=folder / 'missing')}")
    assert list(folder.iterdir()) == []


def test_a_terminal_too_small_to_edit_in_is_refused(home: Path) -> None:
    code, said = run(home, join_command("demo"), columns=10, rows=3)
    assert code == 2
    assert "too small" in said


@pytest.mark.parametrize("stream", ["stdin", "stdout"])
def test_without_a_terminal_the_editor_does_not_start(home: Path, stream: str) -> None:
    done = subprocess.run(
        join_command("demo"),
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if stream == "stdout" else None,
        stderr=subprocess.PIPE,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_terminal_that_becomes_too_small_loses_nothing(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="hello\n")
    ada.wait_for("hello")
    ada.resize(5, 2)
    ada.wait_for("hello")
    ada.resize(100, 30)
    ada.wait_for("ada.txt")
    ada.wait_for("hello")
    ada.type("X")
    ada.saves("Xhello\n")


@contextmanager
def server_of_version(version: int) -> Iterator[str]:
    """Serve signaling as far as the challenge, in another version."""

    def challenge(connection: ServerConnection) -> None:
        connection.send(
            json.dumps({"type": "CHALLENGE", "version": version, "nonce": "AAAA" * 8, "heartbeat_s": 15})
        )
        for _ in connection:
            pass

    with socket.create_server(("127.0.0.1", 0)) as listener, serve(challenge, sock=listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Welcome to the captive portal</html>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def other_program() -> Iterator[str]:
    """Serve a page to whoever asks."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()

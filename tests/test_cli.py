"""The command line as a person meets it: real processes, exact exit codes, one sentence each."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import pytest

from collabterm import __version__
from collabterm.protocol.limits import MAX_DOCUMENT_BYTES
from tests.command_line import HEAVY, TIMEOUT_S, assert_one_sentence, imported, run
from tests.product import COLLABTERM, environment, join_command
from tests.terminal import Terminal


class TestHelp:
    @pytest.mark.parametrize(
        "arguments", [("--help",), ("-h",), ("serve", "--help"), ("join", "--help"), ("key", "--help")]
    )
    def test_it_ends_well_and_says_how_to_use_the_command(
        self, tmp_path: Path, arguments: tuple[str, ...]
    ) -> None:
        done = run(*arguments, home=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Usage: collabterm")

    def test_it_imports_nothing_heavy(self, tmp_path: Path) -> None:
        names = imported(run("--help", home=tmp_path, python=("-X", "importtime")).stderr)
        assert "typer" in names
        assert names.isdisjoint({*HEAVY, "rich", "asyncio", "websockets", "cryptography"})

    def test_it_comes_at_once(self, tmp_path: Path) -> None:
        def elapsed() -> float:
            start = perf_counter()
            run("--help", home=tmp_path)
            return perf_counter() - start

        assert min(elapsed() for _ in range(5)) <= 0.3

    def test_the_version_is_that_of_the_package(self, tmp_path: Path) -> None:
        assert run("--version", home=tmp_path).stdout == f"collabterm {__version__}\n"


SERVING_ONLY = """
import sys

class NothingElse:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {"platformdirs", "textual", "pycrdt", "aiortc", "regex", "tree_sitter"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NothingElse)
sys.modules.pop("platformdirs", None)
from collabterm.cli import main
main()
"""


class TestServingOnly:
    @pytest.mark.parametrize("arguments", [("key",), ("join", "room")])
    def test_what_cannot_be_done_there_is_told_in_one_sentence(
        self, tmp_path: Path, arguments: tuple[str, ...]
    ) -> None:
        done = run(*arguments, home=tmp_path, command=("-c", SERVING_ONLY))
        assert (done.returncode, done.stdout) == (1, "")
        assert_one_sentence(
            done.stderr,
            "platformdirs is missing: this installation only serves",
            "install collabterm with pip",
        )

    @pytest.mark.parametrize("module", ["collabterm.config", "collabterm_server.logs"])
    def test_a_module_of_ours_that_is_missing_is_our_bug(self, tmp_path: Path, module: str) -> None:
        script = f"import sys; sys.modules[{module!r}] = None\nfrom collabterm.cli import main\nmain()"
        command = "key" if "config" in module else "serve"
        done = run(command, home=tmp_path, command=("-c", script))
        assert done.returncode == 1
        assert f"ModuleNotFoundError: import of {module} halted" in done.stderr


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("bogus",), "bogus"),
            (("join",), "ROOM"),
            (("join", "a", "b", "c"), "unexpected"),
            (("join", "a", "--nmae", "b"), "--nmae"),
            (("join", "a", "--name"), "--name"),
            (("join", "a", "--token-file"), "--token-file"),
            (("key", "extra"), "unexpected"),
            (("serve", "extra"), "unexpected"),
            (("serve", "--port", "65536"), "'65536' is not a port: give a number from 0 to 65535."),
            (("serve", "--port", "-1"), "'-1' is not a port"),
            (("serve", "--port", "http"), "'http' is not a port"),
            (("serve", "--port", ""), "'' is not a port"),
            (("serve", "--port", "²"), "is not a port"),
            (("serve", "--port", "9" * 5_000), "is not a port"),
        ],
    )
    def test_a_wrong_command_line_is_exit_2_and_says_why(
        self, tmp_path: Path, arguments: tuple[str, ...], words: str
    ) -> None:
        done = run(*arguments, home=tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert words in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_wrong_port_in_the_environment_is_exit_2(self, tmp_path: Path) -> None:
        done = run("serve", home=tmp_path, extra={"PORT": "http"})
        assert done.returncode == 2
        assert "'http' is not a port" in done.stderr


class TestJoinRefuses:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("a b",), "'a b' is not a room name"),
            (("",), "'' is not a room name"),
            (("a#b",), "'a#b' is not a room name"),
            (("x" * 65,), "is not a room name"),
            (("a\nb",), r"'a\nb' is not a room name"),
            (("room", "--name", "\x1b[2J"), r"'\x1b[2J' is not a name to show"),
            (("room", "--name", ""), "is not a name to show"),
            (("room", "--server", "ftp://host"), "'ftp://host' is not a server address"),
            (("room", "--server", "ws://host:65536"), "'ws://host:65536' is not a server address"),
            (("room", "--theme", "pink"), "'pink' is not a theme: use one of dark, light, terminal"),
            (
                ("room", "--language", "klingon"),
                "'klingon' is not a language that collabterm knows: use one of ",
            ),
            (("room", "--language", ""), "'' is not a language"),
            (("room",), "its input is not one"),
        ],
    )
    def test_what_is_wrong_before_any_terminal_is_looked_at(
        self, tmp_path: Path, arguments: tuple[str, ...], words: str
    ) -> None:
        done = run("join", *arguments, home=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert_one_sentence(done.stderr, words)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--token-file", "missing"), "No such file or directory"),
            (("--token-file", ""), "Is a directory"),
            (("--token-file", "large"), "larger than 1048576 bytes"),
            (("--token-file", "short"), "16 characters or more"),
        ],
    )
    def test_a_file_that_holds_no_token_is_exit_1(
        self, tmp_path: Path, arguments: tuple[str, ...], words: str
    ) -> None:
        (tmp_path / "large").write_bytes(b"#" * 10_000_000)
        (tmp_path / "short").write_text("secret")
        done = run("join", "room", *arguments, home=tmp_path, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert_one_sentence(done.stderr, f"The token file {arguments[1] or '.'} cannot be used", words)
        assert "secret" not in done.stderr

    def test_a_bad_token_in_the_environment_is_exit_2_and_not_shown(self, tmp_path: Path) -> None:
        done = run("join", "room", home=tmp_path, extra={"COLLABTERM_TOKEN": "secret"})
        assert (done.returncode, done.stdout) == (2, "")
        assert_one_sentence(done.stderr, "'COLLABTERM_TOKEN' in the environment", "16 to 256 characters")
        assert "secret" not in done.stderr

    def test_a_config_file_with_a_mistake(self, tmp_path: Path) -> None:
        path = tmp_path / "config" / "collabterm" / "config.toml"
        path.parent.mkdir(parents=True)
        path.write_text("colour = 1\n")
        done = run("join", "room", home=tmp_path)
        assert done.returncode == 2
        assert_one_sentence(done.stderr, "'colour'", str(path))

    def test_a_config_file_with_a_key_for_a_command_that_there_is_not(self, tmp_path: Path) -> None:
        path = tmp_path / "config" / "collabterm" / "config.toml"
        path.parent.mkdir(parents=True)
        path.write_text('[keys]\n"ctrl+d" = "duplicat"\n')
        done = run("join", "room", home=tmp_path)
        assert done.returncode == 2
        assert_one_sentence(done.stderr, "'keys'", str(path), "'duplicat'", "did you mean 'duplicate'?")

    def test_nothing_heavy_is_imported_to_refuse(self, tmp_path: Path) -> None:
        done = run("join", "room", home=tmp_path, python=("-X", "importtime"))
        assert done.returncode == 2
        assert imported(done.stderr).isdisjoint({*HEAVY, "rich", "asyncio", "websockets"})

    @pytest.mark.parametrize(
        ("redirection", "stream"),
        [("</dev/null", "input"), (">/dev/null", "output")],
    )
    def test_a_stream_that_is_not_the_terminal_is_named(
        self, tmp_path: Path, redirection: str, stream: str
    ) -> None:
        errors = tmp_path / "errors"
        words = " ".join(join_command("room"))
        shell = ["/bin/sh", "-c", f"{words} {redirection.format(file=errors)}"]
        with Terminal(shell, env=environment(tmp_path)) as terminal:
            assert terminal.wait_exit() == 2
            text = errors.read_text() if errors.exists() else terminal.raw.decode()
        assert_one_sentence(text, f"its {stream} is not one")

    @pytest.mark.parametrize(("columns", "rows"), [(19, 30), (80, 4)])
    def test_a_terminal_that_is_too_small(self, tmp_path: Path, columns: int, rows: int) -> None:
        command = join_command("room")
        with Terminal(command, env=environment(tmp_path), columns=columns, rows=rows) as terminal:
            assert terminal.wait_exit() == 2
            text = terminal.raw.decode()
        assert_one_sentence(text, f"{columns}x{rows} cells", "at least 20x5")

    @pytest.mark.parametrize(
        ("file", "words"),
        [
            ("folder", "is a folder"),
            ("folder/missing/a.txt", "missing does not exist"),
            ("text/a.txt", "text does not exist"),
            ("binary", "contains NUL bytes"),
            ("latin", "byte 2 does not fit"),
            ("pipe", "named pipe"),
            ("large", f"{MAX_DOCUMENT_BYTES + 1} bytes"),
            ("a" * 300, os.strerror(errno.ENAMETOOLONG)),
            ("fold\x1b[2Jer\n/a", r"fold\x1b[2Jer\n"),
            ("", "is a folder"),
        ],
    )
    def test_a_file_that_cannot_be_edited_is_exit_1(self, tmp_path: Path, file: str, words: str) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "text").write_text("text")
        (tmp_path / "binary").write_bytes(b"a\0b")
        (tmp_path / "latin").write_bytes(b"gr\xfcn")
        os.mkfifo(tmp_path / "pipe")
        with (tmp_path / "large").open("wb") as large:
            large.truncate(MAX_DOCUMENT_BYTES + 1)
        command = [*COLLABTERM, "join", "room", file]
        with Terminal(command, env=environment(tmp_path), cwd=tmp_path) as terminal:
            assert terminal.wait_exit() == 1
            text = terminal.raw.decode()
            assert terminal.leftovers() == []
        assert_one_sentence(text, words)

    def test_nothing_is_left_on_disk_by_a_refusal(self, tmp_path: Path) -> None:
        with Terminal([*COLLABTERM, "join", "room", "/"], env=environment(tmp_path)) as terminal:
            assert terminal.wait_exit() == 1
        assert list(tmp_path.iterdir()) == []


class TestJoinAccepts:
    def test_what_was_asked_for_is_what_the_editor_gets(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_bytes(b"one\r\n")
        (tmp_path / "token").write_text("secret-of-the-team\n")
        script = (
            "import os; from pathlib import Path; from collabterm.join_request import check_join\n"
            "request = check_join('room', Path('a.txt'), server='host:1', name=None,"
            " language='python', theme='light', token_file=Path('token'), config_path=Path('none'),"
            " environ={'COLLABTERM_NAME': 'Ada', 'COLLABTERM_STUN': ''})\n"
            "settings = request.settings\n"
            "print(request.room, settings.server, settings.name, settings.stun, settings.editor.theme)\n"
            "print(request.language, request.path, repr(request.loaded.text))\n"
            "print(settings.token, 'secret' in repr(request))"
        )
        command = [sys.executable, "-c", script]
        with Terminal(command, env=environment(tmp_path), columns=20, rows=5, cwd=tmp_path) as terminal:
            assert terminal.wait_exit() == 0
            text = terminal.raw.decode()
        assert (
            text
            == "room ws://host:1 Ada () light\r\npython a.txt 'one\\n'\r\nb'secret-of-the-team' False\r\n"
        )


@contextmanager
def serving(
    *arguments: str, home: Path, extra: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running server and the line it announced itself with."""
    process = subprocess.Popen(
        [*COLLABTERM, "serve", *arguments],
        env=environment(home, **(extra or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


class TestServe:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_it_says_where_it_listens_and_ends_quietly(self, tmp_path: Path, number: signal.Signals) -> None:
        with serving("--port", "0", home=tmp_path) as (process, line):
            found = re.fullmatch(r"Listening on ws://127\.0\.0\.1:(\d+) — stop with Ctrl-C\n", line)
            assert found is not None, line
            socket.create_connection(("127.0.0.1", int(found[1]))).close()
            process.send_signal(number)
            output, log = process.communicate(timeout=TIMEOUT_S)
            assert (output, process.returncode) == ("", 0)
            assert [line.split()[1] for line in log.splitlines()] == ["INFO", "INFO"], log

    def test_the_port_may_come_from_the_environment(self, tmp_path: Path, free_port: int) -> None:
        with serving(home=tmp_path, extra={"PORT": str(free_port)}) as (_, line):
            assert f"ws://127.0.0.1:{free_port} " in line

    def test_a_terminal_that_is_not_unicode_gets_its_line(self, tmp_path: Path) -> None:
        with serving("--port", "0", home=tmp_path, extra={"PYTHONIOENCODING": "ascii"}) as (_, line):
            assert line.startswith("Listening on ws://127.0.0.1:")

    def test_a_port_in_use_is_exit_1(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = str(listening.getsockname()[1])
            done = run("serve", "--port", port, home=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert_one_sentence(done.stderr, f"Port {port} on 127.0.0.1 is already in use")

    @pytest.mark.parametrize("host", ["192.0.2.1", "a" * 300])
    def test_an_address_that_is_not_ours_is_exit_1(self, tmp_path: Path, host: str) -> None:
        done = run("serve", "--port", "0", "--host", host, home=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert_one_sentence(done.stderr, "Cannot listen on")

    def test_it_imports_nothing_of_the_editor(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = str(listening.getsockname()[1])
            done = run("serve", "--port", port, home=tmp_path, python=("-X", "importtime"))
        names = imported(done.stderr)
        assert "websockets" in names
        assert names.isdisjoint({*HEAVY, "rich"})

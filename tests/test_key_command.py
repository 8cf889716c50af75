"""``collabterm key`` as a person meets it: one line, or one sentence."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
from pathlib import Path
from time import perf_counter

import pytest

from collabterm.protocol.access_lists import parse_authorized_keys
from collabterm.protocol.identity import key_fingerprint
from collabterm.transport.identity import Identity
from tests.command_line import HEAVY, TIMEOUT_S, assert_one_sentence, imported, run
from tests.product import COLLABTERM, environment


def seed_path(home: Path) -> Path:
    return home / "data" / "collabterm" / "identity.seed"


def test_one_line_is_printed_that_a_list_of_keys_takes(tmp_path: Path) -> None:
    done = run("key", home=tmp_path, extra={"COLLABTERM_NAME": "Ada Lovelace"})
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"ssh-ed25519 [A-Za-z0-9+/]{68} Ada Lovelace\n", done.stdout)
    identity = Identity(seed_path(tmp_path).read_bytes(), b"")
    assert parse_authorized_keys(done.stdout.encode()) == {identity.public_key}


def test_the_key_stays_the_same(tmp_path: Path) -> None:
    assert run("key", home=tmp_path).stdout == run("key", home=tmp_path).stdout


def test_the_key_is_the_one_that_join_signs_with(tmp_path: Path) -> None:
    seed = bytes(range(32))
    seed_path(tmp_path).parent.mkdir(parents=True)
    seed_path(tmp_path).write_bytes(seed)
    printed = run("key", home=tmp_path).stdout
    assert parse_authorized_keys(printed.encode()) == {Identity(seed, b"").public_key}


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not here")
def test_ssh_keygen_reads_the_line(tmp_path: Path) -> None:
    line = run("key", home=tmp_path, extra={"COLLABTERM_NAME": "Ada é"}).stdout
    command = ["ssh-keygen", "-l", "-f", "-"]
    shown = subprocess.run(
        command, input=line, capture_output=True, encoding="utf-8", timeout=TIMEOUT_S, check=True
    )
    (key,) = parse_authorized_keys(line.encode())
    assert shown.stdout == f"256 {key_fingerprint(key)} Ada é (ED25519)\n"


@pytest.mark.parametrize("content", [b"short", bytes(32), b"x" * 10_000])
def test_a_file_that_holds_no_key_is_exit_1_and_stays(tmp_path: Path, content: bytes) -> None:
    path = seed_path(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    done = run("key", home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert_one_sentence(done.stderr, f"Your identity key in {path} cannot be used", "does not hold a key")
    assert path.read_bytes() == content


def test_a_key_that_cannot_be_kept_is_exit_1(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in place of the folder")
    done = run("key", home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert_one_sentence(done.stderr, "Your identity key in", "cannot be used", "move it away")


def test_a_config_file_with_a_mistake_is_exit_2_and_no_key_is_made(tmp_path: Path) -> None:
    path = tmp_path / "config" / "collabterm" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("colour = 1\n")
    done = run("key", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert_one_sentence(done.stderr, "'colour'", str(path))
    assert not seed_path(tmp_path).exists()


def test_a_token_file_that_is_not_there_yet_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "config" / "collabterm" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("token_file = 'missing'\n")
    assert run("key", home=tmp_path).returncode == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_disk_that_is_full_is_exit_1(tmp_path: Path, unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COLLABTERM, "key"],
            env=environment(tmp_path, PYTHONUNBUFFERED=unbuffered),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
    assert done.returncode == 1
    assert_one_sentence(done.stderr, "The output cannot be written", os.strerror(errno.ENOSPC))


def test_it_imports_nothing_heavy(tmp_path: Path) -> None:
    done = run("key", home=tmp_path, python=("-X", "importtime"))
    assert imported(done.stderr).isdisjoint({*HEAVY, "rich", "asyncio", "websockets"})


def test_it_comes_at_once(tmp_path: Path) -> None:
    def elapsed() -> float:
        start = perf_counter()
        run("key", home=tmp_path)
        return perf_counter() - start

    assert min(elapsed() for _ in range(5)) <= 0.4

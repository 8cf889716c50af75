"""The kept seed: one for all processes of a user, and never a reason not to start."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from collabterm.errors import BadIdentityFile
from collabterm.storage.identity import SEED_BYTES, keep_seed, load_or_create_seed

_FRESH = bytes(range(SEED_BYTES))
_OTHER = bytes(range(1, SEED_BYTES + 1))


def test_the_first_seed_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "collabterm" / "seed"
    assert load_or_create_seed(path, _FRESH) == _FRESH
    assert path.read_bytes() == _FRESH
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_kept_seed_is_the_seed_from_then_on(tmp_path: Path) -> None:
    load_or_create_seed(tmp_path / "seed", _FRESH)
    assert load_or_create_seed(tmp_path / "seed", _OTHER) == _FRESH


def test_processes_that_start_at_once_get_the_same_seed(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from collabterm.storage.identity import load_or_create_seed\n"
        "sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.readline()\n"
        "print(load_or_create_seed(Path(sys.argv[1]), os.urandom(32)).hex())"
    )
    argv = [sys.executable, "-c", script, str(tmp_path / "new" / "seed")]
    started = [
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    seeds = {process.communicate(timeout=30)[0].strip() for process in started}
    assert seeds == {(tmp_path / "new" / "seed").read_bytes().hex()}


def test_an_empty_file_left_by_a_crash_is_filled(tmp_path: Path) -> None:
    (tmp_path / "seed").touch()
    assert load_or_create_seed(tmp_path / "seed", _FRESH) == _FRESH
    assert load_or_create_seed(tmp_path / "seed", _OTHER) == _FRESH


@pytest.mark.parametrize("content", [b"x", bytes(SEED_BYTES), _OTHER + b"\n", b"x" * 10_000])
def test_a_file_that_holds_no_seed_is_left_alone_and_the_identity_is_ephemeral(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "seed"
    path.write_bytes(content)
    assert load_or_create_seed(path, _FRESH) == _FRESH
    with pytest.raises(BadIdentityFile, match="it does not hold a key"):
        keep_seed(path, _FRESH)
    assert path.read_bytes() == content


def test_where_nothing_can_be_kept_the_identity_is_ephemeral(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "file" / "seed", tmp_path / ("a" * 300), tmp_path / "pipe"):
        assert load_or_create_seed(path, _FRESH) == _FRESH
        with pytest.raises(BadIdentityFile, match=re.escape(str(path))):
            keep_seed(path, _FRESH)


def test_a_seed_that_must_be_kept_is_the_one_that_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "data" / "seed"
    assert keep_seed(path, _FRESH) == path.read_bytes() == _FRESH
    assert keep_seed(path, _OTHER) == load_or_create_seed(path, _OTHER) == _FRESH

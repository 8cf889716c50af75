"""The token's file: one token, from whatever can be read like a file."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from collabterm.errors import BadTokenFile
from collabterm.protocol.access_lists import MAX_LIST_BYTES
from collabterm.storage.token import load_token

TOKEN = b"correct-horse-battery"


@pytest.mark.parametrize("content", [TOKEN, TOKEN + b"\r\n", b"# of the team\n\n  " + TOKEN + b"\n"])
def test_the_one_token_of_a_file_is_found(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    assert load_token(tmp_path / "token") == TOKEN


def test_a_token_can_come_through_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writing = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(TOKEN,))
    writing.start()
    assert load_token(tmp_path / "pipe") == TOKEN
    writing.join()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it holds no token"),
        (b"# " + TOKEN, "it holds no token"),
        (TOKEN + b"-1\n" + TOKEN + b"-2", "it holds 2 tokens, and one is needed"),
        (b"secret", "line 1: a token has 16 to 256 characters"),
        (b"a secret of the team", "line 1: a token has no spaces"),
        (TOKEN + b"\0", "it contains NUL bytes"),
        (b"\xff" + TOKEN, "it is not UTF-8 text"),
        (b"#" * 10_000_000, f"it is larger than {MAX_LIST_BYTES} bytes"),
    ],
    ids=["empty", "comment", "two", "short", "spaces", "nul", "latin-1", "large"],
)
def test_a_file_without_one_token_is_refused_and_not_quoted(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(BadTokenFile, match=problem) as raised:
        load_token(path)
    assert str(path) in str(raised.value)
    assert "secret" not in str(raised.value)
    assert TOKEN.decode() not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing", "No such file or directory"),
        (".", "Is a directory"),
        ("a" * 300, "File name too long"),
        ("a\0b", "its name cannot be a file's"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(BadTokenFile, match=problem):
        load_token(tmp_path / name)


def test_what_never_ends_is_not_read_to_the_end() -> None:
    with pytest.raises(BadTokenFile, match="larger than"):
        load_token(Path("/dev/zero"))

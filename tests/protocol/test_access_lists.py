"""Lists of keys and tokens: what is understood, and that nothing else is passed over in silence."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.protocol.access_lists import (
    MAX_LIST_BYTES,
    MAX_TOKEN_CHARS,
    MAX_TOKENS,
    MIN_TOKEN_CHARS,
    BadListError,
    check_token,
    parse_authorized_keys,
    parse_tokens,
)
from collabterm.protocol.identity import key_fingerprint, openssh_blob, openssh_key

ADA, BEA = bytes(range(32)), bytes(range(1, 33))
ADA_LINE = openssh_key(ADA)
TOKEN = "correct-horse-battery"

_COMMENTS = st.text(st.characters(exclude_categories=["C"]))

needs_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not here")


def ssh_keygen(path: Path, kind: str) -> bytes:
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "Ada at home", "-f", str(path)]
    subprocess.run(command, check=True, timeout=30)
    return path.with_suffix(".pub").read_bytes()


class TestKeys:
    @pytest.mark.parametrize("raw", [b"", b"\n\n", b" \t\r\n", b"# nobody yet\n", b"  # nobody yet"])
    def test_a_list_without_keys_is_an_empty_list(self, raw: bytes) -> None:
        assert parse_authorized_keys(raw) == frozenset()

    @pytest.mark.parametrize(
        "line",
        [
            ADA_LINE,
            f"{ADA_LINE} Ada",
            f"{ADA_LINE} Ada Lovelace <ada@example.org> # at home é",
            f"  {ADA_LINE.replace(' ', chr(9))}  Ada \r",
            f"# the team\r\n\r\n{ADA_LINE}\r\n#{openssh_key(BEA)}\n",
            f"{ADA_LINE} at home\n{ADA_LINE} at work",
        ],
    )
    def test_a_key_is_found_with_and_without_what_may_stand_around_it(self, line: str) -> None:
        assert parse_authorized_keys(line.encode()) == {ADA}

    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            (f"no-pty {ADA_LINE}", "line 3 has options before the key"),
            (f'command="a b",no-pty {ADA_LINE}', "line 3 has options before the key"),
            (f"ssh-rsa {ADA_LINE.split()[1]}", "line 3 does not begin with ssh-ed25519"),
            ("sk-ssh-ed25519@openssh.com AAAA", "line 3 has options before the key"),
            ("ecdsa-sha2-nistp256 AAAA", "line 3 does not begin with ssh-ed25519"),
            (ADA_LINE.split()[1], "line 3 does not begin with ssh-ed25519"),
            (f"\ufeff{ADA_LINE}", "line 3 has options before the key"),
            (ADA_LINE.upper(), "line 3 does not begin with ssh-ed25519"),
            ("ssh-ed25519", "the key in line 3 is cut off"),
            ("ssh-ed25519 ", "the key in line 3 is cut off"),
            (ADA_LINE[:-1], "the key in line 3 is not base64"),
            (ADA_LINE[:-4], "the key in line 3 is cut off"),
            (f"{ADA_LINE}AAAA", "the key in line 3 is cut off or of another type"),
            (f"{ADA_LINE}=", "the key in line 3 is"),
            (f"{ADA_LINE}====", "the key in line 3 is"),
            (ADA_LINE.replace("AAAA", "A*AA", 1), "the key in line 3 is not base64"),
            (f"ssh-ed25519 {b64encode(ADA).decode()}", "the key in line 3 is cut off or of another type"),
            (f"ssh-ed25519 {b64encode(ADA + openssh_blob(ADA)).decode()}", "or of another type"),
            ("ssh-ed25519 é", "the key in line 3 is not base64"),
            (f"ssh-ed25519\u00a0{ADA_LINE.split()[1]}", "line 3 has options before the key"),
        ],
    )
    def test_whatever_else_is_in_a_line_is_refused_with_its_number(self, line: str, problem: str) -> None:
        with pytest.raises(BadListError, match=problem):
            parse_authorized_keys(f"# keys\n{openssh_key(BEA)} Bea\n{line}\n".encode())

    @pytest.mark.parametrize("end", ["\u2028", "\u0085", "\v", "\f", "\x1c", "\r"])
    def test_no_key_hides_behind_a_comment(self, end: str) -> None:
        assert parse_authorized_keys(f"# a comment{end}{ADA_LINE}".encode()) == frozenset()

    @pytest.mark.parametrize(
        ("raw", "problem"),
        [
            (f"{ADA_LINE}\0".encode(), "NUL"),
            (b"# \0", "NUL"),
            (ADA_LINE.encode("utf-16"), "NUL"),
            (f"# gr\xfcn\n{ADA_LINE}".encode("latin-1"), "not UTF-8 text, byte 4 does not fit"),
            (b"#" * (MAX_LIST_BYTES + 1), f"larger than {MAX_LIST_BYTES} bytes"),
        ],
        ids=["nul", "nul in a comment", "utf-16", "latin-1", "too large"],
    )
    def test_a_file_that_is_no_list_at_all_is_refused(self, raw: bytes, problem: str) -> None:
        for parse in (parse_authorized_keys, parse_tokens):
            with pytest.raises(BadListError, match=problem):
                parse(raw)

    @needs_ssh_keygen
    def test_what_ssh_keygen_writes_is_understood_and_has_the_same_fingerprint(self, tmp_path: Path) -> None:
        (key,) = parse_authorized_keys(ssh_keygen(tmp_path / "ada", "ed25519"))
        command = ["ssh-keygen", "-l", "-f", str(tmp_path / "ada.pub")]
        shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
        assert shown.split()[1] == key_fingerprint(key)

    @needs_ssh_keygen
    def test_an_ecdsa_key_of_ssh_keygen_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadListError, match="line 1 does not begin with ssh-ed25519"):
            parse_authorized_keys(ssh_keygen(tmp_path / "ada", "ecdsa"))

    @needs_ssh_keygen
    def test_a_private_key_in_place_of_the_list_is_refused_and_not_quoted(self, tmp_path: Path) -> None:
        ssh_keygen(tmp_path / "ada", "ed25519")
        with pytest.raises(BadListError) as raised:
            parse_authorized_keys((tmp_path / "ada").read_bytes())
        assert str(raised.value) == "line 1 does not begin with ssh-ed25519"

    @given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), _COMMENTS)))
    def test_every_key_that_we_write_is_read_whatever_its_comment(
        self, owners: list[tuple[bytes, str]]
    ) -> None:
        lines = "".join(f"{openssh_key(key)} {comment}\n" for key, comment in owners)
        assert parse_authorized_keys(lines.encode()) == {key for key, _ in owners}


class TestTokens:
    @pytest.mark.parametrize("raw", [b"", b"\r\n \t\n", b"# none yet"])
    def test_a_file_without_tokens_is_an_empty_list(self, raw: bytes) -> None:
        assert parse_tokens(raw) == ()

    def test_tokens_are_found_between_comments_and_blank_lines_each_once(self) -> None:
        raw = f"# team a\n{TOKEN}-a\r\n\n  {TOKEN}-b\t\n{TOKEN}-a".encode()
        assert parse_tokens(raw) == (f"{TOKEN}-a".encode(), f"{TOKEN}-b".encode())

    @pytest.mark.parametrize(
        "token",
        [
            "x" * (MIN_TOKEN_CHARS - 1),
            "x" * (MAX_TOKEN_CHARS + 1),
            f"{TOKEN} # Ada's",
            "correct horse battery staple",
            f"{TOKEN}é",
            f"{TOKEN}\x1b",
            f"\ufeff{TOKEN}",
            f"{TOKEN}\x7f",
        ],
    )
    def test_what_is_no_token_is_refused_with_its_line_and_not_shown(self, token: str) -> None:
        with pytest.raises(BadListError, match="line 2: a token has") as raised:
            parse_tokens(f"{TOKEN}\n{token}".encode())
        assert token[:8] not in str(raised.value)

    def test_as_many_tokens_as_a_sign_in_may_cost_and_no_more(self) -> None:
        lines = "".join(f"{TOKEN}-{number}\n" for number in range(MAX_TOKENS))
        assert len(parse_tokens(lines.encode())) == MAX_TOKENS
        with pytest.raises(BadListError, match=f"more than {MAX_TOKENS} tokens"):
            parse_tokens(f"{lines}{TOKEN}".encode())

    @pytest.mark.parametrize("size", [MIN_TOKEN_CHARS, MAX_TOKEN_CHARS])
    def test_the_shortest_and_the_longest_token_are_tokens(self, size: int) -> None:
        assert check_token("x" * size) == b"x" * size

    def test_a_token_is_stripped(self) -> None:
        assert check_token(f" {TOKEN}\r\n") == TOKEN.encode()


_PIECES = [
    *(b"ssh-ed25519", ADA_LINE.encode(), TOKEN.encode()),
    *(b" ", b"\t", b"\n", b"\r", b"#", b"=", b"\0", b"\xff"),
]
_FILES = st.binary() | st.lists(st.sampled_from(_PIECES)).map(b"".join) | st.text().map(str.encode)


@given(_FILES)
def test_every_file_is_a_list_of_keys_or_refused(raw: bytes) -> None:
    try:
        keys = parse_authorized_keys(raw)
    except BadListError:
        return
    assert parse_authorized_keys("\n".join(map(openssh_key, keys)).encode()) == keys


@given(_FILES)
def test_every_file_is_a_list_of_tokens_or_refused(raw: bytes) -> None:
    try:
        tokens = parse_tokens(raw)
    except BadListError:
        return
    assert parse_tokens(b"\n".join(tokens)) == tokens


@given(st.text(st.characters(codec=None)))
def test_every_text_is_a_token_or_refused(text: str) -> None:
    try:
        token = check_token(text)
    except ValueError:
        return
    assert check_token(token.decode()) == token

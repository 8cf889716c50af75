"""What the command ``serve`` is asked for: every option, and what is wrong with one told in a sentence."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from collabterm.errors import CollabtermError, IncompleteOptions
from collabterm.protocol.access_lists import MAX_LIST_BYTES
from collabterm.protocol.identity import openssh_key
from collabterm_server.access import Access
from collabterm_server.addresses import parse_networks
from collabterm_server.limits import DEFAULT_LIMITS
from collabterm_server.service import AccessFiles, Service, check_service
from tests.product import environment, serve_command
from tests.server.certificate_files import CertificateFiles
from tests.server.served_process import served
from tests.server.signaling_peer import Identity, http_get, stats_of

END_S: Final = 20.0
TURN: Final = "turn:turn.example.org"


def checked(**options: Any) -> Service:
    return check_service(host="127.0.0.1", port=0, **options)


class TestTaken:
    def test_without_options_it_is_open_and_plain_and_answers_stun(self) -> None:
        service = checked()
        assert service.options.access == Access()
        assert service.options.stun
        assert service.options.tls is None
        assert service.options.turn is None
        assert service.options.redis_url is None
        assert service.options.trusted_proxies == ()
        assert service.options.allowed_origins == frozenset()
        assert service.limits == DEFAULT_LIMITS

    def test_limits_add_up_and_the_last_of_one_name_wins(self) -> None:
        limits = checked(limits=("max_rooms=7", "auth_s=2.5", "max_rooms=8")).limits
        assert (limits.max_rooms, limits.auth_s, limits.max_peers) == (8, 2.5, DEFAULT_LIMITS.max_peers)

    def test_files_are_read_at_once_and_again_when_asked(self, tmp_path: Path) -> None:
        keys, tokens = tmp_path / "keys", tmp_path / "tokens"
        ann, bea = Identity(), Identity()
        keys.write_text(openssh_key(ann.public_key))
        tokens.write_text("a-token-of-enough-characters\n")
        service = checked(authorized_keys=keys, token_file=tokens)
        expected = Access(frozenset({ann.public_key}), (b"a-token-of-enough-characters",))
        assert service.options.access == expected
        keys.write_text(openssh_key(bea.public_key))
        assert service.options.access == expected
        assert service.files.read().authorized == frozenset({bea.public_key})

    def test_an_existing_but_empty_list_is_a_list(self, tmp_path: Path) -> None:
        (tmp_path / "keys").touch()
        assert AccessFiles(tmp_path / "keys").read() == Access(authorized=frozenset())

    def test_names_are_kept_when_the_files_are_read_again(self, tmp_path: Path) -> None:
        (tmp_path / "keys").touch()
        service = checked(authorized_keys=tmp_path / "keys", names=("Pair.Example.org", "[::1]:3001"))
        assert service.options.access.names == ("pair.example.org", "[::1]:3001")
        assert service.files.read() == service.options.access

    def test_everything_else_is_understood_and_secrets_stay_out_of_its_text(self, tmp_path: Path) -> None:
        files = CertificateFiles(tmp_path)
        files.issue("localhost")
        secret = tmp_path / "secret"
        secret.write_text("  0123456789abcdef\n")
        service = checked(
            tls_cert=files.cert,
            tls_key=files.key,
            trusted_proxies="10.0.0.0/8, ::1",
            allowed_origins=("HTTPS://Example.org/", "*"),
            stun=False,
            turn_urls=(TURN, "turns:turn.example.org"),
            turn_secret_file=secret,
            redis_url="redis://:password@localhost",
        )
        assert service.tls is not None
        assert service.options.tls is service.tls.context
        assert service.options.trusted_proxies == parse_networks("10.0.0.0/8,::1")
        assert service.options.allowed_origins == {"https://example.org", "*"}
        assert service.options.turn is not None
        assert service.options.turn.urls == (TURN, "turns:turn.example.org")
        assert not service.options.stun
        assert "0123456789abcdef" not in repr(service)
        assert "password" not in repr(service)

    def test_a_redis_that_is_empty_is_none(self) -> None:
        assert checked(redis_url="").options.redis_url is None

    async def test_a_running_server_has_what_it_was_asked_for(self, tmp_path: Path) -> None:
        with served(tmp_path, "--limit", "max_rooms=7", "--log-format", "json", "--no-stun") as server:
            assert server.url.startswith("ws://127.0.0.1:")
            limits = (await stats_of(server.port))["limits"]
            assert isinstance(limits, dict)
            assert limits["max_rooms"] == 7
            assert (await http_get(server.port, "/readyz"))[0] == 200
            server.logs('"message": "listening on ws://')


@pytest.mark.parametrize(
    ("options", "warnings"),
    [
        ((), 0),
        (("--authorized-keys", "{keys}"), 1),
        (("--authorized-keys", "{keys}", "--token-file", "{token}"), 1),
        (("--token-file", "{token}", "--name", "127.0.0.1", "--name", "pair.example.org"), 0),
    ],
)
def test_lists_without_a_name_are_warned_of_once(
    tmp_path: Path, options: tuple[str, ...], warnings: int
) -> None:
    (tmp_path / "keys").touch()
    (tmp_path / "token").write_text("a-token-of-enough-characters\n")
    names = {name: str(tmp_path / name) for name in ("keys", "token")}
    with served(tmp_path, *(option.format(**names) for option in options)) as server:
        server.logs("listening on ws://")
        assert len([line for line in server.log if "WARNING" in line and "--name" in line]) == warnings


def too_long(path: Path) -> None:
    path.write_bytes(b"#" * (MAX_LIST_BYTES + 1))


@pytest.mark.parametrize("option", ["authorized_keys", "token_file", "turn_secret_file"])
@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: None, "No such file or directory"),
        (lambda path: path.mkdir(), "Is a directory"),
        (too_long, "larger than|longer than"),
        (lambda path: path.write_bytes(b"\0" * 40), "NUL|plain text"),
        (lambda path: path.write_bytes(b"x\n"), "line 1|shorter than"),
    ],
    ids=["missing", "a folder", "too long", "zeros", "one letter"],
)
def test_a_file_that_cannot_be_used_is_named_with_what_is_wrong(
    tmp_path: Path, option: str, make: Callable[[Path], object], problem: str
) -> None:
    path = tmp_path / "the file"
    make(path)
    extra = {"turn_urls": (TURN,)} if option == "turn_secret_file" else {}
    with pytest.raises(CollabtermError, match=problem) as caught:
        checked(**{option: path}, **extra)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"tls_cert": Path("cert.pem")}, "both --tls-cert and --tls-key"),
        ({"tls_key": Path("key.pem")}, "both --tls-cert and --tls-key"),
        ({"turn_urls": (TURN,)}, "both --turn-url and --turn-secret-file"),
        ({"turn_secret_file": Path("secret")}, "both --turn-url and --turn-secret-file"),
    ],
)
def test_half_of_what_belongs_together_is_told(options: dict[str, Any], missing: str) -> None:
    with pytest.raises(IncompleteOptions) as caught:
        checked(**options)
    assert str(caught.value).endswith(f": give {missing}.")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("--name", "wss://pair.example.org"), 2, "'wss://pair.example.org' is not"),
        (("--limit", "max_room=5"), 2, "did you mean max_rooms?"),
        (("--limit", "max_rooms"), 2, "write it like max_rooms=10000."),
        (("--limit", "max_rooms=many"), 2, "a whole number from 1 to 1000000."),
        (("--name", "wss://pair.example.org"), 2, "write it like pair.example.org or pair.example.org:3001."),
        (("--authorized-keys", "{missing}"), 1, "{missing} cannot be used (No such file or directory)"),
        (("--token-file", "{empty_token}"), 1, "write the token, 16 characters or more"),
        (("--tls-cert", "{missing}"), 2, "both --tls-cert and --tls-key"),
        (("--tls-cert", "{missing}", "--tls-key", "{missing}"), 2, "{missing} cannot be used for TLS"),
        (("--trust-proxy", "10.0.0.1/8"), 2, "perhaps 10.0.0.0/8 is meant"),
        (("--allow-origin", "example.org"), 2, "write it like https://example.org"),
        (("--turn-url", TURN), 2, "both --turn-url and --turn-secret-file"),
        (("--turn-url", "stun:x", "--turn-secret-file", "{secret}"), 2, "'stun:x' is not a TURN server"),
        (("--turn-url", TURN, "--turn-secret-file", "{empty_token}"), 1, "static-auth-secret"),
        (("--redis", "http://localhost"), 2, "is not the address of a Redis"),
        (("--host", "no-such-host.invalid"), 1, "choose another --host or --port."),
        (("--log-format", "xml"), 2, "--log-format"),
        (("--log-level", "loud"), 2, "--log-level"),
        (("--port", "http"), 2, "'http' is not a port"),
        (("--limit",), 2, "--limit"),
    ],
)
def test_every_option_that_is_wrong_is_told_in_words_before_anything_is_served(
    tmp_path: Path, arguments: tuple[str, ...], exit_code: int, words: str
) -> None:
    names = {name: str(tmp_path / name) for name in ("missing", "empty_token", "secret")}
    (tmp_path / "empty_token").write_text("short\n")
    (tmp_path / "secret").write_text("0123456789abcdef\n")
    done = subprocess.run(
        [*serve_command(0), *(argument.format(**names) for argument in arguments)],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=END_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (exit_code, ""), done.stderr
    assert words.format(**names) in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    if not done.stderr.startswith("Usage: "):  # only the parser of options says more
        assert len(done.stderr.splitlines()) == 1

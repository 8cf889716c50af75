"""What ``collabterm serve`` was asked for, checked and read from its files; must not open sockets.

Whatever is wrong with it is told before the server listens, as an error of ``collabterm.errors``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Final

from collabterm.errors import BadKeyFile, BadTokenFile, BadTurnSecret, IncompleteOptions
from collabterm.protocol.access_lists import (
    MAX_LIST_BYTES,
    MIN_TOKEN_CHARS,
    BadListError,
    parse_authorized_keys,
    parse_tokens,
)
from collabterm.protocol.server_names import check_server_name
from collabterm_server.access import Access
from collabterm_server.addresses import Network, parse_networks
from collabterm_server.http import check_origin
from collabterm_server.limits import DEFAULT_LIMITS, ServerLimits, with_limit
from collabterm_server.options import ServerOptions
from collabterm_server.tls import ServerTls
from collabterm_server.turn import MAX_SECRET_BYTES, TurnRelay, check_turn_url, read_turn_secret

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AccessFiles:
    """The lists of who may enter, which may change while the server runs; None where there is none.

    ``names`` are those of ``Access``, and stay.
    """

    authorized_keys: Path | None = None
    tokens: Path | None = None
    names: tuple[str, ...] = ()

    def read(self) -> Access:
        """Return what the files say now.

        Raises:
            BadKeyFile: If the list of keys cannot be read, or a line of it is no key.
            BadTokenFile: If the tokens cannot be read, or one is no token.
        """
        return Access(
            None if self.authorized_keys is None else _read_keys(self.authorized_keys),
            None if self.tokens is None else _read_tokens(self.tokens),
            self.names,
        )


@dataclass(frozen=True, slots=True)
class Service:
    """A server as its operator wants it.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        limits: What it allows.
        options: Everything else about it; ``options.access`` is what ``files`` said at the start.
        files: Read again on SIGHUP.
        tls: Likewise; its context is ``options.tls``.
    """

    host: str
    port: int
    limits: ServerLimits = DEFAULT_LIMITS
    options: ServerOptions = field(default_factory=ServerOptions)
    files: AccessFiles = AccessFiles()
    tls: ServerTls | None = None


def check_service(
    *,
    host: str,
    port: int,
    names: Sequence[str] = (),
    limits: Sequence[str] = (),
    authorized_keys: Path | None = None,
    token_file: Path | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    trusted_proxies: str | None = None,
    allowed_origins: Sequence[str] = (),
    stun: bool = True,
    turn_urls: Sequence[str] = (),
    turn_secret_file: Path | None = None,
    redis_url: str | None = None,
) -> Service:
    """Return the service that the command line describes.

    Raises:
        CollabtermError: ``BadServerName``, ``BadLimit``, ``BadKeyFile``, ``BadTokenFile``, ``BadTlsFile``,
            ``BadNetwork``, ``BadOrigin``, ``BadTurnUrl``, ``BadTurnSecret`` or ``IncompleteOptions``.
    """
    files = AccessFiles(authorized_keys, token_file, tuple(map(check_server_name, names)))
    tls = _load_tls(tls_cert, tls_key)
    options = ServerOptions(
        access=files.read(),
        tls=None if tls is None else tls.context,
        trusted_proxies=_networks(trusted_proxies),
        allowed_origins=frozenset(map(check_origin, allowed_origins)),
        stun=stun,
        turn=_turn_relay(turn_urls, turn_secret_file),
        redis_url=redis_url or None,
    )
    return Service(host, port, reduce(with_limit, limits, DEFAULT_LIMITS), options, files, tls)


def warn(service: Service) -> None:
    """Log what an operator should know of a service that can do its work all the same."""
    if service.options.access.can_be_passed_on:
        _log.warning(
            "another server that people sign in to could pass their sign-ins on and enter here as them: "
            "name this one as they dial it, with --name, for example --name pair.example.org"
        )


def _networks(text: str | None) -> tuple[Network, ...]:
    return () if text is None else parse_networks(text)


def _load_tls(cert: Path | None, key: Path | None) -> ServerTls | None:
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise IncompleteOptions(given="a half of TLS", missing="both --tls-cert and --tls-key")
    return ServerTls(cert, key)


def _turn_relay(urls: Sequence[str], secret_file: Path | None) -> TurnRelay | None:
    if not urls and secret_file is None:
        return None
    if not urls or secret_file is None:
        raise IncompleteOptions(given="a half of TURN", missing="both --turn-url and --turn-secret-file")
    try:
        content = _read(secret_file, MAX_SECRET_BYTES)
    except OSError as error:
        raise BadTurnSecret(path=secret_file, problem=error.strerror) from error
    return TurnRelay(tuple(map(check_turn_url, urls)), read_turn_secret(content, str(secret_file)))


def _read_keys(path: Path) -> frozenset[bytes]:
    try:
        return parse_authorized_keys(_read(path, MAX_LIST_BYTES))
    except OSError as error:
        raise BadKeyFile(path=path, problem=error.strerror) from error
    except BadListError as error:
        raise BadKeyFile(path=path, problem=error) from error


def _read_tokens(path: Path) -> tuple[bytes, ...]:
    try:
        return parse_tokens(_read(path, MAX_LIST_BYTES))
    except OSError as error:
        raise BadTokenFile(path=path, problem=error.strerror, least=MIN_TOKEN_CHARS) from error
    except BadListError as error:
        raise BadTokenFile(path=path, problem=error, least=MIN_TOKEN_CHARS) from error


def _read(path: Path, most: int) -> bytes:
    """Return a file's content, or enough of it to show that it is too long."""
    with path.open("rb") as file:
        return file.read(most + 1)

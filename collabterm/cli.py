"""The command line: parses it and runs one command; must not import what another command needs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Final

import typer

from collabterm import __version__
from collabterm.errors import CollabtermError, ModuleMissing, OutputUnwritable

_INTERRUPTED_EXIT_CODE: Final = 130
"""128 and SIGINT, as shells have it."""

_MAX_PORT: Final = 65_535


class LogFormat(StrEnum):
    """How the server's log is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From where on the server's log tells."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


app = typer.Typer(
    name="collabterm",
    help="Edit a text together in the terminal, peer to peer.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; what a person can put right is told in one sentence."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # our sentences are not ASCII, a locale may be
    try:
        with _missing_modules_told():
            app(prog_name="collabterm")
    except CollabtermError as error:
        typer.echo(f"collabterm: {_one_line(str(error))}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED_EXIT_CODE)


@contextmanager
def _missing_modules_told() -> Iterator[None]:
    """Tell of an installation without what a command needs; a module of ours that is missing is our bug."""
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module in ("", "collabterm", "collabterm_server"):
            raise
        raise ModuleMissing(module=module) from error


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"collabterm {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


# The options of serve, one by one: what each takes and what its help says.
_Host = Annotated[str, typer.Option(metavar="HOST", help="The address to listen on; 0.0.0.0 for all.")]
_Port = Annotated[str, typer.Option(metavar="PORT", envvar="PORT", help="The port; 0 takes a free one.")]
_Name = Annotated[
    list[str] | None,
    typer.Option(metavar="HOST[:PORT]", help="What people call it; refuse what they signed for others."),
]
_AuthorizedKeys = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Let in only these keys ('collabterm key').")
]
_TokenFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Let in only who knows a token of this file.")
]
_Limit = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="Set a limit; again for another.")
]
_TlsCert = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The certificate chain, PEM; for wss://.")
]
_TlsKey = Annotated[Path | None, typer.Option(metavar="FILE", help="Its private key, PEM.")]
_TrustProxy = Annotated[
    str | None,
    typer.Option(metavar="NETWORKS", help="Believe X-Forwarded-For from these, like 10.0.0.0/8,::1."),
]
_AllowOrigin = Annotated[
    list[str] | None, typer.Option(metavar="ORIGIN", help="Let in web pages from there; * for any.")
]
_Stun = Annotated[
    bool, typer.Option("--stun/--no-stun", help="Answer STUN on the UDP port of the same number.")
]
_TurnUrl = Annotated[list[str] | None, typer.Option(metavar="URL", help="A TURN server to tell clients of.")]
_TurnSecretFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The secret shared with it (static-auth-secret).")
]
_Redis = Annotated[
    str | None,
    typer.Option(metavar="URL", envvar="COLLABTERM_REDIS", help="Act as one with other instances there."),
]
_LogFormat = Annotated[LogFormat, typer.Option(help="How the log is written.")]
_LogLevel = Annotated[LogLevel, typer.Option(help="What is logged.")]


@app.command()
def serve(
    host: _Host = "127.0.0.1",
    port: _Port = "3001",
    name: _Name = None,
    authorized_keys: _AuthorizedKeys = None,
    token_file: _TokenFile = None,
    limit: _Limit = None,
    tls_cert: _TlsCert = None,
    tls_key: _TlsKey = None,
    trust_proxy: _TrustProxy = None,
    allow_origin: _AllowOrigin = None,
    stun: _Stun = True,
    turn_url: _TurnUrl = None,
    turn_secret_file: _TurnSecretFile = None,
    redis: _Redis = None,
    log_format: _LogFormat = LogFormat.TEXT,
    log_level: _LogLevel = LogLevel.INFO,
) -> None:
    """Introduce peers to each other: run a signaling server here."""
    port_number = _parse_port(port)
    import asyncio

    from collabterm_server.logs import set_up_logging
    from collabterm_server.service import check_service, warn
    from collabterm_server.serving import serve_forever

    service = check_service(
        host=host,
        port=port_number,
        names=name or (),
        limits=limit or (),
        authorized_keys=authorized_keys,
        token_file=token_file,
        tls_cert=tls_cert,
        tls_key=tls_key,
        trusted_proxies=trust_proxy,
        allowed_origins=allow_origin or (),
        stun=stun,
        turn_urls=turn_url or (),
        turn_secret_file=turn_secret_file,
        redis_url=redis,
    )
    set_up_logging(log_format.value, log_level.value)
    warn(service)
    asyncio.run(serve_forever(service, on_ready=_announce))


@app.command()
def join(
    room: Annotated[str, typer.Argument(metavar="ROOM", help="The room; made if it does not exist.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Opened in an empty room, and saved to.")
    ] = None,
    server: Annotated[
        str | None, typer.Option(metavar="URL", help="The signaling server, like wss://host.")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Your name, as others see it.")] = None,
    language: Annotated[
        str | None, typer.Option(metavar="NAME", help="The text's language, if not told from FILE.")
    ] = None,
    theme: Annotated[
        str | None, typer.Option(metavar="NAME", help="The colors: dark, light, terminal or monochrome.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Holds the token that the server asks for.")
    ] = None,
) -> None:
    """Edit the text of a room, together with everyone who is in it."""
    from collabterm.config import config_path
    from collabterm.join_request import check_join

    request = check_join(
        room,
        file,
        server=server,
        name=name,
        language=language,
        theme=theme,
        token_file=token_file,
        config_path=config_path(),
        environ=os.environ,
    )
    from collabterm.joining import join_room

    raise typer.Exit(join_room(request))


@app.command()
def key() -> None:
    """Print your public key, for a server's list of who may enter."""
    import secrets

    from collabterm.config import config_path, identity_path, load_name
    from collabterm.protocol.identity import openssh_key
    from collabterm.storage.identity import SEED_BYTES, keep_seed
    from collabterm.transport.identity import Identity

    name = load_name(config_path=config_path(), environ=os.environ)
    seed = keep_seed(identity_path(), secrets.token_bytes(SEED_BYTES))
    _print_line(f"{openssh_key(Identity(seed, peer_nonce=b'').public_key)} {name}")


def _parse_port(text: str) -> int:
    if re.fullmatch("[0-9]{1,5}", text) and int(text) <= _MAX_PORT:
        return int(text)
    raise typer.BadParameter(
        f"{text!r} is not a port: give a number from 0 to {_MAX_PORT}.", param_hint="'--port'"
    )


def _print_line(line: str) -> None:
    try:
        typer.echo(line)
    except BrokenPipeError:
        raise  # whoever reads has enough, and typer ends quietly
    except OSError as error:
        sys.stdout = None  # else the interpreter tries once more when it ends, and says so
        raise OutputUnwritable(reason=error.strerror) from error


def _announce(url: str) -> None:
    typer.echo(f"Listening on {url} — stop with Ctrl-C")


def _one_line(sentence: str) -> str:
    """Show control characters, which a path or a server's message may hold, as escapes."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in sentence
    )

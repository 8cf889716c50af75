"""The command line: parses it and runs one command; must not import what another command needs."""

from __future__ import annotations

import os
import re
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Final

import typer

from collabterm import __version__
from collabterm.errors import CollabtermError

_INTERRUPTED_EXIT_CODE: Final = 130
"""128 and SIGINT, as shells have it."""

_MAX_PORT: Final = 65_535

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
        app(prog_name="collabterm")
    except CollabtermError as error:
        typer.echo(f"collabterm: {_one_line(str(error))}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED_EXIT_CODE)


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


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(metavar="HOST", help="The address to listen on; 0.0.0.0 for all.")
    ] = "127.0.0.1",
    port: Annotated[
        str, typer.Option(metavar="PORT", envvar="PORT", help="The port; 0 takes a free one.")
    ] = "3001",
) -> None:
    """Introduce peers to each other: run a signaling server here."""
    port_number = _parse_port(port)
    import asyncio

    from collabterm_server.relay import serve_forever

    asyncio.run(serve_forever(host, port_number, on_ready=_announce))


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
        config_path=config_path(),
        environ=os.environ,
    )
    from collabterm.joining import join_room

    raise typer.Exit(join_room(request))


def _parse_port(text: str) -> int:
    if re.fullmatch("[0-9]{1,5}", text) and int(text) <= _MAX_PORT:
        return int(text)
    raise typer.BadParameter(
        f"{text!r} is not a port: give a number from 0 to {_MAX_PORT}.", param_hint="'--port'"
    )


def _announce(url: str) -> None:
    typer.echo(f"Listening on {url} — stop with Ctrl-C")


def _one_line(sentence: str) -> str:
    """Show control characters, which a path or a server's message may hold, as escapes."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in sentence
    )

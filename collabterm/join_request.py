"""What ``collabterm join`` was asked for, checked; must not start anything.

Nor must it import what is slow to import: whoever mistyped is told at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collabterm.config import Settings, load_settings
from collabterm.document.languages import LANGUAGE_NAMES, language_named
from collabterm.errors import BadLanguage, NotATerminal, TerminalTooSmall
from collabterm.protocol.signaling import RoomName, check_room_name
from collabterm.storage.files import LoadedFile, load

MIN_WIDTH: Final = 20
MIN_HEIGHT: Final = 5

_STREAMS: Final = ("input", "output")
"""By descriptor. Keys are read from the first, the screen is drawn on the second; errors go to the log."""


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Everything the editor starts from.

    Without a FILE ``path`` and ``loaded`` are None; with one that does not exist yet only ``loaded`` is.
    ``language`` is None if it is to be told from the file.
    """

    room: RoomName
    settings: Settings
    path: Path | None
    loaded: LoadedFile | None
    language: str | None


def check_join(
    room: str,
    file: Path | None,
    *,
    server: str | None,
    name: str | None,
    language: str | None,
    theme: str | None,
    token_file: Path | None,
    config_path: Path,
    environ: Mapping[str, str],
) -> JoinRequest:
    """Check all that can be wrong before anything starts; the file is read last.

    Args:
        room: As typed.
        file: As typed; it need not exist.
        server: From the command line, if given.
        name: From the command line, if given.
        language: From the command line, if given.
        theme: From the command line, if given.
        token_file: From the command line, if given.
        config_path: See ``load_settings``.
        environ: See ``load_settings``.

    Raises:
        UsageError: For the room, the settings or the terminal.
        FileProblem: For the file, or the one that holds the settings or the token.
    """
    room_name = check_room_name(room)
    settings = load_settings(
        config_path=config_path, environ=environ, server=server, name=name, theme=theme, token_file=token_file
    )
    known_language = _check_language(language) if language is not None else None
    _check_terminal()
    loaded = load(file) if file is not None else None
    return JoinRequest(room_name, settings, file, loaded, known_language)


def _check_language(name: str) -> str:
    language = language_named(name)
    if language is None:
        raise BadLanguage(name=name, known=", ".join(LANGUAGE_NAMES))
    return language.name


def _check_terminal() -> None:
    for descriptor, stream in enumerate(_STREAMS):
        if not os.isatty(descriptor):
            raise NotATerminal(stream=stream)
    size = os.get_terminal_size(_STREAMS.index("output"))
    # A terminal that does not know its size, as on a serial line, says 0.
    if 0 < size.columns < MIN_WIDTH or 0 < size.lines < MIN_HEIGHT:
        raise TerminalTooSmall(
            width=size.columns, height=size.lines, min_width=MIN_WIDTH, min_height=MIN_HEIGHT
        )

"""Every error a person or a peer can cause; it must not import anything of the project.

The first paragraph of a class's docstring is the sentence the user reads, filled with the fields
given at the raise: what happened, and what to do about it.

    CollabtermError
    ├── UsageError                    exit 2: the command line or the terminal is not fit for it
    │   ├── BadRoomName  BadName  BadServerUrl  BadSetting  BadTheme  BadLanguage
    │   └── NotATerminal  TerminalTooSmall
    ├── FileProblem                   exit 1: FILE cannot be opened or written
    │   ├── FileIsFolder  FileIsBinary  FileNotUtf8  FileUnreadable  FileTooLarge
    │   └── FolderMissing  FileUnwritable
    ├── ServerProblem                 exit 1: the signaling server cannot be used
    │   ├── ServerUnreachable  NotASignalingServer  PortInUse  CannotListen
    │   └── VersionMismatch  ServerRefused
    ├── ProtocolError                 costs the peer that caused it its link, and nobody else anything
    └── InternalError                 exit 70: our own mistake
"""

from __future__ import annotations

from typing import ClassVar


class CollabtermError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 1

    def __init__(self, **fields: object) -> None:
        super().__init__(fields)
        self.fields = fields

    def __str__(self) -> str:
        sentence = " ".join((type(self).__doc__ or type(self).__name__).split("\n\n")[0].split())
        return sentence.format(**self.fields)


class UsageError(CollabtermError):
    """The command cannot run like this."""

    exit_code = 2


class BadRoomName(UsageError):
    """{name!r} is not a room name: use 1 to {limit} letters, digits or punctuation marks without spaces, and no '#'."""


class BadName(UsageError):
    """{name!r} is not a name to show: use 1 to {limit} printable characters."""


class BadServerUrl(UsageError):
    """{url!r} is not a server address: write it like ws://host:3001 or wss://host."""


class BadSetting(UsageError):
    """The setting {setting!r} in {path} is not usable ({problem}): correct it or remove the line."""


class BadTheme(UsageError):
    """{name!r} is not a theme: use one of {known}."""


class BadLanguage(UsageError):
    """{name!r} is not a language that collabterm knows: use one of {known}."""


class NotATerminal(UsageError):
    """The editor needs a terminal, but its {stream} is not one: run it without redirecting or piping."""


class TerminalTooSmall(UsageError):
    """The terminal is {width}x{height} cells, too small to edit in: make it at least {min_width}x{min_height}."""


class FileProblem(CollabtermError):
    """{path} cannot be used."""


class FileIsFolder(FileProblem):
    """{path} is a folder: give the path of a text file."""


class FileIsBinary(FileProblem):
    """{path} is not a text file (it contains NUL bytes): give the path of a text file."""


class FileNotUtf8(FileProblem):
    """{path} is not UTF-8 text (byte {position} does not fit): convert it first, for example with iconv -t utf-8."""


class FileUnreadable(FileProblem):
    """{path} cannot be read ({reason}): check its permissions."""


class FileTooLarge(FileProblem):
    """{path} is {size} bytes, more than the {limit} that a room can hold: open a smaller file."""


class FolderMissing(FileProblem):
    """The folder {folder} does not exist: create it first, or give another path."""


class FileUnwritable(FileProblem):
    """{path} was not saved ({reason}): the text is still here, so save it under another name."""


class ServerProblem(CollabtermError):
    """The server at {url} cannot be used."""


class ServerUnreachable(ServerProblem):
    """No server answers at {url} ({reason}): check the address, or start one there with 'collabterm serve'."""


class NotASignalingServer(ServerProblem):
    """Something answers at {url}, but it is not a collabterm server: check the address and port."""


class PortInUse(ServerProblem):
    """Port {port} on {host} is already in use: stop the other program, or choose another with --port."""


class CannotListen(ServerProblem):
    """Cannot listen on {host} port {port} ({reason}): choose another --host or --port."""


class VersionMismatch(ServerProblem):
    """The server at {url} speaks protocol {theirs} and this collabterm speaks {ours}: upgrade {which}."""


class ServerRefused(ServerProblem):
    """The server at {url} refused: {message}"""


class ProtocolError(CollabtermError):
    """The bytes received do not follow the protocol ({problem})."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem=problem)


class InternalError(CollabtermError):
    """collabterm made a mistake and had to stop; the details are in {log}, please report it."""

    exit_code = 70

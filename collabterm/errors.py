"""Every error a person or a peer can cause; it must not import anything of the project.

The first paragraph of a class's docstring is the sentence the user reads, filled with the fields
given at the raise: what happened, and what to do about it. A field named ``problem`` or ``reason`` may
itself be such a sentence: it stands in brackets, and loses its full stop there.

    CollabtermError
    ├── UsageError                    exit 2: the command line or the terminal is not fit for it
    │   ├── BadRoomName  BadName  BadServerUrl  BadServerName  BadTheme  BadLanguage
    │   ├── BadSetting  BadConfigFile  BadVariable
    │   ├── IncompleteOptions  BadLimit  BadNetwork
    │   ├── BadOrigin  BadTlsFile  BadTurnUrl  BadRedisUrl
    │   └── NotATerminal  TerminalTooSmall
    ├── FileProblem                   exit 1: a file cannot be read or written, or does not hold what it should
    │   ├── FileIsFolder  FileIsBinary  FileNotUtf8  FileUnreadable  FileTooLarge
    │   ├── BadKeyFile  BadTokenFile  BadIdentityFile  BadTurnSecret
    │   └── FolderMissing  FileUnwritable
    ├── ServerProblem                 exit 1: the signaling server cannot be used
    │   ├── ServerUnreachable  NotASignalingServer  PortInUse  CannotListen
    │   ├── ServerNotTrusted  BadTrustFile  TlsFailed  TlsWanted
    │   ├── RedisMissing  RedisUnreachable  RedisRefused
    │   └── VersionMismatch  ServerRefused  ServerBusy  ServerAway  TooFewFiles
    ├── OutputUnwritable              exit 1: what was asked for cannot be printed
    ├── ModuleMissing                 exit 1: what a command needs is not installed
    ├── ProtocolError                 costs the peer that caused it its link, and nobody else anything
    └── InternalError                 exit 70: our own mistake
"""

from __future__ import annotations

from typing import ClassVar, Final

_BRACKETED: Final = ("problem", "reason")


class CollabtermError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 1

    def __init__(self, **fields: object) -> None:
        super().__init__(fields)
        self.fields = fields

    def __str__(self) -> str:
        sentence = " ".join((type(self).__doc__ or type(self).__name__).split("\n\n")[0].split())
        brackets = {name: str(self.fields[name]).rstrip(".") for name in _BRACKETED if name in self.fields}
        return sentence.format(**self.fields | brackets)


class UsageError(CollabtermError):
    """The command cannot run like this."""

    exit_code = 2


class BadRoomName(UsageError):
    """{name!r} is not a room name: use 1 to {limit} letters, digits or punctuation marks without spaces, and no '#'."""


class BadName(UsageError):
    """{name!r} is not a name to show: use 1 to {limit} printable characters."""


class BadServerUrl(UsageError):
    """{url!r} is not a server address: write it like ws://host:3001 or wss://host."""


class BadServerName(UsageError):
    """{name!r} is not a name that people dial this server by: write it like pair.example.org or pair.example.org:3001."""


class BadSetting(UsageError):
    """The setting {setting!r} in {path} is not usable ({problem}): correct it or remove the line."""


class BadConfigFile(UsageError):
    """{path} is not TOML ({problem}): correct it, or move it away to go on without."""


class BadVariable(UsageError):
    """The variable {variable!r} in the environment is not usable ({problem}): correct it or unset it."""


class BadTheme(UsageError):
    """{name!r} is not a theme: use one of {known}."""


class BadLanguage(UsageError):
    """{name!r} is not a language that collabterm knows: use one of {known}."""


class IncompleteOptions(UsageError):
    """The options name {given}: give {missing}."""


class BadLimit(UsageError):
    """{setting!r} sets no limit of the server: {advice}"""


class BadNetwork(UsageError):
    """{text!r} is not a network to trust ({problem}): write addresses or networks like 10.0.0.0/8,::1."""


class BadOrigin(UsageError):
    """{origin!r} is not the origin of web pages: write it like https://example.org, without a path, or * for any."""


class BadTlsFile(UsageError):
    """{path} cannot be used for TLS ({problem}): give the certificate and its key as PEM files with --tls-cert and --tls-key."""


class BadRedisUrl(UsageError):
    """{url!r} is not the address of a Redis: write it like redis://host:6379, rediss://user:password@host or unix:///path."""


class BadTurnUrl(UsageError):
    """{url!r} is not a TURN server: write it like turn:host:3478, turn:host:3478?transport=tcp or turns:host:5349, with a name or an IPv4 address."""


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


class BadKeyFile(FileProblem):
    """The list of keys in {path} cannot be used ({problem}): write each key on a line, as 'collabterm key' prints it."""


class BadTokenFile(FileProblem):
    """The token file {path} cannot be used ({problem}): write the token, {least} characters or more, on a line of its own."""


class BadIdentityFile(FileProblem):
    """Your identity key in {path} cannot be used ({problem}): repair the file, or move it away to get a new key."""


class BadTurnSecret(FileProblem):
    """{path} does not hold the secret shared with the TURN server ({problem}): write into it the one line that coturn has as static-auth-secret, as 'openssl rand -hex 32' makes it."""


class OutputUnwritable(CollabtermError):
    """The output cannot be written ({reason}): check where it is redirected to."""


class ModuleMissing(CollabtermError):
    """The module {module} is missing: this installation only serves, or is incomplete, so install collabterm with pip to edit."""


class ServerProblem(CollabtermError):
    """The server at {url} cannot be used."""


class ServerUnreachable(ServerProblem):
    """No server answers at {url} ({reason}): check the address, or start one there with 'collabterm serve'."""


class NotASignalingServer(ServerProblem):
    """Something answers at {url}, but it is not a collabterm server: check the address and port."""


class ServerNotTrusted(ServerProblem):
    """A server answers at {url}, but its certificate is not trusted ({reason}): check the name in the address, or set SSL_CERT_FILE to the certificate of whoever issued it."""


class BadTrustFile(ServerProblem):
    """The certificate of {url} cannot be checked, for SSL_CERT_FILE names {path}, which is of no use ({reason}): correct it or unset it."""


class TlsFailed(ServerProblem):
    """Something answers at {url}, but TLS with it fails ({reason}): write ws:// if the server has no certificate, else check the address and port."""


class TlsWanted(ServerProblem):
    """Something answers at {url}, but not without TLS ({reason}): write wss:// if the server has a certificate, else check the address and port."""


class PortInUse(ServerProblem):
    """Port {port} on {host} is already in use: stop the other program, or choose another with --port."""


class CannotListen(ServerProblem):
    """Cannot listen on {host} port {port} ({reason}): choose another --host or --port."""


class RedisMissing(ServerProblem):
    """Joining servers over Redis needs a package that is not installed: install collabterm[redis]."""


class RedisUnreachable(ServerProblem):
    """No Redis answers at {url} ({reason}): check the address, and that Redis runs there."""


class RedisRefused(ServerProblem):
    """The Redis at {url} refused ({reason}): check the user, the password and the database in its address."""


class TooFewFiles(ServerProblem):
    """The system lets this process open {files} files, too few to serve: allow it at least {least} (ulimit -n)."""


class VersionMismatch(ServerProblem):
    """The server at {url} speaks protocol {theirs} and this collabterm speaks {ours}: upgrade {which}."""


class ServerRefused(ServerProblem):
    """The server at {url} refused: {message}"""


class ServerBusy(ServerProblem):
    """The server at {url} takes nobody in just now: {message}"""


class ServerAway(ServerProblem):
    """The server at {url} is away for a moment: {message}"""


class ProtocolError(CollabtermError):
    """The bytes received do not follow the protocol ({problem})."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem=problem)


class InternalError(CollabtermError):
    """collabterm made a mistake and had to stop; the details are in {log}, please report it."""

    exit_code = 70

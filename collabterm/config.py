"""Settings and the places where things are kept; must not create files or folders.

The command line beats the environment (``COLLABTERM_SERVER``, ``COLLABTERM_NAME``, ``COLLABTERM_STUN``,
``COLLABTERM_TOKEN``, ``COLLABTERM_THEME``), which beats the config file, which beats the defaults.
``NO_COLOR`` is heeded.
The config file is TOML, and all of it may be left out::

    server = "wss://collab.example.org"
    name = "Ada"
    stun = ["stun:stun.example.org:3478"]
    token_file = "token"    # holds the secret that the server asks for; beside this file, or "~/..."

    theme = "dark"          # or "light", "monochrome", or "terminal": the colors of the terminal
    wrap = false
    line_numbers = true
    tab_size = 4
    indent = 4              # or "tab"; left out, it is what the file has
    blanks = false          # show tabs and trailing spaces
    color_column = 0        # 0: none
    hints = true

    [keys]                  # commands are in the help; "none" unbinds a key
    "ctrl+d" = "duplicate"
"""

from __future__ import annotations

import ipaddress
import os
import pwd
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit

import platformdirs

from collabterm.errors import (
    BadConfigFile,
    BadName,
    BadServerUrl,
    BadSetting,
    BadTheme,
    BadVariable,
    FileUnreadable,
    UsageError,
)
from collabterm.protocol.access_lists import check_token
from collabterm.protocol.ice_urls import parse_ice_url
from collabterm.protocol.limits import MAX_NAME_CHARS
from collabterm.protocol.signaling import check_name
from collabterm.storage.token import load_token
from collabterm.tui.settings import SETTING_NAMES, THEMES, EditorSettings, with_setting

DEFAULT_SERVER: Final = "ws://localhost:3001"
DEFAULT_STUN: Final[tuple[str, ...]] = ()
"""None: no third party hears of a session that nobody told it about."""

_APP: Final = "collabterm"
_SETTING_NAMES: Final = ("server", "name", "stun", "token_file", *SETTING_NAMES)
_DEFAULT_NAME: Final = "guest"
_MAX_PORT: Final = 65_535
_SCHEMES: Final = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_HOST_AND_PORT: Final = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a session needs to know.

    Attributes:
        server: The signaling server.
        name: The name others see.
        stun: STUN servers; perhaps none.
        editor: How it looks.
        token: The secret shared with the server; None unless one is set.
        token_file: Where to read it again later; None if it does not come from a file, or from one that
            can be read once, such as a pipe.
    """

    server: str
    name: str
    stun: tuple[str, ...]
    editor: EditorSettings = field(default_factory=EditorSettings)
    token: bytes | None = field(default=None, repr=False)
    token_file: Path | None = None


@dataclass(frozen=True, slots=True)
class _FileSettings:
    server: str | None = None
    name: str | None = None
    stun: tuple[str, ...] | None = None
    token_file: Path | None = None
    editor: EditorSettings = field(default_factory=EditorSettings)


def load_settings(
    *,
    config_path: Path,
    environ: Mapping[str, str],
    server: str | None,
    name: str | None,
    theme: str | None = None,
    token_file: Path | None = None,
) -> Settings:
    """Return the settings in force.

    Args:
        config_path: The TOML file; it need not exist.
        environ: The environment. An empty server, name, theme or token counts as not set; an empty
            ``COLLABTERM_STUN`` means no STUN server.
        server: From the command line, if given.
        name: From the command line, if given.
        theme: From the command line, if given.
        token_file: From the command line, if given.

    Raises:
        UsageError: ``BadServerUrl``, ``BadName``, ``BadTheme``, ``BadVariable``, ``BadSetting`` or
            ``BadConfigFile``.
        FileProblem: ``BadTokenFile`` if the token file in force holds no token, ``FileUnreadable``.
    """
    kept = _read_config(config_path)
    chosen_theme = _choose(theme, environ, "COLLABTERM_THEME", _check_theme) or kept.editor.theme
    token, reread = _choose_token(kept, environ, token_file)
    return Settings(
        server=_choose(server, environ, "COLLABTERM_SERVER", check_server_url)
        or kept.server
        or DEFAULT_SERVER,
        name=_choose_name(kept, environ, name),
        stun=_choose_stun(kept, environ),
        editor=replace(kept.editor, theme=chosen_theme, no_color=bool(environ.get("NO_COLOR"))),
        token=token,
        token_file=reread,
    )


def load_name(*, config_path: Path, environ: Mapping[str, str]) -> str:
    """Return the name in force, whatever the environment says about the rest.

    Args:
        config_path: See ``load_settings``.
        environ: See ``load_settings``.

    Raises:
        UsageError: ``BadName``, ``BadVariable``, ``BadSetting`` or ``BadConfigFile``.
        FileUnreadable: If the config file is there and cannot be read.
    """
    return _choose_name(_read_config(config_path), environ, None)


def check_server_url(url: str) -> str:
    """Return the WebSocket address that ``url`` means; ``host:port`` and ``http(s)://`` are understood.

    Raises:
        BadServerUrl: If it is none of these, or has credentials, a fragment or an impossible port.
    """
    stripped = url.strip()
    try:
        parts = urlsplit(stripped if "://" in stripped else f"ws://{stripped}")
    except ValueError as error:
        raise BadServerUrl(url=url) from error
    scheme = _SCHEMES.get(parts.scheme)
    fits = (
        scheme is not None
        and all(char.isprintable() and not char.isspace() for char in stripped)
        and "#" not in stripped
        and _is_host_and_port(parts.netloc)
        and ("://" in stripped or ":" in parts.netloc.rpartition("]")[2])
    )
    if not fits or scheme is None:
        raise BadServerUrl(url=url)
    path = "" if parts.path == "/" and not parts.query else parts.path
    return SplitResult(scheme, parts.netloc, path, parts.query, "").geturl()


def config_path() -> Path:
    """Return where the config file is looked for."""
    return platformdirs.user_config_path(_APP, appauthor=False) / "config.toml"


def state_dir() -> Path:
    """Return the folder for what outlives a session but is no document."""
    return platformdirs.user_state_path(_APP, appauthor=False)


def log_path() -> Path:
    """Return where the log goes while the screen is the editor's."""
    return platformdirs.user_log_path(_APP, appauthor=False) / "collabterm.log"


def identity_path() -> Path:
    """Return where this user's secret seed is kept."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "identity.seed"


def rescue_dir() -> Path:
    """Return the folder for emergency copies."""
    return state_dir() / "rescued"


def _read_config(path: Path) -> _FileSettings:
    try:
        table = tomllib.loads(path.read_bytes().decode())
    except (FileNotFoundError, NotADirectoryError):
        return _FileSettings()
    except OSError as error:
        raise FileUnreadable(path=path, reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise BadConfigFile(path=path, problem="it is not UTF-8") from error
    except ValueError as error:  # TOMLDecodeError, and what int() says to a number of 5,000 digits
        raise BadConfigFile(path=path, problem=error) from error
    kept = _FileSettings()
    for key, value in table.items():
        try:
            kept = _with_setting(kept, path.parent, key, value)
        except (BadServerUrl, BadName, ValueError) as error:
            raise BadSetting(setting=key, path=path, problem=error) from error
    return kept


def _with_setting(kept: _FileSettings, folder: Path, key: str, value: object) -> _FileSettings:
    match key, value:
        case "server", str():
            return replace(kept, server=check_server_url(value))
        case "name", str():
            return replace(kept, name=check_name(value))
        case "stun", list():
            return replace(kept, stun=_check_stun(value))
        case "token_file", str():
            return replace(kept, token_file=_find_token_file(folder, value))
        case "server" | "name" | "token_file", _:
            raise ValueError("it is not a string in quotes")
        case "stun", _:
            raise ValueError("it is not a list")
        case name, _ if name in SETTING_NAMES:
            return replace(kept, editor=with_setting(kept.editor, name, value))
        case _:
            close = get_close_matches(key, _SETTING_NAMES, n=1)
            advice = f"did you mean {close[0]}?" if close else f"the settings are {', '.join(_SETTING_NAMES)}"
            raise ValueError(f"there is no such setting: {advice}")


def _find_token_file(folder: Path, value: str) -> Path:
    try:
        return folder / Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError("nobody's home folder is known by this name") from error


def _choose(
    given: str | None, environ: Mapping[str, str], variable: str, check: Callable[[str], _Value]
) -> _Value | None:
    """Return what the command line says, or else the environment; what is beaten is not looked at."""
    if given is not None:
        return check(given)
    value = environ.get(variable)
    return _from_environment(variable, value, check) if value else None


def _from_environment(variable: str, value: str, check: Callable[[str], _Value]) -> _Value:
    try:
        return check(value)
    except (UsageError, ValueError) as error:
        raise BadVariable(variable=variable, problem=error) from error


def _choose_name(kept: _FileSettings, environ: Mapping[str, str], name: str | None) -> str:
    return _choose(name, environ, "COLLABTERM_NAME", check_name) or kept.name or _login_name(environ)


def _choose_token(
    kept: _FileSettings, environ: Mapping[str, str], file: Path | None
) -> tuple[bytes | None, Path | None]:
    """Return the token in force, and where to read it again; a file that is beaten is not opened."""
    if file is None and (token := _choose(None, environ, "COLLABTERM_TOKEN", check_token)):
        return token, None
    file = file if file is not None else kept.token_file
    return (load_token(file), file if file.is_file() else None) if file is not None else (None, None)


def _check_theme(name: str) -> str:
    if name not in THEMES:
        raise BadTheme(name=name, known=", ".join(THEMES))
    return name


def _choose_stun(kept: _FileSettings, environ: Mapping[str, str]) -> tuple[str, ...]:
    listed = environ.get("COLLABTERM_STUN")
    if listed is not None:
        return _from_environment("COLLABTERM_STUN", listed, _check_stun_list)
    return DEFAULT_STUN if kept.stun is None else kept.stun


def _check_stun_list(listed: str) -> tuple[str, ...]:
    return _check_stun(entry.strip() for entry in listed.split(",") if entry.strip())


def _check_stun(entries: Iterable[object]) -> tuple[str, ...]:
    checked = []
    for entry in entries:
        if not isinstance(entry, str):
            raise ValueError("an entry is not a string in quotes")  # noqa: TRY004 - one kind of error
        url = parse_ice_url(entry)
        if url is None or url.scheme != "stun":
            raise ValueError(f"{entry!r} does not look like stun:host or stun:host:port")
        checked.append(entry)
    return tuple(checked)


def _is_host_and_port(text: str) -> bool:
    """Return whether this is a host name or address, with or without a port (1 to 65535)."""
    found = _HOST_AND_PORT.fullmatch(text)
    if found is None:
        return False
    host, port = found["host"], found["port"]
    if port is not None and not 1 <= int(port) <= _MAX_PORT:
        return False
    if host.startswith("["):
        return _is_ipv6(host[1:-1])
    return any(map(str.isalnum, host)) and all(char.isalnum() or char in "-._" for char in host)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _login_name(environ: Mapping[str, str]) -> str:
    """Return the login name cut to what ``check_name`` accepts, or a stand-in."""
    login = environ.get("LOGNAME") or environ.get("USER") or _account_name()
    fit = "".join(filter(str.isprintable, login)).strip()[:MAX_NAME_CHARS].strip()
    return fit or _DEFAULT_NAME


def _account_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""

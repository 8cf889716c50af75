"""What a signaling server is called, as people dial it: host and port; must not look up or reach either.

A client signs in to the name it dialed, so a server that is called otherwise cannot use what was signed.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from collabterm.errors import BadServerName

_DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}
_MAX_PORT: Final = 65_535
_NAME: Final = re.compile(
    r"(?P<host>[0-9a-z_](?:[-.0-9a-z_]{0,252})|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
)


def dialed_name(url: str) -> str:
    """Return the name under which ``url`` (``ws://`` or ``wss://``) dials a server: ``host[:port]``.

    It is in lower case, a name of several scripts as DNS has it, and the default port is left out.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else _as_in_dns(host)
    is_default = parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme)
    return name if is_default else f"{name}:{parts.port}"


def check_server_name(text: str) -> str:
    """Return a server's name, from one that its operator wrote, to be compared by ``is_called``.

    Raises:
        BadServerName: If it is no ``host[:port]``.
    """
    name = text.strip().lower()
    found = _NAME.fullmatch(name if name.startswith("[") else _as_in_dns(name))
    if found is None or not 1 <= int(found["port"] or 1) <= _MAX_PORT:
        raise BadServerName(name=text)
    return found[0]


def is_called(name: str, dialed: str) -> bool:
    """Return whether a server of this name is dialed by ``dialed``, at any port if the name has none.

    The name has no scheme, so its port may be the default one, which ``dialed`` leaves out.
    """
    if name == dialed:
        return True
    found, other = _NAME.fullmatch(name), _NAME.fullmatch(dialed)
    if found is None or other is None or found["host"] != other["host"]:
        return False
    if other["port"] is None:
        return found["port"] is None or int(found["port"]) in _DEFAULT_PORTS.values()
    return found["port"] is None


def _as_in_dns(name: str) -> str:
    """Return the ASCII form of a name of any script (RFC 5891); one that has none stays as it is."""
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name

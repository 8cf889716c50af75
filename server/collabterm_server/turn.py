"""Credentials for a TURN server, made to expire; must not read files or clocks, or talk to that server.

The scheme is coturn's ``use-auth-secret`` (draft-uberti-behave-turn-rest-00): the two servers share a secret,
the user name says until when it holds, and its HMAC under the secret is the password. So the TURN server
keeps no accounts, and a credential that leaks is worth nothing after a while.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from collabterm.errors import BadTurnSecret, BadTurnUrl
from collabterm.protocol.ice_urls import parse_ice_url
from collabterm.protocol.signaling import PeerId, TurnServer

CREDENTIAL_S: Final = 12 * 3600
"""Clients get a new one at half of it, so a client whose server is gone can still open links for six hours,
longer than it takes to bring one back; and a credential that leaks ends with the day. It also covers the
difference between the two servers' clocks. A relay that is already open outlives its credential in coturn."""

MIN_SECRET_BYTES: Final = 16
"""Whoever has one credential can try secrets without asking us: 128 bits are out of reach, a word is not."""

MAX_SECRET_BYTES: Final = 1_024
"""More than this is not a secret but the wrong file."""


@dataclass(frozen=True, slots=True)
class TurnRelay:
    """A TURN server, or the several ways to one, and the secret shared with it.

    Args:
        urls: As ``check_turn_url`` returns them, the best first: clients use the first that answers.
        secret: As ``read_turn_secret`` returns it.
        ttl_s: How long a credential holds.
    """

    urls: tuple[str, ...]
    secret: bytes = field(repr=False)
    ttl_s: int = CREDENTIAL_S

    def credentials(self, peer_id: PeerId, unix_time: float) -> TurnServer:
        """Return the server with a credential of this peer's, to be replaced after half of ``ttl_s``.

        coturn logs the user name; of the peer it holds no more than the id that the room sees.
        """
        username = f"{int(unix_time) + self.ttl_s}:{peer_id}"
        digest = hmac.digest(self.secret, username.encode(), hashlib.sha1)
        return TurnServer(self.urls, username, base64.b64encode(digest).decode("ascii"))


def check_turn_url(text: str) -> str:
    """Return ``text``, the address of a TURN server.

    Raises:
        BadTurnUrl: If it is none that clients can use.
    """
    url = parse_ice_url(text)
    if url is None or url.scheme == "stun":
        raise BadTurnUrl(url=text)
    return text


def read_turn_secret(content: bytes, path: str) -> bytes:
    """Return the secret in a file, its only line without what surrounds it.

    Args:
        content: What the file holds.
        path: Where it is, for the error.

    Raises:
        BadTurnSecret: If it is empty, too short to be safe, or not one line of plain text.
    """
    secret = content.strip()
    if problem := _problem(secret):
        raise BadTurnSecret(path=path, problem=problem)
    return secret


def _problem(secret: bytes) -> str | None:
    if not secret:
        return "it is empty"
    if len(secret) > MAX_SECRET_BYTES:
        return f"it is longer than {MAX_SECRET_BYTES} characters"
    if len(secret.splitlines()) > 1:
        return "it holds more than one line"
    if not secret.isascii() or not secret.decode("ascii").isprintable():
        return "it is not plain text"
    if len(secret) < MIN_SECRET_BYTES:
        return f"it is shorter than {MIN_SECRET_BYTES} characters"
    return None

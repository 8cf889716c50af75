"""Why the server cannot be used now, and how long it wants to be left alone; must not wait or connect.

What the system, an HTTP proxy or the server itself says is turned into the one sentence a person reads.
"""

from __future__ import annotations

import errno
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus

from collabterm.errors import (
    BadTokenFile,
    BadTrustFile,
    NotASignalingServer,
    ServerAway,
    ServerBusy,
    ServerNotTrusted,
    ServerProblem,
    ServerRefused,
    ServerUnreachable,
    TlsFailed,
    TlsWanted,
    VersionMismatch,
)
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import Error, ErrorCode

LONGEST_RETRY_AFTER_S: Final = 120.0
"""More than that a server cannot ask for: it may have been wrong, and nobody is parked for a week."""

REFUSED_RETRY_S: Final = 15.0
"""A key, a token or a name is refused again until somebody changes a list on the server."""

REPLACED_RETRY_S: Final = 60.0
"""Whoever signed in as us is alive: coming back at once would replace them, and they us, without end."""

_ABOUT_ONE_MESSAGE: Final = frozenset(
    {
        ErrorCode.BAD_MESSAGE,
        ErrorCode.NO_SUCH_PEER,
        ErrorCode.OPERATION_REFUSED,
        ErrorCode.RATE_LIMITED,
        ErrorCode.TOO_LARGE,
    }
)
"""In the room these cost an introduction, which the mesh repeats, and not the place in the room."""

_BEFORE_THE_ROOM: Final = frozenset({ErrorCode.NO_SUCH_PEER, ErrorCode.NOT_IN_ROOM, ErrorCode.TOO_LARGE})
"""Before the room is entered these can only be about introductions from before the last loss."""

CLOSED: Final = "it closed the connection"

_ERRNO: Final = re.compile(r"\[Errno (\d+)]")


@dataclass(frozen=True, slots=True)
class Loss:
    """A server that cannot be used now.

    Attributes:
        problem: Why; a token that cannot be read is a reason not to sign in.
        least_s: How long to leave it alone at least.
        starts_over: Whether it is a new beginning for the server, before which failures do not count.
    """

    problem: ServerProblem | BadTokenFile
    least_s: float = 0.0
    starts_over: bool = False


def refusal(error: Error, url: str, *, in_room: bool) -> Loss | None:
    """Return what a server's ERROR means for the connection; None if the connection goes on."""
    if error.code in (_ABOUT_ONE_MESSAGE if in_room else _BEFORE_THE_ROOM):
        return None
    asked_s = _bounded(error.retry_after)
    refused = ServerRefused(url=url, message=error.message)
    match error.code:
        case ErrorCode.BAD_VERSION:
            return Loss(
                VersionMismatch(url=url, theirs="another", ours=PROTOCOL_VERSION, which="the older side")
            )
        case ErrorCode.TOO_MANY | ErrorCode.RATE_LIMITED:
            return Loss(ServerBusy(url=url, message=error.message), asked_s)
        case ErrorCode.SHUTTING_DOWN:
            return Loss(ServerAway(url=url, message=error.message), asked_s, starts_over=True)
        case ErrorCode.REPLACED:
            return Loss(refused, max(REPLACED_RETRY_S, asked_s))
        case (
            ErrorCode.AUTH_FAILED
            | ErrorCode.KEY_REFUSED
            | ErrorCode.TOKEN_REFUSED
            | ErrorCode.BAD_NAME
            | ErrorCode.BAD_ROOM_NAME
        ):
            return Loss(refused, max(REFUSED_RETRY_S, asked_s))
        case _:
            return Loss(refused, asked_s)


def failed_handshake(error: InvalidHandshake, url: str) -> Loss:
    """Return what an HTTP answer means that is no WebSocket: a proxy speaks for a server behind it."""
    if url.startswith("ws:") and (sign := _sign_of_tls(error)):
        return Loss(TlsWanted(url=url, reason=sign))
    if not isinstance(error, InvalidStatus):
        return Loss(NotASignalingServer(url=url))
    match error.response.status_code:
        case 429:
            return Loss(ServerBusy(url=url, message="Try again later."), _retry_after(error))
        case 503:
            return Loss(ServerAway(url=url, message="Try again later."), _retry_after(error))
        case 502 | 504 as status:
            return Loss(ServerUnreachable(url=url, reason=f"a proxy there answers {status}"))
        case _:
            return Loss(NotASignalingServer(url=url))


def unreachable(error: OSError, url: str, environ: Mapping[str, str] = os.environ) -> Loss:
    """Return what an error of the system means, or of TLS.

    Args:
        error: What connecting raised.
        url: The server.
        environ: May name, in ``SSL_CERT_FILE``, whose certificates are trusted. OpenSSL ignores a file
            that cannot be read; here it is read again to say so.
    """
    match error:
        case ssl.SSLCertVerificationError():
            path = environ.get("SSL_CERT_FILE")
            defect = _defect(path) if path else ""
            if defect:
                return Loss(BadTrustFile(url=url, path=path, reason=defect))
            return Loss(ServerNotTrusted(url=url, reason=error.verify_message))
        case ssl.SSLError():
            return Loss(TlsFailed(url=url, reason=_tls_words(error)))
        case ConnectionResetError() if url.startswith("wss:"):
            return Loss(TlsFailed(url=url, reason=CLOSED))
        case ConnectionResetError():
            return Loss(ServerUnreachable(url=url, reason=CLOSED))
        case _:
            return Loss(ServerUnreachable(url=url, reason=_reason(error)))


def is_connection_refused(error: OSError) -> bool:
    """Return whether a machine answered that nobody listens there."""
    return errno.ECONNREFUSED in _error_numbers(error)


def _retry_after(error: InvalidStatus) -> float:
    asked = error.response.headers.get("Retry-After", "")
    return _bounded(float(asked) if asked.isascii() and asked.isdigit() else None)


def _bounded(retry_after: float | None) -> float:
    return min(max(retry_after or 0.0, 0.0), LONGEST_RETRY_AFTER_S)


def _sign_of_tls(error: InvalidHandshake) -> str:
    """Return how an answer to a request without TLS shows that the server wants it; empty if it does not."""
    match error:
        case InvalidStatus(response=response):
            if response.headers.get("Location", "").startswith(("https:", "wss:")):
                return "it sends us to one with TLS"
            is_hint = response.status_code == 400 and b"HTTPS" in response.body  # nginx, Apache
            return "it asks for HTTPS" if is_hint else ""
        case InvalidMessage(__cause__=EOFError()):  # what most TLS servers do, and some others
            return CLOSED
        case _:
            return ""


def _defect(path: str) -> str:
    """Return why a file of trusted certificates is none; empty if it is one."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        return _tls_words(error)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _tls_words(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


def _reason(error: OSError) -> str:
    """Return the system's words for an error; asyncio puts the address it tried in their place."""
    known = [number for number in _error_numbers(error) if number > 0]
    return os.strerror(known[0]).lower() if known else error.strerror or str(error) or type(error).__name__


def _error_numbers(error: OSError) -> list[int]:
    """Return the error of every address tried: for a name of several, asyncio tells them in a text alone."""
    if error.errno is not None:
        return [error.errno]
    return [int(number) for number in _ERRNO.findall(str(error))]

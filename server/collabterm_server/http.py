"""What the port answers to those who do not speak WebSocket; must not change anything in the server.

Of HTTP there is what asks how the server is. Whoever wants to speak WebSocket may do so on any path
that a proxy may leave, except on those below. A request with a body, or one that is not HTTP, has no
answer: websockets closes the connection before it gets here.

A page in a browser can speak to any address that its reader reaches, a server on the reader's own
machine among them, and says in ``Origin`` whose page it is (RFC 6455 section 10.2). Only pages of
origins that the operator named are let in. A terminal sends no ``Origin``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, Protocol

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from collabterm.errors import BadOrigin
from collabterm_server.metrics import CONTENT_TYPE as METRICS_TYPE
from collabterm_server.metrics import render_metrics
from collabterm_server.stats import Snapshot

ANY_ORIGIN: Final = "*"

_TEXT_TYPE: Final = "text/plain; charset=utf-8"
_JSON_TYPE: Final = "application/json"
_ORIGIN: Final = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a load balancer should send new clients here, and the sentence that says so."""

    takes_clients: bool
    sentence: str


READY: Final = Readiness(True, "ready")
STARTING: Final = Readiness(False, "starting: not all is known yet")
REDIS_LOST: Final = Readiness(True, "redis is lost: rooms of this instance only")
"""Ready all the same: every instance loses Redis at once, and with none of them left nobody could meet."""


class ServerView(Protocol):
    """What a request can learn of the server."""

    @property
    def allowed_origins(self) -> frozenset[str]:
        """Whose pages may connect: origins as ``check_origin`` returns them."""

    def readiness(self) -> Readiness:
        """Return whether it takes new clients."""

    def read_stats(self) -> Snapshot:
        """Return what it has counted."""


def check_origin(text: str) -> str:
    """Return an origin as browsers write it, from one that a person wrote; ``*`` stands for any.

    Raises:
        BadOrigin: If it is none; a path, say, would never match and shut everybody out.
    """
    origin = text.strip().lower().removesuffix("/")
    if origin != ANY_ORIGIN and not _ORIGIN.fullmatch(origin):
        raise BadOrigin(origin=text)
    scheme, _, port = origin.rpartition(":")
    if (scheme.startswith("http:") and port == "80") or (scheme.startswith("https:") and port == "443"):
        return scheme
    return origin


def respond(request: Request, view: ServerView) -> Response | None:
    """Return the answer to a plain HTTP request; None if it asks to speak WebSocket, and may."""
    if request.method not in ("GET", "HEAD"):
        refusal = _answer(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD are answered here.\n")
        refusal.headers["Allow"] = "GET, HEAD"
        return refusal
    route = _ROUTES.get(request.path.partition("?")[0])
    if route is None and _asks_for_websocket(request):
        return _refuse_origin(request, view)
    response = route(view) if route is not None else _say_what_is_here(request)
    if request.method == "HEAD":
        response.body = b""  # and Content-Length as it would be (RFC 9110 section 9.3.2)
    return response


def _asks_for_websocket(request: Request) -> bool:
    return any("websocket" in value.lower() for value in request.headers.get_all("Upgrade"))


def _refuse_origin(request: Request, view: ServerView) -> Response | None:
    origins = request.headers.get_all("Origin")
    if not origins or ANY_ORIGIN in view.allowed_origins:
        return None
    if len(origins) == 1 and origins[0].lower() in view.allowed_origins:
        return None
    return _answer(
        HTTPStatus.FORBIDDEN,
        "This collabterm signaling server takes no connections from web pages of this origin: "
        "whoever runs it can allow it with --allow-origin.\n",
    )


def _tell_alive(_view: ServerView) -> Response:
    return _answer(HTTPStatus.OK, "ok\n")


def _tell_ready(view: ServerView) -> Response:
    readiness = view.readiness()
    status = HTTPStatus.OK if readiness.takes_clients else HTTPStatus.SERVICE_UNAVAILABLE
    return _answer(status, f"{readiness.sentence}\n")


def _tell_stats(view: ServerView) -> Response:
    return _answer(HTTPStatus.OK, json.dumps(view.read_stats().as_json(), indent=2) + "\n", _JSON_TYPE)


def _tell_metrics(view: ServerView) -> Response:
    return _answer(HTTPStatus.OK, render_metrics(view.read_stats()), METRICS_TYPE)


_ROUTES: Final[Mapping[str, Callable[[ServerView], Response]]] = {
    "/healthz": _tell_alive,
    "/readyz": _tell_ready,
    "/api/stats": _tell_stats,
    "/metrics": _tell_metrics,
}


def _say_what_is_here(request: Request) -> Response:
    if request.path.partition("?")[0] != "/":
        return _answer(HTTPStatus.NOT_FOUND, "Nothing is here: this is a collabterm signaling server.\n")
    response = _answer(
        HTTPStatus.UPGRADE_REQUIRED,
        "This is a collabterm signaling server: give its address to 'collabterm join' with --server.\n",
    )
    response.headers["Upgrade"] = "websocket"
    return response


def _answer(status: HTTPStatus, text: str, content_type: str = _TEXT_TYPE) -> Response:
    """Return a response that nobody keeps (it is about this moment) and no browser takes for a page."""
    body = text.encode()
    headers = Headers(
        {
            "Date": formatdate(usegmt=True),
            "Server": "collabterm",
            "Connection": "close",
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
    )
    return Response(status.value, status.phrase, headers, body)

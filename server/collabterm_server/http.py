"""What the port answers to those who do not speak WebSocket; must not change anything in the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response


def respond(
    connection: ServerConnection, request: Request, read_stats: Callable[[], Mapping[str, object]]
) -> Response | None:
    """Return the answer to a plain HTTP request; None if it asks to speak WebSocket, on whatever path."""
    match request.path.partition("?")[0]:
        case "/healthz":
            return connection.respond(HTTPStatus.OK, "ok\n")
        case "/api/stats":
            response = connection.respond(HTTPStatus.OK, json.dumps(read_stats(), indent=2) + "\n")
            del response.headers["Content-Type"]
            response.headers["Content-Type"] = "application/json"
            response.headers["Cache-Control"] = "no-store"
            return response
    if any("websocket" in value.lower() for value in request.headers.get_all("Upgrade")):
        return None
    if request.path == "/":
        sentence = (
            "This is a collabterm signaling server: give its address to 'collabterm join' with --server.\n"
        )
        response = connection.respond(HTTPStatus.UPGRADE_REQUIRED, sentence)
        response.headers["Upgrade"] = "websocket"
        return response
    return connection.respond(
        HTTPStatus.NOT_FOUND, "Nothing is here: this is a collabterm signaling server.\n"
    )

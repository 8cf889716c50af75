"""What a refusal, a proxy or the system means for the connection."""

from __future__ import annotations

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.http11 import Response

from collabterm.errors import (
    NotASignalingServer,
    ServerAway,
    ServerBusy,
    ServerProblem,
    ServerRefused,
    ServerUnreachable,
    TlsWanted,
    VersionMismatch,
)
from collabterm.protocol.signaling import Error, ErrorCode
from collabterm.transport.losses import (
    LONGEST_RETRY_AFTER_S,
    REFUSED_RETRY_S,
    REPLACED_RETRY_S,
    Loss,
    failed_handshake,
    refusal,
)

URL = "ws://server:3001"
ONE_MESSAGE = ["bad_message", "no_such_peer", "operation_refused", "rate_limited", "too_large"]


def lost(code: ErrorCode, retry_after: float | None = None, *, in_room: bool = False) -> Loss:
    loss = refusal(Error(code, "Because.", retry_after), URL, in_room=in_room)
    assert loss is not None, f"the connection goes on after {code}"
    return loss


@pytest.mark.parametrize("code", ErrorCode)
def test_in_the_room_only_what_concerns_one_message_lets_the_connection_go_on(code: ErrorCode) -> None:
    goes_on = refusal(Error(code, "Because."), URL, in_room=True) is None
    assert goes_on == (code in ONE_MESSAGE)


@pytest.mark.parametrize("code", ErrorCode)
def test_before_the_room_only_late_introductions_are_refused_without_end(code: ErrorCode) -> None:
    goes_on = refusal(Error(code, "Because."), URL, in_room=False) is None
    assert goes_on == (code in ["no_such_peer", "not_in_room", "too_large"])


@pytest.mark.parametrize("code", ["too_many", "rate_limited"])
def test_a_server_that_has_no_place_just_now_is_busy_and_says_until_when(code: str) -> None:
    loss = lost(ErrorCode(code), 7.0)
    assert (type(loss.problem), loss.least_s) == (ServerBusy, 7.0)
    assert str(loss.problem) == f"The server at {URL} takes nobody in just now: Because."


def test_a_server_that_shuts_down_is_away_and_says_until_when() -> None:
    loss = lost(ErrorCode.SHUTTING_DOWN, 7.0)
    assert (type(loss.problem), loss.least_s) == (ServerAway, 7.0)
    assert str(loss.problem) == f"The server at {URL} is away for a moment: Because."


def test_only_a_server_that_shuts_down_is_a_new_beginning() -> None:
    new_beginnings = [code for code in ErrorCode if getattr(_refusal(code), "starts_over", False)]
    assert new_beginnings == [ErrorCode.SHUTTING_DOWN]


@pytest.mark.parametrize("code", ["auth_failed", "key_refused", "token_refused", "bad_name", "bad_room_name"])
def test_what_will_not_change_by_itself_is_asked_again_slowly(code: str) -> None:
    loss = lost(ErrorCode(code))
    assert (type(loss.problem), loss.least_s) == (ServerRefused, REFUSED_RETRY_S)


def test_one_who_was_replaced_stays_away_for_long_also_if_the_server_wants_it_sooner() -> None:
    assert lost(ErrorCode.REPLACED, 0.1, in_room=True).least_s == REPLACED_RETRY_S


def test_another_version_is_a_mismatch() -> None:
    assert isinstance(lost(ErrorCode.BAD_VERSION).problem, VersionMismatch)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [(None, 0.0), (-5.0, 0.0), (0.0, 0.0), (30.0, 30.0), (604_800.0, LONGEST_RETRY_AFTER_S)],
)
def test_a_server_can_ask_for_minutes_and_not_for_a_week(asked: float | None, kept: float) -> None:
    assert lost(ErrorCode.TOO_MANY, asked).least_s == kept


@pytest.mark.parametrize(
    ("status", "retry_after", "kind", "least_s"),
    [
        (503, "20", ServerAway, 20.0),
        (503, None, ServerAway, 0.0),
        (503, "Fri, 31 Dec 1999 23:59:59 GMT", ServerAway, 0.0),
        (429, "9" * 400, ServerBusy, LONGEST_RETRY_AFTER_S),
        (429, "²", ServerBusy, 0.0),
        (502, "20", ServerUnreachable, 0.0),
        (504, None, ServerUnreachable, 0.0),
        (404, None, NotASignalingServer, 0.0),
        (200, None, NotASignalingServer, 0.0),
    ],
)
def test_a_proxy_says_whether_the_server_behind_it_is_away_or_none(
    status: int, retry_after: str | None, kind: type[ServerProblem], least_s: float
) -> None:
    headers = Headers() if retry_after is None else Headers({"Retry-After": retry_after})
    loss = failed_handshake(InvalidStatus(Response(status, "", headers)), URL)
    assert (type(loss.problem), loss.least_s) == (kind, least_s)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Location": "https://server/"}, b""),
        ({}, b"<h1>The plain HTTP request was sent to HTTPS port</h1>"),
        ({}, b"speaking plain HTTP to an SSL-enabled server port: use the HTTPS scheme instead"),
    ],
)
def test_what_answers_that_it_wants_tls_is_told_from_what_is_no_server(
    headers: dict[str, str], body: bytes
) -> None:
    refused = InvalidStatus(Response(400, "", Headers(headers), body))
    assert isinstance(failed_handshake(refused, URL).problem, TlsWanted)
    assert isinstance(failed_handshake(refused, "wss://server:3001").problem, NotASignalingServer)


def test_a_page_that_speaks_of_https_is_no_sign_of_it() -> None:
    page = InvalidStatus(Response(200, "", Headers(), b"<p>Always use HTTPS!</p>"))
    assert isinstance(failed_handshake(page, URL).problem, NotASignalingServer)


def test_what_is_no_websocket_is_no_signaling_server() -> None:
    assert isinstance(failed_handshake(InvalidHandshake("what?"), URL).problem, NotASignalingServer)


def _refusal(code: ErrorCode) -> Loss | None:
    return refusal(Error(code, "Because."), URL, in_room=False)

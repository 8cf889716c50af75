"""What one client's frames mean, from its challenge on; must not do I/O or know any other client.

Frames in, events out: the relay acts on the events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from collabterm.errors import ProtocolError
from collabterm.protocol.signaling import (
    Auth,
    CreateRoom,
    Error,
    ErrorCode,
    Heartbeat,
    IceCandidate,
    Introduction,
    JoinRoom,
    LeaveRoom,
    PeerInfo,
    SdpAnswer,
    SdpOffer,
)
from collabterm.protocol.signaling_json import UnknownTypeError, decode_client_message
from collabterm_server.access import OPEN, Access
from collabterm_server.identity import verify_auth

DOCUMENT_TYPES: Final = frozenset({"UPDATE", "SYNC_STEP1", "SYNC_STEP2", "EDIT", "OPERATION", "AWARENESS"})
"""Types under which a program might try to send document data here; the protocol has none of them."""


ClientRequest = CreateRoom | JoinRoom | LeaveRoom | Introduction | Heartbeat


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The client proved who it is."""

    peer: PeerInfo


@dataclass(frozen=True, slots=True)
class Asked:
    """A client that has signed in wants something."""

    peer: PeerInfo
    request: ClientRequest


@dataclass(frozen=True, slots=True)
class Refused:
    """The frame is answered by an error, and after a ``fatal`` one the connection ends."""

    error: Error
    fatal: bool


Event = SignedIn | Asked | Refused


class Conversation:
    """One connection.

    Its states::

        challenged ── AUTH, verified ─► signed in ── a request ─► signed in: Asked
             └─ anything else ─► over       └─ anything else ─► signed in: Refused

    ``peer`` is who has signed in.
    """

    __slots__ = ("_access", "_nonce", "peer")

    def __init__(self, nonce: bytes, access: Access = OPEN) -> None:
        self._nonce = nonce
        self._access = access
        self.peer: PeerInfo | None = None

    def receive(self, frame: str | bytes) -> Event:
        """Take one text (``str``) or binary (``bytes``) frame."""
        if isinstance(frame, bytes):
            return self._refuse_document_data()
        try:
            message = decode_client_message(frame)
        except UnknownTypeError as error:
            if error.type_name in DOCUMENT_TYPES:
                return self._refuse_document_data()
            return self._refuse_nonsense(error)
        except ProtocolError as error:
            return self._refuse_nonsense(error)
        match message:
            case Auth():
                return self._sign_in(message)
            case (
                CreateRoom()
                | JoinRoom()
                | LeaveRoom()
                | SdpOffer()
                | SdpAnswer()
                | IceCandidate()
                | Heartbeat()
            ):
                if self.peer is None:
                    return self._refuse(
                        ErrorCode.NOT_AUTHENTICATED, "Sign in first: the server waits for AUTH."
                    )
                return Asked(self.peer, message)
            case _:
                assert_never(message)

    def _sign_in(self, auth: Auth) -> Event:
        if self.peer is not None:
            return self._refuse(ErrorCode.BAD_MESSAGE, "You have signed in already: AUTH comes once.")
        verdict = verify_auth(auth, self._nonce, self._access)
        if isinstance(verdict, Error):
            return Refused(verdict, fatal=True)
        self.peer = verdict
        return SignedIn(verdict)

    def _refuse_document_data(self) -> Refused:
        return self._refuse(
            ErrorCode.OPERATION_REFUSED,
            "The server relays no document data: send it to your peers over their data channels.",
        )

    def _refuse_nonsense(self, error: ProtocolError) -> Refused:
        problem = error.fields["problem"]
        return self._refuse(ErrorCode.BAD_MESSAGE, f"The server did not understand: {problem}.")

    def _refuse(self, code: ErrorCode, sentence: str) -> Refused:
        return Refused(Error(code, sentence), fatal=self.peer is None)

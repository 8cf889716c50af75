"""What is to be sent next, and over which channel; must not know why, or who is at the other end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from collabterm.protocol.limits import MAX_MESSAGES
from collabterm.protocol.messages import Message, encode_message


class Channel(Enum):
    """The two channels of a link; see the docstring of ``collabterm.protocol``."""

    COLLABORATION = "collaboration"
    PRESENCE = "presence"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A payload to send to one linked peer."""

    peer_id: str
    channel: Channel
    payload: bytes


class Outbox:
    """Payloads in the order they were put in."""

    def __init__(self) -> None:
        self._waiting: list[Outgoing] = []

    def put(self, peer_id: str, *messages: Message, channel: Channel = Channel.COLLABORATION) -> None:
        """Put in messages for a peer, in as many payloads as a receiver takes them."""
        for start in range(0, len(messages), MAX_MESSAGES):
            payload = b"".join(map(encode_message, messages[start : start + MAX_MESSAGES]))
            self._waiting.append(Outgoing(peer_id, channel, payload))

    def put_datagram(self, peer_id: str, payload: bytes) -> None:
        """Put in a payload for the presence channel."""
        self._waiting.append(Outgoing(peer_id, Channel.PRESENCE, payload))

    def drop(self, peer_id: str) -> None:
        """Forget what was for a peer whose link is gone."""
        self._waiting = [one for one in self._waiting if one.peer_id != peer_id]

    def take(self) -> list[Outgoing]:
        """Return everything, and be empty."""
        taken, self._waiting = self._waiting, []
        return taken

"""One link to one peer: a WebRTC connection with its two channels; must not know rooms or messages.

Payloads go in and out; frames, fragmentation and backpressure stay in here. The only module that builds
aiortc connections; importing it takes a third of a second, so it is imported off the
path to the first screen.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from aiortc import (
    InvalidAccessError,
    InvalidStateError,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.sdp import candidate_from_sdp

from collabterm.errors import ProtocolError
from collabterm.protocol.framing import Reassembler, decode_datagram, encode_datagram, encode_frames
from collabterm.protocol.limits import MAX_CANDIDATES
from collabterm.session.outbox import Channel
from collabterm.transport.ice import repair_aioice
from collabterm.transport.ice_servers import IceServer

logger = logging.getLogger(__name__)

HIGH_WATER_BYTES: Final = 128 * 1024
"""More than this is not handed to aiortc at once: what is queued there delays every later keystroke."""

LOW_WATER_BYTES: Final = 48 * 1024
_CANDIDATE: Final = "a=candidate:"
_DRAINED_LOOK_S: Final = 0.005
_STALLED_S: Final = 1.2
"""Longer than a lost packet takes to be sent again."""

repair_aioice()


class PeerLink:
    """A connection to a peer, from the first offer to the close.

    Args:
        peer_id: The peer at the other end.
        servers: One STUN and one TURN server at most, which are known to answer.
        on_open: Called once both channels are open.
        on_payload: Called with every payload that arrives.
        on_close: Called once when the link is over, for whatever reason but ``close``.
    """

    def __init__(
        self,
        peer_id: str,
        servers: Sequence[IceServer],
        on_open: Callable[[PeerLink], None],
        on_payload: Callable[[PeerLink, Channel, bytes], None],
        on_close: Callable[[PeerLink], None],
    ) -> None:
        self.peer_id = peer_id
        self.is_open = False
        self._on_open = on_open
        self._on_payload = on_payload
        self._on_close = on_close
        self._is_over = False
        self._candidates = 0
        self._backlog: deque[Iterator[bytes]] = deque()
        ice_servers = [RTCIceServer(one.url, one.username, one.credential) for one in servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=ice_servers))
        self._connection.on("connectionstatechange", self._connection_changed)
        self._collaboration = self._connection.createDataChannel(
            Channel.COLLABORATION.value, negotiated=True, id=0
        )
        self._presence = self._connection.createDataChannel(
            Channel.PRESENCE.value, negotiated=True, id=1, ordered=False, maxRetransmits=0
        )
        self._collaboration.bufferedAmountLowThreshold = LOW_WATER_BYTES
        self._collaboration.on("bufferedamountlow", self._pump)
        for kind, channel in (
            (Channel.COLLABORATION, self._collaboration),
            (Channel.PRESENCE, self._presence),
        ):
            self._listen(kind, channel)

    async def offer(self) -> dict[str, Any]:
        """Gather candidates and return the offer to send."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._description()

    async def answer(self, offer: Mapping[str, Any]) -> dict[str, Any]:
        """Take an offer and return the answer to send; ``ProtocolError`` if it is no offer."""
        with _blaming_peer("the offer"):
            await self._connection.setRemoteDescription(self._take_description(offer, "offer"))
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        return self._description()

    async def accept(self, answer: Mapping[str, Any]) -> None:
        """Take the answer to our offer; ``ProtocolError`` if it is none."""
        with _blaming_peer("the answer"):
            await self._connection.setRemoteDescription(self._take_description(answer, "answer"))

    async def add_candidate(self, payload: Mapping[str, Any]) -> None:
        """Take one more of the peer's candidates (W3C RTCIceCandidateInit); ours are in the description."""
        if not self._has_room_for_candidate():
            return
        with _blaming_peer("the candidate"):
            line = payload["candidate"].removeprefix("candidate:")
            candidate = candidate_from_sdp(line)
            candidate.sdpMid = payload.get("sdpMid")
            candidate.sdpMLineIndex = payload.get("sdpMLineIndex")
            await self._connection.addIceCandidate(candidate)

    def send(self, channel: Channel, payload: bytes) -> None:
        """Send a payload; on the presence channel it may be dropped, on the other it waits its turn."""
        if self._is_over or not self.is_open:
            return
        if channel is Channel.COLLABORATION:
            self._backlog.append(encode_frames(payload))
            self._pump()
        elif self._presence.readyState == "open" and self._presence.bufferedAmount < HIGH_WATER_BYTES:
            self._presence.send(encode_datagram(payload))

    async def drained(self) -> None:
        """Wait until the peer has acknowledged everything sent, as long as acknowledgements come in."""
        loop = asyncio.get_running_loop()
        waiting, since_s = self._unacknowledged(), loop.time()
        while self.is_open and waiting and loop.time() - since_s < _STALLED_S:
            await asyncio.sleep(_DRAINED_LOOK_S)
            if (now_waiting := self._unacknowledged()) != waiting:
                waiting, since_s = now_waiting, loop.time()

    async def close(self) -> None:
        """End the link without calling ``on_close``."""
        self._is_over = True
        self.is_open = False
        self._backlog.clear()
        await self._connection.close()

    def _unacknowledged(self) -> tuple[int, ...]:
        """Return how much waits at each stage on its way; empty if nothing does."""
        transport = self._connection.sctp
        assert transport is not None, "a connection with channels has a transport for them"
        unsent, unacknowledged = transport._outbound_queue, transport._sent_queue  # noqa: SLF001  # aiortc tells nobody
        stages = (len(self._backlog), self._collaboration.bufferedAmount, len(unsent), len(unacknowledged))
        return stages if any(stages) else ()

    def _take_description(self, payload: Mapping[str, Any], kind: str) -> RTCSessionDescription:
        """Return what a peer described, but of its candidates only as many as may be tried."""
        if payload.get("type") != kind or not isinstance(payload.get("sdp"), str):
            raise ProtocolError(f"the {kind} is malformed")
        lines = payload["sdp"].splitlines(keepends=True)
        taken = [line for line in lines if not line.startswith(_CANDIDATE) or self._has_room_for_candidate()]
        return RTCSessionDescription("".join(taken), kind)

    def _has_room_for_candidate(self) -> bool:
        self._candidates += 1
        return self._candidates <= MAX_CANDIDATES

    def _description(self) -> dict[str, Any]:
        description = self._connection.localDescription
        return {"type": description.type, "sdp": description.sdp}

    def _listen(self, kind: Channel, channel: RTCDataChannel) -> None:
        receive = Reassembler().receive if kind is Channel.COLLABORATION else decode_datagram

        def on_message(frame: bytes | str) -> None:
            try:
                payload = receive(frame if isinstance(frame, bytes) else b"")
                if payload is not None and not self._is_over:
                    self._on_payload(self, kind, payload)
            except ProtocolError as error:
                logger.warning("link to %s closed: %s", self.peer_id, error)
                self._end()

        channel.on("message", on_message)
        channel.on("open", self._channel_opened)
        channel.on("close", self._end)

    def _channel_opened(self) -> None:
        both_open = self._collaboration.readyState == self._presence.readyState == "open"
        if both_open and not self.is_open and not self._is_over:
            self.is_open = True
            self._on_open(self)

    def _connection_changed(self) -> None:
        logger.debug("link to %s is %s", self.peer_id, self._connection.connectionState)
        if self._connection.connectionState in ("failed", "closed"):
            self._end()

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self.is_open = False
            self._on_close(self)

    def _pump(self) -> None:
        """Hand frames to aiortc while it has room for them."""
        while self._backlog and self._collaboration.bufferedAmount < HIGH_WATER_BYTES:
            if self._collaboration.readyState != "open":
                return
            frame = next(self._backlog[0], None)
            if frame is None:
                self._backlog.popleft()
            else:
                self._collaboration.send(frame)


@contextmanager
def _blaming_peer(what: str) -> Iterator[None]:
    """Turn what aiortc raises for descriptions it cannot use into the one protocol error."""
    try:
        yield
    except (
        ValueError, KeyError, IndexError, AttributeError, TypeError, AssertionError,
        InvalidAccessError, InvalidStateError, ConnectionError,
    ) as error:  # fmt: skip
        raise ProtocolError(f"{what} cannot be used: {error!r}") from error

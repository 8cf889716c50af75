"""The links to everybody in the room: made, remade and ended; must not read messages or touch the document.

Who offers: a newcomer offers to those present; after a lost link the smaller peer id offers. Should
both offer at once all the same, the smaller id's offer stands, so nobody needs a clock to agree.

One peer, as this side sees it::

    known ── due, or their offer ─► connecting ── both channels open ─► linked
      ▲                                 └─ 10 s without ─► known             │
      └──────────── closed, or silent for 4.5 s ◄────────────────────────────┘
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, assert_never

from collabterm.errors import BadTokenFile, ProtocolError, ServerBusy, ServerRefused
from collabterm.protocol.signaling import (
    IceCandidate,
    IceServers,
    Introduction,
    PeerId,
    PeerJoined,
    PeerLeft,
    SdpAnswer,
    SdpOffer,
)
from collabterm.session.events import SignedIn, SignedOut
from collabterm.session.outbox import Channel
from collabterm.session.room import Room
from collabterm.transport.ice_servers import IceSearch
from collabterm.transport.signaling_client import EnteredRoom, LostServer, RoomHandedOver, SignalingEvent

if TYPE_CHECKING:
    from collabterm.transport.peer_link import PeerLink

logger = logging.getLogger(__name__)

TICK_S: Final = 0.05
ATTEMPT_S: Final = 10.0
PATIENCE_S: Final = 6.0
"""How long the side that should not offer waits before it does."""

LONGEST_PAUSE_S: Final = 8.0
CLOSE_S: Final = 0.3


class Introducer(Protocol):
    """What the mesh needs of the signaling connection."""

    def send(self, message: Introduction) -> None:
        """Carry an introduction to its ``to``."""


@dataclass(slots=True)
class _Peer:
    """A peer of the room, its link if any, and when to try again."""

    offer_due_s: float
    failures: int = 0
    link: PeerLink | None = None
    attempt: str = ""
    attempt_until_s: float = 0.0
    is_offering: bool = False
    offered: Mapping[str, Any] | None = None
    """The last offer that came: an older one is of no use any more."""


class Mesh:
    """Keeps a link to every peer of a room; an async context manager.

    Args:
        room: Told what arrives, asked what to send.
        peer_id: Our peer id.
        introducer: Carries offers and answers.
        stun: The configured STUN servers, ``stun:host[:port]``.
        random: Source of attempt ids and jitter.
        server_url: The signaling server, whose host may answer STUN as well; empty if none does.
    """

    def __init__(
        self,
        room: Room,
        peer_id: PeerId,
        introducer: Introducer,
        stun: Sequence[str],
        random: Random,
        server_url: str = "",
    ) -> None:
        self._room = room
        self._peer_id = peer_id
        self._introducer = introducer
        self._random = random
        self._ice = IceSearch(stun, server_url, self._offer_with_help)
        self._peers: dict[str, _Peer] = {}
        self._is_signed_in = False
        self._flush_scheduled = False
        self._jobs: set[asyncio.Task[None]] = set()
        self._tasks = asyncio.TaskGroup()
        self._make_link: Callable[..., PeerLink] | None = None
        self._ready = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        await self._tasks.__aenter__()
        self._room.on_outgoing(self._schedule_flush)
        self._start(self._prepare())
        self._start(self._ice.run())
        self._start(self._tick_forever())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for outgoing in self._room.say_goodbye():
            self._deliver(outgoing.peer_id, outgoing.channel, outgoing.payload)
        links = [peer.link for peer in self._peers.values() if peer.link is not None]
        await asyncio.gather(*(_close_after_farewell(link) for link in links))
        for job in self._jobs:
            job.cancel()
        await self._tasks.__aexit__(kind, error, trace)

    def handle(self, event: SignalingEvent) -> None:
        """Follow what the signaling connection tells."""
        match event:
            case EnteredRoom():
                self._entered(event)
            case RoomHandedOver():
                self._wait_for_nobody()
            case LostServer(problem=problem, retry_s=retry_s):
                self._is_signed_in = False
                is_turned_away = isinstance(problem, ServerBusy | ServerRefused | BadTokenFile)
                self._room.set_signaling(SignedOut(str(problem), retry_s is None, is_turned_away))
            case PeerJoined(peer):
                self._know(peer.peer_id, self._now() + PATIENCE_S)
                self._room.peer_came(peer.peer_id, peer.name)
                self._wait_for_nobody()
            case PeerLeft(peer_id):
                self._room.peer_went(peer_id)
                self._drop_unless_linked(peer_id)
            case SdpOffer(payload=payload, sender=str(sender)):
                self._offered(sender, payload)
            case SdpAnswer(payload=payload, sender=str(sender)):
                self._answered(sender, payload)
            case IceCandidate(payload=payload, sender=str(sender)):
                self._candidate_came(sender, payload)
            case SdpOffer() | SdpAnswer() | IceCandidate():
                logger.debug("< an introduction without a sender")
            case IceServers():
                self._ice.offer(event)
            case _:
                assert_never(event)

    def _offer_with_help(self) -> None:
        """Offer anew where a link could not be opened yet, for it was begun without the server now found."""
        for peer_id, peer in self._peers.items():
            if peer.link is not None and not peer.link.is_open and peer.is_offering:
                self._abandon(peer_id, peer)
                peer.offer_due_s = self._now()
        self._make_due_offers()

    async def _prepare(self) -> None:
        """Import aiortc, off everybody's path."""
        module = await asyncio.to_thread(importlib.import_module, "collabterm.transport.peer_link")
        self._make_link = module.PeerLink
        self._ready.set()

    def _entered(self, event: EnteredRoom) -> None:
        self._is_signed_in = True
        for peer in event.peers:
            self._know(peer.peer_id, self._now())
        present = {str(peer.peer_id): peer.name for peer in event.peers}
        for peer_id in self._peers.keys() - present.keys():
            self._drop_unless_linked(peer_id)
        self._room.set_roster(present)
        self._room.set_signaling(SignedIn(event.hosting, () if event.peers else event.awaited))
        self._make_due_offers()

    def _wait_for_nobody(self) -> None:
        """Take note that the room is not kept for anybody any more: somebody came, or nobody will."""
        if isinstance(self._room.signaling, SignedIn):
            self._room.set_signaling(SignedIn(self._room.signaling.hosting))

    def _know(self, peer_id: str, offer_due_s: float) -> None:
        peer = self._peers.setdefault(peer_id, _Peer(offer_due_s))
        if peer.link is None:
            peer.offer_due_s = offer_due_s

    def _make_due_offers(self) -> None:
        now_s = self._now()
        for peer_id, peer in self._peers.items():
            if (
                peer.link is None
                and self._is_signed_in
                and self._ready.is_set()
                and peer.offer_due_s <= now_s
            ):
                link = self._connect(peer_id, peer, f"{self._random.getrandbits(64):016x}", offering=True)
                self._start(self._attempt(peer, link, self._offer(peer_id, peer, link)))

    def _connect(self, peer_id: str, peer: _Peer, attempt: str, *, offering: bool) -> PeerLink:
        assert self._make_link is not None
        link = self._make_link(
            peer_id, self._ice.servers, self._link_opened, self._payload_arrived, self._link_closed
        )
        peer.link = link
        peer.attempt = attempt
        peer.is_offering = offering
        peer.attempt_until_s = self._now() + ATTEMPT_S
        return link

    async def _offer(self, peer_id: str, peer: _Peer, link: PeerLink) -> None:
        offer = await link.offer()
        if peer.link is link:
            payload = offer | {"attempt": peer.attempt}
            self._introducer.send(SdpOffer(payload=payload, to=PeerId(peer_id)))

    def _offered(self, peer_id: str, payload: Mapping[str, Any]) -> None:
        """Answer an offer: whoever offers has no link to us, whatever we believe."""
        if not self._room.is_expected(peer_id):
            return
        peer = self._peers.setdefault(peer_id, _Peer(self._now() + PATIENCE_S))
        if peer.link is not None and peer.is_offering and not peer.link.is_open and self._peer_id < peer_id:
            return
        self._abandon(peer_id, peer)
        peer.offered = payload
        self._start(self._answer(peer_id, peer, payload))

    async def _answer(self, peer_id: str, peer: _Peer, payload: Mapping[str, Any]) -> None:
        await self._ready.wait()
        if peer.link is not None or peer.offered is not payload:
            return
        attempt = str(payload.get("attempt", ""))
        link = self._connect(peer_id, peer, attempt, offering=False)

        async def answer() -> None:
            description = await link.answer(payload)
            if peer.link is link:
                message = SdpAnswer(payload=description | {"attempt": attempt}, to=PeerId(peer_id))
                self._introducer.send(message)

        await self._attempt(peer, link, answer())

    def _answered(self, peer_id: str, payload: Mapping[str, Any]) -> None:
        peer = self._peers.get(peer_id)
        if peer is None or peer.link is None or peer.link.is_open or not peer.is_offering:
            return
        if payload.get("attempt") != peer.attempt:
            return
        self._start(self._attempt(peer, peer.link, peer.link.accept(payload)))

    def _candidate_came(self, peer_id: str, payload: Mapping[str, Any]) -> None:
        peer = self._peers.get(peer_id)
        if peer is not None and peer.link is not None and not peer.link.is_open:
            self._start(self._attempt(peer, peer.link, peer.link.add_candidate(payload)))

    async def _attempt(self, peer: _Peer, link: PeerLink, step: Coroutine[Any, Any, None]) -> None:
        """Run one step of connecting; a peer whose description cannot be used has no link."""
        try:
            await step
        except ProtocolError as error:
            logger.warning("no link to %s: %s", link.peer_id, error)
            if peer.link is link:
                self._abandon(link.peer_id, peer)
                self._retry_later(link.peer_id, peer)

    def _link_opened(self, link: PeerLink) -> None:
        peer = self._peers.get(link.peer_id)
        if peer is None or peer.link is not link:
            return
        logger.info("linked to %s", link.peer_id)
        peer.failures = 0
        self._room.link_opened(link.peer_id, self._now())
        self._schedule_flush()

    def _payload_arrived(self, link: PeerLink, channel: Channel, payload: bytes) -> None:
        try:
            self._room.receive(link.peer_id, channel, payload, self._now())
        except ProtocolError:
            raise
        except Exception as error:  # noqa: BLE001  # ours: in aiortc's task nobody would ever hear of it
            self._start(_raise(error))

    def _link_closed(self, link: PeerLink) -> None:
        peer = self._peers.get(link.peer_id)
        if peer is not None and peer.link is link:
            logger.info("lost the link to %s", link.peer_id)
            self._abandon(link.peer_id, peer)
            self._retry_later(link.peer_id, peer)

    def _abandon(self, peer_id: str, peer: _Peer) -> None:
        """Let go of a link in whatever state it is."""
        link, peer.link = peer.link, None
        if link is not None:
            self._room.link_closed(peer_id)
            self._start(_quietly_close(link))

    def _retry_later(self, peer_id: str, peer: _Peer) -> None:
        peer.failures += 1
        pause_s = min(0.1 * 2 ** min(peer.failures, 8), LONGEST_PAUSE_S) * self._random.uniform(0.5, 1.0)
        patience_s = 0.0 if self._peer_id < peer_id else PATIENCE_S
        peer.offer_due_s = self._now() + pause_s + patience_s

    def _drop_unless_linked(self, peer_id: str) -> None:
        peer = self._peers.get(peer_id)
        if peer is not None and (peer.link is None or not peer.link.is_open):
            del self._peers[peer_id]
            self._abandon(peer_id, peer)

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now_s = self._now()
            for peer_id in self._room.silent_peers(now_s):
                logger.info("no sign of life from %s", peer_id)
                self._abandon(peer_id, self._peers[peer_id])
                self._retry_later(peer_id, self._peers[peer_id])
            for peer_id, peer in list(self._peers.items()):
                self._review(peer_id, peer, now_s)
            self._make_due_offers()
            self._flush()

    def _review(self, peer_id: str, peer: _Peer, now_s: float) -> None:
        """Give up attempts that take too long, and peers that left and are not linked."""
        if peer.link is not None and not peer.link.is_open and now_s > peer.attempt_until_s:
            self._abandon(peer_id, peer)
            self._retry_later(peer_id, peer)
        if peer.link is None and self._is_signed_in and not self._room.is_expected(peer_id):
            del self._peers[peer_id]

    def _schedule_flush(self) -> None:
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_scheduled = False
        for outgoing in self._room.take_outgoing(self._now()):
            self._deliver(outgoing.peer_id, outgoing.channel, outgoing.payload)

    def _deliver(self, peer_id: str, channel: Channel, payload: bytes) -> None:
        peer = self._peers.get(peer_id)
        if peer is not None and peer.link is not None:
            peer.link.send(channel, payload)

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    def _now(self) -> float:
        return self._loop.time()


async def _raise(error: Exception) -> None:
    raise error


async def _close_after_farewell(link: PeerLink) -> None:
    """Close a link once everything said has arrived, or nothing arrives any more."""
    await link.drained()
    try:
        async with asyncio.timeout(CLOSE_S):
            await _quietly_close(link)
    except TimeoutError:
        logger.debug("closing the link to %s takes too long", link.peer_id)


async def _quietly_close(link: PeerLink) -> None:
    try:
        await link.close()
    except (ConnectionError, OSError) as error:
        logger.debug("closing the link to %s: %r", link.peer_id, error)

"""Peers for the tests of the mesh: whole members of a room, and peers who say only what they are told."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from random import Random
from types import TracebackType
from typing import Self

from collabterm.document.lines import Edit, Location
from collabterm.document.shared_text import Document
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.messages import ClientId, Hello, Message, encode_message
from collabterm.protocol.signaling import SdpAnswer, SdpOffer
from collabterm.session.events import InSync
from collabterm.session.outbox import Channel
from collabterm.session.room import Room
from collabterm.transport.mesh import Mesh
from collabterm.transport.peer_link import PeerLink
from collabterm.transport.signaling_client import SignalingEvent
from tests.introducers import MeetingPlace
from tests.waiting import until


class Member:
    """A document, a room and a mesh, in the room as long as the ``async with`` lasts."""

    def __init__(self, place: MeetingPlace, name: str, stun: Sequence[str] = ()) -> None:
        self.name = name
        self.document = Document(secrets.randbits(53))
        self.room = Room(self.document, name, name)
        self.seat = place.seat(name)
        self.mesh = Mesh(self.room, self.seat.info.peer_id, self.seat, stun, Random(name))

    async def __aenter__(self) -> Self:
        await self.mesh.__aenter__()
        self.seat.enter(self.mesh.handle)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seat.leave()
        await self.mesh.__aexit__(kind, error, trace)

    @property
    def text(self) -> str:
        """What this member has."""
        return self.document.text()

    @property
    def seen(self) -> list[str]:
        """The names of the others whose presence this member knows."""
        return [one.name for one in self.room.participants]

    def type(self, text: str) -> None:
        """Insert ``text`` at the beginning."""
        start = Location(0, 0)
        self.document.edit([Edit(start, start, text)], 0.0)

    def is_in_sync_with(self, peers: int) -> bool:
        """Whether so many peers have stated to hold the same text."""
        return self.room.status == InSync(peers)

    def link_to(self, name: str) -> PeerLink:
        """Return the present link to another member."""
        link = self.mesh._peers[name].link
        assert link is not None, f"{self.name} has no link to {name}"
        return link


class PlainPeer:
    """A peer that answers offers and then says what it is told to, and nothing else: no pongs, no sync.

    Args:
        place: Where it is introduced.
        name: Its name and peer id.
        greets: Whether it says hello on each new link, as whoever is no stranger does.
    """

    def __init__(self, place: MeetingPlace, name: str, *, greets: bool = True) -> None:
        self.seat = place.seat(name)
        self.links: list[PeerLink] = []
        self.open_links: list[PeerLink] = []
        self._greets = greets
        self._client_id = ClientId(secrets.randbits(53))
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self.seat.enter(self._handle)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seat.leave()
        await asyncio.gather(*self._tasks, *(link.close() for link in self.links))

    def say(self, *messages: Message, channel: Channel = Channel.COLLABORATION) -> None:
        """Send messages over the newest open link."""
        self.say_bytes(b"".join(map(encode_message, messages)), channel)

    def say_bytes(self, payload: bytes, channel: Channel = Channel.COLLABORATION) -> None:
        """Send any payload over the newest open link."""
        self.open_links[-1].send(channel, payload)

    def _handle(self, event: SignalingEvent) -> None:
        if isinstance(event, SdpOffer):
            task = asyncio.create_task(self._answer(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, offer: SdpOffer) -> None:
        assert offer.sender is not None, "an offer of nobody"
        link = PeerLink(offer.sender, (), self._opened, lambda *_: None, self.open_links.remove)
        self.links.append(link)
        answer = await link.answer(offer.payload)
        payload = answer | {"attempt": offer.payload["attempt"]}
        self.seat.send(SdpAnswer(payload=payload, to=offer.sender))

    def _opened(self, link: PeerLink) -> None:
        self.open_links.append(link)
        if self._greets:
            self.say(Hello(PROTOCOL_VERSION, self._client_id))


async def all_in_sync(*members: Member, timeout_s: float = 10.0) -> None:
    """Wait until all have the same text and every one the stated agreement of all the others."""
    await until(
        lambda: (
            all(member.is_in_sync_with(len(members) - 1) for member in members)
            and len({member.text for member in members}) == 1
        ),
        f"{' and '.join(member.name for member in members)} are in sync",
        timeout_s,
    )


async def all_hold(members: Sequence[Member], holds: Callable[[str], bool], what: str) -> None:
    """Wait until every member's text is as it should be."""
    await until(lambda: all(holds(member.text) for member in members), what)

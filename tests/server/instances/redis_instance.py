"""An instance as the server runs it, on a real Redis, but with clients in memory."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

from collabterm.protocol.signaling import PeerInfo
from collabterm_server.instances.announcements import Announcement, Bulletin
from collabterm_server.instances.redis_bus import RedisBus
from collabterm_server.instances.silence import pace_for
from tests.server.instances.clusters import Connection, Instance
from tests.waiting import until

HEARTBEAT_S: Final = 1.5


class RedisInstance(Instance):
    """Within ``async with`` it is attached; ``close`` says goodbye, ``crash`` does not."""

    def __init__(self, name: str, url: str, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._pace = pace_for(heartbeat_s)
        super().__init__(name, pace=self._pace)
        self.losses = 0
        self.is_silent = False
        self._loop = asyncio.get_running_loop()
        self.bus = RedisBus(
            url,
            self.id,
            self._pace.patience_s,
            on_bulletin=self._receive,
            on_attached=lambda others: self.carry_out(self.cluster.attach(others, self.now)),
            on_lost=self._lose,
        )

    @property
    def now(self) -> float:
        return self._loop.time()

    async def __aenter__(self) -> Self:
        await self.bus.__aenter__()
        self._beating = asyncio.create_task(self._beat())
        await until(lambda: self.cluster.is_attached, f"{self.id} attached")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.bus.is_linked:
            self.carry_out(self.cluster.close())
        self._beating.cancel()
        await self.bus.__aexit__(exc_type, exc, traceback)

    def fall_silent(self) -> None:
        """Stay connected to Redis, and say nothing any more: an instance that hangs."""
        self.is_silent = True

    def sign_in(self, who: PeerInfo) -> Connection:
        connection = self.connections[who.peer_id] = Connection(who)
        self.carry_out(self.cluster.sign_in(who, self.now))
        return connection

    def sign_out(self, who: PeerInfo) -> None:
        del self.connections[who.peer_id]
        self.carry_out(self.cluster.sign_out(who.peer_id, self.now))

    def enter(self, who: PeerInfo, room: str) -> Connection:
        """Sign in and ask for a room."""
        connection = self.sign_in(who)
        connection.unanswered += 1
        self.carry_out(self.cluster.join(who.peer_id, room, True, self.now))
        return connection

    def _announce(self, announcements: list[Announcement]) -> None:
        if not self.is_silent:
            self.bus.publish(announcements)

    def _receive(self, bulletin: Bulletin) -> None:
        self.carry_out(self.cluster.receive(bulletin, self.now))

    def _lose(self) -> None:
        self.losses += 1
        self.carry_out(self.cluster.detach(self.now))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._pace.beat_s)
            self.carry_out(self.cluster.tick(self.now))

"""Carries announcements between instances over Redis; must not know what they mean.

Redis keeps nothing: it puts into an order what is published, and passes it on to whoever listens
(https://redis.io/docs/latest/develop/pubsub/). A link to it is lost as a whole and never mended in
part, so an instance has either heard everything since ``on_attached``, or hears ``on_lost``.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from random import SystemRandom
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from collabterm.errors import ProtocolError, RedisMissing, ServerProblem
from collabterm_server.instances.announcements import (
    Announcement,
    Bulletin,
    InstanceId,
    Introduce,
    Message,
    Origin,
    SnapshotPart,
)
from collabterm_server.instances.announcements_json import decode_bulletin, encode_bulletin

if TYPE_CHECKING:
    from collabterm_server.instances.redis_link import RedisLink

_MOST_TOGETHER: Final = 200
"""Messages published at once: what comes up, on a busy server, while those before are under way."""

_MOST_BYTES_TOGETHER: Final = 1_000_000
"""Published at once, to the next message: others read it in one piece, in which they do nothing else."""

_MOST_WAITING: Final = 50_000
"""Messages not yet published, some 100 bytes each: seconds of the busiest server."""

_MOST_SIGNAL_BYTES_WAITING: Final = 32_000_000
"""Introductions not yet published; those beyond are dropped, and peers try again: no stranger who sends
many of the largest cuts Redis off from everybody."""

_FIRST_RETRY_S: Final = 0.1
_LONGEST_RETRY_S: Final = 2.0

_PARTING_S: Final = 1.0
"""For the last announcements of an instance that ends."""

_log: Final = logging.getLogger(__name__)
_random: Final = SystemRandom()


class RedisBus:
    """A link to Redis that comes back by itself, within ``async with``.

    Its states::

        (enter) ─► linked ── any error, or silence ─► lost ── retries, with backoff ─► linked ...

    Args:
        url: As redis-py takes it: ``redis://``, ``rediss://`` or ``unix://``, with user and password.
        instance: Whose bus it is.
        silence_s: How long nothing may come: one's own beats come back more often than that.
        on_bulletin: Called with what others say, and with what oneself says when all others hear it.
        on_attached: Called when linked, with the number of others who are.
        on_lost: Called when the link is lost.
    """

    def __init__(
        self,
        url: str,
        instance: InstanceId,
        silence_s: float,
        *,
        on_bulletin: Callable[[Bulletin], None],
        on_attached: Callable[[int], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._url = url
        self._instance = instance
        self._silence_s = silence_s
        self._on_bulletin = on_bulletin
        self._on_attached = on_attached
        self._on_lost = on_lost
        self._queue: deque[Announcement] = deque()
        self._signal_bytes = 0
        self._has_news = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._has_too_much = asyncio.Event()
        self.is_linked = False

    async def __aenter__(self) -> Self:
        """Make the first link.

        Raises:
            RedisMissing: If redis-py is not installed.
            BadRedisUrl: If the URL is none for it.
            RedisUnreachable: If nothing answers there.
            RedisRefused: If Redis does not let us.
        """
        link = self._link()
        try:
            others = await link.open()
        except BaseException:
            await link.close()
            raise
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        self._running = self._tasks.create_task(self._run(link, others))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Publish what is left, for a moment, and end the link."""
        if self.is_linked:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PARTING_S):
                    await self._is_idle.wait()
        self._running.cancel()
        await self._tasks.__aexit__(None, None, None)  # what ended us is no error of a task

    def publish(self, announcements: Iterable[Announcement]) -> None:
        """Publish after all that was before; never waits, and without a link forgets it."""
        if not self.is_linked:
            return
        for announcement in announcements:
            size = signal_bytes(announcement.message)
            if size and self._signal_bytes + size > _MOST_SIGNAL_BYTES_WAITING:
                continue
            self._signal_bytes += size
            self._queue.append(announcement)
        if self._queue:
            self._is_idle.clear()
            self._has_news.set()
        if len(self._queue) > _MOST_WAITING:
            self._has_too_much.set()

    def _link(self) -> RedisLink:
        try:
            from collabterm_server.instances.redis_link import RedisLink  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "redis":
                raise
            raise RedisMissing from error
        return RedisLink(self._url, self._instance, self._silence_s)

    async def _run(self, link: RedisLink, others: int) -> None:
        while True:
            try:
                await self._serve(link, others)
            finally:
                await link.close()
            link, others = await self._link_again()
            _log.info("redis is back")

    async def _serve(self, link: RedisLink, others: int) -> None:
        """Carry both ways until the link is lost."""
        from collabterm_server.instances.redis_link import LINK_ERRORS  # noqa: PLC0415 - an extra

        self._queue.clear()
        self._signal_bytes = 0
        self._has_news.clear()
        self._has_too_much.clear()
        self._is_idle.set()
        self.is_linked = True
        # no TaskGroup: Python 3.11's forgets that it is cancelled when one of its tasks fails at that moment
        ways = self._listen(link), self._speak(link), self._overflow()
        tasks = [asyncio.create_task(each) for each in ways]
        self._on_attached(others)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
        except LINK_ERRORS as error:
            self.is_linked = False
            _log.warning("redis is lost (%s): the rooms of this instance go on without others", error)
            self._on_lost()  # first of all: to close a connection to a Redis that hangs takes its time
        finally:
            self.is_linked = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _link_again(self) -> tuple[RedisLink, int]:
        pause_s = _FIRST_RETRY_S
        while True:
            await asyncio.sleep(pause_s * _random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, _LONGEST_RETRY_S)
            link = self._link()
            try:
                return link, await link.open()
            except ServerProblem as problem:
                _log.debug("%s", problem)
                await link.close()
            except BaseException:
                await link.close()
                raise

    async def _listen(self, link: RedisLink) -> None:
        while True:
            data = await link.receive()
            try:
                bulletin = decode_bulletin(data)
            except ProtocolError as error:
                _log.warning("what came over redis is not from an instance of this version: %s", error)
            else:
                self._on_bulletin(bulletin)

    async def _speak(self, link: RedisLink) -> None:
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            while self._queue:
                batch = take_batch(self._queue)
                taken = (message for _, bulletin in batch for message in bulletin.messages)
                self._signal_bytes -= sum(map(signal_bytes, taken))
                await link.publish([(to, encode_bulletin(bulletin)) for to, bulletin in batch])
            self._is_idle.set()

    async def _overflow(self) -> None:
        await self._has_too_much.wait()
        raise OSError("it does not keep up with what is published")


def take_batch(queue: deque[Announcement]) -> list[tuple[InstanceId | None, Bulletin]]:
    """Take from a queue what is to be published at once, in its order, as few bulletins.

    A part of a snapshot ends a batch: to encode one takes as long as everything else together.
    """
    runs: list[tuple[InstanceId | None, Origin, list[Message]]] = []
    size = 0
    for _ in range(min(len(queue), _MOST_TOGETHER)):
        announcement = queue.popleft()
        if not runs or runs[-1][:2] != (announcement.to, announcement.origin):
            runs.append((announcement.to, announcement.origin, []))
        runs[-1][2].append(announcement.message)
        size += signal_bytes(announcement.message)
        if isinstance(announcement.message, SnapshotPart) or size > _MOST_BYTES_TOGETHER:
            break
    return [(to, Bulletin(origin, tuple(messages))) for to, origin, messages in runs]


def signal_bytes(message: Message) -> int:
    """Return the size of an introduction, about; 0 for everything else, which is small."""
    return len(message.signal) if isinstance(message, Introduce) else 0

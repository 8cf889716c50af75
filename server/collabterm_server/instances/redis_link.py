"""Two connections to Redis, one to publish and one to listen; must not reconnect or know what passes.

The only module that touches redis-py, which is an extra: it is imported when Redis is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, RedisError, ResponseError

from collabterm.errors import BadRedisUrl, RedisRefused, RedisUnreachable
from collabterm_server.instances.announcements import InstanceId

_WIRE_VERSION: Final = 1
"""In the channels' names: instances that would not understand each other do not meet."""

LINK_ERRORS: Final = (RedisError, OSError)
"""What a lost link raises; ``TimeoutError`` is an OSError."""


_CLOSE_S: Final = 0.2


class LinkLostError(OSError):
    """Redis does not pass on what is published."""


class RedisLink:
    """A link, from ``open`` on; it ends with the first error.

    Channel names begin with the number of the database in the URL: Redis's own channels do not care
    for databases, but whoever gives two servers two of them wants them apart.

    Args:
        url: As redis-py takes it.
        instance: Whose link it is.
        patience_s: How long Redis may take to answer, and listening may yield nothing.
    """

    def __init__(self, url: str, instance: InstanceId, patience_s: float) -> None:
        self._shown_url = without_secrets(url)
        self._patience_s = patience_s
        try:
            self._redis = Redis.from_url(
                url,
                single_connection_client=True,
                protocol=2,  # as old as Redis is found
                retry=Retry(NoBackoff(), 0, ()),  # what is published between two silent tries would be missed
                socket_timeout=None,  # it uses wait_for, which in Python 3.11 may forget a cancellation
                socket_connect_timeout=patience_s,
                health_check_interval=0,
                decode_responses=False,
            )
        except (ValueError, TypeError) as error:
            raise BadRedisUrl(url=self._shown_url) from error
        self._listener = self._redis.pubsub(ignore_subscribe_messages=False)
        database = self._redis.connection_pool.connection_kwargs.get("db") or 0
        self._prefix = f"collabterm:{_WIRE_VERSION}:{database}"
        self._own_channel = self.channel(instance)

    def channel(self, instance: InstanceId | None) -> str:
        """Return the channel that all listen to, or an instance's own."""
        return f"{self._prefix}:all" if instance is None else f"{self._prefix}:instance:{instance}"

    async def open(self) -> int:
        """Listen; return how many others do.

        Raises:
            RedisUnreachable: If nothing answers there, or what answers is no Redis.
            RedisRefused: If it does not let us.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._subscribe()
        except (AuthenticationError, AuthorizationError, ResponseError) as error:
            raise RedisRefused(url=self._shown_url, reason=_reason(error)) from error
        except LINK_ERRORS as error:
            raise RedisUnreachable(url=self._shown_url, reason=_reason(error)) from error

    async def close(self) -> None:
        """End both connections, whatever state they are in."""
        with suppress(*LINK_ERRORS):
            await self._listener.aclose()  # type: ignore[no-untyped-call]  # redis-py
        with suppress(*LINK_ERRORS):
            async with asyncio.timeout(_CLOSE_S):  # it waits for a Redis that hangs to take what is left
                await self._redis.aclose()

    async def publish(self, messages: Sequence[tuple[InstanceId | None, bytes]]) -> None:
        """Publish, in this order, to instances or (None) to all; return when Redis has passed it on.

        Raises:
            LINK_ERRORS: If that is not certain.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for to, data in messages:
            pipeline.publish(self.channel(to), data)
        async with asyncio.timeout(self._patience_s):
            listeners = await pipeline.execute()
        if any(to is None and not number for (to, _), number in zip(messages, listeners, strict=True)):
            raise LinkLostError("nobody listens, not even this instance")

    async def receive(self) -> bytes:
        """Return the next message, waiting for it.

        Raises:
            LINK_ERRORS: If there will be none, or none comes in time.
        """
        message = await self._next()
        while message["type"] != "message":
            message = await self._next()
        data = message["data"]
        return data if isinstance(data, bytes) else str(data).encode()

    async def _subscribe(self) -> int:
        await self._redis.initialize()
        channels = (self.channel(None), self._own_channel)
        await self._listener.subscribe(*channels)
        for _ in channels:
            await self._next()
        [(_, number)] = await self._redis.pubsub_numsub(self.channel(None))
        return max(0, int(number) - 1)

    async def _next(self) -> dict[str, Any]:
        message = await self._listener.get_message(timeout=self._patience_s)
        if message is None:
            raise LinkLostError(f"nothing comes for {self._patience_s:g} s")
        return dict(message)


def without_secrets(url: str) -> str:
    """Return a URL as it may be shown: without user, password and options."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return url.partition(":")[0] + ":..."
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__

"""Waiting for what becomes true on the event loop; it must not know what is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_LOOK_AGAIN_S = 0.005


async def until(holds: Callable[[], object], what: str, timeout_s: float = 10.0) -> None:
    """Let the loop run until ``holds`` returns something true.

    Raises:
        AssertionError: If it does not within ``timeout_s``.
    """
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + timeout_s
    while not holds():
        assert loop.time() < deadline_s, f"{what}: not within {timeout_s:g} s"
        await asyncio.sleep(_LOOK_AGAIN_S)

"""Clients that arrive from somewhere else, through a proxy, or knowing a token; must not serve anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from websockets.asyncio.client import connect

from collabterm.protocol.identity import auth_statement, token_proof
from collabterm.protocol.signaling import Auth, AuthOk, Error, Heartbeat, ServerMessage
from tests.server.signaling_peer import DEADLINE_S, Identity, SignalingPeer

ELSEWHERE: Final = "127.0.0.2"
"""Another address of this machine's, as Linux has them."""

_BEAT_S: Final = 0.05


@asynccontextmanager
async def arriving(
    url: str,
    identity: Identity | None = None,
    *,
    address: str = "127.0.0.1",
    forwarded: str | None = None,
    **options: Any,
) -> AsyncIterator[SignalingPeer]:
    """Connect without signing in.

    Args:
        url: Where to.
        identity: Who comes.
        address: Where from.
        forwarded: For whom, as a proxy says.
        options: Of websockets' ``connect``.
    """
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    async with connect(
        url,
        compression=None,
        ping_interval=None,
        close_timeout=0.2,
        proxy=None,
        local_addr=(address, 0),
        additional_headers=headers,
        **options,
    ) as socket:
        yield SignalingPeer(socket, identity or Identity())


async def sign_in_with(peer: SignalingPeer, token: bytes | None = None) -> ServerMessage:
    """Answer the challenge, with a token's proof if there is one; return what the server says to it."""
    challenge = await peer.challenge()
    return await peer.ask(with_token(peer.identity.auth(challenge.nonce), challenge.nonce, peer, token))


def with_token(auth: Auth, nonce: bytes, peer: SignalingPeer, token: bytes | None) -> Auth:
    """Return the answer to a challenge with the proof that one knows a token."""
    if token is None:
        return auth
    return replace(auth, token_proof=token_proof(token, auth_statement(nonce, peer.peer_id, auth.server)))


async def is_let_in(peer: SignalingPeer, token: bytes | None = None) -> None:
    """Sign in, which must succeed."""
    assert await sign_in_with(peer, token) == AuthOk(peer.peer_id)


async def is_kept_out(peer: SignalingPeer, token: bytes | None = None) -> Error:
    """Sign in, which must fail; return why."""
    answer = await sign_in_with(peer, token)
    assert isinstance(answer, Error), answer
    return answer


async def skip_to(peer: SignalingPeer, kind: type[ServerMessage]) -> ServerMessage:
    """Return the next message of a type, whatever else comes before."""
    async with asyncio.timeout(DEADLINE_S):
        while not isinstance(message := await peer.receive(), kind):
            pass
    return message


async def beating_until_news(peer: SignalingPeer) -> ServerMessage:
    """Keep the connection alive until something else than a heartbeat comes back; return that."""
    async with asyncio.timeout(6 * DEADLINE_S):
        await peer.send(Heartbeat())
        while (message := await peer.receive()) == Heartbeat():
            await asyncio.sleep(_BEAT_S)
            await peer.send(Heartbeat())
        return message

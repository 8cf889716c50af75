"""Who may enter this server, by a list of keys and by shared secrets; must not read files or keep state.

No list lets everybody in, an empty one nobody. Where there are two, both must let one in. The texts of
the lists are read in ``collabterm.protocol.access_lists``. A server that knows what it is called also turns
away a sign-in to another server, which somebody must have passed on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

from collabterm.protocol.identity import token_proof
from collabterm.protocol.server_names import is_called
from collabterm.protocol.signaling import Auth, Error, ErrorCode


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of a server's door; another value takes its place when they are read again.

    Args:
        authorized: The Ed25519 public keys (32 bytes each) that may enter; None lets any key in.
        tokens: The shared secrets, one of which must be known; None asks for none.
        names: What the server is called, as ``check_server_name`` returns it; with none, it goes by any name.
    """

    authorized: frozenset[bytes] | None = None
    tokens: tuple[bytes, ...] | None = field(default=None, repr=False)
    names: tuple[str, ...] = ()

    @property
    def can_be_passed_on(self) -> bool:
        """Whether another server, to which people sign in too, could enter here as one of them."""
        return (self.authorized is not None or self.tokens is not None) and not self.names

    def admits(self, auth: Auth, statement: bytes) -> Error | None:
        """Return why this client may not enter; None if it may.

        To be asked about a signature that has been verified: else everybody could try out whose keys
        are on the list.

        Args:
            auth: The client's answer to the challenge.
            statement: The ``auth_statement`` of this connection, which key and token vouch for.
        """
        if self.names and not any(is_called(name, auth.server) for name in self.names):
            return _meant_for_another(self.names)
        if self.authorized is not None and auth.public_key not in self.authorized:
            return KEY_REFUSED
        if self.tokens is None:
            return None
        if auth.token_proof is None:
            return _TOKEN_MISSING
        return None if _knows_one(self.tokens, statement, auth.token_proof) else _TOKEN_REFUSED


OPEN: Final = Access()
"""Everybody may enter."""

_ADVICE: Final = (
    "get it from whoever runs it, and set it with --token-file, COLLABTERM_TOKEN or token_file in the config."
)
KEY_REFUSED: Final = Error(
    ErrorCode.KEY_REFUSED,
    "This server does not know your key: send the line that 'collabterm key' prints to whoever runs it.",
)
"""Also for one who is in when its key is taken off the list."""

_TOKEN_MISSING: Final = Error(ErrorCode.TOKEN_REFUSED, f"This server asks for a token: {_ADVICE}")
_TOKEN_REFUSED: Final = Error(ErrorCode.TOKEN_REFUSED, f"This server has another token: {_ADVICE}")


def _meant_for_another(names: tuple[str, ...]) -> Error:
    return Error(
        ErrorCode.AUTH_FAILED,
        f"You signed in to another server than this one: use --server with its name, {' or '.join(names)}.",
    )


def _knows_one(tokens: tuple[bytes, ...], statement: bytes, proof: bytes) -> bool:
    """Return whether the proof is of one of the tokens, in a time that tells neither which nor how nearly."""
    known = False
    for token in tokens:
        known |= compare_digest(token_proof(token, statement), proof)
    return known

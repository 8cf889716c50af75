"""What a room tells the screen: its states and changes as values; must hold no logic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alone:
    """Nobody else is known to be in the room."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """Some people of the room have no open link to us yet, or lost it."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Syncing:
    """Everybody is linked; what they hold is not yet known to equal what we hold."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A difference to these people lasts; it is being repaired."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InSync:
    """Everybody linked has stated, by digest, to hold exactly the text that is on our screen."""

    peers: int


Status = Alone | Connecting | Syncing | Behind | InSync


@dataclass(frozen=True, slots=True)
class SigningIn:
    """The signaling server has not let us into the room yet."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The server introduces us to whoever comes.

    Attributes:
        hosting: Whether it runs in this very process.
        awaited: The names of those who have the text of this empty room, and lost their connections.
    """

    hosting: bool
    awaited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The server cannot be used; editing goes on with whoever is linked.

    Attributes:
        reason: A sentence.
        is_final: Whether trying again is of no use.
        is_turned_away: Whether the server answers, and lets us not in just now.
    """

    reason: str
    is_final: bool = False
    is_turned_away: bool = False


Signaling = SigningIn | SignedIn | SignedOut


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """Somebody came, went, moved or changed their name."""


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """``Room.status`` or ``Room.signaling`` is another one now."""


RoomEvent = PresenceChanged | StatusChanged

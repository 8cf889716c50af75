"""What the instances of one server tell each other; must not know its JSON or what follows from it.

Commands go to all instances over one channel, and every one carries them out in the order in which they
arrive there; the rest goes to one instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from collabterm.protocol.signaling import PeerId, PeerInfo, RoomName
from collabterm_server.rooms import RoomRecord

InstanceId = NewType("InstanceId", str)
"""One run of one server process."""

Epoch = NewType("Epoch", str)
"""A group of instances that agree, from its founding on."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who says it, since which call, and in which group if any.

    What was said before an instance's last call can still come after it, over a connection that it has
    given up; the call tells it apart.
    """

    instance: InstanceId
    call: int
    epoch: Epoch | None


@dataclass(frozen=True, slots=True)
class Arrive:
    """The peer signs in at the sending instance, and nowhere else any more."""

    peer: PeerInfo


@dataclass(frozen=True, slots=True)
class Depart:
    """The peer's connection to the sending instance has ended."""

    peer_id: PeerId


@dataclass(frozen=True, slots=True)
class Create:
    """CREATE_ROOM came from a peer."""

    peer_id: PeerId
    room: str


@dataclass(frozen=True, slots=True)
class Join:
    """JOIN_ROOM came from a peer."""

    peer_id: PeerId
    room: str
    create: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """LEAVE_ROOM came from a peer."""

    peer_id: PeerId


@dataclass(frozen=True, slots=True)
class Restore:
    """Have the peer where it is at the sending instance, which was cut off; signed in since ``age_s``."""

    peer: PeerInfo
    room: RoomName | None
    age_s: float


@dataclass(frozen=True, slots=True)
class Beat:
    """The sending instance has the common state, and is alive ``elapsed_s`` after its last beat."""

    elapsed_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The instance is silent, or ends: its peers are lost."""

    instance: InstanceId


@dataclass(frozen=True, slots=True)
class Hello:
    """The sending instance begins a new call: it asks for the common state right after this command.

    ``attempt`` counts from 0: each asks another instance.
    """

    attempt: int


@dataclass(frozen=True, slots=True)
class Found:
    """Nobody answered the sending instance: what it knows is the common state of a new group."""

    epoch: Epoch


PeerCommand = Arrive | Depart | Create | Join | Leave | Restore
"""What an instance says of its own peers."""

Command = PeerCommand | Beat | GiveUp | Hello | Found


@dataclass(frozen=True, slots=True)
class Introduce:
    """An introduction for a peer of the receiving instance; ``signal`` is its JSON, with the sender."""

    to: PeerId
    signal: str


@dataclass(frozen=True, slots=True)
class Resident:
    """A peer that has signed in: at which instance, and when by the common clock."""

    peer: PeerInfo
    instance: InstanceId
    since: float


@dataclass(frozen=True, slots=True)
class RoomRules:
    """What ``Rooms`` is made with; all instances of a group have those of its founder."""

    capacity: int
    max_rooms: int
    grace_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """An instance's part in the group: its last call, if it has the common state since, and its clock."""

    call: int
    has_state: bool
    clock: float


@dataclass(frozen=True, slots=True)
class Outline:
    """The common state without peers and rooms; ``instances`` with the oldest first."""

    rules: RoomRules
    clock: float
    instances: tuple[tuple[InstanceId, Standing], ...]


@dataclass(frozen=True, slots=True)
class SnapshotPart:
    """One of ``total`` parts of the answer to a call; numbers count from 0."""

    call: int
    number: int
    total: int
    outline: Outline
    residents: tuple[Resident, ...]
    rooms: tuple[RoomRecord, ...]


Message = Command | Introduce | SnapshotPart


@dataclass(frozen=True, slots=True)
class Announcement:
    """What an instance has to say: to one other, or (None) to all."""

    to: InstanceId | None
    origin: Origin
    message: Message


@dataclass(frozen=True, slots=True)
class Bulletin:
    """Messages of one origin, as they travel together."""

    origin: Origin
    messages: tuple[Message, ...]

"""The peers of one instance, and what they asked for that has no order yet; must not carry anything out."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, KeysView

from collabterm.protocol.signaling import PeerId
from collabterm_server.instances.announcements import Arrive, InstanceId, PeerCommand
from collabterm_server.instances.replica import Replica
from collabterm_server.rooms import Delivery


class OwnPeers:
    """Who is signed in at an instance, and what is waiting to come back over the channel.

    A peer whose arrival is waiting is not settled: what the state says of it is about a connection
    before, here or at another instance.
    """

    __slots__ = ("_arriving", "_instance", "_present", "_waiting")

    def __init__(self, instance: InstanceId) -> None:
        self._instance = instance
        self._present: dict[PeerId, None] = {}
        self._waiting: deque[PeerCommand] = deque()
        self._arriving: Counter[PeerId] = Counter()

    @property
    def present(self) -> KeysView[PeerId]:
        """All of them, those who are not settled included."""
        return self._present.keys()

    def __contains__(self, peer_id: PeerId) -> bool:
        return peer_id in self._present

    def add(self, peer_id: PeerId) -> None:
        """Take note that a peer has signed in here."""
        self._present[peer_id] = None

    def remove(self, peer_id: PeerId) -> None:
        """Take note that a peer is here no more."""
        del self._present[peer_id]

    def is_settled(self, peer_id: PeerId) -> bool:
        """Return whether a peer is here, and its arrival was carried out."""
        return peer_id in self._present and peer_id not in self._arriving

    def settled(self) -> list[PeerId]:
        """Return all who are."""
        return [peer_id for peer_id in self._present if peer_id not in self._arriving]

    def addressed(self, deliveries: Iterable[Delivery], replica: Replica) -> list[Delivery]:
        """Return those deliveries that are for the peers here, as the state knows them."""
        return [
            each for each in deliveries if self.is_settled(each[0]) and self._lives_here(each[0], replica)
        ]

    def wait_for(self, command: PeerCommand) -> None:
        """Take note that a command has to come back before it is carried out."""
        self._waiting.append(command)
        if isinstance(command, Arrive):
            self._arriving[command.peer.peer_id] += 1

    def waiting(self) -> Iterator[PeerCommand]:
        """Return all commands that have not come back, in their order."""
        return iter(self._waiting)

    def came_back(self, command: object) -> None:
        """Take note of a command of this instance, if it is the next one that is waited for."""
        if self._waiting and self._waiting[0] == command:
            self.give_up_waiting()

    def give_up_waiting(self) -> PeerCommand | None:
        """Return the next command, which is no longer waited for; None if there is none."""
        if not self._waiting:
            return None
        command = self._waiting.popleft()
        if isinstance(command, Arrive):
            self._arriving -= Counter([command.peer.peer_id])
        return command

    def _lives_here(self, peer_id: PeerId, replica: Replica) -> bool:
        resident = replica.residents.get(peer_id)
        return resident is not None and resident.instance == self._instance

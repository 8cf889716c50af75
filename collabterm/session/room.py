"""A room as one member sees it: the document, the others, and what is owed to whom.

It decides what to say and when; it must not open links, keep time or draw random numbers. The owner
tells it what arrived and asks, with the time, what to send:

    roster (signaling) ─► peer_came / peer_went            edits ─► Document ─► update owed to peers
    data channels ─► link_opened / receive / link_closed   clock ─► take_outgoing ─► payloads to send

An edit leaves twice. At once, in a datagram on the presence channel with the last few edits before it
and the cursor, so that a lost packet costs nothing (the *fast path*); and within ``BATCH_S`` on the
reliable channel, so that it is never lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from collabterm.document.selection import Selection
from collabterm.document.shared_text import Change, Document, PeerOrigin, decode_state_vector
from collabterm.errors import ProtocolError
from collabterm.protocol.limits import MAX_DATAGRAM_BYTES, PROTOCOL_VERSION
from collabterm.protocol.messages import (
    Awareness,
    AwarenessEntry,
    ClientId,
    Digest,
    Hello,
    Message,
    Ping,
    Pong,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    Update,
    decode_messages,
    encode_message,
)
from collabterm.session import fast_path
from collabterm.session.events import (
    Alone,
    PresenceChanged,
    RoomEvent,
    Signaling,
    SigningIn,
    Status,
    StatusChanged,
)
from collabterm.session.fast_path import FastPath
from collabterm.session.outbox import Channel, Outbox, Outgoing
from collabterm.session.peer_sync import PeerSync
from collabterm.session.presence import RENEWAL_S, Participant, Presence
from collabterm.session.verification import verified_status

BATCH_S: Final = 0.1
"""How long the reliable channel may lag behind the fast path."""

IDLE_S: Final = 0.2
"""A text unchanged for this long is worth a digest."""

CURSOR_S: Final = 0.03
MOVED_CURSOR_S: Final = 0.3
"""A cursor moved by hand is told at most this often; one that others' edits moved, once they settle."""

STALL_S: Final = 3.0
"""A gap between two calls longer than this means that we slept, not that the peers went silent."""


class Room:
    """One member's view of a room.

    Args:
        document: What is edited together.
        peer_id: Our peer id.
        name: The name we show.
    """

    def __init__(self, document: Document, peer_id: str, name: str) -> None:
        self.document = document
        self.presence = Presence(ClientId(document.client_id), peer_id, name)
        self.signaling: Signaling = SigningIn()
        self._roster: dict[str, str] = {}
        self._peers: dict[str, PeerSync] = {}
        self._outbox = Outbox()
        self._fast_path = FastPath()
        self._cursor_due_s: float | None = None
        self._told_cursor_s = float("-inf")
        self._version = 0
        self._changed_s: float | None = None
        self._unstamped = False
        self._seen_s: float | None = None
        self._status: Status = Alone()
        self._listeners: list[Callable[[RoomEvent], None]] = []
        self._wake: Callable[[], None] = lambda: None
        document.subscribe(self._on_change)

    @property
    def status(self) -> Status:
        """What is known about everybody's text, at this moment."""
        return self._status

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody else whose presence is known."""
        return self.presence.participants

    def subscribe(self, listener: Callable[[RoomEvent], None]) -> None:
        """Call ``listener`` with every event."""
        self._listeners.append(listener)

    def on_outgoing(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` when an edit or a cursor has to go out before the next ``take_outgoing`` is due."""
        self._wake = wake

    def set_signaling(self, signaling: Signaling) -> None:
        """Take over what became of the connection to the server."""
        if signaling != self.signaling:
            self.signaling = signaling
            self._emit(StatusChanged())

    def set_roster(self, peers: Mapping[str, str]) -> None:
        """Take over who the server says is here (peer id to name), after signing in."""
        gone = self._roster.keys() - peers.keys() - self._peers.keys()
        self._roster = dict(peers)
        for peer_id in gone:
            self._forget_presence(peer_id)
        self._roster_changed()

    def peer_came(self, peer_id: str, name: str) -> None:
        """The server says that somebody entered."""
        self._roster[peer_id] = name
        self._roster_changed()

    def peer_went(self, peer_id: str) -> None:
        """The server says that somebody left; whoever is still linked stays."""
        self._roster.pop(peer_id, None)
        peer = self._peers.get(peer_id)
        if peer is None:
            self._forget_presence(peer_id)
        else:
            peer.doubted_s = self._seen_s
        self._roster_changed()

    def link_opened(self, peer_id: str, now_s: float) -> None:
        """Both channels to a peer are open: say hello, say what we have and who is here."""
        self._peers[peer_id] = PeerSync(peer_id, opened_s=now_s, heard_s=now_s)
        self._links_changed()
        self._outbox.put(
            peer_id,
            Hello(PROTOCOL_VERSION, ClientId(self.document.client_id)),
            SyncStep1(self.document.state_vector()),
            Awareness(self.presence.known_entries()),
        )
        self._refresh_status()

    def link_closed(self, peer_id: str) -> None:
        """The link to a peer is gone; its presence too, unless it may come back."""
        if self._peers.pop(peer_id, None) is None:
            return
        self._outbox.drop(peer_id)
        if peer_id not in self._roster:
            self._forget_presence(peer_id)
        self._links_changed()
        self._emit(PresenceChanged())
        self._refresh_status()

    def receive(self, peer_id: str, channel: Channel, payload: bytes, now_s: float) -> None:
        """Take in a payload from a linked peer.

        Raises:
            ProtocolError: If the peer breaks the protocol; the link has to be closed.
        """
        peer = self._peers.get(peer_id)
        if peer is None:
            return
        peer.heard_s = now_s
        for message in decode_messages(payload):
            self._handle(peer, channel, message, now_s)
        self._refresh_status()

    def move_cursor(self, selection: Selection | None, now_s: float, *, by_hand: bool) -> None:
        """Take over our own selection; others hear of it at once, or later if their edits moved it."""
        if selection == self.presence.selection:
            return
        self.presence.selection = selection
        earliest_s = max(now_s, self._told_cursor_s + CURSOR_S) if by_hand else now_s + MOVED_CURSOR_S
        self._cursor_due_s = min(earliest_s, self._cursor_due_s or earliest_s)
        self._wake()

    def linked_peers(self) -> frozenset[str]:
        """Return the peers with an open link."""
        return frozenset(self._peers)

    def awaited_names(self) -> tuple[str, ...]:
        """Return the names of those the server says are here but whose presence is not known."""
        known = {participant.peer_id for participant in self.participants}
        return tuple(name for peer_id, name in self._roster.items() if peer_id not in known)

    def is_expected(self, peer_id: str) -> bool:
        """Return whether the server says that a peer is in the room."""
        return peer_id in self._roster

    def silent_peers(self, now_s: float) -> tuple[str, ...]:
        """Return the peers whose path is dead: close their links."""
        return tuple(peer_id for peer_id, peer in self._peers.items() if peer.is_silent(now_s))

    def take_outgoing(self, now_s: float) -> list[Outgoing]:
        """Return everything that is due now; call again after an ``on_outgoing`` or within ``BATCH_S``."""
        self._forgive_stall(now_s)
        if self._unstamped:
            self._changed_s = now_s
            self._unstamped = False
        self._expire_presence(now_s)
        if self._fast_path.is_due or (self._cursor_due_s is not None and self._cursor_due_s <= now_s):
            self._send_datagrams(now_s)
        for peer in self._peers.values():
            if peer.is_greeted:
                self._send_answers(peer)
                self._send_pending(peer, now_s)
                self._send_digest(peer, now_s)
            if peer.take_ping(now_s):
                self._outbox.put(peer.peer_id, Ping(peer.ping_nonce), channel=Channel.PRESENCE)
        self._refresh_status()
        return self._outbox.take()

    def say_goodbye(self) -> list[Outgoing]:
        """Return the last payloads before leaving: what is owed, and the farewell that nothing may follow."""
        for peer in self._peers.values():
            if peer.is_greeted:
                self._send_pending(peer, float("inf"))
            self._outbox.put(peer.peer_id, Awareness((self.presence.own_entry(gone=True),)))
        self._peers.clear()
        return self._outbox.take()

    def _handle(self, peer: PeerSync, channel: Channel, message: Message, now_s: float) -> None:
        match message:
            case Hello() | SyncStep1() | SyncStep2() | Digest() if channel is Channel.PRESENCE:
                raise ProtocolError("a message that must keep its order came unordered")
            case Hello(version, client_id):
                self._greet(peer, version, client_id)
            case Ping(nonce):
                self._outbox.put(peer.peer_id, Pong(nonce), channel=Channel.PRESENCE)
                self._wake()
            case Pong():
                peer.doubted_s = None
            case _ if not peer.is_greeted:
                if channel is Channel.COLLABORATION:
                    raise ProtocolError("the first message is not a hello")
            case SyncStep1(state_vector):
                decode_state_vector(state_vector)
                peer.asked = state_vector
                self._wake()
            case SyncStep2(update) | Update(update):
                if not peer.has_seen(update):
                    self.document.apply_update(update, PeerOrigin(peer.peer_id))
            case Awareness(entries):
                self._learn_presence(peer, entries, now_s)
            case QueryAwareness():
                peer.owes_everybody = True
                self._wake()
            case Digest(state_vector, text_hash):
                peer.theirs = (decode_state_vector(state_vector), text_hash)
                peer.compare(self._digest(), self._version, now_s)
            case _:
                assert_never(message)

    def _greet(self, peer: PeerSync, version: int, client_id: ClientId) -> None:
        if version != PROTOCOL_VERSION:
            raise ProtocolError(f"the peer speaks version {version}, this side {PROTOCOL_VERSION}")
        if peer.is_greeted:
            raise ProtocolError("the peer said hello twice")
        if client_id == self.document.client_id:
            raise ProtocolError("the peer uses our own client id")
        peer.client_id = client_id
        self._links_changed()

    def _on_change(self, change: Change) -> None:
        """Follow a change of the document: move cursors, and owe it to everybody who lacks it."""
        self.presence.shift(change.replacements)
        self._version += 1
        self._unstamped = True
        author = None
        if isinstance(change.origin, PeerOrigin):
            author = self._peers.get(change.origin.peer_id)
        else:
            self._fast_path.add(change.update)
        self._owe(change.update, but=author)
        self._refresh_status()
        self._wake()

    def _owe(self, update: bytes, but: PeerSync | None) -> None:
        """Owe an update to every peer; if one sent it, only to those that one has no link to."""
        reached = self._reached_by(but)
        for peer in self._peers.values():
            if peer.is_greeted and peer is not but and peer.client_id not in reached:
                peer.pending.append(update)

    def _reached_by(self, peer: PeerSync | None) -> frozenset[int]:
        participant = self.presence.of_client(peer.client_id) if peer is not None else None
        return participant.links if participant is not None else frozenset()

    def _learn_presence(self, peer: PeerSync, entries: tuple[AwarenessEntry, ...], now_s: float) -> None:
        assert peer.client_id is not None, "presence is taken from greeted peers only"
        color = self.presence.color
        news = self.presence.apply(entries, peer.client_id, self.document.lines, now_s)
        if self.presence.color != color:
            self._cursor_due_s = now_s
        if not news:
            return
        reached = self._reached_by(peer)
        for other in self._peers.values():
            if other is peer or other.client_id in reached:
                continue
            if other.is_greeted:
                self._send_pending(other, float("inf"))  # a cursor makes sense in the text it belongs to
                self._outbox.put(other.peer_id, Awareness(news))
                self._wake()
            else:
                other.owes_everybody = True
        self._emit(PresenceChanged())

    def _send_datagrams(self, now_s: float) -> None:
        """Tell everybody the last edits and the cursor over the fast path."""
        parts = self._fast_path.take(now_s)
        awareness = encode_message(Awareness((self.presence.own_entry(),)))
        if sum(map(len, parts)) + len(awareness) < MAX_DATAGRAM_BYTES:
            parts.append(awareness)
        payload = b"".join(parts)
        for peer in self._peers.values():
            peer.owes_awareness = True
            self._outbox.put_datagram(peer.peer_id, payload)
        self._cursor_due_s = None
        self._told_cursor_s = now_s

    def _send_pending(self, peer: PeerSync, now_s: float) -> None:
        """Send what the reliable channel owes, unless it may wait for more."""
        if not peer.take_batch(now_s, BATCH_S, fast_path.MAX_BYTES):
            return
        messages: list[Message] = [Update(update) for update in peer.pending]
        if peer.owes_awareness:
            messages.append(Awareness((self.presence.own_entry(),)))
        peer.pending = []
        peer.owes_awareness = False
        self._outbox.put(peer.peer_id, *messages)

    def _send_answers(self, peer: PeerSync) -> None:
        """Answer what a peer asked, once however often it asked."""
        asked, peer.asked = peer.asked, None
        if asked is not None:
            try:
                self._outbox.put(peer.peer_id, SyncStep2(self.document.update_since(asked)))
            except ProtocolError:
                peer.is_faulty = True
            peer.stated_version = -1
        if peer.owes_everybody:
            self._outbox.put(peer.peer_id, Awareness(self.presence.known_entries()))
            peer.owes_everybody = False

    def _send_digest(self, peer: PeerSync, now_s: float) -> None:
        """State what we hold once it has settled, and ask for what we lack if a difference lasts."""
        if peer.pending:
            return
        settled = self._changed_s is None or now_s - self._changed_s >= IDLE_S
        if settled and peer.stated_version != self._version:
            self._state_digest(peer)
            peer.compare(self._digest(), self._version, now_s)
        if settled and peer.take_repair(now_s):
            self._outbox.put(peer.peer_id, SyncStep1(self.document.state_vector()))
            self._state_digest(peer)

    def _state_digest(self, peer: PeerSync) -> None:
        peer.stated_version = self._version
        self._outbox.put(peer.peer_id, Digest(self.document.state_vector(), self.document.lines.text_hash()))

    def _digest(self) -> tuple[Mapping[int, int], bytes]:
        return decode_state_vector(self.document.state_vector()), self.document.lines.text_hash()

    def _expire_presence(self, now_s: float) -> None:
        if self.presence.expire(now_s):
            self._emit(PresenceChanged())
        if self._cursor_due_s is None and now_s - self._told_cursor_s > RENEWAL_S and self._peers:
            self._cursor_due_s = now_s

    def _forgive_stall(self, now_s: float) -> None:
        if self._seen_s is not None and now_s - self._seen_s > STALL_S:
            for peer in self._peers.values():
                peer.heard_s = now_s
                peer.doubted_s = None
        self._seen_s = now_s

    def _links_changed(self) -> None:
        self.presence.links = frozenset(
            peer.client_id for peer in self._peers.values() if peer.client_id is not None
        )
        self._cursor_due_s = self._seen_s or 0.0
        self._wake()

    def _forget_presence(self, peer_id: str) -> None:
        for participant in self.presence.participants:
            if participant.peer_id == peer_id:
                self.presence.forget(participant.client_id)
        self._emit(PresenceChanged())

    def _roster_changed(self) -> None:
        self._emit(PresenceChanged())
        self._refresh_status()

    def _refresh_status(self) -> None:
        status = verified_status(self._roster, self._peers, self._version)
        if status != self._status:
            self._status = status
            self._emit(StatusChanged())

    def _emit(self, event: RoomEvent) -> None:
        for listener in self._listeners:
            listener(event)

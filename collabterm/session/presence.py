"""Who is here and where their cursors are: awareness states; must not know links or send anything.

Source: y-protocols ``awareness.js``: each client has a clock, the higher one wins, a state of null
means gone, and a state not renewed for 30 s expires. A state is a JSON object:
``{user: {name, color}, cursor: {anchor: [row, column], head: [row, column]} | null, peer, links}``.

Cursors are locations in the sender's text as it was then: they travel right behind the edit they belong
to and move with every later edit here. (Yjs's relative positions would be exact under concurrency too,
but those of pycrdt 0.14 name wrong characters behind non-ASCII ones.) A cursor that others' edits moved
is announced again, so all agree once all edits have arrived.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from collabterm.document.display import safe_text
from collabterm.document.lines import LineIndex, Location, Replacement
from collabterm.document.selection import Selection, Shifts
from collabterm.lib0 import MAX_UINT
from collabterm.protocol.limits import MAX_AWARENESS_CLIENTS, MAX_NAME_CHARS
from collabterm.protocol.messages import AwarenessEntry, ClientId

EXPIRY_S: Final = 30.0
RENEWAL_S: Final = 10.0

COLORS: Final = (
    "#4aa5f0", "#f0764a", "#5bc470", "#c678dd", "#e6b422", "#3fc1c9", "#ef6a9b", "#9aa83a",
)  # fmt: skip
"""One for each of the eight peers of a full mesh, told apart on dark and on light."""

_COLOR_PATTERN: Final = re.compile(r"#[0-9a-fA-F]{6}")
_MAX_CLOCK_STEP: Final = 1 << 32
"""More in one step is a clock that somebody forged."""

_MAX_COORDINATE: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody else in the room. ``moved_s`` is when the cursor last moved by their own hand."""

    client_id: ClientId
    peer_id: str
    name: str
    color: str
    selection: Selection | None
    links: frozenset[int]
    moved_s: float


class Presence:
    """This client's own state and those of the others.

    Args:
        client_id: Our CRDT client id.
        peer_id: Our peer id.
        name: The name to show to others.
    """

    def __init__(self, client_id: ClientId, peer_id: str, name: str) -> None:
        self.color = COLORS[client_id % len(COLORS)]
        self.name = name
        self.selection: Selection | None = None
        self.links: frozenset[int] = frozenset()
        self._client_id = client_id
        self._peer_id = peer_id
        self._clock = 0
        self._entries: dict[ClientId, AwarenessEntry] = {}
        self._renewed_s: dict[ClientId, float] = {}
        self._participants: dict[ClientId, Participant] = {}

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody else, by name."""
        return tuple(sorted(self._participants.values(), key=lambda one: (one.name, one.client_id)))

    def of_client(self, client_id: ClientId | None) -> Participant | None:
        """Return one participant, if known."""
        return self._participants.get(client_id) if client_id is not None else None

    def own_entry(self, *, gone: bool = False) -> AwarenessEntry:
        """Return our own state under a new clock; with ``gone``, the farewell."""
        self._clock = min(self._clock + 1, MAX_UINT)  # a peer may have claimed the last clock for us
        return AwarenessEntry(self._client_id, self._clock, None if gone else self._own_state())

    def known_entries(self) -> tuple[AwarenessEntry, ...]:
        """Return the state of everybody who is here, ours first, for somebody who asks."""
        others = [self._entries[client_id] for client_id in self._participants]
        return (self.own_entry(), *others)[:MAX_AWARENESS_CLIENTS]

    def apply(
        self, entries: Iterable[AwarenessEntry], sender: ClientId, lines: LineIndex, now_s: float
    ) -> tuple[AwarenessEntry, ...]:
        """Take in what a peer says of some clients; return the entries that were news.

        Whoever is linked to us speaks for themselves: what others say of them is ignored.
        """
        spoken_for = self.links - {sender}
        believed = [entry for entry in entries if entry.client_id not in spoken_for]
        return tuple([entry for entry in believed if self._apply(entry, lines, now_s)])

    def shift(self, replacements: Sequence[Replacement]) -> None:
        """Move the others' cursors with a change of the text."""
        if not self._participants:
            return
        shifts = Shifts(replacements)
        for client_id, one in self._participants.items():
            if one.selection is None:
                continue
            moved = shifts.selection(one.selection)
            if moved != one.selection:
                self._participants[client_id] = replace(one, selection=moved)

    def forget(self, client_id: ClientId | None) -> bool:
        """Drop a participant whose connection ended; its clock is kept, so old news stays old."""
        return client_id is not None and self._participants.pop(client_id, None) is not None

    def expire(self, now_s: float) -> bool:
        """Drop everybody whose state was not renewed in time; return whether anybody was."""
        stale = [client_id for client_id, seen_s in self._renewed_s.items() if now_s - seen_s > EXPIRY_S]
        for client_id in stale:
            del self._renewed_s[client_id]
            self._entries.pop(client_id, None)
        forgotten = [self.forget(client_id) for client_id in stale]
        return any(forgotten)

    def _apply(self, entry: AwarenessEntry, lines: LineIndex, now_s: float) -> bool:
        if entry.client_id == self._client_id:
            self._clock = max(self._clock, entry.clock)
            return False
        known = self._entries.get(entry.client_id)
        if known is not None and not known.clock < entry.clock <= known.clock + _MAX_CLOCK_STEP:
            return False
        is_crowded = known is None and len(self._entries) >= MAX_AWARENESS_CLIENTS
        if is_crowded and entry.client_id not in self.links:
            return False
        self._entries[entry.client_id] = entry
        self._renewed_s[entry.client_id] = now_s
        if entry.state is None:
            self.forget(entry.client_id)
            return True
        self._participants[entry.client_id] = self._participant(entry.client_id, entry.state, lines, now_s)
        self._yield_color(entry.client_id)
        return True

    def _participant(
        self, client_id: ClientId, state: Mapping[str, Any], lines: LineIndex, now_s: float
    ) -> Participant:
        user = state.get("user")
        user = user if isinstance(user, dict) else {}
        name, color = user.get("name"), user.get("color")
        selection = _selection(state.get("cursor"), lines)
        before = self._participants.get(client_id)
        stood = before is not None and before.selection == selection
        return Participant(
            client_id=client_id,
            peer_id=str(state.get("peer", ""))[:64],
            name=safe_text(name)[:MAX_NAME_CHARS] if isinstance(name, str) and name.strip() else "someone",
            color=color if isinstance(color, str) and _COLOR_PATTERN.fullmatch(color) else COLORS[0],
            selection=selection,
            links=_links(state.get("links")),
            moved_s=before.moved_s if before is not None and stood else now_s,
        )

    def _yield_color(self, client_id: ClientId) -> None:
        """Take another color if somebody with a smaller client id has ours; only the larger id yields."""
        if client_id < self._client_id and self._participants[client_id].color == self.color:
            taken = {one.color for one in self._participants.values()}
            self.color = next((color for color in COLORS if color not in taken), self.color)

    def _own_state(self) -> dict[str, Any]:
        cursor = None
        if self.selection is not None:
            cursor = {"anchor": list(self.selection.anchor), "head": list(self.selection.head)}
        return {
            "user": {"name": self.name, "color": self.color},
            "cursor": cursor,
            "peer": self._peer_id,
            "links": sorted(self.links),
        }


def _selection(cursor: object, lines: LineIndex) -> Selection | None:
    match cursor:
        case {"anchor": [int(), int()] as anchor, "head": [int(), int()] as head}:
            return Selection(_clamped(anchor, lines), _clamped(head, lines))
        case _:
            return None


def _clamped(pair: list[int], lines: LineIndex) -> Location:
    row = min(max(pair[0], 0), lines.row_count - 1, _MAX_COORDINATE)
    return Location(row, min(max(pair[1], 0), len(lines.line(row))))


def _links(value: object) -> frozenset[int]:
    if not isinstance(value, list) or len(value) > MAX_AWARENESS_CLIENTS:
        return frozenset()
    return frozenset(one for one in value if isinstance(one, int))

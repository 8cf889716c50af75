"""What is known about everybody's text, as the status bar may say it; must not send or change anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from collabterm.session.events import Alone, Behind, Connecting, InSync, Status, Syncing
from collabterm.session.peer_sync import PeerSync


def verified_status(roster: Mapping[str, str], peers: Mapping[str, PeerSync], version: int) -> Status:
    """Return the strongest statement that is true.

    Args:
        roster: Who the server says is in the room: peer id to name.
        peers: Who has an open link.
        version: Counts the changes of our text.
    """
    unlinked = [peer_id for peer_id in roster if peer_id not in peers]
    if unlinked:
        return Connecting(_names(unlinked, roster))
    if not peers:
        return Alone()
    differing = [peer.peer_id for peer in peers.values() if peer.is_differing]
    if differing:
        return Behind(_names(differing, roster))
    if all(peer.agreed_version == version for peer in peers.values()):
        return InSync(len(peers))
    return Syncing()


def _names(peer_ids: Collection[str], roster: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(roster.get(peer_id, "somebody") for peer_id in peer_ids)

"""The bounds that every receiver enforces and every sender respects; numbers and their reasons only.

A limit is stated once, here. Nothing in this module may depend on how a message is encoded.
"""

from __future__ import annotations

from typing import Final

PROTOCOL_VERSION: Final = 1
"""Bumped when either wire format (signaling or data channel) stops being readable by older programs."""

MAX_ROOM_NAME_CHARS: Final = 64
MAX_NAME_CHARS: Final = 32
"""Shown at a cursor and in a list: longer names hide text."""

MAX_SIGNAL_BYTES: Final = 65_536
"""One signaling message. A description with all candidates of a well-connected host is under 8 KB."""

MAX_FRAME_BYTES: Final = 16_384
"""One data channel frame, header included: what every WebRTC implementation accepts and interleaves well."""

MAX_DATAGRAM_BYTES: Final = 1_100
"""One frame on the presence channel: fits one SCTP packet, so it is lost or arrives as a whole."""

MAX_MESSAGE_BYTES: Final = 256 * 1024 * 1024
"""One reassembled message: the whole history of the largest document a room holds."""

MAX_DOCUMENT_BYTES: Final = 128 * 1024 * 1024
"""A file that seeds a room."""

MAX_MESSAGES: Final = 256
"""Messages in one payload: a second of typing at a terminal's speed; more is a flood."""

MAX_AWARENESS_BYTES: Final = 4_096
"""One client's presence state as JSON: a name, a color, a cursor and a list of links."""

MAX_AWARENESS_CLIENTS: Final = 64
"""Clients in one awareness update: eight times the peers of a full mesh."""

MAX_PEERS: Final = 8
"""Peers in a full mesh, this one included."""

MAX_ROSTER: Final = 4 * MAX_PEERS
"""Peers that a server may name in one room, for each makes us open a link. More than ``MAX_PEERS``, since
instances that were cut off from each other let in as many each, and then join their rooms up."""

MAX_CANDIDATES: Final = 32
"""Addresses of one peer that a link tries: whoever is there gets packets from us (RFC 8445, 19.5.1)."""

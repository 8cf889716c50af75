"""How a long text is cut for the CRDT; must not touch it."""

from __future__ import annotations

from typing import Final

PIECE_SIZE: Final = 16_384
"""Longer text goes in as several CRDT items of this size, in characters or bytes: the first edit inside an
item has to split it, which takes up to 66 ms in one of 40 MB and 0.1 ms among pieces (measured)."""


def pieces(content: bytes) -> list[tuple[int, int]]:
    """Cut UTF-8 into pieces, none of which ends within a character; return where they start and end."""
    bounds: list[tuple[int, int]] = []
    start = 0
    while start < len(content):
        end = min(start + PIECE_SIZE, len(content))
        while end < len(content) and content[end] & 0xC0 == 0x80:
            end -= 1
        bounds.append((start, end))
        start = end
    return bounds

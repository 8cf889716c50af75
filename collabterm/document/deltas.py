"""What the CRDT tells of a change to a text, as splices; must not touch the CRDT or the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collabterm.document.lines import ByteOffset, Splice


def splices(delta: list[dict[str, Any]]) -> Iterator[Splice]:
    """Turn one event's delta (retain, delete, insert; in bytes) into splices to apply in order."""
    position = deleted = 0
    inserted = ""
    for item in delta:
        match item:
            case {"retain": int(length)}:
                if deleted or inserted:
                    yield Splice(ByteOffset(position), deleted, inserted)
                position += len(inserted.encode()) + length
                deleted, inserted = 0, ""
            case {"delete": int(length)}:
                deleted += length
            case {"insert": str(text)}:
                inserted += text
            case _:
                continue
    if deleted or inserted:
        yield Splice(ByteOffset(position), deleted, inserted)

"""The text that the CRDT itself holds, past the line index; only for checking one against the other."""

from __future__ import annotations

from collabterm.document.shared_text import Document


def crdt_text(document: Document) -> str:
    """Return the text of the replica under a document."""
    return str(document._text)

"""What the screen knows of files: how saving may end, and who does it; must not touch the disk itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Saved:
    """The text is on disk, in the file ``name``."""

    name: str


@dataclass(frozen=True, slots=True)
class NeedsPath:
    """No file was named so far."""


@dataclass(frozen=True, slots=True)
class NeedsConsent:
    """The file ``name`` on disk is not what was opened or saved here; writing would replace it."""

    name: str


SaveOutcome = Saved | NeedsPath | NeedsConsent


class FileKeeper(Protocol):
    """The text's file on disk."""

    @property
    def name(self) -> str:
        """The file's name, or an empty string."""

    @property
    def is_modified(self) -> bool:
        """Whether the text is another than on disk, as far as we know."""

    def save(self, path: str | None = None, *, overwrite: bool = False) -> SaveOutcome:
        """Write the text, to another path if one is given; raises ``FileProblem``."""

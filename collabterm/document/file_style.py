"""How a file is written: its language and its indentation; must not change anything."""

from __future__ import annotations

from dataclasses import dataclass

from collabterm.document.languages import PLAIN, Language


@dataclass(frozen=True, slots=True)
class FileStyle:
    """What commands have to know of a file.

    Attributes:
        language: Whose comments and brackets apply.
        indent: One level of indentation: a tab, or some spaces.
        tab_size: The cells from one tab stop to the next.
    """

    language: Language = PLAIN
    indent: str = "    "
    tab_size: int = 4

r"""A file's bytes to the text that is edited and back, losing nothing; must not touch the disk.

For every ``raw`` that decodes, ``encode_file(*decode_file(raw)) == raw``: opening and saving a file
without editing it leaves it byte-identical. The text holds ``\n`` for line ends only where the file's
line ends are all the same; form feeds, U+2028, a lone ``\r`` among ``\n``, mixed line ends and a
missing final newline are text like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

_BOM: Final = "\ufeff"


class BinaryContentError(ValueError):
    """The bytes contain NUL, which no text file does."""


@dataclass(frozen=True, slots=True)
class TextFormat:
    r"""What a file has that its text does not show: the line end that ``\n`` stands for, and a BOM."""

    newline: Literal["\n", "\r\n", "\r"] = "\n"
    bom: bool = False


def decode_file(raw: bytes) -> tuple[str, TextFormat]:
    """Return the text of a file and the format it is to be written back in.

    Raises:
        BinaryContentError: If the bytes contain NUL.
        UnicodeDecodeError: If they are not UTF-8; its ``start`` counts from the file's first byte.
    """
    if b"\0" in raw:
        raise BinaryContentError("the content contains NUL bytes")
    text = raw.decode()
    bom = text.startswith(_BOM)
    newline = _uniform_newline(text)
    text = text.removeprefix(_BOM)
    return (text if newline == "\n" else text.replace(newline, "\n")), TextFormat(newline, bom)


def encode_file(text: str, text_format: TextFormat) -> bytes:
    r"""Return the bytes of a file; only ``\n`` is mapped, a ``\r`` in the text stays as it is."""
    if text_format.newline != "\n":
        text = text.replace("\n", text_format.newline)
    return (_BOM + text if text_format.bom else text).encode()


def _uniform_newline(text: str) -> Literal["\n", "\r\n", "\r"]:
    r"""Return the one line end of the text, or ``\n`` if it has several kinds or none."""
    returns = text.count("\r")
    if not returns:
        return "\n"
    pairs = text.count("\r\n")
    feeds = text.count("\n")
    if pairs == returns == feeds:
        return "\r\n"
    return "\n" if feeds else "\r"

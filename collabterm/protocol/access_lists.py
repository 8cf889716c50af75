"""The text files that say who may enter a server: keys as OpenSSH writes them, or one shared secret a line.

It must not open files, decide about anybody, or quote a line in an error: the line may be a secret, in
the wrong file. Whatever is not understood is an error, for a line left out would be a rule left out.
Blank lines and lines that begin with ``#`` are left out, and only a line feed ends a line: none of
Unicode's other line ends can hide a key behind a comment.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Final

from collabterm.protocol.identity import KEY_TYPE, openssh_key

MAX_LIST_BYTES: Final = 1 << 20
"""Ten thousand keys with their comments; whatever is longer is another file by mistake."""

MIN_TOKEN_CHARS: Final = 16
"""Who overhears a proof on an unencrypted connection can try guesses against it: there must be too many."""

MAX_TOKEN_CHARS: Final = 256

MAX_TOKENS: Final = 64
"""Every sign-in is compared with all of them: so many cost about what verifying its signature does."""

_KEY_BYTES: Final = 32
_TOKEN: Final = re.compile("[!-~]*")
_BLANKS: Final = " \t\r"


class BadListError(ValueError):
    """The file is not such a list; the text says in which line, and what is wrong there."""


def parse_authorized_keys(raw: bytes) -> frozenset[bytes]:
    """Return the Ed25519 public keys (32 bytes each) of a file of lines ``ssh-ed25519 BASE64 comment``.

    Raises:
        BadListError: Also for options before a key and for other types of keys, which OpenSSH knows.
    """
    return frozenset(_parse_key(number, line) for number, line in _lines(raw))


def parse_tokens(raw: bytes) -> tuple[bytes, ...]:
    """Return the tokens of a file that has one a line, each of them once.

    Raises:
        BadListError: If one is not fit to be a token, or there are more than ``MAX_TOKENS``.
    """
    tokens = dict.fromkeys(_parse_token(number, line) for number, line in _lines(raw))
    if len(tokens) > MAX_TOKENS:
        raise BadListError(f"it holds more than {MAX_TOKENS} tokens")
    return tuple(tokens)


def check_token(text: str) -> bytes:
    """Return a token, stripped, as its bytes.

    Raises:
        ValueError: With what is wrong with it, and nothing of the token itself.
    """
    token = text.strip(_BLANKS + "\n")
    if not _TOKEN.fullmatch(token):
        raise ValueError("a token has no spaces, and no characters other than ASCII's")
    if not MIN_TOKEN_CHARS <= len(token) <= MAX_TOKEN_CHARS:
        raise ValueError(f"a token has {MIN_TOKEN_CHARS} to {MAX_TOKEN_CHARS} characters")
    return token.encode()


def _lines(raw: bytes) -> Iterator[tuple[int, str]]:
    """Yield what is neither blank nor a comment, stripped, and the numbers of these lines from 1."""
    if len(raw) > MAX_LIST_BYTES:
        raise BadListError(f"it is larger than {MAX_LIST_BYTES} bytes")
    if b"\0" in raw:
        raise BadListError("it contains NUL bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadListError(f"it is not UTF-8 text, byte {error.start} does not fit") from error
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip(_BLANKS)
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _parse_key(number: int, line: str) -> bytes:
    kind, encoded, *_ = [*re.split("[ \t]+", line, maxsplit=2), ""]
    if kind != KEY_TYPE:
        found = "has options before the key" if KEY_TYPE in line else f"does not begin with {KEY_TYPE}"
        raise BadListError(f"line {number} {found}")
    try:
        key = b64decode(encoded)[-_KEY_BYTES:]
    except ValueError as error:  # binascii's, and for what is not ASCII
        raise BadListError(f"the key in line {number} is not base64") from error
    # Written again and compared: the decoder is lenient, and a key has one spelling.
    if f"{kind} {encoded}" != openssh_key(key):
        raise BadListError(f"the key in line {number} is cut off or of another type")
    return key


def _parse_token(number: int, line: str) -> bytes:
    try:
        return check_token(line)
    except ValueError as error:
        raise BadListError(f"line {number}: {error}") from error

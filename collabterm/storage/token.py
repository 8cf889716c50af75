"""The secret shared with a signaling server, from a file of the person's; must not write or show it."""

from __future__ import annotations

from pathlib import Path

from collabterm.errors import BadTokenFile
from collabterm.protocol.access_lists import MAX_LIST_BYTES, MIN_TOKEN_CHARS, BadListError, parse_tokens


def load_token(path: Path) -> bytes:
    """Return the one token of a file; a server's own list serves if it holds one.

    A pipe is read like a file, so a password manager can be asked: ``--token-file <(pass show token)``.

    Raises:
        BadTokenFile: If the file cannot be read, or does not hold one token.
    """
    try:
        with path.open("rb") as file:
            tokens = parse_tokens(file.read(MAX_LIST_BYTES + 1))
    except BadListError as error:
        raise _bad(path, str(error)) from error
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from error
    except ValueError as error:
        raise _bad(path, "its name cannot be a file's") from error
    match tokens:
        case [token]:
            return token
        case []:
            raise _bad(path, "it holds no token")
        case _:
            raise _bad(path, f"it holds {len(tokens)} tokens, and one is needed")


def _bad(path: Path, problem: str) -> BadTokenFile:
    return BadTokenFile(path=path, problem=problem, least=MIN_TOKEN_CHARS)

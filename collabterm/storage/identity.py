"""The secret that makes this user's peers recognizable, kept on disk; must not know what it is used for."""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path
from typing import Final

from collabterm.errors import BadIdentityFile

SEED_BYTES: Final = 32
"""An Ed25519 private key (RFC 8032, section 5.1.5)."""

_OPEN_FLAGS: Final = os.O_CLOEXEC | os.O_NONBLOCK

_logger = logging.getLogger(__name__)


def load_or_create_seed(path: Path, fresh: bytes) -> bytes:
    """Return the seed kept at ``path``, or keep ``fresh`` there and return it.

    Processes that start at once all return the seed of the first. What cannot be read, written or
    understood is left alone and never an error: ``fresh`` is then an identity for this run only.

    Args:
        path: The seed's file; it is created for its owner only, like the folder it is in.
        fresh: ``SEED_BYTES`` random bytes.
    """
    try:
        return keep_seed(path, fresh)
    except BadIdentityFile as error:
        _logger.warning("the identity is for this run only: %s", error)
        return fresh


def keep_seed(path: Path, fresh: bytes) -> bytes:
    """Return the seed kept at ``path``, or keep ``fresh`` there; what is returned is on disk.

    Args:
        path: See ``load_or_create_seed``.
        fresh: ``SEED_BYTES`` random bytes.

    Raises:
        BadIdentityFile: If the file cannot be read or written, or does not hold a seed.
    """
    assert len(fresh) == SEED_BYTES, "a seed of the wrong size"
    try:
        seed = _read(path) or _settle(path, fresh)
    except OSError as error:
        raise BadIdentityFile(path=path, problem=error.strerror or str(error)) from error
    if seed is None:
        raise BadIdentityFile(path=path, problem="it does not hold a key")
    return seed


def _read(path: Path) -> bytes | None:
    """Return the seed of a file, written or not, that this user may only read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _OPEN_FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return _usable(os.read(descriptor, SEED_BYTES + 1))
    finally:
        os.close(descriptor)


def _settle(path: Path, fresh: bytes) -> bytes | None:
    """Read or write the seed while no other process does; None if the file holds something else.

    A lock rather than a link into place: it works where hard links do not, and an empty file left
    by a crash is filled by the next start.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _OPEN_FLAGS, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        kept = os.read(descriptor, SEED_BYTES + 1)
        if not kept:
            os.write(descriptor, fresh)
            os.fsync(descriptor)
            return fresh
        return _usable(kept)
    finally:
        os.close(descriptor)


def _usable(kept: bytes) -> bytes | None:
    """Return ``kept`` if it is a seed; all zeros are what a crash may leave, and everybody's key."""
    return kept if len(kept) == SEED_BYTES and any(kept) else None

"""The secret that makes this user's peers recognizable, kept on disk; must not know what it is used for."""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path
from typing import Final

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
    assert len(fresh) == SEED_BYTES, "a seed of the wrong size"
    try:
        return _read(path) or _settle(path, fresh)
    except OSError as error:
        _logger.warning("the identity cannot be kept: %s", error)
        return fresh


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


def _settle(path: Path, fresh: bytes) -> bytes:
    """Read or write the seed while no other process does.

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
        seed = _usable(kept)
        if seed is None:
            _logger.warning("%s does not hold an identity", path)
        return seed or fresh
    finally:
        os.close(descriptor)


def _usable(kept: bytes) -> bytes | None:
    """Return ``kept`` if it is a seed; all zeros are what a crash may leave, and everybody's key."""
    return kept if len(kept) == SEED_BYTES and any(kept) else None

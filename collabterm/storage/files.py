"""Loads and saves the edited file without harming it; must not know rooms, peers or the screen.

Saving is atomic where the file system allows: the new content is complete on disk before it takes the
old one's place. It is written in place only where replacing would lose something: a file with several
hard links, in a folder that may not be changed, with an owner that cannot be given to the new file.
Every function blocks on the disk.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Final, NewType

from collabterm.document.file_format import BinaryContentError, TextFormat, decode_file
from collabterm.errors import (
    FileIsBinary,
    FileIsFolder,
    FileNotUtf8,
    FileTooLarge,
    FileUnreadable,
    FileUnwritable,
    FolderMissing,
)
from collabterm.protocol.limits import MAX_DOCUMENT_BYTES

Fingerprint = NewType("Fingerprint", bytes)
"""A digest of a file's raw bytes: equal fingerprints, equal files."""

_READ_BYTES: Final = 1 << 20
_RESCUE_NAME_BYTES: Final = 120
_OPEN_FLAGS: Final = os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""So that a FIFO or a device that took the file's place meanwhile neither blocks us nor owns us."""

_REPLACING_REFUSED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV})
"""The folder is not ours to change, or the file is a mount point: the file itself may still be writable."""


@dataclass(slots=True)
class LoadedFile:
    """A text file as it was on disk; ``content`` is its text in UTF-8, smaller than as a string."""

    path: Path
    content: bytes
    text_format: TextFormat
    fingerprint: Fingerprint

    @property
    def text(self) -> str:
        """The text."""
        return self.content.decode()

    def take_content(self) -> bytes:
        """Return the content and let it go: once it is in a document it need not be here too."""
        content, self.content = self.content, b""
        return content


def fingerprint_of(raw: bytes) -> Fingerprint:
    """Return the fingerprint of a file with this content."""
    return Fingerprint(hashlib.sha256(raw).digest())


def load(path: Path) -> LoadedFile | None:
    """Read a text file; None if there is none yet but its folder is there.

    Raises:
        FileProblem: ``FolderMissing``, ``FileIsFolder``, ``FileIsBinary``, ``FileNotUtf8``,
            ``FileTooLarge`` or ``FileUnreadable`` (also for a FIFO, a socket or a device).
    """
    raw = _read_regular(path)
    if raw is None:
        folder = Path(os.path.realpath(path)).parent
        if not folder.is_dir():
            raise FolderMissing(folder=folder)
        return None
    try:
        text, text_format = decode_file(raw)
    except BinaryContentError as error:
        raise FileIsBinary(path=path) from error
    except UnicodeDecodeError as error:
        raise FileNotUtf8(path=path, position=error.start) from error
    content = raw if text_format == TextFormat() else text.encode()
    return LoadedFile(path, content, text_format, fingerprint_of(raw))


def read_fingerprint(path: Path) -> Fingerprint | None:
    """Return the fingerprint of what is on disk now; None if nothing is.

    Raises:
        FileProblem: ``FileIsFolder``, ``FileTooLarge`` or ``FileUnreadable``.
    """
    raw = _read_regular(path)
    return None if raw is None else fingerprint_of(raw)


def save(path: Path, raw: bytes) -> Fingerprint:
    """Make ``raw`` the content of the file that ``path`` names, through symlinks, and return its fingerprint.

    Permission bits, owner, extended attributes and hard links of an existing file stay; a new file
    gets its mode from the umask. After a failure the file is as it was, as far as the file system allows.

    Raises:
        FileUnwritable: If it could not be written.
    """
    try:
        _save(Path(os.path.realpath(path)), raw)
    except (OSError, ValueError) as error:
        raise FileUnwritable(path=path, reason=_reason(error)) from error
    return fingerprint_of(raw)


def save_rescue(folder: Path, name: str, raw: bytes) -> Path:
    """Keep ``raw`` in a new file of ``folder`` (made if need be) that only its owner can read.

    Args:
        folder: Where emergency copies go.
        name: Of the room or file; whatever is not fit for a file name is replaced.
        raw: The content.

    Raises:
        FileUnwritable: If it could not be written.
    """
    safe_name = _safe_name(name)
    path = folder / f"{safe_name}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in count(2):
            try:
                _write_new(path, raw, mode=0o600)
            except FileExistsError:
                path = folder / f"{safe_name}.{number}.txt"
            else:
                break
    except OSError as error:
        raise FileUnwritable(path=path, reason=_reason(error)) from error
    return path


def _read_regular(path: Path) -> bytes | None:
    """Read a regular file of at most ``MAX_DOCUMENT_BYTES``; None if there is nothing at ``path``."""
    try:
        _check_regular(path, os.stat(path))
        descriptor = os.open(path, os.O_RDONLY | _OPEN_FLAGS)
        try:
            status = os.fstat(descriptor)
            _check_regular(path, status)
            return _read_all(path, descriptor, status.st_size)
        finally:
            os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise FileUnreadable(path=path, reason=_reason(error)) from error


def _check_regular(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise FileIsFolder(path=path)
    if not stat.S_ISREG(status.st_mode):
        raise FileUnreadable(path=path, reason=_kind(status))


def _read_all(path: Path, descriptor: int, size: int) -> bytes:
    raw = bytearray()
    while size <= MAX_DOCUMENT_BYTES:
        chunk = os.read(descriptor, _READ_BYTES)
        if not chunk:
            return bytes(raw)
        raw += chunk
        size = max(size, len(raw))
    raise FileTooLarge(path=path, size=size, limit=MAX_DOCUMENT_BYTES)


def _save(target: Path, raw: bytes) -> None:
    try:
        status = os.stat(target)
    except FileNotFoundError:
        _replace(target, raw, replaced=None)
        return
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, _kind(status))
    # Opened even if it will be replaced: a file that may not be written must not be replaced either.
    descriptor = os.open(target, os.O_RDWR | _OPEN_FLAGS)
    try:
        status = os.fstat(descriptor)
        if status.st_nlink > 1:
            _overwrite(descriptor, raw)
            return
        try:
            _replace(target, raw, replaced=descriptor)
        except OSError as error:
            if error.errno not in _REPLACING_REFUSED:
                raise
            _overwrite(descriptor, raw)
    finally:
        os.close(descriptor)


def _replace(target: Path, raw: bytes, *, replaced: int | None) -> None:
    """Write a temporary file beside ``target`` and rename it; it is gone whatever happens."""
    temporary = target.parent / f".collabterm-{token_hex(8)}.tmp"
    if replaced is None:
        _write_new(temporary, raw, mode=0o666)
    else:
        _write_new(temporary, raw, mode=0o600, like=replaced)
    try:
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_folder(target.parent)


def _write_new(path: Path, raw: bytes, *, mode: int, like: int | None = None) -> None:
    """Create ``path`` with ``raw`` on disk, or leave nothing there; ``like`` lends owner and permissions."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        try:
            _write_all(descriptor, raw)
            if like is not None:
                _copy_attributes(like, descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        os.unlink(path)
        raise


def _copy_attributes(source: int, target: int) -> None:
    status = os.fstat(source)
    mine = os.fstat(target)
    if (status.st_uid, status.st_gid) != (mine.st_uid, mine.st_gid):
        os.fchown(target, status.st_uid, status.st_gid)
    if sys.platform == "linux":
        # Access lists and labels: nice to keep, and not every file system takes them.
        with suppress(OSError):
            for name in os.listxattr(source):
                with suppress(OSError):
                    os.setxattr(target, name, os.getxattr(source, name))
    os.fchmod(target, stat.S_IMODE(status.st_mode))


def _overwrite(descriptor: int, raw: bytes) -> None:
    """Write ``raw`` over an open file; what was there is put back if that fails."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    before = bytearray()
    while chunk := os.read(descriptor, _READ_BYTES):
        before += chunk
    try:
        _rewrite(descriptor, raw)
    except OSError:
        _rewrite(descriptor, before)
        raise


def _rewrite(descriptor: int, raw: bytes | bytearray) -> None:
    """Write from the start and cut the rest off last, so the space that is held is not given away."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    _write_all(descriptor, raw)
    os.ftruncate(descriptor, len(raw))
    os.fsync(descriptor)


def _write_all(descriptor: int, raw: bytes | bytearray) -> None:
    rest = memoryview(raw)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; the save has succeeded by now, so a file system that refuses is no failure."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _safe_name(name: str) -> str:
    """Return ``name`` as one visible path component, short enough to get a number behind it."""
    kept = "".join(char if char.isalnum() or char in "-_." else "_" for char in name)
    cut = kept.encode()[:_RESCUE_NAME_BYTES].decode(errors="ignore")
    return cut.lstrip(".") or "untitled"


def _kind(status: os.stat_result) -> str:
    if stat.S_ISDIR(status.st_mode):
        return "it is a folder"
    if stat.S_ISFIFO(status.st_mode):
        return "it is a named pipe"
    if stat.S_ISSOCK(status.st_mode):
        return "it is a socket"
    return "it is a device"


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "its name cannot be a file's"

"""Loading and saving on a real disk; failures are ones that root meets too."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collabterm.document.file_format import TextFormat
from collabterm.errors import (
    FileIsBinary,
    FileIsFolder,
    FileNotUtf8,
    FileProblem,
    FileTooLarge,
    FileUnreadable,
    FileUnwritable,
    FolderMissing,
)
from collabterm.protocol.limits import MAX_DOCUMENT_BYTES
from collabterm.storage.files import LoadedFile, fingerprint_of, load, read_fingerprint, save, save_rescue

_NOBODY = 65_534


DISK_BYTES = 4_096


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow over ``DISK_BYTES`` meanwhile, for root neither; not even the tests' own output."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A folder with a ``file``, both of the user, who is not root meanwhile."""
    folder = Path(tempfile.mkdtemp())
    (folder / "file").write_bytes(b"old")
    if os.geteuid() != 0:
        yield folder
    else:
        for path in (folder, folder / "file"):
            os.chown(path, _NOBODY, _NOBODY)
        os.seteuid(_NOBODY)
        yield folder
        os.seteuid(0)
    folder.chmod(0o755)
    shutil.rmtree(folder)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


class TestLoad:
    def test_a_file_is_loaded_with_its_format_and_fingerprint(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_bytes(b"a\r\nb")
        assert load(path) == LoadedFile(path, b"a\nb", TextFormat("\r\n"), fingerprint_of(b"a\r\nb"))

    def test_a_file_that_is_not_there_yet_is_none(self, tmp_path: Path) -> None:
        assert load(tmp_path / "new.txt") is None

    def test_a_name_in_the_current_folder_that_is_not_there_yet_is_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert load(Path("new.txt")) is None

    def test_a_symlink_to_a_file_that_is_not_there_yet_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("target")
        assert load(tmp_path / "link") is None

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(FolderMissing) as raised:
            load(tmp_path / "missing" / "a.txt")
        assert raised.value.fields["folder"] == (tmp_path / "missing").resolve()

    def test_a_symlink_into_a_missing_folder_names_that_folder(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("missing/target")
        with pytest.raises(FolderMissing, match="missing"):
            load(tmp_path / "link")

    def test_a_file_in_place_of_a_folder_is_a_missing_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(FolderMissing):
            load(tmp_path / "file" / "a.txt")

    def test_a_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(FileIsFolder):
            load(tmp_path)

    def test_binary_content_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"a\0b")
        with pytest.raises(FileIsBinary):
            load(tmp_path / "a")

    def test_other_encodings_are_refused_with_the_position(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes("grün".encode("latin-1"))
        with pytest.raises(FileNotUtf8) as raised:
            load(tmp_path / "a")
        assert raised.value.fields["position"] == 2

    def test_a_file_over_the_limit_is_refused_unread(self, tmp_path: Path) -> None:
        with (tmp_path / "a").open("wb") as file:
            file.truncate(MAX_DOCUMENT_BYTES + 1)
        with pytest.raises(FileTooLarge) as raised:
            load(tmp_path / "a")
        assert raised.value.fields["size"] == MAX_DOCUMENT_BYTES + 1

    def test_a_named_pipe_is_refused_without_waiting_for_a_writer(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FileUnreadable, match="named pipe"):
            load(tmp_path / "pipe")

    def test_a_device_is_refused(self) -> None:
        with pytest.raises(FileUnreadable, match="device"):
            load(Path("/dev/null"))

    def test_a_socket_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
            listening.bind(f"{folder}/s")
            with pytest.raises(FileUnreadable, match="socket"):
                load(Path(folder) / "s")

    @pytest.mark.parametrize(
        ("name", "reason"),
        [("a" * 300, os.strerror(errno.ENAMETOOLONG)), ("a\0b", "its name cannot be a file's")],
    )
    def test_an_impossible_name_is_unreadable(self, tmp_path: Path, name: str, reason: str) -> None:
        with pytest.raises(FileUnreadable) as raised:
            load(tmp_path / name)
        assert raised.value.fields["reason"] == reason

    def test_a_symlink_loop_is_unreadable(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(FileUnreadable):
            load(tmp_path / "loop")


class TestFingerprint:
    def test_it_is_that_of_what_was_loaded_and_of_what_was_saved(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.write_bytes(b"one")
        loaded = load(path)
        assert loaded is not None
        assert read_fingerprint(path) == loaded.fingerprint
        saved = save(path, b"two")
        assert read_fingerprint(path) == saved != loaded.fingerprint

    def test_where_nothing_is_there_is_none(self, tmp_path: Path) -> None:
        assert read_fingerprint(tmp_path / "a") is None
        assert read_fingerprint(tmp_path / "missing" / "a") is None

    def test_a_folder_that_took_the_place_of_the_file_is_a_problem(self, tmp_path: Path) -> None:
        with pytest.raises(FileIsFolder):
            read_fingerprint(tmp_path)


class TestSave:
    def test_the_content_is_replaced_and_nothing_else_is_left(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.write_bytes(b"old and longer")
        save(path, b"new")
        assert path.read_bytes() == b"new"
        assert names(tmp_path) == {"a"}

    def test_a_reader_of_the_old_file_keeps_the_old_content(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.write_bytes(b"old")
        with path.open("rb") as reader:
            save(path, b"new")
            assert reader.read() == b"old"

    @pytest.mark.parametrize("umask", [0o022, 0o077])
    def test_a_new_file_gets_its_mode_from_the_umask(self, tmp_path: Path, umask: int) -> None:
        before = os.umask(umask)
        try:
            save(tmp_path / "a", b"new")
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~umask

    @pytest.mark.parametrize("mode", [0o755, 0o600, 0o664])
    def test_permission_bits_stay(self, tmp_path: Path, mode: int) -> None:
        path = tmp_path / "a"
        path.touch()
        path.chmod(mode)
        save(path, b"new")
        assert stat.S_IMODE(path.stat().st_mode) == mode

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    def test_the_owner_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.touch()
        os.chown(path, _NOBODY, _NOBODY)
        save(path, b"new")
        assert (path.stat().st_uid, path.stat().st_gid) == (_NOBODY, _NOBODY)

    @pytest.mark.skipif(not hasattr(os, "setxattr"), reason="the system has no extended attributes")
    def test_extended_attributes_stay(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.touch()
        try:
            os.setxattr(path, "user.origin", b"here")
        except OSError:
            pytest.skip("the file system has no extended attributes")
        save(path, b"new")
        assert os.getxattr(path, "user.origin") == b"here"

    def test_a_symlink_stays_and_its_target_is_written(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        target = tmp_path / "folder" / "target"
        target.write_bytes(b"old")
        link = tmp_path / "link"
        link.symlink_to("folder/target")
        save(link, b"new")
        assert link.is_symlink()
        assert target.read_bytes() == b"new"
        assert names(tmp_path) == {"folder", "link"}
        assert names(target.parent) == {"target"}

    def test_a_symlink_to_nothing_stays_and_its_target_is_made(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("target")
        save(tmp_path / "link", b"new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "target").read_bytes() == b"new"

    @pytest.mark.parametrize("content", [b"new", b"new and much longer than it was", b""])
    def test_hard_links_stay(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "a").write_bytes(b"old content")
        (tmp_path / "b").hardlink_to(tmp_path / "a")
        save(tmp_path / "a", content)
        assert (tmp_path / "b").read_bytes() == content
        assert (tmp_path / "b").samefile(tmp_path / "a")
        assert names(tmp_path) == {"a", "b"}

    def test_a_file_in_a_folder_that_may_not_be_changed_is_written_in_place(self, own_folder: Path) -> None:
        own_folder.chmod(0o555)
        save(own_folder / "file", b"new")
        assert (own_folder / "file").read_bytes() == b"new"
        assert names(own_folder) == {"file"}

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root has a file of somebody else")
    def test_a_file_of_somebody_else_stays_theirs(self, own_folder: Path) -> None:
        path = own_folder / "file"
        os.seteuid(0)
        os.chown(path, 0, 0)
        path.chmod(0o666)
        os.seteuid(_NOBODY)
        save(path, b"new")
        assert path.read_bytes() == b"new"
        assert path.stat().st_uid == 0
        assert names(own_folder) == {"file"}

    def test_a_new_file_in_a_folder_that_may_not_be_changed_is_unwritable(self, own_folder: Path) -> None:
        own_folder.chmod(0o555)
        with pytest.raises(FileUnwritable, match=os.strerror(errno.EACCES)):
            save(own_folder / "new", b"new")

    def test_a_file_that_may_not_be_written_is_not_replaced_either(self, own_folder: Path) -> None:
        (own_folder / "file").chmod(0o444)
        with pytest.raises(FileUnwritable, match=os.strerror(errno.EACCES)):
            save(own_folder / "file", b"new")
        assert (own_folder / "file").read_bytes() == b"old"

    def test_the_longest_possible_name_can_be_saved(self, tmp_path: Path) -> None:
        save(tmp_path / ("a" * 255), b"new")
        assert names(tmp_path) == {"a" * 255}


class TestFailedSave:
    def test_a_new_file_that_does_not_fit_leaves_nothing(self, tmp_path: Path) -> None:
        with full_disk(), pytest.raises(FileUnwritable) as raised:
            save(tmp_path / "a", bytes(2 * DISK_BYTES))
        assert raised.value.fields["reason"] == os.strerror(errno.EFBIG)
        assert names(tmp_path) == set()

    def test_an_old_file_stays_if_the_new_one_does_not_fit(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"old")
        with full_disk(), pytest.raises(FileUnwritable):
            save(tmp_path / "a", bytes(2 * DISK_BYTES))
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == {"a"}

    def test_a_hard_linked_file_is_restored_if_the_new_one_does_not_fit(self, tmp_path: Path) -> None:
        old = b"old" * 1_000
        (tmp_path / "a").write_bytes(old)
        (tmp_path / "b").hardlink_to(tmp_path / "a")
        with full_disk(), pytest.raises(FileUnwritable):
            save(tmp_path / "a", bytes(2 * DISK_BYTES))
        assert (tmp_path / "b").read_bytes() == old

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("file/a", errno.ENOTDIR),
            ("missing/a", errno.ENOENT),
            ("a" * 300, errno.ENAMETOOLONG),
            ("loop", errno.ELOOP),
        ],
    )
    def test_an_impossible_path_is_unwritable(self, tmp_path: Path, name: str, code: int) -> None:
        (tmp_path / "file").touch()
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(FileUnwritable) as raised:
            save(tmp_path / name, b"new")
        assert raised.value.fields == {"path": tmp_path / name, "reason": os.strerror(code)}
        assert names(tmp_path) == {"file", "loop"}

    def test_a_name_with_a_nul_is_unwritable(self, tmp_path: Path) -> None:
        with pytest.raises(FileUnwritable, match="its name cannot be a file's"):
            save(tmp_path / "a\0b", b"new")

    def test_a_folder_is_unwritable(self, tmp_path: Path) -> None:
        with pytest.raises(FileUnwritable, match="it is a folder"):
            save(tmp_path, b"new")

    def test_a_device_is_unwritable(self) -> None:
        with pytest.raises(FileUnwritable, match="it is a device"):
            save(Path("/dev/null"), b"new")

    @pytest.mark.skipif(not Path("/proc/version").exists(), reason="the system has no /proc")
    def test_a_file_of_the_kernel_is_unwritable(self) -> None:
        with pytest.raises(FileUnwritable):
            save(Path("/proc/version"), b"new")


class TestRescue:
    def test_a_copy_is_kept_for_its_owner_only(self, tmp_path: Path) -> None:
        path = save_rescue(tmp_path / "state" / "rescued", "room", b"text")
        assert path.read_bytes() == b"text"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_no_copy_takes_the_place_of_another(self, tmp_path: Path) -> None:
        paths = [save_rescue(tmp_path, "room", content) for content in (b"1", b"2", b"3")]
        assert [path.read_bytes() for path in paths] == [b"1", b"2", b"3"]

    @pytest.mark.parametrize(
        "name",
        [
            "../../etc/passwd",
            "..",
            ".",
            "",
            "a/b",
            "/",
            ".hidden",
            "a\0b",
            "\x1b[2J",
            "漢" * 300,
            "\udc80",
            "…",
        ],
    )
    def test_any_name_becomes_one_visible_file_in_the_folder(self, tmp_path: Path, name: str) -> None:
        path = save_rescue(tmp_path, name, b"text")
        assert path.parent == tmp_path
        assert names(tmp_path) == {path.name}
        assert not path.name.startswith(".")
        assert path.name.isprintable()

    def test_a_symlink_with_the_name_of_the_copy_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "room.txt").symlink_to("elsewhere")
        save_rescue(tmp_path, "room", b"text")
        assert not (tmp_path / "elsewhere").exists()

    def test_a_copy_that_does_not_fit_leaves_nothing(self, tmp_path: Path) -> None:
        with full_disk(), pytest.raises(FileUnwritable):
            save_rescue(tmp_path, "room", bytes(2 * DISK_BYTES))
        assert names(tmp_path) == set()

    def test_a_folder_that_cannot_be_made_is_a_problem_with_a_reason(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(FileProblem, match=os.strerror(errno.ENOTDIR)):
            save_rescue(tmp_path / "file" / "rescued", "room", b"text")

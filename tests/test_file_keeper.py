"""The one file of a document, on a real disk: when it may be written, and what is known of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collabterm.document.lines import Edit, Location
from collabterm.document.shared_text import Document, PeerOrigin
from collabterm.errors import FileProblem, FileUnwritable
from collabterm.file_keeper import FileKeeper
from collabterm.storage import files
from collabterm.tui.saving import NeedsConsent, NeedsPath, Saved

START = Location(0, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes.txt"


def keep(path: Path, raw: bytes | None = None) -> tuple[Document, FileKeeper]:
    """Make a document and the keeper of ``path``, which holds ``raw`` if that is given."""
    if raw is not None:
        path.write_bytes(raw)
    document = Document(1)
    return document, FileKeeper(document, path, files.load(path))


def keep_nothing() -> tuple[Document, FileKeeper]:
    document = Document(1)
    return document, FileKeeper(document, None, None)


def write(document: Document, text: str) -> None:
    document.edit([Edit(START, START, text)], 0.0)


def replace(document: Document, text: str) -> None:
    document.edit([Edit(START, document.lines.end, text)], 0.0)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"one\ntwo\n",
        b"no end",
        b"\xef\xbb\xbfmarked\r\nand dos\r\n",
        b"mixed\r\nends\n\r",
        b"\x0c\xe2\x80\xa8\xc2\x85",
    ],
    ids=["empty", "plain", "no final newline", "BOM and CRLF", "mixed", "separators"],
)
def test_seeding_and_saving_without_an_edit_leaves_every_byte(path: Path, raw: bytes) -> None:
    _document, keeper = keep(path, raw)
    keeper.enter(created=True)
    assert not keeper.is_modified
    assert keeper.save() == Saved("notes.txt")
    assert path.read_bytes() == raw


def test_an_edit_modifies_and_undoing_it_unmodifies(path: Path) -> None:
    document, keeper = keep(path, b"text\n")
    keeper.enter(created=True)
    write(document, "more ")
    assert keeper.is_modified
    document.undo()
    assert not keeper.is_modified


def test_an_edit_of_somebody_else_modifies_too(path: Path) -> None:
    document, keeper = keep(path, b"text\n")
    keeper.enter(created=True)
    other = Document(2)
    other.apply_update(document.update_since(b"\0"), PeerOrigin("ana"))
    write(other, "theirs ")
    document.apply_update(other.update_since(document.state_vector()), PeerOrigin("bob"))
    assert keeper.is_modified
    assert keeper.save() == Saved("notes.txt")
    assert path.read_bytes() == b"theirs text\n"
    assert not keeper.is_modified


def test_a_new_file_is_made_by_the_first_saving(path: Path) -> None:
    document, keeper = keep(path)
    assert (keeper.name, keeper.is_modified) == ("notes.txt", False)
    write(document, "first words")
    assert keeper.is_modified
    assert keeper.save() == Saved("notes.txt")
    assert path.read_bytes() == b"first words"


def test_without_a_file_saving_asks_for_one_and_keeps_it_from_then_on(tmp_path: Path) -> None:
    document, keeper = keep_nothing()
    write(document, "text")
    assert keeper.name == ""
    assert keeper.save() == NeedsPath()
    assert keeper.save(str(tmp_path / "new.txt")) == Saved("new.txt")
    assert keeper.name == "new.txt"
    write(document, "more ")
    assert keeper.save() == Saved("new.txt")
    assert (tmp_path / "new.txt").read_bytes() == b"more text"


def test_a_path_may_begin_with_ones_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    document, keeper = keep_nothing()
    write(document, "text")
    assert keeper.save("~/new.txt") == Saved("new.txt")
    assert (tmp_path / "new.txt").exists()


def test_a_file_changed_by_another_program_is_replaced_only_with_consent(path: Path) -> None:
    document, keeper = keep(path, b"text\n")
    keeper.enter(created=True)
    write(document, "mine ")
    path.write_bytes(b"from another program\n")
    assert keeper.save() == NeedsConsent("notes.txt")
    assert keeper.save() == NeedsConsent("notes.txt")
    assert path.read_bytes() == b"from another program\n"
    assert keeper.is_modified
    assert keeper.save(overwrite=True) == Saved("notes.txt")
    assert path.read_bytes() == b"mine text\n"
    write(document, "again ")
    assert keeper.save() == Saved("notes.txt")


def test_a_file_that_already_holds_the_text_needs_no_consent(path: Path) -> None:
    document, keeper = keep(path, b"text\n")
    keeper.enter(created=True)
    write(document, "same ")
    path.write_bytes(b"same text\n")
    assert keeper.save() == Saved("notes.txt")


def test_a_file_that_was_deleted_is_written_again(path: Path) -> None:
    _document, keeper = keep(path, b"text\n")
    keeper.enter(created=True)
    path.unlink()
    assert keeper.save() == Saved("notes.txt")
    assert path.read_bytes() == b"text\n"


def test_a_file_that_differs_from_the_rooms_text_is_not_replaced_unasked(path: Path) -> None:
    document, keeper = keep(path, b"my own text\n")
    document.apply_update(_update_of("the room's text\n"), PeerOrigin("bob"))
    keeper.compare()
    assert keeper.is_modified
    assert keeper.save() == NeedsConsent("notes.txt")
    assert path.read_bytes() == b"my own text\n"


def test_a_file_that_equals_the_rooms_text_is_as_good_as_opened_here(path: Path) -> None:
    document, keeper = keep(path, b"the same text\n")
    document.apply_update(_update_of("the same text\n"), PeerOrigin("bob"))
    keeper.compare()
    assert not keeper.is_modified
    write(document, "now ")
    assert keeper.save() == Saved("notes.txt")


def test_saving_under_the_name_of_another_file_asks(path: Path, tmp_path: Path) -> None:
    _document, keeper = keep(path, b"text\n")
    keeper.enter(created=True)
    other = tmp_path / "other.txt"
    other.write_bytes(b"precious\n")
    assert keeper.save(str(other)) == NeedsConsent("other.txt")
    assert keeper.name == "notes.txt"
    assert keeper.save(str(other), overwrite=True) == Saved("other.txt")
    assert keeper.name == "other.txt"
    assert path.read_bytes() == b"text\n"


def test_the_rooms_newline_style_wins_over_the_one_of_ones_own_file(path: Path, tmp_path: Path) -> None:
    dos = tmp_path / "dos.txt"
    seeded, dos_keeper = keep(dos, b"one\r\ntwo\r\n")
    dos_keeper.enter(created=True)
    document, keeper = keep(path)
    document.apply_update(seeded.update_since(b"\0"), PeerOrigin("bob"))
    assert keeper.save() == Saved("notes.txt")
    assert path.read_bytes() == b"one\r\ntwo\r\n"


@pytest.mark.parametrize("target", ["", "missing/new.txt", "x" * 300, "nul\0"])
def test_what_cannot_be_written_changes_nothing(path: Path, tmp_path: Path, target: str) -> None:
    document, keeper = keep(path, b"text\n")
    keeper.enter(created=True)
    write(document, "more ")
    with pytest.raises(FileProblem):
        keeper.save(str(tmp_path / target), overwrite=True)
    assert (keeper.name, keeper.is_modified) == ("notes.txt", True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]
    assert keeper.save() == Saved("notes.txt")


@pytest.mark.parametrize("target", ["~nobodyhere/x", "~nobody\0here/x"])
def test_a_home_that_nobody_has_is_no_place_to_save_to(path: Path, target: str) -> None:
    document, keeper = keep(path, b"text\n")
    keeper.enter(created=True)
    write(document, "more ")
    with pytest.raises(FileUnwritable, match="there is no such user"):
        keeper.save(target)
    assert (keeper.name, keeper.is_modified) == ("notes.txt", True)
    assert path.read_bytes() == b"text\n"


def test_permissions_of_the_file_stay(path: Path) -> None:
    document, keeper = keep(path, b"#!/bin/sh\n")
    path.chmod(0o750)
    keeper.enter(created=True)
    write(document, "#")
    keeper.save()
    assert path.stat().st_mode & 0o777 == 0o750


def test_a_link_stays_a_link_and_its_file_is_written(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.txt"
    target.write_bytes(b"text\n")
    os.symlink(target, path)
    document, keeper = keep(path)
    keeper.enter(created=True)
    write(document, "more ")
    assert keeper.save() == Saved("notes.txt")
    assert path.is_symlink()
    assert target.read_bytes() == b"more text\n"


def test_text_that_is_on_no_disk_is_rescued_once_per_call_and_other_text_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "rescued"
    document, keeper = keep_nothing()
    assert keeper.rescue(folder, "demo") is None
    write(document, "precious")
    kept = keeper.rescue(folder, "demo")
    assert kept is not None
    assert kept.read_bytes() == b"precious"
    assert keeper.save(str(tmp_path / "saved.txt")) == Saved("saved.txt")
    assert keeper.rescue(folder, "demo") is None


def test_emptied_text_counts_as_modified(path: Path) -> None:
    document, keeper = keep(path, b"text\n")
    keeper.enter(created=True)
    replace(document, "")
    assert keeper.is_modified
    assert keeper.save() == Saved("notes.txt")
    assert path.read_bytes() == b""


# -- a room that is kept for others


def test_in_a_room_that_is_kept_for_others_the_file_waits_and_is_opened_if_they_do_not_return(
    path: Path,
) -> None:
    document, keeper = keep(path, b"mine\r\n")
    keeper.enter(created=False, awaited=True)
    assert (document.text(), keeper.waits_for_room, keeper.is_modified) == ("", True, False)
    keeper.enter(created=True)
    assert (document.text(), keeper.waits_for_room, keeper.is_modified) == ("mine\n", False, False)
    write(document, "still ")
    assert keeper.save() == Saved("notes.txt")
    assert path.read_bytes() == b"still mine\r\n"


def test_a_file_that_waits_is_not_opened_any_more_once_there_is_a_text_of_others(path: Path) -> None:
    document, keeper = keep(path, b"mine\n")
    keeper.enter(created=False, awaited=True)
    document.apply_update(_update_of("theirs\n"), PeerOrigin("ana"))
    assert not keeper.waits_for_room
    keeper.enter(created=True)
    assert document.text() == "theirs\n"
    assert keeper.save() == NeedsConsent("notes.txt")


def test_others_who_emptied_their_text_have_a_text_too(path: Path) -> None:
    document, keeper = keep(path, b"mine\n")
    keeper.enter(created=False, awaited=True)
    theirs = Document(3)
    write(theirs, "gone again")
    replace(theirs, "")
    document.apply_update(theirs.update_since(b"\0"), PeerOrigin("ana"))
    keeper.enter(created=True)
    assert document.text() == ""


def test_what_was_typed_while_the_file_waited_stays_beside_it(path: Path) -> None:
    document, keeper = keep(path, b"mine\n")
    keeper.enter(created=False, awaited=True)
    write(document, "typed ")
    keeper.enter(created=True)
    assert sorted(document.text().split()) == ["mine", "typed"]
    assert keeper.is_modified


def test_a_file_that_waits_is_not_saved_over_unasked(path: Path) -> None:
    document, keeper = keep(path, b"mine\n")
    keeper.enter(created=False, awaited=True)
    assert keeper.save() == NeedsConsent("notes.txt")
    write(document, "typed")
    assert keeper.save() == NeedsConsent("notes.txt")
    assert (path.read_bytes(), keeper.waits_for_room) == (b"mine\n", True)


def test_who_saves_over_a_file_that_waits_has_decided_what_it_holds(path: Path) -> None:
    document, keeper = keep(path, b"mine\n")
    keeper.enter(created=False, awaited=True)
    write(document, "typed")
    assert keeper.save(overwrite=True) == Saved("notes.txt")
    keeper.enter(created=True)
    assert (document.text(), keeper.is_modified) == ("typed", False)
    assert path.read_bytes() == b"typed"


@pytest.mark.parametrize("created", [True, False])
def test_only_the_first_word_about_the_room_counts(path: Path, created: bool) -> None:
    document, keeper = keep(path, b"mine\n")
    keeper.enter(created=created)
    before = document.text()
    keeper.enter(created=True)
    keeper.enter(created=False, awaited=True)
    assert (document.text(), keeper.waits_for_room) == (before, False)


def test_a_file_that_does_not_exist_yet_waits_for_nothing(path: Path) -> None:
    document, keeper = keep(path)
    keeper.enter(created=False, awaited=True)
    assert not keeper.waits_for_room
    keeper.enter(created=True)
    assert document.text() == ""


def _update_of(text: str) -> bytes:
    document = Document(3)
    write(document, text)
    return document.update_since(b"\0")

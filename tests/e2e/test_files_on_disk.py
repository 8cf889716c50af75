"""FILE: what it seeds, what Ctrl-S writes, and what is never overwritten without a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import words
from tests.e2e.people import Party, together

FILES = {
    "windows line ends": b"one\r\ntwo\r\nthe tail",
    "mixed line ends": b"one\r\ntwo\nthree\rthe tail",
    "no final newline": b"one\nthe tail",
    "a byte order mark": b"\xef\xbb\xbfone\nthe tail\n",
    "separators that are no line ends": "one\x0ctwo\u2028three\x85four\x0b the tail\n".encode(),
    "tabs, wide and combining characters": "\t日本\te\u0301 👩\u200d👩\u200d👧 the tail\n".encode(),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_saving_keeps_every_byte_that_was_not_edited(party: Party, content: bytes) -> None:
    ada = party.join("Ada", "ada.txt", content=content)
    bob = party.join("Bob", "bob.txt")
    ada.wait_for("the tail")
    bob.wait_for("the tail")
    bob.saves(content)
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    ada.type("X")
    ada.saves(mark + b"X" + content.removeprefix(mark))
    ada.press("backspace")
    ada.saves(content)


def test_a_file_that_is_not_there_yet_is_made_by_saving_and_not_before(party: Party) -> None:
    ada = party.join("Ada", "new.txt")
    ada.type("brand new")
    ada.wait_for("brand new")
    assert not ada.file.exists()
    ada.saves("brand new")
    assert [path.name for path in party.folder.iterdir()] == ["new.txt"]


def test_what_is_typed_before_the_file_is_in_the_room_is_kept_with_the_file(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="of the file\n")
    ada.type("early ")
    ada.wait_for("of the file")
    ada.wait_for("early")
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    bob.wait_for("of the file")
    bob.wait_for("early")


def test_saving_keeps_permissions_and_follows_a_symlink(party: Party, folder: Path) -> None:
    script = folder / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o750)
    (folder / "link").symlink_to(script)
    ada = party.join("Ada", "link")
    ada.wait_for("#!/bin/sh")
    ada.press("ctrl+end")
    ada.type("true")
    ada.saves("#!/bin/sh\ntrue")
    assert (folder / "link").is_symlink()
    assert script.stat().st_mode & 0o777 == 0o750


def test_a_file_that_differs_is_not_overwritten_without_a_question(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="the text of the room\n")
    ada.wait_for("the text of the room")
    bob = party.join("Bob", "bob.txt", content="a text of Bob's own\n")
    bob.wait_for("the text of the room")
    together(ada, bob)
    bob.press("ctrl+s")
    bob.wait_for(words.OVERWRITE_QUESTION)
    assert bob.file.read_text() == "a text of Bob's own\n"
    bob.press(*words.KEEP_KEYS)
    bob.wait_for(lambda terminal: words.OVERWRITE_QUESTION not in terminal.text)
    assert bob.file.read_text() == "a text of Bob's own\n"
    bob.press("ctrl+s")
    bob.wait_for(words.OVERWRITE_QUESTION)
    bob.press(*words.OVERWRITE_KEYS)
    bob.wait_for(lambda _: bob.file.read_text() == "the text of the room\n")


def test_a_file_that_another_program_changed_is_not_overwritten_without_a_question(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="before\n")
    ada.wait_for("before")
    ada.file.write_text("by another program\n")
    ada.type("mine ")
    ada.press("ctrl+s")
    ada.wait_for(words.OVERWRITE_QUESTION)
    assert ada.file.read_text() == "by another program\n"


def test_two_who_bring_the_same_text_have_it_once(party: Party) -> None:
    content = "the same text\nfor both\n"
    ada = party.join("Ada", "ada.txt", content=content)
    bob = party.join("Bob", "bob.txt", content=content)
    together(ada, bob)
    for person in (ada, bob):
        person.press("ctrl+end")
        person.wait_for("for both")
        assert person.text.count("the same text") == 1
    ada.type("!")
    bob.wait_for("!")
    for person in (ada, bob):
        person.saves(content + "!")

"""Real editors in real terminals, one document: what is typed is what everyone sees and saves."""

from __future__ import annotations

from tests.e2e.people import Party, all_see, together, type_at_once

VERSE = "The owl and the pussycat went to sea in a beautiful pea-green boat"
REPLY = "Žluťoučký kůň úpěl ďábelské ódy (quite loudly), 0123456789 times"


def test_two_who_type_at_once_see_and_save_the_same_text_as_typed(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="1: \n2: \n")
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    ada.press("ctrl+home", "end")
    bob.press("ctrl+home", "down", "end")
    type_at_once({ada: VERSE, bob: REPLY})
    all_see([ada, bob], f"1: {VERSE}", f"2: {REPLY}")
    for person in (ada, bob):
        person.saves(f"1: {VERSE}\n2: {REPLY}\n")


def test_two_who_type_in_the_same_place_lose_nothing_and_agree(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="-\n")
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    type_at_once({ada: "a" * 40 + "A", bob: "b" * 40 + "B"})
    all_see([ada, bob], "A", "B")
    ada.wait_for(lambda terminal: terminal.text.count("b") >= 40)
    bob.wait_for(lambda terminal: terminal.text.count("a") >= 40)
    together(ada, bob)
    ada.press("ctrl+s")
    ada.wait_for(lambda _: ada.file.stat().st_size == 84)
    text = ada.file.read_text()
    assert sorted(text) == sorted("a" * 40 + "A" + "b" * 40 + "B" + "-\n")
    bob.saves(text)


def test_three_who_type_at_once_save_the_same_text_as_typed(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="1: \n2: \n3: \n")
    bob = party.join("Bob", "bob.txt")
    cyd = party.join("Cyd", "cyd.txt")
    people = [ada, bob, cyd]
    together(*people)
    ada.press("ctrl+home", "end")
    bob.press("ctrl+home", "down", "end")
    cyd.press("ctrl+home", "down", "down", "end")
    type_at_once({ada: VERSE, bob: REPLY, cyd: VERSE[::-1]})
    all_see(people, f"1: {VERSE}", f"2: {REPLY}", f"3: {VERSE[::-1]}")
    for person in people:
        person.saves(f"1: {VERSE}\n2: {REPLY}\n3: {VERSE[::-1]}\n")


def test_eight_people_in_one_room_all_see_what_each_types(party: Party) -> None:
    names = ["Ada", "Bob", "Cyd", "Dan", "Eve", "Fay", "Gus", "Hal"]
    first = party.join(names[0], "Ada.txt", content="\n" * 8)
    people = [first, *(party.join(name, f"{name}.txt") for name in names[1:])]
    for person in people:
        person.wait_for(lambda terminal: all(name in terminal.text for name in names), timeout=60)
    together(*people, timeout=60)
    for row, person in enumerate(people):
        person.press("ctrl+home", *["down"] * row)
    type_at_once({person: f"{person.name} was here" for person in people})
    all_see(people, *(f"{name} was here" for name in names), timeout=30)
    for person in people:
        person.saves("".join(f"{name} was here\n" for name in names))


def test_who_joins_late_gets_ten_thousand_lines(party: Party) -> None:
    lines = "".join(f"line {number:05d} of ten thousand\n" for number in range(10_000))
    ada = party.join("Ada", "ada.txt", content=lines)
    ada.wait_for("line 00000 of")
    bob = party.join("Bob", "bob.txt")
    bob.wait_for("line 00000 of")
    together(ada, bob)
    bob.press("ctrl+end")
    bob.wait_for("line 09999 of")
    bob.type("Bob was here")
    ada.press("ctrl+end")
    ada.wait_for("Bob was here")
    for person in (ada, bob):
        person.saves(f"{lines}Bob was here")


def test_a_paste_of_100_kilobytes_arrives_whole_in_one_undoable_step(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="the start\nthe end\n")
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    pasted = "".join(f"{number:04d} {'pasted ' * 6}\n" for number in range(2_200))
    ada.press("ctrl+home", "down")
    ada.paste(pasted)
    bob.wait_for("0000 pasted")
    bob.press("ctrl+end")
    bob.wait_for("2199 pasted")
    bob.saves(f"the start\n{pasted}the end\n")
    ada.press("ctrl+z")
    bob.wait_for(lambda terminal: "pasted" not in terminal.text)
    bob.saves("the start\nthe end\n")


def test_undo_and_redo_touch_only_ones_own_edits(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="\n\n")
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    ada.press("ctrl+home")
    ada.type("adas words")
    bob.press("ctrl+home", "down")
    bob.wait_for("adas words")
    bob.type("bobs words")
    ada.wait_for("bobs words")
    ada.press("ctrl+z")
    bob.wait_for(lambda terminal: "adas words" not in terminal.text)
    ada.press("ctrl+z", "ctrl+z", "ctrl+z")
    bob.saves("\nbobs words\n")
    ada.press("ctrl+y")
    bob.wait_for("adas words")
    for person in (ada, bob):
        person.saves("adas words\nbobs words\n")


def test_edits_of_others_above_the_viewport_do_not_move_ones_text(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="".join(f"line {number:03d}.\n" for number in range(200)))
    bob = party.join("Bob")
    together(ada, bob)
    bob.press("ctrl+end")
    bob.wait_for("line 199.")
    watched = [f"line {number}." for number in range(180, 195)]
    before = [bob.find(text) for text in watched]
    ada.press("ctrl+home")
    ada.type("new\r" * 7)
    ada.press("down", *["delete"] * 30)
    ada.press("ctrl+end")
    ada.type("below it all")
    bob.wait_for("below it all")
    assert None not in before
    assert [bob.find(text) for text in watched] == before


def test_the_cursor_of_another_is_seen_in_their_colour_with_their_name(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="some words\nand more\n")
    bob = party.join("Bob")
    together(ada, bob)
    ada.press("ctrl+end")
    place = ada.place_of("and more")
    plain = ada.cell(*place).background
    bob.press("ctrl+home", "down")
    ada.wait_for(lambda terminal: terminal.cell(*place).background != plain)
    ada.wait_for(lambda terminal: terminal.text.count("Bob") == 2)  # in the list and at the cursor


def test_the_name_at_a_cursor_is_gone_after_a_moment_and_gives_the_text_below_back(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="some words\nand more\n")
    bob = party.join("Bob")
    together(ada, bob)
    ada.wait_for(lambda terminal: terminal.text.count("Bob") == 1 and "and more" in terminal.text)
    bob.wait_for(lambda terminal: terminal.text.count("Ada") == 1 and "and more" in terminal.text)


def test_name_and_server_are_taken_from_the_environment(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="hello\n")
    assert party.server is not None
    with Party(party.home, party.folder, server=None) as others:
        bob = others.join("Bob", COLLABTERM_NAME="Bob", COLLABTERM_SERVER=party.server)
        together(ada, bob)
        bob.wait_for("hello")

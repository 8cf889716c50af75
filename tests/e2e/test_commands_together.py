"""Commands that change much at once, on one screen, and what the other screen and both files have of them."""

from __future__ import annotations

from tests.e2e import words
from tests.e2e.people import Party, all_see, together

FRUIT = "apple one\npear two\napple three\napple four\n"
MEGABYTE = "".join(f"{number:06d} {'pasted words ' * 4}\n" for number in range(17_000))


def test_what_several_cursors_type_arrives_at_the_other_and_is_one_step_of_undo(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=FRUIT)
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    ada.press("alt+shift+down", "alt+shift+down")
    ada.type("- ")
    all_see([ada, bob], "- apple one", "- pear two", "- apple three")
    bob.saves("- apple one\n- pear two\n- apple three\napple four\n")
    ada.press("ctrl+z")
    bob.wait_for(lambda terminal: "- " not in terminal.text)
    bob.saves(FRUIT)
    ada.type("X")
    ada.wait_for(words.CURSORS.format(count=3))
    ada.press("escape")
    ada.wait_for(lambda terminal: words.CURSORS.format(count=3) not in terminal.text)
    ada.type("Y")
    ada.saves("Xapple one\nXpear two\nXYapple three\napple four\n")


def test_a_cursor_at_every_match_types_over_all_of_them_while_another_types_beside_them(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=FRUIT)
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    bob.press("ctrl+home", "end")
    ada.press("alt+m")
    for ada_types, bob_types in zip("plum", "here", strict=True):
        ada.type(ada_types)
        bob.type(bob_types)
    all_see([ada, bob], "plum onehere", "plum three", "plum four")
    for person in (ada, bob):
        person.saves("plum onehere\npear two\nplum three\nplum four\n")


def test_lines_that_one_moves_and_comments_out_keep_what_another_types_in_them(party: Party) -> None:
    ada = party.join("Ada", "ada.py", content="one = 1\ntwo = 2\nthree = 3\n")
    bob = party.join("Bob", "bob.py")
    together(ada, bob)
    bob.press("ctrl+home", "end")
    bob.type(" + ")
    ada.press("alt+down", "ctrl+slash")
    bob.type("10")
    all_see([ada, bob], "# one = 1 + 10")
    for person in (ada, bob):
        person.saves("two = 2\n# one = 1 + 10\nthree = 3\n")


def test_replacing_all_in_one_terminal_is_seen_in_the_other_and_undone_in_one_step(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=FRUIT)
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    ada.press("ctrl+r")
    ada.type("apple")
    ada.wait_for(words.MATCHES.format(number=1, count=3))
    ada.press("tab")
    ada.type("fig")
    ada.press("alt+a")
    all_see([ada, bob], "fig one", "fig three", "fig four")
    ada.press("escape")
    ada.wait_for(lambda terminal: words.FIND_BAR not in terminal.text)
    bob.press("ctrl+end")
    bob.type("the end")
    ada.wait_for("the end")
    for person in (ada, bob):
        person.saves(FRUIT.replace("apple", "fig") + "the end")
    ada.press("ctrl+z")
    all_see([ada, bob], "apple one", "apple three", "apple four", "the end")
    for person in (ada, bob):
        person.saves(FRUIT + "the end")


def test_find_goes_to_the_next_match_and_selects_it(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=FRUIT)
    ada.wait_for("pear two")
    ada.press("ctrl+f")
    ada.type("apple")
    ada.wait_for(words.MATCHES.format(number=1, count=3))
    ada.press("enter")
    ada.wait_for(words.MATCHES.format(number=2, count=3))
    ada.press("escape")
    ada.wait_for(words.POSITION.format(row=3, column=6))
    ada.type("X")
    ada.saves(FRUIT.replace("apple three", "X three"))


def test_a_paste_of_a_megabyte_is_one_step_of_undo_and_the_other_screen_follows(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content="the start\nthe end\n")
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    ada.press("ctrl+home", "down")
    ada.paste(MEGABYTE)
    bob.wait_for("000000 pasted", timeout=20)
    bob.press("ctrl+end")
    bob.wait_for("016999 pasted", timeout=20)
    bob.saves(f"the start\n{MEGABYTE}the end\n")
    ada.press("ctrl+z")
    bob.wait_for(lambda terminal: "pasted" not in terminal.text, timeout=20)
    bob.saves("the start\nthe end\n")


def test_what_is_cut_in_one_place_is_pasted_in_another(party: Party) -> None:
    ada = party.join("Ada", "ada.txt", content=FRUIT)
    bob = party.join("Bob", "bob.txt")
    together(ada, bob)
    ada.press("ctrl+k", "down", "ctrl+v")
    bob.wait_for(lambda terminal: terminal.text.find("pear two") < terminal.text.find("apple one"))
    for person in (ada, bob):
        person.saves("pear two\napple one\napple three\napple four\n")

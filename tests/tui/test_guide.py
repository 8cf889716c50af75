"""What helps people find their way: pages and lists of what is bound, and where a line is."""

from __future__ import annotations

import pytest

from collabterm.document.cursors import Cursors
from collabterm.document.file_style import FileStyle
from collabterm.document.languages import language_named
from collabterm.document.lines import LineIndex, Location, Splice
from collabterm.document.selection import Selection
from collabterm.tui.bindings import COMMANDS, SECTIONS, make_keymap
from collabterm.tui.guide import details, go_to_line, help_page, palette
from collabterm.tui.prompts import Prompt, TextInput

DEFAULTS = make_keymap({})


def lines_of(text: str) -> LineIndex:
    lines = LineIndex()
    lines.splice(Splice(0, 0, text))  # type: ignore[arg-type]  # an offset of no bytes
    return lines


def test_the_help_lists_every_command_in_its_section_with_its_keys() -> None:
    page = help_page(DEFAULTS)
    assert tuple(section.title for section in page.sections) == SECTIONS
    listed = {(section.title, line.title): line.keys for section in page.sections for line in section.lines}
    assert listed == {(command.section, command.title): command.keys for command in COMMANDS}


def test_the_help_lists_the_keys_that_a_person_chose() -> None:
    page = help_page(make_keymap({"ctrl+t": "save", "ctrl+s": "sort_rows", "ctrl+q": "none"}))
    keys = {line.title: line.keys for section in page.sections for line in section.lines}
    assert keys["Save"] == ("ctrl+t",)
    assert keys["Sort the lines"] == ("ctrl+s",)
    assert keys["Quit"] == ()


def test_the_palette_has_every_command_and_runs_the_chosen_one() -> None:
    ran: list[str] = []
    prompt = palette(DEFAULTS, ran.append)
    assert [entry.name for entry in prompt.entries] == [command.name for command in COMMANDS]
    step = prompt.press("enter", None)
    assert step.prompt is None
    assert step.action is not None
    step.action()
    assert ran == [COMMANDS[0].name]


@pytest.mark.parametrize(
    ("answer", "head"),
    [
        ("1", (0, 0)), ("2", (1, 0)), (" 3 ", (2, 0)), ("2:3", (1, 2)), ("2, 3", (1, 2)), ("0", (0, 0)),
        ("99", (2, 0)), ("2:99", (1, 3)), ("1:0", (0, 0)), ("0:9", (0, 3)),
    ],
)  # fmt: skip
def test_a_line_and_a_column_count_from_one_and_beyond_either_end_is_the_last(
    answer: str, head: tuple[int, int]
) -> None:
    put: list[Cursors] = []
    go_to_line(lines_of("one\ntwo\nthree"), put.append, lambda _: None).done(answer)
    assert put == [Cursors.at(Location(*head))]


@pytest.mark.parametrize("answer", ["", "x", "1:2:3", "-1", "1.5", "12345678901", "١٢x"])
def test_what_is_no_place_is_asked_again(answer: str) -> None:
    put: list[Cursors] = []
    asked: list[Prompt] = []
    go_to_line(lines_of("one\ntwo"), put.append, asked.append).done(answer)
    assert put == []
    (again,) = asked
    assert isinstance(again, TextInput)
    assert (again.input.text, again.problem) == (
        answer,
        "type a line like 42, or a line and a column like 42:7",
    )
    again.done("2")
    assert put == [Cursors.at(Location(1, 0))]


def test_the_question_says_how_many_lines_there_are() -> None:
    assert "(1 to 3)" in go_to_line(lines_of("a\nb\n"), lambda _: None, lambda _: None).question


@pytest.mark.parametrize(
    ("cursors", "language", "words"),
    [
        (Cursors.at(Location(0, 0)), "text", ""),
        (Cursors.at(Location(0, 0)), "python", "python"),
        (Cursors.single(Selection(Location(0, 3), Location(0, 1))), "text", "2 selected"),
        (Cursors.single(Selection(Location(0, 1), Location(2, 1))), "python", "3 lines selected │ python"),
        (
            Cursors.of([Selection.at(Location(0, 0)), Selection(Location(1, 0), Location(1, 2))]),
            "text",
            "2 cursors",
        ),
    ],
)
def test_cursors_selection_and_language_are_told_in_short(
    cursors: Cursors, language: str, words: str
) -> None:
    found = language_named(language)
    assert found is not None
    assert details(cursors, FileStyle(found), lines_of("one\ntwo\nthree")) == words

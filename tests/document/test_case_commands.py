"""A command on case changes the letters it should and leaves everything else untouched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document import case_commands, motions
from collabterm.document.commands import Command
from collabterm.document.cursors import Cursors
from collabterm.document.edits import Edit
from collabterm.document.file_style import FileStyle
from collabterm.document.lines import Location
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines, offset_of
from tests.document.rewriting import PYTHON, cases, check_far_apart, far_cases, play, run, spans, unmarked

Case = tuple[str, Cursors, FileStyle]

ALL: list[Command] = [case_commands.upper_case, case_commands.lower_case, case_commands.title_case]


@pytest.mark.parametrize("command", ALL)
@settings(max_examples=50)
@given(far_cases(), far_cases())
def test_two_cursors_far_apart_act_as_each_alone(
    command: Command, above: tuple[str, Selection], below: tuple[str, Selection]
) -> None:
    check_far_apart(command, above, below, PYTHON)


@given(cases())
def test_what_is_selected_or_the_word_at_the_cursor_changes_case(case: Case) -> None:
    text, cursors, style = case
    targets: list[tuple[int, int]] = []
    for selection, span in zip(cursors.selections, spans(text, cursors), strict=True):
        word = motions.word_at(PlainLines(text), selection.head)
        word_span = offset_of(text, word.start), offset_of(text, word.end)
        targets.append(word_span if selection.is_empty else span)
    letters = set[int]().union(*(range(start, end) for start, end in targets))
    upper = "".join(char.upper() if offset in letters else char for offset, char in enumerate(text))
    assert run(case_commands.upper_case, text, cursors, style)[0] == upper
    if len(targets) == 1:
        start, end = targets[0]
        lower = text[:start] + text[start:end].lower() + text[end:]
        assert run(case_commands.lower_case, text, cursors, style)[0] == lower


@given(cases(), st.sampled_from(ALL))
def test_only_letters_that_change_are_replaced(case: Case, command: Command) -> None:
    text, cursors, style = case
    rewrite = command(PlainLines(text), cursors, style)
    for edit in rewrite.edits if rewrite else ():
        old = text[offset_of(text, edit.start) : offset_of(text, edit.end)]
        assert edit.start.row == edit.end.row
        if len(old) == len(edit.text):
            assert all(before != after for before, after in zip(old, edit.text, strict=True))
        else:
            assert set(old) & set("ßİ")


@given(cases(), st.sampled_from(ALL))
def test_cursors_stay_unless_letters_become_more(case: Case, command: Command) -> None:
    text, cursors, style = case
    if not set("ßİ") & set(text):
        assert run(command, text, cursors, style)[1] == cursors


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [
        (case_commands.upper_case, "one t|wo three", "one T|WO three"),
        (case_commands.upper_case, "one two|", "one TWO|"),
        (case_commands.upper_case, "a|b|c", "A|B|C"),
        (case_commands.upper_case, "o»ne\nt«wo", "o»NE\nT«wo"),
        (case_commands.upper_case, "«ß»ß x|y", "«SS»ß X|Y"),
        (case_commands.upper_case, "«e\u0301»", "«E\u0301»"),
        (case_commands.upper_case, "|", "|"),
        (case_commands.lower_case, "«ΟΔΟΣ Σ»", "«οδος σ»"),
        (case_commands.title_case, "«the QUICK brown»", "«The Quick Brown»"),
        (case_commands.title_case, "«they're 3rd snake_case»", "«They're 3rd Snake_Case»"),
        (case_commands.title_case, "«e\u0301TE\u0301 ΟΔΟΣ»", "«E\u0301te\u0301 Οδος»"),
        (case_commands.title_case, "one t|wo", "one T|wo"),
    ],
)
def test_changed_cases(command: Command, before: str, after: str) -> None:
    assert play(command, before) == after


def test_one_edit_replaces_a_run_of_letters() -> None:
    text, cursors = unmarked("«abCDef»")
    rewrite = case_commands.upper_case(PlainLines(text), cursors, PYTHON)
    assert rewrite
    assert rewrite.edits == (
        Edit(Location(0, 0), Location(0, 2), "AB"),
        Edit(Location(0, 4), Location(0, 6), "EF"),
    )

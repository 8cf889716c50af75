"""A key that types, deletes or indents does to a text what it does to a plain string, at every cursor."""

from __future__ import annotations

import re
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document import commands, motions
from collabterm.document.commands import Command
from collabterm.document.cursors import Cursors
from collabterm.document.edits import Lines, Rewrite
from collabterm.document.file_style import FileStyle
from collabterm.document.lines import Location
from collabterm.document.selection import Selection
from tests.document.plain_text import PlainLines, location_at, offset_of
from tests.document.rewriting import (
    HTML,
    PYTHON,
    TABBED,
    cases,
    check_far_apart,
    far_cases,
    leading_blanks,
    on_rows,
    play,
    rewritten,
    rows_touched,
    run,
    spans,
    texts,
    unmarked,
)

Case = tuple[str, Cursors, FileStyle]

CLUSTERS = ["a", "b", " ", ".", "e\u0301", "中", "👍🏽", "🇩🇪", "👩\u200d👩\u200d👧", "\n"]
WORD = re.compile(r"\A(?:\n| *(?:\w+|[^\w\s]+)?)")
DELETIONS = [commands.backspace, commands.delete, commands.delete_word_left, commands.delete_word_right]


def type_parenthesis(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    return commands.type_character(lines, cursors, style, "(")


def type_letter(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    return commands.type_character(lines, cursors, style, "x")


def type_joiner(lines: Lines, cursors: Cursors, style: FileStyle) -> Rewrite | None:
    return commands.type_character(lines, cursors, style, "\u200d")


ALL: list[Command] = [
    *DELETIONS,
    commands.newline,
    commands.tab,
    commands.indent,
    commands.outdent,
    type_parenthesis,
    type_letter,
    type_joiner,
]


@pytest.mark.parametrize("command", ALL)
@settings(max_examples=50)
@given(far_cases(), far_cases(), st.sampled_from([PYTHON, HTML, TABBED]))
def test_two_cursors_far_apart_act_as_each_alone(
    command: Command, above: tuple[str, Selection], below: tuple[str, Selection], style: FileStyle
) -> None:
    if command is commands.tab and above[1].is_empty != below[1].is_empty:
        command = commands.indent  # with anything selected, tab is this for all cursors
    check_far_apart(command, above, below, style)


@given(cases(), st.text("xy\n", max_size=4))
def test_typing_replaces_every_selection_and_leaves_a_cursor_behind(case: Case, typed: str) -> None:
    text, cursors, _ = case
    rewrite = commands.insert_text(cursors, typed)
    expected = text
    for start, end in reversed(spans(text, cursors)):
        expected = expected[:start] + typed + expected[end:]
    assert rewritten(text, rewrite) == expected
    if rewrite and len(rewrite.cursors) == len(cursors):
        removed = 0
        for (start, end), selection in zip(spans(text, cursors), rewrite.cursors.selections, strict=True):
            removed += end - start - len(typed)
            assert selection == Selection.at(location_at(expected, end - removed))


def test_typing_nothing_without_a_selection_does_nothing() -> None:
    assert commands.insert_text(Cursors.at(Location(0, 1)), "") is None


@given(cases(), st.sampled_from("([{'\"`"))
def test_an_opening_character_goes_around_what_is_selected(case: Case, opening: str) -> None:
    text, cursors, style = case
    closing = dict(zip("([{'\"`", ")]}'\"`", strict=True))[opening]
    expected = text
    for start, end in reversed(spans(text, cursors)):
        if start < end:
            expected = expected[:start] + opening + expected[start:end] + closing + expected[end:]
        else:
            expected = expected[:start] + opening + expected[end:]
    typed = partial(commands.type_character, character=opening)
    assert run(typed, text, cursors, style)[0] == expected


@pytest.mark.parametrize(
    ("before", "character", "after"),
    [
        ("a«b»c", "(", "a(«b»)c"),
        ("a»b«c", '"', 'a"»b«"c'),
        ("«ab»«cd»", "[", "[«ab»][«cd»]"),
        ("a|b «c\nd»", "{", "a{|b {«c\nd»}"),
        ("a«b»c", ")", "a)|c"),
        ("a|b", "(", "a(|b"),
        ("👩|👧", "\u200d", "👩\u200d👧|"),
    ],
)
def test_typed_characters(before: str, character: str, after: str) -> None:
    assert play(partial(commands.type_character, character=character), before) == after


@given(cases())
def test_newline_adds_breaks_blanks_and_nothing_else(case: Case) -> None:
    text, cursors, style = case
    after, heads = run(commands.newline, text, cursors, style)
    kept = text
    for start, end in reversed(spans(text, cursors)):
        kept = kept[:start] + kept[end:]
    assert re.sub(r"\s", "", after) == re.sub(r"\s", "", kept)
    for selection in heads.selections:
        assert selection.is_empty
        assert selection.head.row > 0


@given(st.text("ab \t", min_size=1, max_size=12), st.data())
def test_newline_repeats_the_blanks_before_the_cursor(line: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(0, len(line)))
    blanks = line[: len(line) - len(line.lstrip())][:column]
    split = f"{line[:column]}\n{blanks}{line[column:]}"
    expected = split if line.strip() else f"\n{line}"
    assert run(commands.newline, line, Cursors.at(Location(0, column)), PYTHON)[0] == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ab|cd", "ab\n|cd"),
        ("  ab|cd", "  ab\n  |cd"),
        ("\tab|", "\tab\n\t|"),
        (" | ab", " \n | ab"),
        ("|  ab", "\n|  ab"),
        ("if a:|", "if a:\n    |"),
        ("  if a: |", "  if a: \n      |"),
        ("f(|)", "f(\n    |\n)"),
        ("  f(|)x", "  f(\n      |\n  )x"),
        ("f(|]", "f(\n    |]"),
        ("f(|a)", "f(\n    |a)"),
        ("f(«a»)", "f(\n    |\n)"),
        ("a\n    |", "a\n\n    |"),
        ("a\n  |  \nb", "a\n\n  |  \nb"),
        ("  |  |", "\n  |  |"),
        ("  «ab\n  c»d", "  \n  |d"),
        ("  a|b|c", "  a\n  |b\n  |c"),
        ("a«b\n  »  |", "a\n|  \n    |"),
        ("a|\nf(|)\nb|", "a\n|\nf(\n    |\n)\nb\n|"),
    ],
)
def test_newline_indents_as_the_row(before: str, after: str) -> None:
    assert play(commands.newline, before) == after


def test_newline_indents_with_the_files_own_level_and_not_at_all_in_prose() -> None:
    assert play(commands.newline, "f {|}", TABBED) == "f {\n\t|\n}"
    assert play(commands.newline, "f (|)", FileStyle()) == "f (\n|)"


@pytest.mark.parametrize(
    ("before", "style", "after"),
    [
        ("|", PYTHON, "    |"),
        ("a|bc", PYTHON, "a   |bc"),
        ("abcd|", PYTHON, "abcd    |"),
        ("中|", PYTHON, "中  |"),
        (" \t|x", PYTHON, " \t    |x"),
        ("a|bc", HTML, "a |bc"),
        ("ab|", TABBED, "ab\t|"),
        ("a|\nabc|", PYTHON, "a   |\nabc |"),
        ("a«b»c\nd", PYTHON, "    a«b»c\nd"),
    ],
)
def test_tab_goes_to_the_next_stop_or_indents_what_is_selected(
    before: str, style: FileStyle, after: str
) -> None:
    assert play(commands.tab, before, style) == after


@given(cases())
def test_tab_without_a_selection_adds_blanks_at_each_cursor(case: Case) -> None:
    text, cursors, style = case
    cursors = Cursors.of([Selection.at(each.head) for each in cursors.selections])
    rewrite = commands.tab(PlainLines(text), cursors, style)
    assert rewrite
    assert [edit.start for edit in rewrite.edits] == [each.head for each in cursors.selections]
    for edit in rewrite.edits:
        assert edit.start == edit.end
        assert edit.text == "\t" or edit.text.strip(" ") == ""
        assert 0 < len(edit.text) <= len(style.indent)


@given(cases())
def test_indent_puts_a_level_before_every_touched_row_that_is_not_blank(case: Case) -> None:
    text, cursors, style = case
    rows = rows_touched(text, cursors)
    expected = on_rows(text, lambda row, line: style.indent + line if row in rows and line.strip() else line)
    assert run(commands.indent, text, cursors, style)[0] == expected


@given(cases())
def test_outdent_takes_at_most_a_level_of_blanks_and_undoes_indent(case: Case) -> None:
    text, cursors, style = case
    rows = rows_touched(text, cursors)
    after, _ = run(commands.outdent, text, cursors, style)
    for row, (old, new) in enumerate(zip(text.split("\n"), after.split("\n"), strict=True)):
        taken = old.removesuffix(new)
        blanks = leading_blanks(old)
        assert old == taken + new
        assert not taken.strip(" \t")
        assert len(taken) <= (style.tab_size if style.indent == "\t" else len(style.indent))
        assert not taken or row in rows
        assert taken or row not in rows or not (blanks and blanks[0])
    indented, moved = run(commands.indent, text, cursors, style)
    if all(text.split("\n")[row].strip() for row in rows) and not set("\u0301\u200d") & set(text):
        assert run(commands.outdent, indented, moved, style)[0] == text


@pytest.mark.parametrize(
    ("before", "style", "after"),
    [
        ("      a|", PYTHON, "  a|"),
        ("  a|", PYTHON, "a|"),
        ("a|", PYTHON, "a|"),
        ("\t\ta|", PYTHON, "\ta|"),
        ("  \ta|", PYTHON, "a|"),
        ("  |    a", PYTHON, "|  a"),
        ("\ta|", TABBED, "a|"),
        ("    a|", TABBED, "a|"),
        ("    a\n«    b\n»    c", PYTHON, "    a\n«b\n»    c"),
        ("    a|b|\n    c|", PYTHON, "a|b|\nc|"),
    ],
)
def test_outdent_takes_one_level(before: str, style: FileStyle, after: str) -> None:
    assert play(commands.outdent, before, style) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a«b\nc»d\ne", "    a«b\n    c»d\ne"),
        ("«a\n»b", "«    a\n»b"),
        ("a|\nb\n|c", "    a|\nb\n    |c"),
        ("«a\n\nb»", "«    a\n\n    b»"),
    ],
)
def test_indent_keeps_selections_around_their_text(before: str, after: str) -> None:
    assert play(commands.indent, before) == after


@given(cases(), st.sampled_from(DELETIONS))
def test_deleting_takes_every_selection_and_what_each_cursor_alone_deletes(case: Case, key: Command) -> None:
    text, cursors, style = case
    taken: set[int] = set()
    for selection, (start, end) in zip(cursors.selections, spans(text, cursors), strict=True):
        rewrite = key(PlainLines(text), Cursors.single(selection), style) if selection.is_empty else None
        for edit in rewrite.edits if rewrite else ():
            start, end = offset_of(text, edit.start), offset_of(text, edit.end)
        taken.update(range(start, end))
    expected = "".join(char for offset, char in enumerate(text) if offset not in taken)
    assert run(key, text, cursors, style)[0] == expected


@given(st.lists(st.sampled_from(CLUSTERS)), st.lists(st.sampled_from(CLUSTERS)))
def test_backspace_and_delete_take_one_cluster(before: list[str], after: list[str]) -> None:
    text = "".join(before + after)
    here = Cursors.at(location_at(text, len("".join(before))))
    assert run(commands.delete, text, here, TABBED)[0] == "".join(before + after[1:])
    assert run(commands.backspace, text, here, TABBED)[0] == "".join(before[:-1] + after)


@given(st.text("ab_ .,\n", max_size=30), st.text("ab_ .,\n", max_size=30))
def test_deleting_a_word_takes_what_a_pattern_matches(before: str, after: str) -> None:
    text = before + after
    here = Cursors.at(location_at(text, len(before)))
    rest = WORD.sub("", after, count=1)
    assert run(commands.delete_word_right, text, here, PYTHON)[0] == before + rest
    rest = WORD.sub("", before[::-1], count=1)[::-1]
    assert run(commands.delete_word_left, text, here, PYTHON)[0] == rest + after


@pytest.mark.parametrize("key", DELETIONS)
def test_there_is_nothing_to_delete_in_an_empty_text(key: Command) -> None:
    assert key(PlainLines(""), Cursors.at(Location(0, 0)), PYTHON) is None


@pytest.mark.parametrize(
    ("before", "style", "after"),
    [
        ("        |a", PYTHON, "    |a"),
        ("      |a", PYTHON, "    |a"),
        ("   | a", PYTHON, "| a"),
        ("a   |", PYTHON, "a  |"),
        ("\t    |a", PYTHON, "\t   |a"),
        ("    |a", TABBED, "   |a"),
        ("a\n|    b", PYTHON, "a|    b"),
        ("    |    |a", PYTHON, "|a"),
        ("    «  »a", PYTHON, "    |a"),
    ],
)
def test_backspace_in_leading_spaces_goes_to_the_previous_level(
    before: str, style: FileStyle, after: str
) -> None:
    assert play(commands.backspace, before, style) == after


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        (commands.delete_word_left, "one tw|o|", "one |"),
        (commands.delete_word_right, "|on|e two|", "| two|"),
        (commands.delete_word_left, "one t«w»o|", "one |"),
        (commands.backspace, "a|b|c|", "|"),
        (commands.backspace, "|a|", "|"),
        (commands.delete, "e|x\u0301\n", "e|\n"),
        (commands.delete, "e|\n\u0301", "e\u0301|"),
    ],
)
def test_cursors_that_delete_the_same_text_become_one(key: Command, before: str, after: str) -> None:
    assert play(key, before) == after


@given(texts())
def test_selected_text_is_what_lies_between(text: str) -> None:
    places = [location_at(text, offset) for offset in range(len(text) + 1)]
    middle = len(text) // 2
    selection = Selection(places[-1], places[middle])
    assert commands.selected_text(PlainLines(text), selection) == text[middle:]


def test_the_main_cursor_stays_the_main_one() -> None:
    text, cursors = unmarked("a|b|c")
    for key in ALL:
        rewrite = key(PlainLines(text), Cursors.of(cursors.selections, 1), TABBED)
        assert rewrite is None or rewrite.cursors.main_index == len(rewrite.cursors) - 1


def test_deletion_reaches_where_the_motion_goes() -> None:
    text = "one.two  three"
    for column in range(len(text) + 1):
        reached = motions.word_left(PlainLines(text), Location(0, column)).column
        here = Cursors.at(Location(0, column))
        assert run(commands.delete_word_left, text, here, PYTHON)[0] == text[:reached] + text[column:]

from __future__ import annotations

import gc
import re
import tracemalloc
from collections.abc import Callable

import pytest
import tree_sitter_go
import tree_sitter_json
import tree_sitter_python
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Language, Query

from collabterm.document.highlights import HIGHLIGHTED_COLUMNS, Highlight, RowHighlights
from collabterm.document.lines import LineIndex, Location, Replacement, Splice
from collabterm.document.parsed_rows import WindowLimits
from collabterm.document.syntax import SyntaxWindow

PYTHON = Language(tree_sitter_python.language())
QUERY = Query(
    PYTHON,
    """
    (identifier) @variable
    ((identifier) @constant (#match? @constant "^[A-Z][A-Z_]*$"))
    ((call function: (identifier) @builtin) (#any-of? @builtin "print" "len"))
    ((call function: (identifier) @_name arguments: (argument_list (identifier) @type)) (#eq? @_name "cast"))
    (string) @string
    (interpolation) @none
    (comment) @comment
    ["def" "return" "if" "class"] @keyword
    """,
)
JSON = Language(tree_sitter_json.language())
JSON_QUERY = Query(JSON, '(number) @number "," @delimiter (string) @string')
GO = Language(tree_sitter_go.language())
GO_QUERY = Query(GO, '(identifier) @variable (package_identifier) @variable ["package" "func"] @keyword')
HOSTILE = "\n".join(["+-*/<>=!&|^%" * 10] * 167)  # 20 kB, which take this parser 25 s
SMALL = WindowLimits(whole_rows=12, whole_bytes=300, window_rows=10, climb_rows=4)

WORDS = [
    "def f(x):\n",
    "    return x\n",
    "class C:\n",
    "a",
    "MAX",
    "print(b)",
    "cast(x, T)",
    "x = 1\n",
    "f'{y}'",
]
MARKS = ['"""', "'", "(", ")", " ", "    ", "\n", "\n\n", "\r", "\f", "\u2028", "# é\n", "🙂", "ÄÖ = 'ü'\n"]
pieces = st.sampled_from(WORDS + MARKS)
texts = st.lists(pieces, max_size=40).map("".join)
changes = st.tuples(st.floats(0, 1), st.floats(0, 0.3), st.lists(pieces, max_size=4).map("".join))
transactions = st.lists(st.lists(changes, min_size=1, max_size=4), max_size=5)


def python_window(limits: WindowLimits | None = None) -> SyntaxWindow:
    return SyntaxWindow(PYTHON, QUERY, limits=limits or WindowLimits())


def finish(window: SyntaxWindow, lines: LineIndex) -> None:
    while not window.advance(lines, lambda: True):
        pass


def fresh_highlights(text: str) -> list[RowHighlights]:
    """Parse and query the text in one go."""
    lines = LineIndex(text)
    window = python_window()
    window.look_at(lines, 0, lines.row_count)
    finish(window, lines)
    return window.highlights(0, lines.row_count)


def edit(lines: LineIndex, change: tuple[float, float, str]) -> Replacement:
    """Make a change whose place and length are fractions of the text."""
    text = lines.text()
    start = int(change[0] * len(text))
    end = min(start + int(change[1] * len(text)), len(text))
    offset = len(text[:start].encode())
    deleted = len(text[start:end].encode())
    return lines.splice(Splice(type(lines.offset_at(Location(0, 0)))(offset), deleted, change[2]))


def replace(lines: LineIndex, start: tuple[int, int], end: tuple[int, int], text: str) -> Replacement:
    first, last = lines.offset_at(Location(*start)), lines.offset_at(Location(*end))
    return lines.splice(Splice(first, last - first, text))


def stopped_after(steps: int) -> Callable[[], bool]:
    remaining = iter(range(steps))
    return lambda: next(remaining, None) is not None


def seen(highlights: RowHighlights, line: str) -> list[tuple[str, str]]:
    """Give every character its last color and join equal neighbors."""
    colors = [""] * len(line)
    for first, last, name in highlights:
        colors[first:last] = [name] * (last - first)
    runs: list[tuple[str, str]] = []
    for character, color in zip(line, colors, strict=True):
        if runs and runs[-1][1] == color:
            runs[-1] = (runs[-1][0] + character, color)
        else:
            runs.append((character, color))
    return [run for run in runs if run[1]]


def test_words_get_the_names_that_the_query_gives_them() -> None:
    lines = ["def f(x):", "    print(MAX, 'é', y)  # ü", "    return f'🙂{y}'", "", "cast(a, b)"]
    rows = fresh_highlights("\n".join(lines))
    assert [seen(row, line) for row, line in zip(rows, lines, strict=True)] == [
        [("def", "keyword"), ("f", "variable"), ("x", "variable")],
        [("print", "builtin"), ("MAX", "constant"), ("'é'", "string"), ("y", "variable"), ("# ü", "comment")],
        [
            ("return", "keyword"),
            ("f'🙂", "string"),
            ("{", "none"),
            ("y", "variable"),
            ("}", "none"),
            ("'", "string"),
        ],
        [],
        [("cast", "variable"), ("a", "type"), ("b", "type")],
    ]


def test_a_string_of_several_rows_is_cut_at_their_ends() -> None:
    rows = fresh_highlights("x = '''ab\n\ncd''' + y")
    assert rows[0][-1] == Highlight(4, 9, "string")
    assert rows[1] == ()
    assert rows[2] == (Highlight(0, 5, "string"), Highlight(8, 9, "variable"))


@settings(max_examples=60, deadline=None)
@given(texts, transactions, st.integers(0, 3))
def test_after_any_edits_highlights_are_those_of_the_final_text(
    text: str, edits: list[list[tuple[float, float, str]]], steps: int
) -> None:
    lines = LineIndex(text)
    window = python_window()
    window.look_at(lines, 0, lines.row_count)
    window.advance(lines, stopped_after(steps))
    for transaction in edits:
        window.follow(lines, [edit(lines, change) for change in transaction])
        window.look_at(lines, 0, lines.row_count)
        window.advance(lines, stopped_after(steps))
        assert len(window.highlights(0, lines.row_count)) == lines.row_count
    finish(window, lines)
    assert window.highlights(0, lines.row_count) == fresh_highlights(lines.text())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(pieces, min_size=20, max_size=60),
    transactions,
    st.lists(st.floats(0, 1), min_size=6, max_size=6),
)
def test_a_window_is_highlighted_like_a_text_of_its_rows(
    parts: list[str], edits: list[list[tuple[float, float, str]]], places: list[float]
) -> None:
    lines = LineIndex("\n".join(parts))
    window = python_window(SMALL)
    for transaction, place in zip([[], *edits], places, strict=False):
        window.follow(lines, [edit(lines, change) for change in transaction])
        top = int(place * (lines.row_count - 1))
        bottom = min(top + 3, lines.row_count)
        window.look_at(lines, top, bottom)
        window.advance(lines, stopped_after(2))
        finish(window, lines)
        rows = window.rows
        assert rows.start <= top
        assert bottom <= rows.stop
        assert len(rows) <= 2 * SMALL.whole_rows
        expected = fresh_highlights("\n".join(lines.rows(rows.start, rows.stop)))
        assert window.highlights(rows.start, rows.stop) == expected


def test_what_is_typed_before_the_next_parse_moves_highlights_along() -> None:
    lines = LineIndex("x = 1\nword = 'text'  # note\ny = 2")
    window = python_window()
    window.look_at(lines, 0, 3)
    finish(window, lines)
    window.highlights(0, 3)
    window.follow(lines, [replace(lines, (1, 4), (1, 4), "s"), replace(lines, (0, 0), (0, 0), "\n")])
    assert lines.text() == "\nx = 1\nwords = 'text'  # note\ny = 2"
    line = "words = 'text'  # note"
    expected = [("words", "variable"), ("'text'", "string"), ("# note", "comment")]
    assert seen(window.highlights(2, 3)[0], line) == expected


def test_a_row_that_a_key_splits_keeps_its_highlights_on_both_rows() -> None:
    lines = LineIndex("first = second")
    window = python_window()
    window.look_at(lines, 0, 1)
    finish(window, lines)
    window.highlights(0, 1)
    window.follow(lines, [replace(lines, (0, 7), (0, 7), "\n")])
    assert window.highlights(0, 2) == [(Highlight(0, 5, "variable"),), (Highlight(1, 7, "variable"),)]


def test_rows_not_looked_at_before_an_edit_are_read_from_the_tree_before_it() -> None:
    lines = LineIndex("a = 1\nb = 2\nCC = print(3)")
    window = python_window()
    window.look_at(lines, 0, 1)
    finish(window, lines)
    window.follow(lines, [replace(lines, (1, 0), (1, 0), "# b\n\n")])
    assert seen(window.highlights(4, 5)[0], "CC = print(3)") == [("CC", "constant"), ("print", "builtin")]


def test_a_window_stays_shown_until_the_next_one_is_parsed() -> None:
    lines = LineIndex("\n".join(f"name{row} = {row}" for row in range(200)))
    window = python_window(SMALL)
    window.look_at(lines, 100, 104)
    finish(window, lines)
    shown = window.rows
    window.look_at(lines, shown.stop - 3, shown.stop + 1)
    assert window.rows == shown
    assert window.highlights(shown.stop - 1, shown.stop)[0] != ()
    finish(window, lines)
    assert window.highlights(shown.stop, shown.stop + 1)[0] != ()


def test_a_window_starts_where_something_begins() -> None:
    body = ["def f():", "    s = '''", "    not = code", "    '''", ""]
    lines = LineIndex("\n".join(body * 40))
    window = python_window(WindowLimits(whole_rows=12, window_rows=40, climb_rows=10))
    window.look_at(lines, 101, 105)
    finish(window, lines)
    assert lines.line(window.rows.start) == "def f():"


def test_an_edit_above_a_window_moves_it_and_one_below_does_not() -> None:
    lines = LineIndex("\n".join(f"name{row} = {row}" for row in range(200)))
    window = python_window(SMALL)
    window.look_at(lines, 100, 104)
    finish(window, lines)
    before = window.rows
    highlights = window.highlights(100, 104)
    window.follow(lines, [replace(lines, (2, 0), (2, 0), "\n\n"), replace(lines, (190, 0), (195, 0), "")])
    assert window.rows == range(before.start + 2, before.stop + 2)
    assert window.highlights(102, 106) == highlights
    assert window.advance(lines, lambda: False)


def test_a_huge_row_is_highlighted_up_to_a_column_only() -> None:
    row = "[" + "1," * 500_000 + "1]"
    lines = LineIndex(f'{row}\n{row}\n"end"')
    window = SyntaxWindow(JSON, JSON_QUERY)
    window.look_at(lines, 0, 3)
    finish(window, lines)
    first, _, last = window.highlights(0, 3)
    assert first[:2] == (Highlight(1, 2, "number"), Highlight(2, 3, "delimiter"))
    assert first[-1].last_column == HIGHLIGHTED_COLUMNS
    assert last == (Highlight(0, 5, "string"),)


def test_a_long_string_on_one_row_does_not_spill_over_the_next() -> None:
    lines = ["[", '"' + "x" * 50_000 + '",', '"end"', "]"]
    text = LineIndex("\n".join(lines))
    window = SyntaxWindow(JSON, JSON_QUERY)
    window.look_at(text, 0, 4)
    finish(window, text)
    assert window.highlights(2, 3) == [(Highlight(0, 5, "string"),)]


def test_a_screen_of_dense_long_rows_is_found_in_slices() -> None:
    lines = LineIndex("\n".join("[" + "1," * 900 + "1]" for _ in range(40)))
    window = SyntaxWindow(JSON, JSON_QUERY)
    window.look_at(lines, 0, 40)
    calls = 1
    while not window.advance(lines, stopped_after(40)):
        calls += 1
    assert calls < 200
    assert all(len(row) == 1801 for row in window.highlights(0, 40))


def test_brackets_nested_beyond_measure_are_survived() -> None:
    lines = LineIndex("\n".join("[" * 3_000 for _ in range(40)))
    window = SyntaxWindow(JSON, JSON_QUERY)
    window.look_at(lines, 0, 40)
    finish(window, lines)
    window.follow(lines, [replace(lines, (20, 10), (20, 10), "1")])
    finish(window, lines)
    assert window.highlights(20, 21) == [()]
    window.follow(lines, [replace(lines, (0, 0), (39, 3_000), "[1]")])
    finish(window, lines)
    assert window.highlights(0, 1) == [(Highlight(1, 2, "number"),)]


def test_an_unsafe_row_is_empty_to_the_parser() -> None:
    lines = LineIndex("a = 1\n!b = 2\nc = 3")
    window = SyntaxWindow(PYTHON, QUERY, unsafe_row=re.compile("!"))
    window.look_at(lines, 0, 3)
    finish(window, lines)
    assert [bool(row) for row in window.highlights(0, 3)] == [True, False, True]


@pytest.mark.parametrize("text", ["", "\n", "a\r\nb", "\f\na = 1"])
def test_odd_texts_are_highlighted_row_for_row(text: str) -> None:
    assert len(fresh_highlights(text)) == text.count("\n") + 1


def test_nothing_is_known_before_rows_were_looked_at() -> None:
    assert python_window().highlights(3, 5) == [(), ()]


def test_a_parse_without_end_is_stopped_and_known_highlights_stay() -> None:
    honest = "package main\n" + "func f() { a }\n" * 1_000
    lines = LineIndex(honest)
    window = SyntaxWindow(GO, GO_QUERY)
    window.look_at(lines, 0, 3)
    finish(window, lines)
    known = window.highlights(0, 3)
    assert seen(known[0], "package main") == [("package", "keyword"), ("main", "variable")]
    end = (lines.row_count - 1, 0)
    window.follow(lines, [replace(lines, end, end, HOSTILE)])
    assert window.advance(lines, lambda: True, stopped_after(100))
    assert window.is_stale
    assert window.highlights(0, 3) == known
    window.follow(lines, [replace(lines, end, (lines.row_count - 1, 120), "func g() {}")])
    assert lines.text() == honest + "func g() {}"
    finish(window, lines)
    row = window.highlights(end[0], end[0] + 1)[0]
    assert seen(row, "func g() {}") == [("func", "keyword"), ("g", "variable")]


def test_a_window_whose_first_parse_was_stopped_knows_nothing_until_the_next() -> None:
    lines = LineIndex(HOSTILE)
    window = SyntaxWindow(GO, GO_QUERY)
    window.look_at(lines, 0, 3)
    assert window.advance(lines, lambda: True, stopped_after(100))
    assert window.is_stale
    assert window.highlights(0, 3) == [(), (), ()]
    window.follow(lines, [replace(lines, (0, 0), (lines.row_count - 1, 120), "package p")])
    finish(window, lines)
    assert seen(window.highlights(0, 1)[0], "package p") == [("package", "keyword"), ("p", "variable")]


def test_a_parse_that_may_not_begin_leaves_rows_readable() -> None:
    lines = LineIndex("a = 1\nb = 2")
    window = python_window()
    window.look_at(lines, 0, 1)
    finish(window, lines)
    window.follow(lines, [replace(lines, (0, 0), (0, 0), "\n")])
    assert window.advance(lines, lambda: True, lambda: False)
    assert window.is_stale
    assert seen(window.highlights(2, 3)[0], "b = 2") == [("b", "variable")]


def test_what_the_parser_has_read_is_let_go() -> None:
    text = "\n".join(f"name{row} = {row}" for row in range(4_000))
    fresh_highlights("a")
    tracemalloc.start()
    try:
        for _ in range(5):
            lines = LineIndex(text)
            window = python_window()
            window.look_at(lines, 0, 1)
            window.advance(lines, lambda: True)
            del lines, window
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < len(text)
    finally:
        tracemalloc.stop()

"""Highlights of the rows in view: there at once as far as known, and a moment later as the syntax has it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from time import process_time

from collabterm.document.languages import PLAIN, language_named
from collabterm.document.lines import LineIndex, Location, Splice
from collabterm.tui.highlighter import Highlighter
from tests.waiting import until

TOP = Location(0, 0)
PYTHON = language_named("python") or PLAIN
GO = language_named("go") or PLAIN
HOSTILE = "\n".join(["+-*/<>=!&|^%" * 10] * 167)  # 20 kB, which take the Go parser 25 s


class Reader:
    """A highlighter, and which rows it said have changed."""

    def __init__(self, text: str, rows: int = 5) -> None:
        self.lines = LineIndex()
        self.write(TOP, TOP, text, follows=False)
        self.highlighter = Highlighter(self.lines, self._note)
        self.changed: set[int] = set()
        self.rows = rows

    def _note(self, rows: Iterable[int]) -> None:
        self.changed |= set(rows)

    def write(self, start: Location, end: Location, text: str, *, follows: bool = True) -> None:
        first = self.lines.offset_at(start)
        replacement = self.lines.splice(Splice(first, self.lines.offset_at(end) - first, text))
        if follows:
            self.highlighter.follow([replacement])
            self.look_at(0)

    def look_at(self, top: int) -> None:
        self.highlighter.look_at(range(top, min(top + self.rows, self.lines.row_count)))

    async def is_done(self) -> None:
        await until(lambda: self.highlighter._due is None, "there is nothing left to parse")

    def captures(self, row: int) -> list[tuple[str, str]]:
        """Return what is highlighted in a row, and as what."""
        text = self.lines.line(row)
        return [(text[first:last], capture) for first, last, capture in self.highlighter.row(row)]


async def test_plain_text_has_no_highlights_and_takes_no_time() -> None:
    reader = Reader("import os")
    reader.highlighter.set_language(PLAIN)
    reader.look_at(0)
    assert reader.highlighter._due is None
    assert reader.highlighter.row(0) == ()


async def test_rows_are_highlighted_a_moment_later_and_that_is_told() -> None:
    reader = Reader("import os\nx\ny = 'ab'")
    reader.look_at(0)
    reader.highlighter.set_language(PYTHON)
    assert reader.captures(0) == []
    reader.changed.clear()
    await reader.is_done()
    assert "import" in [text for text, _ in reader.captures(0)]
    assert "'ab'" in [text for text, _ in reader.captures(2)]
    assert {0, 2} <= reader.changed


async def test_known_highlights_move_with_an_edit_before_it_is_parsed() -> None:
    reader = Reader("x = 1\nimport os")
    reader.look_at(0)
    reader.highlighter.set_language(PYTHON)
    await reader.is_done()
    known = reader.captures(1)
    assert known
    reader.write(TOP, TOP, "\n\n")
    assert reader.captures(3) == known
    reader.write(Location(3, 0), Location(3, 0), "  ")
    assert reader.captures(3) == known


async def test_what_an_edit_makes_of_other_rows_is_told() -> None:
    reader = Reader('x = 1\ny = 2\nz = """')
    reader.look_at(0)
    reader.highlighter.set_language(PYTHON)
    await reader.is_done()
    reader.changed.clear()
    reader.write(TOP, TOP, '"""')
    await reader.is_done()
    assert reader.captures(1) == [("y = 2", "string")]
    assert 1 in reader.changed


async def test_another_language_forgets_the_highlights_of_the_one_before() -> None:
    reader = Reader("import os")
    reader.look_at(0)
    reader.highlighter.set_language(PYTHON)
    await reader.is_done()
    reader.changed.clear()
    reader.highlighter.set_language(PLAIN)
    assert reader.highlighter.row(0) == ()
    assert reader.changed == {0}


async def test_rows_out_of_view_have_no_highlights() -> None:
    reader = Reader("x = 1\n" * 20)
    reader.look_at(0)
    reader.highlighter.set_language(PYTHON)
    await reader.is_done()
    assert reader.highlighter.row(4)
    assert reader.highlighter.row(5) == ()
    reader.look_at(10)
    assert reader.highlighter.row(4) == ()
    await reader.is_done()
    assert reader.highlighter.row(10)


async def test_nothing_goes_on_once_it_is_closed() -> None:
    reader = Reader("import os")
    reader.look_at(0)
    reader.highlighter.set_language(PYTHON)
    reader.highlighter.close()
    assert reader.highlighter._due is None
    assert reader.captures(0) == []


async def test_a_large_text_is_highlighted_where_it_is_read() -> None:
    reader = Reader("x = 1\n" * 200_000)
    reader.highlighter.set_language(PYTHON)
    reader.look_at(150_000)
    await reader.is_done()
    assert ("1", "number") in reader.captures(150_002)


async def test_hostile_text_leaves_other_rows_highlighted_and_the_loop_free() -> None:
    reader = Reader("package main\nvar x = 1\n" + "func f() {}\n" * 100)
    reader.look_at(0)
    reader.highlighter.set_language(GO)
    await reader.is_done()
    known = reader.captures(0)
    assert "package" in [text for text, _ in known]
    reader.highlighter._rests_until_s = 0.0
    begun_s = process_time()
    end = Location(reader.lines.row_count - 1, 0)
    reader.write(end, end, HOSTILE)
    await until(lambda: reader.highlighter._rests_until_s > 0, "the parse is stopped")
    assert process_time() - begun_s < 1
    assert reader.captures(0) == known
    begun_s = process_time()
    for _ in range(10):
        reader.write(TOP, TOP, "\n")
        await asyncio.sleep(0)
    assert reader.highlighter._window is not None
    assert reader.highlighter._window.is_stale
    assert process_time() - begun_s < 0.5
    reader.highlighter.close()


async def test_highlights_come_back_after_hostile_text_is_deleted() -> None:
    reader = Reader(HOSTILE)
    reader.look_at(0)
    reader.highlighter.set_language(GO)
    await until(lambda: reader.highlighter._rests_until_s > 0, "the parse is stopped")
    assert reader.captures(0) == []
    reader.write(TOP, Location(reader.lines.row_count - 1, 120), "package main")
    await reader.is_done()
    assert "package" in [text for text, _ in reader.captures(0)]

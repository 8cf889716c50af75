"""A search in slices: what is known is right at any moment, and who waits for a match is called."""

from __future__ import annotations

from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.lines import LineIndex, Location, Splice
from collabterm.document.search import Query
from collabterm.document.selection import Selection
from collabterm.tui.finder import TOO_SLOW, Finder
from tests.document.plain_text import location_at, offset_of
from tests.waiting import until

TOP = Location(0, 0)


class Search:
    """A finder over a text, and what it said so far."""

    def __init__(self, text: str) -> None:
        self.lines = LineIndex()
        self.lines.splice(Splice(self.lines.offset_at(TOP), 0, text))
        self.finder = Finder(self.lines)
        self.found: list[Selection | None] = []
        self.progress = 0
        self.finder.on_progress = self._note

    def _note(self) -> None:
        self.progress += 1

    def look_for(self, query: Query, start: Location = TOP) -> None:
        self.finder.look_for(query, start, None)

    def next(self, location: Location) -> None:
        self.finder.find_next(location, self.found.append, lambda: self.found.append(None))

    def previous(self, location: Location) -> None:
        self.finder.find_previous(location, self.found.append, lambda: self.found.append(None))

    def write(self, start: Location, end: Location, text: str) -> None:
        first = self.lines.offset_at(start)
        self.finder.follow([self.lines.splice(Splice(first, self.lines.offset_at(end) - first, text))])

    async def is_complete(self) -> None:
        await until(lambda: self.finder.is_complete, "every row was scanned")


def selection(row: int, first: int, last: int) -> Selection:
    return Selection(Location(row, first), Location(row, last))


async def test_a_small_text_answers_at_once() -> None:
    search = Search("a b\nb\na")
    search.look_for(Query("a"))
    search.next(Location(0, 1))
    assert search.found == [selection(2, 0, 1)]
    search.previous(TOP)
    assert search.found[1:] == [selection(2, 0, 1)]


async def test_who_waits_in_a_large_text_is_called_once_and_keys_pass_meanwhile() -> None:
    search = Search("x\n" * 400_000 + "needle")
    search.look_for(Query("needle"))
    search.next(TOP)
    assert search.found == []
    assert search.finder.summary(None) == "searching"
    await search.is_complete()
    assert search.found == [selection(400_000, 0, 6)]
    assert search.finder.summary(search.found[0].start if search.found[0] else None) == "1 of 1"
    assert search.progress > 2


async def test_only_who_asked_last_is_called() -> None:
    search = Search("x\n" * 400_000 + "needle needle")
    search.look_for(Query("needle"))
    search.next(TOP)
    search.previous(TOP)
    await search.is_complete()
    assert search.found == [selection(400_000, 7, 13)]


async def test_who_asks_for_what_is_nowhere_is_told_so() -> None:
    search = Search("x\n" * 400_000)
    search.look_for(Query("needle"))
    search.next(TOP)
    await search.is_complete()
    assert search.found == [None]
    assert search.finder.summary(None) == "no match"


async def test_a_bad_pattern_is_a_problem_and_no_search() -> None:
    search = Search("a(b")
    search.look_for(Query("(", is_regex=True))
    assert search.finder.problem
    assert search.finder.summary(None) == search.finder.problem
    search.next(TOP)
    assert search.found == [None]
    assert search.finder.matches_in("(") == ()
    search.look_for(Query("("))
    assert search.finder.problem == ""


async def test_a_pattern_that_takes_too_long_ends_the_search_and_tells_who_waits() -> None:
    search = Search("x" * 5_000)
    search.look_for(Query("(x+x+)+y", is_regex=True))
    search.next(TOP)
    await search.is_complete()
    assert search.found == [None]
    assert search.finder.problem == TOO_SLOW
    assert search.finder.matches_in("x" * 5_000) == ()


async def test_nothing_is_marked_any_more_once_a_row_was_slow() -> None:
    search = Search("xxy")
    search.look_for(Query("(x+x+)+y", is_regex=True))
    assert search.finder.matches_in("xxy") == [(0, 3)]
    start = process_time()
    for _ in range(40):
        assert search.finder.matches_in("x" * 5_000) == ()
    assert process_time() - start < 0.08
    assert search.finder.matches_in("xxy") == ()
    assert search.finder.problem == ""
    search.look_for(Query("x"))
    assert search.finder.matches_in("xxy") == [(0, 1), (1, 2)]


async def test_who_does_not_wait_any_more_is_not_called() -> None:
    search = Search("x\n" * 400_000 + "needle")
    search.look_for(Query("needle"))
    search.next(TOP)
    awaited = [search.finder.is_awaited]
    search.finder.call_nobody()
    awaited.append(search.finder.is_awaited)
    assert awaited == [True, False]
    await search.is_complete()
    assert search.found == []
    assert search.finder.match_count == 1


async def test_an_empty_query_ends_the_search() -> None:
    search = Search("a")
    search.look_for(Query("a"))
    search.look_for(Query(""))
    assert search.finder.is_complete
    assert search.finder.summary(None) == ""
    assert search.finder.matches_in("a") == ()


async def test_a_search_that_was_closed_calls_nobody() -> None:
    search = Search("x\n" * 400_000 + "needle")
    search.look_for(Query("needle"))
    search.next(TOP)
    search.finder.close()
    assert search.finder._due is None
    assert search.finder.is_complete
    assert search.found == []


async def test_matches_are_numbered_and_counted() -> None:
    search = Search("a a\na")
    search.look_for(Query("a"))
    await search.is_complete()
    assert search.finder.summary(Location(0, 2)) == "2 of 3"
    assert search.finder.summary(None) == "3 matches"
    search.write(TOP, Location(0, 2), "")
    await search.is_complete()
    assert search.finder.summary(Location(0, 0)) == "1 of 2"
    search.write(TOP, Location(1, 0), "")
    await search.is_complete()
    assert search.finder.summary(None) == "1 match"


async def test_a_search_within_selections_follows_them() -> None:
    search = Search("a\na\na\na")
    within = (Selection(Location(1, 0), Location(2, 1)),)
    search.finder.look_for(Query("a"), TOP, within)
    await search.is_complete()
    assert search.finder.match_count == 2
    search.write(TOP, TOP, "a\n")
    await search.is_complete()
    assert search.finder.match_count == 2
    search.next(TOP)
    assert search.found == [selection(2, 0, 1)]


TEXTS = st.text("ab\n", max_size=40)


@given(
    TEXTS, st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), TEXTS), max_size=5), st.integers(0, 99)
)
def test_what_is_found_after_edits_is_what_a_string_finds(
    text: str, edits: list[tuple[int, int, str]], at: int
) -> None:
    async def play() -> None:
        search = Search(text)
        plain = text
        search.look_for(Query("ab", matches_case=True))
        for one, other, inserted in edits:
            first, last = sorted((one % (len(plain) + 1), other % (len(plain) + 1)))
            search.write(location_at(plain, first), location_at(plain, last), inserted)
            plain = plain[:first] + inserted + plain[last:]
        await search.is_complete()
        assert search.finder.match_count == plain.count("ab")
        start = at % (len(plain) + 1)
        expected = plain.find("ab", start)
        expected = plain.find("ab") if expected < 0 else expected
        search.next(location_at(plain, start))
        (found,) = search.found
        assert (offset_of(plain, found.start) if found else -1) == expected
        search.finder.close()

    import asyncio

    asyncio.run(play())

"""Long notices: read to their end beside all that the status bar says, and gone when they have been read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from collabterm.document.display import display_line
from collabterm.session.events import SignedOut
from collabterm.tui.notice_bar import MOST_ROWS, notice_rows, reading_s
from collabterm.tui.status_bar import Said, has_place
from tests.tui.stage import Stage

REFUSED = "This server does not know your key: send the line that 'collabterm key' prints to whoever runs it."


def words(stage: Stage) -> str:
    """What the rows below the status bar say."""
    bar = stage.app._notice_bar
    rows = [bar.render_line(y).text for y in range(bar.size.height)] if bar.display else []
    return " ".join(" ".join(rows).split())


async def test_while_others_are_linked_the_bar_keeps_room_and_file_when_one_is_turned_away() -> None:
    stage = Stage("one", "bob", file="notes.txt")
    async with stage.playing(80) as pilot:
        stage.drawer.is_modified = True
        stage.network.pass_time(0.5)
        stage.network.deliver_all()
        stage.rooms["ana"].set_signaling(SignedOut(REFUSED, is_turned_away=True))
        stage.app.tell(REFUSED)
        await pilot.pause()
        await stage.status_says("● in sync with 1 │ turned away, trying again")
        assert stage.status.startswith("demo │ ")
        assert stage.status.endswith("notes.txt ● │ 1:1")
        assert words(stage) == REFUSED


async def test_a_long_notice_takes_its_rows_and_gives_them_back() -> None:
    stage = Stage("text")
    async with stage.playing(80) as pilot:
        before = stage.app.view.size.height
        stage.app.tell(REFUSED)
        await pilot.pause()
        assert stage.app.view.size.height == before - 2
        stage.app._end_notice(REFUSED)
        await pilot.pause()
        assert (stage.app.view.size.height, words(stage)) == (before, "")


async def test_the_cursor_stays_on_screen_when_a_notice_takes_its_row() -> None:
    stage = Stage("\n".join(f"row {number}" for number in range(50)))
    async with stage.playing(80) as pilot:
        height = stage.app.view.size.height
        await pilot.press(*["down"] * (height - 1))
        assert f"row {height - 1}" in stage.editor_rows
        stage.app.tell(REFUSED)
        await pilot.pause()
        assert f"row {height - 1}" in stage.editor_rows


async def test_a_short_notice_stays_in_the_status_bar() -> None:
    stage = Stage("text")
    async with stage.playing(80) as pilot:
        stage.app.tell("Saved notes.txt")
        await pilot.pause()
        assert "Saved notes.txt" in stage.status
        assert words(stage) == ""


async def test_a_screen_of_few_rows_keeps_them_for_the_text() -> None:
    stage = Stage("text")
    async with stage.playing(80, 7) as pilot:
        before = stage.app.view.size.height
        stage.app.tell(REFUSED)
        await pilot.pause()
        assert stage.app.view.size.height == before
        assert "This server does not know" in stage.status


async def test_a_question_takes_the_place_of_a_notice_and_gives_it_back() -> None:
    stage = Stage("text")
    async with stage.playing(80) as pilot:
        stage.app.tell(REFUSED)
        await pilot.pause()
        await pilot.press("ctrl+g")
        await pilot.pause()
        assert words(stage) == ""
        assert stage.status.startswith("Go to")
        await pilot.press("escape")
        await pilot.pause()
        assert words(stage) == REFUSED


@pytest.mark.parametrize(("width", "place"), [(120, True), (60, False)])
def test_a_notice_has_place_if_it_is_whole_beside_what_is_known(width: int, place: bool) -> None:
    notice = "The server is full: try again later."
    said = Said("demo", "● in sync with 1 │ turned away", notice, "notes.txt ●", "1:1", "python")
    assert has_place(said, width) is place


def test_a_hundred_characters_stay_for_ten_seconds_and_nothing_for_ever() -> None:
    assert (reading_s("Saved"), reading_s("x" * 100), reading_s("x" * 9_999)) == (4.0, 10.0, 20.0)


@given(st.text(max_size=500), st.integers(1, 100))
def test_whatever_a_server_says_fits_and_does_not_drive_the_terminal(sentence: str, width: int) -> None:
    rows = notice_rows(sentence, width)
    assert len(rows) <= MOST_ROWS
    assert all(cell_len(row) <= width and display_line(row).text == row for row in rows)


def test_what_is_cut_off_ends_with_an_ellipsis() -> None:
    assert notice_rows("one two three four five", 7)[-1].endswith("…")
    assert notice_rows("x" * 40, 10) == [" xxxxxxxx…"]

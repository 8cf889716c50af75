"""The bottom row: never says more than is known, and always what matters most."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.strip import Strip

from collabterm.document.display import display_line
from collabterm.session.events import (
    Alone,
    Behind,
    Connecting,
    InSync,
    Signaling,
    SignedIn,
    SignedOut,
    SigningIn,
    Status,
    Syncing,
)
from collabterm.tui.status_bar import Said, StatusBar, describe, fitted
from collabterm.tui.theme import DARK, LIGHT

STATUSES: list[Status] = [
    Alone(),
    Connecting(("bob",)),
    Connecting(("bob", "cleo", "dan", "eve", "fay")),
    Syncing(),
    Behind(("bob", "cleo")),
    InSync(2),
]
UPGRADE = "The server speaks another protocol: upgrade it."
SIGNALINGS: list[Signaling] = [
    SigningIn(),
    SignedIn(hosting=False),
    SignedIn(hosting=True),
    SignedIn(hosting=False, awaited=("ana",)),
    SignedOut("gone"),
    SignedOut("full", is_turned_away=True),
    SignedOut(UPGRADE, is_final=True),
]


@pytest.mark.parametrize(("status", "signaling"), [*product(STATUSES, SIGNALINGS)])
def test_it_says_in_sync_exactly_when_that_is_known(status: Status, signaling: Signaling) -> None:
    assert ("in sync" in describe(status, signaling)) == isinstance(status, InSync)


@pytest.mark.parametrize(("status", "signaling"), [*product(STATUSES, SIGNALINGS)])
def test_it_says_so_whenever_the_server_is_away(status: Status, signaling: Signaling) -> None:
    words = describe(status, signaling)
    assert ("no server" in words or "turned away" in words) == isinstance(signaling, SignedOut)


@pytest.mark.parametrize(
    ("status", "signaling", "words"),
    [
        (Alone(), SigningIn(), "◌ signing in"),
        (Alone(), SignedIn(hosting=False), "alone here"),
        (Alone(), SignedIn(hosting=True), "alone here │ hosting"),
        (Alone(), SignedIn(hosting=False, awaited=("ana",)), "◌ waiting for ana to return"),
        (Alone(), SignedIn(hosting=False, awaited=("a", "b")), "◌ waiting for a, b to return"),
        (Alone(), SignedOut("gone"), "no server, trying again"),
        (Alone(), SignedOut("full", is_turned_away=True), "turned away, trying again"),
        (Alone(), SignedOut(UPGRADE, is_final=True), f"no server: {UPGRADE}"),
        (InSync(1), SignedOut(UPGRADE, is_final=True), f"● in sync with 1 │ no server: {UPGRADE}"),
        (Connecting(("bob",)), SigningIn(), "◌ connecting to bob │ ◌ signing in"),
        (Connecting(("bob", "cleo")), SignedIn(hosting=False), "◌ connecting to bob, cleo"),
        (
            Connecting(("bob", "cleo", "dan", "eve", "fay")),
            SignedIn(hosting=True),
            "◌ connecting to bob, cleo, dan and 2 more │ hosting",
        ),
        (Connecting(("bob",)), SignedOut("gone"), "◌ connecting to bob │ no server, trying again"),
        (Syncing(), SignedIn(hosting=False), "◌ syncing"),
        (Syncing(), SignedIn(hosting=True), "◌ syncing │ hosting"),
        (Syncing(), SignedOut("gone"), "◌ syncing │ no server, trying again"),
        (Behind(("bob",)), SignedIn(hosting=False), "✗ differs from bob, repairing"),
        (Behind(("bob",)), SignedOut("gone"), "✗ differs from bob, repairing │ no server, trying again"),
        (InSync(1), SignedIn(hosting=False), "● in sync with 1"),
        (InSync(7), SignedIn(hosting=True), "● in sync with 7 │ hosting"),
        (InSync(2), SigningIn(), "● in sync with 2 │ ◌ signing in"),
        (InSync(2), SignedOut("gone"), "● in sync with 2 │ no server, trying again"),
        (
            InSync(2),
            SignedOut("full", is_turned_away=True),
            "● in sync with 2 │ turned away, trying again",
        ),
    ],
)
def test_each_state_has_its_words(status: Status, signaling: Signaling, words: str) -> None:
    assert describe(status, signaling) == words


def test_names_are_harmless() -> None:
    hostile = ("a\x1b[31m", "\u202eb")
    assert describe(Connecting(hostile), SignedIn(hosting=False)).isprintable()
    assert describe(Alone(), SignedIn(hosting=False, awaited=hostile)).isprintable()


SAID = Said("demo", "● in sync with 2", "", "notes.txt", "12:7")
WIDTHS = st.integers(1, 120)


def row_of(said: Said, width: int) -> str:
    """Put together what is said in a row, as wide as it comes."""
    _, left, right = fitted(said, width)
    return f"{left}{right}"


@pytest.mark.parametrize(
    ("said", "width", "left", "right"),
    [
        (SAID, 60, " demo │ ● in sync with 2 ", " notes.txt │ 12:7 "),
        (
            replace(SAID, notice="Saved notes.txt", details="3 cursors │ python"),
            100,
            " demo │ ● in sync with 2 │ Saved notes.txt ",
            " notes.txt │ 3 cursors │ python │ 12:7 ",
        ),
        (replace(SAID, details="3 cursors │ python"), 45, " demo │ ● in sync with 2 ", " notes.txt │ 12:7 "),
        (SAID, 38, " ● in sync with 2 ", " 12:7 "),
        (SAID, 24, " ● in sync with 2 ", " 12:7 "),
        (SAID, 20, " ● in sync wi…", " 12:7 "),
        (replace(SAID, known=""), 60, " demo ", " notes.txt │ 12:7 "),
        (replace(SAID, room="a-very-long-name-of-a-room"), 60, " a-very-long-nam… │ ● in sync with 2 ",
         " notes.txt │ 12:7 "),
    ],
)  # fmt: skip
def test_names_and_details_give_way_to_what_is_known(said: Said, width: int, left: str, right: str) -> None:
    assert fitted(said, width)[1:] == (left, right)


@pytest.mark.parametrize(("status", "signaling"), [*product(STATUSES, SIGNALINGS)])
def test_twenty_columns_still_say_how_the_connection_is(status: Status, signaling: Signaling) -> None:
    known = describe(status, signaling)
    left = fitted(replace(SAID, known=known, notice="Saved notes.txt"), 20)[1]
    beginning = left.strip()[:9].rstrip("… ")
    assert known.startswith(beginning)
    assert len(beginning) >= 8


@given(
    room=st.text(max_size=40),
    known=st.sampled_from([describe(*both) for both in product(STATUSES, SIGNALINGS)]),
    notice=st.sampled_from(["", "Saved", "中" * 40, "x" * 200]),
    file=st.text(max_size=60),
    details=st.sampled_from(["", "python", "3 cursors │ python"]),
    width=WIDTHS,
)
def test_what_is_chosen_fits_and_nothing_in_it_drives_the_terminal(
    room: str, known: str, notice: str, file: str, details: str, width: int
) -> None:
    room_part, left, right = fitted(Said(room, known, notice, file, "1:1", details), width)
    assert left.startswith(room_part)
    assert cell_len(left) + cell_len(right) <= width
    assert display_line(left + right).text == left + right


@given(width=st.integers(60, 120))
def test_a_row_with_room_shows_everything(width: int) -> None:
    row = row_of(replace(SAID, details="python"), width)
    assert all(words in row for words in ("demo", SAID.known, "notes.txt", "python", "12:7"))


class BarApp(App[None]):
    """A screen with a status bar and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = StatusBar(DARK)

    def compose(self) -> ComposeResult:
        yield self.bar


def row(app: BarApp) -> str:
    return app.bar.render_line(0).text


@pytest.fixture(params=[80, 40, 20, 10, 1])
def width(request: pytest.FixtureRequest) -> int:
    cells: int = request.param
    return cells


async def test_the_row_is_as_wide_as_the_screen_and_keeps_the_position(width: int) -> None:
    app = BarApp()
    async with app.run_test(size=(width, 3)):
        app.bar.say(replace(SAID, notice="Saved notes.txt"))
        assert app.bar.render_line(0).cell_length == width
        if width >= 20:
            assert row(app).endswith(" 12:7 ")
            assert "● in sync" in row(app)
        if width >= 80:
            assert row(app).startswith(" demo │ ")
            assert row(app).endswith("notes.txt │ 12:7 ")


async def test_a_question_takes_the_whole_row_until_something_else_is_said() -> None:
    app = BarApp()
    async with app.run_test(size=(30, 3)):
        app.bar.say(SAID)
        question = Strip([Segment(" Save as: x▏".ljust(30))])
        app.bar.show_prompt(question)
        assert app.bar.render_line(0) == question
        app.bar.say(SAID)
        assert row(app).startswith(" ● in sync with 2 ")


async def test_nothing_in_the_row_drives_the_terminal() -> None:
    app = BarApp()
    async with app.run_test(size=(60, 3)):
        app.bar.say(Said("de\x1bmo", "\u202eleft\x9b", "\x1b[2J", "\x07file", "1:1"))
        assert row(app).isprintable()


async def test_the_row_is_painted_as_the_theme_says() -> None:
    app = BarApp()
    async with app.run_test(size=(60, 3)):
        app.bar.say(SAID)
        dark = app.bar.render_line(0)
        app.bar.show_as(LIGHT)
        light = app.bar.render_line(0)
        assert dark.text == light.text
        for strip, theme in ((dark, DARK), (light, LIGHT)):
            styles = {segment.text.strip(): segment.style for segment in strip}
            assert styles["demo"] == theme.bar + theme.bar_strong

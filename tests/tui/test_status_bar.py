"""The bottom row: never says more than is known, and always what matters most."""

from __future__ import annotations

from itertools import product

import pytest
from textual.app import App, ComposeResult

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
from collabterm.tui.status_bar import StatusBar, describe

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
    SignedOut("gone"),
    SignedOut(UPGRADE, is_final=True),
]


@pytest.mark.parametrize(("status", "signaling"), [*product(STATUSES, SIGNALINGS)])
def test_it_says_in_sync_exactly_when_that_is_known(status: Status, signaling: Signaling) -> None:
    assert ("in sync" in describe(status, signaling)) == isinstance(status, InSync)


@pytest.mark.parametrize(("status", "signaling"), [*product(STATUSES, SIGNALINGS)])
def test_it_says_so_whenever_the_server_is_away(status: Status, signaling: Signaling) -> None:
    assert ("no server" in describe(status, signaling)) == isinstance(signaling, SignedOut)


@pytest.mark.parametrize(
    ("status", "signaling", "words"),
    [
        (Alone(), SigningIn(), "◌ signing in"),
        (Alone(), SignedIn(hosting=False), "alone here"),
        (Alone(), SignedIn(hosting=True), "alone here │ hosting"),
        (Alone(), SignedOut("gone"), "no server, trying again"),
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
    ],
)
def test_each_state_has_its_words(status: Status, signaling: Signaling, words: str) -> None:
    assert describe(status, signaling) == words


def test_names_are_harmless() -> None:
    words = describe(Connecting(("a\x1b[31m", "\u202eb")), SignedIn(hosting=False))
    assert words.isprintable()


class BarApp(App[None]):
    """A screen with a status bar and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = StatusBar()

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
        app.bar.show_status("demo", "● in sync with 2 │ Saved notes.txt", "notes.txt │ 12:7")
        assert app.bar.render_line(0).cell_length == width
        if width >= 40:
            assert row(app).startswith(" demo │ ")
            assert row(app).endswith("notes.txt │ 12:7 ")


async def test_a_question_takes_the_whole_row_and_shows_its_end() -> None:
    app = BarApp()
    async with app.run_test(size=(30, 3)):
        app.bar.show_status("demo", "● in sync with 2", "1:1")
        app.bar.show_prompt("Save as: /a/long/path/to/some/where.txt▏")
        assert row(app).endswith("/to/some/where.txt▏")
        assert len(row(app)) == 30
        app.bar.show_status("demo", "● in sync with 2", "1:1")
        assert row(app).startswith(" demo │ ● in sync")


async def test_nothing_in_the_row_drives_the_terminal() -> None:
    app = BarApp()
    async with app.run_test(size=(60, 3)):
        app.bar.show_status("de\x1bmo", "\u202eleft\x9b", "\x07file │ 1:1")
        assert row(app).isprintable()
        app.bar.show_prompt("Save as: \x1b]0;title\x07\u2066")
        assert row(app).isprintable()

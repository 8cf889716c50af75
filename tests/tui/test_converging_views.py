"""Several real editors on one document: after any plan all show the same text, and it is on their screens."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Final

import pytest

from collabterm.document.lines import Location
from collabterm.tui.settings import EditorSettings
from tests.gathering import FILLER, PIECES, Gathering, is_token
from tests.tui.seats import HEIGHT, WIDTH, Seat, seated, settle
from tests.waiting import until

SEEDS: Final = range(24)
STEPS: Final = 120

MOTIONS: Final = (
    "left", "right", "up", "down", "home", "end", "pageup", "pagedown", "ctrl+left", "ctrl+right",
    "ctrl+home", "ctrl+end", "shift+left", "shift+right", "shift+up", "shift+down", "ctrl+down", "ctrl+l",
    "ctrl+shift+right", "alt+shift+down", "alt+shift+up", "alt+n", "alt+n", "alt+m", "alt+p", "ctrl+c",
    "alt+z", "escape", "escape",
)  # fmt: skip
EDITS: Final = (
    "enter", "enter", "tab", "shift+tab", "backspace", "backspace", "delete", "ctrl+w", "ctrl+delete",
    "ctrl+z", "ctrl+z", "ctrl+z", "ctrl+y", "alt+up", "alt+down", "ctrl+d", "ctrl+k", "ctrl+slash", "alt+j",
    "alt+u", "alt+l", "ctrl+x", "ctrl+v", "(",
)  # fmt: skip
BAR_KEYS: Final = (
    "enter", "enter", "alt+a", "tab", "up", "down", "alt+c", "alt+r", "alt+s", "escape", "escape",
)  # fmt: skip
PATTERNS: Final = ("a", "b", " ", "é", "^", "$", r"\s", "[^a]")


def any_seat(random: Random) -> tuple[EditorSettings, str | None]:
    """Choose how somebody's editor looks, and a language."""
    settings = EditorSettings(
        wrap=random.random() < 0.5,
        line_numbers=random.random() < 0.5,
        tab_size=random.choice((4, 8, 3)),
        indent=random.choice((None, "\t", "  ")),
        hints=random.random() < 0.5,
    )
    return settings, random.choice((None, "python"))


async def act(gathering: Gathering, seat: Seat, peer: str, random: Random) -> None:
    """Let one person do one thing at their editor."""
    match random.choices(range(7), (30, 35, 25, 8, 6, 2, 6))[0]:
        case 0:
            keys = [gathering.token() for _ in range(random.randint(1, 4))]
        case 1:
            keys = random.choices(EDITS, k=random.randint(1, 3))
        case 2:
            keys = random.choices(MOTIONS, k=random.randint(1, 3))
        case 3:
            keys = []
            pieces = random.choices((*FILLER, *PIECES, "\n"), k=random.randint(0, 20))
            with gathering.noting(peer):
                await seat.paste("".join((gathering.token(), *pieces, gathering.token())))
        case 4:
            keys = []
            await seat.click(
                random.randrange(HEIGHT - 3),
                random.randrange(WIDTH),
                shift=random.random() < 0.3,
                alt=random.random() < 0.3,
            )
        case 5:
            keys = ["ctrl+a", gathering.token()]
        case _:
            keys = searching(random, gathering.token())
    if seat.is_asked:
        keys = random.choices((*BAR_KEYS, gathering.token()), k=random.randint(1, 3))
    for key in keys:
        with gathering.noting(peer):
            await seat.press(key)
            await until(lambda: not seat.is_busy, "the command is done")
        if len(key) == 1 and is_token(key) and not seat.is_asked:
            seat.check_sight()


def searching(random: Random, token: str) -> list[str]:
    """Choose keys that look for a regular expression, and replace one match or all by something."""
    replacement = random.choice((token, "", r"\g<0>\n"))
    toggles = random.choice((["alt+r"], []))
    keys = ["ctrl+r", "ctrl+f", *random.choice(PATTERNS), *toggles, "tab", *replacement]
    keys += random.choice((["enter"], ["alt+a"], []))
    return keys + random.choice((["escape"], []))


async def carry(gathering: Gathering, random: Random) -> None:
    """Let the network do one thing."""
    network = gathering.network
    link = random.choice(network.links)
    match random.choices(range(6), (30, 30, 20, 10, 4, 3))[0]:
        case 0:
            network.speak_all()
            network.deliver(*link, random.randint(1, 4))
        case 1:
            network.speak_all()
            network.deliver_datagram(*link, random.randrange(4), copies=random.randint(0, 2))
        case 2:
            network.pass_time(random.choice((0.01, 0.1, 0.5, 1.0)))
        case 3:
            network.deliver_all()
        case 4:
            random.choice((network.cut, network.notice_loss, network.mend))(*link)
        case _:
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_any_plan_all_screens_show_the_same_text(seed: int) -> None:
    random = Random(seed)
    gathering = Gathering(random.choice((2, 3)), random.choice(("mesh", "line")))
    async with seated(gathering, lambda: any_seat(random)) as seats:
        for step in range(STEPS):
            index = random.randrange(len(seats))
            if random.random() < 0.5:
                await act(gathering, seats[index], gathering.peers[index], random)
            else:
                await carry(gathering, random)
            gathering.check()
            if step % 40 == 39:
                await settle(gathering, seats)


async def test_keys_that_come_in_one_read_take_effect_in_their_order() -> None:
    gathering = Gathering(2)
    async with seated(gathering) as seats:
        await seats[0].press("K", "backspace", "U")
        await settle(gathering, seats)
        assert [seat.room.document.text() for seat in seats] == ["U", "U"]
        assert [seat.terminal.rows[1].rstrip() for seat in seats] == ["U", "U"]


async def test_edits_above_a_view_without_line_numbers_paint_nothing_in_it() -> None:
    gathering = Gathering(2)
    async with seated(gathering) as seats:
        ann, bob = seats
        await ann.paste("\n".join(f"row {number}" for number in range(60)))
        await settle(gathering, seats)
        before, cursor = ann.terminal.rows[1:-2], ann.app.view.selection.head
        ann.written.clear()
        await bob.press("ctrl+home", "enter", "x", "enter")
        gathering.network.deliver_all()
        await ann.painted()
        assert ann.room.document.text().startswith("\nx\nrow 0\n")
        assert ann.terminal.rows[1:-2] == before
        assert ann.app.view.selection.head == Location(cursor.row + 2, cursor.column)
        assert not any("row" in written for written in ann.written), "rows that did not change were painted"
        await settle(gathering, seats)


async def test_undo_takes_back_ones_own_and_leaves_the_others_text_on_both_screens() -> None:
    gathering = Gathering(2)
    async with seated(gathering) as seats:
        ann, bob = seats
        await ann.press("m", "i", "n", "e")
        await settle(gathering, seats)
        await bob.press("home", "h", "i", "s", "space")
        await bob.press(" ")
        await settle(gathering, seats)
        await ann.press("ctrl+z")
        await settle(gathering, seats)
        assert {seat.room.document.text() for seat in seats} == {"his "}
        await ann.press("ctrl+y")
        await settle(gathering, seats)
        assert {seat.terminal.rows[1].rstrip() for seat in seats} == {"his mine"}


async def test_nothing_that_controls_a_terminal_comes_through_text_or_names() -> None:
    gathering = Gathering(2)
    gathering.room("b").presence.name = "\x1b]0;owned\x07\x9b2J\u202eevil"
    async with seated(gathering) as seats:
        ann, bob = seats
        ann.written.clear()
        await bob.paste("\x1b]0;owned\x07 \x9b2J \x00 \x85 \u202e \u2066 \u200f \u2028 \x7f")
        await settle(gathering, seats)
        written = "".join(ann.written)
        assert "owned" in written
        assert not set("\x07\x9b\x00\x85\u202e\u2066\u200f\u2028\x7f") & set(written)
        assert "\x1b]" not in written

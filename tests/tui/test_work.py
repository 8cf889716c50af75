"""Work in parts: one piece at a time, and whatever is done meanwhile comes after it, in order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from collabterm.tui.work import Work
from tests.waiting import until


def parts(done: list[str], name: str, count: int) -> Iterator[None]:
    """Work that notes each of its parts."""
    for number in range(count):
        done.append(f"{name}{number}")
        if number < count - 1:
            yield


async def is_over(work: Work) -> None:
    await until(lambda: not work.is_busy, "the work is done")


def test_work_of_one_part_is_done_at_once() -> None:
    work, done = Work(), list[str]()
    work.start(parts(done, "a", 1))
    assert done == ["a0"]
    assert not work.is_busy


def test_a_deed_is_done_at_once_while_there_is_no_work() -> None:
    work, done = Work(), list[str]()
    work.after(lambda: done.append("deed"))
    assert done == ["deed"]


async def test_only_the_first_part_is_done_before_the_loop_turns() -> None:
    work, done = Work(), list[str]()
    work.start(parts(done, "a", 3))
    assert done == ["a0"]
    assert work.is_busy
    await is_over(work)
    assert done == ["a0", "a1", "a2"]


async def test_deeds_and_further_work_wait_and_keep_their_order() -> None:
    work, done = Work(), list[str]()
    work.start(parts(done, "a", 2))
    work.after(lambda: done.append("deed"))
    work.start(parts(done, "b", 2))
    work.after(lambda: done.append("another"))
    await is_over(work)
    assert done == ["a0", "a1", "deed", "b0", "b1", "another"]


async def test_work_that_a_deed_starts_is_done_before_what_waits_behind_the_deed() -> None:
    work, done = Work(), list[str]()
    work.start(parts(done, "a", 2))
    work.after(lambda: work.start(parts(done, "b", 3)))
    work.after(lambda: done.append("deed"))
    await is_over(work)
    assert done == ["a0", "a1", "b0", "b1", "b2", "deed"]


async def test_any_number_of_deeds_may_wait_and_start_work_of_their_own() -> None:
    work, done = Work(), list[str]()
    work.start(parts(done, "a", 2))
    for number in range(3000):
        work.after(partial(lambda name: work.start(parts(done, name, 1)), f"{number}-"))
    await is_over(work)
    assert done == ["a0", "a1", *(f"{number}-0" for number in range(3000))]


async def test_any_amount_of_work_may_wait() -> None:
    work, done = Work(), list[str]()
    work.start(parts(done, "a", 2))
    for number in range(3000):
        work.start(parts(done, f"{number}-", 1))
    work.start(parts(done, "z", 2))
    await is_over(work)
    assert done == ["a0", "a1", *(f"{number}-0" for number in range(3000)), "z0", "z1"]


def test_what_a_part_starts_or_puts_off_comes_after_its_work() -> None:
    work, done = Work(), list[str]()

    def starting() -> Iterator[None]:
        work.after(lambda: done.append("deed"))
        work.start(parts(done, "b", 1))
        yield from parts(done, "a", 1)

    work.start(starting())
    assert (work.is_busy, done) == (False, ["a0", "deed", "b0"])


async def test_an_error_in_a_part_ends_the_work_and_nothing_else() -> None:
    work = Work()

    def failing() -> Iterator[None]:
        for number in (0,):
            assert number, "a mistake"
            yield

    with pytest.raises(AssertionError, match="a mistake"):
        work.start(failing())
    done: list[int] = []
    work.after(lambda: done.append(1))
    assert (work.is_busy, done) == (False, [1])

"""Up to five peers do anything at any time over networks that fail: all end with the same, right text."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.gathering import FILLER, PIECES, SHAPES, Gathering

ANYBODY = st.integers(0, 4)
ANYWHERE = st.integers(0, 200)
ANY_LINK = st.integers(0, 19)
TEXTS = st.lists(st.sampled_from((*FILLER, *PIECES)), max_size=5).map("".join)
PAUSES_S = st.sampled_from((0.01, 0.06, 0.12, 0.25, 0.5, 0.9, 1.2, 2.5, 5.0, 40.0))
MOST_PEERS = 5


class Convergence(RuleBasedStateMachine):
    """Every step may come at any time; ``settle`` and the end of each plan check everything."""

    @initialize(size=st.integers(1, 4), shape=st.sampled_from(SHAPES))
    def gather(self, size: int, shape: str) -> None:
        self.gathering = Gathering(size, shape)
        self.network = self.gathering.network

    @rule(who=ANYBODY, place=ANYWHERE, before=TEXTS, behind=TEXTS)
    def insert(self, who: int, place: int, before: str, behind: str) -> None:
        self.gathering.replace(self.peer(who), place, 0, before + self.gathering.token() + behind)

    @rule(who=ANYBODY, place=ANYWHERE, length=st.integers(1, 12))
    def delete(self, who: int, place: int, length: int) -> None:
        self.gathering.replace(self.peer(who), place, length, "")

    @rule(who=ANYBODY, place=ANYWHERE, length=st.integers(1, 12), text=TEXTS)
    def overwrite(self, who: int, place: int, length: int, text: str) -> None:
        self.gathering.replace(self.peer(who), place, length, text + self.gathering.token())

    @rule(who=ANYBODY, place=ANYWHERE, lines=st.lists(TEXTS, min_size=2, max_size=6))
    def paste(self, who: int, place: int, lines: list[str]) -> None:
        text = "\n".join(self.gathering.token() + line for line in lines)
        self.gathering.replace(self.peer(who), place, 0, text)

    @rule(who=ANYBODY, place=ANYWHERE, count=st.integers(2, 6), pause_s=st.sampled_from((0.01, 0.1, 1.0)))
    def type_on(self, who: int, place: int, count: int, pause_s: float) -> None:
        peer = self.peer(who)
        place %= len(self.gathering.document(peer).text()) + 1
        for number in range(count):
            self.gathering.replace(peer, place + number, 0, self.gathering.token())
            self.network.speak(peer)
            self.network.pass_time(pause_s)

    @rule(who=ANYBODY, times=st.integers(1, 3))
    def undo(self, who: int, times: int) -> None:
        for _ in range(times):
            self.gathering.undo(self.peer(who))

    @rule(who=ANYBODY, times=st.integers(1, 3))
    def redo(self, who: int, times: int) -> None:
        for _ in range(times):
            self.gathering.redo(self.peer(who))

    @rule(who=ANYBODY)
    def speak(self, who: int) -> None:
        self.network.speak(self.peer(who))

    @precondition(lambda self: self.network.links)
    @rule(link=ANY_LINK, count=st.integers(1, 4))
    def deliver(self, link: int, count: int) -> None:
        self.network.deliver(*self.link(link), count)

    @precondition(lambda self: self.network.links)
    @rule(link=ANY_LINK, index=st.integers(0, 5), copies=st.integers(0, 2))
    def deliver_datagram(self, link: int, index: int, copies: int) -> None:
        self.network.deliver_datagram(*self.link(link), index, copies=copies)

    @rule()
    def deliver_all(self) -> None:
        self.network.deliver_all()

    @rule(seconds=PAUSES_S)
    def pass_time(self, seconds: float) -> None:
        self.network.pass_time(seconds)

    @precondition(lambda self: self.network.links)
    @rule(link=ANY_LINK)
    def cut(self, link: int) -> None:
        self.network.cut(*self.link(link))

    @precondition(lambda self: self.network.links)
    @rule(link=ANY_LINK)
    def one_end_finds_the_link_dead(self, link: int) -> None:
        self.network.notice_loss(*self.link(link))

    @precondition(lambda self: self.network.links)
    @rule(link=ANY_LINK)
    def mend(self, link: int) -> None:
        self.network.mend(*self.link(link))

    @precondition(lambda self: len(self.gathering.peers) < MOST_PEERS)
    @rule()
    def join(self) -> None:
        self.gathering.join()

    @rule()
    def settle(self) -> None:
        self.gathering.settle()

    @invariant()
    def check(self) -> None:
        self.gathering.check()

    def teardown(self) -> None:
        self.gathering.settle()

    def peer(self, number: int) -> str:
        return self.gathering.peers[number % len(self.gathering.peers)]

    def link(self, number: int) -> tuple[str, str]:
        links = self.network.links
        return links[number % len(links)]


TestConvergence = Convergence.TestCase
TestConvergence.settings = settings(
    max_examples=200, stateful_step_count=40, derandomize=True, deadline=None, database=None
)

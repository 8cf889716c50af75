"""``python -m tests.soak``: random plans of the convergence test, at length; it checks nothing itself.

Every plan has a seed, printed when it fails: ``python -m tests.soak --first SEED --seeds 1`` plays it again.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from random import Random
from time import perf_counter

from tests.gathering import FILLER, PIECES, SHAPES, Gathering

_MOST_PEERS = 5
_PAUSES_S = (0.01, 0.06, 0.12, 0.25, 0.5, 0.9, 1.2, 2.5, 5.0, 40.0)


def play(seed: int, steps: int) -> None:
    """Play the plan of one seed.

    Raises:
        AssertionError: If something does not hold.
    """
    random = Random(seed)
    gathering = Gathering(random.randint(2, 4), random.choice(SHAPES))
    writers = gathering.peers[: random.choice((1, 5, 5, 5))]
    for _ in range(steps):
        _step(gathering, random, random.choice(writers))
        gathering.check()
    gathering.settle()


def _step(gathering: Gathering, random: Random, peer: str) -> None:
    network = gathering.network
    link = random.choice(network.links)
    place = random.randrange(200)
    match random.choices(range(12), (20, 8, 8, 5, 8, 6, 12, 12, 8, 8, 2, 1))[0]:
        case 0:
            gathering.replace(peer, place, 0, _text(gathering, random))
        case 1:
            gathering.replace(peer, place, random.randint(1, 12), "")
        case 2:
            gathering.replace(peer, place, random.randint(1, 12), _text(gathering, random))
        case 3:
            _type_on(gathering, random, peer)
        case 4:
            for _ in range(random.randint(1, 3)):
                gathering.undo(peer)
        case 5:
            for _ in range(random.randint(1, 3)):
                gathering.redo(peer)
        case 6:
            network.speak(random.choice(gathering.peers))
            network.deliver(*link, random.randint(1, 4))
        case 7:
            network.deliver_datagram(*link, random.randrange(6), copies=random.randint(0, 2))
        case 8:
            network.pass_time(random.choice(_PAUSES_S))
        case 9:
            random.choice((network.cut, network.notice_loss, network.mend))(*link)
        case 10:
            random.choice((network.deliver_all, gathering.settle))()
        case _:
            if len(gathering.peers) < _MOST_PEERS:
                gathering.join()


def _text(gathering: Gathering, random: Random) -> str:
    pieces = random.choices((*FILLER, *PIECES), k=random.randint(0, 6))
    pieces += [gathering.token() for _ in range(random.randint(1, 3))]
    random.shuffle(pieces)
    return "".join(pieces)


def _type_on(gathering: Gathering, random: Random, peer: str) -> None:
    pause_s = random.choice((0.01, 0.1, 1.0))
    place = random.randrange(len(gathering.document(peer).text()) + 1)
    for number in range(random.randint(2, 6)):
        gathering.replace(peer, place + number, 0, gathering.token())
        gathering.network.speak(peer)
        gathering.network.pass_time(pause_s)


def main() -> int:
    """Play the plans asked for; return how the process ends."""
    parser = argparse.ArgumentParser(description="Play random plans of the convergence test.")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many plans (default 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first plan's seed (default 0)")
    parser.add_argument("--steps", type=int, default=60, help="steps of a plan (default 60)")
    asked = parser.parse_args()
    started_s = perf_counter()
    for seed in range(asked.first, asked.first + asked.seeds):
        try:
            play(seed, asked.steps)
        except Exception:  # noqa: BLE001  # whatever it was, the seed that shows it is printed
            traceback.print_exc()
            print(f"failed: python -m tests.soak --first {seed} --seeds 1 --steps {asked.steps}")
            return 1
    print(f"{asked.seeds} plans from seed {asked.first} hold ({perf_counter() - started_s:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())

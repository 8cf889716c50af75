"""What was measured, beside what it should be; it must not measure anything itself."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil

MILLISECOND = 0.001


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table: what it is, goal and measurement in words, and whether the goal is met."""

    name: str
    goal: str
    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure: ``full`` samples for the README, a quarter of them for a look."""

    quick: bool

    def samples(self, full: int) -> int:
        """Return how many of ``full`` samples to take."""
        return max(3, full // 4) if self.quick else full


Benchmark = Callable[[Effort], Iterable[Figure]]


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the smallest sample that ``percent`` of all samples do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def median(samples: Sequence[float]) -> float:
    """Return the 50th percentile."""
    return percentile(samples, 50)


def latency_figure(name: str, samples: Sequence[float], p50_ms: float, p99_ms: float) -> Figure:
    """Return the figure of a latency, samples in seconds, with goals for its 50th and 99th percentile."""
    p50, p99 = (percentile(samples, percent) / MILLISECOND for percent in (50, 99))
    return Figure(
        name,
        f"≤ {p50_ms:g} ms / ≤ {p99_ms:g} ms",
        f"{p50:.1f} ms / {p99:.1f} ms ({len(samples)} keys, worst {max(samples) / MILLISECOND:.1f})",
        p50 <= p50_ms and p99 <= p99_ms,
    )


def typical_figure(name: str, samples: Sequence[float], goal_ms: float) -> Figure:
    """Return the figure of a latency, samples in seconds, with a goal for its median only."""
    p50, p99 = (percentile(samples, percent) / MILLISECOND for percent in (50, 99))
    return Figure(
        name, f"≤ {goal_ms:g} ms", f"{p50:.1f} ms / {p99:.1f} ms (of {len(samples)})", p50 <= goal_ms
    )


def duration_figure(name: str, samples: Sequence[float], goal_s: float) -> Figure:
    """Return the figure of a duration, samples in seconds, with a goal for its median."""
    middle, worst = median(samples), max(samples)
    return Figure(
        name, f"≤ {goal_s:g} s", f"{middle:.2f} s (of {len(samples)}, worst {worst:.2f})", middle <= goal_s
    )


def run(*benchmarks: Benchmark) -> None:
    """Run benchmarks as the command line says and print their figures as a Markdown table."""
    parser = argparse.ArgumentParser(description="Measure the real commands in real pseudo-terminals.")
    parser.add_argument("--quick", action="store_true", help="a quarter of the samples")
    effort = Effort(quick=parser.parse_args().quick)
    print("| figure | goal | measured | |\n|---|---|---|---|", flush=True)
    for benchmark in benchmarks:
        for figure in benchmark(effort):
            print(
                f"| {figure.name} | {figure.goal} | {figure.measured} | {'' if figure.met else 'missed'} |",
                flush=True,
            )

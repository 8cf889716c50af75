"""All benchmarks one after the other, as one table; it must not measure anything itself."""

from __future__ import annotations

from tests.benchmarks import joining, latency, startup, typing_together
from tests.benchmarks.report import run

if __name__ == "__main__":
    run(latency.measure, startup.measure, joining.measure, typing_together.measure)

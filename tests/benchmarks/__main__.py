"""All benchmarks one after the other, as one table; it must not measure anything itself."""

from __future__ import annotations

from tests.benchmarks import (
    comparison,
    editing,
    highlighting,
    joining,
    large_files,
    latency,
    receiving,
    signaling,
    startup,
    typing_together,
)
from tests.benchmarks.report import run

if __name__ == "__main__":
    run(
        latency.measure,
        editing.measure,
        comparison.measure,
        receiving.measure,
        highlighting.measure,
        startup.measure,
        joining.measure,
        large_files.measure,
        typing_together.measure,
        signaling.measure,
    )

"""Worker processes of these tests begin with the workloads loaded, as those of a run of the suite do."""

from __future__ import annotations

from pathlib import Path

from timetrial.models.pool.start_methods import preload

_BENCHMARKS = Path(__file__).parents[3] / "benchmarks"

preload(f"benchmarks.{path.stem}" for path in sorted(_BENCHMARKS.glob("test_*.py")))

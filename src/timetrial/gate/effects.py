"""A launch pair's effect, computed once: a gate of hundreds of benchmarks asks for it after each launch."""

from __future__ import annotations

from functools import lru_cache

from timetrial.gate.record import LaunchPair
from timetrial.stats.signed_rank import launch_effect


@lru_cache(maxsize=100_000)
def effect_of(launch: LaunchPair) -> float:
    """The median of log(candidate / base) over its pairs; raises GateError as ``launch_effect`` does."""
    return launch_effect(launch.base_s, launch.candidate_s)

"""From pairs to an effect and its scatter; an effect is computed once, since a large gate asks after each launch."""

from __future__ import annotations

import math
from functools import lru_cache

from timetrial.gate.record import BenchmarkRecord, LaunchPair
from timetrial.stats.signed_rank import launch_effect
from timetrial.stats.variance_components import Components, components


@lru_cache(maxsize=100_000)
def effect_of(launch: LaunchPair) -> float:
    """The median of log(candidate / base) over its pairs; raises GateError as ``launch_effect`` does."""
    return launch_effect(launch.base_s, launch.candidate_s)


def components_of(record: BenchmarkRecord) -> Components | None:
    """What a benchmark's pairs and launches scatter by, as far as it has been measured."""
    launches = [
        [math.log(new / old) for old, new in zip(each.base_s, each.candidate_s, strict=True) if old > 0 < new]
        for each in record.launches
    ]
    return components([each for each in launches if each])

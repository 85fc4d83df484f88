"""Values that were measured together share their luck: each such cluster counts as one value, and no more.

Variants of a test that are measured in one launch share its memory layout, its hash seed and the machine's mood, so
twenty of them leaning the same way in one launch are far less evidence than twenty launches. What they have in common
is one value a launch, their trimmed mean; over launches these are independent, and where nothing differs, swapping the
sides of a launch turns all of its members' effects over at once, and so that value. A test by sign flips of clusters
is therefore exact, whatever ties the members to each other (Gail, Mark, Carroll, Green and Pee, Statistics in Medicine
15, 1996, "On design considerations and randomization-based inference for community intervention trials").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from timetrial.stats.signed_rank import trimmed_mean

MOST_MISSING: Final = 0.25
"""A cluster that lacks more of the members than this says something else than the others do."""


def cluster_values(members: Sequence[Mapping[int, float]]) -> list[float]:
    """One value a cluster, in the order of the clusters' numbers, from each member's value by cluster.

    Clusters in which more than a quarter of the members were not measured are left out. The mean is trimmed, so that a
    single member that changed much doesn't speak for all. Empty for no members.
    """
    numbers = sorted({number for each in members for number in each})
    together = {number: [each[number] for each in members if number in each] for number in numbers}
    enough = (1 - MOST_MISSING) * len(members)
    return [trimmed_mean(values) for values in together.values() if len(values) >= enough]

"""What was measured together counts once: however much members share, chance is called an effect no more often."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest

from timetrial.stats.clusters import cluster_values
from timetrial.stats.sequential import Answer, Rule, confirm
from timetrial.stats.signed_rank import signed_rank_p

RULE = Rule(margin_log=math.log(1.01), detect_log=math.log(1.05), alpha=0.05, most=24)


def family(rng: random.Random, effect: float, shared: float, own: float, members: int = 12) -> list[dict[int, float]]:
    """Members that have part of each launch's luck in common, and part of it for themselves."""
    luck = [rng.gauss(0, shared) for _ in range(RULE.most)]
    return [{number: effect + each + rng.gauss(0, own) for number, each in enumerate(luck)} for _ in range(members)]


@pytest.mark.parametrize(("shared", "own"), [(0.0, 0.03), (0.02, 0.02), (0.03, 0.0)])
def test_members_that_share_their_luck_raise_no_more_false_alarms(shared: float, own: float) -> None:
    """At the margin alpha is allowed; a test of all values as one sample is wrong far more often."""
    rng = random.Random(f"{shared}")
    families = [family(rng, RULE.margin_log, shared, own) for _ in range(300)]
    alarms = sum(confirm(cluster_values(each), RULE).answer is Answer.SLOWER for each in families)
    assert alarms <= 300 * RULE.alpha + 3 * math.sqrt(300 * RULE.alpha)
    if shared and own:
        pooled = [[value for member in each for value in member.values()] for each in families[:60]]
        assert sum(signed_rank_p(each, RULE.margin_log) < RULE.alpha for each in pooled) > 6


def test_many_that_lean_a_little_are_proved_together_and_not_alone() -> None:
    """Which is what families are for."""
    rng = random.Random(3)
    families = [family(rng, 0.03, 0.004, 0.05) for _ in range(40)]
    assert sum(confirm(cluster_values(each), RULE).answer is Answer.SLOWER for each in families) >= 36
    alone: Iterator[list[float]] = (list(each[0].values()) for each in families)
    assert sum(confirm(each, RULE).answer is Answer.SLOWER for each in alone) <= 20


def test_one_member_does_not_speak_for_all() -> None:
    """However much slower it got."""
    members = [{0: 0.001 * number, 1: 0.002} for number in range(9)]
    assert max(cluster_values([*members, {0: 0.9, 1: 0.9}])) < 0.01


def test_clusters_that_lack_many_members_say_nothing_and_the_order_is_the_numbers() -> None:
    """A launch in which only the suspicious ones were measured is another family."""
    members = [{3: 0.3, 1: 0.1, 2: 0.2}, {3: 0.3, 1: 0.1, 2: 0.2}, {3: 0.3, 1: 0.1}, {3: 0.3, 1: 0.1}]
    assert cluster_values(members) == pytest.approx([0.1, 0.3])
    assert cluster_values([]) == []

"""What a self-test found: the gate's false alarms, its detection curve, and the time this machine needs for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

from timetrial.gate.policy import GatePolicy
from timetrial.gate.self_test import (
    Tally,
    launch_scatter,
    launches_to_catch,
    most_looked_at_again,
    seconds_per_benchmark,
    tally,
)
from timetrial.gate.store import StoredGate
from timetrial.report.text import about, columns

_HEAD: Final = ("injected", "benchmarks", "regressed", "95 % interval", "improved", "inconclusive", "gates with one")
_Z: Final = NormalDist().inv_cdf(0.975)


def self_test_lines(gates: Sequence[StoredGate]) -> list[str]:
    """The table and what follows from it; empty for no gates."""
    if not gates:
        return []
    rows = [_row(each) for each in tally(gates) if each.total]
    plain = sum(not gate.about["injected"] for gate in gates)
    return [
        f"{len(gates)} gates: {plain} of identical sides, {len(gates) - plain} with slowdowns injected into some "
        f"benchmarks",
        *columns([_HEAD, *rows], right=range(1, len(_HEAD))),
        *_needs(gates),
    ]


def _row(counted: Tally) -> tuple[str, ...]:
    low, high = wilson(counted.regressed, counted.total)
    return (
        f"+{counted.share:.0%}" if counted.share else "nothing",
        str(counted.total),
        f"{counted.regressed} ({counted.regressed / counted.total:.0%})",
        f"{low:.1%} to {high:.1%}",
        str(counted.improved),
        str(counted.inconclusive),
        f"{counted.alarmed_gates} of {counted.gates}",
    )


def _needs(gates: Sequence[StoredGate]) -> list[str]:
    """What a slowdown of the size that the policy wants to see takes on the noisiest benchmark, and what to set."""
    scatters, policy = launch_scatter(gates), gates[-1].asked
    if not scatters:
        return []
    noisiest = max(scatters, key=lambda name: scatters[name])
    again, per_benchmark_s = most_looked_at_again(gates), seconds_per_benchmark(gates)
    launches = launches_to_catch(scatters[noisiest], policy.detect, policy, again)
    screen_s = per_benchmark_s * len(scatters) * policy.screen_launches
    confirm_s = per_benchmark_s * again * launches
    return [
        f"launches of identical code scatter by {min(scatters.values()):.1%} to {scatters[noisiest]:.1%}, most in "
        f"{noisiest}",
        f"this machine needs about {about(screen_s)} to look at all {len(scatters)} benchmarks, and {launches} "
        f"launches to prove a slowdown of {policy.detect:.0%} in that one, about {about(confirm_s)} with {again} "
        f"looked at again (the most in these gates): {_what_to_set(screen_s + confirm_s, launches, policy)}",
    ]


def _what_to_set(seconds: float, launches: int, policy: GatePolicy) -> str:
    """In whole tens of seconds, and beside what is set now."""
    budget = 10 * max(1, math.ceil(seconds / 10))
    more = f"confirm_launches to {launches} and " if launches > policy.confirm_launches else ""
    return (
        f"set {more}budget_s to about {budget} s in [tool.timetrial.gate], or --budget {budget}s "
        f"(budget_s is {policy.budget_s:g})"
    )


def wilson(successes: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, JASA 22, 1927): sensible for small counts and for shares of 0 and 1."""
    if not total:
        return 0.0, 1.0
    share, z2 = successes / total, _Z * _Z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    reach = _Z * math.sqrt(share * (1 - share) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    return max(0.0, middle - reach), min(1.0, middle + reach)

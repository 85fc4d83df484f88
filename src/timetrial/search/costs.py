"""What a way costs besides time: CPU seconds and memory, from an accounting round of its own."""

from __future__ import annotations

from dataclasses import dataclass

from timetrial.results.ways import Way
from timetrial.search.probe import Probed
from timetrial.trial.accounting_round import account
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import Expected
from timetrial.workload import Workload


@dataclass(frozen=True)
class Cost:
    """CPU seconds an item, of all processes; the peak of their memory together, and of what kind those bytes are."""

    cpu_s_per_item: float
    memory_bytes: int
    memory_kind: str
    processes: int


def cost_of(workload: Workload, way: Way, probed: Probed) -> Cost:
    """Runs the items under watch; raises AccountingError where this machine can't be watched."""
    items = list(probed.items) * max(1, -(-way.concurrency // len(probed.items)))
    expected = Expected(tuple(probed.digests) * (len(items) // len(probed.items)), workload.comparable)
    figures = account(TrialPlan(workload, way.model, items, way.concurrency, expected))
    roles = [usage for role, usage in figures["roles"].items() if role != "server"]
    cpu_s = sum(each["cpu_user_s"] + each["cpu_system_s"] for each in roles)
    return Cost(
        cpu_s / max(1, figures["rounds"] * len(items)),
        sum(each["memory_peak_bytes"] for each in roles),
        "+".join(sorted({each["memory_kind"] for each in roles})),
        sum(each["processes_max"] for each in roles),
    )

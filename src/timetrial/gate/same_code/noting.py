"""Whether a gate may ask which benchmarks run the same code, and what it makes of the answers."""

from __future__ import annotations

from typing import Final

from timetrial.gate.lockstep.launch import Launch
from timetrial.gate.plan import GatePlan
from timetrial.gate.record import BenchmarkRecord, SideName
from timetrial.gate.same_code.agreement import agree
from timetrial.gate.same_code.note_launch import can_note, notes_of
from timetrial.gate.stock import records_of

_SHARE: Final = 0.25
"""Of the time that is left: how much noting may take."""


def may_be_noted(plan: GatePlan) -> bool:
    """Not where all is to be measured; nor of twice the same files and Python, which are compared to be measured."""
    base, candidate = plan.base, plan.candidate
    if plan.policy.measure_all or base is candidate:
        return False
    return (base.root, base.python) != (candidate.root, candidate.python)


def note(launch: Launch, plan: GatePlan, left_s: float) -> tuple[list[BenchmarkRecord], bool]:
    """The records of all that either side has, those marked that run the same code on both.

    And whether whoever started the gate has its answer by what was noted. Raises GateError for a side that can't go on.
    """
    records = records_of(launch, plan.shard)
    names = [each.name for each in records if each.trouble is None]
    if not names or not can_note(launch):
        return records, False
    plan.say(f"noting what {len(names)} benchmark{'' if len(names) == 1 else 's'} run, untimed")
    found = notes_of(launch, names, _SHARE * left_s)
    base, candidate = found[SideName.BASE], found[SideName.CANDIDATE]
    one_commit = plan.base.revision is not None and plan.base.revision == plan.candidate.revision
    agreement = agree(base, candidate, names, plan.seed, 0.0 if one_commit else plan.lot)
    for line in agreement.lines():
        plan.say(line)
    for record in records:
        record.same_code = agreement.same.get(record.name)
    answered = plan.on_noted({name: candidate.digest_of(name) for name in names})
    return records, answered

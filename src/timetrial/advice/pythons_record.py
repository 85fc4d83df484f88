"""What ``timetrial run --python … --json`` writes: the answer over all Pythons, and what each found by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from timetrial.advice.of_pythons import Behind, Contender, PythonAnswer
from timetrial.stats.lead import Lead

# 1: target, items, answer, reasons, contenders, pythons (each with its run, as record.py has it), interrupted.
SCHEMA_VERSION: Final = 1


def pythons_record(
    found: PythonAnswer | None, contenders: Sequence[Contender], reasons: Sequence[str], pythons: Sequence[Any]
) -> dict[str, Any]:
    """Ready for JSON; ``answer`` is null and ``reasons`` says why, where there is none.

    ``pythons`` has an object for each that was asked for, with its run's own record.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "pythons",
        "answer": _answer(found) if found is not None else None,
        "reasons": list(reasons),
        "contenders": [_contender(each, found) for each in contenders],
        "pythons": list(pythons),
    }


def _answer(found: PythonAnswer) -> dict[str, Any]:
    return {
        **_named(found.advised),
        "compared_with": found.base,
        "tied_with": [_behind(each) for each in found.tied],
        "next_best": _behind(found.next_best) if found.next_best is not None else None,
    }


def _behind(behind: Behind) -> Mapping[str, Any]:
    return {**_named(behind.contender), **_lead("takes", behind.lead)}


def _contender(each: Contender, found: PythonAnswer | None) -> dict[str, Any]:
    """``speedup`` is over the same kind, best or one item after the other, under the Python that is compared with."""
    return {
        **_named(each),
        "is_reference": each.is_reference,
        "s_per_item": each.s_per_item if any(each.launches) else None,
        "launches_s_per_item": [list(turns.values()) for turns in each.launches],
        **_lead("speedup", found.leads.get(each) if found is not None else None),
    }


def _named(each: Contender) -> dict[str, Any]:
    return {
        "name": each.name,
        "python": each.python.as_dict(),
        "no_fair_baseline": each.python.is_no_fair_baseline,
        "model": each.way.model,
        "concurrency": each.way.concurrency,
    }


def _lead(name: str, lead: Lead | None) -> dict[str, Any]:
    return {name: lead.ratio if lead else None, f"{name}_interval": [lead.low, lead.high] if lead else None}

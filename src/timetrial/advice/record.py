"""A run's answer as JSON: what ``timetrial run --json`` writes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from timetrial.advice.answer import Answer, as_dict
from timetrial.advice.of_findings import code_of, reasons, shares_of
from timetrial.results.ways import Way
from timetrial.search.findings import Findings

# 1: target, items, answer, reasons, profile, loop, models, notes, disturbance, code, environment.
SCHEMA_VERSION: Final = 1


def record(findings: Findings, found: Answer | None) -> dict[str, Any]:
    """Everything that is known; ``answer`` is null and ``reasons`` says why, where there is none."""
    target, shares = findings.target or {}, shares_of(findings)
    return {
        "schema_version": SCHEMA_VERSION,
        "target": target.get("name"),
        "items": target.get("items"),
        "answer": as_dict(found) if found is not None else None,
        "reasons": [] if found is not None else list(reasons(findings)),
        "profile": asdict(shares) if shares is not None else None,
        "loop": findings.loop,
        "models": _models(findings, found),
        "notes": [asdict(each) for each in findings.notes],
        "disturbance": findings.disturbance,
        "interrupted": findings.interrupted,
        "code": code_of(findings, found.choice.advised) if found is not None else None,
        "environment": findings.environment,
    }


def _models(findings: Findings, found: Answer | None) -> dict[str, Any]:
    """Each model's curve over concurrency, or why it has none."""
    models: dict[str, Any] = {model: {"left_out": reason, "curve": []} for model, reason in findings.left_out.items()}
    for way in sorted(findings.rounds.of):
        models.setdefault(way.model, {"left_out": None, "curve": []})["curve"].append(_point(way, findings, found))
    for way, failure in findings.failed.items():
        model = models.setdefault(way.model, {"left_out": None, "curve": []})
        model.setdefault("failed", []).append({"concurrency": way.concurrency, **asdict(failure)})
    return models


def _point(way: Way, findings: Findings, found: Answer | None) -> dict[str, Any]:
    lead = found.leads.get(way) if found is not None else None
    cost = findings.costs.get(way, {})
    return {
        "concurrency": way.concurrency,
        "s_per_item": findings.rounds.median_s(way),
        "rounds_s_per_item": list(findings.rounds.of[way].values()),
        "speedup": lead.ratio if lead else None,
        "speedup_interval": [lead.low, lead.high] if lead else None,
        "startup_s": findings.startup_s.get(way),
        "cpu_s_per_item": cost.get("cpu_s_per_item"),
        "memory_bytes": cost.get("memory_bytes"),
    }

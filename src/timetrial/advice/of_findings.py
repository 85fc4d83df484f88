"""What a search found, as the answer, the code, and the reasons where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from timetrial import models
from timetrial.advice.answer import Answer, Cost, answer
from timetrial.advice.because import Shares
from timetrial.advice.benchmark_source import written_test
from timetrial.advice.script import Function, ItemsCode
from timetrial.advice.snippet import snippet
from timetrial.languages import Text, text
from timetrial.results.ways import Way
from timetrial.search.findings import Findings

_TO_THREAD = "to_thread"


def answer_of(findings: Findings) -> Answer | None:
    """The answer, as far as there is one by now."""
    if findings.failure is not None and findings.failure.kind != "no_answer":
        return None
    return answer(findings.rounds, findings.reference, costs_of(findings), shares_of(findings))


def shares_of(findings: Findings) -> Shares | None:
    """Where an item's time goes; None before that was looked at."""
    profile = findings.profile
    if profile is None:
        return None
    names = ("waiting", "with_gil", "without_gil", "uncertain", "gil")
    return Shares(**{name: profile[name] for name in names})


def costs_of(findings: Findings) -> dict[Way, Cost]:
    """What each way that was opened costs."""
    return {way: Cost(startup_s, *_looked_at(findings.costs.get(way))) for way, startup_s in findings.startup_s.items()}


def _looked_at(cost: dict[str, Any] | None) -> tuple[float | None, int | None, str | None]:
    if cost is None:
        return None, None, None
    return cost["cpu_s_per_item"], cost["memory_bytes"], cost["memory_kind"]


def code_of(findings: Findings, way: Way) -> str | None:
    """The script that does it so; None for a workload with implementations of its own, which has no such lines."""
    target, probed = findings.target, findings.probed
    if target is None or probed is None or not target["parts"]:
        return None
    return snippet(way, _function(target, way), _items_code(target), probed["s_per_item"])


def _function(target: dict[str, Any], way: Way) -> Function:
    name, variant = models.split(way.model)
    parts = target["parts"]
    if variant in parts:
        return _of_part(parts[variant], None)
    part = parts["async_task" if "coroutines" in name and variant != _TO_THREAD else "task"]
    return _of_part(part, part["resource"])


def _of_part(part: dict[str, Any], resource: list[str] | None) -> Function:
    return Function(
        part["module"],
        part["name"],
        part["how"],
        part["is_async"],
        part["folder"],
        (resource[0], resource[1]) if resource is not None else None,
    )


def test_of(findings: Findings, levels: list[int], compare: str, test_folder: str) -> str | None:
    """The pytest benchmark that repeats the run; None where the target is a Workload of its own."""
    target = findings.target
    if target is None or not target["parts"]:
        return None
    functions = [
        _of_part(part, part["resource"]) for name, part in target["parts"].items() if name in ("task", "async_task")
    ]
    folder = target["folder"]
    return written_test(functions, _items_code(target), levels, compare, None if folder == test_folder else folder)


def _items_code(target: dict[str, Any]) -> ItemsCode:
    items = target["items"]
    return ItemsCode(tuple(items["imports"]), items["code"], items["count"])


def reasons(findings: Findings) -> Iterator[Text]:
    """Why there is no answer: each thing that went wrong, once."""
    if findings.failure is not None:
        yield text(findings.failure.reason)
        return
    if findings.interrupted is not None:
        yield Text(
            f"interrupted {findings.interrupted}, before two ways had rounds enough to be compared",
            f"在{findings.interrupted.zh}中断，此时还没有两种做法跑够可供比较的轮数",
        )
    elif not findings.failed and not findings.left_out:
        yield Text(
            "too few rounds fitted into the budget to compare anything: give it a longer --budget",
            "给定时间内的轮数太少，无从比较：请加大 --budget",
        )
    yield from left_out_lines(findings)


def left_out_lines(findings: Findings) -> Iterator[Text]:
    """Models and ways that have no place in the answer, and why; ways that failed alike are told together."""
    for model, reason in findings.left_out.items():
        yield Text(f"{model} is left out: {reason}", f"{model} 未参与比较：{text(reason).zh}")
    alike: dict[tuple[str, str, str], list[int]] = {}
    for way, failure in findings.failed.items():
        alike.setdefault((way.model, failure.kind, failure.reason), []).append(way.concurrency)
    for (model, kind, reason), levels in alike.items():
        yield _failed(model, sorted(levels), text(reason), void=kind == "void")


def _failed(model: str, levels: list[int], reason: Text, *, void: bool) -> Text:
    at, at_zh = f" at {' and '.join(map(str, levels))} at once", f"（并发数 {'、'.join(map(str, levels))}）"
    if Way(model, 1).is_serial:
        at = at_zh = ""
    return Text(
        f"{model}{at} {'is void' if void else 'failed'}: {reason}",
        f"{model}{at_zh or ' '}{'作废' if void else '失败'}：{reason.zh}",
    )

"""How a search is divided into steps, by what an item takes and which models the function can run under."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from timetrial import models
from timetrial.errors import NoAnswerError, TargetError
from timetrial.languages import Text
from timetrial.results.ways import Way
from timetrial.search.contestant import RoundSize
from timetrial.search.field import Course
from timetrial.search.plan import SearchPlan
from timetrial.search.probe import Probed
from timetrial.system.affinity import count_usable_cpus
from timetrial.workload import Workload

_BESIDE_A_LOOP: Final = "coroutines[to_thread]"
"""What an asyncio program does with a sync function: a way of its own, wherever there is one."""

_MOST_THREADS: Final = 1024
_MOST_PROCESSES_A_CORE: Final = 8
_MOST_ITEMS: Final = 200_000
_MOST_RESULT_BYTES: Final = 256_000_000
_ROUND_S: Final = (0.01, 0.1)
"""How short a round may be: shorter ones are disturbed by every wake-up, longer ones are fewer."""


def round_size(probed: Probed, budget_s: float) -> RoundSize:
    """Some hundred rounds have to fit into the budget."""
    shortest_s = min(max(budget_s / 600, _ROUND_S[0]), _ROUND_S[1])
    most = _MOST_RESULT_BYTES // probed.result_bytes if probed.result_bytes else _MOST_ITEMS
    return RoundSize(shortest_s, budget_s / 60, max(1, min(_MOST_ITEMS, most)))


def reference_of(workload: Workload) -> Way:
    """What all others are compared with: one item at a time, in the cheapest way that the workload has."""
    if models.get("serial").suits(workload):
        return Way("serial", 1)
    if models.get("coroutines").suits(workload):
        return Way("coroutines", 1)
    ids = models.model_ids(workload)
    serial = [each for each in ids if models.split(each)[0] == "serial"]
    return Way((serial or ids)[0], 1)


def course_of(
    workload: Workload, plan: SearchPlan, probed: Probed, unpicklable: str | None
) -> tuple[Course, dict[str, str]]:
    """What to explore, and which models are left out, with why.

    Raises NoAnswerError where items are so slow that the budget has no room for six rounds of two models.
    """
    reference = reference_of(workload)
    too_slow(probed, plan.budget_s)
    narrowed = _narrowed(candidates_of(workload, plan.models or ()), plan.models)
    left_out = {model: reason for model in narrowed if (reason := _unfit(model, workload, plan, unpicklable))}
    slow, lap_s = probed.s_per_item > plan.budget_s / 100, probed.s_per_item * len(probed.items)
    ladders = {
        model: _up_to(probed.of, _ladder(model, plan, slow=slow, from_one=lap_s < plan.budget_s / 100))
        for model in narrowed
        if model not in left_out and models.split(model)[0] != "serial"
    }
    serial_variants = {
        model: (1,) for model in narrowed if model != reference.model and models.split(model)[0] == "serial"
    }
    ladders = {model: _without(steps, reference, model) for model, steps in (ladders | serial_variants).items()}
    return Course(reference, ladders, fixed=plan.concurrency is not None, slow=slow), left_out


def too_slow(probed: Probed, budget_s: float) -> None:
    """Raises NoAnswerError where an item takes more than a twentieth of the budget."""
    if probed.s_per_item > budget_s / 20:
        wanted_s = max(60, round(probed.s_per_item * 25 / 60 + 0.5) * 60)
        raise NoAnswerError(
            Text(
                f"an item takes {probed.s_per_item:.1f} s, and {budget_s:g} s have no room for six rounds of two "
                f"models: give it --budget {wanted_s // 60}min, or smaller items",
                f"一项耗时 {probed.s_per_item:.1f} 秒，{budget_s:g} 秒内两种模型跑不满六轮："
                f"请用 --budget {wanted_s // 60}min，或换更小的项",
            )
        )


def load_models(asked_for: Sequence[str]) -> None:
    """Imports the models before the function's folder is on the path, where a queue.py may be that isn't theirs."""
    for name in (*models.NAMES, _BESIDE_A_LOOP, *asked_for):
        if models.is_known(name):
            models.get(name)


def candidates_of(workload: Workload, asked_for: Sequence[str] = ()) -> list[str]:
    """The ids of all models that come into question: the usual ones, and what is asked for by name.

    A variant of a model joined with one of the workload is tried only where it, or that model, is asked for.
    """
    ids = models.model_ids(workload, also=(_BESIDE_A_LOOP, *asked_for))
    return [each for each in ids if "][" not in each or not {each, models.model_part(each)}.isdisjoint(asked_for)]


def _narrowed(candidates: Sequence[str], wanted: Sequence[str] | None) -> list[str]:
    if wanted is None:
        return list(candidates)
    for each in wanted:
        if not any(each in _meant_by(known) for known in candidates):
            raise TargetError(f"--models: it can't run under {each!r}; it can under: {', '.join(candidates)}")
    return [each for each in candidates if not _meant_by(each).isdisjoint(wanted)]


def _meant_by(model: str) -> set[str]:
    """What can be asked for to have it tried: its id, its name, or a variant of a model that it is joined with."""
    return {model, models.split(model)[0], models.model_part(model)}


def _unfit(model: str, workload: Workload, plan: SearchPlan, unpicklable: str | None) -> str | None:
    if model in plan.excluded:
        return plan.excluded[model]
    name, way = models.resolve(model, workload)
    if unpicklable is not None and way is workload and "processes" in name:
        return Text(
            f"it can't be sent to worker processes ({unpicklable}): define it with def at the top of a module, without "
            f"locks, open files or connections in it",
            f"无法把它发送给工作进程（{unpicklable}）：请在模块顶层用 def 定义，其中不带锁、打开的文件或连接",
        )
    return models.get(name).unavailable()


def _ladder(model: str, plan: SearchPlan, *, slow: bool, from_one: bool) -> tuple[int, ...]:
    if plan.concurrency is not None:
        return tuple(sorted(set(plan.concurrency)))
    most = _MOST_THREADS
    if models.split(model)[0] == "processes":
        most = max(16, _MOST_PROCESSES_A_CORE * count_usable_cpus())
    if slow:
        return tuple(takewhile(lambda each: each <= most, (2 * 4**power for power in range(8))))
    powers = set(takewhile(lambda each: each <= most, (2**power for power in range(16))))
    return tuple(sorted((powers | {count_usable_cpus()}) - (set() if from_one else {1})))


def _up_to(items: int, ladder: tuple[int, ...]) -> tuple[int, ...]:
    """No more can be in flight at once than there are items."""
    return tuple(dict.fromkeys(min(each, items) for each in ladder))


def _without(steps: tuple[int, ...], reference: Way, model: str) -> tuple[int, ...]:
    return tuple(each for each in steps if Way(model, each) != reference)

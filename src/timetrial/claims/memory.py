"""What is said of memory."""

from __future__ import annotations

import math
from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.finding import Finding, Found
from timetrial.claims.look import Look
from timetrial.claims.sample import MEMORY
from timetrial.claims.sources import ARTICLE, OURS
from timetrial.claims.stated import figure
from timetrial.claims.stored import TrialRun
from timetrial.languages import Text

_COSTS: Final = "benchmarks/claims/test_memory.py::test_model_memory"


@claim(
    "memory-order",
    Text("Memory: processes high, threads low, coroutines lowest", "内存占用：多进程高，多线程低，协程最低"),
    of=Text(
        "the memory of one more idle worker: a process's by a thread's, and a thread's by a task's",
        "每增加一个空闲 worker 的内存：进程与线程之比、线程与 task 之比",
    ),
    because=Text("high and low are at least twice apart", "高与低至少相差一倍"),
    at_least=2.0,
    measured_by=_COSTS,
    takes_s=20,
    published=(figure("high, low, lowest; no figure", "高、低、最低，未给出数字", source=ARTICLE),),
)
def memory_order(look: Look) -> Finding:
    """Slopes over several numbers of workers, so that what the process holds anyway doesn't count."""
    return look.holds(
        _ratio(look, "processes", "threads"),
        _ratio(look, "threads", "coroutines"),
        beside=[look.noted(_COSTS, "", f"{model}_kb", "kB") for model in ("processes", "threads", "coroutines")],
    )


def _ratio(look: Look, over: str, under: str) -> Found:
    def value(trial: TrialRun) -> float | None:
        found = [trial.noted.get(f"{model}_kb", 0.0) for model in (over, under)]
        return math.log(found[0] / found[1]) if min(found) > 0 else None

    return look.read(_COSTS, ("",), value, f"{over} / {under}", "x", allowance=MEMORY)


def _workers(trial: TrialRun) -> float:
    return float(trial.parameters.get("workers", 1))


@claim(
    "worker-memory",
    Text("A spawned worker costs tens of MB", "spawn 出的每个工作进程要占几十 MB 内存"),
    of=Text(
        "what an idle worker of a small program holds beyond what it shares (PSS), started by spawn",
        "小程序以 spawn 启动的空闲工作进程所占内存（PSS，共享部分按比例分摊）",
    ),
    because=Text("tens begin at ten, and are twenty at least for most who say so", "“几十”至少是二十"),
    at_least=20,
    unit="MB",
    measured_by="benchmarks/test_startup.py::test_startup",
    takes_s=15,
    published=(
        figure("36 MB", source="blacklanternsecurity/bbot#3331"),
        figure("7 to 10 MB PSS", "PSS 7 至 10 MB", source=OURS),
    ),
)
def worker_memory(look: Look) -> Finding:
    """A worker that has imported next to nothing; one's own imports come on top."""
    test, name = "benchmarks/test_startup.py::test_startup", "idle_memory_mb"
    return look.holds(
        look.noted(test, "processes[spawn]", name, "MB", per=_workers),
        beside=[
            look.noted(test, f"processes[{method}]", name, "MB", per=_workers) for method in ("forkserver", "fork")
        ],
    )

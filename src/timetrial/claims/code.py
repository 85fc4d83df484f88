"""What is said of the code itself."""

from __future__ import annotations

from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.finding import Finding, Found
from timetrial.claims.look import Look
from timetrial.claims.sources import ARTICLE
from timetrial.claims.stated import figure
from timetrial.languages import Text

_TEST: Final = "benchmarks/claims/test_complexity.py::test_complexity"


@claim(
    "complexity-order",
    Text(
        "Code complexity: threads low, processes medium, coroutines high",
        "代码复杂度：多线程低，多进程中，协程高",
    ),
    of=Text(
        "lines + branches + distinct concurrency primitives of the same job's code, of processes by threads and of "
        "coroutines by processes",
        "完成同一任务的代码的行数、分支数与不同并发原语数之和：多进程与多线程之比、协程与多进程之比",
    ),
    because=Text(
        "a tenth more is a line or two of such a function; less is a matter of taste",
        "多一成即此类函数的一两行；再少就是口味问题",
    ),
    at_least=1.10,
    measured_by="benchmarks/claims/test_complexity.py",
    takes_s=6,
    published=(
        figure(
            "low (but locks), medium (communication), high (async syntax)",
            "低（但要加锁）、中（进程间通信）、高（async 语法）",
            source=ARTICLE,
        ),
    ),
)
def complexity_order(look: Look) -> Finding:
    """Counted from the source of the functions that the benchmark runs, which are proved to do the same."""

    def complexity(over: str, under: str) -> Found:
        return look.noted_ratio(_TEST, over, under, "complexity", allowance=1.0)

    return look.holds(
        complexity("processes[plain]", "threads[plain]"),
        complexity("coroutines[plain]", "processes[plain]"),
        beside=[
            look.noted(_TEST, f"{model}[plain]", name, name, allowance=1.0)
            for model in ("threads", "processes", "coroutines")
            for name in ("lines", "branches", "primitives")
        ],
    )

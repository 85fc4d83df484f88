"""What is said of event loops, of what blocks them, and of the threads beside them."""

from __future__ import annotations

import math
from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.finding import Finding
from timetrial.claims.look import Look
from timetrial.claims.sample import LATENCY
from timetrial.claims.sources import ARTICLE, OURS
from timetrial.claims.stated import figure
from timetrial.claims.stored import TrialRun
from timetrial.languages import Text

_BLOCK: Final = "benchmarks/test_event_loop.py::test_event_loop"
_WAITS: Final = {"kind": "wait"}


@claim(
    "blocking-loop",
    Text("A blocking call blocks the whole loop", "一次阻塞调用会卡住整个事件循环"),
    of=Text(
        "the longest delay of another request, divided by the length of the blocking call",
        "其他请求的最长延迟除以阻塞调用的时长",
    ),
    because=Text(
        "a request that comes the moment after the call began waits for nearly all of it: half is enough to tell",
        "紧跟在阻塞调用之后到来的请求几乎要等完整个调用；达到一半就足以判断",
    ),
    at_least=0.5,
    measured_by=f"{_BLOCK} --trial-models=coroutines",
    takes_s=12,
    published=(figure("blocks the whole loop, no figure", "卡住整个循环，未给出数字", source=ARTICLE),),
)
def blocking_loop(look: Look) -> Finding:
    """One reading a launch is widened by what a disturbed minute may do; beside it the three ways out."""
    blocking, *ways_out = (
        look.read(_BLOCK, (f"coroutines[{way}]",), _lag, f"longest delay / call, {way}", "x", _WAITS, allowance=1.5)
        for way in ("blocking", "to_thread", "process", "awaited")
    )
    return look.holds(blocking, beside=ways_out)


def _lag(trial: TrialRun) -> float | None:
    """The logarithm of the longest delay by the call's length; a delay of nothing counts as a thousandth."""
    lag_ms = trial.noted.get("worst_lag_ms")
    return None if lag_ms is None else math.log(max(lag_ms / float(trial.parameters["block_ms"]), 0.001))


@claim(
    "to-thread-cost",
    Text("to_thread costs little beside a real wait", "与真实等待相比，to_thread 的开销很小"),
    of=Text(
        "the time with the blocking wait in to_thread, divided by that with the wait awaited",
        "用 to_thread 执行阻塞等待的耗时除以直接 await 的耗时",
    ),
    because=Text("a twentieth is little, and little more than nothing", "5% 以内可以说很小"),
    at_most=1.05,
    measured_by=f"{_BLOCK} --trial-models=coroutines",
    takes_s=12,
    published=(figure("one hand-over, tens of µs", "一次交接，几十微秒", source=OURS),),
)
def to_thread_cost(look: Look) -> Finding:
    """Where the call waits; beside it where it computes, and shares the GIL with the loop."""
    return look.holds(
        look.ratio(_BLOCK, "coroutines[to_thread]", "coroutines[awaited]", _WAITS),
        beside=[look.ratio(_BLOCK, "coroutines[to_thread]", "coroutines[awaited]", {"kind": "compute"})],
    )


@claim(
    "uvloop-2x",
    Text("uvloop at least doubles the loop's speed", "uvloop 至少让事件循环快一倍"),
    of=Text("the time on asyncio's own loop, divided by that on uvloop", "asyncio 自带循环的耗时除以 uvloop 的耗时"),
    because=Text("double is what is claimed", "说法本身就是“一倍”"),
    at_least=2.0,
    measured_by="benchmarks/claims/test_loops.py",
    takes_s=10,
    published=(
        figure("2x", "2 倍", source="magic.io, 2016"),
        figure("1.2x with aiohttp, 2.9x with bare streams", "aiohttp 1.2 倍，裸 streams 2.9 倍", source=OURS),
    ),
)
def uvloop_2x(look: Look) -> Finding:
    """With nothing but streams, and with a client that has work of its own: a loop's speed is what programs get."""
    return look.holds(
        look.ratio("benchmarks/claims/test_loops.py::test_streams_on_loops", "serial[asyncio]", "serial[uvloop]"),
        look.ratio("benchmarks/claims/test_loops.py::test_pages_on_loops", "serial[asyncio]", "serial[uvloop]"),
    )


@claim(
    "eager-tasks",
    Text("Eager tasks are 2 to 5 times as fast in some cases", "在某些情况下，eager task 快 2 至 5 倍"),
    of=Text(
        "the time of ordinary tasks that have nothing to wait for, divided by that of eager ones",
        "无需等待的普通 task 的耗时除以 eager task 的耗时",
    ),
    because=Text(
        "twice is the least that is claimed, in the case that suits them best", "最有利的情形下，说法的下限是两倍"
    ),
    at_least=2.0,
    measured_by="benchmarks/claims/test_eager_tasks.py",
    takes_s=6,
    published=(figure("2 to 5 times", "2 至 5 倍", source="cpython#104298"),),
)
def eager_tasks(look: Look) -> Finding:
    """Beside it tasks that do wait, for one turn of the loop."""
    if () < look.place.python.release < (3, 12):
        return look.not_testable(Text("Eager tasks came with Python 3.12.", "eager task 自 Python 3.12 起才有。"))
    test = "benchmarks/claims/test_eager_tasks.py::test_eager_tasks"
    return look.holds(
        look.ratio(test, "serial[tasks]", "serial[eager tasks]", {"waits": 0}),
        beside=[look.ratio(test, "serial[tasks]", "serial[eager tasks]", {"waits": 1})],
    )


@claim(
    "gil-switch-interval",
    Text("A spinning thread starves waiting threads", "一直占着 CPU 的线程会让等待中的线程得不到执行"),
    of=Text(
        "how long an answer of 1 ms is waited for (median) by threads beside one that computes, divided by that of "
        "processes",
        "有线程在计算时，多线程等待 1 毫秒应答的中位延迟除以多进程的同一延迟",
    ),
    because=Text("answers that take twice as long are starved", "应答慢一倍就算得不到执行"),
    at_least=2.0,
    measured_by="benchmarks/test_waiting_beside_work.py::test_waiting_beside_work --trial-models=threads,processes",
    takes_s=12,
    published=(
        figure("I/O rate 600 to 119 Hz", "I/O 频率由 600 降到 119 Hz", source="pollen-robotics/rustypot#125"),
        figure(
            "1.33x from a switch interval of 0.5 ms instead of 5 ms",
            "切换间隔由 5 毫秒改为 0.5 毫秒，提速 1.33 倍",
            source="donislawdev/BeanNetworkTester#74",
        ),
    ),
)
def gil_switch_interval(look: Look) -> Finding:
    """At the interval that is usual, 5 ms; beside it at a tenth of that."""
    if not look.place.python.gil:
        return look.not_testable(Text("Without a GIL there is nothing to starve for.", "没有 GIL，就谈不上争抢。"))
    test = "benchmarks/test_waiting_beside_work.py::test_waiting_beside_work"
    usual, shorter = {"switch_interval_ms": 5.0}, {"switch_interval_ms": 0.5}
    return look.holds(
        look.noted_ratio(test, "threads", "processes", "answers_p50_ms", usual, allowance=LATENCY),
        beside=[
            look.noted(test, "threads", "answers_p50_ms", "ms", each, allowance=LATENCY) for each in (usual, shorter)
        ],
    )

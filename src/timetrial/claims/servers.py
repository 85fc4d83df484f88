"""What is said of servers, and of how their answers are timed."""

from __future__ import annotations

import math
from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.finding import Finding
from timetrial.claims.look import Look
from timetrial.claims.sample import LATENCY
from timetrial.claims.sources import ARTICLE
from timetrial.claims.stated import figure
from timetrial.claims.stored import TrialRun
from timetrial.languages import Text

_SERVE: Final = "benchmarks/test_serve.py::test_serve"


@claim(
    "web-server-async",
    Text("Coroutines suit web servers", "协程适合编写 Web 服务器"),
    of=Text(
        "the time that a service of threads takes for the same requests, divided by that of one of coroutines",
        "多线程服务处理相同请求的耗时除以协程服务的耗时",
    ),
    because=Text(
        "to suit is to be no worse than a thread for each connection, within a launch's luck",
        "所谓适合，是不逊于“每个连接一个线程”（容许单次启动的偶然性）",
    ),
    at_least=0.95,
    measured_by=f"{_SERVE} --trial-models=threads,coroutines",
    takes_s=15,
    published=(figure("named as a use, no figure", "列为典型用途，未给出数字", source=ARTICLE),),
)
def web_server_async(look: Look) -> Finding:
    """Throughput where requests wait; beside it p99, and where they compute as well."""
    waiting = {"cpu_ms": 0}
    return look.holds(
        look.ratio(_SERVE, "threads", "coroutines", waiting, largest="connections"),
        beside=[
            look.noted_ratio(_SERVE, "threads", "coroutines", "p99_ms", waiting, allowance=LATENCY),
            look.ratio(_SERVE, "threads", "coroutines", largest="cpu_ms"),
        ],
    )


@claim(
    "async-not-faster",
    Text("Async web frameworks are not faster", "异步 Web 框架并不更快"),
    of=Text(
        "the time of sixteen sync worker processes, divided by that of one async process for each core, where each "
        "request waits 5 ms and computes 1 ms",
        "每个请求等待 5 毫秒、计算 1 毫秒时，16 个同步工作进程的耗时除以“每核一个异步进程”的耗时",
    ),
    because=Text(
        "a lead of a twentieth is none; the published figures are a tenth apart the other way",
        "领先不到 5% 不算更快；已发表的数字反而是同步快一成",
    ),
    at_most=1.05,
    measured_by=f"{_SERVE} --trial-models=processes,processes+coroutines",
    takes_s=15,
    published=(
        figure(
            "Falcon on 16 sync workers 5,589 requests/s, p99 31 ms; Starlette on 5 workers 4,952, p99 75 ms",
            "Falcon（16 个同步 worker）每秒 5589 个请求，p99 31 毫秒；Starlette（5 个 worker）4952 个，p99 75 毫秒",
            source="calpaterson.com, 2020, unequal workers",
        ),
    ),
)
def async_not_faster(look: Look) -> Finding:
    """As many sync workers as in the published comparison; beside it p99, and the recommended 2 x cores + 1."""
    computing, loops = {"cpu_ms": 1}, "processes+coroutines"
    return look.holds(
        look.ratio(_SERVE, "processes[many]", loops, computing),
        beside=[
            look.noted_ratio(_SERVE, "processes[many]", loops, "p99_ms", computing, allowance=LATENCY),
            look.ratio(_SERVE, "processes", loops, computing),
        ],
    )


@claim(
    "open-loop-tail",
    Text("A closed loop hides the tail", "闭环压测会掩盖尾延迟"),
    of=Text(
        "the 99th percentile of the latency with items that come at seven tenths of the rate that a closed loop "
        "reached, divided by that in the closed loop",
        "以闭环所达速率的七成开环施压时的 p99 延迟除以闭环的 p99",
    ),
    because=Text("half as much again changes what one would promise", "高出一半，就会改变对外的承诺"),
    at_least=1.5,
    measured_by=(
        "benchmarks/test_fetch_pages.py::test_fetch_pages_with_a_tail --trial-open-loop=0.7:poisson "
        "--trial-models=threads,coroutines"
    ),
    takes_s=20,
    published=(
        figure(
            "p99 of the same rate, open against closed: no figure",
            "开环与闭环的 p99 之比，未给出数字",
            source="collected from public documents",
        ),
    ),
)
def open_loop_tail(look: Look) -> Finding:
    """A server whose answers have a tail, and a client of either model."""

    def tail(trial: TrialRun) -> float | None:
        served = trial.facts.get("open_loop") or {}
        found = [(served.get(name) or {}).get("p99_ms") for name in ("latency", "closed_latency")]
        known = [each for each in found if isinstance(each, int | float) and each > 0]
        return math.log(known[0] / known[1]) if len(known) == 2 else None

    threads, coroutines = (
        look.read(
            "benchmarks/test_fetch_pages.py::test_fetch_pages_with_a_tail",
            (model,),
            tail,
            f"p99 open / closed, {model}",
            "x",
            allowance=LATENCY,
        )
        for model in ("threads[http.client]", "coroutines[aiohttp]")
    )
    return look.holds(threads, coroutines)

"""What is said of worker processes and of what stands in their place: starting them, and handing them tasks."""

from __future__ import annotations

from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.finding import Finding, Held
from timetrial.claims.look import Look
from timetrial.claims.sources import ARTICLE, OURS
from timetrial.claims.stated import figure
from timetrial.languages import Text

_START: Final = "benchmarks/test_startup.py::test_startup"
_EMPTY: Final = "benchmarks/test_startup.py::test_empty_items"
_LENGTH: Final = "benchmarks/test_chunking.py::test_chunking_over_length"
_GUARD: Final = "benchmarks/claims/test_main_guard.py::test_main_guard"


@claim(
    "main-guard",
    Text(
        "Without the __main__ guard spawned processes fail",
        "没有 __main__ 保护，spawn 方式启动的进程会失败",
    ),
    of=Text("scripts without the guard that fail under spawn", "没有保护且在 spawn 下失败的脚本数"),
    because=Text("it is one script, and it fails or it doesn't", "只有一个脚本，要么失败，要么不失败"),
    at_least=1,
    unit="failed",
    measured_by=_GUARD,
    takes_s=8,
    published=(figure("required where processes are spawned", "使用 spawn 时必须加", source=ARTICLE),),
)
def main_guard(look: Look) -> Finding:
    """The same script with the guard has to work; beside it the other start methods."""

    def failed(method: str, guard: str) -> Held:
        found = look.noted(_GUARD, "", "failed", "failed", {"start_method": method, "guard": guard}, allowance=1.0)
        return look.meets(found) if guard == "without" else look.meets(found, at_most=0)

    others = (failed(method, "without").figure for method in ("forkserver", "fork"))
    return look.holds(failed("spawn", "without"), failed("spawn", "with"), beside=others)


@claim(
    "start-methods",
    Text(
        "fork is the fastest start method, then forkserver, then spawn",
        "启动方式中 fork 最快，其次 forkserver，最慢是 spawn",
    ),
    of=Text("the time of each start method, divided by that of the next faster", "每种启动方式的耗时除以前一名的耗时"),
    because=Text(
        "a place in an order takes a lead of more than a launch's luck", "排出名次，领先须超过单次启动的偶然性"
    ),
    at_least=1.05,
    measured_by=f"{_START} --trial-models=processes",
    takes_s=15,
    published=(
        figure("spawn 2.96 s, forkserver 1.14 s", "spawn 2.96 秒，forkserver 1.14 秒", source="spack#52128"),
        figure(
            "25 to 50 % slower by forkserver than by fork",
            "forkserver 比 fork 慢 25% 至 50%",
            source="marxin/cvise#305",
        ),
    ),
)
def start_methods(look: Look) -> Finding:
    """A small program opens workers, has each of them answer, and closes them."""
    return look.holds(
        look.ratio(_START, "processes[forkserver]", "processes[fork]"),
        look.ratio(_START, "processes[spawn]", "processes[forkserver]"),
    )


@claim(
    "pool-task-cost",
    Text(
        "A process pool costs 0.1 to 0.3 ms a task unless batched",
        "不分批时，进程池每个任务要花 0.1 至 0.3 毫秒",
    ),
    of=Text(
        "what an empty task takes longer by executor.map than in a loop", "空任务经 executor.map 比普通循环多花的时间"
    ),
    because=Text(
        "a tenth of a millisecond is the least that is claimed; in batches of a hundred it has to be a tenth of that",
        "说法的下限是 0.1 毫秒；每批一百个时应降到其十分之一",
    ),
    at_least=100,
    unit="µs",
    measured_by=f"{_EMPTY} --trial-models=serial,processes",
    takes_s=12,
    published=(figure("130 µs alone, 0.7 µs in thousands", "单个 130 微秒，成千一批时 0.7 微秒", source=OURS),),
)
def pool_task_cost(look: Look) -> Finding:
    """Unless batched: the batches are held to a bound of their own."""
    batched = look.ratio(_EMPTY, "processes[batch-100]", "processes[usual]")
    return look.holds(
        look.difference_us(_EMPTY, "processes[usual]", "serial"),
        look.meets(batched, at_most=0.1),
        beside=[look.difference_us(_EMPTY, "processes[batch-1000]", "serial")],
    )


@claim(
    "shortest-task",
    Text("Below some length a task is not worth a process", "任务短到一定程度，就不值得交给进程"),
    of=Text(
        "the time of the shortest tasks by a process pool, one by one, divided by that under serial",
        "最短的任务逐个交给进程池的耗时除以串行耗时",
    ),
    because=Text(
        "what is slower by more than a launch's luck is not worth it; tasks of 10 ms have to be worth it in turn",
        "慢得超过单次启动的偶然性就不值得；反之 10 毫秒的任务应当值得",
    ),
    at_least=1.05,
    measured_by=f"{_LENGTH} --trial-sweep",
    takes_s=25,
    published=(figure("10 ms", "10 毫秒", source="Ray's documentation"),),
)
def shortest_task(look: Look) -> Finding:
    """Beside both ends the lengths between them: where serial / processes passes 1 is the break-even."""
    serial, alone = "serial", "processes[batch-1]"
    lengths = look.points(_LENGTH, (serial, alone), "length_us")
    longest = look.meets(look.ratio(_LENGTH, serial, alone, largest="length_us"), at_least=1.05)
    if look.cores is not None and look.cores < 2:
        return look.not_testable(Text("It takes at least two usable cores.", "至少需要两个可用的核。"))
    return look.holds(
        look.ratio(_LENGTH, alone, serial, smallest="length_us"),
        longest,
        beside=[look.ratio(_LENGTH, serial, alone, {"length_us": each}) for each in lengths[1:-1]],
    )


@claim(
    "chunks",
    Text("Larger chunks help by 30 to 70 %", "更大的批次能提速 30% 至 70%"),
    of=Text(
        "the time of tasks of 10 µs one by one, divided by that in chunks of a hundred",
        "10 微秒的任务逐个分发的耗时除以每批一百个的耗时",
    ),
    because=Text(
        "30 % is the least that is claimed; more is more than was said, and no less true",
        "说法的下限是 30%；超过上限只会更有利",
    ),
    at_least=1.3,
    measured_by="benchmarks/test_chunking.py::test_chunking --trial-models=serial,processes",
    takes_s=25,
    published=(figure("30 to 70 %", "30% 至 70%", source="dfm/emcee#61, matminer#309"),),
)
def chunks(look: Look) -> Finding:
    """Beside it what our own pool does, which batches by itself."""
    test, short = "benchmarks/test_chunking.py::test_chunking", {"length_us": 10}
    one, hundred = "processes[batch-1]", "processes[batch-100]"
    return look.holds(
        look.ratio(test, one, hundred, short),
        beside=[look.ratio(test, one, "processes", short), look.ratio(test, one, hundred, largest="length_us")],
    )


@claim(
    "interp-start",
    Text("Subinterpreters start faster than processes", "子解释器的启动比进程快"),
    of=Text(
        "the time for a pool of processes to start and do 50 tiny tasks, divided by that of one of subinterpreters",
        "进程池启动并完成 50 个小任务的耗时除以子解释器池的耗时",
    ),
    because=Text(
        "a quarter is what one would change the pool for; the published figure is twice",
        "快四分之一才值得换池；已发表的数字是两倍",
    ),
    at_least=1.25,
    measured_by="benchmarks/claims/test_interpreters.py",
    takes_s=15,
    published=(
        figure(
            "50 tiny tasks 0.128 against 0.271 s, but 10,000 take 11.1 against 7.3 s",
            "50 个小任务 0.128 秒对 0.271 秒，但 1 万个任务 11.1 秒对 7.3 秒",
            source="discuss.python.org/t/53251",
        ),
    ),
)
def interp_start(look: Look) -> Finding:
    """By spawn, as a subinterpreter begins with nothing either; beside it with many more tasks."""
    if () < look.place.python.release < (3, 14):
        return look.not_testable(
            Text("InterpreterPoolExecutor came with Python 3.14.", "InterpreterPoolExecutor 自 Python 3.14 起才有。")
        )
    test = "benchmarks/claims/test_interpreters.py::test_interpreters"
    return look.holds(
        look.ratio(test, "processes[spawn]", "threads[interpreters]", {"tasks": 50}),
        beside=[look.ratio(test, "processes[spawn]", "threads[interpreters]", largest="tasks")],
    )


@claim(
    "dask-overhead",
    Text("Dask costs 0.2 to 1 ms a task", "Dask 每个任务要花 0.2 至 1 毫秒"),
    of=Text(
        "what an empty task takes longer on a local Dask cluster than in a loop",
        "空任务在本地 Dask 集群上比普通循环多花的时间",
    ),
    because=Text("it is the range that is claimed", "即说法所给的范围"),
    at_least=200,
    at_most=1000,
    unit="µs",
    measured_by="benchmarks/claims/test_dask_tasks.py",
    takes_s=15,
    published=(figure("0.2 to 1 ms a task", "每个任务 0.2 至 1 毫秒", source="docs.dask.org, dask#9437"),),
)
def dask_overhead(look: Look) -> Finding:
    """A cluster of this machine's, with a worker process for each core."""
    return look.holds(
        look.difference_us("benchmarks/claims/test_dask_tasks.py::test_dask_tasks", "processes[dask]", "serial")
    )

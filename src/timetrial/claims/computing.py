"""What is said of pure computing: processes, threads and the lock between them."""

from __future__ import annotations

from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.look import Finding, Look
from timetrial.claims.stated import figure
from timetrial.claims.text import Text

_SUMS: Final = "test_sum_of_squares"
_MEASURED_BY: Final = "benchmarks/test_sum_of_squares.py -k test_sum_of_squares"
_ARTICLE: Final = "a widely read tutorial on processes, threads and coroutines, May 2025"
_NO_GIL: Final = Text(
    "This Python runs without the GIL; the claim is about builds with one.",
    "此 Python 没有 GIL，而该说法针对带 GIL 的版本。",
)


@claim(
    "cpu-processes",
    Text(
        "Processes speed up pure-Python computation with the number of cores",
        "多进程能让纯 Python 计算随核数提速",
    ),
    of=Text(
        "the time of as many independent interpreters as there are cores, divided by that of worker processes",
        "与核数相同的若干独立解释器的耗时，除以多进程的耗时",
    ),
    because=Text(
        "independent interpreters are the most that this machine can do; four fifths of that is with its cores, for "
        "anybody who counts cores",
        "独立解释器是本机的上限；达到其八成，就可以说是随核数提速",
    ),
    at_least=0.8,
    measured_by="benchmarks/claims/test_cores.py",
    takes_s=15,
    published=(figure("speed-up by the number of cores, no figure", "按核数提速，未给出数字", source=_ARTICLE),),
)
def cpu_processes(look: Look) -> Finding:
    """Against the machine's own ceiling, and really faster than serial."""
    if look.cores is not None and look.cores < 2:
        return look.not_testable(Text("It takes at least two usable cores.", "至少需要两个可用的核。"))
    faster = look.ratio("test_cores", "serial", "processes")
    return look.holds(
        look.ratio("test_cores", "processes[independent]", "processes"),
        look.meets(faster, at_least=1.25),
        beside=[look.ratio("test_cores", "serial", "processes[independent]"), look.ratio(_SUMS, "serial", "processes")],
    )


@claim(
    "cpu-threads-useless",
    Text(
        "Threads don't speed up pure-Python computation (GIL builds)", "多线程无法加速纯 Python 计算（带 GIL 的版本）"
    ),
    of=Text("the time under serial, divided by that under threads", "串行耗时除以多线程耗时"),
    because=Text(
        "for less than a tenth nobody would take on threads",
        "不到一成的提速，没有人会为此引入多线程",
    ),
    at_most=1.10,
    measured_by=_MEASURED_BY,
    takes_s=25,
    published=(figure("“pseudo-parallel”", "“伪并行”", source=_ARTICLE),),
)
def cpu_threads_useless(look: Look) -> Finding:
    """On a build with a GIL that is on."""
    if not look.place.python.gil:
        return look.not_testable(_NO_GIL)
    return look.holds(look.ratio(_SUMS, "serial", "threads"))


@claim(
    "cpu-threads-slower",
    Text("Threads make computation slower", "用多线程做计算反而更慢"),
    of=Text("the time under threads, divided by that under serial", "多线程耗时除以串行耗时"),
    because=Text(
        "below a twentieth nobody would notice, and one launch hardly tells",
        "不到 5% 的差别没人会察觉，单次启动也难以分辨",
    ),
    at_least=1.05,
    measured_by=_MEASURED_BY,
    takes_s=25,
    published=(figure("“it gets slower”, no figure", "“反而更慢”，未给出数字", source=_ARTICLE),),
)
def cpu_threads_slower(look: Look) -> Finding:
    """The sign and the size of the difference."""
    if not look.place.python.gil:
        return look.not_testable(_NO_GIL)
    return look.holds(look.ratio(_SUMS, "threads", "serial"))

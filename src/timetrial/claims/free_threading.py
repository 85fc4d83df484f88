"""What is said of Python without the GIL: each claim compares two builds on one machine, or needs such a build."""

from __future__ import annotations

from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.finding import Finding
from timetrial.claims.look import Look
from timetrial.claims.place import Place
from timetrial.claims.stated import figure
from timetrial.languages import Text

_SUMS: Final = "benchmarks/test_sum_of_squares.py::test_sum_of_squares"
_CORES: Final = "benchmarks/claims/test_cores.py::test_cores"
_NEEDS_BUILD: Final = Text(
    "It takes results of a free-threaded build (such as python3.14t) of this machine.",
    "需要在本机的自由线程版 Python（如 python3.14t）上测得的结果。",
)
_NEEDS_BOTH: Final = Text(
    "It takes results of the same release with a GIL and free-threaded, both of this machine.",
    "需要在本机上用同一版本的带 GIL 与自由线程两种 Python 测得的结果。",
)


def _free(place: Place) -> bool:
    return place.python.free_threaded and not place.python.gil


def _without_lock(look: Look) -> Look | None:
    """The free-threaded results of this machine: here, or the newest elsewhere."""
    return look if _free(look.place) else look.elsewhere(_free)


def _both(look: Look) -> tuple[Look, Look] | None:
    """Of one release: without the lock, and the ordinary build."""
    free = _without_lock(look)
    if free is None:
        return None
    release = free.place.python.release
    ordinary = free.elsewhere(lambda place: not place.python.free_threaded and place.python.release == release)
    return None if ordinary is None else (free, ordinary)


@claim(
    "ft-threads-scale",
    Text("Free-threaded threads scale with the cores", "自由线程版的多线程随核数扩展"),
    of=Text(
        "the time of as many independent interpreters as there are cores, divided by that of as many threads",
        "与核数相同的若干独立解释器的耗时除以同样数量线程的耗时",
    ),
    because=Text(
        "the published figures are 0.98 at two cores and 0.63 at eight; independent interpreters are all a machine "
        "has, and four fifths of it scale",
        "已发表的数字在两核为 0.98，八核为 0.63；独立解释器是本机的上限，达到八成即可称为扩展",
    ),
    at_least=0.8,
    measured_by="benchmarks/claims/test_cores.py",
    takes_s=8,
    published=(
        figure(
            "1.96 / 3.33 / 5.07 / 5.75 at 2 / 4 / 8 / 16 threads",
            "2 / 4 / 8 / 16 个线程分别为 1.96 / 3.33 / 5.07 / 5.75 倍",
            source="julian.ac, 2025",
        ),
    ),
)
def ft_threads_scale(look: Look) -> Finding:
    """On a build without the lock, with two cores at least."""
    free = _without_lock(look)
    if free is None:
        return look.not_testable(_NEEDS_BUILD)
    return free.holds(
        free.ratio(_CORES, "processes[independent]", "threads"),
        beside=[free.ratio(_CORES, "serial", "threads"), free.ratio(_SUMS, "serial", "threads")],
    )


@claim(
    "ft-single-cost",
    Text(
        "Free threading costs one thread 1 to 8 % in 3.14, 40 % in 3.13",
        "自由线程让单线程慢：3.14 慢 1% 至 8%，3.13 慢 40%",
    ),
    of=Text(
        "the time of one thread on a free-threaded build, divided by that on the ordinary one",
        "自由线程版单线程的耗时除以普通版的耗时",
    ),
    because=Text(
        "from nothing to a tenth is what 1 to 8 % comes to within our reach; 3.13 is held to 1.25 to 1.55",
        "1% 至 8% 在我们的分辨力内即 0 至一成；3.13 按 1.25 至 1.55 判断",
    ),
    at_least=1.0,
    at_most=1.10,
    measured_by="benchmarks/claims/test_cores.py",
    takes_s=8,
    published=(
        figure(
            "1 to 8 % in 3.14, about 40 % in 3.13",
            "3.14 为 1% 至 8%，3.13 约 40%",
            source="CPython's free-threading how-to",
        ),
        figure("1.135x on aarch64", "aarch64 上 1.135 倍", source="faster-cpython/benchmarking-public"),
    ),
)
def ft_single_cost(look: Look) -> Finding:
    """Launches of two builds can't take turns, so only several of each tell."""
    both = _both(look)
    if both is None:
        return look.not_testable(_NEEDS_BOTH)
    found = both[0].against(both[1], _CORES, "serial")
    if both[0].place.python.release == (3, 13):
        return look.holds(look.meets(found, at_least=1.25, at_most=1.55))
    return look.holds(found)


@claim(
    "ft-gil-on",
    Text("A free-threaded build with the GIL on is no fair baseline", "开着 GIL 的自由线程版不是公平的基线"),
    of=Text(
        "the time on a free-threaded build with the GIL on, divided by that on the ordinary build",
        "自由线程版开启 GIL 的耗时除以普通版的耗时",
    ),
    because=Text(
        "a baseline that is a twentieth slower flatters whatever it is compared with", "基线慢 5% 就会美化对比对象"
    ),
    at_least=1.05,
    measured_by="benchmarks/claims/test_cores.py",
    takes_s=8,
    published=(figure("25,974 against 52,621 rows/s", "每秒 25974 行对 52621 行", source="lakehq/sail#2462"),),
)
def ft_gil_on(look: Look) -> Finding:
    """The same work on one thread."""

    def with_lock(place: Place) -> bool:
        return place.python.is_no_fair_baseline

    locked = look if with_lock(look.place) else look.elsewhere(with_lock)
    if locked is None:
        return look.not_testable(
            Text(
                "It takes results of a free-threaded build run with PYTHON_GIL=1, and of the ordinary build.",
                "需要自由线程版在 PYTHON_GIL=1 下测得的结果，以及普通版的结果。",
            )
        )
    release = locked.place.python.release
    ordinary = locked.elsewhere(lambda place: not place.python.free_threaded and place.python.release == release)
    return (
        look.not_testable(_NEEDS_BOTH) if ordinary is None else look.holds(locked.against(ordinary, _CORES, "serial"))
    )


@claim(
    "ft-memory",
    Text("Free threading takes a third more memory", "自由线程多占三分之一内存"),
    of=Text(
        "what a small program holds on a free-threaded build, divided by the same on the ordinary one",
        "小程序在自由线程版上占用的内存除以普通版上的占用",
    ),
    because=Text(
        "from a fifth to a half, a third is what people would call it", "五分之一到一半之间，人们会说“三分之一”"
    ),
    at_least=1.2,
    at_most=1.5,
    measured_by="benchmarks/claims/test_memory.py::test_program_memory",
    takes_s=5,
    published=(figure("1.37x", "1.37 倍", source="facebookexperimental/free-threading-benchmarking"),),
)
def ft_memory(look: Look) -> Finding:
    """Objects of the usual kinds, in a program that has loaded little else."""
    both = _both(look)
    if both is None:
        return look.not_testable(_NEEDS_BOTH)
    test, name = "benchmarks/claims/test_memory.py::test_program_memory", "program_mb"
    return look.holds(both[0].noted_against(both[1], test, "", name))

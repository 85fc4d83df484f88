"""What is said of computing: processes, threads, the lock between them, and code that lets go of it."""

from __future__ import annotations

from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.finding import Finding
from timetrial.claims.look import Look
from timetrial.claims.sources import ARTICLE, OURS
from timetrial.claims.stated import figure
from timetrial.languages import Text

_SUMS: Final = "benchmarks/test_sum_of_squares.py::test_sum_of_squares"
_SUMS_MEASURED_BY: Final = "benchmarks/test_sum_of_squares.py::test_sum_of_squares --trial-models=serial,threads"
_NO_GIL: Final = Text(
    "This Python runs without the GIL; the claim is about builds with one.",
    "此 Python 运行时没有 GIL，而该说法针对带 GIL 的版本。",
)


@claim(
    "cpu-processes",
    Text("Processes speed up pure-Python computation with the number of cores", "多进程能让纯 Python 计算随核数提速"),
    of=Text(
        "the time of as many independent interpreters as there are cores, divided by that of worker processes",
        "与核数相同的若干独立解释器的耗时，除以多进程的耗时",
    ),
    because=Text(
        "independent interpreters are the most that a machine can do, whose cores need not be whole ones; four fifths "
        "of it are with the cores, for anybody who counts cores",
        "独立解释器是本机的上限（虚拟核未必是完整的核）；达到其八成，就可以说是随核数提速",
    ),
    at_least=0.8,
    measured_by="benchmarks/claims/test_cores.py",
    takes_s=8,
    published=(figure("speed-up by the number of cores, no figure", "随核数提速，未给出数字", source=ARTICLE),),
)
def cpu_processes(look: Look) -> Finding:
    """Against the machine's own ceiling, and really faster than serial."""
    if look.cores is not None and look.cores < 2:
        return look.not_testable(Text("It takes at least two usable cores.", "至少需要两个可用的核。"))
    return look.holds(
        look.ratio("benchmarks/claims/test_cores.py::test_cores", "processes[independent]", "processes"),
        look.meets(look.ratio("benchmarks/claims/test_cores.py::test_cores", "serial", "processes"), at_least=1.25),
        beside=[
            look.ratio("benchmarks/claims/test_cores.py::test_cores", "serial", "processes[independent]"),
            look.ratio(_SUMS, "serial", "processes"),
        ],
    )


@claim(
    "cpu-threads-useless",
    Text(
        "Threads don't speed up pure-Python computation (GIL builds)", "多线程无法加速纯 Python 计算（带 GIL 的版本）"
    ),
    of=Text("the time under serial, divided by that under threads", "串行耗时除以多线程耗时"),
    because=Text("for less than a tenth nobody would take on threads", "不到一成的提速，没有人会为此引入多线程"),
    at_most=1.10,
    measured_by=_SUMS_MEASURED_BY,
    takes_s=8,
    published=(figure("pseudo-parallel, no figure", "“伪并行”，未给出数字", source=ARTICLE),),
)
def cpu_threads_useless(look: Look) -> Finding:
    """On a build whose GIL is on."""
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
    measured_by=_SUMS_MEASURED_BY,
    takes_s=8,
    published=(figure("it gets slower, no figure", "“反而更慢”，未给出数字", source=ARTICLE),),
)
def cpu_threads_slower(look: Look) -> Finding:
    """The sign and the size of the difference."""
    if not look.place.python.gil:
        return look.not_testable(_NO_GIL)
    return look.holds(look.ratio(_SUMS, "threads", "serial"))


@claim(
    "independent-tasks",
    Text("Processes suit independent tasks such as many files", "多进程适合相互独立的任务，例如处理大量文件"),
    of=Text("the time under serial, divided by that under processes", "串行耗时除以多进程耗时"),
    because=Text(
        "a process for each core that gains less than a quarter is not what people mean by suiting",
        "每核一个进程却提速不到四分之一，谈不上“适合”",
    ),
    at_least=1.25,
    measured_by=(
        "benchmarks/test_images.py::test_images benchmarks/test_files.py::test_read_files "
        "--trial-models=serial,threads,processes"
    ),
    takes_s=20,
    published=(figure("suits many files at once, no figure", "适合同时处理多个文件，未给出数字", source=ARTICLE),),
)
def independent_tasks(look: Look) -> Finding:
    """Images, and files that are read and hashed: many small ones and a few large ones."""
    if look.cores is not None and look.cores < 2:
        return look.not_testable(Text("It takes at least two usable cores.", "至少需要两个可用的核。"))
    return look.holds(
        look.ratio("benchmarks/test_images.py::test_images", "serial", "processes"),
        look.ratio("benchmarks/test_files.py::test_read_files", "serial", "processes", largest="files"),
        beside=[
            look.ratio("benchmarks/test_files.py::test_read_files", "serial", "processes", largest="size_kb"),
            look.ratio("benchmarks/test_images.py::test_images", "serial", "threads"),
        ],
    )


@claim(
    "c-code-releases",
    Text(
        "Where C code releases the GIL, threads keep up with processes",
        "C 代码释放 GIL 时，多线程不输多进程",
    ),
    of=Text("the time under threads, divided by that under processes", "多线程耗时除以多进程耗时"),
    because=Text(
        "whoever is a seventh behind still keeps up, and threads are simpler",
        "落后不超过七分之一仍算跟得上，而多线程更简单",
    ),
    at_most=1.15,
    measured_by=(
        "benchmarks/test_images.py::test_images benchmarks/test_files.py::test_hash_large_file "
        "benchmarks/claims/test_compressing.py --trial-models=serial,threads,processes"
    ),
    takes_s=20,
    published=(figure("threads keep up for hashing, zlib and Pillow", "哈希、zlib 与 Pillow 均跟得上", source=OURS),),
)
def c_code_releases(look: Look) -> Finding:
    """Pillow, hashing and zlib."""
    return look.holds(
        look.ratio("benchmarks/test_images.py::test_images", "threads", "processes"),
        look.ratio("benchmarks/test_files.py::test_hash_large_file", "threads", "processes"),
        look.ratio("benchmarks/claims/test_compressing.py::test_compressing", "threads", "processes"),
    )

"""What is said of waiting: for pages, downloads, disks; and of both at once, waiting and computing."""

from __future__ import annotations

from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.finding import Finding
from timetrial.claims.look import Look
from timetrial.claims.sources import ARTICLE, OURS
from timetrial.claims.stated import figure
from timetrial.languages import Text

_MANY: Final = "benchmarks/test_fetch_pages.py::test_fetch_pages_over_concurrency"
_VERY_MANY: Final = 256


@claim(
    "wait-threads",
    Text(
        "Threads suit waiting: downloads, requests, files",
        "多线程适合等待型任务：下载、请求、读写文件",
    ),
    of=Text("the time under serial, divided by that under threads", "串行耗时除以多线程耗时"),
    because=Text(
        "three pages at once could be three times as fast; half of that gain is worth the few lines that threads take",
        "三个页面同时等待最多快三倍；有一半的收益，就值得写这几行多线程代码",
    ),
    at_least=1.5,
    measured_by=(
        "benchmarks/test_fetch_pages.py::test_fetch_pages benchmarks/test_downloads.py::test_downloads "
        "benchmarks/test_files.py::test_write_files --trial-models=serial,threads"
    ),
    takes_s=30,
    published=(figure("suits I/O, no figure", "适合 I/O 密集型任务，未给出数字", source=ARTICLE),),
)
def wait_threads(look: Look) -> Finding:
    """Requests, downloads, and files that are written down to the disk, where there is something to wait for."""
    return look.holds(
        look.ratio("benchmarks/test_fetch_pages.py::test_fetch_pages", "serial[http.client]", "threads[http.client]"),
        look.ratio("benchmarks/test_downloads.py::test_downloads", "serial", "threads", {"cut_percent": 0}),
        look.ratio("benchmarks/test_files.py::test_write_files", "serial", "threads", {"fsync": True}),
        beside=[look.ratio("benchmarks/test_files.py::test_write_files", "serial", "threads", {"fsync": False})],
    )


@claim(
    "wait-coroutines-best",
    Text("Coroutines are best for very many requests", "大量并发请求首选协程"),
    of=Text(
        f"the time under threads, divided by that under coroutines, at {_VERY_MANY} requests in flight and more",
        f"并发数不低于 {_VERY_MANY} 时，多线程耗时除以协程耗时",
    ),
    because=Text(
        "best is what leads by more than a launch's luck; both with the same client and each with its fastest one",
        "领先幅度须超过单次启动的偶然性；同一客户端与各自最快的客户端都要比较",
    ),
    at_least=1.05,
    measured_by=f"{_MANY} --trial-sweep --trial-models=threads,coroutines",
    takes_s=70,
    published=(figure("suits very highly concurrent I/O, no figure", "适合超高并发 I/O，未给出数字", source=ARTICLE),),
)
def wait_coroutines_best(look: Look) -> Finding:
    """With the same client, which is httpx, and with the fastest of either; beside it, over the concurrency."""
    fastest = "threads[http.client]", "coroutines[aiohttp]"
    points = [each for each in look.points(_MANY, fastest, "concurrency") if isinstance(each, int)]
    if points and max(points) < _VERY_MANY:
        points = []  # too few in flight for the claim
    at = {"concurrency": max(points, default=_VERY_MANY)}
    return look.holds(
        look.ratio(_MANY, "threads[httpx]", "coroutines[httpx]", at),
        look.ratio(_MANY, *fastest, at),
        beside=[look.ratio(_MANY, *fastest, {"concurrency": each}) for each in points if each != at["concurrency"]],
    )


@claim(
    "many-threads",
    Text("Past some hundred threads throughput falls", "线程数超过几百后吞吐量下降"),
    of=Text("the time with 512 threads, divided by that with 64", "512 个线程的耗时除以 64 个线程的耗时"),
    because=Text("half of the published fall shows already", "达到已发表跌幅的一半即算下降"),
    at_least=1.10,
    measured_by="benchmarks/claims/test_many_threads.py",
    takes_s=12,
    published=(figure("20 % less at 512 and more", "512 个及以上时下降 20%", source="arXiv 2601.10582"),),
)
def many_threads(look: Look) -> Finding:
    """The same short tasks that wait and compute a little, by more and more threads."""
    test = "benchmarks/claims/test_many_threads.py::test_many_threads"
    return look.holds(
        look.ratio(test, "threads[512]", "threads[64]"),
        beside=[look.ratio(test, "threads[16]", "threads[64]"), look.ratio(test, "threads[1024]", "threads[64]")],
    )


@claim(
    "mixed-combine",
    Text("Mixed work: combine processes and coroutines", "混合型任务应把多进程与协程结合"),
    of=Text(
        "the time of either alone, divided by that of processes which each run coroutines",
        "单用一种模型的耗时，除以“多进程加协程”的耗时",
    ),
    because=Text(
        "two models in one program have to lead by more than a launch's luck to be worth it",
        "一个程序用上两种模型，领先幅度至少要超过单次启动的偶然性才值得",
    ),
    at_least=1.05,
    measured_by=(
        "benchmarks/test_crawl.py::test_crawl --trial-models=threads,processes,coroutines,processes+coroutines"
    ),
    takes_s=25,
    published=(figure("advised for mixed tasks, no figure", "建议用于混合任务，未给出数字", source=ARTICLE),),
)
def mixed_combine(look: Look) -> Finding:
    """Where a page takes a millisecond or more to parse; beside it where it takes next to nothing."""
    both = "processes+coroutines"
    return look.holds(
        look.ratio("benchmarks/test_crawl.py::test_crawl", "processes", both, largest="parse_ms"),
        look.ratio("benchmarks/test_crawl.py::test_crawl", "coroutines", both, largest="parse_ms"),
        beside=[
            look.ratio("benchmarks/test_crawl.py::test_crawl", "processes", both, {"parse_ms": 0}),
            look.ratio("benchmarks/test_crawl.py::test_crawl", "coroutines", both, {"parse_ms": 0}),
        ],
    )


@claim(
    "gather-vs-workers",
    Text(
        "Fixed worker coroutines beat one task an item behind a semaphore",
        "固定数量的协程 worker 优于“每项一个任务加信号量”",
    ),
    of=Text(
        "the time of a semaphore and gather, divided by that of so many workers, over a thousand pages",
        "抓取一千个页面时，“信号量加 gather”的耗时除以固定 worker 的耗时",
    ),
    because=Text("below a twentieth nobody would notice", "不到 5% 的差别没人会察觉"),
    at_least=1.05,
    measured_by=(
        "benchmarks/test_fetching_in_a_loop.py::test_fetching_in_a_loop "
        "--trial-models=coroutines,coroutines[gather],coroutines[TaskGroup]"
    ),
    takes_s=20,
    published=(figure("workers win at large counts", "数量大时 worker 更快", source=OURS),),
)
def gather_vs_workers(look: Look) -> Finding:
    """At the largest number of pages."""
    test = "benchmarks/test_fetching_in_a_loop.py::test_fetching_in_a_loop"
    return look.holds(
        look.ratio(test, "coroutines[gather]", "coroutines", largest="pages"),
        beside=[look.ratio(test, "coroutines[TaskGroup]", "coroutines", largest="pages")],
    )


@claim(
    "aiofiles-slow",
    Text("Asynchronous file I/O is slower than plain files", "异步文件读写比普通文件读写慢"),
    of=Text(
        "the time with aiofiles, divided by that of plain calls one after the other",
        "aiofiles 的耗时除以普通串行读写的耗时",
    ),
    because=Text(
        "a tenth more is slower beyond any launch's luck; what is published is a hundred times that",
        "慢一成已超出单次启动的偶然性；已发表的差距远大于此",
    ),
    at_least=1.10,
    measured_by=(
        "benchmarks/test_files.py::test_read_files benchmarks/test_files.py::test_write_files "
        "--trial-models=serial,coroutines"
    ),
    takes_s=40,
    published=(
        figure("36 s against 0.33 s for 500,000 lines", "50 万行：36 秒对 0.33 秒", source="mosquito/aiofile#88"),
        figure(
            "sync 0.58 s, executor 0.58 s, aiofiles 107.7 s",
            "同步 0.58 秒、线程池 0.58 秒、aiofiles 107.7 秒",
            source="mosquito/aiofile#88",
        ),
    ),
)
def aiofiles_slow(look: Look) -> Finding:
    """Many small files, read and written; beside it a thread for each file."""
    return look.holds(
        look.ratio("benchmarks/test_files.py::test_read_files", "coroutines[aiofiles]", "serial", largest="files"),
        look.ratio("benchmarks/test_files.py::test_write_files", "coroutines[aiofiles]", "serial", {"fsync": False}),
        beside=[look.ratio("benchmarks/test_files.py::test_read_files", "coroutines", "serial", largest="files")],
    )

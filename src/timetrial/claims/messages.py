"""What is said of talking between workers, and of what they share."""

from __future__ import annotations

import re
from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.finding import Finding, Held
from timetrial.claims.look import Look
from timetrial.claims.sample import Sample
from timetrial.claims.sources import ARTICLE
from timetrial.claims.stated import figure
from timetrial.languages import NOTHING, Text

_TEST: Final = "benchmarks/test_messages.py::test_messages"
_MEASURED_BY: Final = f"{_TEST} --trial-models=threads,processes"


@claim(
    "share-queue-pipe",
    Text("Processes need Queue or Pipe, which cost", "进程间通信要用 Queue 或 Pipe，而且有开销"),
    of=Text(
        "the time of a message between processes, divided by that of one between threads, by Queue",
        "经 Queue 传递一条消息时，进程间的耗时除以线程间的耗时",
    ),
    because=Text("what costs is at least twice as dear", "有开销，意味着至少贵一倍"),
    at_least=2.0,
    measured_by=_MEASURED_BY,
    takes_s=25,
    published=(figure("needed, no figure", "必须使用，未给出数字", source=ARTICLE),),
)
def share_queue_pipe(look: Look) -> Finding:
    """Small messages; beside them large ones, and the Pipe."""
    processes, threads = "processes[Queue]", "threads[Queue]"
    return look.holds(
        look.ratio(_TEST, processes, threads, smallest="size_bytes"),
        beside=[
            look.ratio(_TEST, processes, threads, largest="size_bytes"),
            look.ratio(_TEST, "processes[Pipe]", threads, smallest="size_bytes"),
        ],
    )


@claim(
    "pipe-faster",
    Text("Pipe is much faster than Queue", "Pipe 比 Queue 快得多"),
    of=Text(
        "the time of a small message by Queue, divided by that by a one-way Pipe",
        "小消息经 Queue 的耗时除以经单向 Pipe 的耗时",
    ),
    because=Text(
        "much is at least half as much again; the published figure is a quarter",
        "“快得多”至少要快一半；已发表的数字只有四分之一",
    ),
    at_least=1.5,
    measured_by=_MEASURED_BY,
    takes_s=25,
    published=(
        figure("1.25x for a million integers", "一百万个整数 1.25 倍", source="collected from public documents"),
        figure(
            "1 MB: duplex 0.301 ms, one-way 0.673 ms",
            "1 MB：双向 0.301 毫秒，单向 0.673 毫秒",
            source="collected from public documents",
        ),
    ),
)
def pipe_faster(look: Look) -> Finding:
    """Beside it large messages, and whether a Pipe that talks both ways, which is another thing, is faster."""
    return look.holds(
        look.ratio(_TEST, "processes[Queue]", "processes[Pipe]", smallest="size_bytes"),
        beside=[
            look.ratio(_TEST, "processes[Queue]", "processes[Pipe]", largest="size_bytes"),
            look.ratio(_TEST, "processes[Pipe]", "processes[Pipe-duplex]", largest="size_bytes"),
        ],
    )


@claim(
    "shared-memory",
    Text("Shared memory beats pickling from some size on", "消息大到一定程度，共享内存优于 pickle"),
    of=Text(
        "the time of the largest message by a Pipe, which pickles, divided by that by shared memory",
        "最大的消息经 Pipe（需 pickle）的耗时除以经共享内存的耗时",
    ),
    because=Text("a fifth is what one would write the code for", "快两成才值得写这段代码"),
    at_least=1.2,
    measured_by=_MEASURED_BY,
    takes_s=25,
    published=(
        figure(
            "8 MB list: pipe 136 ms, mp.Array 4,195 ms, fork arguments 38 ms",
            "8 MB 列表：管道 136 毫秒，mp.Array 4195 毫秒，fork 参数 38 毫秒",
            source="collected from public documents",
        ),
    ),
)
def shared_memory(look: Look) -> Finding:
    """Beside it the smallest message, where it costs more."""
    pickled, shared = "processes[Pipe]", "processes[shared-memory]"
    return look.holds(
        look.ratio(_TEST, pickled, shared, largest="size_bytes"),
        beside=[look.ratio(_TEST, pickled, shared, smallest="size_bytes")],
    )


@claim(
    "share-lock",
    Text("Shared variables need a lock, or updates are lost", "共享变量必须加锁，否则更新会丢失"),
    of=Text(
        "updates that were lost without a lock, in a counter or a dictionary", "不加锁时，计数器或字典丢失的更新次数"
    ),
    because=Text("one lost update is one too many", "丢失一次就已经太多"),
    at_least=1,
    unit="lost",
    measured_by="benchmarks/test_shared_state.py",
    takes_s=30,
    published=(figure("needs a Lock, no figure", "需要 Lock，未给出数字", source=ARTICLE),),
)
def share_lock(look: Look) -> Finding:
    """Of threads; what was not lost in a round is luck of this interpreter, and no promise. Beside it the price."""
    held = [
        _lost(look, test)
        for test in (
            "benchmarks/test_shared_state.py::test_counter",
            "benchmarks/test_shared_state.py::test_dictionary",
        )
    ]
    beside = [
        look.ratio("benchmarks/test_shared_state.py::test_counter", "threads[Lock]", "threads[no-lock]"),
        look.ratio("benchmarks/test_shared_state.py::test_dictionary", "threads[Lock]", "threads[no-lock]"),
        look.ratio("benchmarks/test_shared_state.py::test_counter", "threads[RLock]", "threads[Lock]"),
    ]
    note = Text(
        "None lost is what this interpreter happened to do, not what the language promises.",
        "没有丢失只是该解释器碰巧如此，并非语言的保证。",
    )
    none_lost = all(isinstance(each.figure, Sample) and each.figure.value == 0 for each in held)
    return look.holds_if_any(*held, beside=beside, note=note if none_lost else NOTHING)


_LOST: Final = re.compile(r"(\d[\d,]*) of \d[\d,]* updates were lost")


def _lost(look: Look, test: str) -> Held:
    """A round that lost updates is void and has no entry: its reason tells how many. Else none were lost."""
    model = "threads[no-lock]"
    counts = [
        (int(found[1].replace(",", "")), ref)
        for ref, _, reason in look.reasons(test, model)
        if (found := _LOST.search(reason))
    ]
    if counts:
        worst = max(count for count, _ in counts)
        return look.meets(look.counted(f"{model}, {test}", worst, "lost", [ref for _, ref in counts]))
    return look.meets(look.noted(test, model, "lost_updates", "lost", largest="updates", allowance=1.0))

"""The first look at the function: called for a few items in a row, which gives the reference results, and its ways."""

from __future__ import annotations

import asyncio
import os
import pickle
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from timetrial.errors import NoAnswerError, WorkloadError, shorten
from timetrial.languages import Text, text
from timetrial.models.base import Executor
from timetrial.models.uncomputed import let_go, uncomputed
from timetrial.search.notes import Note
from timetrial.search.proof import digest_of
from timetrial.trial.digest import digest_of_items

_HUGE_BYTES: Final = 1_000_000
_MOST_RESULT_BYTES: Final = 256_000_000
"""A round's results are all in memory at once: so much of them, at most."""

_MOST_ENTRIES: Final = 2_000

_MOST_ITEMS: Final = 256
"""A round takes so many different items at most, and these again and again: the slowest model has to get through them
all, and a sample that is spread over all items tells as much."""


@dataclass(frozen=True)
class Probed:
    """What was found out by calling it.

    ``items`` are those of a round, out of ``of``, and ``digests`` their results'; ``s_per_item`` is the mean and
    ``longest_s`` the longest call; ``result_bytes`` the size of the largest result that was looked at.
    """

    items: Sequence[Any]
    digests: Sequence[bytes]
    of: int
    s_per_item: float
    longest_s: float
    result_bytes: int
    notes: list[Note] = field(default_factory=list)


def probe(
    executor: Executor,
    items: Sequence[Any],
    comparable: Callable[[Any], object] | None,
    limit_s: float,
    on_item: Callable[[int, Any], None],
    *,
    is_async: bool = False,
    sample: int | None = None,
) -> Probed:
    """Runs items one at a time, evenly spread over all, for about ``limit_s``; or a ``sample`` of so many.

    Raises NoAnswerError where nothing can be compared: other results each time, or none at all. What the function
    raises comes through, with a note that names its item.
    """
    seen = _Surroundings(is_async=is_async)
    first, first_s = _first_calls(executor, items, comparable, on_item, seen)
    results, taken_s = {0: first}, [first_s]
    began_s = time.perf_counter()
    for index in _evenly(len(items)):
        if len(results) >= (sample or _MOST_ITEMS):
            break
        if sample is None and (time.perf_counter() - began_s > limit_s or _weight(results) > _MOST_RESULT_BYTES):
            break
        if index not in results:
            results[index], seconds = _call(executor, items, index, on_item)
            taken_s.append(seconds)
    chosen = sorted(results)
    digests = [digest_of(results[index], comparable) for index in chosen]
    heaviest = max((_size(results[index]) for index in chosen[:: max(1, len(chosen) // 20)]), default=0)
    return Probed(
        [items[index] for index in chosen],
        digests,
        len(items),
        statistics.fmean(taken_s),
        max(taken_s),
        heaviest,
        [*seen.notes(), *([_huge(heaviest)] if heaviest > _HUGE_BYTES else [])],
    )


def _first_calls(
    executor: Executor,
    items: Sequence[Any],
    comparable: Callable[[Any], object] | None,
    on_item: Callable[[int, Any], None],
    seen: _Surroundings,
) -> tuple[Any, float]:
    """The first item twice: the first time brings imports and caches, and the second has to come to the same."""
    before = digest_of_items(items[:1])
    with seen.looking(seed=1):
        once, _ = _call(executor, items, 0, on_item)
    if (reason := uncomputed(once)) is not None:
        let_go(once)
        raise NoAnswerError(Text(f"it returns {reason}", f"它返回的还不是结果：{reason}"))
    try:
        known = digest_of(once, comparable)
    except WorkloadError as error:
        why = error.args[0].partition(";")[0]
        raise NoAnswerError(
            Text(
                f"its results can't be compared ({why}), so nothing can tell whether every model did the same work: "
                f"return plain data, or say --compare ignore",
                f"它的结果无法比较（{why}），也就无从判断各模型是否做了同样的工作："
                f"请返回普通数据，或加上 --compare ignore",
            )
        ) from None
    try:
        with seen.looking(seed=2):
            again, seconds = _call(executor, items, 0, on_item)
    except Exception as error:
        error.add_note(
            "the first call of this item went well. It is called many times, so a second call must find what the "
            "first one found: let the function remove what it made, or give every call something of its own"
        )
        raise
    if digest_of(again, comparable) != known:
        raise NoAnswerError(_other_each_time(items, once, again, changed=digest_of_items(items[:1]) != before))
    return again, seconds


def _other_each_time(items: Sequence[Any], once: object, again: object, *, changed: bool) -> Text:
    if changed:
        return Text(
            f"it changes its item ({shorten(items[0])} by now), so a second call finds another one: let it work on a "
            f"copy, such as sorted(item) in place of item.sort()",
            f"它会改动传入的项（现在是 {shorten(items[0])}），第二次调用拿到的就不一样了：请改用副本，"
            f"例如以 sorted(item) 代替 item.sort()",
        )
    return Text(
        f"the same item gave {shorten(once)} and then {shorten(again)}: where results differ, nothing can tell whether "
        f"every model did the same work. If that is meant (a time, a random number), say --compare ignore; "
        f"for sums of floating-point numbers in another order, --compare approx",
        f"同一项先后得到 {shorten(once)} 和 {shorten(again)}：结果不一致，就无从判断各模型是否做了同样的工作。"
        f"若本该如此（时间、随机数），请加上 --compare ignore；若只是浮点数求和的次序不同，请用 --compare approx",
    )


def _call(
    executor: Executor, items: Sequence[Any], index: int, on_item: Callable[[int, Any], None]
) -> tuple[Any, float]:
    on_item(index, items[index])
    began_s = time.perf_counter()
    try:
        (result,) = executor.run([items[index]])
    except Exception as error:
        error.__notes__ = [f"it was called with item {index}, {shorten(items[index])}"]
        raise
    return result, time.perf_counter() - began_s


def _evenly(count: int) -> Iterator[int]:
    """Every index once, in an order whose beginnings are spread evenly: 0, then 1/2, 1/4, 3/4, and so on."""
    yield 0
    bits = max(1, (count - 1).bit_length())
    for number in range(1, 1 << bits):
        index = int(f"{number:b}"[::-1].ljust(bits, "0"), 2)
        if index < count:
            yield index


def _weight(results: dict[int, Any]) -> int:
    """What all results weigh, from the first's; pickling each would take longer than making it."""
    return len(results) * _size(results[0]) if len(results) % 16 == 0 else 0


def _size(result: object) -> int:
    try:
        return len(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
    except Exception:  # noqa: BLE001 - what can't be pickled has no size to send
        return 0


def _huge(size: int) -> Note:
    return Note(
        "results",
        Text(
            f"a result weighs up to {size / 1e6:.1f} MB, which worker processes have to send back",
            f"单个结果最大 {size / 1e6:.1f} MB，工作进程须把它传回",
        ),
        Text(
            "let the function write large results to a file and return its name",
            "请让函数把大结果写入文件，只返回文件名",
        ),
    )


class _Surroundings:
    """What the function does to what all its callers share, found out by its first two calls."""

    def __init__(self, *, is_async: bool) -> None:
        self._is_async = is_async
        self._notes: dict[str, Note] = {}
        self._random: list[object] = []

    def notes(self) -> list[Note]:
        """What was found."""
        if len(self._random) > 1 and self._random[0] == self._random[1]:
            self._note(
                "random",
                Text(
                    "it seeds the random numbers that all threads of a process share",
                    "它为进程内所有线程共用的随机数生成器设置种子",
                ),
                Text(
                    "draw from a generator of its own: random.Random(seed)", "请使用自己的生成器：random.Random(seed)"
                ),
            )
        return list(self._notes.values())

    @contextmanager
    def looking(self, seed: int) -> Iterator[None]:
        """Around one call; the working directory and the environment are put back."""
        state = random.getstate()
        random.seed(seed)
        before, here, variables, files = random.getstate(), _here(), dict(os.environ), _files()
        try:
            with self._loops():
                yield
        finally:
            if random.getstate() != before:
                self._random.append(random.getstate())
            random.setstate(state)
            self._compare(here, variables, files)

    def _compare(self, here: str | None, variables: dict[str, str], files: dict[str, tuple[int, int]]) -> None:
        if here is not None and _here() != here:
            now = text(_here() or Text("a folder that is gone", "已不存在的文件夹"))
            self._note(
                "directory",
                Text(
                    f"it changes the working directory (to {now}), which all threads share",
                    f"它会切换工作目录（至 {now.zh}），而工作目录由所有线程共用",
                ),
                Text("pass full paths instead: Path(folder, name)", "请改用完整路径：Path(folder, name)"),
            )
            os.chdir(here)
        changed = sorted(key for key in variables.keys() | os.environ if variables.get(key) != os.environ.get(key))
        if changed:
            self._note(
                "environment",
                Text(
                    f"it changes the environment ({', '.join(changed[:3])}), which all threads share",
                    f"它会修改环境变量（{'、'.join(changed[:3])}），而环境变量由所有线程共用",
                ),
                Text("pass env= to what it starts instead", "请改为向它启动的程序传入 env="),
            )
            os.environ.clear()
            os.environ.update(variables)
        written = sorted(name for name, state in _files().items() if files.get(name) != state)
        if written:
            self._note(
                "files",
                Text(
                    f"it writes files ({', '.join(written[:3])}{', …' if len(written) > 3 else ''}): every call writes "
                    f"them again, and several may write at once",
                    f"它会写文件（{'、'.join(written[:3])}{' 等' if len(written) > 3 else ''}）：每次调用都会重写，"
                    f"还可能有几个调用同时写",
                ),
                Text("let every item write to a file of its own", "请让每一项写入各自的文件"),
            )

    @contextmanager
    def _loops(self) -> Iterator[None]:
        """Notices a sync function that runs an event loop of its own."""
        if self._is_async:  # its executor runs one, and a second one in it raises
            yield
            return
        original = asyncio.Runner.run
        seen = self

        def run(self: asyncio.Runner, *args: Any, **kwargs: Any) -> Any:
            seen._note(
                "loop",
                Text(
                    "it calls asyncio.run, which opens and closes an event loop in every call",
                    "它调用 asyncio.run，每次调用都要新建并关闭一个事件循环",
                ),
                Text(
                    "give the async function itself as --async-task, so that all items share one loop",
                    "请用 --async-task 直接指定异步函数，让所有项共用一个事件循环",
                ),
            )
            return original(self, *args, **kwargs)

        asyncio.Runner.run = run  # type: ignore[method-assign]
        try:
            yield
        finally:
            asyncio.Runner.run = original  # type: ignore[method-assign]

    def _note(self, kind: str, said: Text, fix: Text) -> None:
        self._notes[kind] = Note(kind, said, fix)


def _here() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - a text is what is compared and given back
    except OSError:
        return None


def _files() -> dict[str, tuple[int, int]]:
    """The files in the working directory, with their size and time; of very many, none."""
    found: dict[str, tuple[int, int]] = {}
    try:
        for number, path in enumerate(Path().iterdir()):
            if number >= _MOST_ENTRIES:
                return {}
            if path.is_file():
                about = path.stat()
                found[path.name] = about.st_size, about.st_mtime_ns
    except OSError:
        return {}
    return found

"""The lines of code that run a function in the advised way, with nothing but the standard library where that can."""

from __future__ import annotations

from typing import Final

from timetrial.advice.script import Function, ItemsCode, Script, guarded, text_of
from timetrial.models import NAMES, is_known, model_part
from timetrial.results.ways import Way

_BATCH_S: Final = 0.01
"""How long a batch for a worker process should take: handing one over costs some tenths of a millisecond."""

_WITH_THE_STANDARD_LIBRARY: Final = (*NAMES, "threads[pool]", "processes[pool]", "coroutines[to_thread]")
"""The models that a few lines do without us."""


def snippet(way: Way, function: Function, items: ItemsCode, s_per_item: float) -> str:
    """A whole script, ready to be saved and run; what it computes is in ``results``, in the items' order.

    ``s_per_item`` is what an item takes one at a time: very short ones are sent to processes in batches.
    """
    script = Script()
    way = Way(model_part(way.model), way.concurrency)  # which of a workload's variants it runs, the function says
    name = way.model.partition("[")[0]
    if is_known(way.model) and way.model not in _WITH_THE_STANDARD_LIBRARY:
        _through_timetrial(script, function, items, way)
    elif name == "serial":
        _serial(script, function, items)
    elif name == "threads":
        _threads(script, function, items, way.concurrency)
    elif name == "coroutines" and function.is_async:
        _coroutines(script, function, items, way.concurrency)
    elif name == "coroutines":
        _to_thread(script, function, items, way.concurrency)
    elif name == "processes":
        _processes(script, function, items, way.concurrency, s_per_item)
    else:
        _processes_and_coroutines(script, function, items, way.concurrency)
    return text_of(script, function, items)


def _one(function: Function) -> tuple[list[str], str]:
    """A function of one item, defined where the given one is called in another way; its lines and its name."""
    if function.how == "item" and function.resource is None:
        return [], function.name
    argument = "_" if function.how == "none" else "item"
    return [f"def one({argument}):", f"    return {function.call()}", ""], "one"


def _serial(script: Script, function: Function, items: ItemsCode) -> None:
    lines = [f"items = {items.expression}"]
    loop = "_" if function.how == "none" else "item"
    if function.resource is None:
        lines.append(f"results = [{function.call(loop)} for {loop} in items]")
    else:
        lines += [
            f"with {function.resource[1]}(1) as resource:",
            f"    results = [{function.call(loop)} for {loop} in items]",
        ]
    script.body = guarded(lines)


def _threads(script: Script, function: Function, items: ItemsCode, workers: int) -> None:
    script.standard.append("from concurrent.futures import ThreadPoolExecutor")
    define, name, options = _in_threads(script, function, workers)
    script.body = [
        *define,
        *guarded(
            [
                f"items = {items.expression}",
                f"with ThreadPoolExecutor({options}) as pool:",
                f"    results = list(pool.map({name}, items))",
            ]
        ),
    ]


def _in_threads(script: Script, function: Function, workers: int) -> tuple[list[str], str, str]:
    """What is defined for a pool of threads, the function that it calls, and how the pool is made."""
    options = f"max_workers={workers}"
    if function.resource is None:
        return *_one(function), options
    script.standard.append("import threading")
    argument = "_" if function.how == "none" else "item"
    define = [
        "own = threading.local()",
        "",
        "def start():",
        f"    own.resource = {function.resource[1]}(1).__enter__()  # as long as the thread lives",
        "",
        f"def one({argument}):",
        f"    return {function.call(resource='own.resource')}",
        "",
    ]
    return define, "one", f"{options}, initializer=start"


def _processes(script: Script, function: Function, items: ItemsCode, workers: int, s_per_item: float) -> None:
    script.standard.append("from concurrent.futures import ProcessPoolExecutor")
    define, name = _one(function)
    options = f"max_workers={workers}"
    if function.resource is not None:
        define = [
            "def start():",
            "    global resource",
            f"    resource = {function.resource[1]}(1).__enter__()  # as long as the process lives",
            "",
            *define,
        ]
        options += ", initializer=start"
    batch = _chunk(items.count, workers, s_per_item)
    chunk = f", chunksize={batch}" if batch > 1 else ""
    script.body = [
        *define,
        *guarded(
            [
                f"items = {items.expression}",
                f"with ProcessPoolExecutor({options}) as pool:",
                f"    results = list(pool.map({name}, items{chunk}))",
            ]
        ),
    ]


def _chunk(count: int, workers: int, s_per_item: float) -> int:
    """As many items as take some milliseconds, but four batches a worker where there are so many items."""
    wanted = round(_BATCH_S / s_per_item) if s_per_item > 0 else count
    return max(1, min(wanted, count // (4 * workers)))


def _coroutines(script: Script, function: Function, items: ItemsCode, workers: int) -> None:
    script.standard.append("import asyncio")
    script.body = [
        *_run_all(function, "items", workers),
        "",
        *guarded([f"items = list({items.expression})", "results = asyncio.run(run_all(items))"]),
    ]


def _run_all(function: Function, items: str, workers: int | str) -> list[str]:
    """``run_all(items)``: worker tasks that share one iterator."""
    argument = items if isinstance(workers, int) else f"{items}, {workers}"
    opened = [f"    async with {function.resource[1]}({workers}) as resource:"] if function.resource is not None else []
    pad = "    " if opened else ""
    body = [
        f"    todo, results = enumerate({items}), [None] * len({items})",
        "",
        "    async def work():",
        "        for index, item in todo:",
        f"            results[index] = await {function.call()}",
        "",
        "    async with asyncio.TaskGroup() as group:",
        f"        for _ in range({workers}):",
        "            group.create_task(work())",
        "    return results",
    ]
    inner = [line for line in body if line]
    return [f"async def run_all({argument}):", *opened, *(pad + line for line in inner)]


def _to_thread(script: Script, function: Function, items: ItemsCode, workers: int) -> None:
    script.standard += ["import asyncio", "from concurrent.futures import ThreadPoolExecutor"]
    define, name, options = _in_threads(script, function, workers)
    script.body = [
        *define,
        "async def run_all(items):",
        "    loop = asyncio.get_running_loop()",
        f"    with ThreadPoolExecutor({options}) as pool:",
        f"        return await asyncio.gather(*(loop.run_in_executor(pool, {name}, item) for item in items))",
        "",
        *guarded([f"items = {items.expression}", "results = asyncio.run(run_all(items))"]),
    ]


def _processes_and_coroutines(script: Script, function: Function, items: ItemsCode, concurrency: int) -> None:
    script.standard += [
        "import asyncio",
        "import os",
        "from concurrent.futures import ProcessPoolExecutor",
        "from functools import partial",
    ]
    script.body = [
        *_run_all(function, "items", "workers"),
        "",
        "def in_a_process(items, workers):",
        "    return asyncio.run(run_all(items, workers))",
        "",
        *guarded(
            [
                f"items = list({items.expression})",
                f"count = min(os.cpu_count() or 1, {concurrency}, len(items))",
                "with ProcessPoolExecutor(max_workers=count) as pool:",
                "    shares = [items[number::count] for number in range(count)]",
                f"    done = list(pool.map(partial(in_a_process, workers=-(-{concurrency} // count)), shares))",
                "results = [None] * len(items)",
                "for number, share in enumerate(done):",
                "    results[number::count] = share",
            ]
        ),
    ]


def _through_timetrial(script: Script, function: Function, items: ItemsCode, way: Way) -> None:
    """By the model itself, which any program may open."""
    script.own.append("from timetrial import Workload, models")
    kind = "async_task" if function.is_async else "task"
    define, name = [], function.name
    if function.how != "item":
        arguments = "item" if function.resource is None else "item, resource"
        head, wait = ("async def", "await ") if function.is_async else ("def", "")
        define, name = [f"{head} one({arguments}):", f"    return {wait}{function.call()}", ""], "one"
    resource = f", {kind.replace('task', 'resource')}={function.resource[1]}" if function.resource is not None else ""
    script.body = [
        *define,
        *guarded(
            [
                f"items = list({items.expression})",
                f"work = Workload({function.name!r}, {kind}={name}{resource})",
                f"with models.get({way.model!r}).open(work, {way.concurrency}) as executor:",
                "    results = executor.run(items)",
            ]
        ),
    ]

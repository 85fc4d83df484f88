"""A program that changes its world between two pools of workers, and prints what each of the second finds as JSON."""

from __future__ import annotations

import gc
import importlib
import json
import locale
import logging
import os
import socket
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from timetrial import models
from timetrial.models.pool import parent_state
from timetrial.models.pool.start_methods import preload
from timetrial.workload import Workload

TASKS = """
import os
from timetrial.models.pool import parent_state

MODE = os.environ["MODE"]


class Odd(UserWarning):
    pass


def look_around(item):
    return {**parent_state.look(), "at import": MODE}


async def look_around_async(item):
    return look_around(item)
"""
"""A module that reads a setting when it is imported, as many do."""


def _lower_a_limit() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def _another_locale() -> None:
    names = [each for each in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "POSIX") if _can_be_set(each)]
    now = locale.setlocale(locale.LC_ALL)
    locale.setlocale(locale.LC_ALL, next(each for each in names if each != now))


def _can_be_set(name: str) -> bool:
    now = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_ALL, now)
    return True


def _another_time_zone() -> None:
    os.environ["TZ"] = "XYZ-5"
    time.tzset()


def _fewer_processors() -> None:
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])


def _other_levels() -> None:
    logging.disable(logging.INFO)
    logging.getLogger("some.where").setLevel(5)


def _another_collector() -> None:
    gc.disable()
    gc.set_threshold(123, 4, 5)


def _other_filters() -> None:
    tasks = importlib.import_module("tasks_of_script")
    warnings.filterwarnings("error", message="odd.*", category=tasks.Odd, module="some.module")


CHANGES: dict[str, Callable[[Path], object]] = {
    "sys.path": lambda folder: sys.path.insert(0, str(folder / "more")),
    "environment variables": lambda _: os.environ.update(MODE="of the trial", ODD="\udc80=\n"),
    "working directory": os.chdir,
    "umask": lambda _: os.umask(0o027),
    "resource limits": lambda _: _lower_a_limit(),
    "locale": lambda _: _another_locale(),
    "time zone": lambda _: _another_time_zone(),
    "log levels": lambda _: _other_levels(),
    "usable processors": lambda _: _fewer_processors(),
    "niceness": lambda _: os.nice(1),
    "recursion limit": lambda _: sys.setrecursionlimit(2345),
    "switch interval": lambda _: sys.setswitchinterval(0.25),
    "garbage collector": lambda _: _another_collector(),
    "socket time-out": lambda _: socket.setdefaulttimeout(4.5),
    "digits of an integer": lambda _: sys.set_int_max_str_digits(5000),
    "warnings filters": lambda _: _other_filters(),
}


def main(name: str, start_method: str, folder: Path) -> None:
    """Opens a pool, changes everything, opens another, and prints both worlds."""
    os.environ["MODE"] = "of the imports"
    os.environ["GOES"] = "away"
    (folder / "tasks_of_script.py").write_text(TASKS)
    sys.path.insert(0, str(folder))
    tasks = importlib.import_module("tasks_of_script")
    workload = Workload("look around", task=tasks.look_around, async_task=tasks.look_around_async)
    preload(workload.modules())
    os.environ["MODE"] = "of an earlier trial"
    with models.get(name, start_method=start_method).open(workload, 2) as executor:
        executor.run([1, 2])
    del os.environ["GOES"]
    before = parent_state.look()
    for change in CHANGES.values():
        change(folder)
    with models.get(name, start_method=start_method).open(workload, 2) as executor:
        found, parents = executor.run([1, 2])[1], parent_state.look()
        unlike = executor.details.get("unlike_parent")
    found["warnings filters"] = found["warnings filters"][1:]  # the first one is for our own thread beside a fork
    same = {part: found[part] == parents[part] for part in parents}
    changed = {part: before[part] != parents[part] for part in parents}
    print(json.dumps({"same": same, "changed": changed, "unlike": unlike, "at import": found["at import"]}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

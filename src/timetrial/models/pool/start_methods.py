"""How worker processes are started: the method in words, and what a fork server imports ahead of them."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterable
from typing import Any

from timetrial.errors import ModelUnavailableError
from timetrial.languages import Text
from timetrial.models.pool import forkserver, import_paths, parent_state

_OUR_OWN = ("timetrial.models.processes", "timetrial.models.hybrid")
"""What every worker runs: 40 ms of imports, asyncio's above all, that each would do again."""

# The fork server is one per process, so what it is to import is one list per process as well.
_wanted: dict[str, None] = {}

# The world in which this process imported them, which is that in which its workers are to import them too.
_imported_in: dict[str, Any] = {}


def default() -> str:
    """The method that is used unless another one is asked for: forkserver where there is one, else spawn."""
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def unavailable(start_method: str | None) -> str | None:
    """Why worker processes can't be started that way here, or None."""
    if sys.platform in ("emscripten", "wasi"):
        return Text("this platform has no processes", "此平台不支持进程")
    methods = multiprocessing.get_all_start_methods()
    if start_method is not None and start_method not in methods:
        there = ", ".join(methods)
        return Text(
            f"there is no start method {start_method!r} here; there are: {there}",
            f"此处没有启动方式 {start_method}；可用的有：{there}",
        )
    return None


def choose(start_method: str | None) -> str:
    """The method asked for, or the default; raises ModelUnavailableError where it can't be had."""
    require(unavailable(start_method))
    return start_method or default()


def require(reason: str | None) -> None:
    """Raises ModelUnavailableError where there is a reason why a model can't run here."""
    if reason is not None:
        raise ModelUnavailableError(reason)


def preload(modules: Iterable[str]) -> None:
    """Has the fork server import these modules before it starts workers, which then begin with them loaded.

    It counts only before the process's first fork server starts, and a module that can't be imported there is
    passed over: an executor's ``details["preloaded"]`` says what came of it. Also notes, at the first call, under
    which environment variables and in which folder this process imports them: workers, of whatever start method, do
    it under these, before they enter the world of their trial.
    """
    if not _imported_in:
        _imported_in.update(parent_state.look())
    if default() != "forkserver":
        return
    _wanted.update(dict.fromkeys(modules))
    _wanted.pop("__main__", None)
    multiprocessing.set_forkserver_preload(["__main__", forkserver.__name__, *_OUR_OWN, *_wanted])


def world_of_imports() -> parent_state.World:
    """The world as it was when ``preload`` was first called; as it is now where nobody has called it."""
    return _imported_in or parent_state.look()


def start_fork_server() -> None:
    """Starts the fork server if there is none yet.

    Before 3.14 it ignores sys.path, so that it could not import a test module from a folder that pytest has put
    there; it can't import one that pytest has loaded from elsewhere; and a parent that is killed leaves a folder
    with its socket behind. The module forkserver makes up for all three. A test that happens to be the first to need
    it may have changed variables and folder: it imports under those of world_of_imports.
    """
    from multiprocessing.forkserver import ensure_running

    birth = world_of_imports()
    with parent_state.variables_of(birth):
        os.environ[forkserver.VARIABLE] = forkserver.describe_parent(
            import_paths.places_of(_wanted), parent_state.folder_of(birth)
        )
        try:
            ensure_running()
        finally:
            os.environ.pop(forkserver.VARIABLE, None)

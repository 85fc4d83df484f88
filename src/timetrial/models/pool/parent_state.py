"""The world as a worker process should find it: as it is for its parent when the trial opens, carried over and checked.

A fork server keeps the world of its own birth, and a process that is started anew gets only what the system hands on:
the code under test would read other settings there than in serial, and do other work.
"""

from __future__ import annotations

import gc
import locale
import logging
import os
import pickle
import socket
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from timetrial.environment.facts import ROOT, known, text_of
from timetrial.measure.execution.notes import VARIABLE
from timetrial.system.affinity import pin, usable_cpus

World = Mapping[str, Any]
"""The state of each of PARTS by its name; None where it is unknown. The warnings' filters are pickles."""


@dataclass(frozen=True)
class Part:
    """One thing that a process has and that decides how code runs in it: how it is read, and how it is set."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], None]


def look() -> dict[str, Any]:
    """The world of this process now."""
    return {part.name: known(part.read) for part in PARTS}


def enter(world: World) -> list[str]:
    """Makes this process's world that one; returns in words what differs all the same."""
    return [told for part in PARTS if (told := _carry(part, world.get(part.name))) is not None]


def import_as_in(world: World, modules: list[str]) -> None:
    """Imports these under the variables and in the folder of another moment: that at which the parent imported them.

    What can't be imported is left for whoever needs it.
    """
    for part in (_SEARCH_PATH, _VARIABLES, _FOLDER):
        _carry(part, world.get(part.name))
    for module in modules:
        with suppress(Exception):
            import_module(module)


@contextmanager
def variables_of(world: World) -> Generator[None]:
    """Within, processes are started with the environment variables of that world."""
    now, then = _variables(), world.get(_VARIABLES.name)
    if then is None or then == now:
        yield
        return
    _set_variables(then)
    try:
        yield
    finally:
        _set_variables(now)


def folder_of(world: World) -> str | None:
    """The working directory there; None where it isn't known, as when it had been removed."""
    folder: str | None = world.get(_FOLDER.name)
    return folder


class KeptWarnings:
    """Takes the place of warnings.showwarning: keeps each once, as pytest does, where showing it would take time."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        warnings.showwarning = self

    def __call__(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: str | None = None,
    ) -> None:
        """Called by Python for each warning that its filters let through."""
        del file, line
        self._counts[f"{filename}:{lineno}: {category.__name__}: {message}"] += 1

    def tell(self) -> None:
        """Writes them to stderr."""
        for text, times in self._counts.items():
            print(text if times == 1 else f"{text} ({times:,} times)", file=sys.stderr)


def _carry(part: Part, wanted: Any) -> str | None:
    """Sets it where it differs; what still does is told. A part that the parent can't read is left alone."""
    if wanted is None or (found := known(part.read)) == wanted:
        return None
    obstacle = ""
    try:
        part.write(wanted)
    except Exception as error:  # noqa: BLE001 - whatever the system or an object says to it
        obstacle = f" ({type(error).__name__}: {error})"
    found = known(part.read)
    return None if found == wanted else f"{part.name}: {_difference(found, wanted)}{obstacle}"


def _difference(found: Any, wanted: Any) -> str:
    """In words, where that takes few; of variables only the names, since their values may be secrets."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        names = [name for name in {**wanted, **found} if found.get(name) != wanted.get(name)]
        if any(isinstance(each, str) for each in wanted.values()):
            return ", ".join(names)
        return ", ".join(f"{name} {found.get(name)} instead of {wanted.get(name)}" for name in names)
    if isinstance(wanted, int | float | str):
        return f"{found} instead of {wanted}"
    return "others"


def _variables() -> dict[str, str]:
    """But for what tells processes to take part in a noting, which they do whatever the code under test has set."""
    return {name: value for name, value in os.environ.items() if name != VARIABLE}


def _set_variables(wanted: Mapping[str, str]) -> None:
    for name in _variables().keys() - wanted.keys():
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _umask() -> int:
    """The system's own word for it where it has one: asking by setting it is seen by other threads for a moment."""
    for line in (text_of(ROOT / "proc/self/status") or "").splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _set_umask(wanted: int) -> None:
    os.umask(wanted)


def _limits() -> dict[str, tuple[int, int]]:
    """Those in force and up to which they may be raised, by their names; none on Windows."""
    if sys.platform == "win32":
        return {}
    import resource

    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}


def _set_limits(wanted: Mapping[str, tuple[int, int]]) -> None:
    if sys.platform == "win32":
        return
    import resource

    for name, limits in _limits().items():
        if limits != wanted.get(name, limits):
            with suppress(OSError, ValueError):  # the others may be granted; what is not is told
                resource.setrlimit(getattr(resource, name), wanted[name])


def _set_locale(wanted: str) -> None:
    locale.setlocale(locale.LC_ALL, wanted)


def _set_time_zone(wanted: object) -> None:
    """From the variable TZ, which has been set by now."""
    del wanted
    if sys.platform != "win32":
        time.tzset()


def _filters() -> list[Any]:
    """The list in force; from Python 3.14 on it may be that of a context."""
    in_force = getattr(warnings, "_get_filters", None)
    found: list[Any] = warnings.filters if in_force is None else in_force()  # type: ignore[assignment]
    return found


def _pickled_filters() -> list[bytes]:
    return [_pickled(each) for each in _filters()]


def _pickled(each: Any) -> bytes:
    """What can't be pickled, as a class that was made in a function, is at least told apart, and no pickle."""
    try:
        return pickle.dumps(each)
    except Exception:  # noqa: BLE001 - __reduce__ may raise anything
        return repr(each).encode()


def _set_filters(wanted: list[bytes]) -> None:
    filters = [pickle.loads(each) for each in wanted]
    warnings.resetwarnings()  # so that Python notices that there are others
    _filters().extend(filters)


def _log_levels() -> tuple[int, dict[str, int]]:
    """What logging.disable() was given, and the level of each logger that has one of its own."""
    named = {name: each for name, each in logging.root.manager.loggerDict.items() if isinstance(each, logging.Logger)}
    own = {name: each.level for name, each in named.items() if each.level != logging.NOTSET}
    return logging.root.manager.disable, {**own, logging.root.name: logging.root.level}


def _set_log_levels(wanted: tuple[int, dict[str, int]]) -> None:
    disabled, levels = wanted
    logging.disable(disabled)
    for name in _log_levels()[1].keys() | levels.keys():
        logger = logging.root if name == logging.root.name else logging.getLogger(name)
        logger.setLevel(levels.get(name, logging.NOTSET))


def _collector() -> tuple[bool, tuple[int, int, int]]:
    return gc.isenabled(), gc.get_threshold()


def _set_collector(wanted: tuple[bool, tuple[int, int, int]]) -> None:
    enabled, thresholds = wanted
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


def _set_processors(wanted: list[int]) -> None:
    pin([os.getpid()], wanted)


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


def _set_niceness(wanted: int) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, wanted)


def _set_search_path(wanted: list[str]) -> None:
    sys.path[:] = wanted


_SEARCH_PATH: Final = Part("sys.path", lambda: list(sys.path), _set_search_path)
_VARIABLES: Final = Part("environment variables", _variables, _set_variables)
_FOLDER: Final = Part("working directory", lambda: str(Path.cwd()), os.chdir)

PARTS: Final = (
    _SEARCH_PATH,
    _VARIABLES,
    _FOLDER,
    Part("umask", _umask, _set_umask),
    Part("resource limits", _limits, _set_limits),
    Part("locale", lambda: locale.setlocale(locale.LC_ALL), _set_locale),
    Part("time zone", lambda: (time.tzname, time.timezone), _set_time_zone),
    Part("warnings filters", _pickled_filters, _set_filters),
    Part("log levels", _log_levels, _set_log_levels),
    Part("usable processors", usable_cpus, _set_processors),
    Part("niceness", _niceness, _set_niceness),
    Part("recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Part("switch interval", sys.getswitchinterval, sys.setswitchinterval),
    Part("garbage collector", _collector, _set_collector),
    Part("socket time-out", socket.getdefaulttimeout, socket.setdefaulttimeout),
    Part("digits of an integer", sys.get_int_max_str_digits, sys.set_int_max_str_digits),
)
"""What is carried over, in the order in which it is set: each after what it may depend on."""

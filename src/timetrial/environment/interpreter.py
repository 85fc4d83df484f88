"""The Python that runs: its version and build, its lock and its compiler, and what was set from outside."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from typing import Final, TypedDict

VARIABLES: Final = (
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONFAULTHANDLER",
    "PYTHONHASHSEED",
    "PYTHONMALLOC",
    "PYTHONMALLOCSTATS",
    "PYTHONOPTIMIZE",
    "PYTHONPERFSUPPORT",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONTRACEMALLOC",
    "PYTHONUNBUFFERED",
    "PYTHONWARNINGS",
    "PYTHON_CPU_COUNT",
    "PYTHON_GIL",
    "PYTHON_JIT",
    "PYTHON_TLBC",
    "AIOHTTP_NO_EXTENSIONS",
    "MALLOC_ARENA_MAX",
    "BLIS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "MKL_DYNAMIC",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_DYNAMIC",
    "OMP_NUM_THREADS",
    "OMP_PROC_BIND",
    "OMP_THREAD_LIMIT",
    "OMP_WAIT_POLICY",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Variables that change how fast Python or a library runs, or how much memory it takes. None holds a secret."""

LIBRARIES: Final = (
    "timetrial",
    "aiohttp",
    "anyio",
    "dask",
    "h11",
    "httpcore",
    "httptools",
    "httpx",
    "multidict",
    "numpy",
    "pillow",
    "psutil",
    "pytest",
    "pytest-asyncio",
    "pytest-benchmark",
    "requests",
    "respx",
    "urllib3",
    "uvloop",
    "yarl",
)
"""Distributions whose versions are recorded unless others are named."""


class PythonFacts(TypedDict):
    """Which Python this is, as each trial keeps it."""

    version: str
    """Such as 3.13.1."""
    implementation: str
    """Such as cpython."""
    free_threaded_build: bool
    gil_enabled: bool
    """Now: an import can switch it on again."""


class BuildFacts(TypedDict):
    """How it was compiled and started; None is what the build doesn't say."""

    version_text: str
    """sys.version."""
    build: list[str]
    """Its number and its date."""
    compiler: str
    profile_guided: bool | None
    debug_build: bool
    pointer_bits: int
    jit_available: bool | None
    jit_enabled: bool | None
    optimisation_level: int
    """How many -O."""
    dev_mode: bool
    x_options: dict[str, str]
    """What -X was given."""
    default_start_method: str
    """fork, forkserver or spawn."""


class Python(PythonFacts, BuildFacts):
    """The section ``python``: both."""


def gil_enabled() -> bool:
    """Whether this interpreter holds a GIL now; asked late, since an import can switch it on again."""
    asked = getattr(sys, "_is_gil_enabled", None)
    return True if asked is None else bool(asked())


def free_threaded_build() -> bool:
    """Whether this Python was built to run without a GIL."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def python_facts() -> dict[str, object]:
    """The interpreter: its version in full, its build, and whether it holds a GIL now."""
    return {
        "version": platform.python_version(),
        "implementation": sys.implementation.name,
        "free_threaded_build": free_threaded_build(),
        "gil_enabled": gil_enabled(),
    }


def build_facts() -> BuildFacts:
    """How this Python was compiled and started, beyond what ``python_facts`` says of it."""
    available, enabled = jit_state()
    x_options: dict[str, object] = sys._xoptions  # noqa: SLF001 -- the documented name of what -X was given
    return {
        "version_text": sys.version,
        "build": list(platform.python_build()),
        "compiler": platform.python_compiler(),
        "profile_guided": profile_guided(sysconfig.get_config_var("CONFIG_ARGS")),
        "debug_build": hasattr(sys, "gettotalrefcount"),
        "pointer_bits": sys.maxsize.bit_length() + 1,
        "jit_available": available,
        "jit_enabled": enabled,
        "optimisation_level": sys.flags.optimize,
        "dev_mode": sys.flags.dev_mode,
        "x_options": {name: str(value) for name, value in sorted(x_options.items())},
        "default_start_method": default_start_method(),
    }


def profile_guided(configure_arguments: str | None) -> bool | None:
    """Whether the build was tuned by a profile, which makes it faster; None where the build doesn't say."""
    return None if configure_arguments is None else "--enable-optimizations" in configure_arguments


def jit_state() -> tuple[bool | None, bool | None]:
    """Whether the just-in-time compiler is there and whether it is on, asked or read from the build's flags."""
    jit = getattr(sys, "_jit", None)  # from 3.14
    if jit is not None:
        return bool(jit.is_available()), bool(jit.is_enabled())
    if sys.implementation.name != "cpython":
        return None, None
    if sys.version_info < (3, 13):
        return False, False
    return jit_by_flags(sysconfig.get_config_var("PY_CORE_CFLAGS"), os.environ.get("PYTHON_JIT"))


def jit_by_flags(core_flags: str | None, variable: str | None) -> tuple[bool | None, bool | None]:
    """The same for 3.13: ``_Py_JIT`` builds it in, bit 2 of ``_Py_TIER2`` leaves it off, PYTHON_JIT overrides."""
    if core_flags is None:
        return None, None
    flags = core_flags.split()
    if "-D_Py_JIT" not in flags:
        return False, False
    if variable:
        return True, variable != "0"
    tier = next((flag.removeprefix("-D_Py_TIER2=") for flag in flags if flag.startswith("-D_Py_TIER2=")), "1")
    return True, not int(tier) & 2


def default_start_method() -> str:
    """How processes are started where nobody says how; asking doesn't settle it."""
    import multiprocessing

    return multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]


def variables(environ: Mapping[str, str] = os.environ) -> dict[str, str | None]:
    """The variables that matter, None for those that aren't set."""
    return {name: environ.get(name) for name in VARIABLES}


def other_distributions(names: Iterable[str] = LIBRARIES) -> dict[str, str]:
    """The versions of everything else that is installed, the project that is tested among it; nothing is imported."""
    from importlib import metadata

    found = {each.metadata["Name"]: each.version for each in metadata.distributions() if each.metadata["Name"]}
    known = {each.lower() for each in names}
    return {name: version for name, version in sorted(found.items()) if name.lower() not in known}


def library_versions(names: Iterable[str] = LIBRARIES) -> dict[str, str | None]:
    """The installed version of each distribution, None for those that aren't; nothing is imported."""
    from importlib import metadata

    def version(name: str) -> str | None:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return None

    return {name: version(name) for name in names}

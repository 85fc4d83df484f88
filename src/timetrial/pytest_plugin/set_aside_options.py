"""What a suite sets for its everyday runs, set aside where a run is there to measure: a gate's side, or a launch.

Suites keep options in ``addopts`` that suit a test run and would keep benchmarks from being measured, all of them, in
one process, or alike on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest


@dataclass(frozen=True)
class Setting:
    """An option that is set aside: ``is_set(options)`` says whether somebody set it, ``instead`` what holds now.

    ``name`` and ``why`` make the line that tells of it.
    """

    name: str
    is_set: Callable[[Any], object]
    instead: dict[str, Any]
    why: str


_SET_ASIDE: Final = (
    Setting(
        "--benchmark-disable",
        lambda options: options.benchmark_disable and not options.benchmark_enable,
        {"benchmark_enable": True},
        "benchmarks are measured here (--benchmark-enable)",
    ),
    Setting(
        "-n of pytest-xdist",
        lambda options: options.dist != "no" or options.numprocesses or options.tx,
        {"dist": "no", "numprocesses": 0, "tx": [], "distload": False},
        "what is timed has the machine for itself (-n 0)",
    ),
    Setting("-x or --maxfail", lambda options: options.maxfail, {"maxfail": 0}, "a failure costs one benchmark"),
    Setting("--stepwise", lambda options: options.stepwise, {"stepwise": False}, "a failure costs one benchmark"),
    Setting(
        "--stepwise-skip",
        lambda options: options.stepwise_skip,
        {"stepwise_skip": False, "stepwise": False},
        "a failure costs one benchmark",
    ),
    Setting("--pdb", lambda options: options.usepdb, {"usepdb": False}, "nobody can type into it"),
    Setting("--trace", lambda options: options.trace, {"trace": False}, "nobody can type into it"),
    Setting(
        "--benchmark-compare or --benchmark-compare-fail",
        lambda options: options.benchmark_compare or options.benchmark_compare_fail,
        {"benchmark_compare": None, "benchmark_compare_fail": []},
        "this run is compared with the other side, or by timetrial gate",
    ),
    Setting(
        "--benchmark-json or --benchmark-histogram",
        lambda options: options.benchmark_json or options.benchmark_histogram,
        {"benchmark_json": None, "benchmark_histogram": None},
        "it would replace your own file with a part of what is measured",
    ),
    Setting(
        "--benchmark-cprofile",
        lambda options: options.benchmark_cprofile,
        {"benchmark_cprofile": None, "benchmark_cprofile_dump": None},
        "nothing is profiled here",
    ),
    Setting("--junitxml", lambda options: options.xmlpath, {"xmlpath": None}, "it would replace your own report"),
)
_MEASURES_NOTHING: Final = {"collectonly": "--collect-only", "setuponly": "--setup-only", "setupplan": "--setup-plan"}


def set_aside(config: pytest.Config) -> list[str]:
    """Takes those options back, before the plugins that they are for read them; returns a line for each.

    Raises pytest.UsageError for an option that leaves nothing to measure and can't be meant.
    """
    options: Any = config.option
    for name, option in _MEASURES_NOTHING.items():
        if getattr(options, name, False):
            raise pytest.UsageError(f"with {option} nothing can be measured: take it out of addopts or of the command")
    lines = []
    for setting in _SET_ASIDE:
        try:
            is_set = setting.is_set(options)
        except AttributeError:  # its plugin is not here
            continue
        if is_set:
            vars(options).update(setting.instead)
            lines.append(f"{setting.name} is set aside: {setting.why}")
    return lines


def without_coverage(config: pytest.Config) -> None:
    """Has pytest-cov stay out of this run; only before the initial conftests are loaded, which is when it begins."""
    options: Any = config.known_args_namespace
    if hasattr(options, "no_cov"):
        options.no_cov = True


def with_seed(config: pytest.Config, arguments: list[str], seed: str) -> None:
    """Has pytest-randomly begin with this seed, if it is here and nobody chose one; before conftests are loaded."""
    options: Any = config.known_args_namespace
    if getattr(options, "randomly_seed", None) in ("default", "last"):
        end = arguments.index("--") if "--" in arguments else len(arguments)
        arguments.insert(end, f"--randomly-seed={seed}")

"""Whom a gate compares, and where its launches run: what ``--base``, ``--base-python`` and ``--on`` come to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from timetrial.commands.selection import wanted_of
from timetrial.errors import GateError
from timetrial.gate.lockstep.selection import paths_in
from timetrial.gate.plan import GatePlan
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord
from timetrial.gate.run import run_gate
from timetrial.gate.sides.make import Side, sides_of_pythons, sides_of_ref


@dataclass(frozen=True)
class GateSides:
    """The two that are compared, and what runs a gate of them."""

    base: Side
    candidate: Side
    run: Callable[[GatePlan], list[BenchmarkRecord]] = run_gate
    machines: Mapping[str, Any] = field(default_factory=dict)
    """The environment of each machine, where there are several."""
    notes: Sequence[str] = ()
    """What a reader of the verdicts has to know of them."""


@contextmanager
def sides_of(
    options: argparse.Namespace, policy: GatePolicy, say: Callable[[str], None], selection: Sequence[str]
) -> Iterator[GateSides]:
    """The sides that the command line names, made ready here or on the machines of a cluster; gone afterwards."""
    tests = paths_in(Path.cwd(), selection) if options.tests_from else None
    if options.base and options.on:
        from timetrial.machines.gating import sides_on_machines

        what = (Path.cwd(), options.base, policy, say, wanted_of(options), tests)
        with sides_on_machines(options.dask_scheduler, *what) as found:
            yield GateSides(found.base, found.candidate, found.run, found.environments, found.notes())
    elif options.base:
        with sides_of_ref(Path.cwd(), options.base, policy, say, wanted_of(options), tests) as sides:
            yield GateSides(*sides)
    elif options.base_python:
        yield GateSides(*sides_of_pythons(options.base_python, options.candidate_python or sys.executable, Path.cwd()))
    else:
        raise GateError("against what? Name a revision (--base origin/main) or an environment (--base-python P)")

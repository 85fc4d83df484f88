"""``timetrial measure --on dask``: the launches of one file on several machines, which have to be of one kind."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from timetrial.errors import ClusterError
from timetrial.gate.policy import read_policy
from timetrial.gate.sides.git import repository_of
from timetrial.gate.sides.make import SideMaker
from timetrial.gate.sides.scratch import files_or_error, scratch
from timetrial.launches.merge import unlike
from timetrial.launches.run import Launch, LaunchProgress, MeasureFile, MeasurePlan
from timetrial.machines.cluster import Team
from timetrial.machines.on_dask import team
from timetrial.machines.orders import Bench
from timetrial.machines.parcel import OF_THE_WORKER, MakeSides, Parcel, pack
from timetrial.results.schema import KEY
from timetrial.stats.blocks import blocks_p
from timetrial.system.held_folder import LAUNCH, held_folder
from timetrial.system.strays import adopting

_ALPHA: Final = 0.01
"""Shared by all benchmarks of a file."""
_FAR: Final = 0.03
"""Machines that lie nearer together than this are of one kind, however sure it is that they differ."""


@dataclass(frozen=True)
class Launched:
    """One launch, as it comes back: what it measured, if anything, and what went wrong, if it did."""

    content: Mapping[str, Any] | None
    ended_well: bool
    failure: str | None
    remarks: Sequence[str]


@dataclass(frozen=True)
class MeasureLaunch:
    """The order for one launch of the side that was made; ``number`` from 1, of so many ``launches``."""

    number: int
    launches: int
    file: Path
    selection: Sequence[str]
    interleave: bool

    def carry_out(self, bench: Bench) -> Launched:
        """As in Order."""
        (side,) = bench.sides
        remarks: list[str] = []
        plan = MeasurePlan(
            self.launches,
            self.file,
            self.selection,
            self.interleave,
            say=remarks.append,
            python=side.python,
            root=side.root,
            variables=side.variables(),
        )
        with held_folder(LAUNCH) as folder, adopting() as strays:
            launch = Launch(plan, self.number, folder, strays)
            launch.run()
            return Launched(launch.measured(), launch.ended_well, launch.failure(), remarks)


def measure_on(plan: MeasurePlan, scheduler: str) -> Mapping[str, Any]:
    """As ``measure``, on the machines of the cluster behind that address; with what machines disagree about.

    The working tree is copied to each and installed there, as the gate does with its candidate. Raises ClusterError
    where that can't be had, and where machines are too unlike for one file.
    """
    file = MeasureFile(plan)
    with team(scheduler, plan.say) as machines:
        with _parcel_of_working_tree(plan.say) as parcel:
            plan.say(f"installing on {', '.join(machine.name for machine in machines.machines)}")
            _refuse_unlike(machines.on_each(lambda _machine: MakeSides(parcel)))
        _launch(plan, machines, file)
        if machines.lost:
            plan.say(f"{machines.lost} of {plan.launches} launches had to be done again: their machines were lost")
    return file.whole()


def _launch(plan: MeasurePlan, machines: Team, file: MeasureFile) -> None:
    orders = [
        MeasureLaunch(number, plan.launches, plan.file, plan.selection, plan.interleave)
        for number in range(1, plan.launches + 1)
    ]
    plan.on_progress(LaunchProgress(1, plan.launches, 0, 0))
    for answer in machines.share_out(orders):
        launched: Launched = answer.value
        for remark in launched.remarks:
            plan.say(remark)
        if launched.content is not None:
            file.add(launched.content, ended_well=launched.ended_well, machine=answer.machine.name)
        if launched.failure is not None:
            file.refuse(f"on {answer.machine.name}: {launched.failure}")
        plan.on_progress(LaunchProgress(min(file.launches + 1, plan.launches), plan.launches, 0, 0))


@contextmanager
def _parcel_of_working_tree(say: Callable[[str], None]) -> Iterator[Parcel]:
    root = Path.cwd()
    repository = repository_of(root, ", or measure on this machine alone, without --on")
    with scratch(repository, say) as place, files_or_error():
        maker = SideMaker.in_scratch(place, repository, root, read_policy(root), say)
        yield pack(maker, [maker.of_working_tree()])


def _refuse_unlike(environments: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises ClusterError for machines whose seconds can't be pooled."""
    first, *others = environments
    for name in others:
        found = unlike(environments[first], environments[name])
        if differing := [each for each in found if not each.path.startswith(OF_THE_WORKER)]:
            shown = "\n".join(f"  {each}" for each in differing[:5])
            raise ClusterError(
                f"{first} and {name} are not of one kind, so that one file can't hold launches of both; they differ "
                f"in\n{shown}\nMeasure on one kind at a time: stop the workers of the other, or start them without "
                f"the resource"
            )


def disagreements(content: Mapping[str, Any]) -> list[str]:
    """The benchmarks of a file of which its machines tell different stories, each with the medians of all of them.

    By the launches' median rounds, in logarithms: the test of ``stats/blocks`` at 1 % for all benchmarks together, and
    only where the medians of two machines lie 3 % or more apart.
    """
    names = [each["fullname"] for each in content["benchmarks"]]
    found = []
    for name in names:
        blocks = _by_machine(content, name)
        medians = {machine: statistics.median(values) for machine, values in blocks.items()}
        if len(blocks) < 2 or max(medians.values()) - min(medians.values()) < math.log1p(_FAR):
            continue
        alpha = _ALPHA / len(names)
        if (p := blocks_p(list(blocks.values()), alpha)) <= alpha:
            told = ", ".join(f"{machine} {math.exp(median):.4g} s" for machine, median in medians.items())
            found.append(f"machines disagree on {name}: {told} a round (p = {p:.2g})")
    return found


def _by_machine(content: Mapping[str, Any], name: str) -> dict[str, list[float]]:
    """The logarithm of the median round of each launch that was not void, by the machine that had it."""
    blocks: dict[str, list[float]] = {}
    for launch in content[KEY]["launches"]:
        seconds = launch["seconds"].get(name)
        if seconds and name not in launch["void"] and (middle := statistics.median(seconds)) > 0:
            blocks.setdefault(launch.get("machine", ""), []).append(math.log(middle))
    return blocks

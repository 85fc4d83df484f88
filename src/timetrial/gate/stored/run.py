"""A stored run as the gate reads it: for each benchmark the launches' logarithm of its time over its reference's."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from timetrial.errors import GateError, ResultsError
from timetrial.gate.findings import ExitCode, Finding
from timetrial.results.figures import void_of_entry
from timetrial.results.read import read_run
from timetrial.results.schema import KEY
from timetrial.stats.signed_rank import launch_effect
from timetrial.trial.void import Kind

MOST_LAUNCHES: Final = 100
"""All ways to deal launches out to two sides are counted, in time that grows with the fourth power of their number."""

TURNS: Final = "models in turns"
"""What a benchmark's circumstances call it that the models of its test took turns."""


@dataclass(frozen=True)
class StoredRun:
    """One file's content, or that of a run which is about to be written."""

    where: str
    """How errors name it: its path."""
    content: Mapping[str, Any]
    """As ``results.form.ResultsFile``."""

    @cached_property
    def launches(self) -> list[Mapping[str, Sequence[float]]]:
        """Per launch the rounds, in seconds, of each benchmark that was not void in it."""
        return [
            {name: rounds_s for name, rounds_s in seconds.items() if not void.get(name)}
            for seconds, void in self._launches_with_voids
        ]

    @cached_property
    def _launches_with_voids(self) -> list[tuple[Mapping[str, Sequence[float]], Mapping[str, Sequence[Any]]]]:
        """All rounds of each launch, and why a benchmark was void in it; a file of a plain run is one launch."""
        kept_apart = self.content[KEY].get("launches")
        if kept_apart is not None:
            return [(each["seconds"], each.get("void", {})) for each in kept_apart]
        rounds_s = {name: each["stats"]["data"] for name, each in self.entries.items()}
        return [(rounds_s, {name: void_of_entry(each) for name, each in self.entries.items()})]

    def void_of(self, name: str) -> str | None:
        """Why a benchmark's rounds mean nothing in this file; None where there are launches to judge it by.

        A disturbed launch is an accident, and the others stand; any other kind of void is the benchmark's own.
        """
        voids = [each for _, void in self._launches_with_voids for each in void.get(name, ())]
        own = [each for each in voids if each["kind"] != Kind.DISTURBED]
        if not own and any(launch.get(name) for launch in self.launches):
            return None
        return next((str(each["reason"]) for each in [*own, *voids]), None)

    @cached_property
    def entries(self) -> dict[str, Mapping[str, Any]]:
        """Each benchmark's entry, by its full name."""
        return {benchmark["fullname"]: benchmark for benchmark in self.content["benchmarks"]}

    @cached_property
    def troubles(self) -> dict[str, tuple[str, str]]:
        """Why a benchmark failed, was void or skipped, in the first launch where it was: the kind, and the reason.

        A failure or a void comes before a skip, which is excused where both files have it.
        """
        told = sorted(self.content[KEY]["troubles"], key=lambda each: bool(each["kind"] == "skipped"))
        return {each["benchmark"]: (each["kind"], each["reason"]) for each in reversed(told)}

    @property
    def environment(self) -> Mapping[str, Any]:
        """Where it ran."""
        environment: Mapping[str, Any] = self.content[KEY].get("environment") or {}
        return environment

    def reference_of(self, name: str) -> str | None:
        """The benchmark that this one is compared with, if it has one."""
        reference: str | None = self.content[KEY]["references"].get(name)
        return reference

    def circumstances_of(self, name: str) -> dict[str, Any]:
        """What has to be the same on both sides for a benchmark to be the same work."""
        figures = self.entries[name].get("extra_info", {}).get(KEY, {})
        same = {each: figures.get(each) for each in ("items", "concurrency", "scale", "start_method", "event_loop")}
        return {**same, TURNS: bool(figures.get("interleaved"))}

    def s_per_round(self, name: str) -> float:
        """The median over launches of their median rounds."""
        return statistics.median(statistics.median(launch[name]) for launch in self.launches if launch.get(name))

    def logs(self, name: str, reference: str) -> list[float]:
        """For each launch that ran both: log(benchmark / reference), by paired rounds where the two took turns.

        Raises GateError where the clock saw no time pass in one of them.
        """
        both = [
            (launch[reference], launch[name]) for launch in self.launches if launch.get(name) and launch.get(reference)
        ]
        interleaved = self._were_interleaved(name, reference)
        return [_log_ratio(against, own, paired=interleaved and len(own) == len(against)) for against, own in both]

    def _were_interleaved(self, name: str, reference: str) -> bool:
        one, other = (self.entries.get(each, {}) for each in (name, reference))
        interleaved = all(each.get("extra_info", {}).get(KEY, {}).get("interleaved") for each in (one, other))
        return interleaved and one.get("group") == other.get("group")


def read_stored(path: Path) -> StoredRun:
    """A file fit to be compared; raises ResultsError for one that is corrupt, partial, of an older schema or empty."""
    run = StoredRun(str(path), read_run(path))
    if not isinstance(run.content[KEY].get("environment"), dict):
        raise ResultsError(f"{path} is not whole (it doesn't say where it ran): measure again")
    try:
        whole = run.content[KEY]["complete"] is True
        if whole and not run.entries:
            raise ResultsError(f"{path} holds no benchmark at all: measure again, and look at the selection")
        _refuse_what_no_run_writes(run)
        for name in run.entries:
            if run.void_of(name) is None:
                run.s_per_round(name)
            run.reference_of(name)
        run.troubles  # noqa: B018 (reads it, so that a broken one is told here)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ResultsError(f"{path} is not whole ({type(error).__name__}: {error}): measure again") from error
    if not whole:
        raise ResultsError(f"{path} is of a run that was cut off before its end: measure again")
    return run


def _refuse_what_no_run_writes(run: StoredRun) -> None:
    """Raises ValueError for what would leave a benchmark out of a comparison unseen, or take for ever to compare."""
    names = Counter(str(entry["fullname"]) for entry in run.content["benchmarks"])
    for name, times in names.items():
        if times > 1:
            raise ValueError(f"{name} is in it {times} times")
    launches = run.content[KEY].get("launches") or ()
    if len(launches) > MOST_LAUNCHES:
        raise ValueError(f"it has {len(launches)} launches, and at most {MOST_LAUNCHES} can be compared")
    for number, launch in enumerate(launches, start=1):
        for name in launch["seconds"]:
            if name not in names:
                raise ValueError(f"launch {number} has rounds of {name}, which is not among its benchmarks")
        if launch.get("complete") is False and run.content[KEY]["complete"] is True:
            raise ValueError(f"launch {number} was cut off, and the whole is said to be complete")


def gate_mark(base: str, status: int, findings: Sequence[Finding]) -> dict[str, Any]:
    """What a run's file says of its gate: against which file, with which exit status, and each benchmark's verdict."""
    return {
        "base": base,
        "exit_code": status,
        "verdicts": {finding.benchmark: finding.verdict.value for finding in findings},
    }


def refuse_failed_gate(run: StoredRun) -> None:
    """Raises ResultsError for a run that failed a gate, which must never be what others are measured by."""
    mark = run.content[KEY].get("gate")
    if mark and mark.get("exit_code") == ExitCode.REGRESSION:
        raise ResultsError(
            f"{run.where} failed its gate against {mark.get('base')}, so it can't be a baseline; if it got slower on "
            f"purpose, measure it anew, with timetrial measure -o FILE, and accept that file"
        )


def _log_ratio(against_s: Sequence[float], own_s: Sequence[float], *, paired: bool) -> float:
    if paired:
        return launch_effect(against_s, own_s)
    below, above = statistics.median(against_s), statistics.median(own_s)
    if not (0 < below < math.inf and 0 < above < math.inf):
        raise GateError("the clock saw no time pass in a round: give the benchmark more work a round")
    return math.log(above / below)

"""``timetrial claims --measure``: what is missing first, the cheapest before the dear, then what is open.

Each launch leaves a file of its own, so that it can be stopped at any time: the next command reads what is there.
"""

from __future__ import annotations

import secrets
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from timetrial.claims.claim import Claim
from timetrial.claims.judging import judge
from timetrial.claims.place import Place, place_of
from timetrial.claims.stated import ROUNDS
from timetrial.claims.stored import Here, Stored, read_stored
from timetrial.claims.verdict import Verdict
from timetrial.environment.identity import this_python
from timetrial.environment.record import environment
from timetrial.errors import ClaimError, GateError, ResultsError
from timetrial.launches.run import LaunchProgress, MeasurePlan, measure
from timetrial.results.runfile import make_folder
from timetrial.results.schema import KEY
from timetrial.system.clocks import clocks
from timetrial.system.files import writing

_ADVICE: Final = "make room or permit it, or name another folder of results"


@dataclass(frozen=True)
class Job:
    """A benchmark to be launched once, and the claims that wait for it."""

    arguments: str
    duration_s: float
    """Of one launch, about."""
    claims: tuple[str, ...]
    missing: bool
    """Whether one of them has no figure yet; else it takes more launches."""

    @property
    def paths(self) -> list[str]:
        """The test files that it names."""
        words = shlex.split(self.arguments)
        return [word.partition("::")[0] for word in words if not word.startswith("-") and ".py" in word]


@dataclass
class Measuring:
    """What to measure, where to keep it, and how long it may take.

    ``say`` gets a line before each launch and after one that failed; ``launch`` is what measures (a test has another).
    """

    folder: Path
    claims: Sequence[Claim]
    budget_s: float
    say: Callable[[str], None]
    on_progress: Callable[[LaunchProgress], None] = lambda _progress: None
    launch: Callable[[MeasurePlan], Mapping[str, Any]] = measure
    clock_s: Callable[[], float] = time.monotonic
    failed: dict[str, str] = field(default_factory=dict)
    """By a job's arguments: why a launch of it did not come to its end."""

    def run(self) -> list[Verdict]:
        """Measures until all is settled, or the budget has no room for another launch; returns the verdicts then.

        Raises ClaimError where the benchmarks are not here, and ResultsError where the folder can't be written.
        Ctrl-C goes through: what was measured until then is in the folder.
        """
        place = this_place()
        ends_s = self.clock_s() + self.budget_s
        with writing(self.folder, _ADVICE):
            make_folder(self.folder)
        verdicts = self._judged(place)
        _refuse_elsewhere(jobs(verdicts))
        took_s: dict[str, float] = {}
        launched: dict[str, int] = {}
        while (job := self._next(verdicts, took_s, launched, ends_s - self.clock_s())) is not None:
            launched[job.arguments] = launched.get(job.arguments, 0) + 1
            began_s = self.clock_s()
            self._launch(job)
            took_s[job.arguments] = self.clock_s() - began_s
            verdicts = self._judged(place)
        return verdicts

    def _next(
        self, verdicts: Sequence[Verdict], took_s: Mapping[str, float], launched: Mapping[str, int], left_s: float
    ) -> Job | None:
        """The cheapest that fits; what is missing comes first, and is not tried twice if it stays so."""
        for job in sorted(jobs(verdicts), key=lambda job: (not job.missing, job.duration_s)):
            expected_s = took_s.get(job.arguments, job.duration_s)
            tried = job.missing and launched.get(job.arguments, 0)
            here = all(Path(path).exists() for path in job.paths)
            if here and not tried and job.arguments not in self.failed and expected_s <= left_s:
                return job
        return None

    def _launch(self, job: Job) -> None:
        self.say(f"{', '.join(job.claims)}: about {max(1, round(job.duration_s))} s")
        name = f"{clocks.utc_now():%Y_%m_%d-%H%M%S}-{this_python().label}-{secrets.token_hex(3)}.json"
        selection = [f"--benchmark-min-rounds={ROUNDS}", *shlex.split(job.arguments)]
        plan = MeasurePlan(1, self.folder / name, selection, on_progress=self.on_progress)
        try:
            content = self.launch(plan)
        except GateError as error:
            self._note_failure(job, str(error))
            return
        troubles = [each for each in content.get(KEY, {}).get("troubles", ()) if each["kind"] == "failed"]
        if troubles and not content.get("benchmarks"):
            self._note_failure(job, f"{troubles[0]['benchmark']} failed: {troubles[0]['reason']}")

    def _note_failure(self, job: Job, reason: str) -> None:
        self.failed[job.arguments] = reason
        self.say(f"{', '.join(job.claims)}: {reason}")

    def _judged(self, place: Place) -> list[Verdict]:
        stored = Stored(())
        with suppress(ResultsError):  # a folder that is still empty
            stored = read_stored(self.folder)
        here = next((each for each in stored.places if each.place == place), Here(place))
        return judge(stored, self.claims, here)


def _refuse_elsewhere(wanted: Iterable[Job]) -> None:
    paths = sorted({path for job in wanted for path in job.paths})
    if paths and not any(Path(path).exists() for path in paths):
        raise ClaimError(
            f"{paths[0]} is not here: the benchmarks that claims rest on are in timetrial's checkout, so run this "
            f"command in its folder"
        )


def this_place() -> Place:
    """The machine and the Python that run this."""
    return place_of({KEY: {"environment": environment()}, "benchmarks": []})


def jobs(verdicts: Iterable[Verdict]) -> list[Job]:
    """What would settle the open verdicts: those that share a benchmark share its launch."""
    return list(_by_benchmark([each for each in verdicts if each.settle is not None]))


def _by_benchmark(verdicts: Sequence[Verdict]) -> Iterator[Job]:
    for arguments in dict.fromkeys(each.claim.benchmark.arguments for each in verdicts):
        waiting = [each for each in verdicts if each.claim.benchmark.arguments == arguments]
        yield Job(
            arguments,
            max(each.claim.benchmark.duration_s for each in waiting),
            tuple(each.id for each in waiting),
            any(each.missing for each in waiting),
        )

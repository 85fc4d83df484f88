"""A workload's models in their order: who is first, who ties, how far the others are behind, and who is void."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from timetrial.advice.answer import Answer
from timetrial.advice.of_results import answer_of_trials, rounds_of_trials
from timetrial.results.trials import StoredTrial
from timetrial.results.ways import Rounds, Way
from timetrial.stats.lead import Lead, median_interval


@dataclass(frozen=True)
class Ranked:
    """A trial with its place: 1 for the best and all that tie with it, None for one that is void."""

    trial: StoredTrial
    place: int | None
    behind: Lead | None
    """How many times as long it takes as the first; None for that one, and where it can't be told."""
    speedup: Lead | None
    """Over serial."""

    @property
    def interval_s(self) -> tuple[float, float]:
        """The ends of its median's interval, in seconds an item."""
        return interval_s(self.trial)


@dataclass(frozen=True)
class Ranking:
    """One workload with its parameters, in one file."""

    trials: Sequence[StoredTrial]

    @property
    def name(self) -> str:
        """Its workload's."""
        return self.trials[0].workload

    @property
    def parameters(self) -> str:
        """The test's own, such as ``pages=200 latency_ms=20``."""
        return " ".join(f"{name}={value}" for name, value in self.trials[0].parameters.items())

    @cached_property
    def ids_end(self) -> str | None:
        """What the ids of its tests have behind the model, such as ``-200-8``; None where they differ in it."""
        ends = {_end_of(trial) for trial in self.trials}
        return ends.pop() if len(ends) == 1 else None

    @cached_property
    def fair(self) -> Sequence[StoredTrial]:
        """Those whose timing means something."""
        return [trial for trial in self.trials if trial.void is None]

    @property
    def voids(self) -> int:
        """How many mean nothing."""
        return len(self.trials) - len(self.fair)

    @cached_property
    def answer(self) -> Answer | None:
        """What to use; None where there are no two that could be compared."""
        return answer_of_trials([trial.entry for trial in self.fair if trial.rounds_s_per_item])

    @cached_property
    def _rounds(self) -> Rounds:
        return rounds_of_trials([trial.entry for trial in self.fair if trial.rounds_s_per_item])

    @property
    def best(self) -> StoredTrial | None:
        """The trial that is advised; without an answer the only fair one."""
        if self.answer is None:
            return self.fair[0] if len(self.fair) == 1 else None
        return self._of_way(self.answer.choice.advised)

    @property
    def ties(self) -> bool:
        """Whether another model can't be told from the best."""
        return self.answer is not None and bool(self.answer.choice.tied)

    @cached_property
    def rows(self) -> Sequence[Ranked]:
        """All trials, best first; void ones last."""
        first = self.best
        behind = {trial.way: self._behind(trial) for trial in self.fair}
        rest = sorted((each for each in self.fair if each is not first), key=lambda each: each.median_s_per_item)
        tied = [each for each in rest if (lead := behind[each.way]) is not None and lead.tie]
        ordered = [*([first] if first else []), *tied, *(each for each in rest if each not in tied)]
        rows = [
            Ranked(each, 1 if each is first or each in tied else index, behind[each.way], self._speedup(each.way))
            for index, each in enumerate(ordered, start=1)
        ]
        return [*rows, *(Ranked(each, None, None, None) for each in self.trials if each.void is not None)]

    def _of_way(self, way: Way) -> StoredTrial | None:
        return next((trial for trial in self.fair if trial.way == way), None)

    def _behind(self, trial: StoredTrial) -> Lead | None:
        best = self.best
        if best is None or trial is best:
            return None
        return self._rounds.lead(trial.way, best.way)

    def _speedup(self, way: Way) -> Lead | None:
        return None if self.answer is None else self.answer.leads.get(way)


def _end_of(trial: StoredTrial) -> str | None:
    _, bracket, inside = trial.name.partition("[")
    begins = bracket and inside.endswith("]") and inside.startswith(trial.way.model)
    return inside.removesuffix("]").removeprefix(trial.way.model) if begins else None


def interval_s(trial: StoredTrial) -> tuple[float, float]:
    """The ends of the interval of a trial's median, in seconds an item; the median alone where there are no rounds."""
    return median_interval(sorted(trial.rounds_s_per_item or (trial.median_s_per_item,)))

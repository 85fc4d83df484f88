"""The trials of one run held against each other: who is fastest, and by how much than serial and the next best."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from timetrial import models
from timetrial.stats.lead import Lead
from timetrial.stats.paired_ratio import PairedRatio, paired_ratio
from timetrial.trial.measurement import Measurement
from timetrial.trial.void import Void


@dataclass(frozen=True)
class Entry:
    """A measured trial: ``group`` holds the models side by side, ``family`` is the group at any concurrency.

    The rounds of a group's ``interleaved`` trials of one ``race`` pair up: the n-th of each belong to the same turn.
    ``figures`` are the trial's own, as they are stored; ``name`` is the benchmark's full name in the run.
    """

    group: str
    family: str
    measurement: Measurement
    """What it found out."""
    figures: Mapping[str, Any] = field(compare=False)
    interleaved: bool = False
    name: str = ""
    race: Hashable = None

    @property
    def void(self) -> bool:
        """Whether its timing means nothing: it is shown with its reason, and never ranked."""
        return bool(self.measurement.voids)

    @property
    def shown_model(self) -> str:
        """The model as tables name it: a void trial's says so."""
        return f"{self.measurement.model} (void)" if self.void else self.measurement.model

    @property
    def s_per_item(self) -> float:
        """The median round divided by its items."""
        return self.measurement.median_s_per_round / max(1, self.measurement.items)


@dataclass(frozen=True)
class VoidTrial:
    """A trial whose timing means nothing, with one of its reasons."""

    group: str
    model: str
    """The model's id."""
    void: Void
    """The reason."""

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"group": self.group, "model": self.model, **self.void.as_dict()}


class Standings:
    """All trials of a run so far; a serial trial that arrives late still gives the others their speed-up."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._failed: list[VoidTrial] = []
        self._called_off: set[Hashable] = set()
        self._compared: dict[int, dict[str, Any]] = {}  # by the identity of an entry; what a new one changes is dropped

    @property
    def voids(self) -> list[VoidTrial]:
        """Every reason of every void trial: those that failed for it, and those that were measured all the same."""
        measured = [
            VoidTrial(entry.group, entry.measurement.model, void)
            for entry in self.entries
            for void in entry.measurement.voids
        ]
        return [*self._failed, *measured]

    @property
    def groups(self) -> list[str]:
        """Every workload with its parameters, in the order in which they were first measured."""
        return list(dict.fromkeys(entry.group for entry in self.entries))

    def add(self, entry: Entry) -> None:
        """Takes in a trial."""
        self.entries.append(entry)
        self._forget_what_it_changes(entry)

    def add_failed(self, trial: VoidTrial) -> None:
        """Takes in a trial that did other work, or met a limit: its test has failed, and nothing was measured."""
        self._failed.append(trial)

    def withdraw(self, entry: Entry) -> None:
        """Takes out a trial, since its test found fault with it: nobody is compared with it."""
        self.entries = [each for each in self.entries if each is not entry]
        self._forget_what_it_changes(entry)

    def call_off(self, race: Hashable) -> None:
        """Takes back that a race's models took turns: one of their tests turned out to do other work."""
        self._called_off.add(race)
        for entry in [each for each in self.entries if each.race == race]:
            self._forget_what_it_changes(entry)

    def compared(self, entry: Entry) -> dict[str, Any]:
        """A trial's figures together with what those of all trials so far say of it.

        ``speedup`` over the serial trial ``speedup_against``, both None for a void trial and without one; and where
        models took turns, ``interleaved``: the pairs ``against`` the fastest of its group.
        """
        if id(entry) not in self._compared:
            self._compared[id(entry)] = {**entry.figures, **({} if entry.void else self._comparison(entry))}
        return self._compared[id(entry)]

    def _forget_what_it_changes(self, entry: Entry) -> None:
        for other in (*self.entries, entry):
            if other.family == entry.family or other.group == entry.group:
                self._compared.pop(id(other), None)

    def _comparison(self, entry: Entry) -> dict[str, Any]:
        serial = self.serial_of(entry)
        joined: dict[str, Any] = {
            "speedup": _ratio(serial, entry),
            "speedup_against": serial.measurement.model if serial else None,
        }
        if self._took_turns(entry):
            group = [each for each in self._fair() if each.group == entry.group and self._took_turns(each)]
            fastest = _fastest(group)
            paired = _paired(entry, fastest) if entry is not fastest else None
            joined["interleaved"] = {"against": fastest.measurement.model, **_paired_figures(paired)}
        return joined

    def _took_turns(self, entry: Entry) -> bool:
        return entry.interleaved and entry.race not in self._called_off

    def _fair(self) -> list[Entry]:
        return [entry for entry in self.entries if not entry.void]

    def serial_of(self, entry: Entry) -> Entry | None:
        """The serial trial to compare with: the same variant's, else the plain one, else the fastest there is."""
        return self._serial_among(self._fair(), entry)

    @staticmethod
    def _serial_among(entries: Iterable[Entry], entry: Entry) -> Entry | None:
        variant = models.split(entry.measurement.model)[1]
        serials = [
            each
            for each in entries
            if each.family == entry.family and models.split(each.measurement.model)[0] == "serial"
        ]
        for wanted in (variant, None):
            for each in serials:
                if models.split(each.measurement.model)[1] == wanted:
                    return each
        return min(serials, key=lambda each: each.s_per_item, default=None)

    def references(self) -> dict[str, str]:
        """For each trial that has one, the name of the serial trial that it is to be compared with.

        Also where that one is void in this run: in the next launch it need not be, and its name is the same.
        """
        pairs = [(entry.name, self._serial_among(self.entries, entry)) for entry in self.entries]
        return {name: serial.name for name, serial in pairs if serial is not None and serial.name != name}


def _fastest(group: Sequence[Entry]) -> Entry:
    """The fastest trial by its median; where the next best took turns with it, their pairs have the last word.

    A disturbed minute moves a median, and hardly the ratio of rounds taken side by side.
    """
    ranked = sorted(group, key=lambda each: each.s_per_item)
    first = ranked[0]
    second = next((each for each in ranked if each.measurement.model != first.measurement.model), None)
    paired = _paired(second, first) if second else None
    return second if second and paired and paired.reverse else first


def _paired(slower: Entry, faster: Entry) -> PairedRatio | None:
    one, other = slower.measurement.durations_s, faster.measurement.durations_s
    if not (slower.interleaved and faster.interleaved) or slower.race != faster.race or len(one) != len(other):
        return None
    return paired_ratio(one, other)


def _ratio(slower: Entry | None, faster: Entry) -> float | None:
    return slower.s_per_item / faster.s_per_item if slower is not None and faster.s_per_item > 0 else None


def _paired_figures(paired: PairedRatio | None) -> dict[str, Any]:
    return {**asdict(paired), "tie": Lead.of_pairs(paired).tie} if paired else {}

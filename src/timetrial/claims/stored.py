"""Stored runs as claims look at them: every trial of every launch, by the place in which it was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from timetrial.claims.place import Place, place_of
from timetrial.errors import ResultsError
from timetrial.results.read import read_results
from timetrial.results.schema import KEY
from timetrial.results.wellformed import is_number

MOST_FILES: Final = 500
"""So many of the newest are read: claims need no more launches, and older ones were of older code."""

_SCALES: Final = {"article": 3, "default": 2, "run": 2, "quick": 1, "gate": 0}


@dataclass(frozen=True)
class TrialRun:
    """One trial in one launch. A benchmark that is no trial has neither ``model`` nor ``parameters``."""

    file: str
    launch: int
    """Of a merged file, from 1; 1 otherwise."""
    name: str
    """pytest's node id."""
    model: str
    parameters: Mapping[str, Any]
    items: int
    """In a round, at least 1."""
    rounds_s: tuple[float, ...]
    """Seconds of each round."""
    interleaved: bool
    """Whether models took turns, so that rounds of one race pair up."""
    void: str | None
    """Why its timing means nothing; None for a fair one."""
    facts: Mapping[str, Any]
    """timetrial's figures of it, as they are stored."""
    noted: Mapping[str, float]
    """What its test noted beside the time."""

    @property
    def scale(self) -> int:
        """How large its sizes are: larger ones say more."""
        return _SCALES.get(str(self.facts.get("scale")), 2)

    @property
    def run(self) -> tuple[str, int]:
        """The launch that it is of."""
        return self.file, self.launch


@dataclass(frozen=True)
class Trouble:
    """Why a trial has no entry."""

    file: str
    name: str
    kind: str
    """failed, void or skipped."""
    reason: str


@dataclass(frozen=True)
class Here:
    """All that was measured in one place, the newest file first."""

    place: Place
    trials: tuple[TrialRun, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    newest: str = ""
    """When the newest run was recorded, ISO 8601; empty where no file says."""

    def trials_of(self, test: str) -> list[TrialRun]:
        """Those of a test: a function's name, or the end of a path and a name."""
        return [trial for trial in self._trials_by_function.get(_function(test), ()) if _is_of(trial.name, test)]

    def troubles_of(self, test: str) -> list[Trouble]:
        """The same of trials that have no entry."""
        return [each for each in self._troubles_by_function.get(_function(test), ()) if _is_of(each.name, test)]

    @cached_property
    def _trials_by_function(self) -> Mapping[str, Sequence[TrialRun]]:
        found: dict[str, list[TrialRun]] = {}
        for trial in self.trials:
            found.setdefault(_function(trial.name.partition("[")[0]), []).append(trial)
        return found

    @cached_property
    def _troubles_by_function(self) -> Mapping[str, Sequence[Trouble]]:
        found: dict[str, list[Trouble]] = {}
        for trouble in self.troubles:
            found.setdefault(_function(trouble.name.partition("[")[0]), []).append(trouble)
        return found


def _function(test: str) -> str:
    return test.rpartition("::")[2]


def _is_of(name: str, test: str) -> bool:
    return "::" not in test or name.partition("[")[0].endswith(test)


@dataclass(frozen=True)
class Stored:
    """All stored runs, apart by place; the place of the newest run is first.

    ``broken`` says of each file that could not be read why; ``files`` counts those that could, ``left_out`` those that
    were too old to be read; ``foreign`` those that hold no word of timetrial's.
    """

    places: tuple[Here, ...]
    broken: tuple[str, ...] = ()
    files: int = 0
    left_out: int = 0
    foreign: int = 0

    @property
    def here(self) -> Here:
        """Where the newest run was measured; raises ResultsError where there is no run of timetrial's."""
        if not self.places:
            raise ResultsError(
                "these files hold no trial of timetrial's, only other benchmarks: measure with "
                "pytest --benchmark-only in a suite that has trials, or with timetrial claims --measure"
            )
        return self.places[0]


def read_stored(path: Path, most: int = MOST_FILES) -> Stored:
    """A file of results, or all files in a folder.

    Files that can't be read are left out and told. Raises ResultsError where there is no file, or where the only one
    can't be read.
    """
    files = sorted(path.glob("*.json"), reverse=True) if path.is_dir() else [path]
    if not files:
        raise ResultsError(
            f"{path} holds no files of results: run pytest --benchmark-only, or timetrial claims --measure"
        )
    contents: dict[str, Mapping[str, Any]] = {}
    broken: list[str] = []
    for file in files[:most]:
        try:
            contents[file.name] = read_results(file)
        except ResultsError as error:
            if file is path:
                raise
            broken.append(str(error))
    if not contents:
        raise ResultsError(f"{path}: none of its {len(files)} file(s) can be read; the first: {broken[0]}")
    found = stored_of(contents)
    return Stored(found.places, tuple(broken), found.files, max(0, len(files) - most), found.foreign)


def stored_of(contents: Mapping[str, Mapping[str, Any]]) -> Stored:
    """The same of files that were read already, by their names."""
    runs = sorted(contents.items(), key=lambda each: (str(each[1].get("datetime") or ""), each[0]), reverse=True)
    gathered: dict[Place, _Gathering] = {}
    foreign = 0
    for file, content in runs:
        if not _has_ours(content):
            foreign += 1
            continue
        here = gathered.setdefault(place_of(content), _Gathering(str(content.get("datetime") or "")))
        here.trials += _trials(file, content)
        here.troubles += _troubles(file, content)
    places = tuple(
        Here(place, tuple(each.trials), tuple(each.troubles), each.newest) for place, each in gathered.items()
    )
    return Stored(places, files=len(contents), foreign=foreign)


@dataclass
class _Gathering:
    newest: str
    trials: list[TrialRun] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


def _has_ours(content: Mapping[str, Any]) -> bool:
    return KEY in content or any(KEY in _extra(each) for each in content["benchmarks"])


def _extra(benchmark: Mapping[str, Any]) -> Mapping[str, Any]:
    extra: Mapping[str, Any] = benchmark.get("extra_info") or {}
    return extra


def _troubles(file: str, content: Mapping[str, Any]) -> Iterator[Trouble]:
    for each in (content.get(KEY) or {}).get("troubles", ()):
        yield Trouble(file, each["benchmark"], each["kind"], each["reason"])


def _trials(file: str, content: Mapping[str, Any]) -> Iterator[TrialRun]:
    launches = (content.get(KEY) or {}).get("launches")
    for benchmark in content["benchmarks"]:
        if launches:
            yield from _of_launches(file, benchmark, launches)
        else:
            yield _trial(file, 1, benchmark, (benchmark.get("stats") or {}).get("data", ()), _void(benchmark))


def _of_launches(file: str, benchmark: Mapping[str, Any], launches: Iterable[Mapping[str, Any]]) -> Iterator[TrialRun]:
    name = benchmark.get("fullname", "")
    for number, launch in enumerate(launches, start=1):
        if name in launch["seconds"]:
            void = _reason((launch.get("void") or {}).get(name, ()))
            yield _trial(file, number, benchmark, launch["seconds"][name], void)


def _trial(
    file: str, launch: int, benchmark: Mapping[str, Any], rounds_s: Sequence[float], void: str | None
) -> TrialRun:
    extra = _extra(benchmark)
    facts = extra.get(KEY) or {}
    noted = extra.get("figures")
    return TrialRun(
        file,
        launch,
        str(benchmark.get("fullname", "")),
        str(facts.get("model", "")),
        dict(facts.get("parameters") or (benchmark.get("params") if not facts else None) or {}),
        max(1, int(facts.get("items") or 1)),
        tuple(rounds_s),
        "interleaved" in facts,
        void,
        facts,
        _numbers(noted) if launch == 1 else {},  # a merged file keeps those of its first launch alone
    )


def _numbers(noted: object) -> Mapping[str, float]:
    """Figures that a test noted; whatever else a project keeps under that name is its own."""
    if not isinstance(noted, dict):
        return {}
    return {str(name): float(value) for name, value in noted.items() if is_number(value)}


def _void(benchmark: Mapping[str, Any]) -> str | None:
    return _reason((_extra(benchmark).get(KEY) or {}).get("void") or ())


def _reason(voids: Sequence[Mapping[str, Any]]) -> str | None:
    return "; ".join(str(each["reason"]) for each in voids) or None

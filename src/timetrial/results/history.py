"""The stored runs of a directory as series: each benchmark over time, unlike machines and Pythons never joined.

A thousand runs are half a gigabyte of JSON, nearly all of it single rounds that a history doesn't need. msgspec reads
past them, so that there is no index that could be stale.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import GenericAlias
from typing import Any, Final, NotRequired, Required, TypedDict, cast, get_args, get_origin, get_type_hints

from timetrial.environment.identity import python_in
from timetrial.errors import ResultsError
from timetrial.languages import Text, message_of
from timetrial.results.figures import void_of_entry
from timetrial.results.read import plain_bytes
from timetrial.results.schema import FILE_SCHEMA_VERSION, KEY, Environment, ResultsFile
from timetrial.results.wellformed import ENVIRONMENT, is_duration

try:
    import msgspec
except ImportError as error:
    raise ResultsError("timetrial history needs msgspec and numpy: install timetrial[history]") from error


_READ: Final = (
    "datetime",
    "benchmarks.fullname",
    "benchmarks.stats.median",
    "benchmarks.extra_info?.timetrial?.void?",
    "timetrial.environment",
    "timetrial.schema_version?",
    "timetrial.references?",
    "commit_info?.id?",
    "commit_info?.dirty?",
)
"""What is read of a file; a question mark is behind what it may lack."""


@dataclass(frozen=True)
class Run:
    """One stored run: when, of which commit, on which ``machine``, and each benchmark's median round in seconds.

    Those of the benchmarks that were ``void`` in it mean nothing.
    """

    path: Path
    """The file."""
    when: str
    commit: str | None
    """In full; None outside of git."""
    dirty: bool
    """Whether files differed from the commit."""
    machine: str
    median_s: dict[str, float]
    references: dict[str, str]
    """Which benchmark each is compared with."""
    raw_environment: bytes = field(repr=False)
    """Where it ran, as JSON."""
    void: Mapping[str, str] = field(default_factory=dict)
    """Why the timing of a benchmark means nothing."""

    def environment(self) -> dict[str, Any]:
        """Where it ran, in full."""
        environment: dict[str, Any] = msgspec.json.decode(self.raw_environment)
        return environment

    def log_value(self, name: str, reference: str | None) -> float | None:
        """log(benchmark / reference) in this run, log(seconds) where there is no reference.

        None where there is none, and ``why_not`` says why.
        """
        if name not in self.median_s or self.why_not(name, reference):
            return None
        own_s, against_s = self.median_s[name], (self.median_s[reference] if reference else 1.0)
        return math.log(own_s) - math.log(against_s)

    def why_not(self, name: str, reference: str | None) -> str | None:
        """Why this run is no point of a benchmark that it measured; None where it is one."""
        if name in self.void:
            return f"void: {self.void[name]}"
        if not self.median_s[name] > 0:
            return "the clock saw no time pass"
        if reference is None:
            return None
        if reference in self.void:
            return f"its reference was void: {self.void[reference]}"
        if reference not in self.median_s:
            return "its reference was not measured"
        return None if self.median_s[reference] > 0 else "the clock saw no time pass in its reference"


@dataclass(frozen=True)
class Series:
    """One benchmark in the runs that measured it: ``logs[i]`` belongs to ``runs[i]``.

    A run that measured it can be left out, such as one in which it or its reference was void.
    """

    name: str
    """The benchmark's full name."""
    reference: str | None
    runs: Sequence[Run]
    logs: Sequence[float]
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Why runs that measured it are no points, and how many each."""


@dataclass(frozen=True)
class Group:
    """What one kind of machine and Python measured, oldest first; ``label`` is both in words."""

    label: str
    runs: Sequence[Run]
    """All of them, also those without one or the other benchmark."""
    series: Sequence[Series]
    """One for each benchmark."""


@dataclass(frozen=True)
class History:
    """All groups of a directory, and why each file that could not be read was left out."""

    groups: Sequence[Group]
    left_out: Sequence[str]
    """One sentence a file."""


def read_history(directory: Path, *, absolute: bool = False) -> History:
    """Reads every ``*.json`` right in the directory; raises ResultsError where there is none.

    A benchmark's value is the ratio to its reference in the same run, which the machine's moods hardly touch; seconds
    where it has none, and with ``absolute`` everywhere.
    """
    paths = sorted(directory.glob("*.json"))
    if not paths:
        raise ResultsError(f"{directory} holds no runs: measure some with pytest --benchmark-only, or name another")
    runs: list[Run] = []
    left_out: list[str] = []
    for path in paths:
        try:
            runs.append(read_run_briefly(path))
        except ResultsError as error:
            left_out.append(message_of(error))
    return History(groups_of(runs, absolute=absolute), left_out)


def read_run_briefly(path: Path) -> Run:
    """What a history takes of a run; raises ResultsError for a file that is not one that timetrial wrote whole."""
    try:
        content = cast("ResultsFile", _DECODER.decode(plain_bytes(path)))
        about = content["timetrial"]
        environment: Any = about["environment"]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_whole(path, error) from error
    except RecursionError as error:
        raise _not_whole(path, "nested too deeply") from error
    version = about.get("schema_version", 1)
    if version != FILE_SCHEMA_VERSION:
        raise ResultsError(
            Text(
                f"{path} has version {version} of the file's schema, this timetrial reads version "
                f"{FILE_SCHEMA_VERSION}: move it elsewhere",
                f"{path} 的文件格式是第 {version} 版，而这个 timetrial 读第 {FILE_SCHEMA_VERSION} 版：请移走",
            )
        )
    wrong = ENVIRONMENT(environment, f"{KEY}.environment") or _no_duration(content)
    if wrong:
        raise _not_whole(path, wrong)
    commit = content.get("commit_info", {})
    return Run(
        path=path,
        when=content["datetime"],
        commit=commit.get("id"),
        dirty=bool(commit.get("dirty")),
        machine=machine_label(environment),
        median_s={benchmark["fullname"]: benchmark["stats"]["median"] for benchmark in content["benchmarks"]},
        references=about.get("references", {}),
        raw_environment=msgspec.json.encode(environment),
        void={
            benchmark["fullname"]: str(voids[0].get("reason", "no reason given"))
            for benchmark in content["benchmarks"]
            if (voids := void_of_entry(benchmark))
        },
    )


def _no_duration(content: ResultsFile) -> str | None:
    medians = ((benchmark["fullname"], benchmark["stats"]["median"]) for benchmark in content["benchmarks"])
    return next((f"{name} has a median of {s!r} s" for name, s in medians if not is_duration(s)), None)


def _not_whole(path: Path, why: object) -> ResultsError:
    return ResultsError(
        Text(
            f"{path} is no run that timetrial wrote whole ({why}): delete it, or restore it",
            f"{path} 不是 timetrial 完整写下的运行（“{why}”）：请删除，或恢复",
        )
    )


def _selected(whole: Any, paths: Iterable[str]) -> Any:
    """The same TypedDict with those fields alone: msgspec reads past all others."""
    inside: dict[str, list[str]] = {}
    for path in paths:
        name, _, rest = path.partition(".")
        inside.setdefault(name, []).append(rest)
    hints, fields = get_type_hints(whole), {}
    for name, rests in inside.items():
        hint = _narrowed(hints[name.removesuffix("?")], rests)
        fields[name.removesuffix("?")] = NotRequired[hint] if name.endswith("?") else Required[hint]
    make: Any = TypedDict
    return make(whole.__name__, fields)


def _narrowed(hint: Any, paths: list[str]) -> Any:
    """A field's type with those fields of it alone; what is wanted whole is taken as it is."""
    if paths == [""]:
        return Any if hint == Environment | None else hint
    if get_origin(hint) is list:
        (one,) = get_args(hint)
        return GenericAlias(list, _selected(one, paths))
    return _selected(hint, paths)


_DECODER: Final = msgspec.json.Decoder(_selected(ResultsFile, _READ))


def groups_of(runs: Iterable[Run], *, absolute: bool = False) -> list[Group]:
    """Runs as series, unlike machines and Pythons apart, each group's oldest first."""
    by_label: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda each: (each.when, each.path)):
        by_label.setdefault(run.machine, []).append(run)
    return [Group(label, group, _series(group, absolute=absolute)) for label, group in by_label.items()]


def machine_label(environment: dict[str, Any]) -> str:
    """The machine and the Python in words: what has to be the same for two runs to be in one series.

    Libraries, kernel and limits may change within a series; a change point tells if they did.
    """

    def of(section: str, *names: str) -> list[Any]:
        facts = environment.get(section) or {}
        return [facts.get(name) for name in names]

    model, logical, usable = of("cpu", "model", "logical_cores", "usable_cores")
    system, architecture, virtualisation = of("system", "name", "architecture", "virtualisation")
    (memory_bytes,) = of("memory", "total_bytes")
    memory = f", {memory_bytes / 2**30:.0f} GB" if memory_bytes else ""
    where = f"{system} {architecture}{f' ({virtualisation})' if virtualisation else ''}"
    python = python_in(environment)
    return f"{python} on {model}, {_count(usable)} of {logical} cores{memory}, {where}"


def _count(cores: object) -> str:
    return f"{cores:g}" if isinstance(cores, float) else str(cores)


def _series(runs: Sequence[Run], *, absolute: bool) -> list[Series]:
    references: dict[str, str | None] = {}
    for run in runs:  # the latest run's reference counts
        for name in run.median_s:
            references[name] = None if absolute else run.references.get(name)
    return [_one_series(name, reference, runs) for name, reference in references.items()]


def _one_series(name: str, reference: str | None, runs: Sequence[Run]) -> Series:
    values = [(run, run.log_value(name, reference)) for run in runs]
    known = [(run, value) for run, value in values if value is not None]
    why = Counter(reason for run in runs if name in run.median_s and (reason := run.why_not(name, reference)))
    return Series(name, reference, [run for run, _ in known], [value for _, value in known], why)

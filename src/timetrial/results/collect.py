"""Stored runs as what they say today: of each place, the newest run of every workload, and what was left out, and why.

A place is a machine with a Python: figures of two places are never put into one. Files of pytest-benchmark alone say
less of where they ran, and are places of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from timetrial.errors import ResultsError
from timetrial.languages import Text, message_of, text
from timetrial.results.history import Run, read_run_briefly
from timetrial.results.read import read_results
from timetrial.results.schema import KEY
from timetrial.results.trials import StoredTrial, stored_trials, workload_key


@dataclass(frozen=True)
class Plain:
    """A benchmark that is no trial: seconds a round, as pytest-benchmark kept them."""

    file: Path
    name: str
    """pytest's node id."""
    median_s: float
    rounds_s: tuple[float, ...]
    """Empty where the file holds no single rounds."""


@dataclass
class Place:
    """One machine with one Python: the newest figures, and all runs for their history, oldest first."""

    label: str
    """Both in words."""
    environment: Mapping[str, Any]
    """Where it ran; empty for files that do not say."""
    trials: dict[tuple[str, ...], list[StoredTrial]] = field(default_factory=dict)
    """Of each workload with its parameters, those of its newest run."""
    plain: dict[str, Plain] = field(default_factory=dict)
    """By full name."""
    runs: list[Run] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    """Those that figures are taken from, newest first."""
    recorded_at: str = ""
    """When the newest of them was measured; ISO 8601."""
    complete: bool = True
    """Whether the newest came to its end."""


@dataclass(frozen=True)
class Collected:
    """All places, the one with the newest run first; and one sentence for each file that was left out."""

    places: Sequence[Place]
    left_out: Sequence[str]


def collect(paths: Iterable[Path]) -> Collected:
    """Reads files, and of folders every ``*.json`` right in them; raises ResultsError where nothing could be read.

    A folder without any is looked into one level deeper, as pytest-benchmark's storage has a folder a machine.
    """
    given = list(paths)
    places: dict[str, Place] = {}
    left_out: list[str] = []
    briefs: list[Run] = []
    for file in _files(given):
        try:
            briefs.append(read_run_briefly(file))
        except ResultsError as error:
            if not _add_plain(file, places):
                left_out.append(message_of(error))
    for run in sorted(briefs, key=lambda each: (each.when, each.path), reverse=True):
        _add_run(run, places, left_out)
    if not places:
        raise ResultsError(_nothing(given, left_out))
    for place in places.values():
        place.runs.reverse()
    return Collected(sorted(places.values(), key=lambda each: each.recorded_at, reverse=True), left_out)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise ResultsError(
                Text(
                    f"{path} does not exist: name a file of results, or a folder of them",
                    f"{path} 不存在：请给出结果文件，或存放它们的文件夹",
                )
            )
        yield from (sorted(path.glob("*.json")) or sorted(path.glob("*/*.json"))) if path.is_dir() else [path]


def _nothing(paths: Sequence[Path], left_out: Sequence[str]) -> Text:
    where = ", ".join(map(str, paths))
    if left_out:
        first = text(left_out[0])
        return Text(
            f"{where} holds no run that can be read; of the first: {first.en}",
            f"{where} 中没有可读的运行；第一个：{first.zh}",
        )
    return Text(
        f"{where} holds no files of results: run pytest --benchmark-only, or timetrial run --results",
        f"{where} 中没有结果文件：请运行 pytest --benchmark-only，或 timetrial run --results",
    )


def _add_run(run: Run, places: dict[str, Place], left_out: list[str]) -> None:
    place = places.get(run.machine)
    if place is None or not {*run.median_s} <= _names(place):
        try:
            content = read_results(run.path)
            found = list(stored_trials(run.path, content))
        except ResultsError as error:
            left_out.append(message_of(error))
            return
        place = places.setdefault(run.machine, Place(run.machine, run.environment(), recorded_at=run.when))
        _take_newest(place, run.path, found, content)
    place.runs.append(run)


def _names(place: Place) -> set[str]:
    return {trial.name for trials in place.trials.values() for trial in trials} | {*place.plain}


def _take_newest(place: Place, file: Path, found: Sequence[StoredTrial], content: Mapping[str, Any]) -> None:
    if not place.files:
        place.complete = content.get(KEY, {}).get("complete", True)
    known, taken = {*place.trials}, False
    for trial in found:
        key = workload_key(trial)
        if key not in known:
            place.trials.setdefault(key, []).append(trial)
            taken = True
    for plain in _plain(file, content):
        taken |= place.plain.setdefault(plain.name, plain) is plain
    if taken or not place.files:
        place.files.append(file)


def _add_plain(file: Path, places: dict[str, Place]) -> bool:
    """Takes in a file of pytest-benchmark alone; False where it is none, or is no file of results at all."""
    try:
        content = read_results(file)
    except ResultsError:
        return False
    if KEY in content:
        return False
    label, when = _plain_label(content.get("machine_info")), str(content.get("datetime") or "")
    place = places.setdefault(label, Place(label, {}))
    newer = when >= place.recorded_at
    for plain in _plain(file, content):
        if newer or plain.name not in place.plain:
            place.plain[plain.name] = plain
    place.files.insert(0 if newer else len(place.files), file)
    place.recorded_at = max(when, place.recorded_at)
    return True


def _plain(file: Path, content: Mapping[str, Any]) -> Iterator[Plain]:
    for benchmark in content["benchmarks"]:
        stats, name = benchmark.get("stats", {}), benchmark.get("fullname")
        if name and "model" not in (benchmark.get("extra_info") or {}).get(KEY, {}) and "median" in stats:
            yield Plain(file, name, stats["median"], tuple(stats.get("data") or ()))


_UNKNOWN: Final = "a machine that the file does not name"


def _plain_label(machine: object) -> str:
    """What pytest-benchmark says of the machine, as far as it is there."""
    if not isinstance(machine, Mapping):
        return _UNKNOWN
    cpu = machine.get("cpu")
    model = cpu.get("brand_raw") if isinstance(cpu, Mapping) else None
    python = f"{machine.get('python_implementation') or 'Python'} {machine.get('python_version') or ''}".strip()
    return f"{python} on {model or machine.get('machine') or _UNKNOWN}, {machine.get('system') or 'unknown system'}"

"""A results file as advice: for each workload with its parameters which model to use, and at which concurrency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from timetrial import models
from timetrial.advice.answer import Answer, Cost, answer
from timetrial.environment.identity import PythonIdentity, python_in
from timetrial.errors import ResultsError
from timetrial.results.read import read_results
from timetrial.results.schema import KEY
from timetrial.results.ways import Rounds, Way

_CONCURRENCY = "concurrency"


@dataclass(frozen=True)
class Advised:
    """A workload with its parameters, out of one file; ``answer`` is None where nothing could be compared."""

    name: str
    file: str
    recorded_at: str | None
    answer: Answer | None
    voids: int
    """How many of its trials are void, and so have no part in it."""
    python: PythonIdentity
    """Which one measured it."""


def advise_on(path: Path) -> tuple[list[Advised], list[str]]:
    """Of a file, or of all files in a folder: each workload's newest run; and which files could not be read, with why.

    Every Python and machine has its own newest run: what two of them measured is never taken for the same.
    Raises ResultsError where there is no file of results.
    """
    files = sorted(path.glob("*.json"), reverse=True) if path.is_dir() else [path]
    if not files:
        raise ResultsError(f"{path} holds no files of results: run pytest --benchmark-only, or timetrial run --results")
    found: dict[tuple[object, ...], Advised] = {}
    broken: list[str] = []
    for file in files:
        try:
            content = read_results(file)
        except ResultsError as error:
            if file is path:
                raise
            broken.append(str(error))
            continue
        for name, benchmarks in workloads(content["benchmarks"]).items():
            key = (name, *_place_of(content))
            if key not in found:
                found[key] = _advised(name, benchmarks, file.name, content)
    return list(found.values()), broken


def _place_of(content: Mapping[str, Any]) -> tuple[object, ...]:
    environment = (content.get(KEY) or {}).get("environment") or {}
    cpu = environment.get("cpu") or {}
    return python_in(environment), cpu.get("model"), cpu.get("usable_cores")


def workloads(benchmarks: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The trials by what they share at any concurrency: their test, their workload and its other parameters."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for benchmark in benchmarks:
        figures = benchmark.get("extra_info", {}).get(KEY)
        if figures and "model" in figures and benchmark["stats"].get("data"):
            found.setdefault(_name(benchmark, figures), []).append(benchmark)
    return found


def _name(benchmark: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    parameters = {name: value for name, value in figures.get("parameters", {}).items() if name != _CONCURRENCY}
    told = "".join(f" {name}={value}" for name, value in parameters.items())
    return f"{figures['workload']}{told} ({benchmark['fullname'].partition('[')[0]})"


def _advised(name: str, benchmarks: Sequence[Mapping[str, Any]], file: str, content: Mapping[str, Any]) -> Advised:
    fair = [each for each in benchmarks if not each["extra_info"][KEY].get("void")]
    voids = len(benchmarks) - len(fair)
    python = python_in((content.get(KEY) or {}).get("environment"))
    return Advised(name, file, content.get("datetime"), answer_of_trials(fair), voids, python)


def answer_of_trials(benchmarks: Sequence[Mapping[str, Any]]) -> Answer | None:
    """The answer out of trials of one workload, none of them void."""
    rounds = rounds_of_trials(benchmarks)
    costs = {_way(figures): _cost(figures, max(1, figures["items"])) for figures in map(_figures, benchmarks)}
    first = answer(rounds, None, costs)
    if first is None:
        return None
    reference = _reference(list(rounds.of), first.choice.advised)
    return answer(rounds, reference, costs) if reference is not None else first


def rounds_of_trials(benchmarks: Sequence[Mapping[str, Any]]) -> Rounds:
    """Seconds an item of every round, by way; those of trials that took turns pair up."""
    rounds = Rounds(fewest=1)
    for number, (key, turns) in enumerate(_turns(benchmarks)):
        figures, data_s = _figures(benchmarks[number]), benchmarks[number]["stats"]["data"]
        items = max(1, figures["items"])
        paired = zip(turns, data_s, strict=True)
        rounds.of[_way(figures)] = {hash((key, turn)): seconds / items for turn, seconds in paired}
    return rounds


def _figures(benchmark: Mapping[str, Any]) -> Mapping[str, Any]:
    figures: Mapping[str, Any] = benchmark["extra_info"][KEY]
    return figures


def _way(figures: Mapping[str, Any]) -> Way:
    return Way(figures["model"], 1 if _is_serial(figures["model"]) else figures["concurrency"])


def _turns(benchmarks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[object, Sequence[int]]]:
    """What each trial's rounds pair up by: their turns, where models took any, and nobody else's otherwise."""
    for number, benchmark in enumerate(benchmarks):
        figures, rounds = benchmark["extra_info"][KEY], len(benchmark["stats"]["data"])
        turns = figures.get("turns")
        if turns is not None and len(turns) == rounds:
            yield "turns", turns
        elif "interleaved" in figures:
            yield (figures["concurrency"], rounds), range(rounds)
        else:
            yield ("alone", number), range(rounds)


def _cost(figures: Mapping[str, Any], items: int) -> Cost:
    account = figures.get("accounting")
    try:
        return _accounted(figures, account, items) if account else Cost(figures.get("startup_s"))
    except (KeyError, TypeError, AttributeError):  # an accounting of another form is none
        return Cost(figures.get("startup_s"))


def _accounted(figures: Mapping[str, Any], account: Mapping[str, Any], items: int) -> Cost:
    ours = [usage for role, usage in account["roles"].items() if role != "server"]
    cpu_s = sum(usage["cpu_user_s"] + usage["cpu_system_s"] for usage in ours)
    return Cost(
        figures.get("startup_s"),
        cpu_s / max(1, account["rounds"] * items),
        sum(usage["memory_peak_bytes"] for usage in ours),
        "+".join(sorted({usage["memory_kind"] for usage in ours})),
    )


def _reference(ways: Sequence[Way], advised: Way) -> Way | None:
    """The same variant's serial, else the plain one, else any."""
    serial = {models.split(way.model)[1]: way for way in ways if way.is_serial}
    for variant in (models.split(advised.model)[1], None):
        if variant in serial:
            return serial[variant]
    return next(iter(serial.values()), None)


def _is_serial(model: str) -> bool:
    return models.split(model)[0] == "serial"

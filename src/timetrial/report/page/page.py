"""What the report says, in its order: the answer, the workloads, the charts, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from timetrial.environment.identity import python_in
from timetrial.languages import Text
from timetrial.report.draw.same import same
from timetrial.report.page.charts.history import History, history_of
from timetrial.report.page.charts.of_place import break_even_figure, startup_figure, usual_figure
from timetrial.report.page.charts.of_trials import figures_of_trials
from timetrial.report.page.charts.over_sizes import figures_over_sizes
from timetrial.report.page.charts.speedup import ceiling_of, speedup_figure
from timetrial.report.page.claims import Claims, Together, claims_of, together
from timetrial.report.page.curves import Curve, curves_of
from timetrial.report.page.details import Details, columns_of, details_of
from timetrial.report.page.figure import Figure, Table, source_of
from timetrial.report.page.gate import Gate, gate_of
from timetrial.report.page.headline import headline, largest_gain, place_facts
from timetrial.report.page.ranking import Ranking
from timetrial.report.page.run_part import RunPart
from timetrial.report.page.side_by_side import SideBySide, short_names, side_by_side
from timetrial.report.text import duration
from timetrial.results.collect import Collected, Place, Plain
from timetrial.stats.lead import median_interval


@dataclass(frozen=True)
class Workload:
    """All that one workload's name stands for: its tables, one for each set of parameters, and its charts."""

    key: str
    name: str
    tables: Sequence[Details]
    figures: Sequence[Figure]

    @property
    def trials(self) -> int:
        """How many there are in all tables."""
        return sum(len(details.ranking.trials) for details in self.tables)

    @property
    def source(self) -> Text | None:
        """The file and the test that all of it is from; None where these are several."""
        found = {source_of(details.ranking) for details in self.tables}
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True)
class PlacePart:
    """What the report says of one machine with one Python."""

    key: str
    label: str
    headline: Text
    more: Text | None
    facts: Sequence[Text]
    no_fair_baseline: bool
    """Whether its Python is a free-threaded build whose GIL came back on."""
    overview: Sequence[Details]
    """A line each in the first table."""
    hero: Figure | None
    claims: Claims | None
    workloads: Sequence[Workload]
    together: Sequence[Figure]
    """Charts over all workloads."""
    plain: Table | None
    history: History | None

    @property
    def clearest(self) -> Sequence[tuple[Details, int, str]]:
        """For each workload the parameters with the clearest answer, how many others it has, and its section."""
        sections = {workload.name: workload.key for workload in self.workloads}
        by_name: dict[str, list[Details]] = {}
        for details in self.overview:
            if details.ranking.fair:
                by_name.setdefault(details.ranking.name, []).append(details)
        return [(max(own, key=_clarity), len(own) - 1, sections[name]) for name, own in by_name.items()]


def _clarity(details: Details) -> tuple[bool, bool, float]:
    """A clear win says more than a tie, and a large gain over serial more than a small one."""
    answer = details.ranking.answer
    lead = answer.choice.speedup if answer is not None else None
    return answer is not None, not details.ranking.ties, lead.low if lead is not None else 0.0


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: Text
    places: Sequence[PlacePart]
    claims: Together | None = None
    side_by_side: SideBySide | None = None
    gate: Gate | None = None
    left_out: Sequence[str] = field(default=())
    run: RunPart | None = None
    """Of ``timetrial run``: the page is about one function, and begins with its answer."""

    @property
    def figures(self) -> Iterator[Figure]:
        """All charts, in the page's order; the first screen's stands among its workload's."""
        if self.run is not None and self.run.shares is not None:
            yield self.run.shares
        if self.side_by_side is not None and self.side_by_side.figure is not None:
            yield self.side_by_side.figure
        if self.gate is not None and self.gate.figure is not None:
            yield self.gate.figure
        for place in self.places:
            yield from place.together
            if place.history is not None:
                yield from place.history.figures
            for workload in place.workloads:
                yield from workload.figures


def page_of(collected: Collected, folders: Sequence[Path] = ()) -> Page:
    """The report on stored runs, and on the last gate in one of the ``folders``."""
    left_out = [*collected.left_out]
    parts = [place_part(place, f"p{number}", left_out) for number, place in enumerate(collected.places, start=1)]
    names = short_names([part.label for part in parts])
    beside, claims = _side_by_side(collected.places, parts, names), together(names, [part.claims for part in parts])
    return Page(parts[0].headline, parts, claims, beside, gate_of(folders, left_out), left_out)


def _side_by_side(places: Sequence[Place], parts: Sequence[PlacePart], names: Sequence[str]) -> SideBySide | None:
    """Pythons of one machine stand in the order of their versions, whenever each was measured."""
    pythons = [python_in(place.environment) for place in places]
    machines = [*dict.fromkeys(_machine(part) for part in parts)]
    order = sorted(
        range(len(parts)),
        key=lambda at: (machines.index(_machine(parts[at])), pythons[at].release, pythons[at].version, names[at]),
    )
    return side_by_side(
        [names[at] for at in order],
        [[details.ranking for details in parts[at].overview] for at in order],
        {name for name, python in zip(names, pythons, strict=True) if python.is_no_fair_baseline},
    )


def _machine(part: PlacePart) -> str:
    return part.label.partition(" on ")[2]


def place_part(place: Place, key: str, left_out: list[str]) -> PlacePart:
    """One place's part; ``key`` is what its links begin with, ``left_out`` takes what can't be a part of it."""
    rankings = [Ranking(trials) for trials in place.trials.values()]
    tables = _tables(rankings, key)
    workloads = list(_workloads(place, tables, key))
    return PlacePart(
        key=key,
        label=place.label,
        headline=headline(rankings, len(place.plain)),
        more=largest_gain(rankings),
        facts=place_facts(place),
        no_fair_baseline=python_in(place.environment).is_no_fair_baseline,
        overview=sorted(tables, key=_by_gain),
        hero=_hero(workloads),
        claims=claims_of(place, left_out),
        workloads=workloads,
        together=[
            figure
            for chart in (usual_figure, startup_figure, break_even_figure)
            if (figure := chart(rankings, key)) is not None
        ],
        plain=_plain_table([*place.plain.values()]) if place.plain else None,
        history=history_of(place, key),
    )


def _tables(rankings: Sequence[Ranking], key: str) -> Sequence[Details]:
    """A table each; those of one workload have the same columns."""
    by_name: dict[str, list[Ranking]] = {}
    for ranking in rankings:
        by_name.setdefault(ranking.name, []).append(ranking)
    columns = {name: columns_of(own) for name, own in by_name.items()}
    return [
        details_of(ranking, f"{key}-t{number}", columns[ranking.name]) for number, ranking in enumerate(rankings, 1)
    ]


def _by_gain(details: Details) -> tuple[bool, str, float]:
    """Those with an answer first, then by name; of one workload the largest gain first."""
    answer = details.ranking.answer
    lead = answer.choice.speedup if answer is not None else None
    return answer is None, details.ranking.name, -(lead.ratio if lead is not None else 0.0)


def _workloads(place: Place, tables: Sequence[Details], key: str) -> Iterator[Workload]:
    curves: dict[str, list[Curve]] = {}
    for curve in curves_of(place):
        curves.setdefault(curve.shape.workload, []).append(curve)
    names = dict.fromkeys(details.ranking.name for details in tables)
    ceiling = ceiling_of(tables, place)
    for number, name in enumerate(names, start=1):
        own = [details for details in tables if details.ranking.name == name]
        own_key = f"{key}-w{number}"
        figures: list[Figure] = []
        for index, curve in enumerate(curves.get(name, ()), start=1):
            speedup = speedup_figure(curve, f"{own_key}-c{index}", ceiling)
            figures += [*figures_over_sizes(curve, f"{own_key}-c{index}"), *([speedup] if speedup else [])]
        figures += figures_of_trials(_fullest(own))
        yield Workload(own_key, name, own, figures)


def _fullest(tables: Sequence[Details]) -> Details:
    """The set of parameters whose charts are shown: the one of which the most is known."""
    return max(tables, key=lambda details: (details.filled, len(details.ranking.fair)))


def _hero(workloads: Sequence[Workload]) -> Figure | None:
    """The curve of the first screen: one whose lead changes hands, else any throughput, else nothing."""
    throughput = [each for work in workloads for each in work.figures if each.key.endswith("-throughput")]
    crossing = [each for each in throughput if each.note is not None]
    return next(iter([*crossing, *throughput]), None)


_PLAIN_HEAD = (
    Text("benchmark", "基准测试"),
    Text("median", "中位数"),
    Text("95 % interval", "95% 区间"),
    Text("rounds", "轮数"),
    Text("file", "文件"),
)


def _plain_table(found: Sequence[Plain]) -> Table:
    """Benchmarks that are no trials: nothing is compared, their medians are shown."""
    rows = []
    for each in found:
        low, high = median_interval(sorted(each.rounds_s or (each.median_s,)))
        cells = (each.name, duration(each.median_s), _between(low, high), len(each.rounds_s) or "–", each.file.name)
        rows.append([same(cell) for cell in cells])
    return Table(_PLAIN_HEAD, rows)


def _between(low_s: float, high_s: float) -> str:
    return f"{duration(low_s)} – {duration(high_s)}"

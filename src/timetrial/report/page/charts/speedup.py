"""Speed-up over serial against the number of workers, with the ideal and what this machine's cores can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.lines import Lines, Rule, Spot, draw_lines
from timetrial.report.draw.same import same
from timetrial.report.page.curves import Curve
from timetrial.report.page.details import Details
from timetrial.report.page.figure import Figure, Table
from timetrial.report.page.figures import NOTHING, plain, ratio, span
from timetrial.results.collect import Place
from timetrial.results.trials import CONCURRENCY
from timetrial.stats.lead import unpaired_lead

_WORKERS: Final = (CONCURRENCY, "workers")
_MEASURED_BY: Final = "cores"
_INDEPENDENT: Final = "processes[independent]"
_BOUND_BY_CORES: Final = 1.3
_AT_LEAST: Final = 1.15


@dataclass(frozen=True)
class Ceiling:
    """What this machine's cores can do together."""

    cores: float
    times: float
    """As fast as one: measured by independent interpreters, or else the number of cores."""
    measured: bool

    @property
    def name(self) -> Text:
        """What the line is called."""
        if self.measured:
            return Text(f"this machine: {self.times:.2f}×", f"本机实测 {self.times:.2f}×")
        return Text(f"{self.cores:g} usable cores", f"可用核心 {self.cores:g} 个")


def ceiling_of(tables: Sequence[Details], place: Place) -> Ceiling | None:
    """The machine's own ceiling where it was measured, else its number of cores; None where neither is known."""
    cores = (place.environment.get("cpu") or {}).get("usable_cores")
    if not isinstance(cores, int | float) or not cores:
        return None
    for details in tables:
        rows = details.ranking.rows if details.ranking.name == _MEASURED_BY else ()
        for row in rows:
            if row.trial.way.model == _INDEPENDENT and row.speedup is not None:
                return Ceiling(cores, row.speedup.ratio, measured=True)
    return Ceiling(cores, cores, measured=False)


def speedup_figure(curve: Curve, key: str, ceiling: Ceiling | None) -> Figure | None:
    """The chart, where a workload speeds up with workers and no further than the cores go: where it computes."""
    if curve.shape.parameter not in _WORKERS or ceiling is None:
        return None
    series = _series(curve)
    highest = max((spot.y for spots in series.values() for spot in spots), default=0.0)
    if not _AT_LEAST <= highest <= ceiling.cores * _BOUND_BY_CORES:
        return None
    values = [value for value in curve.shape.values if value > 0]
    ideal = [(value, float(value)) for value in values if value <= ceiling.cores]
    reached = sorted({*(at for at, _ in ideal)})
    rules = [Rule([(values[0], ceiling.times), (values[-1], ceiling.times)], ceiling.name, 0, "start")]
    if len(reached) > 1:
        rules.append(Rule([(at, float(at)) for at in reached], Text("ideal", "理想"), len(reached) // 2, "end"))
    drawn = draw_lines(
        Lines(
            values,
            series,
            Text("workers", "worker 数"),
            Text("times as fast as serial", "相对串行的倍数"),
            plain,
            lambda value: f"{value:.3g}×",
            rules=rules,
        )
    )
    fixed = f" {curve.fixed}" if curve.fixed else ""
    return Figure(
        key=f"{key}-speedup",
        title=Text("Speed-up over workers", "加速比随 worker 数的变化"),
        subject=f"{curve.shape.workload}{fixed}",
        svg=drawn.svg,
        table=_table(values, series),
        source=same(f"{curve.file} · {curve.test}[…]"),
        along="x",
        anchors=drawn.anchors,
    )


def _series(curve: Curve) -> dict[str, Sequence[Spot]]:
    serial = next((trial for (model, _), trial in curve.trials.items() if trial.way.is_serial and not trial.void), None)
    found: dict[str, list[Spot]] = {}
    if serial is None:
        return {}
    for model in curve.shape.curves:
        for value in curve.shape.values:
            trial = curve.trials.get((model, value))
            if trial is None or trial.way.is_serial:
                continue
            lead = unpaired_lead(serial.rounds_s_per_item, trial.rounds_s_per_item, fewest=1)
            if lead is not None:
                found.setdefault(model, []).append(Spot(value, lead.ratio, lead.low, lead.high, trial.void is not None))
    return {**found}


def _table(values: Sequence[float], series: Mapping[str, Sequence[Spot]]) -> Table:
    rows = []
    for value in values:
        spots = [next((spot for spot in each if spot.x == value), None) for each in series.values()]
        rows.append([same(plain(value)), *(NOTHING if spot is None else _cell(spot) for spot in spots)])
    return Table([Text("workers", "worker 数"), *map(same, series)], rows)


def _cell(spot: Spot) -> Text:
    told = f"{ratio(spot.y)} ({span(spot.low, spot.high)})"
    return Text(f"{told} void", f"{told} 作废") if spot.void else same(told)

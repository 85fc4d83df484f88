"""Throughput, p99 and memory over what was varied, a line a model; where the fastest model changes is marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timetrial.languages import Text
from timetrial.report.draw.lines import Lines, Spot, draw_lines
from timetrial.report.draw.same import same
from timetrial.report.page.costs import latency_s, memory_bytes, memory_low_bytes
from timetrial.report.page.curves import Curve
from timetrial.report.page.figure import Figure, Table
from timetrial.report.page.figures import NOTHING, duration_tick, plain, plain_tick, rate, rate_tick, roughly, size_tick
from timetrial.report.page.ranking import interval_s
from timetrial.report.text import duration, size
from timetrial.results.trials import StoredTrial

PARAMETERS = {
    "concurrency": Text("concurrency", "并发数"),
    "workers": Text("workers", "worker 数"),
    "latency_ms": Text("server's delay, ms", "服务器延迟（毫秒）"),
    "items": Text("items", "项数"),
}


@dataclass(frozen=True)
class _Measure:
    """A figure of a trial with its interval, and how it is told."""

    key: str
    name: Text
    axis: Text
    of: Callable[[StoredTrial], tuple[float, float, float] | None]
    tick: Callable[[float], str]
    told: Callable[[float], str]


def _throughput(trial: StoredTrial) -> tuple[float, float, float] | None:
    low_s, high_s = interval_s(trial)
    if min(low_s, trial.median_s_per_item) <= 0:
        return None
    return 1 / trial.median_s_per_item, 1 / high_s, 1 / low_s


def _p99(trial: StoredTrial) -> tuple[float, float, float] | None:
    """Up to the slowest item where so few ran that its interval has no upper end."""
    found, low, high, slowest = (latency_s(trial, each) for each in ("p99", "p99_low", "p99_high", "max"))
    return (found, low or found, high or (slowest if low and slowest else found)) if found else None


def _memory(trial: StoredTrial) -> tuple[float, float, float] | None:
    """From the stretch of rounds with the lowest peak to the one with the highest."""
    found = memory_bytes(trial)
    return (found, memory_low_bytes(trial) or found, found) if found else None


_MEASURES = (
    _Measure("throughput", Text("Throughput", "吞吐量"), Text("items/s", "项/秒"), _throughput, rate_tick, rate),
    _Measure("p99", Text("p99 latency", "p99 延迟"), Text("p99 of an item", "单项 p99"), _p99, duration_tick, duration),
    _Measure(
        "memory",
        Text("Memory", "内存"),
        Text("peak, client and workers", "峰值（客户端与工作进程）"),
        _memory,
        size_tick,
        size,
    ),
)


def figures_over_sizes(curve: Curve, key: str) -> Iterator[Figure]:
    """Those of the three for which there are two points and more."""
    for measure in _MEASURES:
        series = _series(curve, measure)
        if any(sum(not spot.void for spot in spots) > 1 for spots in series.values()):
            yield _figure(curve, measure, series, f"{key}-{measure.key}")


def _series(curve: Curve, measure: _Measure) -> Mapping[str, Sequence[Spot]]:
    found: dict[str, list[Spot]] = {}
    for model in curve.shape.curves:
        for value in curve.shape.values:
            trial = curve.trials.get((model, value))
            figure = measure.of(trial) if trial is not None else None
            if trial is not None and figure is not None:
                found.setdefault(model, []).append(Spot(value, *figure, void=trial.void is not None))
    return found


def _figure(curve: Curve, measure: _Measure, series: Mapping[str, Sequence[Spot]], key: str) -> Figure:
    parameter = curve.shape.parameter
    drawn = draw_lines(
        Lines(
            curve.shape.values,
            series,
            PARAMETERS.get(parameter, same(parameter)),
            measure.axis,
            plain_tick,
            measure.tick,
            _crossings(curve) if measure.key == "throughput" else (),
        )
    )
    over = PARAMETERS.get(parameter, same(parameter))
    fixed = f" {curve.fixed}" if curve.fixed else ""
    return Figure(
        key=key,
        title=Text(f"{measure.name.en} over {over.en}", f"{measure.name.zh}随{over.zh}的变化"),
        subject=f"{curve.shape.workload}{fixed}",
        svg=drawn.svg,
        table=_table(curve, measure, series),
        source=same(f"{curve.file} · {curve.test}[…]"),
        along="x",
        anchors=drawn.anchors,
        note=_note(curve) if measure.key == "throughput" else None,
    )


def _crossings(curve: Curve) -> Sequence[tuple[Any, str]]:
    return [(each.at, roughly(each.at)) for each in curve.shape.crossovers() if each.at is not None]


def _note(curve: Curve) -> Text | None:
    """Where the lead changes hands, in words."""
    found = curve.shape.crossovers()
    if not found:
        return None
    english, chinese = [], []
    for each in found:
        at = f"about {roughly(each.at)}" if each.at is not None else f"between {each.low} and {each.high}"
        zh_at = f"约 {roughly(each.at)} 处" if each.at is not None else f"{each.low} 与 {each.high} 之间"
        english.append(f"{each.after} overtake {each.before} at {at}")
        chinese.append(f"{each.after} 在{zh_at}超过 {each.before}")
    return Text("; ".join(english) + ".", "；".join(chinese) + "。")


def _table(curve: Curve, measure: _Measure, series: Mapping[str, Sequence[Spot]]) -> Table:
    name = curve.shape.parameter
    head = [PARAMETERS.get(name, same(name)), *(same(model) for model in series)]
    rows = []
    for value in curve.shape.values:
        cells = [_cell(next((spot for spot in spots if spot.x == value), None), measure) for spots in series.values()]
        rows.append([same(plain(value)), *cells])
    return Table(head, rows)


def _cell(spot: Spot | None, measure: _Measure) -> Text:
    if spot is None:
        return NOTHING
    told = measure.told(spot.y)
    if spot.low != spot.high:
        told += f" ({_bare(measure.told(spot.low))}–{_bare(measure.told(spot.high))})"
    return Text(f"{told} void", f"{told} 作废") if spot.void else same(told)


def _bare(told: str) -> str:
    return told.removesuffix("/s")

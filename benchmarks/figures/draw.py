"""What a group of trials looks like in text: bars as long as a round takes, and the table of what was noted beside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from fixtures.noted import Noted, figure_lines
from timetrial.report.text import duration

_WIDTH: Final = 40
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_LOST: Final = re.compile(r"([\d,]+) of [\d,]+ updates were lost")


class Timed(NamedTuple):
    """A trial's median round, and how many items there are in one."""

    round_s: float
    items: int


@dataclass
class Group:
    """The trials of one group: by model what was timed, without void ones, and what was noted."""

    timed: dict[str, Timed] = field(default_factory=dict)
    noted: list[Noted] = field(default_factory=list)
    names: set[tuple[str, str]] = field(default_factory=set)
    """What of a trial's full name comes before its model, and after it."""


def groups_of(run: Mapping[str, Any]) -> dict[str, Group]:
    """The groups of a results file by name, in its order."""
    groups: dict[str, Group] = {}
    for benchmark in run["benchmarks"]:
        found = benchmark["extra_info"].get("timetrial")
        if found and not found["void"]:
            _add(groups.setdefault(benchmark["group"], Group()), benchmark, found)
    for group, noted in _lost_updates(groups, run):
        groups[group].noted.append(noted)
    return groups


def _add(group: Group, benchmark: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    model = found["model"]
    group.timed[model] = Timed(benchmark["stats"]["median"], found["items"])
    before, _, after = benchmark["fullname"].partition(f"[{model}")
    group.names.add((f"{before}[", after))
    if noted := benchmark["extra_info"].get("figures"):
        group.noted.append(Noted(benchmark["group"], model, noted))


def _lost_updates(groups: Mapping[str, Group], run: Mapping[str, Any]) -> Iterator[tuple[str, Noted]]:
    """What void trials lost, with their group: they were skipped, so that it stands in the reason alone."""
    for trouble in run.get("timetrial", {}).get("troubles", ()):
        lost, name = _LOST.search(trouble["reason"]), trouble["benchmark"]
        for group, its in groups.items() if lost else ():
            for before, after in its.names:
                if lost and name.startswith(before) and name.endswith(after):
                    model = name[len(before) : len(name) - len(after)]
                    yield group, Noted(group, model, {"lost_updates": float(lost[1].replace(",", ""))})


def bars(name: str, group: Group) -> list[str]:
    """A bar for each model, the fastest first; before it the median round, and what that is for each item."""
    return list(_bars(name, group.timed))


def table(name: str, group: Group) -> list[str]:
    """What its trials noted; nothing where they noted nothing."""
    noted: Sequence[Noted] = [each._replace(group=name) for each in group.noted]
    return figure_lines(noted)


def _bars(name: str, models: Mapping[str, Timed]) -> Iterable[str]:
    longest_s, widest = max(models.values()).round_s, max(map(len, models))
    yield name
    yield f"  {'':{widest}}  a round  an item"
    for model, timed in sorted(models.items(), key=lambda each: each[1]):
        per_item = duration(timed.round_s / timed.items)
        yield f"  {model:{widest}}  {duration(timed.round_s):>7}  {per_item:>7}  {_bar(timed.round_s / longest_s)}"


def _bar(share: float) -> str:
    """At least a thin line, so that the fastest is seen beside what takes a thousand times as long."""
    eighths = max(1, round(share * _WIDTH * 8))
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()

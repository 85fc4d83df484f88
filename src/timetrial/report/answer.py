"""The answer for a function as text: first what to use, in words, then why, what it costs, the table and the curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from timetrial.advice.answer import Answer, Cost
from timetrial.advice.because import Shares, percent
from timetrial.advice.changes import Crossing
from timetrial.advice.choice import Choice
from timetrial.report.text import columns, duration, size, three_digits
from timetrial.results.ways import Way
from timetrial.stats.lead import Lead

_BARS = "▁▂▃▄▅▆▇█"


def answer_lines(answer: Answer, *, can_draw: bool = True) -> list[str]:
    """All of it but the code; ``can_draw`` says whether the terminal has the characters for curves."""
    lines = [*headline(answer.choice)]
    if answer.reason:
        lines.append(f"Because {answer.reason}.")
    if answer.shares is not None:
        lines += ["", *share_lines(answer.shares)]
    lines += ["", *_cost_lines(answer)]
    lines += [*change_lines(answer)]
    return [*lines, "", *table_lines(answer, can_draw=can_draw)]


def headline(choice: Choice) -> Iterator[str]:
    """What to use, and by how much it is ahead; ties are told as that."""
    if choice.is_reference:
        yield f"Use {_named(choice.advised)}: nothing that was tried is faster."
    elif choice.speedup is None:
        yield f"Use {_named(choice.advised)}."
    else:
        yield (
            f"Use {_named(choice.advised)}: {_times(choice.speedup)} as fast as "
            f"{_reference_name(choice)}{_and_next(choice)}."
        )
    if choice.is_reference and choice.next_best is not None:
        yield f"The next best, {_named(choice.next_best.way)}, takes {_times(choice.next_best.lead)} as long."
    if choice.tied:
        yield from _tie_lines(choice)


def _and_next(choice: Choice) -> str:
    """The lead over the next best, where that is not the reference itself."""
    rival = choice.next_best
    if rival is None or rival.way == choice.reference:
        return ""
    return f", {_times(rival.lead)} as fast as the next best, {_named(rival.way)}"


def _tie_lines(choice: Choice) -> Iterator[str]:
    others = "; ".join(f"{_named(each.way)} {_gain(each.lead)}" for each in choice.tied)
    yield f"It is a tie, of which this is the simplest: {others}."


def _gain(lead: Lead) -> str:
    """What one gains or loses by another way that can't be told from the advised one."""
    change = (1 - lead.ratio) * 100
    if abs(change) < 1:
        told = "takes just as long"
    else:
        told = f"takes {abs(change):.0f} % {'less' if change > 0 else 'longer'}"
    return f"{told} ({three_digits(lead.low)} to {three_digits(lead.high)} times as long)"


def _named(way: Way) -> str:
    if way.is_serial:
        return "serial (one item after the other)" if way.model == "serial" else way.model
    return f"{way.model}, {way.concurrency} at once" if way.concurrency > 1 else f"{way.model}, one at a time"


def _reference_name(choice: Choice) -> str:
    reference = choice.reference
    if reference is None or reference.is_serial:
        return "serial"
    return "one item after the other"


def _times(lead: Lead) -> str:
    return f"{three_digits(lead.ratio)} times ({three_digits(lead.low)} to {three_digits(lead.high)})"


def share_lines(shares: Shares) -> list[str]:
    """Where an item's time goes."""
    if not shares.gil:
        return [
            f"An item's time: {percent(shares.computing)} computing, {percent(shares.waiting)} waiting; "
            f"this Python has no GIL."
        ]
    if shares.computing >= 0.005 and not shares.told_apart:
        return [
            f"An item's time: {percent(shares.computing)} computing, {percent(shares.waiting)} waiting. How much of "
            f"the computing holds the GIL could not be told: other programs had the cores."
        ]
    return [
        f"An item's time: {percent(shares.with_gil or 0)} computing with the GIL held, "
        f"{percent(shares.without_gil or 0)} computing without it, {percent(shares.waiting)} waiting."
    ]


def _cost_lines(answer: Answer) -> Iterator[str]:
    advised, reference = answer.choice.advised, answer.choice.reference
    told = [_costs_of(advised, answer)]
    if reference is not None and reference != advised:
        told.append(_costs_of(reference, answer))
    yield from (each for each in told if each)


def _costs_of(way: Way, answer: Answer) -> str:
    cost, s_per_item = answer.costs.get(way, Cost(None)), answer.s_per_item.get(way)
    parts = [
        f"{_rate(s_per_item)} items a second" if s_per_item else None,
        f"{duration(cost.cpu_s_per_item)} of CPU an item" if cost.cpu_s_per_item is not None else None,
        f"{size(cost.memory_bytes)} of memory" if cost.memory_bytes is not None else None,
        f"{duration(cost.startup_s)} to start" if cost.startup_s is not None else None,
    ]
    return f"{_capital(str(way))}: {', '.join(each for each in parts if each)}."


def _rate(s_per_item: float) -> str:
    rate = 1 / s_per_item
    return f"{rate:,.0f}" if rate >= 99.95 else three_digits(rate)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def change_lines(answer: Answer) -> list[str]:
    """When another way would be the better one."""
    lines = []
    choice, items = answer.choice, answer.pays_from_items
    if items is not None and items > 1:
        lines.append(
            f"It pays from about {_round(items)} items on: with fewer, {_reference_name(choice)} is done before the "
            f"workers have started."
        )
    lines += [_crossing_line(each) for each in answer.crossings]
    return lines


def _round(items: int) -> str:
    if items < 20:
        return str(items)
    digits = len(str(items)) - 2
    return f"{round(items, -digits):,}"


def _crossing_line(each: Crossing) -> str:
    where = f"at about {three_digits(each.at)}" if each.at is not None else f"between {each.low} and {each.high}"
    return f"With fewer at once, {each.before} wins; {where} at once it changes to {each.after}."


def table_lines(answer: Answer, *, can_draw: bool) -> list[str]:
    """A row for each model at its best concurrency, the fastest first, and its curve."""
    best = _best_of_each(answer)
    head = ["model", "at once", "an item", f"x {_reference_name(answer.choice)}", "interval", ""]
    rows = [_row(way, answer) for way in best]
    curves = _curves(answer, [way.model for way in best]) if can_draw else {}
    if any(curves.values()):
        head[-1] = f"items a second at {_levels_text(answer)} at once"
    table = [[*row, curves.get(way.model, "")] for row, way in zip(rows, best, strict=True)]
    return columns([head, *table], right=(1, 2, 3))


def _best_of_each(answer: Answer) -> list[Way]:
    """Each model's fastest way; the advised model's is the advised one."""
    found: dict[str, Way] = {answer.choice.advised.model: answer.choice.advised}
    known = {each.way.model: each.way for each in (*answer.choice.tied, *filter(None, [answer.choice.next_best]))}
    for way in sorted(answer.s_per_item, key=lambda way: answer.s_per_item[way]):
        found.setdefault(way.model, known.get(way.model, way))
    return sorted(found.values(), key=lambda way: answer.s_per_item[way])


def _row(way: Way, answer: Answer) -> list[str]:
    lead = answer.leads.get(way)
    reference = answer.choice.reference
    if way == reference:
        times, interval = "1.00", ""
    elif lead is None:
        times, interval = "?", "too few rounds"
    else:
        times = _ratio(lead.ratio)
        interval = f"{_ratio(lead.low)} to {_ratio(lead.high)}" + (" (tie)" if lead.tie else "")
    return [way.model, str(way.concurrency), duration(answer.s_per_item[way]), times, interval]


def _ratio(ratio: float) -> str:
    """Two digits of what is a small part of one."""
    return f"{ratio:.2g}" if ratio < 0.1 else three_digits(ratio)


def _levels(answer: Answer) -> list[int]:
    return sorted({way.concurrency for way in answer.s_per_item if not way.is_serial})


def _levels_text(answer: Answer) -> str:
    levels = _levels(answer)
    return ", ".join(map(str, levels)) if len(levels) <= 4 else f"{levels[0]}, {levels[1]}, … {levels[-1]}"


def _curves(answer: Answer, names: Sequence[str]) -> Mapping[str, str]:
    """A bar for each concurrency, as high as the items a second; the fastest of all is the highest."""
    levels = _levels(answer)
    if len(levels) < 3:
        return {}
    fastest_s = min(answer.s_per_item.values())
    return {name: "".join(_bar(answer, name, level, fastest_s) for level in levels).rstrip() for name in names}


def _bar(answer: Answer, model: str, level: int, fastest_s: float) -> str:
    seconds = answer.s_per_item.get(Way(model, level))
    if seconds is None or seconds <= 0 or model.partition("[")[0] == "serial":
        return " "
    return _BARS[min(len(_BARS) - 1, int(fastest_s / seconds * len(_BARS)))]

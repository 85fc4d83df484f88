"""The answer in one sentence, and the place it is true for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from timetrial.environment.identity import NO_FAIR_BASELINE, python_in
from timetrial.languages import Text
from timetrial.report.draw.same import same
from timetrial.report.page.figures import ratio, span
from timetrial.report.page.ranking import Ranking
from timetrial.report.text import three_digits
from timetrial.results.collect import Place
from timetrial.results.trials import StoredTrial
from timetrial.results.ways import Way

_COUNT: Final = re.compile(r" ?(\d+) 项")
_CHINESE: Final = {
    "serial": "串行",
    "threads": "多线程",
    "processes": "多进程",
    "coroutines": "协程",
    "processes+coroutines": "多进程加协程",
    "threads+coroutines": "多线程加协程",
    "interpreters": "子解释器",
    "dask": "Dask",
}


def model_name(model: str) -> Text:
    """A model's id; in Chinese with its name before it, where it has one."""
    base, bracket, variant = model.partition("[")
    chinese = _CHINESE.get(base)
    if chinese is None or chinese == model:
        return same(model)
    return Text(model, f"{chinese}（{variant.removesuffix(']').replace('][', '，')}）" if bracket else chinese)


def way_name(way: Way) -> Text:
    """A model at its concurrency: ``threads, 8 at once``."""
    name = model_name(way.model)
    if way.is_serial:
        return name
    return Text(f"{name.en}, {way.concurrency} at once", f"{name.zh}，并发数 {way.concurrency}")


def headline(rankings: Sequence[Ranking], plain: int = 0) -> Text:
    """What a reader wants to know first; true as it stands, also where there is little to say."""
    answered = [ranking for ranking in rankings if ranking.answer is not None]
    if len(answered) == 1:
        return _one(answered[0])
    if answered:
        return _many(answered, rankings)
    if any(ranking.voids for ranking in rankings):
        return Text(
            "No two models could be compared: see below what was void, and why.",
            "没有两种模型可以相互比较：作废的测试项及其原因见下文。",
        )
    if rankings:
        return Text(
            "No two models could be compared: of each workload only one was measured.",
            "没有两种模型可以相互比较：每项工作负载都只测了一种。",
        )
    if not plain:
        return Text("There are no benchmarks in these files.", "这些文件中没有基准测试。")
    told = f"{plain} benchmark{'' if plain == 1 else 's'}"
    return Text(
        f"{told}, none of which compares concurrency models.",
        f"共 {plain} 个基准测试，其中没有对并发模型的比较。",
    )


def _one(ranking: Ranking) -> Text:
    answer = ranking.answer
    assert answer is not None
    way, lead = answer.choice.advised, answer.choice.speedup
    name, of = way_name(way), ranking.name
    if answer.choice.is_reference:
        return Text(f"For {of}, stay serial: no model is faster.", f"{of}：保持串行即可，没有更快的模型。")
    if lead is None:
        return Text(f"For {of}, use {name.en}.", f"{of}：请用{name.zh}。")
    told, ends = ratio(lead.ratio), span(lead.low, lead.high)
    return Text(
        f"For {of}, use {name.en}: {told} as fast as serial ({ends}).",
        f"{of}：请用{name.zh}，速度是串行的 {three_digits(lead.ratio)} 倍（{ends}）。",
    )


def _many(answered: Sequence[Ranking], rankings: Sequence[Ranking]) -> Text:
    """Who leads in how many of them; a workload with several sets of parameters is as many comparisons."""
    wins = Counter(_base(ranking.best) for ranking in answered if ranking.best and not ranking.ties)
    ties, total = sum(ranking.ties for ranking in answered), len(rankings)
    without, names = total - len(answered), len({ranking.name for ranking in rankings})
    of = Text(f"{total} workloads", f"{total} 项工作负载")
    if names < total:
        of = Text(f"{total} comparisons of {_workloads(names)}", f"{names} 项工作负载的 {total} 项比较")
    if len(wins) == 1 and wins.total() == total:
        model = next(iter(wins))
        verb = "wins" if model in _SINGULAR else "win"
        return Text(f"{model} {verb} all {of.en}.".capitalize(), f"{of.zh}，全部以{_zh(model)}最快。")
    english = [f"{model} {_verb(model, at)} {count}" for at, (model, count) in enumerate(wins.most_common())]
    chinese = [
        f"{_zh(model)} {count} 项" if at else f"{_zh(model)}在 {count} 项中最快"
        for at, (model, count) in enumerate(wins.most_common())
    ]
    left = []
    if ties:
        english.append(f"{ties} {'ends' if ties == 1 else 'end'} in a tie")
        left.append(f"{ties} 项不分高下")
    if without:
        english.append(f"{without} {'has' if without == 1 else 'have'} no answer")
        left.append(f"{without} 项没有答案")
    told = "；".join("，".join(part) for part in (chinese, left) if part)
    chinese_told = f"{of.zh}中，{told}。"
    return Text(f"Of {of.en}, {', '.join(english)}.", _COUNT.sub(r"\1项", chinese_told))  # a number stays by its noun


def _workloads(count: int) -> str:
    return f"{count} workload{'' if count == 1 else 's'}"


def _verb(model: str, at: int) -> str:
    """Of the first one; the others have the same."""
    if at:
        return "in"
    return "leads in" if model in _SINGULAR else "lead in"


_SINGULAR: Final = ("serial", "dask")


def _zh(model: str) -> str:
    return model_name(model).zh


def largest_gain(rankings: Sequence[Ranking]) -> Text | None:
    """The second sentence, where there are several workloads: what there is to gain at most."""
    leads = [
        (answer.choice.speedup, ranking, answer.choice.advised)
        for ranking in rankings
        if (answer := ranking.answer) is not None and answer.choice.speedup is not None
    ]
    if len(leads) < 2:
        return None
    lead, ranking, way = max(leads, key=lambda each: each[0].low)
    name = way_name(way)
    return Text(
        f"The largest gain is {ratio(lead.ratio)} over serial: {name.en}, in {ranking.name}.",
        f"收益最大的是 {ranking.name}：{name.zh}，速度是串行的 {three_digits(lead.ratio)} 倍。",
    )


def _base(trial: StoredTrial) -> str:
    return trial.way.model.partition("[")[0]


def place_facts(place: Place) -> Sequence[Text]:
    """Where it is true, when it was measured, and out of how much."""
    trials = [trial for group in place.trials.values() for trial in group]
    voids = sum(trial.void is not None for trial in trials)
    count, files = len(trials) + len(place.plain), len(place.files)
    noun = "trial" if trials else "benchmark"
    facts = [
        place_name(place),
        *([NO_FAIR_BASELINE] if python_in(place.environment).is_no_fair_baseline else []),
        same(place.recorded_at[:16].replace("T", " ") + (" UTC" if place.recorded_at else "")),
        Text(
            f"{count} {noun}{'' if count == 1 else 's'} from {files} file{'' if files == 1 else 's'}",
            f"{files} 个文件，{count} 个测试项",
        ),
    ]
    if voids:
        facts.append(Text(f"{voids} void", f"{voids} 个作废"))
    if not place.complete:
        facts.append(Text("the newest run was cut off", "最近一次运行中途中断"))
    return [fact for fact in facts if str(fact).strip()]


def place_name(place: Place) -> Text:
    """A machine with a Python, in words."""
    return Text(place.label, _in_chinese(place))


def _in_chinese(place: Place) -> str:

    def of(section: str, *names: str) -> list[Any]:
        facts = place.environment.get(section) or {}
        return [facts.get(name) for name in names]

    model, logical, usable = of("cpu", "model", "logical_cores", "usable_cores")
    if model is None or not isinstance(usable, int | float):
        return place.label
    python, _, rest = place.label.partition(f" on {model}, ")
    python = python.replace(" with the ", " 启用 ").replace(" and the ", "、")
    _, comma, after = rest.partition(" cores")
    return f"{python}，{model}，{logical} 核中可用 {usable:g} 核{after.replace(', ', '，')}" if comma else place.label

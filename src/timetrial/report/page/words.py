"""The report's fixed words in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.claims import Outcome, Tally, Threshold
from timetrial.claims.stated import OPTIONS
from timetrial.claims.words import quantity
from timetrial.languages import Text
from timetrial.report.draw.marks import look_of
from timetrial.report.page.charts.history import History
from timetrial.report.page.claims import Claims, outcome_class, sources
from timetrial.report.page.figures import NOTHING, ratio, span
from timetrial.report.page.ranking import Ranking
from timetrial.trial.void import Kind

__all__ = ["outcome_class", "sources"]

TITLE: Final = Text("timetrial report", "timetrial 报告")
SKIP: Final = Text("Skip to the results", "跳到结果")
LANGUAGE: Final = Text("Language", "语言")
WHICH: Final = Text("Which model, for each workload", "各工作负载该用哪种模型")
WORKLOAD: Final = Text("workload", "工作负载")
USE: Final = Text("use", "选用")
GAIN: Final = Text("× serial", "相对串行")
NEXT: Final = Text("next best takes", "次优模型的耗时")
VOID: Final = Text("void", "作废")
ALL_VOID: Final = Text("all void", "全部作废")
NOT_COMPARED: Final = Text("only one model: nothing to compare", "只有一种模型，无从比较")
TIE: Final = Text("tie", "持平")
INTERVALS: Final = Text(
    "Of a workload with several sizes the one with the clearest answer is shown. Below each ratio stands its interval "
    "of 95 %. A tie: the interval includes 1, or the lead is under 3 %, and the simplest of those that tie is shown. "
    "Void: the timing means nothing, and the trial has no place.",
    "有多组参数的工作负载，只列出结论最明确的一组。倍数下方是其 95% 置信区间。"
    "持平：区间包含 1，或领先不足 3%，此时列出其中最简单的模型。作废：计时没有意义，不参与排名。",
)
CURVE: Final = Text("Where the lead changes hands", "领先者在何处易主")
A_CURVE: Final = Text("Throughput, and how it grows", "吞吐量的变化")
CLAIMS: Final = Text("What people say, tested here", "常见说法，实测检验")
MEASURE: Final = Text(
    "What is open is measured with its arguments behind", "尚无定论的，把对应的参数接在此命令之后即可测量："
)
MEASURE_WITH: Final = " ".join(("pytest", *OPTIONS))
CLAIM: Final = Text("claim", "说法")
VERDICT: Final = Text("verdict", "结论")
WHY: Final = Text("why", "依据")
CLAIMS_HEAD: Final = Text("The claims, one by one", "逐条检验")
ALL_CLAIMS: Final = Text("All claims, with their figures and sources", "全部说法及其数据与出处")
OTHERS: Final = Text("published: ", "已发表的数据：")
OUTCOMES: Final = {
    "confirmed": Outcome.CONFIRMED.text,
    "refuted": Outcome.REFUTED.text,
    "open": Outcome.INCONCLUSIVE.text,
    "untestable": Outcome.NOT_TESTABLE.text,
    "missing": Text("not measured", "尚未测量"),
}
WORKLOADS: Final = Text("The workloads", "各工作负载")
BARE: Final = Text("Others", "其他")
TOGETHER: Final = Text("Over all workloads", "总览")
PLACE: Final = Text("On", "环境")
BENCHMARKS: Final = Text("Benchmarks", "基准测试")
OTHER: Final = Text("Other benchmarks", "其他基准测试")
MODEL: Final = Text("model", "模型")
AT_ONCE: Final = Text("at once", "并发数")
RANK: Final = Text("place", "名次")
TEST: Final = Text("test", "测试")
NUMBERS: Final = Text("Numbers", "数据")
SOURCE: Final = Text("From ", "来源：")
SOURCES: Final = Text("Where it is from", "来源")
HISTORY: Final = Text("Over time", "历次运行")
EVERY_BENCHMARK: Final = Text("Every benchmark", "全部基准测试")
SIDE_BY_SIDE: Final = Text("Machines and Pythons side by side", "不同机器与 Python 版本的对比")
GATE: Final = Text("The last gate", "最近一次性能门禁")
COSTS: Final = Text("What it costs", "代价")
TRIED: Final = Text("All that was tried", "全部尝试")
CODE: Final = Text("The code that does it", "实现代码")
NOTES: Final = Text("What else there is to know", "另需留意")
LEFT_OUT: Final = Text("Files that were left out", "未采用的文件")
CONTENTS: Final = Text("Contents", "目录")
KEYS: Final = Text(
    "Point at a chart for its numbers, or focus it and use the arrow keys.",
    "将指针移到图上可查看数据；也可聚焦图表后使用方向键。",
)
READING: Final = Text(
    "Bands and brackets are intervals of 95 %; of p99 up to the slowest item where fewer than 368 ran, of memory "
    "from the lowest to the highest peak of several rounds. Latencies: marks are p50, p99 and the slowest item. "
    "Where there are two lines of a model, the one with filled marks is an open loop, in which items come at a "
    "fixed rate and wait for their turn, and the one with hollow marks is the same work in a closed loop, which "
    "asks again when it is done. CPU: plain is the client, striped the workers, outlined the server. Throughput "
    "against memory: filled is what nothing else beats in both.",
    "色带与括号为 95% 置信区间；p99 的色带在不足 368 项时上至最慢的一项，内存的色带为多轮峰值中的最低值到最高值。"
    "延迟：标记依次为 p50、p99 与最慢的一项。同一模型有两条线时，实心标记为开环，各项按固定速率到来并排队等待；"
    "空心标记为同样工作的闭环，做完一项才取下一项。"
    "CPU 时间：实心为客户端，斜纹为工作进程，空框为模拟服务器。吞吐量与内存：实心表示没有更快且更省内存的选择。",
)
MADE_BY: Final = Text("Made by timetrial.", "由 timetrial 生成。")


def look(model: str) -> str:
    """The class of a model's colour and mark, short since a page has hundreds of them."""
    return f"k-{look_of(model).name[0]}"


def at_once(concurrency: int) -> Text:
    """``8 at once``."""
    return Text(f"{concurrency} at once", f"并发 {concurrency}")


def others(count: int) -> Text:
    """How many other sizes of a workload stand below."""
    return Text(f"and {count} other{'' if count == 1 else 's'}", f"另有 {count} 组参数")


def void(kind: str | None) -> Text:
    """Of a trial; its reason, which is as the run told it, follows."""
    known = _VOID_KINDS.get(kind or "")
    return Text(VOID.en, f"{VOID.zh}（{known}）") if known else VOID


_VOID_KINDS: Final[Mapping[str, str]] = {
    Kind.RESULTS: "结果不同",
    Kind.REQUESTS: "请求不符",
    Kind.CONCURRENCY: "并发数不符",
    Kind.POOL: "连接池过小",
    Kind.LIMIT: "触及系统上限",
    Kind.SERVER_BOUND: "受限于服务器",
    Kind.ITEMS: "改动了输入项",
    Kind.FALLBACK: "用的不是所要求的实现",
    Kind.CLOCK: "时钟精度不足",
    Kind.LEFTOVERS: "留下了残余",
    Kind.DISTURBED: "受到干扰",
    Kind.WORKER_ENVIRONMENT: "工作进程的环境不同",
    Kind.TRACED: "受到跟踪",
    Kind.WORKER_LOST: "失去了工作进程",
    Kind.THROTTLED: "触及配额",
}


def voids(count: int) -> Text:
    """``3 void``."""
    return Text(f"{count} void", f"{count} 个作废")


@dataclass(frozen=True)
class Told:
    """A lead as a cell has it: of whom, how many times, its interval, and who else."""

    ratio: str
    span: str = ""
    what: str = ""
    also: Text | None = None


def gain(ranking: Ranking) -> Told:
    """Over serial, with its interval."""
    answer = ranking.answer
    if answer is None or (answer.choice.speedup is None and not answer.choice.is_reference):
        return Told(NOTHING.en)
    lead = answer.choice.speedup
    return Told(ratio(1.0)) if lead is None else Told(ratio(lead.ratio), span(lead.low, lead.high))


def next_best(ranking: Ranking) -> Told:
    """Who is next, and how many times as long that takes."""
    answer = ranking.answer
    rivals = [] if answer is None else [*answer.choice.tied, answer.choice.next_best]
    first = next((rival for rival in rivals if rival is not None), None)
    if answer is None or first is None:
        return Told(NOTHING.en)
    more = len(answer.choice.tied) - 1
    also = Text(f"and {more} more", f"等 {more + 1} 种") if more > 0 else None
    return Told(ratio(first.lead.ratio), span(first.lead.low, first.lead.high), first.way.model, also)


def changed(history: History) -> Text:
    """How many benchmarks changed over how many runs."""
    total = len(history.table.rows)
    return Text(
        f"{history.runs} runs; of {total} benchmarks {history.changed} changed by 2 % or more, and for good.",
        f"共 {history.runs} 次运行；{total} 个基准测试中，{history.changed} 个出现 2% 以上的持续变化。",
    )


def counts(claims: Claims) -> Sequence[tuple[str, int]]:
    """How many verdicts of each kind, those that there are; what was not measured is apart from what is open."""
    found, missing = claims.tally, len(claims.missing)
    all_kinds = (
        ("confirmed", found.confirmed),
        ("refuted", found.refuted),
        ("open", found.inconclusive - missing),
        ("untestable", found.not_testable),
        ("missing", missing),
    )
    return [(kind, count) for kind, count in all_kinds if count]


def false_ones(found: Tally) -> Text:
    """How many wrong verdicts to expect."""
    resting, told = found.decided - found.without_level, f"{found.false_at_most:.2f}"
    return Text(
        f"{resting} of the {found.decided} that are decided rest on intervals: at most {told} false verdicts are to be "
        f"expected among them.",
        f"已有结论的 {found.decided} 条中，{resting} 条基于置信区间，其中误判的期望值不超过 {told} 条。",
    )


def not_measured(count: int) -> Text:
    """How many claims nothing is known of."""
    return Text(f"{count} that were not measured here", f"{count} 条此处尚未测量")


def trials(count: int) -> Text:
    """``24 trials``."""
    return Text(f"{count} trial{'' if count == 1 else 's'}", f"{count} 个测试项")


def unknown(places: Sequence[str]) -> Text:
    """In which places a claim was not measured."""
    return Text(f"Not measured with {', '.join(places)}.", f"{'、'.join(places)} 上尚未测量。")


def asked_for(threshold: Threshold) -> Text:
    """A claim's figure, its bounds, and the reason for them."""
    told = bounds(threshold)
    return Text(
        f"Asked for: {threshold.of.en} {told}, because {threshold.because.en}",
        f"判据：{threshold.of.zh} {told}；理由：{threshold.because.zh}",
    )


def bounds(threshold: Threshold) -> str:
    """``≥ 1.50x``, ``≤ 1.10x``, or both."""
    pairs = (("≥", threshold.at_least), ("≤", threshold.at_most))
    return ", ".join(f"{sign} {quantity(bound, threshold.unit)}" for sign, bound in pairs if bound is not None)

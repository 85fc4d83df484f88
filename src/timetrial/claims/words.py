"""The sentences that verdicts are told in, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from timetrial.claims.evidence import Evidence
from timetrial.languages import Text


def figures_say(evidence: Iterable[Evidence]) -> Text:
    """Every figure with its interval and its bounds."""
    said = [figure_says(each) for each in evidence]
    return Text("; ".join(each.en for each in said) + ".", "；".join(each.zh for each in said) + "。")


def figure_says(evidence: Evidence) -> Text:
    """One figure with its interval and its bounds."""
    shown = quantity(evidence.value, evidence.unit)
    if evidence.interval is not None:
        ends = (quantity(end, evidence.unit) for end in (evidence.interval.low, evidence.interval.high))
        shown += " ({} to {})".format(*ends)
    bounds = _bounds(evidence)
    separator = ", " if bounds.en else ""
    shown_zh = shown.replace(" to ", " 至 ")
    return Text(
        f"{evidence.what}: {shown}{separator}{bounds.en}",
        f"{evidence.what}：{shown_zh}{'，' if bounds.zh else ''}{bounds.zh}",
    )


def _bounds(evidence: Evidence) -> Text:
    least = None if evidence.at_least is None else quantity(evidence.at_least, evidence.unit)
    most = None if evidence.at_most is None else quantity(evidence.at_most, evidence.unit)
    if least is not None and most is not None:
        return Text(f"asked for {least} to {most}", f"要求 {least} 至 {most}")
    if least is not None:
        return Text(f"asked for at least {least}", f"要求不低于 {least}")
    return Text(f"asked for at most {most}", f"要求不高于 {most}") if most is not None else Text("", "")


def quantity(value: float, unit: str) -> str:
    """A figure to three digits with its unit: ``1.25x``, ``36 MB``, ``4 updates``."""
    if value in (float("inf"), float("-inf")):
        number = "∞" if value > 0 else "-∞"
    elif abs(value) >= 99.95:
        number = f"{value:,.0f}"
    elif value == int(value) and unit != "x":
        number = f"{value:.0f}"
    else:
        number = f"{value:.2f}" if abs(value) < 9.995 else f"{value:.1f}"
    return f"{number}x" if unit == "x" else f"{number} {unit}".rstrip()


def not_measured(what: Sequence[str]) -> Text:
    """No figure of it among the results."""
    return Text(f"Not measured here: {'; '.join(what)}.", f"尚未在此环境测量：{'；'.join(what)}。")


def mostly_void(reason: str) -> Text:
    """There are trials, all void."""
    return Text(f"Every trial of it was void: {reason}.", f"相关测试全部作废：{reason}。")


def has_failed(reason: str) -> Text:
    """There are failures and no trial."""
    told = " ".join(reason.split())
    return Text(f"Its benchmark failed: {told}", f"对应的基准测试失败：{told}")


def cannot_run(reason: str) -> Text:
    """The benchmark was skipped."""
    return Text(f"Its benchmark can't run here: {reason}", f"对应的基准测试无法在此运行：{reason}")


def too_few_rounds() -> Text:
    """No interval."""
    return Text("There were too few rounds for an interval.", "轮次太少，无法给出置信区间。")


def undecidable() -> Text:
    """The figure lies at its bound."""
    return Text(
        "The figure lies so close to its bound that not even forty launches would tell.",
        "实测值离阈值太近，即使启动四十次也难以判定。",
    )


def measure_it(duration_s: float) -> Text:
    """One launch of its benchmark."""
    return Text(f"Measure it: {_about(duration_s).en}.", f"运行对应的基准测试，{_about(duration_s).zh}。")


def more_launches(launches: int, duration_s: float) -> Text:
    """Several more launches of its benchmark."""
    about = _about(duration_s)
    return Text(
        f"About {launches} more launch{'es' if launches != 1 else ''} of its benchmark: {about.en}.",
        f"再独立启动基准测试约 {launches} 次，{about.zh}。",
    )


def _about(seconds: float) -> Text:
    if seconds < 120:
        return Text(f"about {max(1, round(seconds))} s", f"约需 {max(1, round(seconds))} 秒")
    return Text(f"about {round(seconds / 60)} min", f"约需 {round(seconds / 60)} 分钟")

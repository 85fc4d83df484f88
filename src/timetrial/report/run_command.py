"""What ``timetrial run`` shows at the end: the answer, or why there is none, and what else there is to know."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final, TextIO

from timetrial.advice.answer import Answer
from timetrial.advice.of_findings import code_of, left_out_lines, reasons, shares_of
from timetrial.environment.identity import baseline_lines, python_in
from timetrial.languages import Text, text
from timetrial.report.answer import answer_lines, share_lines
from timetrial.report.text import duration
from timetrial.search.findings import Findings

_SMALLEST_PART_BESIDE: Final = 0.1


def heading(findings: Findings, elapsed_s: float) -> str:
    """One line: what was run, with what, for how long."""
    target, probed = findings.target, findings.probed
    if target is None:
        return ""
    told = f"{target['name']} with {target['items']['described']}"
    if probed is not None:
        told += f", {duration(probed['s_per_item'])} each one at a time"
    return f"{told}; measured for {elapsed_s:.0f} s"


def run_lines(findings: Findings, found: Answer | None, printed: str, elapsed_s: float, *, can_draw: bool) -> list[str]:
    """Everything that is printed at the end, but the code."""
    lines = [heading(findings, elapsed_s), ""] if findings.target is not None else []
    if found is not None:
        if findings.interrupted is not None:
            lines.append(f"Interrupted {findings.interrupted}; by then:")
        lines += answer_lines(found, can_draw=can_draw)
    else:
        lines += no_answer_lines(findings)
    remarks = list(remark_lines(findings, printed))
    if found is not None:
        remarks += [*stopped_lines(findings, found), *left_out_lines(findings)]
    return [*lines, *([""] if remarks else []), *(f"Note: {each}." for each in remarks)]


def no_answer_lines(findings: Findings) -> Iterator[str]:
    """Why there is none; an exception of the user's function is shown as theirs."""
    failure = findings.failure
    if failure is not None and failure.kind == "function":
        if failure.traceback:
            yield from failure.traceback.rstrip("\n").splitlines()
        yield from failure.reason.splitlines()
        yield from (f"{_capital(each)}." for each in failure.notes)
        if failure.traceback and findings.target is not None:
            yield "To go on and count such items as failed: --on-error count."
        return
    shares = shares_of(findings)
    yield "No answer:"
    yield from (f"  {each}" for each in reasons(findings))
    if shares is not None:
        yield from share_lines(shares)


def remark_lines(findings: Findings, printed: str) -> Iterator[Text]:
    """What else a person should know of their function, a sentence each, without its full stop."""
    yield from baseline_lines(python_in(findings.environment))
    yield from (each.said for each in findings.notes)
    yield from _round_remark(findings)
    if findings.disturbance is not None:
        yield Text(
            f"{findings.disturbance}: the answer is for a machine as busy as that, so ask again while it is quiet",
            f"{text(findings.disturbance).zh}：此答案只适用于同样繁忙的机器，请在机器空闲时再试一次",
        )
    loop, profile = findings.loop, findings.profile
    if loop is not None and loop["count"]:
        yield _blocked(duration(loop["longest_s"]), loop["count"], loop["items"])
    if profile is not None and profile["beside"] >= _SMALLEST_PART_BESIDE:
        cores = f"{profile['beside']:.1f}"
        yield Text(
            f"it computes in threads of its own as well ({cores} cores beside the calling one), which compete with the "
            f"workers: try it with its own pool set to one thread",
            f"它还在自己的线程里计算（调用线程之外另占 {cores} 个核心），会与 worker 争抢核心："
            f"请把它自带的线程池设为一个线程再试",
        )
    if printed.strip():
        count, last = printed.count("\n") or 1, _last_line(printed)
        yield Text(
            f"it prints ({count} or more lines, kept out of the way), and that is part of its time; such as: {last}",
            f"它会打印输出（至少 {count} 行，已另行存放），打印也计入耗时；例如：{last}",
        )


def _blocked(longest: str, count: int, items: int) -> Text:
    return Text(
        f"it blocks its event loop, for up to {longest} and {count} times in {items} items: everything else in the "
        f"loop stands still meanwhile; await what waits, and move what computes to a thread with asyncio.to_thread",
        f"它会阻塞事件循环：{items} 项中有 {count} 次，最长 {longest}，其间循环里的其他任务都停住；"
        f"等待请用 await，计算请用 asyncio.to_thread 移到线程里",
    )


def _round_remark(findings: Findings) -> Iterator[Text]:
    probed = findings.probed
    if probed is None:
        return
    used, of = probed["items"], f"{probed['of']:,}"
    if used < probed["of"]:
        yield Text(
            f"{used} of the {of} items were used, spread evenly, since all would take too long",
            f"{of} 项中均匀选用了 {used} 项，全部运行耗时太久",
        )
    elif any(count > probed["of"] for count in findings.items_per_round.values()):
        yield Text(f"the {of} items were repeated to fill a round", f"为凑足一轮，{of} 项被重复使用")


def stopped_lines(findings: Findings, found: Answer) -> Iterator[Text]:
    """Models that were not tried with as many at once as are advised: their best may be better than it looks."""
    highest: dict[str, int] = {}
    for way in findings.rounds.of:
        if not way.is_serial:
            highest[way.model] = max(highest.get(way.model, 0), way.concurrency)
    for model, level in highest.items():
        if level < found.choice.advised.concurrency:
            yield Text(
                f"{model} was tried with {level} at once at most: more did not help, or took too long to start for "
                f"this budget",
                f"{model} 最多试到并发数 {level}：再多已无助益，或启动太久、超出给定时间",
            )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _last_line(printed: str) -> str:
    line = printed.strip().splitlines()[-1].strip()
    return line if len(line) <= 60 else f"{line[:57]}…"


def code_lines(findings: Findings, found: Answer) -> list[str]:
    """The script for the advised way, below a line that says what it is."""
    code = code_of(findings, found.choice.advised)
    if code is None:
        return []
    return ["", f"The code, for {found.choice.advised}:", "", *code.rstrip("\n").splitlines()]


def can_draw(stream: TextIO) -> bool:
    """Whether the terminal has the characters for bars."""
    try:
        "▁█".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return os.environ.get("TERM") != "dumb"

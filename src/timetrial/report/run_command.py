"""What ``timetrial run`` shows at the end: the answer, or why there is none, and what else there is to know."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final, TextIO

from timetrial.advice.answer import Answer
from timetrial.advice.of_findings import code_of, left_out_lines, reasons, shares_of
from timetrial.environment.identity import baseline_lines, python_in
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
        remarks += [*_stopped_lines(findings, found), *left_out_lines(findings)]
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


def remark_lines(findings: Findings, printed: str) -> Iterator[str]:
    """What else a person should know of their function, a sentence each, without its full stop."""
    yield from baseline_lines(python_in(findings.environment))
    yield from map(str, findings.notes)
    yield from _round_remark(findings)
    if findings.disturbance is not None:
        yield f"{findings.disturbance}: the answer is for a machine as busy as that, so ask again while it is quiet"
    loop, profile = findings.loop, findings.profile
    if loop is not None and loop["count"]:
        yield (
            f"it blocks its event loop, for up to {duration(loop['longest_s'])} and {loop['count']} times in "
            f"{loop['items']} items: everything else in the loop stands still meanwhile; await what waits, and move "
            f"what computes to a thread with asyncio.to_thread"
        )
    if profile is not None and profile["beside"] >= _SMALLEST_PART_BESIDE:
        yield (
            f"it computes in threads of its own as well ({profile['beside']:.1f} cores beside the calling one), which "
            f"compete with the workers: try it with its own pool set to one thread"
        )
    if printed.strip():
        count = printed.count("\n") or 1
        yield (
            f"it prints ({count} or more lines, kept out of the way), and that is part of its time; such as: "
            f"{_last_line(printed)}"
        )


def _round_remark(findings: Findings) -> Iterator[str]:
    probed = findings.probed
    if probed is None:
        return
    if probed["items"] < probed["of"]:
        yield f"{probed['items']} of the {probed['of']:,} items were used, spread evenly, since all would take too long"
    elif any(count > probed["of"] for count in findings.items_per_round.values()):
        yield f"the {probed['of']:,} items were repeated to fill a round"


def _stopped_lines(findings: Findings, found: Answer) -> Iterator[str]:
    """Models that were not tried with as many at once as are advised: their best may be better than it looks."""
    highest: dict[str, int] = {}
    for way in findings.rounds.of:
        if not way.is_serial:
            highest[way.model] = max(highest.get(way.model, 0), way.concurrency)
    for model, level in highest.items():
        if level < found.choice.advised.concurrency:
            yield (
                f"{model} was tried with {level} at once at most: more did not help, or took too long to start for "
                f"this budget"
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

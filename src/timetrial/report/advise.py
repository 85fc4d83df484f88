"""Advice on stored runs as text: a section for each workload."""

from __future__ import annotations

from collections.abc import Sequence

from timetrial.advice.of_results import Advised
from timetrial.environment.identity import baseline_lines
from timetrial.report.answer import answer_lines


def advise_lines(advised: Sequence[Advised], *, can_draw: bool) -> list[str]:
    """All sections, or one line that says that there are none."""
    if not advised:
        return ["No trials in these files: they hold benchmarks of pytest-benchmark alone."]
    return [line for each in advised for line in _section(each, can_draw=can_draw)][:-1]


def _section(advised: Advised, *, can_draw: bool) -> list[str]:
    when = f", {advised.recorded_at[:16].replace('T', ' ')}" if advised.recorded_at else ""
    python = f", {advised.python}" if advised.python.version else ""
    title = f"{advised.name}: {advised.file}{when}{python}"
    void = [f"{advised.voids} of its trials are void, and have no part in this."] if advised.voids else []
    void += [f"{each}." for each in baseline_lines(advised.python)]
    if advised.answer is None:
        return [title, "Nothing could be compared.", *void, ""]
    return [title, *answer_lines(advised.answer, can_draw=can_draw), *void, ""]

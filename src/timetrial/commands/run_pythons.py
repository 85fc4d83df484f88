"""``timetrial run --python A --python B``: the same function under several interpreters, in turns."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from timetrial.advice.answer import Answer
from timetrial.advice.of_findings import answer_of, reasons
from timetrial.advice.of_pythons import Contender, python_answer
from timetrial.advice.pythons_record import pythons_record
from timetrial.advice.record import record
from timetrial.commands.run_status import ANSWER, FUNCTION_FAILED, NO_ANSWER
from timetrial.environment.identity import PythonIdentity, python_in
from timetrial.errors import TargetError
from timetrial.pythons.interpreter import Interpreter, interpreters
from timetrial.pythons.meeting import LAUNCHES, Meeting, MeetingPlan, meet
from timetrial.pythons.prepare import prepared
from timetrial.report.escaped import shown
from timetrial.report.progress.pythons import PythonsProgress
from timetrial.report.pythons import python_lines
from timetrial.report.run_command import no_answer_lines, remark_lines
from timetrial.results.ways import Way
from timetrial.search.findings import Findings
from timetrial.search.plan import SearchPlan
from timetrial.search.run import Supervision, search
from timetrial.system.signals import endings_unwind

_SEARCHES_SHARE: Final = 0.6
"""Of the budget, for all searches together; the turns have the rest."""

_PATIENCE: Final = 2.0
"""So many times the budget an answer may take without --timeout: a whole import and its start are one."""


@dataclass
class _Tried:
    """What a search under one Python by itself came to."""

    interpreter: Interpreter
    findings: Findings
    printed: str
    found: Answer | None

    @property
    def python(self) -> PythonIdentity:
        """As it was once the function was imported; before that, as it says of itself."""
        return python_in(self.findings.environment) if self.findings.environment else self.interpreter.identity

    def ways(self) -> tuple[Way, ...]:
        """Those that it brings to the meeting: one item after the other, and the advised one."""
        assert self.found is not None
        reference = self.findings.reference
        return tuple(dict.fromkeys([*([reference] if reference else []), self.found.choice.advised]))


def run_under(options: argparse.Namespace, plan: SearchPlan) -> int:
    """Prints the answer, and returns the exit status of ``timetrial run``; raises TargetError for wrong usage."""
    _refuse(options)
    found = interpreters(options.python)
    progress = PythonsProgress(sys.stderr)
    with endings_unwind(), prepared(found, Path.cwd(), progress.say) as ready:
        try:
            tried = _search_each(ready, plan, options.timeout, progress)
            meeting = _meet(tried, plan, options.timeout, progress)
        finally:
            progress.clear()
    contenders = list(_contenders(tried, meeting))
    answer = python_answer(contenders)
    why = [] if answer is not None else list(_why_not(tried, meeting))
    print(shown([_heading(tried), "", *(python_lines(answer) if answer is not None else ["No answer:", *why])]))
    remarks = list(_remarks(tried, meeting))
    if remarks:
        print(shown(["", *(f"Note: {each}." for each in remarks)]))
    _write(options, tried, pythons_record(answer, contenders, why, [_record(each) for each in tried]))
    return _status(tried, answered=answer is not None)


def _refuse(options: argparse.Namespace) -> None:
    for name in ("html", "write_test"):
        if getattr(options, name) is not None:
            raise TargetError(f"--{name.replace('_', '-')} is about one Python: leave --python out")


def _search_each(
    found: Sequence[Interpreter], plan: SearchPlan, timeout_s: float | None, progress: PythonsProgress
) -> list[_Tried]:
    """One search after the other; what the first one settled about the sample counts for all."""
    tried: list[_Tried] = []
    own = replace(plan, budget_s=plan.budget_s * _SEARCHES_SHARE / len(found))
    for each in found:
        supervision = Supervision(own, timeout_s, progress.searching(each.spelled), python=each.path)
        findings, printed = search(supervision)
        failure = findings.failure
        if failure is not None and failure.kind == "refused":
            raise TargetError(f"under {each}: {failure.reason}")
        tried.append(_Tried(each, findings, printed, answer_of(findings)))
        if findings.probed is not None and own.sample is None:
            own = replace(own, sample=findings.probed["items"])
        if findings.interrupted is not None:
            break
    return tried


def _meet(tried: Sequence[_Tried], plan: SearchPlan, timeout_s: float | None, progress: PythonsProgress) -> Meeting:
    """Of those that have an answer; none where fewer than two have, or Ctrl-C came before."""
    able = [each for each in tried if each.found is not None]
    if len(able) < 2 or any(each.findings.interrupted for each in tried):
        return Meeting()
    probed = able[0].findings.probed
    assert probed is not None
    return meet(
        MeetingPlan(
            replace(plan, sample=probed["items"]),
            [(each.interpreter, each.ways()) for each in able],
            plan.budget_s * (1 - _SEARCHES_SHARE),
            timeout_s or plan.budget_s * _PATIENCE,
            lambda launch, turn: progress.turn(launch, LAUNCHES, turn),
        )
    )


def _contenders(tried: Sequence[_Tried], meeting: Meeting) -> Iterator[Contender]:
    able = [each for each in tried if each.found is not None]
    pythons = [meeting.pythons.get(index, each.python) for index, each in enumerate(able)]
    counts = Counter(map(str, pythons))
    for index, (each, python) in enumerate(zip(able, pythons, strict=True)):
        name = str(python) if counts[str(python)] == 1 else f"{python} ({each.interpreter.spelled})"
        for way in each.ways():
            launches = [launch.get((index, way), {}) for launch in meeting.launches]
            yield Contender(name, python, way, launches, way == each.findings.reference)


def _heading(tried: Sequence[_Tried]) -> str:
    target = next((each.findings.target for each in tried if each.findings.target is not None), None)
    what = f"{target['name']} with {target['items']['described']}, under" if target is not None else "Under"
    return f"{what} {', '.join(str(each.interpreter) for each in tried)}"


def _why_not(tried: Sequence[_Tried], meeting: Meeting) -> Iterator[str]:
    for each in tried:
        if each.found is None:
            yield from (f"  under {each.interpreter}: {line}" for line in _no_answer(each))
    yield from (f"  {each}" for each in _trouble(tried, meeting))
    if meeting.interrupted or any(each.findings.interrupted for each in tried):
        yield f"  interrupted before {LAUNCHES} launches of all Pythons were done"
    elif sum(each.found is not None for each in tried) < 2:
        yield "  fewer than two Pythons can be compared"


def _no_answer(each: _Tried) -> Iterator[str]:
    if each.findings.failure is not None and each.findings.failure.kind == "function":
        yield from no_answer_lines(each.findings)
    else:
        yield from reasons(each.findings)


def _trouble(tried: Sequence[_Tried], meeting: Meeting) -> Iterator[str]:
    """What kept Pythons and ways out of the turns."""
    able = [each for each in tried if each.found is not None]
    for index, reason in meeting.lost.items():
        yield f"{able[index].interpreter} {reason}"
    for (index, way), reason in meeting.failed.items():
        yield f"{way} failed under {able[index].interpreter}: {reason}"


def _remarks(tried: Sequence[_Tried], meeting: Meeting) -> Iterator[str]:
    """What there is to know of the function, once for those Pythons that say the same; and what was left out."""
    whose: dict[str, list[str]] = {}
    for each in tried:
        for remark in remark_lines(each.findings, each.printed):
            whose.setdefault(remark, []).append(each.interpreter.spelled)
    for line, spelled in whose.items():
        yield line if len(spelled) == len(tried) else f"under {', '.join(spelled)}: {line}"
    if any(each.found is not None for each in tried):
        yield from _trouble(tried, meeting)


def _record(each: _Tried) -> dict[str, Any]:
    return {
        "asked_for": each.interpreter.spelled,
        "executable": str(each.interpreter.path),
        "python": each.python.as_dict(),
        "no_fair_baseline": each.python.is_no_fair_baseline,
        "run": record(each.findings, each.found),
    }


def _write(options: argparse.Namespace, tried: Sequence[_Tried], content: dict[str, Any]) -> None:
    from timetrial.system.files import replace_file, writing
    from timetrial.system.strict_json import dumps

    if options.json is not None:
        with writing(options.json):
            replace_file(options.json, dumps(content).encode())
    if options.results is not None:
        from timetrial.advice.stored_run import store_run

        for each in tried:
            if each.findings.rounds.of:
                print(shown([f"results: {store_run(each.findings, options.results)}"]))


def _status(tried: Sequence[_Tried], *, answered: bool) -> int:
    if answered:
        return ANSWER
    failed = any(each.findings.failure is not None and each.findings.failure.kind == "function" for each in tried)
    return FUNCTION_FAILED if failed else NO_ANSWER

"""``timetrial run``: which model, and how many at once, for a function of one's own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from timetrial.commands.budget import seconds_of
from timetrial.commands.run_status import ANSWER, FUNCTION_FAILED, NO_ANSWER
from timetrial.errors import TargetError, TimetrialError

if TYPE_CHECKING:
    from timetrial.advice.answer import Answer
    from timetrial.search.findings import Findings
    from timetrial.search.plan import SearchPlan

_BUDGET_S: Final = 30.0

_EXAMPLES: Final = """\
examples:
  timetrial run photos.py:shrink --items 'photos/*.jpg'
  timetrial run mypkg.jobs:fetch --items @urls.txt --budget 60s
  timetrial run jobs.py:crunch --items 200
  timetrial run jobs.py:crunch --items 200 --python python3.12 --python python3.14

ends with 0 (an answer), 1 (the function failed), 2 (wrong usage) or 3 (no answer, with the reasons)
"""


def run(argv: Sequence[str]) -> int:
    """Prints the answer; raises TimetrialError for what can't be meant."""
    parser = _parser()
    options = parser.parse_args(argv)
    plan = _plan(options)
    if options.python:
        from timetrial.commands.run_pythons import run_under

        return run_under(options, plan)

    import time

    from timetrial.advice.of_findings import answer_of
    from timetrial.report.escaped import shown
    from timetrial.report.progress.run import RunProgress
    from timetrial.report.run_command import can_draw, code_lines, run_lines
    from timetrial.search.run import Supervision, search
    from timetrial.system.signals import endings_unwind

    progress, began_s = RunProgress(sys.stderr, plan.budget_s), time.monotonic()
    with endings_unwind():
        try:
            findings, printed = search(Supervision(plan, options.timeout, progress))
        finally:
            progress.clear()
    if findings.failure is not None and findings.failure.kind == "refused":
        raise TargetError(findings.failure.reason)
    found = answer_of(findings)
    lines = run_lines(findings, found, printed, time.monotonic() - began_s, can_draw=can_draw(sys.stdout))
    print(shown([*lines, *(code_lines(findings, found) if found is not None else ())]))
    _write(options, findings, found, printed)
    return _status(findings, found)


def _write(options: argparse.Namespace, findings: Findings, found: Answer | None, printed: str) -> None:
    """The files that were asked for."""
    from timetrial.advice.of_findings import test_of
    from timetrial.advice.record import record
    from timetrial.system.files import replace_file, writing
    from timetrial.system.strict_json import dumps

    if options.json is not None:
        with writing(options.json):
            replace_file(options.json, dumps(record(findings, found)).encode())
    if options.html is not None:
        from timetrial.report.page.render import render
        from timetrial.report.page.run import page_of_run

        with writing(options.html):
            replace_file(options.html, render(page_of_run(findings, found, printed)).encode())
        print(f"\npage: {options.html}")
    if options.results is not None and findings.rounds.of:
        from timetrial.advice.stored_run import store_run

        print(f"\nresults: {store_run(findings, options.results)}")
    if options.write_test is not None and found is not None:
        levels = sorted({found.choice.advised.concurrency, *(each.way.concurrency for each in found.choice.tied)})
        text = test_of(findings, levels, options.compare, str(options.write_test.resolve().parent))
        if text is None:
            print(f"{options.target} is a Workload: a test of it needs no writing", file=sys.stderr)
            return
        with writing(options.write_test), options.write_test.open("x", encoding="utf-8") as file:
            file.write(text)
        print(f"\nwritten: {options.write_test} (python -m pytest --benchmark-only {options.write_test})")


def _status(findings: Findings, found: Answer | None) -> int:
    if found is not None:
        return ANSWER
    failed = findings.failure is not None and findings.failure.kind == "function"
    return FUNCTION_FAILED if failed else NO_ANSWER


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial run",
        usage="timetrial run FILE.py:FUNCTION --items ITEMS [OPTION ...]",
        description="Try a function of yours under every concurrency model, with equal work proved, and say which to "
        "use, at which concurrency, why, and with which code. The function stays as it is.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("target", metavar="TARGET", help="file.py:function or package.module:function (Class.method, OBJECT.method)")
    add(
        "--items",
        required=True,
        help="a number, a glob, @FILE (a line an item), @FILE.json, @FILE.jsonl, file.py:function, or - (a line an "
        "item of standard input)",
    )
    add("--budget", type=_seconds, metavar="TIME", help="how long it may take: 30s (default; for each Python), 5min")
    add(
        "--python",
        action="append",
        default=[],
        metavar="P",
        help="run it under this interpreter, such as python3.14, and under each other one that is named so, in turns",
    )
    add("--calls", choices=("star", "kwargs"), help="spread an item over parameters: f(*item) or f(**item)")
    add("--async-task", metavar="TARGET", help="an async function that does the same, to compete on the same items")
    add("--variant", action="append", default=[], metavar="NAME=TARGET", help="another way to do the same")
    add("--resource", metavar="TARGET", help="a context manager that each worker opens once; the function gets it last")
    add("--async-resource", metavar="TARGET", help="the same for an async function, once for each event loop")
    add("--models", type=_names, metavar="A,B", help="only these, such as threads,processes")
    add("--concurrency", type=_counts, metavar="1,2,8", help="exactly these, instead of a search")
    add("--on-error", choices=("stop", "count"), default="stop", help="what to do where the function raises")
    add("--compare", choices=("exact", "approx", "ignore"), default="exact", help="how results have to agree")
    add(
        "--timeout",
        type=_seconds,
        metavar="TIME",
        help="how long a call may take (default: the budget)",
    )
    add("--json", type=Path, metavar="FILE", help="write the answer there")
    add("--html", type=Path, metavar="FILE", help="write the answer as a page there (extra: report)")
    add("--results", type=Path, metavar="DIR", help="write a results file there, for history, advise and the gate")
    add("--write-test", type=Path, metavar="FILE", help="write a pytest benchmark that repeats this run")
    return parser


def _plan(options: argparse.Namespace) -> SearchPlan:
    from timetrial.search.plan import SearchPlan
    from timetrial.system.files import try_to_write, writing
    from timetrial.target.request import Request

    test: Path | None = options.write_test
    if test is not None and test.exists():
        raise TargetError(f"--write-test: {test} is there already, and is never overwritten: choose another name")
    if options.html is not None:
        from timetrial.report.page.extra import require_extra

        require_extra("timetrial run --html")
    for file in filter(None, [options.json, options.html]):
        with writing(file):
            try_to_write(file)
    request = Request(
        options.target,
        options.items,
        options.calls,
        options.async_task,
        options.resource,
        options.async_resource,
        dict(map(_variant, options.variant)),
        options.on_error,
        options.compare,
    )
    lines = sys.stdin.read() if options.items == "-" else ""
    budget_s = options.budget or _BUDGET_S * max(1, len(options.python))
    return SearchPlan(request, budget_s, options.models, options.concurrency, {}, lines)


def _variant(spelled: str) -> tuple[str, str]:
    name, equals, target = spelled.partition("=")
    if not equals or not name.replace("_", "").replace("-", "").isalnum():
        raise TargetError(f"--variant {spelled}: write it as name=file.py:function")
    return name, target


def _seconds(text: str) -> float:
    try:
        found = seconds_of(text)
    except TimetrialError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not 1 <= found <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r}: from 1s to 24h")
    return found


def _names(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _counts(text: str) -> list[int]:
    try:
        found = sorted({int(each) for each in text.split(",")})
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write whole numbers, such as 1,2,8") from None
    if not found or found[0] < 1 or found[-1] > 10_000:
        raise argparse.ArgumentTypeError(f"{text!r}: from 1 to 10000")
    return found

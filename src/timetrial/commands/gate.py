"""``timetrial gate``: did the code get slower? Passes, fails, or says that it could assert nothing."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from timetrial.commands.budget import seconds_of
from timetrial.commands.gate_conclusion import conclude
from timetrial.commands.gate_sides import sides_of
from timetrial.commands.machines import add_machines, require_scheduler
from timetrial.commands.selection import add_installing, add_selection, divide, selection_of
from timetrial.errors import GateError, ResultsError
from timetrial.gate.expected_times import expected_times
from timetrial.gate.families import judge_families
from timetrial.gate.findings import ExitCode, Finding
from timetrial.gate.lockstep.keep_awake import can_keep_awake
from timetrial.gate.plan import GatePlan
from timetrial.gate.policy import GatePolicy
from timetrial.gate.policy_choice import ChosenPolicy, choose_policy
from timetrial.gate.record import SideName
from timetrial.gate.self_test import alike, run_self_test, self_test_files, tally
from timetrial.gate.shards import Shard, merged, shard_of
from timetrial.gate.sides.make import this_side
from timetrial.gate.store import About, GateFile, StoredGate, about_sides, read_gate
from timetrial.gate.stored.baseline import mark_if_failed
from timetrial.gate.stored.compare import compare_files
from timetrial.gate.verdicts import judge
from timetrial.report.escaped import in_terminal, lines_in_terminal, shown
from timetrial.report.gate.self_test import self_test_lines
from timetrial.report.gate.table import GateHeader
from timetrial.report.progress.gate import GateProgress
from timetrial.system.signals import endings_unwind
from timetrial.system.warden import warden

_RESULTS: Final = Path("results", "gate")
_WHOM: Final = ("--base", "--tests-from", "--extra", "--group", "--requirements", "--base-python", "--candidate-python")
_REPORTS: Final = ("--json", "--markdown", "--junit")
_WHERE: Final = ("--on", "--dask-scheduler")
_SHOWN: Final = ("--verbose", *_REPORTS)
_ONLY_MEASURED: Final = (
    "-k",
    "-m",
    "--",
    "--budget",
    "--seed",
    "--shard",
    "--shard-times",
    "--measure-all",
    *_WHERE,
    "--results",
)
_NOT_OF_THE_PAST: Final = (*_WHOM, "--policy", "--accept-difference", "paths")
_BORROWED: Final = "both sides ran the candidate's tests (--tests-from candidate)"
_NAMES: Final = {"paths": "paths of tests", "--": "what stands behind --"}


def run(argv: Sequence[str]) -> int:
    """Runs one gate; returns 0 pass, 1 a regression, 2 wrong usage or environment, 3 nothing could be asserted."""
    own, for_pytest = divide(argv)
    parser = _parser()
    options = parser.parse_args(own)
    _refuse_ignored(options, parser.parse_args([]), for_pytest)
    _refuse_unlike_sides(options)
    require_scheduler(options)
    with endings_unwind(), warden():
        return _run(options, selection_of(options, for_pytest, copies=bool(options.base)))


def _run(options: argparse.Namespace, selection: Sequence[str]) -> int:
    """The one of four things that was asked for."""
    if options.replay:
        return _replay(options)
    if options.merge:
        return _merge(options)
    chosen = choose_policy(Path.cwd(), options.base, options.policy)
    if options.self_test:
        return _self_test(options, chosen.policy, selection)
    if _are_stored(options.paths):
        return _stored(options, chosen)
    chosen = chosen.within(seconds_of(options.budget) if options.budget else None)
    if options.measure_all:
        chosen = replace(chosen, policy=replace(chosen.policy, measure_all=True))
    return _lockstep(options, chosen, selection)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial gate",
        usage="timetrial gate (--base REF | --base-python P --candidate-python P | BASE.json CANDIDATE.json |\n"
        "                       --replay FILE | --merge FILE ... | --self-test) [option ...] [path ...]\n"
        "                       [-- pytest option ...]",
        description="Compare two versions of the code in lock-step. Exit status: 0 pass, 1 a regression, 2 wrong usage "
        "or environment, 3 nothing could be asserted. The policy is in pyproject.toml, [tool.timetrial.gate]; with "
        "--base, the base's counts.",
    )
    add_selection(parser, paths="which tests, as for pytest; or two stored files, base and candidate")
    add = parser.add_argument
    add("--base", metavar="REF", help="compare the working tree with this revision, e.g. origin/main")
    add(
        "--base-python",
        type=Path,
        metavar="P",
        help="a Python to compare with, instead of a revision",
    )
    add("--candidate-python", type=Path, metavar="P", help="the other environment's; default: the one that runs this")
    add(
        "--policy",
        metavar="WHOSE",
        help="whose policy counts: candidate, for the working tree's, or a TOML file; default: with --base the base's",
    )
    add("--tests-from", choices=["candidate"], help="run the candidate's tests (name their paths) on both sides")
    add_installing(parser)
    add("--replay", type=Path, metavar="FILE", help="judge the raw data of an earlier gate again")
    add("--shard", metavar="I/N", help="measure one of N shares of the benchmarks, for --merge; e.g. 2/5")
    add(
        "--shard-times",
        type=Path,
        metavar="FILE",
        help="deal the shares by what benchmarks took in this file of an earlier gate, or of pytest-benchmark; the "
        "same for all shards",
    )
    add("--merge", type=Path, nargs="+", default=[], metavar="FILE", help="judge all shards of a gate as one")
    add("--measure-all", action="store_true", help="measure benchmarks too that run the same code on both sides")
    add("--self-test", action="store_true", help="measure the gate itself, on this machine and suite")
    add(
        "--accept-difference",
        action="append",
        default=[],
        metavar="FIELD",
        help="what two stored files may differ in, e.g. 'libraries.*' (see timetrial environment); repeatable",
    )
    add_machines(parser)
    add("--budget", metavar="TIME", help="no new launch (or gate of a self-test) after this time, e.g. 90s, 10m, 1h")
    add("--seed", type=int, help="of the random order; default: drawn anew")
    add("--results", type=Path, default=_RESULTS, metavar="DIR", help="where the raw data go (default: %(default)s)")
    add("-v", "--verbose", action="store_true", help="show every benchmark, those that did not change too")
    add("--json", type=Path, metavar="FILE", help="write the verdicts as JSON")
    add("--markdown", type=Path, metavar="FILE", help="write them as Markdown, for a pull request's comment")
    add("--junit", type=Path, metavar="FILE", help="write them as JUnit XML")
    return parser


def _refuse_unlike_sides(options: argparse.Namespace) -> None:
    if options.base and options.base_python:
        raise GateError("--base and --base-python are two different questions: ask one of them")
    if options.tests_from and not options.base:
        raise GateError("--tests-from goes with --base: two environments run the same files anyway")
    if options.shard_times and not options.shard:
        raise GateError("--shard-times goes with --shard: it says how long the benchmarks of all shards take")
    if options.on and options.base_python:
        raise GateError("--on goes with --base: an environment of yours is on this machine alone")
    if options.on and options.shard:
        raise GateError("--on and --shard are two ways to use several machines: take one of them")
    if options.candidate_python and not options.base_python:
        raise GateError("--candidate-python goes with --base-python: of a revision, timetrial makes the environment")


def _are_stored(paths: Sequence[str]) -> bool:
    return bool(paths) and all(path.endswith(".json") for path in paths)


def _refuse_ignored(options: argparse.Namespace, unsaid: argparse.Namespace, for_pytest: Sequence[str]) -> None:
    """Raises GateError for options that would be ignored: nobody should believe that they counted."""
    way, why, ignored = _way(options)
    said = {"": bool(for_pytest)} | {key: value != getattr(unsaid, key) for key, value in vars(options).items()}
    given = [_NAMES.get(each, each) for each in ignored if said[each.lstrip("-").replace("-", "_")]]
    if given:
        raise GateError(f"{way} and {', '.join(given)} don't go together: {why}")


def _way(options: argparse.Namespace) -> tuple[str, str, Sequence[str]]:
    """What was asked for in a word, why it has no use for some options, and which these are."""
    if options.replay:
        why = "a replay judges again what one gate measured, by the policy that is stored with it"
        return "--replay", why, ("--merge", "--self-test", *_NOT_OF_THE_PAST, *_ONLY_MEASURED)
    if options.merge:
        why = "the shards are judged as they were measured, by the policy that is stored with them"
        return "--merge", why, ("--self-test", *_NOT_OF_THE_PAST, *_ONLY_MEASURED[:-1])
    if options.self_test:
        why = "a self-test compares this code with itself, and prints what it finds"
        few = (*_WHOM, "--accept-difference", "--seed", "--shard", "--shard-times", "--measure-all", *_WHERE, *_SHOWN)
        return "--self-test", why, few
    if _are_stored(options.paths):
        return "stored files", "what they hold is compared as it is, and nothing is measured", (*_WHOM, *_ONLY_MEASURED)
    way = "--base" if options.base else "--base-python"
    # Without either of them there is a plainer error to come.
    ignored = ("--accept-difference",) if options.base or options.base_python else ()
    if options.base_python and (options.extra or options.group or options.requirements):
        return way, "no environment is made: install into those that you name", ("--extra", "--group", "--requirements")
    return way, "it is for two stored files", ignored


def _lockstep(options: argparse.Namespace, chosen: ChosenPolicy, selection: Sequence[str]) -> int:
    progress, policy = GateProgress(sys.stderr), chosen.policy
    shard = _shard(options)
    for line in chosen.lines():
        progress.say(line)
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    with sides_of(options, policy, progress.say, selection) as sides:
        base, candidate = sides.base, sides.candidate
        about: About = {**about_sides(base, candidate, selection), "kind": "gate", "seed": seed}
        about["kept_awake"] = policy.keep_awake and can_keep_awake()
        about["notes"] = [*chosen.lines(), *([_BORROWED] if base.borrowed_tests else []), *sides.notes]
        if sides.machines:
            about["machines"] = dict(sides.machines)
        if shard is not None:
            about["shard"] = [shard.number, shard.of]
            about["notes"] += _by_number(options.shard_times, shard)
        file = GateFile(options.results, policy, about)
        try:
            records = sides.run(
                GatePlan(
                    base,
                    candidate,
                    policy,
                    selection,
                    seed,
                    shard=shard,
                    say=progress.say,
                    on_progress=progress,
                    on_dealt=file.note_dealt,
                    on_launch=file.write,
                    on_modules=file.note_modules,
                    on_python=file.note_python,
                    on_allotment=file.note_allotment,
                )
            )
        finally:
            progress.clear()
        file.write(records, complete=True)
    stored = read_gate(file.path)
    header = _header(stored)
    if shard is not None:
        said = f"this is shard {shard}, which ends with 0: timetrial gate --merge judges all {shard.of} as one gate"
        header = replace(header, notes=(*header.notes, said))
    status = conclude(options, judge(records, stored.policy), stored.policy, header, _families(stored))
    return status if shard is None or status == ExitCode.USAGE else ExitCode.PASS


def _shard(options: argparse.Namespace) -> Shard | None:
    """The share that this machine measures; a file of times that isn't there yet is a pipeline's first run."""
    if options.shard is None:
        return None
    shard, file = shard_of(options.shard), options.shard_times
    return replace(shard, times=expected_times(file)) if file is not None and file.exists() else shard


def _by_number(file: Path | None, shard: Shard) -> list[str]:
    if file is None or shard.times:
        return []
    return [f"there is no {file} yet: the shards are dealt by number of benchmarks, not by their times"]


def _replay(options: argparse.Namespace) -> int:
    stored = read_gate(options.replay)
    if not stored.complete:
        said = f"{stored.path} is of a gate that was cut off: this is what it had measured"
        print(in_terminal(said), file=sys.stderr)
    findings = judge(stored.records, stored.policy, cut_off=not stored.complete)
    return conclude(options, findings, stored.policy, _header(stored), _families(stored))


def _families(stored: StoredGate) -> Sequence[Finding]:
    return judge_families(stored.records, stored.policy)


def _merge(options: argparse.Namespace) -> int:
    """All shards as one gate, which is kept like any other."""
    whole = merged([read_gate(path) for path in options.merge])
    file = GateFile(options.results, whole.policy, cast("About", dict(whole.about)))
    file.write(whole.records, complete=True, took_s=whole.seconds)
    stored = read_gate(file.path)
    findings = judge(stored.records, stored.policy)
    return conclude(options, findings, stored.policy, _header(stored), _families(stored))


def _stored(options: argparse.Namespace, chosen: ChosenPolicy) -> int:
    if len(options.paths) != 2:
        raise GateError("stored files are compared two at a time: BASE.json CANDIDATE.json")
    base, candidate = map(Path, options.paths)
    findings = compare_files(base, candidate, chosen.policy, options.accept_difference)
    header = GateHeader(str(base), str(candidate), notes=tuple(chosen.lines()))
    status = conclude(options, findings, chosen.policy, header)
    try:
        mark_if_failed(candidate, base, findings)
    except ResultsError as error:
        print(lines_in_terminal(f"timetrial gate: {error}"), file=sys.stderr)
    return status


def _header(stored: StoredGate) -> GateHeader:
    try:
        base, candidate = (stored.about[side.value]["label"] for side in SideName)
    except (KeyError, TypeError) as error:
        raise ResultsError(f"{stored.path} doesn't say whom it compared ({error}): measure again") from error
    launches = sum(len(record.launches) for record in stored.records)
    launch_s = stored.seconds / launches if launches else None
    notes = (*stored.notes, *stored.python_lines())
    return GateHeader(base, candidate, stored.seconds, str(stored.path), notes, launch_s)


def _self_test(options: argparse.Namespace, policy: GatePolicy, selection: Sequence[str]) -> int:
    if not options.budget:
        raise GateError("--self-test takes as long as you let it: add --budget, e.g. --budget 20m")
    progress = GateProgress(sys.stderr)
    directory = options.results / "self-test"
    plan = GatePlan(this_side(SideName.BASE), this_side(SideName.CANDIDATE), policy, selection, on_progress=progress)
    try:
        run_self_test(plan, directory, seconds_of(options.budget), progress.say)
    finally:
        progress.clear()
        found = self_test_files(directory)
        gates = alike(found, policy, selection)
        others = len(found) - len(gates)
        print(shown(self_test_lines(gates)))
        if others:
            print(f"({others} more in {directory} are of other tests or under another policy, and left out)")
    return ExitCode.PASS if any(each.total for each in tally(gates)) else ExitCode.NOTHING_ASSERTED

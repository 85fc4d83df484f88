"""Which stored run is the baseline: the one that somebody accepted, after it was found fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from timetrial.environment.identity import python_in
from timetrial.errors import GateError, ResultsError
from timetrial.gate.findings import ExitCode, Finding, exit_code
from timetrial.gate.stored.run import StoredRun, gate_mark, read_stored, refuse_failed_gate
from timetrial.results.read import read_run
from timetrial.results.schema import KEY
from timetrial.system.files import replace_file, writing
from timetrial.system.strict_json import dumps


def read_baseline(path: Path) -> StoredRun:
    """A run that may become the baseline; raises ResultsError for one that is partial, void or failed a gate."""
    run = read_stored(path)
    refuse_failed_gate(run)
    void = {name: ("is void", reason) for name in run.entries if (reason := run.void_of(name))}
    bad = {name: trouble for name, trouble in run.troubles.items() if trouble[0] != "skipped"}
    for name, (kind, reason) in {**void, **bad}.items():
        raise ResultsError(f"{path}: {name} {kind}: {' '.join(reason.split())}; mend it and measure again")
    _refuse_no_time(run)
    return run


def _refuse_no_time(run: StoredRun) -> None:
    """What the clock saw no time pass in can't be compared with, however often somebody tries."""
    for name in run.entries:
        reference = run.reference_of(name)
        try:
            timed = run.s_per_round(name) > 0 and (reference is None or run.logs(name, reference) is not None)
        except GateError:
            timed = False
        if not timed:
            raise ResultsError(
                f"{run.where}: {name}: the clock saw no time pass in it or its reference; give it more work a round "
                f"and measure again"
            )


def accept(path: Path, to: Path) -> None:
    """Puts a copy at ``to`` in one step, in place of the baseline that was there; raises ResultsError."""
    with writing(to, "the old baseline is untouched"):
        to.parent.mkdir(parents=True, exist_ok=True)
        replace_file(to, path.read_bytes())


def mark_if_failed(candidate: Path, base: Path, findings: Sequence[Finding]) -> None:
    """After a regression, notes in the candidate's file that it failed, so that it never becomes the baseline.

    The file is replaced in one step, the one behind a link too. Raises ResultsError where it can't be.
    """
    status = exit_code(findings)
    if status != ExitCode.REGRESSION:
        return
    content = read_run(candidate)
    content[KEY]["gate"] = gate_mark(str(base), status, findings)
    try:
        replace_file(candidate.resolve(), dumps(content).encode())
    except OSError as error:
        raise ResultsError(
            f"can't note in {candidate} that it failed its gate: {error.strerror or error}; permit it, or make sure "
            f"that nobody accepts this file as a baseline"
        ) from error


def name_for(run: StoredRun) -> str:
    """A file name that tells the Python, such as ``cpython3.13.json`` or ``cpython3.14t-gil.json``.

    Without the patch release, so that a CI job's command stays: the gate refuses a baseline of another one.
    """
    python = python_in(run.environment)
    release = ".".join(map(str, python.release)) + ("t" if python.free_threaded else "")
    lock, jit = "-gil" if python.is_no_fair_baseline else "", "-jit" if python.jit else ""
    return f"{python.implementation or 'python'}{release}{lock}{jit}.json"

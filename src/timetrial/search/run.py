"""A search seen from outside: its process is started, listened to, given up when it hangs, and always ended."""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from timetrial.languages import Text
from timetrial.search.findings import Failure, Findings
from timetrial.search.plan import SearchPlan
from timetrial.system.process_group import end_group
from timetrial.system.signals import deferred

_OVERTIME: Final = 1.15
"""So many times its budget, and a search is told to end with what it has."""

_ENDING_S: Final = 2.0
_LISTEN_S: Final = 0.1
_FEWEST_LEFT: Final = 0.25
"""A search that lost its process begins again without the model in which it did, if so much of the budget is left."""

_WORDS_OF_OUTPUT: Final = 2_000
_HUNG: Final = "hadn't returned"


@dataclass
class Supervision:
    """How a search is watched.

    ``timeout_s``: how long nothing may happen; None is what is left of the budget. ``on_change`` is called with what
    is known and the seconds that have passed, whenever something happened and every tenth of a second. ``python`` runs
    it, and must have this timetrial.
    """

    plan: SearchPlan
    timeout_s: float | None = None
    on_change: Callable[[Findings, float], None] = lambda _findings, _elapsed_s: None
    clock_s: Callable[[], float] = time.monotonic
    python: Path = Path(sys.executable)


def search(supervision: Supervision) -> tuple[Findings, str]:
    """What was found, and what the function printed. Ctrl-C ends it with what was measured by then."""
    began_s = supervision.clock_s()
    plan = supervision.plan
    findings = Findings()
    with tempfile.TemporaryDirectory(prefix="timetrial-run-", ignore_cleanup_errors=True) as folder:
        output = Path(folder, "output")
        while True:
            findings.left_out.update(plan.excluded)
            with _process(plan, output, supervision.python) as process:
                lost = _listen(process, findings, supervision, began_s)
            left = 1 - (supervision.clock_s() - began_s) / supervision.plan.budget_s
            if lost is None or findings.doing_way is None or left < _FEWEST_LEFT:
                break
            plan = _without(plan, findings, lost, left * supervision.plan.budget_s)
            findings = Findings(left_out=dict(plan.excluded))
        printed = _text_of(output)
    if lost is not None and findings.failure is None:
        findings.failure = _failure_of(lost, findings)
    return findings, printed


def _without(plan: SearchPlan, findings: Findings, lost: Text, left_s: float) -> SearchPlan:
    """The same for the time that is left, without the model in which the process was lost."""
    way = findings.doing_way
    assert way is not None
    excluded = {**plan.excluded, way.model: _lost_while(lost, findings)}
    return replace(plan, excluded=excluded, budget_s=left_s)


def _lost_while(lost: Text, findings: Findings) -> Text:
    return Text(f"it {lost}, {findings.doing}", f"{findings.doing.zh}，它{lost.zh}")


def _failure_of(lost: Text, findings: Findings) -> Failure | None:
    """Why there is no answer, where the process was lost before anything could be compared.

    A model that did not come back in time is left out: the function itself did, one item at a time.
    """
    if findings.doing_way is not None and (findings.rounds.of or _HUNG in lost):
        if not findings.doing.startswith("looking"):
            findings.left_out[findings.doing_way.model] = _lost_while(lost, findings)
        return None
    said = Text(f"The function {lost}, {findings.doing}.", f"{findings.doing.zh}，函数{lost.zh}。")
    return Failure("function", said, notes=[_hint(lost, findings.doing)])


def _hint(lost: str, doing: str) -> Text:
    if "import" in doing:
        return Text(
            "what a file does when it is run belongs below `if __name__ == '__main__':`, where an import leaves it",
            "文件作为程序运行时要做的事，请放在 `if __name__ == '__main__':` 之下，导入时便不会执行",
        )
    if _HUNG in lost:
        return Text(
            "give it longer with --timeout and --budget, or an item that takes less",
            "请用 --timeout 与 --budget 多给些时间，或换更快的项",
        )
    return Text(
        "look for os._exit, a crash in an extension module, or too little memory",
        "请检查是否有 os._exit、扩展模块崩溃或内存不足",
    )


def _listen(
    process: subprocess.Popen[bytes], findings: Findings, supervision: Supervision, began_s: float
) -> Text | None:
    """Takes in events until there are no more; returns how the process was lost, or None."""
    events = _events(process)
    clock_s, budget_s = supervision.clock_s, supervision.plan.budget_s
    heard_s = clock_s()
    try:
        while True:
            with contextlib.suppress(queue.Empty):
                line = events.get(timeout=_LISTEN_S)
                if line is None:
                    break
                findings.take(json.loads(line))
                heard_s = clock_s()
            elapsed_s = clock_s() - began_s
            supervision.on_change(findings, elapsed_s)
            if elapsed_s > budget_s * _OVERTIME and (findings.rounds.of or findings.failure):
                return None
            patience_s = supervision.timeout_s or budget_s * _OVERTIME - (heard_s - began_s)
            if clock_s() - heard_s > max(1.0, patience_s):
                silent_s = f"{clock_s() - heard_s:.0f}"
                return Text(f"{_HUNG} after {silent_s} s", f"在 {silent_s} 秒后仍未返回")
    except KeyboardInterrupt:
        after_s = f"{clock_s() - began_s:.0f}"
        findings.interrupted = Text(f"after {after_s} s", f"{after_s} 秒后")
        return None
    process.wait()
    if findings.complete or findings.failure is not None:
        return None
    ending = _ending(process.returncode)
    return Text(f"ended its process ({ending})", f"结束了所在进程（{ending}）")


def _ending(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-status).name
    return f"exit status {status}"


@contextlib.contextmanager
def _process(plan: SearchPlan, output: Path, python: Path) -> Iterator[subprocess.Popen[bytes]]:
    """In a session of its own, so that Ctrl-C is the parent's to handle and everything in it can be ended at once."""
    complaints = output.open("ab")
    with deferred():
        process = subprocess.Popen(
            [python, "-P", "-m", "timetrial.search.process", str(output)],  # -P: their json.py is not json
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
        )
    try:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.write(json.dumps(asdict(plan)).encode() + b"\n")
            process.stdin.flush()
        yield process
    finally:
        end_group(process, _ENDING_S, ask=process.terminate)
        complaints.close()


def _events(process: subprocess.Popen[bytes]) -> queue.SimpleQueue[bytes | None]:
    """Its lines, as a thread reads them; None is the end."""
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    assert process.stdout is not None
    source = process.stdout

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in source:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _text_of(output: Path) -> str:
    """The end of what was printed."""
    try:
        return output.read_bytes()[-_WORDS_OF_OUTPUT:].decode("utf-8", "replace")
    except OSError:
        return ""

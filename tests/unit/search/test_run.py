"""How a search that lost its process is accounted for."""

from __future__ import annotations

from timetrial.languages import Text, text
from timetrial.results.ways import Way
from timetrial.search.findings import Findings
from timetrial.search.run import _failure_of


def _starting_processes() -> Findings:
    return Findings(doing=Text("starting processes-2", "启动 processes-2 时"), doing_way=Way("processes", 2))


def test_a_model_that_did_not_start_in_time_is_left_out_and_the_function_not_blamed() -> None:
    """The function came back when it was called: it is the budget that was too short."""
    findings = _starting_processes()
    assert _failure_of(Text("hadn't returned after 1 s", "在 1 秒后仍未返回"), findings) is None
    left_out = text(findings.left_out["processes"])
    assert left_out.en == "it hadn't returned after 1 s, starting processes-2"
    assert left_out.zh == "启动 processes-2 时，它在 1 秒后仍未返回"


def test_a_process_that_ended_before_anything_was_compared_is_the_functions_failure() -> None:
    """With what to look for."""
    failure = _failure_of(Text("ended its process (SIGKILL)", "结束了所在进程（SIGKILL）"), _starting_processes())
    assert failure is not None
    assert failure.reason == "The function ended its process (SIGKILL), starting processes-2."

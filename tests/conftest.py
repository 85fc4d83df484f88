"""What all of timetrial's tests share: pytest inside pytest, and hypothesis without a clock to trip over."""

from __future__ import annotations

import os
import signal
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

# The runs that tests start are none of pytest-xdist's, though the tests themselves may be; pytest-benchmark asks here.
for each in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
    os.environ.pop(each, None)

# A shell that starts a run in the background has it ignore Ctrl-C, and nohup a closed terminal; all that the run
# starts inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# pytest reads this file for benchmarks/ as well, in an environment that need not have the tests' tools.
if find_spec("hypothesis") is not None:
    from hypothesis import settings

    # A busy machine is no failure: no deadlines. Few examples: the whole run has to be quick.
    settings.register_profile("timetrial", deadline=None, max_examples=60, database=None)
    settings.load_profile("timetrial")

# What a run that tests start has no use for and takes a second to import: two thirds of what it takes to begin.
_NOT_INSIDE = ("respx", "hypothesispytest", "anyio")


def pytest_configure(config: pytest.Config) -> None:
    """Has the runs that tests start do without those; xdist's workers are ours and keep all."""
    if hasattr(config, "workerinput") or not getattr(config.option, "numprocesses", None):
        without = " ".join(f"-p no:{each}" for each in _NOT_INSIDE)
        os.environ["PYTEST_ADDOPTS"] = f"{os.environ.get('PYTEST_ADDOPTS', '')} {without}".strip()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Ends a run of all tests with a short list of what was not run."""
    if not any(Path(each).name == "tests" for each in config.args):
        return
    from tests.not_run import lines

    skipped = (report.longrepr for report in terminalreporter.getreports("skipped"))
    terminalreporter.section("not run")
    for line in lines(where[2].removeprefix("Skipped: ") for where in skipped if isinstance(where, tuple)):
        terminalreporter.line(line)

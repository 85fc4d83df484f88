"""Functions that are difficult: for each a clear message and what to do, never a hang, never a traceback of ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system.run.conftest import Ran, Run, run_in

QUICK = ("--models", "serial,threads", "--concurrency", "2")
"""Where the models don't matter, two of them will do."""


def _left_by(folder: Path) -> list[str]:
    """What still runs of a run in this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if entry.joinpath("cwd").readlink() == folder:
                found.append(entry.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("f = lambda n: n * 2", "f"),
        ("def make(k):\n    def inner(n): return n * k\n    return inner\nf = make(2)", "f"),
        (
            "import threading\nclass C:\n    def __init__(self): self.lock = threading.Lock()\n"
            "    def get(self, n): return n\nOBJECT = C()",
            "OBJECT.get",
        ),
        (
            "def make():\n    class Local:\n        def get(self, n): return n\n    return Local()\nOBJECT = make()",
            "OBJECT.get",
        ),
    ],
    ids=["lambda", "closure", "bound to a lock", "local class"],
)
def test_what_cannot_be_pickled_is_run_without_processes(run: Run, code: str, name: str) -> None:
    """They are left out with the reason, and the others compete."""
    ran = run(code, "--models", "serial,threads,processes", "--concurrency", "2", name=name)
    assert ran.status == 0, ran.output
    assert "Note: processes is left out: it can't be sent to worker processes" in ran.output
    assert "define it with def at the top of a module" in ran.output


_MEDDLES = """
import os, random
def f(n):
    print("hello", n)
    open("out.txt", "a").write("x")
    os.environ["COLOUR"] = str(n)
    os.chdir(INNER)
    random.seed(n)
    return random.random()
"""


@pytest.fixture(scope="module")
def meddling(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """What is said of a function that changes what all its callers share."""
    folder = tmp_path_factory.mktemp("meddling")
    folder.joinpath("inner").mkdir()
    ran = run_in(folder, _MEDDLES.replace("INNER", repr(str(folder / "inner"))), "--models", "serial", *QUICK[2:])
    assert folder.joinpath("out.txt").exists()
    return ran


def test_what_it_prints_is_kept_out_of_the_answer(meddling: Ran) -> None:
    """And told, since printing takes time."""
    assert "Note: it prints" in meddling.output
    assert meddling.output.count("hello") == 1


@pytest.mark.parametrize(
    ("told", "fix"),
    [
        ("Note: it writes files (out.txt): every call writes them again", "write to a file of its own"),
        ("Note: it changes the working directory", "pass full paths instead"),
        ("Note: it changes the environment (COLOUR), which all threads share", "pass env="),
        ("it seeds the random numbers that all threads of a process share", "random.Random(seed)"),
    ],
    ids=["files", "directory", "environment", "random numbers"],
)
def test_what_it_changes_of_what_all_share_is_told(meddling: Ran, told: str, fix: str) -> None:
    """With what to do about it."""
    assert told in meddling.output
    assert fix in meddling.output


def test_an_exception_is_shown_as_theirs_with_the_item(run: Run) -> None:
    """Not a line of ours in it, and the option that goes on."""
    ran = run("def f(n):\n    if n == 40:\n        raise ValueError('forty')\n    return n")
    assert ran.status == 1
    assert 'jobs.py", line 3, in f' in ran.output
    assert "ValueError: forty\n" in ran.output
    assert "called with item 40, 40." in ran.output
    assert "--on-error count" in ran.output
    assert "timetrial/" not in ran.output


def test_exceptions_are_counted_where_that_is_meant(run: Run) -> None:
    """They are results like others."""
    code = "def f(n):\n    if n == 40:\n        raise ValueError('forty')\n    return n"
    assert run(code, *QUICK, "--on-error", "count").status == 0


def test_a_function_that_never_returns_is_given_up(run: Run, tmp_path: Path) -> None:
    """After --timeout, with the item; nothing of it is left."""
    began_s = time.monotonic()
    ran = run("import time\ndef f(n):\n    while n == 3:\n        time.sleep(1)\n    return n", "--timeout", "2s")
    assert ran.status == 1
    assert "The function hadn't returned after" in ran.output
    assert "calling it with item 3, 3" in ran.output
    assert "--timeout" in ran.output
    assert time.monotonic() - began_s < 60
    assert not _left_by(tmp_path)


def test_a_function_that_hangs_in_threads_alone_leaves_the_others_to_it(run: Run) -> None:
    """A deadlock under one model is that model's."""
    code = """
import threading
MEETING = threading.Barrier(2)
def f(n):
    if threading.current_thread().name.startswith("timetrial-f"):
        threading.Event().wait()
    return sum(range(1000))
"""
    ran = run(code, "--models", "serial,threads,processes", "--concurrency", "2", "--timeout", "2s", budget_s=6)
    assert "threads is left out: it hadn't returned after" in ran.output
    assert ran.status == 0, ran.output


def test_a_function_that_kills_its_process_is_told_with_the_item(run: Run) -> None:
    """By exit status or by signal."""
    ran = run("import os\ndef f(n):\n    os._exit(3) if n == 100 else None\n    return n")
    assert ran.status == 1
    assert "The function ended its process (exit status 3), calling it with item 100, 100." in ran.output
    ran = run("import os\ndef f(n):\n    os.kill(os.getpid(), 9) if n == 100 else None\n    return n")
    assert "The function ended its process (SIGKILL)" in ran.output


def test_a_generator_is_refused(run: Run) -> None:
    """Calling it computes nothing."""
    ran = run("def f(n):\n    yield n")
    assert ran.status == 2
    assert "is a generator: calling it computes nothing" in ran.complaint
    ran = run("def f(n):\n    return map(str, range(n))")
    assert ran.status == 3
    assert "a lazy map, and nothing was computed: return list(…)" in ran.output


def test_unusual_results_are_compared_as_what_they_are(run: Run) -> None:
    """NaN is NaN, by itself and in a list, and a set has no order."""
    ran = run("def f(n):\n    return (float('nan'), {n, n + 1, str(n)}, [float('nan'), {n}], None)[n % 4]", *QUICK)
    assert ran.status == 0, ran.output
    assert "a result weighs" not in ran.output


def test_large_results_are_told(run: Run) -> None:
    """Worker processes have to send them back."""
    ran = run("def f(n):\n    return b'x' * 3_000_000", *QUICK, "--items", "8", budget_s=2)
    assert ran.status == 0, ran.output
    assert "a result weighs up to 3.0 MB" in ran.output


@pytest.mark.parametrize(
    "code",
    ["import time\ndef f(n):\n    return time.time_ns()", "import random\ndef f(n):\n    return random.random()"],
    ids=["a time", "a random number"],
)
def test_another_result_each_time_is_no_answer_unless_that_is_meant(run: Run, code: str) -> None:
    """Nothing could tell whether the same work was done."""
    ran = run(code, *QUICK)
    assert ran.status == 3
    assert "the same item gave" in ran.output
    assert "--compare ignore" in ran.output
    assert run(code, *QUICK, "--compare", "ignore").status == 0


def test_sums_in_another_order_are_equal_where_about_is_enough(run: Run) -> None:
    """The last digits of floating-point numbers may differ."""
    code = "import random\ndef f(n):\n    return sum(random.sample([0.1, 0.2, 0.3, 1e-9, 7.7] * 9, 45))"
    assert run(code, *QUICK).status == 3
    assert run(code, *QUICK, "--compare", "approx").status == 0


def test_a_result_that_cannot_be_compared_is_no_answer(run: Run) -> None:
    """A lock has no value."""
    ran = run("import threading\ndef f(n):\n    return threading.Lock()", *QUICK)
    assert ran.status == 3
    assert "its results can't be compared" in ran.output
    assert "--compare ignore" in ran.output


def test_a_function_that_changes_its_item_is_told_so(run: Run, tmp_path: Path) -> None:
    """The second call would find another one."""
    tmp_path.joinpath("items.json").write_text("[[3, 1], [5, 2]]")
    ran = run("def f(item):\n    item.append(1)\n    return len(item)", *QUICK, "--items", "@items.json")
    assert ran.status == 3
    assert "it changes its item" in ran.output


def test_side_effects_that_a_second_call_meets_are_told(run: Run) -> None:
    """The first call went well."""
    ran = run("import os\ndef f(n):\n    os.mkdir(f'made-{n}')\n    return n", *QUICK)
    assert ran.status == 1
    assert "FileExistsError" in ran.output
    assert "the first call of this item went well" in ran.output.lower()


def test_its_own_pool_of_processes_is_let_be(run: Run) -> None:
    """Workers may have children."""
    code = """
from concurrent.futures import ThreadPoolExecutor
def f(n):
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(abs, range(50)))
"""
    assert run(code, *QUICK).status == 0


def test_an_event_loop_in_every_call_is_told(run: Run) -> None:
    """One loop for all would overlap what they wait for."""
    code = "import asyncio\nasync def g(n): return n\ndef f(n):\n    return asyncio.run(g(n))"
    ran = run(code, *QUICK)
    assert ran.status == 0
    assert "it calls asyncio.run, which opens and closes an event loop in every call" in ran.output
    assert "--async-task" in ran.output


def test_an_async_function_that_blocks_its_loop_is_told_for_how_long_and_how_often(run: Run) -> None:
    """Everything else in the loop stands still meanwhile."""
    ran = run(
        "import asyncio, time\nasync def f(n):\n    await asyncio.sleep(0.001)\n    time.sleep(0.05)\n    return n",
        "--concurrency",
        "4",
        "--models",
        "coroutines",
    )
    assert "it blocks its event loop, for up to" in ran.output
    assert "asyncio.to_thread" in ran.output
    loop = ran.record["loop"]
    assert loop["count"] >= 1
    assert loop["longest_s"] >= 0.045


def test_a_file_that_does_its_work_when_it_is_imported_is_told(run: Run) -> None:
    """That belongs below the guard."""
    ran = run("import time\ndef f(n):\n    return n\ntime.sleep(600)", "--timeout", "2s")
    assert ran.status == 1
    assert "hadn't returned after" in ran.output
    assert "importing it" in ran.output
    assert "if __name__ == '__main__'" in ran.output


def test_a_file_that_raises_when_it_is_imported_is_shown_as_theirs(run: Run) -> None:
    """Their traceback, with their line."""
    ran = run("import nothing_of_this_name\ndef f(n):\n    return n")
    assert ran.status == 1
    assert "ModuleNotFoundError: No module named 'nothing_of_this_name'" in ran.output
    assert 'jobs.py", line 1' in ran.output


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is a signal here")
def test_ctrl_c_gives_the_answer_of_what_was_measured(tmp_path: Path) -> None:
    """And ends everything that was started."""
    code = "import time\ndef f(n):\n    open('calls', 'a').write('.')\n    time.sleep(0.002)\n    return n"
    tmp_path.joinpath("jobs.py").write_text(code)
    command = [sys.executable, "-m", "timetrial.cli", "run", "jobs.py:f", "--items", "50", "--budget", "600s"]
    process = subprocess.Popen(
        # Its twin ties with it for ever, so that it would go on for all of its ten minutes.
        [
            *command,
            "--variant",
            "twin=jobs.py:f",
            "--concurrency",
            "4",
            "--models",
            "serial,threads",
            "--json",
            "a.json",
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    calls = tmp_path / "calls"
    # By then every way has had its six rounds and more.
    while process.poll() is None and (not calls.exists() or calls.stat().st_size < 6_000):
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    output, complaint = process.communicate(timeout=30)
    assert process.returncode == 0, output + complaint
    assert "Interrupted after" in output
    assert "Use threads, 4 at once" in output
    assert json.loads(tmp_path.joinpath("a.json").read_text())["interrupted"]
    assert not _left_by(tmp_path)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--items", "0"), "at least one item is needed"),
        (("--items", "*.nothing"), "no file matches it"),
        (("--models", "fibres"), "it can't run under 'fibres'"),
        (("--budget", "soon"), "a time such as 90s, 10min or 1h"),
        (("--concurrency", "many"), "write whole numbers"),
        (("--variant", "what"), "write it as name=file.py:function"),
        (("--async-task", "jobs.py:f"), "it is no async function"),
        (("--resource", "jobs.py:nothing"), "jobs has no 'nothing'"),
    ],
)
def test_wrong_usage_is_one_sentence_and_status_2(run: Run, words: tuple[str, str], told: str) -> None:
    """Before anything is measured."""
    ran = run("def f(n):\n    return n", *words)
    assert ran.status == 2, ran.output
    assert told in ran.complaint


def test_a_script_of_theirs_may_be_named_like_a_module_of_the_standard_library(tmp_path: Path) -> None:
    """A queue.py beside the function is theirs alone; what runs the search never meets it while it starts."""
    tmp_path.joinpath("queue.py").write_text("raise RuntimeError('not for you')\n")
    tmp_path.joinpath("jobs.py").write_text("def f(n): return n * n\n")
    command = [sys.executable, "-P", "-m", "timetrial.cli", "run", "jobs.py:f", "--items", "20"]
    options = ["--models", "serial", "--budget", "3s", "--json", "answer.json"]
    ended = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "not for you" not in ended.stdout + ended.stderr
    assert json.loads(tmp_path.joinpath("answer.json").read_text())["profile"] is not None

"""A script that starts a process, with the ``__main__`` guard and without it, by every start method."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

_WITHOUT: Final = """
import multiprocessing, sys

def work():
    pass

process = multiprocessing.get_context(sys.argv[1]).Process(target=work)
process.start()
process.join()
sys.exit(process.exitcode)
"""
_WITH: Final = _WITHOUT.replace("process = ", 'if __name__ == "__main__":\n    process = ').replace(
    "\nprocess.start()\nprocess.join()\nsys.", "\n    process.start()\n    process.join()\n    sys."
)


@pytest.mark.parametrize("guard", ["with", "without"])
@pytest.mark.parametrize("start_method", ["spawn", "forkserver", "fork"])
def test_main_guard(benchmark: Any, tmp_path: Path, start_method: str, guard: str) -> None:
    """A child that imports the script runs it once more, unless the guard keeps it from that."""
    if start_method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this platform starts no processes by {start_method}")
    script = tmp_path / "script.py"
    script.write_text(_WITH if guard == "with" else _WITHOUT, encoding="utf-8")
    command = [sys.executable, str(script), start_method]
    done = benchmark.pedantic(subprocess.run, args=(command,), kwargs={"capture_output": True, "timeout": 60}, rounds=1)
    benchmark.extra_info["figures"] = {"failed": float(done.returncode != 0)}

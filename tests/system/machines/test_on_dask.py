"""``timetrial measure --on dask`` and ``timetrial gate --on dask`` on two halves of this machine."""

from __future__ import annotations

import os
import signal

import pytest

pytest.importorskip("distributed", reason="Dask is not installed: timetrial[dask]")

from distributed import Client

from tests.system.clusters import WAIT_S
from tests.system.machines.conftest import CPUS, Setting
from tests.waiting import wait_for
from timetrial.gate.store import read_gate

MEASURE = ("measure", "-o", "run.json", "--overwrite")


def test_launches_are_spread_and_that_of_a_killed_worker_is_done_again(setting: Setting) -> None:
    """The file is whole, says which machine had which launch, and no machine keeps anything."""
    setting.journal.unlink(missing_ok=True)
    (setting.journal.parent / "slow").touch()
    process = setting.start(*MEASURE, "--launches=3")
    wait_for(lambda: setting.begun() >= 2 or process.poll() is not None, 3 * WAIT_S)
    (setting.journal.parent / "slow").unlink()
    assert sorted(setting.journal.read_text().split()) == sorted(map(str, CPUS[:2]))  # both at once, apart
    with Client(setting.scheduler, set_as_default=False) as client:
        pids = client.run(os.getpid)
    os.kill(min(pids.values()), signal.SIGKILL)
    output, complaint = process.communicate(timeout=150)
    assert process.returncode == 0, complaint
    assert output.splitlines() == ["3 launches of 1 benchmarks: run.json"]
    assert "is done again on another machine" in complaint
    assert "1 of 3 launches had to be done again" in complaint
    about = setting.content()["timetrial"]
    assert (about["complete"], len(about["launches"])) == (True, 3)
    assert len({each["machine"] for each in about["launches"]} - set(about["machines"])) == 0
    assert setting.content()["benchmarks"][0]["stats"]["min"] >= 0.002  # the code that was not committed
    wait_for(lambda: not setting.leftovers(), WAIT_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_ended_leaves_nothing_on_the_machines(setting: Setting, number: int) -> None:
    """Nor does a launch run on: Dask lets its workers know."""
    with Client(setting.scheduler, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=WAIT_S)
    setting.journal.unlink(missing_ok=True)
    (setting.journal.parent / "slow").touch()
    process = setting.start(*MEASURE, "--launches=9")
    wait_for(lambda: setting.begun() >= 2 or process.poll() is not None, 3 * WAIT_S)
    assert setting.leftovers()
    process.send_signal(number)
    process.communicate(timeout=WAIT_S)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGKILL: -signal.SIGKILL}[signal.Signals(number)]
    wait_for(lambda: not setting.leftovers(), WAIT_S)


def test_what_can_t_be_installed_on_a_machine_is_told_with_its_name(setting: Setting) -> None:
    """And what to do about it."""
    file = setting.project.top / "pyproject.toml"
    before = file.read_text()
    file.write_text(before.replace("link.py", "gone.py"))
    try:
        process = setting.start(*MEASURE, "--launches=1")
        complaint = process.communicate(timeout=120)[1]
    finally:
        file.write_text(before)
    assert process.returncode == 2
    assert "the candidate" in complaint
    assert "can't be installed" in complaint
    assert "Mend that there, or stop its worker (tcp://" in complaint
    wait_for(lambda: not setting.leftovers(), WAIT_S)


def test_a_gate_has_its_launches_on_both_machines(setting: Setting) -> None:
    """Each is in the gate's file with its machine; it says what it is of, and can be judged again."""
    setting.project.write("src/spin/__init__.py", "def spin():\n    return 1  # as before\n")
    with Client(setting.scheduler, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=WAIT_S)
    process = setting.start("gate", "--base", "HEAD", "--results=gates", "-v")
    output, complaint = process.communicate(timeout=240)
    assert process.returncode == 0, output + complaint
    assert "unchanged" in output
    (file,) = setting.project.top.joinpath("gates").glob("*.json")
    stored = read_gate(file)
    (record,) = stored.records
    assert {launch.machine for launch in record.launches} == set(stored.about["machines"])
    assert len(stored.about["machines"]) == 2
    assert [launch.number for launch in record.launches] == list(range(1, len(record.launches) + 1))
    wait_for(lambda: not setting.leftovers(), WAIT_S)

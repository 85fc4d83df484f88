"""Which Python wins, from made-up launches: what is told, what is a tie, and who is nobody's baseline."""

from __future__ import annotations

import json
import random
import re

from timetrial.advice.of_pythons import Contender, python_answer
from timetrial.advice.pythons_record import pythons_record
from timetrial.environment.identity import NO_FAIR_BASELINE, PythonIdentity
from timetrial.report.pythons import python_lines
from timetrial.results.ways import Way

OLD = PythonIdentity("cpython", "3.12.1", free_threaded=False, gil=True)
NEW = PythonIdentity("cpython", "3.14.0", free_threaded=False, gil=True)
LOCKED = PythonIdentity("cpython", "3.14.0", free_threaded=True, gil=True)


def contender(python: PythonIdentity, model: str, s_per_item: float, launches: int = 6) -> Contender:
    """Launches scatter by a percent, and the turns in them by another."""
    chance = random.Random(f"{python}{model}")
    own = [chance.gauss(1, 0.01) for _ in range(launches)]
    turns = [{turn: s_per_item * mood * chance.gauss(1, 0.01) for turn in range(5)} for mood in own]
    return Contender(str(python), python, Way(model, 1 if model == "serial" else 4), turns, model == "serial")


def four(*, new_s: float = 0.010, launches: int = 6) -> list[Contender]:
    """An old Python and a new one, each at its best and one item after the other."""
    ways = ((OLD, "serial", 0.040), (OLD, "processes", 0.013), (NEW, "serial", 0.030), (NEW, "threads", new_s))
    return [contender(*each, launches) for each in ways]


def test_the_fastest_python_is_advised_with_its_lead_over_the_next_best() -> None:
    """The table compares with the first one; serial with serial."""
    found = python_answer(four())
    assert found is not None
    lines = python_lines(found)
    assert found.next_best is not None
    assert found.next_best.lead.low < 1.3 < found.next_best.lead.high
    assert re.fullmatch(
        r"Use CPython 3\.14\.0 with threads, 4 at once: 1\.\d\d times \(1\.\d\d to 1\.\d\d\) as fast as the next best, "
        r"CPython 3\.12\.1 with processes, 4 at once\.",
        lines[0],
    )
    assert lines[2].split("  ")[0] == "Python"
    assert "x CPython 3.12.1" in lines[2]
    assert [line.split()[1] for line in lines[3:5]] == ["3.14.0", "3.12.1"]
    at = lines.index("One item after the other:")
    assert [line.split()[1:3] for line in lines[at + 2 : at + 4]] == [["3.14.0", "serial"], ["3.12.1", "serial"]]
    assert "from 6 launches of all Pythons at once" in lines[-1]


def test_a_tie_is_called_one_and_the_simpler_model_advised() -> None:
    """Nobody could tell."""
    found = python_answer(four(new_s=0.0131))
    assert found is not None
    told = "\n".join(python_lines(found))
    assert told.startswith("Use CPython 3.14.0 with threads, 4 at once.\nIt is a tie: CPython 3.12.1 with processes")


def test_fewer_launches_than_an_interval_takes_are_no_answer() -> None:
    """As after Ctrl-C."""
    assert python_answer(four(launches=5)) is None
    assert python_answer(four()[:2]) is None


def test_a_free_threaded_build_with_its_gil_on_is_flagged_and_is_not_compared_with() -> None:
    """Although it was named first; and where it ties, the other is advised."""
    contenders = [contender(LOCKED, "threads", 0.01), contender(OLD, "threads", 0.01)]
    found = python_answer(contenders)
    assert found is not None
    assert (found.base, found.advised.python) == ("CPython 3.12.1", OLD)
    lines = python_lines(found)
    assert sum("CPython 3.14.0t with the GIL (no fair baseline)" in line for line in lines) == 1
    assert lines[-1] == f"CPython 3.14.0t with the GIL is {NO_FAIR_BASELINE}."
    content = json.loads(json.dumps(pythons_record(found, contenders, (), ())))
    assert [each["no_fair_baseline"] for each in content["contenders"]] == [True, False]


def test_the_record_has_the_answer_and_every_turn() -> None:
    """Enough to compute it again, with the version of its schema."""
    contenders = four()
    found = python_answer(contenders)
    content = json.loads(json.dumps(pythons_record(found, contenders, (), ())))
    assert (content["schema_version"], content["kind"]) == (1, "pythons")
    answer = content["answer"]
    assert (answer["python"]["version"], answer["model"], answer["concurrency"]) == ("3.14.0", "threads", 4)
    low, high = answer["next_best"]["takes_interval"]
    assert 1.2 < low < 1.3 < high < 1.4
    assert [len(turns) for each in content["contenders"] for turns in each["launches_s_per_item"]] == [5] * 24
    assert content["contenders"][1]["speedup"] is None  # it is what others are compared with

"""Two environments set side by side."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from timetrial.environment.difference import DOES_NOT_MATTER, MATTERS, differences, told_by_neither, why_it_matters
from timetrial.environment.record import environment


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    """What this machine tells of itself, as it comes back from a file."""
    written = json.dumps(environment(event_loop="asyncio", start_method="spawn"))
    return dict(json.loads(written))


def changed(record: dict[str, Any], part: str, field: str, value: Any) -> dict[str, Any]:
    """A copy with one field set."""
    other = copy.deepcopy(record)
    other[part][field] = value
    return other


def test_a_record_does_not_differ_from_itself(record: dict[str, Any]) -> None:
    """Nor from what was not yet written to a file."""
    assert differences(record, copy.deepcopy(record)) == []


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("cpu", "model", "Another processor"),
        ("cpu", "usable_cores", 0.5),
        ("cpu", "quota_cores", 1.5),
        ("python", "version", "3.11.0"),
        ("python", "free_threaded_build", "flipped"),
        ("python", "gil_enabled", "flipped"),
        ("python", "jit_enabled", "flipped"),
        ("concurrency", "event_loop", "uvloop.Loop"),
        ("concurrency", "start_method", "forkserver"),
        ("libraries", "pytest", "1.0"),
        ("libraries", "a-library-of-ones-own", "1.0"),
        ("variables", "PYTHONMALLOC", "debug"),
        ("system", "release", "0.1"),
        ("limits", "open_files", 64),
    ],
)
def test_what_changes_timings_matters(record: dict[str, Any], part: str, field: str, value: Any) -> None:
    """Each with both values and its reason."""
    (difference,) = differences(record, changed(record, part, field, value))
    assert difference.path == f"{part}.{field}"
    assert difference.matters
    assert (difference.one, difference.other) == (record[part].get(field), value)
    assert difference.why


def test_a_library_that_timetrial_does_not_know_is_told_with_its_versions(record: dict[str, Any]) -> None:
    """The tested project's own too: it may be why a figure moved, or not."""
    (difference,) = differences(record, changed(record, "installed", "a.project-of.ones.own", "1.0"))
    assert not difference.matters
    assert str(difference).startswith("installed.a.project-of.ones.own: None against '1.0' (nobody knows which")
    assert "hypothesis" in record["installed"]
    assert "pytest" not in record["installed"]


def test_what_does_not_change_timings_does_not_matter(record: dict[str, Any]) -> None:
    """Host, date and load are reported, and told apart."""
    other = changed(record, "system", "hostname", "elsewhere")
    other |= {"recorded_at": "2020-01-01T00:00:00+00:00", "load": [99.0, 99.0, 99.0]}
    found = differences(record, other)
    assert {each.path for each in found} == {"system.hostname", "recorded_at", "load"}
    assert not any(each.matters for each in found)


def test_what_matters_comes_first(record: dict[str, Any]) -> None:
    """However the fields are ordered in the records."""
    other = changed(record, "cpu", "model", "Another processor") | {"recorded_at": "2020-01-01T00:00:00+00:00"}
    assert [each.path for each in differences(record, other)] == ["cpu.model", "recorded_at"]


def test_a_field_that_only_one_record_has_is_reported(record: dict[str, Any]) -> None:
    """Absent and None are the same: not known."""
    other = copy.deepcopy(record)
    del other["python"]["gil_enabled"]
    (difference,) = differences(record, other)
    assert (difference.path, difference.other, difference.matters) == ("python.gil_enabled", None, True)
    assert "only one of the two records says" in difference.why


def test_a_whole_part_that_is_missing_is_reported_field_by_field(record: dict[str, Any]) -> None:
    """A file that another program wrote is no reason to fail."""
    found = differences(record, {})
    assert {"cpu.stepping", "python.version", "concurrency.start_method"} <= {e.path for e in found if e.matters}


def test_a_field_from_the_future_is_reported_and_does_not_matter(record: dict[str, Any]) -> None:
    """Nobody here knows what it means, and the reason says so."""
    (difference,) = differences(record, changed(record, "cpu", "flux_capacitors", 3))
    assert not difference.matters
    assert "does not know the field" in difference.why


def test_another_schema_matters(record: dict[str, Any]) -> None:
    """Fields of the same name may mean other things."""
    (difference,) = differences(record, record | {"schema_version": 99})
    assert difference.matters


def test_what_neither_record_knows_is_listed(record: dict[str, Any]) -> None:
    """It can differ unseen; a quota that neither has is no such thing."""
    other = changed(changed(record, "cpu", "model", None), "cpu", "quota_cores", None)
    untold = told_by_neither(other, other)
    assert "cpu.model" in untold
    assert "cpu.quota_cores" not in untold


def test_a_difference_reads_as_a_line(record: dict[str, Any]) -> None:
    """Field, both values and the reason."""
    (difference,) = differences(changed(record, "cpu", "quota_cores", 1.0), changed(record, "cpu", "quota_cores", 2.0))
    assert str(difference).startswith("cpu.quota_cores: 1.0 against 2.0 (a quota halts a process")


def test_every_field_of_the_record_is_judged(record: dict[str, Any]) -> None:
    """A new field can't slip in without a word on whether it matters."""
    for part, facts in record.items():
        paths = [f"{part}.{name}" for name in facts if name != "x_options"] if isinstance(facts, dict) else [part]
        told = (p in DOES_NOT_MATTER or f"{part}.*" in DOES_NOT_MATTER or why_it_matters(p) for p in paths)
        assert [p for p, judged in zip(paths, told, strict=True) if not judged] == []
    assert not MATTERS.keys() & DOES_NOT_MATTER.keys()

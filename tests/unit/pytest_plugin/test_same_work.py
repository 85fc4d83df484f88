"""Works: what is held against each other is the same work, however its tests are named."""

from __future__ import annotations

from timetrial.pytest_plugin.same_work import Works


def test_the_first_work_of_a_family_needs_no_name() -> None:
    """Most families have only one."""
    works = Works()
    assert works.name("nap", "test_a.py::test_few", b"1") == ""
    assert works.name("walk", "test_a.py::test_many", b"2") == ""


def test_another_work_is_named_after_its_test() -> None:
    """By its short name, unless that is taken."""
    works = Works()
    works.name("nap", "test_a.py::test_few", b"1")
    assert works.name("nap", "test_a.py::test_many", b"2") == " (test_many)"
    assert works.name("nap", "test_b.py::test_many", b"3") == " (test_b.py::test_many)"


def test_two_tests_with_equal_items_do_the_same_work() -> None:
    """An ordinary and an async test of one workload, say."""
    works = Works()
    works.name("nap", "test_a.py::test_few", b"1")
    assert works.name("nap", "test_a.py::test_few_later", b"1") == ""


def test_a_test_does_the_same_work_with_new_items_for_each_model() -> None:
    """New files or URLs; and where nobody can tell what the items are."""
    works = Works()
    works.name("nap", "test_a.py::test_few", b"1")
    assert works.name("nap", "test_a.py::test_few", b"2") == ""
    assert works.name("nap", "test_a.py::test_few", None) == ""
    assert works.name("nap", "test_a.py::test_many", None) == " (test_many)"

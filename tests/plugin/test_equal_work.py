"""Only the same work is held against each other: results, requests and items are compared."""

from __future__ import annotations

import pytest

from tests.plugin.suites import Stored, Suite, names


def test_a_wrong_result_voids_the_trial_and_the_table_says_why(suite: Suite, stored: Stored) -> None:
    """It fails, it is listed, and it has no entry in the file."""
    tests = """
    WRONG = Workload("wrong", task=double, variants={"wrong": Workload("w", task=double_wrongly)})

    @pytest.mark.workload(WRONG, models=["serial", "threads[wrong]"])
    def test_one(trial):
        trial([1, 2, 3])
    """
    result = suite(tests)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["void: wrong, threads*wrong*: *the result of item 2, 3, differs*got 7*"])
    assert [bench["name"] for bench in stored()["benchmarks"]] == ["test_one[serial]"]


def test_a_server_that_counts_other_requests_voids_the_trial(suite: Suite) -> None:
    """An item that sends no request, or two, is not the same work."""
    tests = """
    import urllib.request

    def sometimes(url):
        if not url.endswith("/1"):
            urllib.request.urlopen(url).read()
        return url

    @pytest.mark.workload(Workload("lazy", task=sometimes), models=["threads"])
    def test_one(trial, mock_server):
        trial([mock_server.page(size_bytes=1, key=key) for key in range(3)], server=mock_server)
    """
    result = suite(tests)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the server answered 2 requests in a round that takes 3*"])


@pytest.mark.parametrize("server", ["mock_server", "mock_space"])
def test_a_model_that_asks_for_other_pages_than_the_first_is_void(suite: Suite, server: str) -> None:
    """Though it asks for as many and comes to the same results."""
    tests = f"""
    import urllib.request
    from urllib.parse import urlsplit

    def length(url):
        return len(urllib.request.urlopen(url).read())

    def of_the_first_page(url):
        return length(url.replace("/2", "/1"))

    LENGTHS = Workload("lengths", task=length, variants={{"lazy": Workload("lazy", task=of_the_first_page)}})

    @pytest.mark.workload(LENGTHS, models=["serial", "threads", "threads[lazy]"])
    def test_one(trial, {server}):
        trial([{server}.page(size_bytes=1, key=key) for key in range(4)], server={server})
    """
    result = suite(tests)
    result.assert_outcomes(passed=2, failed=1)
    told = "*a round asked for /page/1/1 2 time(s), serial 1; /page/1/2 0 time(s), serial 1;*"
    result.stdout.fnmatch_lines([told])


def test_a_task_may_ask_for_another_path_each_time(suite: Suite) -> None:
    """Nothing can be compared then, so nothing is held against it."""
    tests = """
    import urllib.request, uuid

    def upload(url):
        return urllib.request.urlopen(f"{url}/{uuid.uuid4()}").status

    @pytest.mark.workload(Workload("uploads", task=upload), models=["serial", "threads"])
    def test_one(trial, mock_server):
        trial([f"{mock_server.url}/echo"] * 3, server=mock_server)
    """
    suite(tests).assert_outcomes(passed=2)


def test_a_test_may_make_new_pages_for_each_of_its_models(suite: Suite) -> None:
    """Then they have nothing to be compared by."""
    tests = """
    import itertools, urllib.request

    KEYS = itertools.count()

    def length(url):
        return len(urllib.request.urlopen(url).read())

    @pytest.mark.workload(Workload("lengths", task=length), models=["serial", "threads"])
    def test_one(trial, mock_server):
        trial([mock_server.page(size_bytes=1, key=next(KEYS)) for _ in range(4)], server=mock_server)
    """
    suite(tests).assert_outcomes(passed=2)


class TestWhatIsHeldAgainstEachOther:
    """Only the same work, told apart by more than the names that a test gives it."""

    SHARED = """
    import time

    def nap(ms):
        time.sleep(ms / 1000)
        return 0

    NAP = Workload("nap", task=nap)

    @pytest.mark.workload(NAP, models=["serial", "threads"])
    def test_few(trial):
        trial([1] * 4, concurrency=2)

    @pytest.mark.workload(NAP, models=["serial", "threads"])
    def test_many(trial):
        trial([3] * 4, concurrency=2)

    @pytest.mark.workload(NAP, models=["threads"])
    def test_few_again(trial):
        trial([1] * 4, concurrency=4)
    """

    @pytest.mark.parametrize("options", [["--trial-no-interleave"], []], ids=["in a row", "in turns"])
    def test_two_tests_of_one_workload_with_other_items_are_apart(
        self, suite: Suite, stored: Stored, options: list[str]
    ) -> None:
        """Each has its own serial trial and its own row; one with equal items joins the first."""
        result = suite(self.SHARED, *options)
        assert result.ret == 0
        references = {
            name.partition("::")[2]: other.partition("::")[2]
            for name, other in stored()["timetrial"]["references"].items()
        }
        assert references == {
            "test_few[threads]": "test_few[serial]",
            "test_many[threads]": "test_many[serial]",
            "test_few_again[threads]": "test_few[serial]",
        }
        groups = {bench["name"]: bench["group"] for bench in stored()["benchmarks"]}
        assert {name for name, group in groups.items() if group == "nap (test_many)"} == {
            "test_many[serial]",
            "test_many[threads]",
        }
        assert groups["test_few_again[threads]"] == groups["test_few[serial]"] == "nap"
        result.stdout.fnmatch_lines(["nap * threads *", "nap (test_many) * threads *"])

    def test_objects_that_look_alike_are_two_parameters(self, suite: Suite) -> None:
        """An array's own text leaves out most of it."""
        tests = """
    class Array(list):
        def __repr__(self):
            return "[0.0, ..., 0.0]"

    @pytest.mark.workload(Workload("length", task=len), models=["serial", "threads"])
    @pytest.mark.parametrize("data", [Array([1] * 9), Array([2] * 9)], ids=["flat", "rough"])
    def test_length(trial, data):
        trial([data] * 500, concurrency=2)
        """
        result = suite(tests, "-v")
        assert sorted(names(result)) == sorted(
            f"test_length[{model}-{which}]" for model in ("serial", "threads") for which in ("flat", "rough")
        )

    @pytest.mark.parametrize(
        ("options", "fair"),
        [(["--trial-no-interleave"], {"processes"}), ([], set())],
        ids=["in a row", "in turns"],
    )
    def test_a_task_that_changes_its_items_is_void(
        self, suite: Suite, stored: Stored, options: list[str], fair: set[str]
    ) -> None:
        """Its second round finds them sorted.

        Worker processes get new ones, but not where they take turns with models that sort the only list that there is.
        """
        tests = """
    def smallest(numbers):
        numbers.sort()
        return numbers[0]

    @pytest.mark.workload(Workload("sort", task=smallest), models=["serial", "threads", "processes"])
    def test_sort(trial):
        trial([list(range(2000, 0, -1)) for _ in range(8)], concurrency=2)
        """
        assert suite(tests, *options).ret == 0
        kinds = {
            bench["extra_info"]["timetrial"]["model"]: [
                each["kind"] for each in bench["extra_info"]["timetrial"]["void"]
            ]
            for bench in stored()["benchmarks"]
        }
        assert {model for model, found in kinds.items() if "items" not in found} == fair

"""Models that take turns, who could not, and what is let go with each test."""

from __future__ import annotations

import pytest

from tests.plugin.suites import ONE, Stored, Suite


def test_models_take_turns_by_themselves(suite: Suite, stored: Stored) -> None:
    """Every model has the same number of rounds, and the table gives the lead an interval or says tie."""
    result = suite(ONE, "--trial-models=serial,threads")
    assert result.ret == 0
    benchmarks = stored()["benchmarks"]
    assert len({bench["stats"]["rounds"] for bench in benchmarks}) == 1
    assert any(bench["extra_info"]["timetrial"]["interleaved"].get("pairs", 0) >= 6 for bench in benchmarks)


def test_who_could_not_take_turns_is_told(suite: Suite) -> None:
    """In one line, and only where turns were asked for by name."""
    tests = """
    @pytest.mark.asyncio
    @pytest.mark.workload(DOUBLE, models=["coroutines"])
    async def test_async(trial):
        await trial([1, 2, 3] * 200)

    @pytest.mark.workload(DOUBLE, models=["threads"])
    @pytest.mark.parametrize("size", [200, 300])
    def test_one(trial, size):
        trial([1, 2, 3] * size)

    @pytest.mark.workload(DOUBLE, models=["serial", "threads"])
    def test_two(trial):
        trial([1, 2, 3] * 200)
    """
    told = "--trial-interleave: 3 trial(s) took no turns: 1 in async def tests and 2 without another model"
    suite(tests, "--trial-interleave").stdout.fnmatch_lines([told])
    suite(tests).stdout.no_fnmatch_line("*took no turns*")


@pytest.mark.parametrize("options", [["--trial-no-interleave"], []], ids=["in a row", "in turns"])
def test_a_trial_s_results_are_let_go_with_its_test(suite: Suite, options: list[str]) -> None:
    """Later trials would have a larger client than earlier ones."""
    tests = """
    import gc
    import weakref

    class Page:
        def __init__(self, item):
            self.item = item

        def __eq__(self, other):
            return self.item == other.item

    def number_of(page):
        return page.item

    def fetch(item):
        return Page(item)

    KEPT = []

    @pytest.mark.workload(Workload("pages", task=fetch, comparable=number_of), models=["serial", "threads"])
    def test_one(trial):
        KEPT.append(weakref.ref(trial([1, 2, 3] * 200).results[0]))

    def test_the_rest(benchmark):
        gc.collect()
        assert [each() for each in KEPT] == [None, None]
        benchmark(int)
    """
    suite(tests, *options).assert_outcomes(passed=3)


def test_turns_that_the_ini_file_asks_for_can_be_undone(
    suite: Suite, stored: Stored, pytester: pytest.Pytester
) -> None:
    """On the command line, for one run."""
    pytester.makeini("[pytest]\naddopts = --trial-interleave\n")
    assert suite(ONE, "--trial-no-interleave", "--trial-models=serial,threads").ret == 0
    assert not [each for each in stored()["benchmarks"] if "interleaved" in each["extra_info"]["timetrial"]]


OTHER_ITEMS = """
    @pytest.mark.workload(DOUBLE, models=["serial", "threads", "coroutines"])
    def test_one(trial, trial_model):
        trial([1, 2, 3 if trial_model != "threads" else 4] * 200)
    """


def test_models_with_other_items_run_one_after_the_other(suite: Suite, stored: Stored) -> None:
    """Nobody asked for turns, so the test passes; and no model is said to have taken any, whichever came first."""
    suite(OTHER_ITEMS).assert_outcomes(passed=3)
    assert not [each for each in stored()["benchmarks"] if "interleaved" in each["extra_info"]["timetrial"]]


def test_models_with_other_items_are_refused_turns_that_were_asked_for(suite: Suite) -> None:
    """The error says why, and what to do."""
    result = suite(OTHER_ITEMS, "--trial-interleave")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*'double' under 'threads': *can't take turns: run it with --trial-no-interleave*"])

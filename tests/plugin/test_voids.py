"""Trials whose timing means nothing: kept, shown with their reason, never ranked."""

from __future__ import annotations

import pytest

from tests.plugin.suites import Stored, Suite

# In turns all models have one list of items, and whoever changes it spoils it for all.
IN_A_ROW = "--trial-no-interleave"


class TestVoid:
    """A trial under unfair conditions is kept, shown as void, and never ranked."""

    TESTS = """
    import threading

    def spoil(item):
        # One item alone, and in the main thread, is changed: that is serial's.
        if item[0] == 1 and threading.current_thread() is threading.main_thread():
            item[1] += 1
        return sum(range(2000))  # some 20 µs, which any clock can tell

    @pytest.mark.workload(Workload("spoil", task=spoil), models=["serial", "threads"])
    @pytest.mark.parametrize("size", [1, 100])
    def test_one(trial, size):
        trial([[size, 0] for _ in range(size)])
    """

    def test_it_is_stored_with_its_reason_and_without_a_speed_up(self, suite: Suite, stored: Stored) -> None:
        """Nor does it give one: serial was the measure."""
        assert suite(self.TESTS, IN_A_ROW).ret == 0
        content = stored()
        figures = {bench["name"]: bench["extra_info"]["timetrial"] for bench in content["benchmarks"]}
        (void,) = figures["test_one[serial-1]"]["void"]
        assert void["kind"] == "items"
        assert "the task changes its items" in void["reason"]
        assert figures["test_one[serial-1]"]["speedup"] is None
        assert figures["test_one[threads-1]"]["speedup_against"] is None
        assert figures["test_one[threads-100]"]["speedup_against"] == "serial"
        (told,) = content["timetrial"]["voids"]
        assert (told["group"], told["model"], told["kind"]) == ("spoil size=1", "serial", "items")

    def test_it_is_shown_with_its_reason_and_not_ranked(self, suite: Suite) -> None:
        """The fastest of a group is the fastest that means something."""
        result = suite(self.TESTS, IN_A_ROW)
        result.stdout.fnmatch_lines(
            [
                "spoil size=1 *threads *-*",
                "void: spoil size=1, serial: the task changes its items*; let the task work on*",
            ]
        )

    @pytest.mark.parametrize("names", ["short", "long"])
    def test_pytest_benchmark_s_table_says_so_too(self, names: str, suite: Suite, stored: Stored) -> None:
        """By the name that it shows, and by no other."""
        result = suite(self.TESTS, IN_A_ROW, f"--benchmark-name={names}")
        result.stdout.fnmatch_lines(["*one[[]serial-1] (void) *"])
        result.stdout.no_fnmatch_line("*one[[]threads-1] (void)*")
        assert not [each for each in stored()["benchmarks"] if "void" in each["fullname"]]

    def test_pytest_benchmark_s_table_ranks_no_void_trial(self, suite: Suite) -> None:
        """It would be everybody's measure: it has a group of its own, and the fair one's ratio is to itself."""
        result = suite(self.TESTS, IN_A_ROW, "--benchmark-columns=min", "-k", "not 100")
        result.stdout.fnmatch_lines(
            [
                "*benchmark 'spoil size=1': 1 tests*",
                "test_one?threads-1? *",
                "*benchmark 'spoil size=1 (void)': 1 tests*",
                "test_one?serial-1? (void) *",
            ]
        )
        result.stdout.no_fnmatch_line("*(1.0)*")  # no row is measured by another one

    def test_an_older_run_s_row_is_not_void_for_today_s_reason(self, suite: Suite, pytester: pytest.Pytester) -> None:
        """--benchmark-compare gives it what is known of today's."""
        options = ("--trial-models=serial", "-k", "not 100")
        suite(self.TESTS, *options)
        (path,) = pytester.path.joinpath("results").glob("*.json")
        result = suite(self.TESTS, *options, f"--benchmark-compare={path}")
        result.stdout.fnmatch_lines(
            [
                "*benchmark 'spoil size=1': 1 tests*",
                "test_one?serial-1? (*results/*)*",
                "test_one?serial-1? (void) (NOW)*",
            ]
        )

    def test_a_group_that_is_all_void_keeps_its_row(self, suite: Suite) -> None:
        """It was measured, so it is not left out."""
        result = suite(self.TESTS, "--trial-models=serial", "-k", "not 100")
        result.stdout.fnmatch_lines(["spoil size=1 *all void *-*", "void: spoil size=1, serial: *"])

    def test_it_fails_the_run_only_when_asked(self, suite: Suite) -> None:
        """Exit status 1 and a line that says so; all tests have passed."""
        result = suite(self.TESTS, IN_A_ROW, "--trial-fail-on-void")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.assert_outcomes(passed=4)
        result.stdout.fnmatch_lines(["FAILED: 1 void trial(s), and --trial-fail-on-void was given"])
        fair = suite(self.TESTS, "--trial-fail-on-void", "-k", "100")
        assert fair.ret == 0

    def test_a_race_pairs_only_the_others(self, suite: Suite, stored: Stored) -> None:
        """It is nobody's rival."""
        tests = """
        from contextlib import contextmanager

        class Forked:
            details = {"start_method": "fork"}  # not the one that was asked for

            def run(self, items):
                return [double(item) for item in items]

            def worker_pids(self):
                return []

        @contextmanager
        def open_forked(concurrency):
            yield Forked()

        FORKED = Workload("forked", task=double, implementations={"serial": open_forked})

        @pytest.mark.workload(FORKED, models=["serial", "threads"])
        def test_one(trial):
            trial([1])
        """
        assert suite(tests.replace("\n    ", "\n"), "--trial-start-method=spawn").ret == 0
        figures = {
            bench["extra_info"]["timetrial"]["model"]: bench["extra_info"]["timetrial"]
            for bench in stored()["benchmarks"]
        }
        assert "interleaved" not in figures["serial"]
        assert figures["threads"]["interleaved"] == {"against": "threads"}

    def test_the_shares_that_others_may_take_are_settings(self, suite: Suite) -> None:
        """And a value that can't be meant is refused by name."""
        result = suite(self.TESTS, "-o", "trial_steal_limit=7")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*trial_steal_limit = 7: it takes a share from 0 to 1*"])
        assert suite(self.TESTS, "-o", "trial_foreign_cpu_limit=0.5", "-k", "100").ret == 0

    def test_what_the_accounting_round_finds_left_over_voids_the_trial(self, suite: Suite, stored: Stored) -> None:
        """A task that starts threads and never ends them."""
        tests = """
        import threading

        def leak(item):
            threading.Thread(target=threading.Event().wait, args=(20,), daemon=True).start()
            return item

        @pytest.mark.workload(Workload("leak", task=leak), models=["threads"])
        def test_one(trial):
            trial([1], concurrency=1)
        """
        result = suite(tests.replace("\n    ", "\n"), "--trial-accounting")
        result.stdout.fnmatch_lines(["void: leak, threads: after the accounting round, thread * is still running*"])
        (bench,) = stored()["benchmarks"]
        assert "leftovers" in [each["kind"] for each in bench["extra_info"]["timetrial"]["void"]]

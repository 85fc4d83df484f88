"""Which tests a workload becomes, and which of them run: models, scales, markers."""

from __future__ import annotations

import pytest

from tests.plugin.suites import IDS, ONE, OVER_CONCURRENCIES, Suite, names


def test_a_workload_becomes_a_test_for_each_model_that_suits_it(suite: Suite) -> None:
    """Variants included; the ids name the model."""
    result = suite(ONE, "-v")
    assert result.ret == 0
    assert sorted(names(result)) == sorted(f"test_one[{each}]" for each in IDS)


def test_ids_read_model_then_parameters_and_serial_runs_once(suite: Suite) -> None:
    """Serial would be the same trial at every concurrency; the models of a group stand side by side."""
    result = suite(OVER_CONCURRENCIES, "-v")
    assert names(result) == ["test_one[serial-1]", "test_one[threads-1]", "test_one[threads-2]"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("threads,coroutines", ["threads", "threads[other]", "coroutines"]), ("threads[other]", ["threads[other]"])],
)
def test_trial_models_narrows_the_models(suite: Suite, chosen: str, expected: list[str]) -> None:
    """A model's plain name brings its variants along; a variant's id is that variant alone."""
    assert sorted(names(suite(ONE, "-v", f"--trial-models={chosen}"))) == sorted(
        f"test_one[{each}]" for each in expected
    )


def test_an_unknown_model_is_a_usage_error_that_lists_the_known(suite: Suite) -> None:
    """Rather than a run that measures nothing."""
    result = suite(ONE, "--trial-models=fibres")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*fibres is no concurrency model; there are: serial, threads, *"])


@pytest.mark.parametrize(("scale", "sizes"), [("quick", [1]), ("default", [1, 2]), ("article", [1, 2])])
def test_trial_points_are_those_of_the_scale(suite: Suite, scale: str, sizes: list[int]) -> None:
    """A scale without points of its own takes the default ones."""
    tests = """
    @pytest.mark.workload(DOUBLE, models=["serial"])
    @pytest.mark.trial_points("size", quick=[1], default=[1, 2])
    def test_one(trial, size, trial_scale):
        assert trial.scale == trial_scale
        trial([1] * size)
    """
    result = suite(tests, "-v", f"--trial-scale={scale}")
    assert names(result) == [f"test_one[serial-{size}]" for size in sizes]


def test_unless_gives_a_reason_to_skip_a_trial(suite: Suite) -> None:
    """It is asked with the model, the scale and the parameters."""
    tests = """
    def unfit(model, scale, size):
        return f"not {model} at {size} ({scale})" if model == "threads" else None

    @pytest.mark.workload(DOUBLE, models=["serial", "threads"], unless=unfit)
    @pytest.mark.parametrize("size", [7])
    def test_one(trial, size):
        trial([1] * size)
    """
    result = suite(tests, "-v", "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*not threads at 7 (default)*"])

"""Each option that is set aside, by the plugin's own reading of it."""

from __future__ import annotations

import pytest

from timetrial.pytest_plugin.set_aside_options import set_aside, with_seed

pytest_plugins = ["pytester"]

SET_ASIDE = [
    (["--benchmark-disable"], "--benchmark-enable", "benchmark_enable", True),
    (["-n", "2"], "-n 0", "dist", "no"),
    (["-n", "auto"], "-n 0", "numprocesses", 0),
    (["--dist=loadfile", "--tx=2*popen"], "-n 0", "tx", []),
    (["-x"], "--maxfail", "maxfail", 0),
    (["--maxfail=3"], "--maxfail", "maxfail", 0),
    (["--exitfirst"], "--maxfail", "maxfail", 0),
    (["--stepwise"], "--stepwise", "stepwise", False),
    (["--sw-skip"], "--stepwise-skip", "stepwise", False),
    (["--pdb"], "--pdb", "usepdb", False),
    (["--trace"], "--trace", "trace", False),
    (["--benchmark-compare"], "--benchmark-compare", "benchmark_compare", None),
    (["--benchmark-compare=0001", "--benchmark-compare-fail=min:5%"], "compare-fail", "benchmark_compare_fail", []),
    (["--benchmark-json=own.json"], "--benchmark-json", "benchmark_json", None),
    (["--benchmark-histogram=own"], "--benchmark-histogram", "benchmark_histogram", None),
    (["--benchmark-cprofile=cumtime"], "--benchmark-cprofile", "benchmark_cprofile", None),
    (["--junitxml=own.xml"], "--junitxml", "xmlpath", None),
]
LEFT_ALONE = [
    [],
    ["--ff"],
    ["--lf"],
    ["--nf"],
    ["--cache-clear"],
    ["--benchmark-disable", "--benchmark-enable"],
    ["-n", "0"],
    ["--maxfail=0"],
    ["--benchmark-timer=time.process_time"],
    ["--benchmark-disable-gc"],
    ["--benchmark-warmup=on"],
    ["--benchmark-min-rounds=50"],
    ["--benchmark-calibration-precision=100"],
    ["--benchmark-autosave"],
    ["-p", "no:xdist"],
]


@pytest.mark.parametrize(
    ("given", "said", "option", "value"),
    SET_ASIDE,
    ids=[each[2] for each in SET_ASIDE],
)
def test_an_option_is_set_aside_and_named(
    given: list[str], said: str, option: str, value: object, pytester: pytest.Pytester
) -> None:
    """One line, which names it."""
    config = pytester.parseconfig(*given)
    lines = set_aside(config)
    assert len(lines) == 1
    assert said in lines[0]
    assert config.getoption(option) == value


@pytest.mark.parametrize("given", LEFT_ALONE, ids=" ".join)
def test_what_hinders_nothing_stays(given: list[str], pytester: pytest.Pytester) -> None:
    """Nothing is said of it."""
    config = pytester.parseconfig(*given)
    before = dict(vars(config.option))
    assert set_aside(config) == []
    assert vars(config.option) == before


@pytest.mark.parametrize("option", ["--collect-only", "--setup-only", "--setup-plan"])
def test_what_measures_nothing_is_refused(option: str, pytester: pytest.Pytester) -> None:
    """By name."""
    with pytest.raises(pytest.UsageError, match=option):
        set_aside(pytester.parseconfig(option))


@pytest.mark.parametrize(
    ("chosen", "given", "expected"),
    [
        ("default", ["tests"], ["tests", "--randomly-seed=7"]),
        ("last", ["tests", "--", "x"], ["tests", "--randomly-seed=7", "--", "x"]),
        (3, ["tests"], ["tests"]),
        (None, ["tests"], ["tests"]),
    ],
)
def test_both_sides_begin_with_one_seed(
    chosen: object, given: list[str], expected: list[str], pytester: pytest.Pytester
) -> None:
    """Where pytest-randomly is, and nobody chose a seed."""
    config = pytester.parseconfig()
    if chosen is not None:
        config.known_args_namespace.randomly_seed = chosen
    arguments = list(given)
    with_seed(config, arguments, "7")
    assert arguments == expected

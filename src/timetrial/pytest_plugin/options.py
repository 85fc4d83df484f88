"""The command-line options and what they mean: read once from pytest's config into frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from timetrial.errors import WorkloadError
from timetrial.pytest_plugin.declared_options import (
    ARRIVALS,
    EVERY_MODEL,
    FOREIGN_INI,
    RESULTS_DIRECTORY,
    RESULTS_INI,
    SCALE_INSTEAD,
    STEAL_INI,
)

if TYPE_CHECKING:
    from timetrial.trial.plan import RoundsPolicy

# pytest-benchmark's own defaults: where the user left them alone, --trial-scale=quick may choose fewer rounds.
_BENCHMARK_DEFAULTS: Final = (5, 1.0)
_QUICK_ROUNDS: Final = (3, 0.15)


@dataclass(frozen=True)
class TrialOptions:
    """What the user asked for, as timetrial sees it."""

    models: tuple[str, ...] | None
    scale: str
    start_method: str | None
    event_loop: str
    dask_scheduler: str | None
    interleave: bool
    interleave_by_name: bool
    accounting: bool
    fail_on_void: bool
    steal_limit: float | None
    foreign_cpu_limit: float | None
    open_loop: tuple[float, str] | None
    sweep: bool
    results_directory: Path | None
    gate_baseline: Path | None = None

    def wants_model(self, model_id: str) -> bool:
        """Whether ``--trial-models`` lets this model, or its variant, run."""
        return (
            self.models is None
            or EVERY_MODEL in self.models
            or model_id in self.models
            or model_id.partition("[")[0] in self.models
            or f"{model_id.partition('][')[0]}]" in self.models  # processes[spawn], whatever the workload's variant
        )

    def models_asked_for(self) -> Sequence[str]:
        """What ``--trial-models`` names: models that run only when they are asked for are among them."""
        if self.models is None or EVERY_MODEL not in self.models:
            return self.models or ()
        from timetrial import models

        return models.names()


def at_scale(points: Mapping[str, Any], scale: str) -> Any:
    """What a marker gives for this scale, or for the one that stands in for it, or in the end as default."""
    return points[next(each for each in (scale, SCALE_INSTEAD.get(scale, scale), "default") if each in points)]


def read_options(config: pytest.Config) -> TrialOptions:
    """The options of this run; raises pytest.UsageError for a value that can't be meant."""
    scale, turns = config.getoption("trial_scale"), config.getoption("trial_interleave")
    return TrialOptions(
        models=_models(config.getoption("trial_models")),
        scale=scale,
        start_method=_start_method(config.getoption("trial_start_method")),
        event_loop=config.getoption("trial_event_loop"),
        dask_scheduler=_dask_scheduler(config.getoption("trial_dask_scheduler")),
        accounting=config.getoption("trial_accounting"),
        # Pairs that tell something take twice the rounds of quick, which only has to show that all works.
        interleave=scale != "quick" if turns is None else turns,
        interleave_by_name=turns is True,
        fail_on_void=config.getoption("trial_fail_on_void"),
        steal_limit=_share(config, STEAL_INI),
        foreign_cpu_limit=_share(config, FOREIGN_INI),
        open_loop=_open_loop(config.getoption("trial_open_loop")),
        sweep=config.getoption("trial_sweep"),
        results_directory=_results_directory(config),
        gate_baseline=_gate_baseline(config),
    )


def rounds_policy(config: pytest.Config, scale: str, marker: Mapping[str, Any]) -> RoundsPolicy:
    """How long to time: pytest-benchmark's options, or what the test's own ``benchmark`` marker says instead."""
    from timetrial.trial.plan import RoundsPolicy

    def setting(name: str, fallback: Any = None) -> Any:
        return marker.get(name, config.getoption(f"benchmark_{name}", fallback))

    # The fallbacks are for a run without pytest-benchmark (-p no:benchmark), whose trials are skipped.
    fewest, longest_s = _BENCHMARK_DEFAULTS
    min_rounds, max_time_s = int(setting("min_rounds", fewest)), float(setting("max_time", longest_s))
    policy = RoundsPolicy(min_rounds=max(1, min_rounds), max_time_s=max_time_s)
    if scale == "quick" and (policy.min_rounds, policy.max_time_s) == _BENCHMARK_DEFAULTS and not _asked_for(config):
        policy = replace(policy, min_rounds=_QUICK_ROUNDS[0], max_time_s=_QUICK_ROUNDS[1])
    precision, confidence = setting("precision"), setting("confidence")
    if precision and confidence:
        policy = replace(policy, precision=float(precision), confidence=float(confidence))
    return policy


def _asked_for(config: pytest.Config) -> bool:
    """Whether the command line itself says how long to time, be it with pytest-benchmark's own defaults."""
    options = ("--benchmark-min-rounds", "--benchmark-max-time")
    return any(str(each).startswith(options) for each in config.invocation_params.args)


def _models(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    from timetrial import models

    chosen = tuple(each.strip() for each in text.split(",") if each.strip())
    try:
        unknown = [
            each
            for each in chosen
            if each != EVERY_MODEL and not (models.is_known(each) or models.is_known(models.split(each)[0]))
        ]
    except WorkloadError as error:
        raise pytest.UsageError(f"--trial-models={text}: {error}") from error
    if unknown or not chosen:
        raise pytest.UsageError(
            f"--trial-models={text}: {unknown[0] if unknown else 'nothing'} is no concurrency model; "
            f"there are: {', '.join(models.names())}; and {EVERY_MODEL}"
        )
    return chosen


def _open_loop(text: str | None) -> tuple[float, str] | None:
    if text is None:
        return None
    number, _, pattern = text.partition(":")
    try:
        fraction = float(number)
    except ValueError:
        fraction = 0.0
    if not 0 < fraction < float("inf") or pattern not in ("", *ARRIVALS):
        raise pytest.UsageError(
            f"--trial-open-loop={text}: give a fraction of the closed loop's rate, such as 0.7, and if you like how "
            f"items come: 0.7:{' or 0.7:'.join(ARRIVALS)}"
        )
    return fraction, pattern or ARRIVALS[0]


def _start_method(asked: str | None) -> str | None:
    if asked is not None:
        import multiprocessing

        here = multiprocessing.get_all_start_methods()
        if asked not in here:
            raise pytest.UsageError(f"--trial-start-method={asked}: this platform has only {', '.join(here)}")
    return asked


def _dask_scheduler(address: str | None) -> str | None:
    if address is not None and not all(address.partition("://")):
        raise pytest.UsageError(f"--trial-dask-scheduler={address}: give an address such as tcp://10.0.0.5:8786")
    return address


def _share(config: pytest.Config, name: str) -> float | None:
    """A share as the ini file gives it; None where it is left to the default."""
    text = config.getini(name)
    if not text:
        return None
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise pytest.UsageError(f"{name} = {text}: it takes a share from 0 to 1, such as 0.1 for a tenth")
    return share


def _results_directory(config: pytest.Config) -> Path | None:
    asked: str | None = config.getoption("trial_results")
    if asked is None and (config.getoption("benchmark_only", default=False) or config.getoption("trial_gate")):
        asked = config.getini(RESULTS_INI) or RESULTS_DIRECTORY
    return config.rootpath / asked if asked else None


def _gate_baseline(config: pytest.Config) -> Path | None:
    asked: str | None = config.getoption("trial_gate")
    if asked is None:
        return None
    if not asked:
        raise pytest.UsageError("--trial-gate= names no baseline: give it a file, or leave the option out")
    if config.getoption("trial_results") == "":
        raise pytest.UsageError("--trial-gate needs the run's file: leave --trial-results= out")
    if config.getoption("dist", "no") != "no":  # the process that ends with the exit status then measures nothing
        raise pytest.UsageError("--trial-gate can't judge a run that pytest-xdist spreads over processes: add -n 0")
    return config.invocation_params.dir / asked

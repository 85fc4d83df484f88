"""The command-line options as pytest knows them: what every run pays for, so that it is little."""

from __future__ import annotations

from typing import Final

import pytest

SCALES: Final = ("quick", "default", "article", "gate")
# What a test without points for a scale of its own uses instead; in the end, "default".
SCALE_INSTEAD: Final = {"gate": "quick"}
START_METHODS: Final = ("fork", "forkserver", "spawn")
EVENT_LOOPS: Final = ("asyncio", "uvloop", "winloop")
EVERY_MODEL: Final = "all"
ARRIVALS: Final = ("uniform", "poisson")
RESULTS_INI: Final = "trial_results"
RESULTS_DIRECTORY: Final = "results"
STEAL_INI: Final = "trial_steal_limit"
FOREIGN_INI: Final = "trial_foreign_cpu_limit"
_DEFAULTS: Final = {
    "trial_scale": "default",
    "trial_event_loop": "asyncio",
}  # of all others: None or False


def add_options(parser: pytest.Parser) -> None:
    """Declares every ``--trial-…`` option; cheap, since each pytest run pays for it."""
    group = parser.getgroup("timetrial", "timetrial: one workload under every concurrency model")
    group.addoption(
        "--trial-models",
        metavar="MODEL,…",
        help="Only these concurrency models, e.g. threads,coroutines or threads[requests]. "
        "A model's plain name brings the workload's variants along. Models that run only when they are asked for, such "
        "as processes[spawn], are listed by timetrial models; all asks for every one.",
    )
    group.addoption(
        "--trial-scale",
        choices=SCALES,
        default=_DEFAULTS["trial_scale"],
        help="The sizes to run: quick to see it work, default to compare, article for the sizes of the literature, "
        "gate for rounds of some 10 ms, as timetrial gate runs them. Default: %(default)r",
    )
    group.addoption(
        "--trial-start-method",
        choices=START_METHODS,
        help="How worker processes start. Default: forkserver where there is one, else spawn.",
    )
    group.addoption(
        "--trial-event-loop",
        choices=EVENT_LOOPS,
        default=_DEFAULTS["trial_event_loop"],
        help="What coroutines run on, async tests included where pytest-asyncio is 1.4 or newer. Default: %(default)r",
    )
    group.addoption(
        "--trial-dask-scheduler",
        metavar="ADDRESS",
        help="Where the model dask finds its cluster, such as tcp://10.0.0.5:8786. Default: one of its own, on this "
        "machine.",
    )
    group.addoption(
        "--trial-interleave",
        action="store_true",
        default=None,
        help="Run the models of a group in turn, round by round in random order, and compare them in pairs: "
        "the table then says by how much one is faster, with an interval, or that it is a tie. This is the default, "
        "except for --trial-scale=quick. "
        "Asked for by name, a line at the end counts the trials that took no turns: those in async tests, and those "
        "of a test with one model; and a test whose models have other work fails.",
    )
    group.addoption(
        "--trial-no-interleave",
        dest="trial_interleave",
        action="store_false",
        default=None,
        help="Run each model's rounds in a row, one model after the other.",
    )
    group.addoption(
        "--trial-accounting",
        action="store_true",
        help="After the timed rounds, run one more that is not timed, and store its CPU time, memory, context "
        "switches, sockets, latencies, event-loop lag and what it left behind.",
    )
    group.addoption(
        "--trial-fail-on-void",
        action="store_true",
        help="End with exit status 1 if a trial was void, whatever the reason; without it, only wrong work fails, and "
        "unfair conditions are shown.",
    )
    group.addoption(
        "--trial-open-loop",
        metavar="FRACTION[:poisson]",
        help="After the timed rounds, let items come at this fraction of the rate that they reached, evenly spaced or "
        "as a Poisson process, and count latencies from when each was due: 0.7, 0.7:poisson.",
    )
    group.addoption(
        "--trial-sweep",
        action="store_true",
        help="Run the sweeps that tests declare with the trial_sweep marker, and nothing else: the curve of each model "
        "over one parameter, and where they cross.",
    )
    group.addoption(
        "--trial-results",
        metavar="DIR",
        help=f"Where to write one JSON file for this run; an empty value writes none. Default with --benchmark-only: "
        f"the ini setting {RESULTS_INI}, or {RESULTS_DIRECTORY}/ under the root directory; else none.",
    )
    parser.addini(STEAL_INI, "Share of a core that the host may take before a trial is void", default="")
    parser.addini(FOREIGN_INI, "Share of all usable cores that other processes may use", default="")
    group.addoption(
        "--trial-gate",
        metavar="FILE",
        help="Compare this run with a stored baseline (timetrial measure, timetrial baseline accept). Exit status 1 "
        "for a regression, 5 where nothing could be asserted.",
    )
    parser.addini(RESULTS_INI, f"Directory of result files (default: {RESULTS_DIRECTORY})", default="")


def something_asked(config: pytest.Config) -> bool:
    """Whether the command line says anything to timetrial; without it, options are read when a test has a trial."""
    said = vars(config.option)
    return bool(said.get("benchmark_only")) or any(
        value != _DEFAULTS.get(name) and value is not False for name, value in said.items() if name.startswith("trial_")
    )

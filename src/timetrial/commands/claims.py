"""``timetrial claims results/``: advice and figures that people repeat, tested on what was measured here."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from timetrial.errors import ClaimError

if TYPE_CHECKING:
    from timetrial.claims import Claim

_BUDGET: Final = "20min"


def run(argv: Sequence[str]) -> int:
    """Returns 0, or 1 where a file or a test module could not be read, or a benchmark did not come to its end.

    Raises ResultsError without results, ClaimError for no claim of that name.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.budget is not None and not options.measure:
        parser.error("--budget goes with --measure")

    from timetrial.claims import all_claims, judge, read_stored
    from timetrial.claims.all_claims import named
    from timetrial.claims.own import own_claims, together
    from timetrial.report.claims import claims_as_dict, claims_lines
    from timetrial.report.escaped import in_terminal, shown
    from timetrial.system.strict_json import dumps

    own, not_collected = own_claims(options.suite)
    claims = together(all_claims(), own)
    if options.only:
        claims = named([each for one in options.only for each in one.split(",")], claims)
    failed = _measure(options, claims) if options.measure else 0
    stored = read_stored(options.path)
    verdicts = judge(stored, claims)
    if options.json:
        print(json.dumps(json.loads(dumps(claims_as_dict(stored, verdicts))), indent=2, ensure_ascii=False))
    else:
        print(shown(claims_lines(stored, verdicts, in_full=bool(options.only))))
    for each in (*stored.broken, *not_collected):
        print(in_terminal(f"left out: {each}"), file=sys.stderr)
    return 1 if stored.broken or not_collected or failed else 0


def _measure(options: argparse.Namespace, claims: Sequence[Claim]) -> int:
    """Measures what is missing, then what is open; returns how many benchmarks did not come to their end."""
    from timetrial.claims.measuring import Measuring
    from timetrial.commands.budget import seconds_of
    from timetrial.report.progress.launches import LaunchesProgress
    from timetrial.system.signals import endings_unwind
    from timetrial.system.warden import warden

    budget_s = seconds_of(options.budget or _BUDGET)
    if options.path.exists() and not options.path.is_dir():
        raise ClaimError(f"{options.path} is a file: --measure takes the folder that its results are to go to")
    progress = LaunchesProgress(sys.stderr)
    measuring = Measuring(options.path, claims, budget_s, progress.say, progress)
    with endings_unwind(), warden():
        try:
            measuring.run()
        except (KeyboardInterrupt, SystemExit) as stop:  # Ctrl-C, or told to end
            progress.clear()
            kept = f"what was measured is in {options.path}; the same command goes on from there"
            if isinstance(stop, KeyboardInterrupt):
                raise KeyboardInterrupt(kept) from None
            progress.say(f"told to end: {kept}")
            raise
        finally:
            progress.clear()
    return len(measuring.failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial claims",
        description="Test advice and figures that people repeat on stored runs of this machine: confirmed, refuted, "
        "inconclusive, or not testable here, each with its figures, and what would settle it.",
    )
    parser.add_argument("path", nargs="?", type=Path, default=Path("results"), help="a file or a folder of results")
    parser.add_argument("--only", action="append", metavar="ID", help="these claims alone, in full; ids with commas")
    parser.add_argument(
        "--measure",
        action="store_true",
        help="measure what is missing, the cheapest first, then more launches of what is open; stop it at any time, "
        "and the same command goes on from there",
    )
    parser.add_argument("--budget", metavar="TIME", help=f"how long that may take, such as 90s or 1h ({_BUDGET})")
    parser.add_argument(
        "--suite",
        action="append",
        default=[],
        metavar="PATH",
        help="where claims of your own are; default: where pytest finds tests in this folder",
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    return parser

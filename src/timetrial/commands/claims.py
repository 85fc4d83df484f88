"""``timetrial claims results/``: advice and figures that people repeat, tested on what was measured here."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path


def run(argv: Sequence[str]) -> int:
    """Returns 0, or 1 where a file could not be read; raises ResultsError without results, ClaimError for no claim."""
    options = _parser().parse_args(argv)

    from timetrial.claims import all_claims, judge, read_stored
    from timetrial.claims.all_claims import named
    from timetrial.report.claims import claims_as_dict, claims_lines
    from timetrial.report.escaped import in_terminal, shown
    from timetrial.system.strict_json import dumps

    claims = all_claims()
    if options.only:
        claims = named([each for one in options.only for each in one.split(",")], claims)
    stored = read_stored(options.path)
    verdicts = judge(stored, claims)
    if options.json:
        print(json.dumps(json.loads(dumps(claims_as_dict(stored, verdicts))), indent=2, ensure_ascii=False))
    else:
        print(shown(claims_lines(stored, verdicts, in_full=bool(options.only))))
    for each in stored.broken:
        print(in_terminal(f"left out: {each}"), file=sys.stderr)
    return 1 if stored.broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial claims",
        description="Test advice and figures that people repeat on stored runs of this machine: confirmed, refuted, "
        "inconclusive, or not testable here, each with its figures, and what would settle it.",
    )
    parser.add_argument("path", nargs="?", type=Path, default=Path("results"), help="a file or a folder of results")
    parser.add_argument("--only", action="append", metavar="ID", help="these claims alone, in full; ids with commas")
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    return parser

"""``timetrial report results/ -o report.html``: stored runs as one page that answers at a glance."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def run(argv: Sequence[str]) -> int:
    """Returns 0, or 1 where a file could not be read; raises ResultsError where there is nothing to report on."""
    options = _parser().parse_args(argv)

    from timetrial.report.page.extra import require_extra

    require_extra("timetrial report")

    from timetrial.report.escaped import in_terminal, shown
    from timetrial.report.page.page import page_of
    from timetrial.report.page.render import render
    from timetrial.report.text import few
    from timetrial.results.collect import collect
    from timetrial.system.files import replace_file, writing

    page = page_of(collect(options.paths), [path for path in options.paths if path.is_dir()])
    with writing(options.output):
        replace_file(options.output, render(page).encode())
    print(in_terminal(f"report: {options.output}"))
    if page.left_out:
        print(shown(few([f"left out: {each}" for each in page.left_out])), file=sys.stderr)
    return 1 if page.left_out else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial report",
        description="Make one page of stored runs: which model to use for each workload, how sure that is, and the "
        "charts behind it. The page is one file, in English and Chinese, and fetches nothing.",
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, default=[Path("results")], metavar="PATH", help="files or folders of results"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("report.html"), metavar="FILE", help="default: report.html"
    )
    return parser

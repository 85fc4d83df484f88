"""``timetrial report results/``: stored runs as one page that answers at a glance, or as Markdown, SVG or CSV."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final

from timetrial.errors import ResultsError

if TYPE_CHECKING:
    from timetrial.report.page.page import Page

_PAGE: Final = Path("report.html")
_EXAMPLES: Final = """\
examples:
  timetrial report results/                               the page, in report.html
  timetrial report results/ --format markdown             what matters most, for a README or a pull request
  timetrial report results/ --format svg -o figures/      each chart as a file of its own
  timetrial report results/ --format csv -o trials.csv    every trial as a row
  timetrial report results/ --serve                       the page on this machine, while runs go on
"""


def run(argv: Sequence[str]) -> int:
    """Returns 0, or 1 where a file could not be read; raises ResultsError where there is nothing to report on."""
    options = _parser().parse_args(argv)

    from timetrial.report.page.extra import require_extra

    require_extra("timetrial report")

    from timetrial.report.escaped import shown
    from timetrial.report.text import few

    if options.serve is not None:
        return _serve(options)
    page = _page(options)
    if options.format == "svg":
        _write_pictures(page, options)
    else:
        _write(_told(page, options), options)
    if page.left_out:
        print(shown(few([f"left out: {each}" for each in page.left_out])), file=sys.stderr)
    return 1 if page.left_out else 0


def _page(options: argparse.Namespace) -> Page:
    from timetrial.report.page.page import page_of
    from timetrial.results.collect import collect

    return page_of(collect(options.paths), [path for path in options.paths if path.is_dir()])


def _serve(options: argparse.Namespace) -> int:
    """Until Ctrl-C."""
    from timetrial.report.page.live import LiveReport, server_of
    from timetrial.report.page.render import render

    live = LiveReport(options.paths, lambda version: render(_page(options), live=version))
    try:
        server = server_of(live, options.serve)
    except (OSError, OverflowError) as error:
        raise ResultsError(
            f"can't serve on port {options.serve} ({error}): leave the number out for a free one"
        ) from error
    with server:
        print(f"the report: http://127.0.0.1:{server.server_port}/ until Ctrl-C", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


def _told(page: Page, options: argparse.Namespace) -> str:
    """The whole report in one text."""
    if options.format == "markdown":
        from timetrial.report.page.markdown import page_markdown

        return page_markdown(page, options.language)
    if options.format == "csv":
        from timetrial.report.page.spreadsheet import page_csv

        return page_csv(page)
    from timetrial.report.page.render import render

    return render(page)


def _write(text: str, options: argparse.Namespace) -> None:
    """To the file, or to standard output; the page goes to a file in any case."""
    from timetrial.report.escaped import in_terminal
    from timetrial.system.files import replace_file, writing

    output = options.output or (_PAGE if options.format == "html" else None)
    if output is None:
        sys.stdout.write(text)
        return
    with writing(output):
        replace_file(output, text.encode())
    print(in_terminal(f"report: {output}"))


def _write_pictures(page: Page, options: argparse.Namespace) -> None:
    from timetrial.report.escaped import shown
    from timetrial.report.page.pictures import pictures
    from timetrial.system.files import replace_file, writing

    folder: Path = options.output or Path()
    drawn = list(pictures(page, options.language))
    if not drawn:
        raise ResultsError("these results make no chart: that takes two models of a workload, or three runs")
    found = [each for each in drawn if fnmatchcase(each[0], options.figure)]
    if not found:
        raise ResultsError(f"no chart's name matches {options.figure!r}: leave --figure out to have all of them")
    for name, content in found:
        with writing(folder / name):
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(folder / name, content.encode())
    print(shown([f"figure: {folder / name}" for name, _ in found]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial report",
        description="Make one page of stored runs: which model to use for each workload, how sure that is, and the "
        "charts behind it. The page is one file, in English and Chinese, and fetches nothing.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("paths", nargs="*", type=Path, default=[Path("results")], metavar="PATH", help="files or folders of results")
    add(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="the file (default: report.html; standard output for markdown and csv), or the folder for svg",
    )
    add("--format", choices=("html", "markdown", "svg", "csv"), default="html", help="default: html")
    add(
        "--figure", default="*", metavar="NAME", help="of svg: those whose file's name matches, such as '*-throughput*'"
    )
    add("--language", choices=("en", "zh"), default="en", help="of markdown and svg; the page has both")
    add(
        "--serve",
        nargs="?",
        type=int,
        const=0,
        metavar="PORT",
        help="show the page on this machine while runs go on, on a free port unless one is named",
    )
    return parser

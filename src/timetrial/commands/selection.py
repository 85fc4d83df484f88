"""Which tests a command is about: said as to pytest itself."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def divide(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Ours, and what stands behind ``--``, which pytest gets as it is."""
    given = list(argv)
    at = given.index("--") if "--" in given else len(given)
    return given[:at], given[at + 1 :]


def add_selection(parser: argparse.ArgumentParser, *, paths: str = "which tests, as for pytest") -> None:
    """The arguments that select tests."""
    parser.add_argument("paths", nargs="*", help=paths)
    parser.add_argument("-k", metavar="EXPRESSION", help="which tests, as for pytest")
    parser.add_argument("-m", metavar="EXPRESSION", help="which tests, as for pytest")


def selection_of(options: argparse.Namespace, for_pytest: Sequence[str]) -> list[str]:
    """The same as words for pytest."""
    named = [(flag, getattr(options, flag[1:])) for flag in ("-k", "-m")]
    return [*options.paths, *(word for flag, value in named if value for word in (flag, value)), *for_pytest]

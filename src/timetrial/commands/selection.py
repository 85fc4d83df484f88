"""Which tests a command is about: said as to pytest itself."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from timetrial.errors import GateError
from timetrial.gate.sides.requirements import Wanted


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


def add_installing(parser: argparse.ArgumentParser) -> None:
    """What is installed besides, on a side whose own pyproject.toml names nothing."""
    for name, what in (("extra", "extra"), ("group", "dependency group")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="NAME",
            help=f"install this {what} of the project too, on sides that name nothing themselves; repeatable",
        )
    parser.add_argument(
        "--requirements",
        action="append",
        default=[],
        metavar="FILE",
        help="and what is in this file, as a path in the project; repeatable",
    )


def wanted_of(options: argparse.Namespace) -> Wanted:
    """What the command line names."""
    return Wanted(tuple(options.extra), tuple(options.group), tuple(options.requirements))


def selection_of(options: argparse.Namespace, for_pytest: Sequence[str], *, copies: bool) -> list[str]:
    """The same as words for pytest, which finds the paths in any copy of the project.

    With ``copies``, raises GateError for a path that lies outside of this folder: both sides would run that very file.
    """
    named = [(flag, getattr(options, flag[1:])) for flag in ("-k", "-m")]
    paths = [_from_here(path, copies=copies) for path in options.paths]
    behind = in_any_copy(for_pytest, copies=copies)
    return [*paths, *(word for flag, value in named if value for word in (flag, value)), *behind]


def in_any_copy(words: Sequence[str], *, copies: bool = True) -> list[str]:
    """Words for pytest, whose absolute paths are those in any copy of the project; raises GateError as above."""
    return [_from_here(each, copies=copies) if _is_path(each) else each for each in words]


def _is_path(word: str) -> bool:
    file = Path(word.partition("::")[0])
    return file.is_absolute() and file.exists()


def _from_here(named: str, *, copies: bool) -> str:
    file, *inside = named.split("::")
    path, here = Path(file), Path.cwd()
    if not path.is_absolute():
        return named
    path, here = path.resolve(), here.resolve()
    if path.is_relative_to(here):
        return "::".join([path.relative_to(here).as_posix(), *inside])
    if copies:
        raise GateError(
            f"{file} lies outside of {here}: each side runs a copy of its own, so name tests that are in it"
        )
    return named

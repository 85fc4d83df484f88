"""The ``timetrial`` command: subcommands that only delegate."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand; returns the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="timetrial",
        description="Run one workload under every concurrency model, prove equal work, time it fairly.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("models", help="the concurrency models, and whether each can run here")
    arguments = parser.parse_args(sys.argv[1:] if argv is None else argv)
    return {"models": _models}[arguments.command]()


def _models() -> int:
    from timetrial import models
    from timetrial.report.text import columns

    rows = [(name, models.get(name).unavailable() or "can run here") for name in models.NAMES]
    print("\n".join(columns(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

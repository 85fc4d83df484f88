"""``timetrial models``: which concurrency models can run here, and what keeps the others from it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def run(argv: Sequence[str]) -> int:
    """Prints a line a model."""
    argparse.ArgumentParser(
        prog="timetrial models", description="The concurrency models, and whether each can run here."
    ).parse_args(argv)

    from timetrial import models
    from timetrial.report.text import columns

    rows = [(name, models.get(name).unavailable() or "can run here") for name in models.NAMES]
    print("\n".join(columns(rows)))
    return 0

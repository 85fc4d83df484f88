"""What the suite's trials note beyond their rounds: tables that read by themselves."""

from __future__ import annotations

from fixtures.noted import Noted, figure_lines


def test_models_stand_below_each_other_with_their_figures() -> None:
    """Names of figures are words with their unit; what a model lacks is a dash."""
    noted = [Noted("serve", "threads", {"requests_per_s": 1234.5, "p99_ms": 3.14159}), Noted("serve", "serial", {})]
    assert figure_lines(noted) == [
        "serve      requests/s  p99 ms",
        "  threads       1,234    3.14",
        "  serial            -       -",
    ]


def test_a_workload_of_variants_with_one_figure_is_a_grid() -> None:
    """Clients below each other, models side by side."""
    noted = [Noted("c", f"{model}[{client}]", {"per_s": 5.0}) for model in ("serial", "threads") for client in "ab"]
    assert figure_lines([*noted[:3]]) == [
        "c, per s  serial  threads",
        "  a            5        5",
        "  b            5        -",
    ]


def test_groups_are_apart() -> None:
    """An empty line between two of them."""
    assert figure_lines([Noted("a", "m", {"x": 1.0}), Noted("b", "m", {"x": 2.0})])[2] == ""

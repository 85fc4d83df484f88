"""The answer as a person reads it: what to use first, ties as ties, and the table below."""

from __future__ import annotations

from timetrial.advice.answer import Answer, Cost, answer
from timetrial.advice.because import Shares
from timetrial.report.answer import answer_lines, headline
from timetrial.results.ways import Rounds, Way

SERIAL, THREADS, PROCESSES = Way("serial", 1), Way("threads", 8), Way("processes", 8)


def _answer(s_per_item: dict[Way, float], costs: dict[Way, Cost] | None = None, shares: Shares | None = None) -> Answer:
    rounds = Rounds()
    for turn in range(10):
        rounds.add(turn, {way: seconds * (1 + turn % 3 / 100) for way, seconds in s_per_item.items()})
    found = answer(rounds, SERIAL, costs or {}, shares)
    assert found is not None
    return found


def test_the_first_line_says_what_to_use_and_how_sure_that_is() -> None:
    """With the speed-up over serial and the lead over the next best."""
    (line,) = headline(_answer({SERIAL: 0.8, THREADS: 0.1, PROCESSES: 0.2}).choice)
    assert line == (
        "Use threads, 8 at once: 8.00 times (8.00 to 8.00) as fast as serial, 2.00 times (2.00 to 2.00) as fast as "
        "the next best, processes, 8 at once."
    )


def test_serial_is_not_told_twice() -> None:
    """As the next best it is the reference already."""
    (line,) = headline(_answer({SERIAL: 0.8, THREADS: 0.1}).choice)
    assert line == "Use threads, 8 at once: 8.00 times (8.00 to 8.00) as fast as serial."


def test_where_serial_wins_the_next_best_is_told() -> None:
    """By how much one would lose."""
    lines = list(headline(_answer({SERIAL: 0.1, THREADS: 0.3}).choice))
    assert lines == [
        "Use serial (one item after the other): nothing that was tried is faster.",
        "The next best, threads, 8 at once, takes 3.00 times (3.00 to 3.00) as long.",
    ]


def test_a_tie_is_called_a_tie_with_what_the_others_gain() -> None:
    """The simplest is advised."""
    *_, line = headline(_answer({SERIAL: 0.8, THREADS: 0.1, PROCESSES: 0.098}).choice)
    assert line == (
        "It is a tie, of which this is the simplest: processes, 8 at once takes 2 % less (0.98 to 0.98 times as long)."
    )


def test_the_whole_answer_has_its_reason_its_costs_and_its_table() -> None:
    """From how many items on it pays, too."""
    costs = {THREADS: Cost(0.2, 0.002, 30_000_000, "pss"), SERIAL: Cost(0.001)}
    lines = answer_lines(_answer({SERIAL: 0.8, THREADS: 0.1}, costs, Shares(0.93, 0.05, 0.02)), can_draw=False)
    assert lines == [
        "Use threads, 8 at once: 8.00 times (8.00 to 8.00) as fast as serial.",
        "Because it waits 93 % of the time, so threads overlap it.",
        "",
        "An item's time: 5 % computing with the GIL held, 2 % computing without it, 93 % waiting.",
        "",
        "Threads-8: 9.90 items a second, 2.00 ms of CPU an item, 30.0 MB of memory, 200 ms to start.",
        "Serial: 1.24 items a second, 1.00 ms to start.",
        "It pays from about 2 items on: with fewer, serial is done before the workers have started.",
        "",
        "model    at once  an item  x serial  interval",
        "threads        8   101 ms      8.00  8.00 to 8.00",
        "serial         1   808 ms      1.00",
    ]


def test_shares_that_could_not_be_told_apart_are_told_as_one() -> None:
    """A busy machine is named as the reason."""
    shares = Shares(0.1, 0.8, 0.1, uncertain=0.5)
    lines = answer_lines(_answer({SERIAL: 0.8, THREADS: 0.1}, shares=shares), can_draw=False)
    assert any(
        "90 % computing, 10 % waiting. How much of the computing holds the GIL could not be told" in each
        for each in lines
    )

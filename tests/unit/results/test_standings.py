"""Standings: who is fastest, and by how much than serial, in whatever order the trials arrive."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from timetrial.advice.of_standings import Placing, placings
from timetrial.results.standings import Entry, Standings, VoidTrial
from timetrial.trial.measurement import Measurement
from timetrial.trial.void import Kind, Void

SHORT = Void(Kind.CLOCK, "too short")


def entry(
    model: str,
    seconds: float,
    *,
    items: int = 1,
    group: str = "squares",
    family: str = "f",
    voids: tuple[Void, ...] = (),
) -> Entry:
    """A trial whose rounds all took so long."""
    measurement = Measurement(
        workload="squares",
        model=model,
        concurrency=8,
        items=items,
        durations_s=(seconds,) * 3,
        startup_s=0.0,
        teardown_s=0.0,
        digest="",
        results=(),
        voids=voids,
    )
    return Entry(group, family, measurement, figures={"speedup": None, "speedup_against": None})


def standings_of(*entries: Entry) -> Standings:
    """The entries, added in this order."""
    standings = Standings()
    for each in entries:
        standings.add(each)
    return standings


def speedup_of(standings: Standings, each: Entry) -> tuple[Any, Any]:
    """What is stored of it."""
    figures = standings.compared(each)
    return figures["speedup"], figures["speedup_against"]


def only_placing(standings: Standings) -> Placing:
    """The placing of the one group there is."""
    (placing,) = placings(standings)
    return placing


def lead_of(placing: Placing) -> float | None:
    """How many times as long the next best takes."""
    assert placing.choice is not None
    return placing.choice.next_best.lead.ratio if placing.choice.next_best else None


def speedup_in(placing: Placing) -> float | None:
    """How many times as long serial takes."""
    assert placing.choice is not None
    return placing.choice.speedup.ratio if placing.choice.speedup else None


def test_without_a_serial_trial_there_is_no_speedup() -> None:
    """None, not a guess."""
    threads = entry("threads", 1.0)
    standings = standings_of(threads)
    assert speedup_of(standings, threads) == (None, None)


@pytest.mark.parametrize("late", [False, True], ids=["serial first", "serial late"])
def test_a_serial_trial_gives_all_its_family_their_speedup_whenever_it_arrives(late: bool) -> None:
    """The figures are brought up to date in place, so that what is written next has them."""
    serial, threads, processes = entry("serial", 4.0), entry("threads", 5.0), entry("processes", 1.0)
    standings = standings_of(*([threads, processes, serial] if late else [serial, threads, processes]))
    assert speedup_of(standings, threads) == (0.8, "serial")
    assert speedup_of(standings, processes) == (4.0, "serial")
    assert speedup_of(standings, serial) == (1.0, "serial")


def test_serial_of_another_family_is_no_measure() -> None:
    """Other work, other speed."""
    threads = entry("threads", 1.0)
    standings = standings_of(threads, entry("serial", 9.0, family="other"))
    assert speedup_of(standings, threads) == (None, None)


def test_serial_at_one_concurrency_serves_all_others() -> None:
    """It is the same family, whatever the group."""
    threads = entry("threads", 1.0, group="squares concurrency=8")
    standings = standings_of(entry("serial", 3.0, group="squares concurrency=1"), threads)
    assert speedup_of(standings, threads) == (3.0, "serial")


def test_speedup_is_by_the_item() -> None:
    """A trial of more items is not slower for it."""
    threads = entry("threads", 4.0, items=8)
    standings = standings_of(entry("serial", 1.0, items=1), threads)
    assert speedup_of(standings, threads) == (2.0, "serial")


def test_a_variant_is_held_against_its_own_serial_if_there_is_one() -> None:
    """So that the model is compared and not the client; else against the plain one."""
    own, other = entry("threads[requests]", 1.0), entry("threads[httpx]", 1.0)
    standings = standings_of(own, other, entry("serial", 8.0), entry("serial[requests]", 4.0))
    assert speedup_of(standings, own) == (4.0, "serial[requests]")
    assert speedup_of(standings, other) == (8.0, "serial")


def test_where_only_variants_run_serially_the_fastest_of_them_is_the_measure() -> None:
    """The most demanding there is."""
    threads = entry("threads", 1.0)
    standings = standings_of(threads, entry("serial[slow]", 9.0), entry("serial[quick]", 2.0))
    assert speedup_of(standings, threads) == (2.0, "serial[quick]")


def test_a_round_too_short_for_the_clock_has_no_ratio() -> None:
    """No division by nothing."""
    instant = entry("threads", 0.0)
    standings = standings_of(entry("serial", 1.0), instant)
    placing = only_placing(standings)
    assert speedup_of(standings, instant) == (None, "serial")
    assert placing.advised is instant
    assert placing.choice is None


def test_a_group_is_won_by_its_fastest_and_led_by_so_much() -> None:
    """With the next best and how many times as long it takes."""
    serial, threads, coroutines = entry("serial", 6.0), entry("threads", 3.0), entry("coroutines", 2.0)
    placing = only_placing(standings_of(serial, threads, coroutines))
    assert (placing.advised, placing.next_best) == (coroutines, threads)
    assert (lead_of(placing), speedup_in(placing)) == (1.5, 3.0)


def test_a_trial_alone_in_its_group_wins_without_a_lead() -> None:
    """There is nobody to lead."""
    placing = only_placing(standings_of(entry("threads", 1.0)))
    assert (placing.next_best, placing.choice) == (None, None)


def test_groups_come_in_the_order_in_which_they_were_first_measured() -> None:
    """As the run went."""
    standings = standings_of(*(entry("threads", 1.0, group=group) for group in ("b", "a", "b", "c")))
    assert [each.group for each in placings(standings)] == ["b", "a", "c"]


def test_a_void_trial_is_never_ranked() -> None:
    """However fast it was."""
    void, threads, serial = entry("coroutines", 0.1, voids=(SHORT,)), entry("threads", 1.0), entry("serial", 2.0)
    standings = standings_of(void, threads, serial)
    placing = only_placing(standings)
    assert (placing.advised, placing.next_best) == (threads, serial)
    assert speedup_of(standings, void) == (None, None)


def test_a_void_serial_trial_gives_nobody_a_speedup() -> None:
    """Its timing means nothing, so neither does a ratio to it."""
    threads = entry("threads", 1.0)
    standings = standings_of(entry("serial", 2.0, voids=(SHORT,)), threads)
    assert speedup_of(standings, threads) == (None, None)
    assert only_placing(standings).choice is None


def test_a_void_trial_takes_part_in_no_pair() -> None:
    """The others of its race are paired without it."""
    trials = [entry("threads", 1.0), entry("serial", 2.0), entry("coroutines", 0.1, voids=(SHORT,))]
    racers = [replace(each, interleaved=True) for each in trials]
    standings = standings_of(*racers)
    assert standings.compared(racers[1])["interleaved"]["against"] == "threads"
    assert "interleaved" not in standings.compared(racers[2])


def test_a_race_that_is_called_off_gives_nobody_a_pair() -> None:
    """Also those that were compared before one of its tests turned out to do other work."""
    racers = [replace(entry(model, 1.0), interleaved=True, race="test_one") for model in ("threads", "serial")]
    standings = standings_of(*racers)
    assert "interleaved" in standings.compared(racers[0])
    standings.call_off("test_one")
    assert not [each for each in racers if "interleaved" in standings.compared(each)]


def test_every_reason_is_kept_and_that_of_a_withdrawn_trial_is_not() -> None:
    """A trial can be void for several reasons; one whose test failed for another is not told of."""
    twice = entry("threads", 1.0, voids=(SHORT, Void(Kind.POOL, "too small")))
    standings = standings_of(twice, entry("serial", 1.0))
    failed = VoidTrial("squares", "processes", Void(Kind.RESULTS, "wrong"))
    standings.add_failed(failed)
    assert [(each.model, each.void.kind) for each in standings.voids] == [
        ("processes", Kind.RESULTS), ("threads", Kind.CLOCK), ("threads", Kind.POOL),
    ]  # fmt: skip
    standings.withdraw(twice)
    assert standings.voids == [failed]


def test_who_was_compared_with_a_withdrawn_trial_is_compared_anew() -> None:
    """Neither a speed-up nor a pair is left of a trial whose test failed."""
    trials = [entry("serial", 4.0), entry("coroutines", 1.0), entry("threads", 2.0)]
    serial, coroutines, threads = (replace(each, interleaved=True) for each in trials)
    standings = standings_of(serial, coroutines, threads)
    assert speedup_of(standings, threads) == (2.0, "serial")
    standings.withdraw(coroutines)
    assert standings.compared(threads)["interleaved"]["against"] == "threads"
    standings.withdraw(serial)
    assert speedup_of(standings, threads) == (None, None)
    standings.withdraw(threads)
    assert list(placings(standings)) == []


def test_where_models_took_turns_their_pairs_decide_who_is_fastest() -> None:
    """Coroutines have the better median, and lost eight turns out of nine: the disturbed ones fell on either side."""
    turns = [(1.0, 1.1), (1.0, 1.1), (1.0, 1.1), (1.0, 1.1), (9.0, 9.9), (9.0, 9.9), (9.0, 9.9), (9.0, 9.9), (9.5, 1.2)]
    threads, coroutines = (
        replace(
            each,
            interleaved=True,
            measurement=replace(each.measurement, durations_s=tuple(turn[place] for turn in turns)),
        )
        for place, each in enumerate([entry("threads", 1.0), entry("coroutines", 1.0)])
    )
    assert coroutines.s_per_item < threads.s_per_item
    standings = standings_of(threads, coroutines)
    placing = only_placing(standings)
    assert (placing.advised, placing.next_best) == (threads, coroutines)
    assert placing.choice is not None
    assert placing.choice.next_best is not None
    assert placing.choice.next_best.lead.low > 1
    assert standings.compared(coroutines)["interleaved"]["against"] == "threads"


def test_serial_stands_in_every_group_that_it_is_the_reference_of() -> None:
    """It runs once for all concurrencies, and wins wherever nobody is faster."""
    standings = standings_of(
        entry("serial", 1.0, group="squares concurrency=1"),
        entry("threads", 1.3, group="squares concurrency=2"),
        entry("processes", 0.5, group="squares concurrency=8"),
    )
    placed = {each.group: each.advised.measurement.model for each in placings(standings)}
    assert placed == {
        "squares concurrency=1": "serial",
        "squares concurrency=2": "serial",
        "squares concurrency=8": "processes",
    }


def test_a_lead_that_nobody_would_notice_is_a_tie_and_the_simplest_comes_first() -> None:
    """Also where models took no turns."""
    serial, threads, coroutines = entry("serial", 1.01), entry("threads", 1.0), entry("coroutines", 0.99)
    placing = only_placing(standings_of(serial, threads, coroutines))
    assert placing.advised is serial
    assert placing.choice is not None
    assert [each.way.model for each in placing.choice.tied] == ["threads", "coroutines"]


def test_tables_name_a_void_trial_as_one() -> None:
    """Also those that rank nothing, such as what each model costs."""
    assert entry("threads", 1.0).shown_model == "threads"
    assert entry("threads", 1.0, voids=(SHORT,)).shown_model == "threads (void)"

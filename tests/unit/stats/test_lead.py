"""How many times as long one takes as the other: paired where they took turns, careful where they did not."""

from __future__ import annotations

from timetrial.stats.lead import DRIFT, lead_of, unpaired_lead


def _turns(*seconds: float, first: int = 0) -> dict[int, float]:
    return dict(enumerate(seconds, start=first))


def test_rounds_of_the_same_turns_are_compared_in_pairs() -> None:
    """A machine that gets three times as slow for a while moves both alike, and not their ratio."""
    pace = (1, 1, 3, 3, 1, 2, 1, 1)
    lead = lead_of(_turns(*(2.0 * each for each in pace)), _turns(*(1.0 * each for each in pace)))
    assert lead is not None
    assert lead.paired
    assert (lead.ratio, lead.low, lead.high) == (2, 2, 2)


def test_only_the_turns_that_both_took_are_paired() -> None:
    """Whoever joined later is held against the rounds from then on."""
    lead = lead_of(_turns(*[9.0] * 4, *[2.0] * 6), _turns(*[1.0] * 6, first=4))
    assert lead is not None
    assert (lead.rounds, lead.ratio) == (6, 2)


def test_rounds_that_never_met_are_compared_with_the_drift_on_top() -> None:
    """One after the other, a lead of 4 % is none; its interval is widened by what a machine drifts."""
    lead = lead_of(_turns(*[1.04] * 6), _turns(*[1.0] * 6, first=100))
    assert lead is not None
    assert not lead.paired
    assert lead.tie
    assert lead.low == 1.04 / DRIFT


def test_a_clear_lead_is_clear_without_turns_too() -> None:
    """Three times as long, round for round, is no drift."""
    lead = unpaired_lead([3.0, 3.1, 2.9, 3.0, 3.2, 3.1], [1.0, 1.1, 0.9, 1.0, 1.0, 1.1])
    assert lead is not None
    assert not lead.tie
    assert lead.low > 2


def test_the_one_taken_for_slower_may_be_the_faster_one() -> None:
    """The interval lies below 1 then."""
    lead = unpaired_lead([1.0] * 6, [3.0] * 6)
    assert lead is not None
    assert lead.reverse


def test_fewer_than_six_rounds_say_nothing() -> None:
    """No interval for a median reaches 95 % with five."""
    assert unpaired_lead([3.0] * 5, [1.0] * 30) is None


def test_a_round_that_took_no_time_says_nothing() -> None:
    """The clock did not see it pass."""
    assert unpaired_lead([3.0] * 6, [1.0] * 5 + [0.0]) is None

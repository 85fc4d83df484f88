"""The sum of squares: a wrong sum voids the trial, and a number that can't be summed up to is named."""

from __future__ import annotations

import pytest

from benchmarks.test_sum_of_squares import SUM_OF_SQUARES
from tests.system.workloads.proving import notes_of, prove
from timetrial import models
from timetrial.errors import VoidTrialError

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("model", models.model_ids(SUM_OF_SQUARES))
def test_sums_are_proved_and_a_number_that_fails_is_named(model: str) -> None:
    """In the article's way too, where nobody notices a process that fails."""
    numbers = [10, 20, 30, 40]
    prove(SUM_OF_SQUARES, model, numbers)
    with pytest.raises(VoidTrialError, match="the result of item 3"):
        prove(SUM_OF_SQUARES, model, numbers, done=[10, 20, 30, 41])
    with pytest.raises(Exception, match=r"float|exit code 1") as failure:
        prove(SUM_OF_SQUARES, model, numbers, done=[10, 20, 30, 4.5])
    assert "item 3, 4.5, under" in notes_of(failure.value)

"""How long the server waits before it answers: a constant, a distribution, or a recorded list; with a seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real

from timetrial.mockserver.draws import draw

LONGEST_MS = 3_600_000.0
_LARGEST_EXPONENT = 700.0  # of what a float can hold


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist  # only where it is used: it costs a start-up several milliseconds

    return NormalDist().inv_cdf(share)


def _lognormal(share: float, median: float, sigma: float) -> float:
    return median * math.exp(min(sigma * _normal_quantile(share), _LARGEST_EXPONENT))


def _pareto(share: float, smallest: float, alpha: float) -> float:
    return smallest * math.exp(min(-math.log1p(-share) / alpha, _LARGEST_EXPONENT))


# name: (what it needs, in words; how many numbers; from a share of the distribution to milliseconds)
_KINDS: dict[str, tuple[str, int, Callable[..., float]]] = {
    "constant": ("constant:MS", 1, lambda _share, ms: ms),
    "uniform": ("uniform:LOW,HIGH", 2, lambda share, low, high: low + (high - low) * share),
    "normal": ("normal:MEAN,DEVIATION", 2, lambda share, mean, sd: mean + sd * _normal_quantile(share)),
    "lognormal": ("lognormal:MEDIAN,SIGMA", 2, _lognormal),
    "pareto": ("pareto:SMALLEST,ALPHA", 2, _pareto),
    "recorded": ("recorded:MS,MS,…", 0, lambda share, *recorded: recorded[int(share * len(recorded))]),
}
_FORMS = ", ".join(form for form, _, _ in _KINDS.values())
_UNREADABLE = f"milliseconds, or one of {_FORMS}"


@dataclass(frozen=True)
class Delay:
    """A delay in milliseconds, to be sampled once for each request; samples are cut to 0 … one hour.

    ``kind`` is one of constant, uniform, normal, lognormal, pareto and recorded; ``numbers`` are what it needs, as
    ``parse_delay`` has checked them: milliseconds, but for the sigma of lognormal and the alpha of pareto.
    """

    kind: str
    numbers: tuple[float, ...]

    def sample_s(self, seed: int, index: int) -> float:
        """The delay of the request with this number, in seconds; the same one for the same seed in every run."""
        if self.kind == "constant":
            return self.numbers[0] / 1e3
        ms = _KINDS[self.kind][2](draw(seed, index), *self.numbers)
        return min(max(ms, 0.0), LONGEST_MS) / 1e3

    def __str__(self) -> str:
        return f"{self.kind}:{','.join(map(number_text, self.numbers))}"


def number_text(number: float) -> str:
    """The number as a URL carries it: exact, and an integer without a point."""
    return str(int(number)) if number.is_integer() else repr(number)


def parse_delay(value: object) -> Delay:
    """A delay from a number of milliseconds, a text such as ``lognormal:20,0.5``, or a list of recorded ones.

    Raises ValueError, which says what it takes, for anything else, and for numbers out of their range.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        return _checked("constant", [value])
    if isinstance(value, str):
        kind, colon, numbers = value.partition(":")
        return _checked(kind, numbers.split(",")) if colon else _checked("constant", [value])
    if isinstance(value, Sequence) and value:
        return _checked("recorded", value)
    raise ValueError(_UNREADABLE)


def _checked(kind: str, given: Sequence[object]) -> Delay:
    if kind not in _KINDS or len(given) != (_KINDS[kind][1] or len(given)):
        raise ValueError(_UNREADABLE)
    numbers = tuple(map(_number, given))
    if kind == "pareto" and not numbers[1]:
        raise ValueError("an alpha above 0 for pareto:SMALLEST,ALPHA")
    if kind == "uniform" and numbers[0] > numbers[1]:
        raise ValueError("the smaller number first for uniform:LOW,HIGH")
    return Delay(kind, numbers)


def _number(given: object) -> float:
    try:
        number = float(given)  # type: ignore[arg-type] # what it can't take is its error
    except (TypeError, ValueError):
        raise ValueError(_UNREADABLE) from None
    except OverflowError:
        number = math.inf
    if isinstance(given, bool) or not 0 <= number <= LONGEST_MS:
        raise ValueError(f"numbers between 0 and {LONGEST_MS:g} (one hour)")
    return number + 0.0  # so that there is no negative zero

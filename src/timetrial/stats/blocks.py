"""Whether blocks of launches, such as those of several machines, tell one story: a pure function, with its sources."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from timetrial.errors import GateError
from timetrial.stats.signed_rank import doubled_ranks

_MOST_COUNTED: Final = 20_000
"""Up to so many ways to deal the values out, each is looked at."""
_ENOUGH: Final = 20
"""So many drawn ways that lie as far apart say well enough how common that is."""
_DRAWN_PER_ALPHA: Final = 4.0
_SEED: Final = 1


def blocks_p(blocks: Sequence[Sequence[float]], alpha: float = 0.001) -> float:
    """How likely blocks of one population lie as far apart as these, or farther; ``alpha`` is what it is held against.

    The statistic is that of Kruskal and Wallis (Journal of the American Statistical Association 47, 1952), on ranks, so
    that a wild launch has no more weight than another. Its distribution is the exact one, of all ways to deal these
    values out to blocks of these sizes, and not the chi-square that they approximate it by, which is far off for the
    few launches that a machine has. Where there are too many ways, some are drawn, always the same: until twenty lie as
    far apart, or there are enough to tell at ``alpha`` (Besag and Clifford, Biometrika 78, 1991, "Sequential Monte
    Carlo p-values"). It assumes launches that are independent and, where no block differs, exchangeable between blocks.
    1.0 where there is one block only. Raises GateError for a block without values.
    """
    if any(not block for block in blocks):
        raise GateError("a block without launches has nothing to say")
    if len(blocks) < 2:
        return 1.0
    ranks, sizes = doubled_ranks([value for block in blocks for value in block]), [len(block) for block in blocks]
    seen = _spread(ranks, sizes)
    if _ways(sizes) <= _MOST_COUNTED:
        spreads = [_spread(dealt, sizes) for dealt in _deals(list(ranks), sizes)]
        return sum(each >= seen for each in spreads) / len(spreads)
    return _drawn_p(ranks, sizes, seen, math.ceil(_DRAWN_PER_ALPHA / alpha))


def _drawn_p(ranks: list[int], sizes: Sequence[int], seen: float, most: int) -> float:
    chance, dealt, as_far = random.Random(_SEED), list(ranks), 0
    for drawn in range(1, most + 1):
        chance.shuffle(dealt)
        as_far += _spread(dealt, sizes) >= seen
        if as_far == _ENOUGH:
            return as_far / drawn
    return (1 + as_far) / (1 + most)


def _spread(ranks: Sequence[int], sizes: Sequence[int]) -> float:
    """What varies in Kruskal and Wallis's H: the sum over blocks of their ranks' sum squared, by their sizes.

    Whole numbers divided by whole numbers, rounded, so that equal deals are equal.
    """
    total, at = 0.0, 0
    for size in sizes:
        total += sum(ranks[at : at + size]) ** 2 / size
        at += size
    return round(total, 6)


def _ways(sizes: Sequence[int]) -> int:
    ways, left = 1, sum(sizes)
    for size in sizes:
        ways *= math.comb(left, size)
        left -= size
    return ways


def _deals(ranks: list[int], sizes: Sequence[int]) -> Iterator[list[int]]:
    """Every way to deal the ranks out, block after block."""
    if len(sizes) == 1:
        yield ranks
        return
    for chosen in combinations(range(len(ranks)), sizes[0]):
        taken = set(chosen)
        rest = [rank for index, rank in enumerate(ranks) if index not in taken]
        head = [ranks[index] for index in chosen]
        for tail in _deals(rest, sizes[1:]):
            yield head + tail

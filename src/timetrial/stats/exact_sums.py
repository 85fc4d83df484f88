"""The exact distribution of a sum whose terms come with fair, independent signs: what chance alone would show.

Where nothing differs, swapping the two sides of a launch turns its effect's sign over and changes nothing else, so
each effect is as likely to be positive as negative, whatever its size. The sum of the weights of the positive ones
has then a distribution that can be counted: of ``2 ** n`` ways to set n signs, how many give each sum.

The counts are the digits of one large integer: adding a weight w is ``x + (x << w * bits)``, all digits at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache


class SignFlips:
    """How many of all ways to set the signs give each sum of positive weights; weights are whole numbers.

    ``most`` is the most weights that will ever be added: it sets how wide a digit has to be.
    """

    def __init__(self, most: int) -> None:
        self._bits = most + 2  # a sum of all digits stays below 2 ** bits - 1
        self._ways = 1
        self.total = 0
        self.count = 0

    def add(self, weight: int) -> None:
        """One more term, positive in one half of the ways and negative in the other."""
        self._ways += self._ways << (weight * self._bits)
        self.total += weight
        self.count += 1

    def at_least(self, positive: int) -> int:
        """In how many ways the positive weights sum to ``positive`` or more.

        The digits of x in base B sum to x modulo B - 1, as in casting out nines; no sum of digits reaches B - 1 here.
        """
        if positive > self.total:
            return 0
        return (self._ways >> (max(positive, 0) * self._bits)) % ((1 << self._bits) - 1)

    def drop(self, positive: int) -> int:
        """Takes out all ways that sum to ``positive`` or more, and says how many they were: they have been stopped."""
        dropped = self.at_least(positive)
        self._ways &= (1 << (max(positive, 0) * self._bits)) - 1
        return dropped

    def lowest_within(self, ways: int) -> int:
        """The smallest sum that is reached or exceeded in at most so many ways; ``total + 1`` if no sum is so rare."""
        low, high = 0, self.total + 1
        while low < high:
            middle = (low + high) // 2
            if self.at_least(middle) <= ways:
                high = middle
            else:
                low = middle + 1
        return low


def flips_of(weights: Sequence[int]) -> SignFlips:
    """The distribution for these weights."""
    flips = SignFlips(len(weights))
    for weight in weights:
        flips.add(weight)
    return flips


@lru_cache(maxsize=256)
def flips_of_ranks(count: int) -> SignFlips:
    """The null distribution of Wilcoxon's signed-rank statistic without ties; not to be changed."""
    return flips_of(range(1, count + 1))

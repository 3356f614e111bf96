"""The budget of epsilon: how much may be asked about one day of tracks, in exact fractions.

Releases about the same day add up (sequential composition); tracks of different days are different units, so each day
has a budget of its own. A budget never returns: what was published stays published. The day is that of event time, so
no clock can reset it.

Source: Dwork and Roth 2014, The Algorithmic Foundations of Differential Privacy, theorem 3.16.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple


class Charge(NamedTuple):
    """What a release cost.

    Attributes:
        dataset: What was asked about, such as a model.
        day: Day of event time, ``YYYY-MM-DD``.
        release: Digest of the release: of the question, and under a key of the exact counts.
        epsilon: Its cost; None for exact counts.
    """

    dataset: str
    day: str
    release: str
    epsilon: Fraction | None

    def is_same_as(self, other: Charge) -> bool:
        """Return whether it is about the same release."""
        return self[:3] == other[:3]


def spent(charges: Iterable[Charge], dataset: str, day: str) -> Fraction:
    """Return what was spent on a day; the same release costs once.

    >>> charges = [Charge("c", "2026-03-01", "a", Fraction(1, 2)), Charge("c", "2026-03-01", "a", Fraction(1, 2))]
    >>> spent(charges, "c", "2026-03-01"), spent(charges, "c", "2026-03-02")
    (Fraction(1, 2), Fraction(0, 1))
    """
    costs = {
        charge.release: charge.epsilon or 0 for charge in charges if (charge.dataset, charge.day) == (dataset, day)
    }
    return Fraction(sum(costs.values()))


def objection(charges: Sequence[Charge], charge: Charge, budget: Fraction) -> str | None:
    """Return why a release may not be made, or None.

    A release that was made may be made again. Exact counts are released once for a day and beside no others: two of
    them could be subtracted, and beside counts with noise they would undo the noise.

    Args:
        charges: What was released so far.
        charge: What would be released.
        budget: Most that a day may cost.
    """
    of_day = [paid for paid in charges if (paid.dataset, paid.day) == (charge.dataset, charge.day)]
    if any(map(charge.is_same_as, of_day)):
        return None
    what = f"{charge.dataset} for {charge.day}"
    if charge.epsilon is None:
        return f"Other counts of {what} were released; they could be subtracted from exact ones" if of_day else None
    if any(paid.epsilon is None for paid in of_day):
        return f"Exact counts of {what} were released; noise would protect nobody now"
    before = spent(of_day, charge.dataset, charge.day)
    if before + charge.epsilon <= budget:
        return None
    return f"The budget of {what} is {budget}, {before} of it is spent, and this release costs {charge.epsilon}"

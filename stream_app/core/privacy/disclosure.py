"""Which counts of one release may be seen: n >= k, and no subtraction that gets at fewer than k people.

A reader may know the total of a release (from the totals of another attribute, or from a live counter without
groups). Total minus what is shown is what is hidden, so the hidden part as a whole must hold nobody or at least k
people; else the smallest shown cell is hidden too, and so on.

Limits: this looks at one release. Two releases of nested windows, or a running total read twice, can still be
subtracted; see ``docs/metrics.md``.

Source: Hundepool et al. 2012, Statistical Disclosure Control, ch. 4 (primary and secondary suppression).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Cell = TypeVar("Cell", bound=Hashable)


@dataclass(frozen=True)
class Disclosure(Generic[Cell]):
    """What may leave of one release.

    Attributes:
        shown: Cells that may be shown.
        small: Cells hidden because they hold 1 to k-1 people. An empty cell is in none of these sets, and a reader
            cannot tell it from a small one.
        complementary: Cells hidden so that the small ones cannot be found by subtraction.
        is_total_shown: Whether the total may be shown.
    """

    shown: frozenset[Cell]
    small: frozenset[Cell]
    complementary: frozenset[Cell]
    is_total_shown: bool


def disclose(people: Mapping[Cell, int], k: int) -> Disclosure[Cell]:
    """Decide what of one release may be shown.

    Cells below ``k`` are hidden; then the smallest shown ones (by the order of ``people`` where they are equal) until
    the hidden cells together hold nobody or at least ``k``. Where hiding everything is not enough, the total is
    hidden too.

    Args:
        people: People (decisions, tracks) by cell; they do not overlap.
        k: Fewest people that may be shown; 0 shows everything.

    >>> release = disclose({"white": 90, "black": 40, "hispan": 4}, 10)
    >>> sorted(release.shown), sorted(release.complementary), release.is_total_shown
    (['white'], ['black'], True)
    >>> disclose({"white": 90, "black": 6, "hispan": 4}, 10).complementary
    frozenset()
    """
    small = frozenset(cell for cell, n in people.items() if 0 < n < k)
    shown = sorted((cell for cell, n in people.items() if n >= k), key=lambda cell: people[cell], reverse=True)
    hidden = sum(people[cell] for cell in small)
    complementary = set()
    while 0 < hidden < k and shown:
        cell = shown.pop()
        complementary.add(cell)
        hidden += people[cell]
    return Disclosure(frozenset(shown), small, frozenset(complementary), hidden == 0 or hidden >= k)

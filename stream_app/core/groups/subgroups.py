"""Every subgroup against its reference.

A subgroup fixes labels of one or more attributes: (female), (female, black), (female, black, 18-29). It is compared
with the cross of the reference labels of the *same* attributes. Some of its labels may be reference labels themselves:
(female, white) against (male, white) asks about sex among the white. Only the cell where all are is left out, since it
is the reference.

Source: Kearns et al. 2018, Preventing Fairness Gerrymandering (a rule kept for each attribute can be broken for
subgroups); Crenshaw 1989.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations, product

from stream_app.core.arrays import Ints

MAX_DEPTH = 3


@dataclass(frozen=True)
class Subgroup:
    """A pair: one combination of labels and the combination that it is compared with.

    Attributes:
        attributes: Names of the attributes, in declared order.
        labels: The label of each.
        reference: The reference label of each.
    """

    attributes: tuple[str, ...]
    labels: tuple[str, ...]
    reference: tuple[str, ...]


def subgroups(attributes: Sequence[tuple[str, tuple[str, ...], str]], max_depth: int = MAX_DEPTH) -> list[Subgroup]:
    """List all subgroups of 1 to ``max_depth`` attributes.

    Args:
        attributes: Name, declared groups and reference group of each attribute.
        max_depth: Most attributes that are crossed, >= 1.

    Returns:
        First those of one attribute, then of two, and so on; within that in the order of declaration. For each choice
        of attributes one less than the product of their numbers of groups.

    Raises:
        ValueError: ``max_depth`` is below 1.

    >>> pairs = subgroups([("sex", ("female", "male"), "male"), ("race", ("white", "black"), "white")], 2)
    >>> [subgroup.labels for subgroup in pairs]
    [('female',), ('black',), ('female', 'white'), ('female', 'black'), ('male', 'black')]
    >>> pairs[2].reference
    ('male', 'white')
    """
    if max_depth < 1:
        raise ValueError(f"max_depth is {max_depth}, expected at least 1")
    chosen = chain.from_iterable(combinations(attributes, depth) for depth in range(1, max_depth + 1))
    return [subgroup for choice in chosen for subgroup in _cross(choice)]


def worst_hit(counts: Ints, *, min_n: int) -> int | None:
    """Return the place of the subgroup with the most negative gap, compared exactly; the first of equal ones.

    Args:
        counts: Shape (subgroups, strata, 4) as ``Marginalizer.counts`` returns it; strata are added up.
        min_n: Fewest decisions in the group and in the reference, >= 1.

    Returns:
        None when no pair has enough decisions, or no gap is below 0.

    >>> import numpy as np
    >>> worst_hit(np.array([[[9, 10, 9, 10]], [[5, 10, 9, 10]], [[0, 2, 9, 10]]]), min_n=5)
    1
    """
    gaps = {
        place: Fraction(k, n) - Fraction(k_reference, n_reference)
        for place, (k, n, k_reference, n_reference) in enumerate(counts.sum(axis=1).tolist())
        if min(n, n_reference) >= min_n
    }
    worst = min(gaps, key=gaps.__getitem__, default=None)
    return worst if worst is not None and gaps[worst] < 0 else None


def _cross(choice: Sequence[tuple[str, tuple[str, ...], str]]) -> Iterable[Subgroup]:
    """Yield every combination of the groups of some attributes but the one of all references."""
    names = tuple(name for name, _, _ in choice)
    reference = tuple(label for _, _, label in choice)
    for labels in product(*(groups for _, groups, _ in choice)):
        if labels != reference:
            yield Subgroup(names, labels, reference)

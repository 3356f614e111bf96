"""Repaired features of replayed decisions, as means of parts of groups: no value of a person is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from stream_app.core.arrays import Floats, Ints
from stream_app.core.mitigation.impact_remover import largest_difference, repair
from stream_app.pipeline.replay.mitigation.results import RepairedFeature, RepairedValue, Repairs

MAX_PARTS = 20


def repair_features(
    features: Floats, groups: Ints, names: Sequence[str], labels: Sequence[str], level: float, k: int
) -> Repairs:
    """Return the repair of every feature.

    Args:
        features: Complete features, shape (n, features).
        groups: Place of the group of each case among the labels, each at least once, shape (n,).
        names: Names of the features.
        labels: Names of the groups.
        level: How much is repaired, from 0 to 1.
        k: Fewest people about whom anything is shown: each part of a group has as many.
    """
    return Repairs(
        level=level,
        features=tuple(
            _repaired(column, groups, name, labels, level, k) for name, column in zip(names, features.T, strict=True)
        ),
    )


def _repaired(values: Floats, groups: Ints, name: str, labels: Sequence[str], level: float, k: int) -> RepairedFeature:
    after = repair(values, groups, level).apply(values, groups)
    return RepairedFeature(
        feature=name,
        before=largest_difference(values, groups),
        after=largest_difference(after, groups),
        values=tuple(
            value
            for number, label in enumerate(labels)
            for value in _parts(values[groups == number], after[groups == number], label, k)
        ),
    )


def _parts(values: Floats, after: Floats, label: str, k: int) -> Iterator[RepairedValue]:
    order = np.argsort(values, kind="stable")
    n_parts = max(1, min(len(values) // max(k, 1), MAX_PARTS))
    for places in np.array_split(order, n_parts):
        yield RepairedValue(group=label, value=float(values[places].mean()), repaired=float(after[places].mean()))

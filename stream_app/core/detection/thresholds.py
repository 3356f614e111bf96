"""The false-alarm budget of all detectors together, in false alarms per million decisions, and its allocation.

A detector whose statistic is compared with ``c`` raises at most one false alarm in ``c`` decisions on average. The
permitted number ``F`` for each million is allocated by weights ``w`` that sum to 1: ``c = 1e6 / (F w)``. The sum of
all false alarms then stays below ``F``, however the detectors depend on each other. The price is ``log D / log c``:
twenty detectors instead of one need about a fifth more decisions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MILLION = 1e6


class Family(NamedTuple):
    """Detectors that share one part of the false-alarm budget.

    Attributes:
        share: Part of the family relative to the other families, > 0.
        n_detectors: How many detectors share it equally, >= 0.
    """

    share: float
    n_detectors: int


def share_weights(families: Mapping[str, Family]) -> dict[str, float]:
    """Return the weight of one detector of each family; over all detectors the weights sum to 1.

    The share of a family without detectors goes to the others, in proportion; its own weight is 0.

    Raises:
        ValueError: There is no detector at all, a share is not > 0, or a number of detectors is < 0.

    >>> share_weights({"attributes": Family(0.5, 2), "intersections": Family(0.5, 50)})
    {'attributes': 0.25, 'intersections': 0.01}
    """
    if any(not 0 < family.share < math.inf or family.n_detectors < 0 for family in families.values()):
        raise ValueError("a family needs a finite share > 0 and at least 0 detectors")
    total = sum(family.share for family in families.values() if family.n_detectors)
    if not total:
        raise ValueError("false alarms cannot be allocated without detectors")
    return {
        name: family.share / total / family.n_detectors if family.n_detectors else 0.0
        for name, family in families.items()
    }


def log_thresholds(false_alarms_per_million: float, weights: Sequence[float]) -> list[float]:
    """Return ``log(1e6 / (F w))`` of each detector.

    Args:
        false_alarms_per_million: False alarms ``F`` that all detectors together may raise in a million decisions, on
            average, in (0, 1e6).
        weights: Part of each detector, > 0; they sum to 1.

    Raises:
        ValueError: ``F`` or a weight is out of range, or the weights do not sum to 1.

    >>> [round(log_c / math.log(10), 6) for log_c in log_thresholds(0.1, [0.5, 0.25, 0.25])]
    [7.30103, 7.60206, 7.60206]
    """
    if not 0 < false_alarms_per_million < MILLION:
        raise ValueError(f"invalid number of false alarms per million decisions: {false_alarms_per_million}")
    if not all(weight > 0 for weight in weights) or not math.isclose(math.fsum(weights), 1.0, abs_tol=1e-9):
        raise ValueError("weights must be > 0 and sum to 1")
    return [math.log(MILLION / (false_alarms_per_million * weight)) for weight in weights]

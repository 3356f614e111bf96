"""The false-alarm budget of a model, and its allocation to everything that is tested about it.

Decisions, scores and outcomes of a model are monitored in different places, but their false alarms are one sum. Each
family of tests gets a part of it, and each test of a family the same part of that.
"""

from __future__ import annotations

import enum

from stream_app.core.detection.thresholds import Family, log_thresholds, share_weights
from stream_app.core.groups.subgroups import subgroups
from stream_app.policy import ModelPolicy

N_PAIR_TESTS = 4  # of a pair's decisions: ratio and gap, low and high
N_OF_QUESTION = 2  # low and high


class BudgetFamily(enum.StrEnum):
    """What a family of tests is about."""

    ATTRIBUTES = "attributes"
    INTERSECTIONS = "intersections"
    OUTCOMES = "outcomes"
    SCORES = "scores"
    SCORE_DRIFT = "score_drift"


# Parts of families that a model lacks go to the others, in proportion: decisions alone are shared half and half.
_SHARES = {
    BudgetFamily.ATTRIBUTES: 0.35,
    BudgetFamily.INTERSECTIONS: 0.35,
    BudgetFamily.OUTCOMES: 0.15,
    BudgetFamily.SCORES: 0.075,
    BudgetFamily.SCORE_DRIFT: 0.075,
}


def log_thresholds_of(model: ModelPolicy) -> dict[BudgetFamily, float]:
    """Return the natural log of the threshold of one test of each family that the model has.

    Args:
        model: Its policy, of kind ``decisions``.

    >>> from stream_app.policy import load_policy
    >>> logs = log_thresholds_of(load_policy("loans").models[0])
    >>> {family.value: round(log_c / 2.302585, 2) for family, log_c in logs.items()}
    {'attributes': 8.75, 'intersections': 9.68}
    """
    counts = n_tests_of(model)
    if not any(counts.values()):
        return {}
    weights = share_weights({kind: Family(_SHARES[kind], n) for kind, n in counts.items()})
    kinds = [kind for kind, n in counts.items() for _ in range(n)]
    logs = log_thresholds(model.detection.false_alarms_per_million, [weights[kind] for kind in kinds])
    return dict(zip(kinds, logs, strict=True))


def n_tests_of(model: ModelPolicy) -> dict[BudgetFamily, int]:
    """Return how many tests each family has."""
    attributes = [(attribute.name, attribute.groups, attribute.reference or "") for attribute in model.attributes]
    pairs = subgroups(attributes, model.detection.max_depth)
    n_single = sum(len(pair.attributes) == 1 for pair in pairs)
    n_questions = 0 if model.outcome is None else 1 if model.outcome.is_selective else 2
    n_groups = sum(len(attribute.groups) for attribute in model.attributes)
    has_score = model.score is not None
    n_bins = 0 if model.score is None else len(model.score.bins)
    return {
        BudgetFamily.ATTRIBUTES: n_single * N_PAIR_TESTS,
        BudgetFamily.INTERSECTIONS: (len(pairs) - n_single) * N_PAIR_TESTS,
        BudgetFamily.OUTCOMES: n_single * N_OF_QUESTION * n_questions,
        BudgetFamily.SCORES: n_single * N_OF_QUESTION * has_score,
        BudgetFamily.SCORE_DRIFT: n_groups * n_bins,
    }

"""The false-alarm budget of a model, and its allocation to everything that is tested about it.

Decisions, scores and outcomes of a model are monitored in different places, but their false alarms are one sum. Each
family of tests gets a part of it, and each test of a family the same part of that.

Ratio and gap of a pair share one part per direction where the gap cannot be broken unless the ratio is (``max_gap >= 1
- min_disparate_impact_ratio``): the gap's alarm then waits for the ratio's, and both count as one alarm. Let ``c / 2``
be the threshold that one test has instead of two. If the ratio is kept all the time, every false alarm comes with one
of the ratio: at most ``2 N / c`` in ``N`` decisions. If the ratio is broken at times and the gap never, only the gap's
alarms can be false: at most ``2 N / c`` again, as two tests at ``c`` had.

Source: Marcus, Peritz and Gabriel 1976, "On closed testing procedures with special reference to ordered analysis of
variance".
"""

from __future__ import annotations

import enum

from stream_app.core.detection.procedures import Procedure
from stream_app.core.detection.thresholds import Family, log_thresholds, share_weights
from stream_app.core.groups.subgroups import subgroups
from stream_app.policy import Detection, ModelPolicy, Rules

N_DIRECTIONS = 2  # low and high
N_PAIR_RULES = 2  # of a pair's decisions: ratio and gap
N_PAIR_TESTS = N_PAIR_RULES * N_DIRECTIONS
_ROUNDING = 1e-9  # of limits that are written as decimal fractions


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
        model: Its policy, of kind ``decisions`` or ``amounts``.

    >>> from stream_app.policy import load_policy
    >>> logs = log_thresholds_of(load_policy("loans").models[0])
    >>> {family.value: round(log_c / 2.302585, 2) for family, log_c in logs.items()}
    {'attributes': 8.45, 'intersections': 9.38}
    """
    counts = n_tests_of(model)
    if not any(counts.values()):
        return {}
    weights = share_weights({kind: Family(_SHARES[kind], n) for kind, n in counts.items()})
    kinds = [kind for kind, n in counts.items() for _ in range(n)]
    logs = log_thresholds(_promised_per_million(model.detection), [weights[kind] for kind in kinds])
    return dict(zip(kinds, logs, strict=True))


def procedure_of(detection: Detection) -> Procedure:
    """Return how alarms are selected."""
    return Procedure(detection.procedure)


def is_gap_gated(rules: Rules) -> bool:
    """Return whether a gap beyond its limit implies a ratio beyond its own, whatever the rates are.

    ``p_a < p_b - max_gap <= p_b - (1 - r) p_b = r p_b`` where ``max_gap >= 1 - r``.

    >>> is_gap_gated(Rules()), is_gap_gated(Rules(max_gap=0.1))
    (True, False)
    """
    return rules.max_gap >= 1 - rules.min_disparate_impact_ratio - _ROUNDING


def n_tests_of(model: ModelPolicy) -> dict[BudgetFamily, int]:
    """Return how many tests of each family need a part of the budget of their own; gated ones need none."""
    attributes = [(attribute.name, attribute.groups, attribute.reference or "") for attribute in model.attributes]
    pairs = subgroups(attributes, model.detection.max_depth)
    n_single = sum(len(pair.attributes) == 1 for pair in pairs)
    n_questions = 0 if model.outcome is None else 1 if model.outcome.is_selective else 2
    n_estimated = sum(len(proxy.groups) - 1 for proxy in model.proxies)
    n_groups = sum(len(attribute.groups) for attribute in model.attributes)
    has_score = model.score is not None
    n_bins = 0 if model.score is None else len(model.score.bins)
    n_of_pair = N_DIRECTIONS * (1 if _is_one_rule(model) else N_PAIR_RULES)
    return {
        BudgetFamily.ATTRIBUTES: (n_single + n_estimated) * n_of_pair,
        BudgetFamily.INTERSECTIONS: (len(pairs) - n_single) * n_of_pair,
        BudgetFamily.OUTCOMES: n_single * N_DIRECTIONS * n_questions,
        BudgetFamily.SCORES: n_single * N_DIRECTIONS * has_score,
        BudgetFamily.SCORE_DRIFT: n_groups * n_bins,
    }


def _is_one_rule(model: ModelPolicy) -> bool:
    """Return whether the rules of a pair need one part of the budget in each direction: of amounts where it is one."""
    return model.rules.min_mean_ratio is None if model.kind == "amounts" else is_gap_gated(model.rules)


def _promised_per_million(detection: Detection) -> float:
    """Return what the procedure promises at most per million decisions: false alarms, or shares of false ones."""
    if procedure_of(detection) is Procedure.FDR:
        return detection.false_discovery_rate
    return detection.false_alarms_per_million

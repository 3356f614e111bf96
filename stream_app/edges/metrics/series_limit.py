"""How many fairness series a policy can make at most, added up from the instruments that make them.

Each class of rows says how many series it makes for a group, an attribute or a kind of limit, from its own list of
instruments; this module multiplies by what the policy declares.
"""

from __future__ import annotations

from math import comb

from stream_app.edges.metrics.alert_levels import AlertLevels, pair_kinds_of, questions_of
from stream_app.edges.metrics.breach_rows import N_IN_BREACH, BreachRows
from stream_app.edges.metrics.fairness_values import (
    N_EXPLAINED,
    N_UNDECLARED,
    N_WORST,
    CauseValues,
    EvidenceValues,
    GroupScope,
    GroupValues,
)
from stream_app.edges.metrics.hours_metrics import HoursMetrics
from stream_app.edges.metrics.incidents import About, Incidents, about_of
from stream_app.edges.metrics.outcome_values import OutcomeValues
from stream_app.edges.metrics.sealed_metrics import SealedMetrics, is_sealed
from stream_app.pipeline.judge.budget import N_DIRECTIONS, N_PAIR_TESTS
from stream_app.pipeline.records.evidence import PAIR_KINDS
from stream_app.policy import Attribute, ModelPolicy, Policy, Proxy

SUPPRESSION_REASONS = ("small_cell", "complementary")
_N_SUPPRESSED = len(SUPPRESSION_REASONS)  # series of an attribute, one for each reason
_N_ENDS = 1  # end of the newest window of an attribute and window
_N_REFERENCES = 1  # reference group of an attribute
_N_PROXIES = 1  # that an attribute is estimated
_N_AMOUNTS = 1  # which amount is decided


def count_series(policy: Policy) -> int:
    """Return the maximum number of fairness series of a policy.

    >>> from stream_app.policy import load_policy
    >>> count_series(load_policy("loans")) < 3000
    True
    """
    return sum(map(_of_model, policy.models))


def _of_model(model: ModelPolicy) -> int:
    if is_sealed(model):
        return SealedMetrics.n_series(len(model.windows))
    if model.kind == "counts":
        return _N_SUPPRESSED
    if model.kind == "allocations":
        return HoursMetrics.n_series(model)
    n_attributes = len(model.attributes)
    if model.kind == "amounts":
        return _of_amounts(model)
    n_crosses = sum(comb(n_attributes, depth) for depth in range(2, model.detection.max_depth + 1))
    n_series = sum(_of_attribute(model, attribute) for attribute in model.attributes) + n_crosses * _of_cross(model)
    return n_series + sum(_of_proxy(model, proxy) for proxy in model.proxies)


def _of_amounts(model: ModelPolicy) -> int:
    n_attributes, n_windows, n_kinds = len(model.attributes), len(model.windows), len(pair_kinds_of(model))
    n_tests = N_DIRECTIONS * n_kinds
    n_crosses = sum(comb(n_attributes, depth) for depth in range(2, model.detection.max_depth + 1))
    n_of_all = AlertLevels.n_series(n_kinds) + Incidents.n_series(1) + _N_REFERENCES + _N_SUPPRESSED
    n_series = _N_AMOUNTS + (n_attributes + n_crosses) * n_of_all
    for attribute in model.attributes:
        n_groups = len(attribute.groups)
        n_series += n_windows * ((n_groups + N_UNDECLARED) * GroupValues.n_series(GroupScope.AMOUNT) + _N_ENDS)
        n_series += EvidenceValues.n_series(n_tests, n_groups) + BreachRows.n_series_of_means(n_groups, n_kinds)
        n_series += n_kinds + n_groups  # the limit of each kind, the place of each group
    n_worst = N_WORST + N_IN_BREACH
    n_of_window = n_worst * GroupValues.n_series(GroupScope.CROSSED_AMOUNT) + _N_ENDS
    of_tests = EvidenceValues.n_series(n_tests, n_worst) + BreachRows.n_series_of_means(N_IN_BREACH, n_kinds)
    return n_series + n_crosses * (n_windows * n_of_window + of_tests)


def _of_attribute(model: ModelPolicy, attribute: Attribute) -> int:
    questions = questions_of(model)
    n_windows, n_groups, n_questions = len(model.windows), len(attribute.groups), len(questions)
    n_kinds = len(PAIR_KINDS) + n_questions
    n_tests = N_PAIR_TESTS + 2 * n_questions + (model.score is not None)
    n_of_window = (
        n_groups * GroupValues.n_series(GroupScope.DECLARED)
        + N_UNDECLARED * GroupValues.n_series(GroupScope.UNDECLARED)
        + N_EXPLAINED * CauseValues.n_series()
        + _N_ENDS
    )
    n_series = n_windows * n_of_window
    n_series += EvidenceValues.n_series(n_tests, n_groups) + AlertLevels.n_series(n_kinds)
    n_abouts = len({About.DECISIONS, *(about_of(question.kind) for question in questions)})
    n_series += BreachRows.n_series(n_groups, n_kinds, n_abouts) + Incidents.n_series(n_abouts)
    n_series += n_kinds + _N_REFERENCES + n_groups + _N_SUPPRESSED  # the limit of each kind, the place of each group
    if model.outcome is not None:
        n_series += OutcomeValues.n_series(n_windows) * (n_groups + N_UNDECLARED)
    return n_series


def _of_proxy(model: ModelPolicy, proxy: Proxy) -> int:
    n_windows, n_groups, n_kinds = len(model.windows), len(proxy.groups), len(PAIR_KINDS)
    n_of_window = n_groups * GroupValues.n_series(GroupScope.PROXY) + _N_ENDS
    n_of_window += N_UNDECLARED * GroupValues.n_series(GroupScope.UNDECLARED)
    n_series = n_windows * n_of_window + EvidenceValues.n_series(N_PAIR_TESTS, n_groups)
    n_series += AlertLevels.n_series(n_kinds) + n_kinds
    n_series += BreachRows.n_series(n_groups, n_kinds) + Incidents.n_series(1)
    return n_series + _N_REFERENCES + n_groups + _N_PROXIES + _N_SUPPRESSED


def _of_cross(model: ModelPolicy) -> int:
    n_windows, n_kinds = len(model.windows), len(PAIR_KINDS)
    n_groups = N_WORST + N_IN_BREACH
    n_series = n_windows * (n_groups * GroupValues.n_series(GroupScope.CROSSED) + _N_ENDS)
    n_series += EvidenceValues.n_series(N_PAIR_TESTS, n_groups) + AlertLevels.n_series(n_kinds)
    n_series += BreachRows.n_series(N_IN_BREACH, n_kinds, is_crossed=True) + Incidents.n_series(1)
    return n_series + _N_REFERENCES + _N_SUPPRESSED

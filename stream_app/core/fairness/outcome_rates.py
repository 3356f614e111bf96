"""Fairness of decisions whose outcome is known: who was rightly and wrongly approved.

A *positive* is a case whose outcome was good (the loan was repaid), *favorable* is the decision (the loan was
approved). Rates by group, and gaps against the reference group: group minus reference, negative is harm to the group,
as for the statistical parity difference.

Selective labels: where an outcome is known for approved cases only, neither true nor false positive rates are
identified, whatever the counts say. The caller knows whether that is so, and then publishes ``undefined(...)`` for them
with ``selective_labels`` and ``failure_rate_difference`` instead.

Source: Hardt, Price and Srebro 2016, "Equality of opportunity in supervised learning"; Chouldechova 2017, "Fair
prediction with disparate impact" (predictive parity); Lakkaraju et al. 2017, "The selective labels problem".
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from stream_app.core.groups.comparison import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.groups.counts import GroupCount
from stream_app.core.intervals.intervals import Interval, koopman, mean_of_gaps, newcombe, wilson


class LabelReason(enum.StrEnum):
    """Why a value that needs outcomes cannot be formed."""

    NO_OUTCOMES = "no_outcomes"
    NO_POSITIVES = "no_positives"
    NO_NEGATIVES = "no_negatives"
    NO_FAVORABLE = "no_favorable"
    REFERENCE_NO_OUTCOMES = "reference_no_outcomes"
    REFERENCE_NO_POSITIVES = "reference_no_positives"
    REFERENCE_NO_NEGATIVES = "reference_no_negatives"
    REFERENCE_NO_FAVORABLE = "reference_no_favorable"
    SELECTIVE_LABELS = "selective_labels"  # outcomes of denied cases are never seen; the caller says so


class ConfusionCount(NamedTuple):
    """Decisions about one group with a known outcome, >= 0 each.

    Attributes:
        tp: Approved, good outcome.
        fp: Approved, bad outcome.
        fn: Denied, good outcome.
        tn: Denied, bad outcome.
    """

    tp: int
    fp: int
    fn: int
    tn: int


class Measurement(NamedTuple):
    """A rate or a gap with its interval.

    Attributes:
        value: None when it cannot be formed.
        interval: 95 %; the full range when the value cannot be formed, and then with the reason.
        n: Cases of the group that it is based on.
        n_reference: Cases of the reference group; None for a rate.
    """

    value: float | None
    interval: Interval
    n: int
    n_reference: int | None = None

    @property
    def reason(self) -> enum.StrEnum | None:
        """Why there is no value."""
        return self.interval.reason


class _Share(NamedTuple):
    """A rate as counts, and the reason when there are none."""

    of: GroupCount
    reason: LabelReason | None


def true_positive_rate(count: ConfusionCount) -> Measurement:
    """Return ``tp / (tp + fn)``: the approved among those with a good outcome, in [0, 1], with its Wilson interval.

    >>> measured = true_positive_rate(ConfusionCount(tp=127, fp=6, fn=17, tn=47))
    >>> round(measured.value, 6), measured.n
    (0.881944, 144)
    """
    return _rate(_of_positives(count))


def false_positive_rate(count: ConfusionCount) -> Measurement:
    """Return ``fp / (fp + tn)``: the approved among those with a bad outcome, in [0, 1]."""
    return _rate(_of_negatives(count))


def positive_predictive_value(count: ConfusionCount) -> Measurement:
    """Return ``tp / (tp + fp)``: the good outcomes among the approved, in [0, 1]."""
    return _rate(_of_favorable(count))


def failure_rate(count: ConfusionCount) -> Measurement:
    """Return ``fp / (tp + fp)``: the bad outcomes among the approved, in [0, 1]; identified under selective labels."""
    return _rate(_failed_of_favorable(count))


def equal_opportunity_difference(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the difference of true positive rates, in [-1, 1], with its Newcombe interval.

    Negative: deserving cases of the group are approved less often.

    >>> black, white = ConfusionCount(127, 6, 17, 47), ConfusionCount(1496, 29, 81, 73)
    >>> measured = equal_opportunity_difference(black, white)
    >>> [round(value, 6) for value in (measured.value, measured.interval.lower, measured.interval.upper)]
    [-0.066692, -0.130334, -0.022016]
    >>> equal_opportunity_difference(ConfusionCount(0, 6, 0, 47), white).reason.value
    'no_positives'
    """
    return _gap(_of_positives(group), _of_positives(reference))


def equal_opportunity_ratio(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the ratio of true positive rates, group / reference, >= 0, with its Koopman interval.

    Below 1: deserving cases of the group are approved less often. No value, with the reason ``reference_rate_zero``,
    where no deserving case of the reference was approved.

    >>> black, white = ConfusionCount(127, 6, 17, 47), ConfusionCount(1496, 29, 81, 73)
    >>> measured = equal_opportunity_ratio(black, white)
    >>> [round(value, 6) for value in (measured.value, measured.interval.lower, measured.interval.upper)]
    [0.929697, 0.862811, 0.976766]
    """
    of_group, of_reference = _of_positives(group), _of_positives(reference)
    (n, k), (n_reference, k_reference) = of_group.of, of_reference.of
    missing = of_group.reason or _of_the_reference(of_reference.reason)
    interval = koopman(k, n, k_reference, n_reference)
    value = disparate_impact_ratio(of_group.of, of_reference.of)
    return Measurement(value, interval._replace(reason=missing or interval.reason), n, n_reference)


def false_positive_rate_difference(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the difference of false positive rates, in [-1, 1]; negative: mistakes favor the group less often."""
    return _gap(_of_negatives(group), _of_negatives(reference))


def predictive_parity_difference(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the difference of positive predictive values, in [-1, 1].

    Negative: an approval of the group is less often followed by a good outcome.
    """
    return _gap(_of_favorable(group), _of_favorable(reference))


def failure_rate_difference(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the difference of failure rates among the approved, in [-1, 1]: the outcome test.

    Negative: the approved of the group fail less often, as if a stricter bar had been set for them. It compares
    averages, not the marginal case, so groups whose risks are spread differently can differ under one bar.

    Source: Becker 1957, The Economics of Discrimination; Simoiu, Corbett-Davies and Goel 2017, "The problem of
    infra-marginality in outcome tests for discrimination".
    """
    return _gap(_failed_of_favorable(group), _failed_of_favorable(reference))


def average_odds_difference(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the mean of the differences of true and of false positive rates, in [-1, 1], with a MOVER interval.

    The two rates come from different cases, so their gaps are independent. n counts the cases of both together.
    There is no value when either difference has none.

    >>> measured = average_odds_difference(ConfusionCount(127, 6, 17, 47), ConfusionCount(1496, 29, 81, 73))
    >>> [round(value, 6) for value in (measured.value, measured.interval.lower, measured.interval.upper)]
    [-0.118899, -0.183208, -0.04675]
    """
    right = equal_opportunity_difference(group, reference)
    wrong = false_positive_rate_difference(group, reference)
    n, n_reference = sum(group), sum(reference)
    if right.value is None or wrong.value is None:
        return Measurement(None, Interval(-1.0, 1.0, right.reason or wrong.reason), n, n_reference)
    interval = mean_of_gaps((right.value, right.interval), (wrong.value, wrong.interval))
    return Measurement((right.value + wrong.value) / 2, interval, n, n_reference)


def undefined(reason: LabelReason) -> Measurement:
    """Return a gap that has no value for a reason that the counts cannot show, as ``selective_labels``."""
    return Measurement(None, Interval(-1.0, 1.0, reason), 0, 0)


def _of_positives(count: ConfusionCount) -> _Share:
    return _share(count, count.tp, count.tp + count.fn, LabelReason.NO_POSITIVES)


def _of_negatives(count: ConfusionCount) -> _Share:
    return _share(count, count.fp, count.fp + count.tn, LabelReason.NO_NEGATIVES)


def _of_favorable(count: ConfusionCount) -> _Share:
    return _share(count, count.tp, count.tp + count.fp, LabelReason.NO_FAVORABLE)


def _failed_of_favorable(count: ConfusionCount) -> _Share:
    return _share(count, count.fp, count.tp + count.fp, LabelReason.NO_FAVORABLE)


def _share(count: ConfusionCount, k: int, n: int, reason_when_none: LabelReason) -> _Share:
    missing = reason_when_none if sum(count) else LabelReason.NO_OUTCOMES
    return _Share(GroupCount(n, k), None if n else missing)


def _rate(share: _Share) -> Measurement:
    n, k = share.of
    interval = wilson(k, n)._replace(reason=share.reason)
    return Measurement(k / n if n else None, interval, n)


def _gap(group: _Share, reference: _Share) -> Measurement:
    (n, k), (n_reference, k_reference) = group.of, reference.of
    missing = group.reason or _of_the_reference(reference.reason)
    interval = newcombe(k, n, k_reference, n_reference)._replace(reason=missing)
    return Measurement(statistical_parity_difference(group.of, reference.of), interval, n, n_reference)


def _of_the_reference(reason: LabelReason | None) -> LabelReason | None:
    return None if reason is None else LabelReason(f"reference_{reason}")

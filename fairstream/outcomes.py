"""Fairness metrics of decisions whose outcome is known: were the right cases approved in every group?

A *positive* is a case with a good outcome (the loan was repaid); *favorable* is the decision (the loan was approved).
Each function returns a ``Measurement``: the value, its 95 % interval for one look, and the number of cases behind it.
Differences are group minus reference; negative is harm to the group, unless the docstring states a different reading.

If outcomes are known for approved cases only (selective labels), the true and false positive rates cannot be
identified: use ``failure_rate_difference``.
"""

from __future__ import annotations

from stream_app.core.fairness import outcome_rates
from stream_app.core.fairness.calibration import Calibration, ScoreBin, calibrate
from stream_app.core.fairness.outcome_rates import ConfusionCount, Measurement

__all__ = [
    "Calibration",
    "ConfusionCount",
    "Measurement",
    "ScoreBin",
    "average_odds_difference",
    "calibrate",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "failure_rate",
    "failure_rate_difference",
    "false_positive_rate",
    "false_positive_rate_difference",
    "positive_predictive_value",
    "predictive_parity_difference",
    "true_positive_rate",
]


def true_positive_rate(count: ConfusionCount) -> Measurement:
    """Return the share of favorable decisions among cases with a good outcome, ``tp / (tp + fn)``.

    Args:
        count: Decisions about one group with a known outcome.

    Returns:
        Rate in [0, 1] with its Wilson interval. Without cases the value is None and ``reason`` is ``no_outcomes`` or
        ``no_positives``.

    Raises:
        ValueError: A count is negative.

    >>> measurement = true_positive_rate(ConfusionCount(tp=80, fp=10, fn=20, tn=40))
    >>> measurement.value, measurement.n
    (0.8, 100)
    """
    return outcome_rates.true_positive_rate(_checked(count))


def false_positive_rate(count: ConfusionCount) -> Measurement:
    """Return the share of favorable decisions among cases with a bad outcome, ``fp / (fp + tn)``.

    Args:
        count: Decisions about one group with a known outcome.

    Returns:
        Rate in [0, 1] with its Wilson interval. Without cases the value is None and ``reason`` is ``no_outcomes`` or
        ``no_negatives``.

    Raises:
        ValueError: A count is negative.

    >>> false_positive_rate(ConfusionCount(tp=80, fp=10, fn=20, tn=40)).value
    0.2
    """
    return outcome_rates.false_positive_rate(_checked(count))


def positive_predictive_value(count: ConfusionCount) -> Measurement:
    """Return the share of good outcomes among favorable decisions, ``tp / (tp + fp)``.

    Args:
        count: Decisions about one group with a known outcome.

    Returns:
        Rate in [0, 1] with its Wilson interval. Without cases the value is None and ``reason`` is ``no_outcomes`` or
        ``no_favorable``.

    Raises:
        ValueError: A count is negative.

    >>> positive_predictive_value(ConfusionCount(tp=75, fp=25, fn=20, tn=40)).value
    0.75
    """
    return outcome_rates.positive_predictive_value(_checked(count))


def failure_rate(count: ConfusionCount) -> Measurement:
    """Return the share of bad outcomes among favorable decisions, ``fp / (tp + fp)``.

    It can be identified under selective labels, because only the outcomes of favorable decisions are needed.

    Args:
        count: Decisions about one group with a known outcome.

    Returns:
        Rate in [0, 1] with its Wilson interval. Without cases the value is None and ``reason`` is ``no_outcomes`` or
        ``no_favorable``.

    Raises:
        ValueError: A count is negative.

    >>> failure_rate(ConfusionCount(tp=75, fp=25, fn=0, tn=0)).value
    0.25
    """
    return outcome_rates.failure_rate(_checked(count))


def equal_opportunity_difference(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the difference of true positive rates.

    Args:
        group: Decisions about the group that may be harmed.
        reference: Decisions about the reference group.

    Returns:
        Difference in [-1, 1] with its Newcombe interval; negative: deserving cases of the group are approved less
        often. The value is None with a ``reason`` when either group has no cases with a good outcome.

    Raises:
        ValueError: A count is negative.

    Source: Hardt, Price and Srebro 2016, "Equality of opportunity in supervised learning".

    >>> difference = equal_opportunity_difference(ConfusionCount(60, 5, 40, 45), ConfusionCount(80, 10, 20, 40))
    >>> round(difference.value, 6)
    -0.2
    """
    return outcome_rates.equal_opportunity_difference(_checked(group), _checked(reference))


def equal_opportunity_ratio(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the ratio of true positive rates, group divided by reference.

    Args:
        group: Decisions about the group that may be harmed.
        reference: Decisions about the reference group.

    Returns:
        Ratio >= 0 with its Koopman interval; below 1: deserving cases of the group are approved less often. The value
        is None with a ``reason`` when either group has no cases with a good outcome, and with ``reference_rate_zero``
        when none of those of the reference was approved.

    Raises:
        ValueError: A count is negative.

    Source: Hardt, Price and Srebro 2016, "Equality of opportunity in supervised learning".

    >>> equal_opportunity_ratio(ConfusionCount(60, 5, 40, 45), ConfusionCount(80, 10, 20, 40)).value
    0.75
    """
    return outcome_rates.equal_opportunity_ratio(_checked(group), _checked(reference))


def false_positive_rate_difference(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the difference of false positive rates.

    Args:
        group: Decisions about the group that may be harmed.
        reference: Decisions about the reference group.

    Returns:
        Difference in [-1, 1] with its Newcombe interval; negative: errors favor the group less often. The value is
        None with a ``reason`` when either group has no cases with a bad outcome.

    Raises:
        ValueError: A count is negative.

    Source: Hardt, Price and Srebro 2016, "Equality of opportunity in supervised learning".

    >>> difference = false_positive_rate_difference(ConfusionCount(60, 5, 40, 45), ConfusionCount(80, 10, 20, 40))
    >>> round(difference.value, 6)
    -0.1
    """
    return outcome_rates.false_positive_rate_difference(_checked(group), _checked(reference))


def predictive_parity_difference(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the difference of positive predictive values.

    Args:
        group: Decisions about the group that may be harmed.
        reference: Decisions about the reference group.

    Returns:
        Difference in [-1, 1] with its Newcombe interval; negative: a favorable decision about the group is less often
        followed by a good outcome. The value is None with a ``reason`` when either group has no favorable decision.

    Raises:
        ValueError: A count is negative.

    Source: Chouldechova 2017, "Fair prediction with disparate impact".

    >>> difference = predictive_parity_difference(ConfusionCount(60, 40, 0, 0), ConfusionCount(80, 20, 0, 0))
    >>> round(difference.value, 6)
    -0.2
    """
    return outcome_rates.predictive_parity_difference(_checked(group), _checked(reference))


def failure_rate_difference(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the difference of failure rates among favorable decisions: the outcome test.

    It compares averages, not marginal cases: groups whose risks are spread differently can differ under one bar.

    Args:
        group: Decisions about the group that may be harmed.
        reference: Decisions about the reference group.

    Returns:
        Difference in [-1, 1] with its Newcombe interval; negative: the approved cases of the group fail less often, as
        if a stricter bar had been set for them. The value is None with a ``reason`` when either group has no favorable
        decision.

    Raises:
        ValueError: A count is negative.

    Source: Becker 1957, The Economics of Discrimination; Simoiu, Corbett-Davies and Goel 2017, "The problem of
    infra-marginality in outcome tests for discrimination".

    >>> difference = failure_rate_difference(ConfusionCount(90, 10, 0, 0), ConfusionCount(80, 20, 0, 0))
    >>> round(difference.value, 6)
    -0.1
    """
    return outcome_rates.failure_rate_difference(_checked(group), _checked(reference))


def average_odds_difference(group: ConfusionCount, reference: ConfusionCount) -> Measurement:
    """Return the mean of the differences of true and of false positive rates.

    Args:
        group: Decisions about the group that may be harmed.
        reference: Decisions about the reference group.

    Returns:
        Difference in [-1, 1] with its MOVER interval. The value is None with a ``reason`` when either difference is
        missing.

    Raises:
        ValueError: A count is negative.

    Source: Bellamy et al. 2018, "AI Fairness 360" (the metric); Zou and Donner 2008, Statistics in Medicine 27,
    1693-1702 (the interval).

    >>> difference = average_odds_difference(ConfusionCount(60, 5, 40, 45), ConfusionCount(80, 10, 20, 40))
    >>> round(difference.value, 6)
    -0.15
    """
    return outcome_rates.average_odds_difference(_checked(group), _checked(reference))


def _checked(count: ConfusionCount) -> ConfusionCount:
    if min(count) < 0:
        raise ValueError("counts must not be negative")
    return count

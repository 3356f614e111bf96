"""Calibration of scores: the share of good outcomes beside the mean score, per score bin of one group.

Descriptive only. With few cases in a bin chance alone makes a gap, and a larger error for smaller groups: compare it
between groups only beside the n of each bin. A test that is valid whatever the scores in a bin are:
``detection.betting.sub_bernoulli.above(k, n, mean score)`` and ``below``.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

from stream_app.core.intervals.intervals import Interval, wilson


class CalibrationReason(enum.StrEnum):
    """Why there is no calibration error."""

    NO_OUTCOMES = "no_outcomes"


class ScoreBin(NamedTuple):
    """Scored cases of one group with a known outcome, in one range of scores. Adds exactly, in any order.

    Attributes:
        n: Cases, >= 0.
        positives: Good outcomes among them, 0 to n.
        score_sum: Sum of their scores in units of 1/scale; a score is the claimed chance of a good outcome, 0 to 1.
    """

    n: int
    positives: int
    score_sum: int


class BinCalibration(NamedTuple):
    """How far one bin is off.

    Attributes:
        n: Cases.
        positive_rate: With its Wilson interval; None for an empty bin.
        interval: 95 % interval of the positive rate.
        mean_score: None for an empty bin.
        gap: Positive rate - mean score, in [-1, 1]; negative: the scores promise too much. None for an empty bin.
    """

    n: int
    positive_rate: float | None
    interval: Interval
    mean_score: float | None
    gap: float | None


class Calibration(NamedTuple):
    """Calibration of one group.

    Attributes:
        error: Expected calibration error, in [0, 1]; None without outcomes.
        n: Cases in all bins.
        bins: One row for each bin given.
        reason: Why there is no error.
    """

    error: float | None
    n: int
    bins: tuple[BinCalibration, ...]
    reason: CalibrationReason | None


def calibrate(bins: Sequence[ScoreBin], scale: int) -> Calibration:
    """Compare scores with outcomes.

    ``ECE = sum_b n_b/N |k_b/n_b - s_b/n_b| = sum_b |k_b - s_b| / N``, with k the good outcomes and s the sum of scores:
    formed from integers, so it is the same in whatever order cases were counted. An empty bin adds nothing.

    Args:
        bins: Bins that do not overlap, of one group.
        scale: Units in a score of 1, >= 1.

    Source: Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning".

    >>> calibration = calibrate([ScoreBin(10, 2, 1000), ScoreBin(0, 0, 0), ScoreBin(30, 30, 27000)], scale=1000)
    >>> calibration.error, [row.n for row in calibration.bins], calibration.bins[0].gap
    (0.1, [10, 0, 30], 0.1)
    >>> calibrate([], scale=1000)
    Calibration(error=None, n=0, bins=(), reason=<CalibrationReason.NO_OUTCOMES: 'no_outcomes'>)
    """
    n = sum(bin_.n for bin_ in bins)
    rows = tuple(_describe(bin_, scale) for bin_ in bins)
    if not n:
        return Calibration(None, 0, rows, CalibrationReason.NO_OUTCOMES)
    distance = sum(abs(bin_.positives * scale - bin_.score_sum) for bin_ in bins)
    return Calibration(distance / (n * scale), n, rows, None)


def _describe(bin_: ScoreBin, scale: int) -> BinCalibration:
    n, positives, score_sum = bin_
    interval = wilson(positives, n)
    if not n:
        return BinCalibration(0, None, interval._replace(reason=CalibrationReason.NO_OUTCOMES), None, None)
    gap = (positives * scale - score_sum) / (n * scale)
    return BinCalibration(n, positives / n, interval, score_sum / (n * scale), gap)

"""Calibration: its definition, exactness, and empty bins."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from stream_app.core.fairness.calibration import CalibrationReason, ScoreBin, calibrate
from stream_app.core.intervals.intervals import wilson


def test_the_error_is_the_weighted_mean_of_the_absolute_gaps() -> None:
    draw = np.random.default_rng(3)
    scores = draw.integers(0, 1001, size=5000)
    outcomes = draw.random(5000) < (scores / 1000) ** 2
    places = np.minimum(scores // 100, 9)
    bins = [
        ScoreBin(int((places == b).sum()), int(outcomes[places == b].sum()), int(scores[places == b].sum()))
        for b in range(10)
    ]
    calibration = calibrate(bins, scale=1000)
    gaps = [outcomes[places == b].mean() - scores[places == b].mean() / 1000 for b in range(10)]
    assert [row.gap for row in calibration.bins] == pytest.approx(gaps)
    assert calibration.error == pytest.approx(np.average(np.abs(gaps), weights=[row.n for row in calibration.bins]))
    assert calibration.n == 5000


def test_scores_that_keep_their_word_have_no_error_and_scores_that_lie_have_all_of_it() -> None:
    assert calibrate([ScoreBin(10, 7, 70), ScoreBin(4, 1, 10)], scale=10).error == 0.0
    assert calibrate([ScoreBin(10, 0, 100), ScoreBin(5, 5, 0)], scale=10).error == 1.0


def test_promising_too_much_is_negative() -> None:
    [row] = calibrate([ScoreBin(10, 2, 9000)], scale=1000).bins
    assert row.gap == pytest.approx(-0.7)
    assert (row.positive_rate, row.mean_score) == (0.2, 0.9)
    assert row.interval == wilson(2, 10)


def test_an_empty_bin_is_reported_and_adds_nothing() -> None:
    calibration = calibrate([ScoreBin(0, 0, 0), ScoreBin(10, 2, 1000)], scale=1000)
    assert calibration.error == 0.1
    empty = calibration.bins[0]
    assert (empty.n, empty.positive_rate, empty.mean_score, empty.gap) == (0, None, None, None)
    assert empty.interval == (0.0, 1.0, CalibrationReason.NO_OUTCOMES)


def test_without_outcomes_there_is_a_reason_instead_of_an_error() -> None:
    assert calibrate([], scale=1000).reason is CalibrationReason.NO_OUTCOMES
    assert calibrate([ScoreBin(0, 0, 0)], scale=1000).error is None


def test_the_order_of_bins_does_not_change_the_error_in_its_last_bit() -> None:
    draw = random.Random(5)
    bins = [ScoreBin(n := draw.randint(1, 10**6), draw.randint(0, n), draw.randint(0, n * 1000)) for _ in range(5)]
    assert len({calibrate(order, scale=1000).error for order in itertools.permutations(bins)}) == 1

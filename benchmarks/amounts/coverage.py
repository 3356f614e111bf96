"""How often the interval of a difference contains the truth in a single window, beside Welch's interval of SciPy."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchmarks.amounts.shapes import Draw, bell, points, prices
from benchmarks.amounts.streams import count, seed_of
from stream_app.core.intervals.amount_means import difference_ends

_NO_WIDTH = 1e-12  # of the range: what rounding leaves where all amounts are alike
SIZES = ((10, 90), (30, 300), (100, 100), (1_000, 1_000))
SHAPES: dict[str, Draw] = {
    "even over the range": points((0.5, 0.0)),
    "bell, sd .05": bell(0.4, 0.05),
    "skewed prices": prices(0.1, 0.8),
    "very skewed prices": prices(0.03, 1.2),
    "1 in 20 at the greatest": points((0, 0.95), (1, 0.05)),
    "7 in 10 at the least": points((0, 0.7)),
    "all alike": points((0.3, 1.0)),
}


@dataclass(frozen=True)
class CoverageResult:
    """Both intervals of windows whose groups have one distribution.

    Attributes:
        shape: Name of the distribution.
        n_a: Decisions about the group.
        n_b: Decisions about its reference.
        n_windows: Windows.
        covered: Share of the windows whose interval contains 0.
        width: Median width, as a share of the range.
        covered_by_welch: The same of SciPy's interval; it has none where its standard error is 0.
        width_of_welch: Its median width.
    """

    shape: str
    n_a: int
    n_b: int
    n_windows: int
    covered: float
    width: float
    covered_by_welch: float
    width_of_welch: float


def coverage(shape: str, n_a: int, n_b: int, n_windows: int) -> CoverageResult:
    """Draw windows and count the intervals that contain the true difference, 0."""
    rng = np.random.default_rng(seed_of(f"{shape} {n_a} {n_b}"))
    a, b = (SHAPES[shape](rng, n * n_windows).reshape(n_windows, n) for n in (n_a, n_b))
    lower, upper = difference_ends(count(a.ravel(), np.full(n_windows, n_a)), count(b.ravel(), np.full(n_windows, n_b)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # amounts that are all alike
        low, high = stats.ttest_ind(a, b, axis=1, equal_var=False).confidence_interval()
    return CoverageResult(
        shape=shape,
        n_a=n_a,
        n_b=n_b,
        n_windows=n_windows,
        covered=float(((lower <= 0) & (upper >= 0)).mean()),
        width=float(np.median(upper - lower)),
        covered_by_welch=float(((low <= 0) & (high >= 0) & (high - low > _NO_WIDTH)).mean()),
        width_of_welch=float(np.median(np.nan_to_num(high - low))),
    )

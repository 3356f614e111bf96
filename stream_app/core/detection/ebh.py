"""Which of many test results to report, so that at most a share ``alpha`` of the reported is false, on average."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from stream_app.core.arrays import Bools


def report_by_ebh(log_e: ArrayLike, alpha: float) -> Bools:
    """Return which e-values the e-Benjamini-Hochberg procedure reports.

    Sorted downwards, the first ``k*`` of ``D``, where ``k*`` is the largest ``k`` with ``e_(k) >= D / (alpha k)``.
    The expected share of false ones among the reported is at most ``alpha``, however the e-values depend on each
    other. For reports at a fixed time: feed ``log_eproc`` of a bank or the evidence of a confidence sequence. A
    Shiryaev-Roberts statistic is not an e-value; do not feed ``log_sr``.

    Args:
        log_e: Natural logs of e-values, shape (D,); D may be 0.
        alpha: Permitted share of false ones, in (0, 1).

    Returns:
        Whether each is reported, shape (D,).

    Raises:
        ValueError: ``alpha`` is out of range.

    Source: Wang and Ramdas 2022, "False discovery rate control with e-values", definition of the base e-BH procedure.

    >>> report_by_ebh(np.log([1.0, 90.0, 45.0, 20.0]), 0.05).tolist()
    [False, True, True, False]
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}, expected a number between 0 and 1")
    log_e = np.asarray(log_e, dtype=np.float64)
    ranks = np.arange(1, log_e.size + 1)
    downwards = np.sort(log_e)[::-1]
    suffices = np.flatnonzero(downwards >= np.log(log_e.size / (alpha * ranks)))
    if not suffices.size:
        return np.zeros(log_e.shape, dtype=np.bool_)
    reported: Bools = log_e >= downwards[suffices[-1]]
    return reported

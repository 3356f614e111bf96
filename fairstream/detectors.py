"""Sequential detectors with a bounded number of false alarms, for your own counts.

``DetectorBank`` tests rules about pairs of groups (ratio or gap), ``RateBank`` tests rates against known bounds. Both
take counts pane by pane and keep a state that can be saved and restored. ``log_thresholds`` allocates a false-alarm
budget to the detectors. ``report_by_ebh`` selects what to report at a fixed time with a bounded share of false reports.
For a complete table of counts, use ``fairstream.detect``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stream_app.core.detection import ebh
from stream_app.core.detection.bank import DetectorBank, Transition
from stream_app.core.detection.betting.sub_bernoulli import above, below
from stream_app.core.detection.rate_bank import RateAlarm, RateBank
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.detection.thresholds import Family, log_thresholds, share_weights
from stream_app.offline import plan

__all__ = [
    "DetectorBank",
    "Family",
    "RateAlarm",
    "RateBank",
    "RateRule",
    "RuleKind",
    "Transition",
    "evidence_outside",
    "log_thresholds",
    "parse_rule",
    "report_by_ebh",
    "share_weights",
]


def parse_rule(text: str) -> RateRule:
    """Return the rule that a text such as ``dir:0.8`` names.

    Args:
        text: ``dir:LIMIT`` with the lowest permitted ratio in (0, 1], or ``gap:LIMIT`` with the widest permitted gap
            in [0, 1).

    Returns:
        The rule, for ``DetectorBank``.

    Raises:
        ConfigError: The text is not a rule, or its limit is outside its range.

    >>> parse_rule("gap:0.2")
    RateRule(kind=<RuleKind.GAP: 'gap'>, limit=0.2)
    """
    _, rule = plan.parse_rule(text)
    return rule


def evidence_outside(k: ArrayLike, n: ArrayLike, low: ArrayLike, high: ArrayLike) -> NDArray[np.float64]:
    """Return the evidence, since a fixed start, that a rate is outside ``[low, high]``.

    The natural logarithm of an e-value: the mean of the e-value for a rate above ``high`` and the e-value for a rate
    below ``low``. By Ville's inequality it ever exceeds ``log(1/alpha)`` with probability at most ``alpha`` while the
    rate stays within the bounds.

    Args:
        k: Favorable decisions, 0 to n; all arguments broadcast.
        n: Decisions, >= 0.
        low: Lowest permitted rate, in [0, high].
        high: Highest permitted rate, in [low, 1].

    Returns:
        Log e-values, float64, in the broadcast shape; 0 at n = 0.

    Raises:
        ValueError: An argument is outside its range.

    Source: Howard, Ramdas, McAuliffe and Sekhon 2020, "Time-uniform Chernoff bounds", sub-Bernoulli case.

    >>> print(f"{evidence_outside(30, 50, 0.4, 0.4):.6f}")
    1.321352
    """
    favorable, decisions, lowest, highest = (np.asarray(value, dtype=np.float64) for value in (k, n, low, high))
    if not ((favorable >= 0) & (favorable <= decisions)).all():
        raise ValueError("favorable decisions must be from 0 to n")
    if not ((lowest >= 0) & (lowest <= highest) & (highest <= 1)).all():
        raise ValueError("needed: 0 <= low <= high <= 1")
    above_highest, below_lowest = above(favorable, decisions, highest), below(favorable, decisions, lowest)
    evidence: NDArray[np.float64] = np.logaddexp(above_highest, below_lowest) - math.log(2)
    return evidence


def report_by_ebh(log_e: ArrayLike, alpha: float) -> NDArray[np.bool_]:
    """Return which e-values to report, so that at most a share ``alpha`` of the reports is false on average.

    The e-Benjamini-Hochberg procedure: sorted downwards, the first ``k*`` of ``D`` e-values, where ``k*`` is the
    largest k with ``e_(k) >= D / (alpha k)``. It holds however the e-values depend on each other. Use it for a report
    at a fixed time, with ``log_eproc`` of a bank or ``evidence_outside``. The statistic ``log_sr`` is not an e-value.

    Args:
        log_e: Natural logarithms of e-values, shape (D,); D may be 0.
        alpha: Permitted share of false reports, in (0, 1).

    Returns:
        Whether to report each one, shape (D,).

    Raises:
        ValueError: ``alpha`` is outside its range.

    Source: Wang and Ramdas 2022, "False discovery rate control with e-values".

    >>> report_by_ebh(np.log([1.0, 90.0, 45.0, 20.0]), 0.05).tolist()
    [False, True, True, False]
    """
    return ebh.report_by_ebh(log_e, alpha)

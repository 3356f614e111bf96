"""Measures the cost of the sequential detectors: ``python -m benchmarks.detectors``.

Each line is one bank, with panes in which every detector has a block in every stratum: the most expensive case. Half of
the rules are ratios, half are gaps. Times are CPU time of the single thread; the median is over panes, after a warm-up.
"""

from __future__ import annotations

import math
import time
from statistics import median

import numpy as np

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.rules import RateRule, RuleKind

BANKS = [(1, 1), (4, 1), (100, 1), (400, 1), (400, 10)]
WARM_UP_PANES, PANES = 20, 100
MEAN_N, RATE = 12, 0.7


def update_cost_ms(n_detectors: int, n_strata: int) -> tuple[float, float, int]:
    """Return median and minimum CPU time of an update in ms, and the bytes of a snapshot."""
    rng = np.random.default_rng(20)
    rules = [
        RateRule(RuleKind.RATIO, 0.8) if index % 2 else RateRule(RuleKind.GAP, 0.2) for index in range(n_detectors)
    ]
    bank = DetectorBank(rules, [math.log(1e8)] * n_detectors, n_strata=n_strata)
    times_s = []
    for at in range(WARM_UP_PANES + PANES):
        n = 5 + rng.poisson(MEAN_N, (n_detectors, n_strata, 2))
        k = rng.binomial(n, RATE)
        counts = np.stack([k[..., 0], n[..., 0], k[..., 1], n[..., 1]], axis=-1)
        started_s = time.thread_time()
        bank.update(at, counts)
        times_s.append(time.thread_time() - started_s)
    measured_s = times_s[WARM_UP_PANES:]
    return 1000 * median(measured_s), 1000 * min(measured_s), len(bank.snapshot())


def main() -> None:
    """Print one line per bank."""
    print("detectors  strata  median ms    min ms  snapshot bytes")
    for n_detectors, n_strata in BANKS:
        median_ms, min_ms, size = update_cost_ms(n_detectors, n_strata)
        print(f"{n_detectors:9d}  {n_strata:6d}  {median_ms:9.3f}  {min_ms:8.3f}  {size:14d}")


if __name__ == "__main__":
    main()

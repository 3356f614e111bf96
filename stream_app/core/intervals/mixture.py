"""The log evidence that confidence sequences are made of: weighted mixtures of bets that serve counts of any size.

``log sum_j w_j exp(l_j k - n log(1 + p (e^{l_j} - 1)))`` has, for weights that sum to 1, an exponential with mean <= 1
under every mean rate up to ``p`` (``core.detection.betting.sub_bernoulli`` says why). Three kinds of bets share it:

- 14 bets from 8 to 0.001, each half the one before, for counts from a few to a hundred million;
- 5 smaller ones down to 1e-6, with little weight, so that sequences continue to shrink for larger counts;
- for two rates the bet 0, which neither wins nor loses and keeps the evidence above ``log w_0 = -2.7``. A sequence of
  two rates adds up the evidence about both and takes the least along a line; without this bet lost bets make the
  evidence about one group so negative that the evidence about the other one hardly counts.

Source: Howard, Ramdas, McAuliffe and Sekhon 2021, Annals of Statistics 49(2), 1055-1080 (mixtures).
"""

from __future__ import annotations

import numpy as np

from stream_app.core.arrays import Floats
from stream_app.core.detection.betting.sub_bernoulli import BETS as MAIN_BETS

_SMALL_BETS = MAIN_BETS[-1] / 4.0 ** np.arange(1.0, 6.0)


class Mixture:
    """Bets with weights. Counts and rates are float64 arrays that broadcast; so is what is returned, always finite.

    Args:
        zero_weight: Weight of the bet 0, >= 0, where each of the 14 main bets has 1.
        small_weight: Weight of all small bets together, > 0.
    """

    def __init__(self, *, zero_weight: float, small_weight: float) -> None:
        n_small = len(_SMALL_BETS)
        bets = np.concatenate([MAIN_BETS, _SMALL_BETS])
        weights = np.concatenate([np.ones(len(MAIN_BETS)), np.full(n_small, small_weight / n_small)])
        if zero_weight:
            bets, weights = np.append(bets, 0.0), np.append(weights, zero_weight)
        self._bets = bets
        self._growth = np.expm1(bets)  # e^l - 1
        self._log_weights = np.log(weights / weights.sum())

    def above(self, k: Floats, n: Floats, rate: Floats) -> Floats:
        """Return the log evidence that the mean rate is above ``rate``, in [0, 1]; convex in it, 0 for n = 0."""
        logs = self._logs(k, n, rate)
        best = logs.max(axis=0)
        evidence: Floats = best + np.log(np.exp(logs - best).sum(axis=0))
        return evidence

    def below(self, k: Floats, n: Floats, rate: Floats) -> Floats:
        """Return the log evidence that the mean rate is below ``rate``: ``above(n - k, n, 1 - rate)``."""
        return self.above(n - k, n, 1 - rate)

    def slope_above(self, k: Floats, n: Floats, rate: Floats) -> Floats:
        """Return the derivative of ``above`` in the rate: it grows with the rate and is never positive."""
        logs = self._logs(k, n, rate)
        weights = np.exp(logs - logs.max(axis=0))
        growth = _per_bet(self._growth, rate)
        slope: Floats = -n * (weights * (growth / (1 + growth * rate))).sum(axis=0) / weights.sum(axis=0)
        return slope

    def slope_below(self, k: Floats, n: Floats, rate: Floats) -> Floats:
        """Return the derivative of ``below`` in the rate: it grows with the rate and is never negative."""
        return -self.slope_above(n - k, n, 1 - rate)

    def _logs(self, k: Floats, n: Floats, rate: Floats) -> Floats:
        """Return the log of each part, shape (bets, ...)."""
        growth = np.log1p(_per_bet(self._growth, rate) * rate)
        logs: Floats = _per_bet(self._log_weights, rate) + _per_bet(self._bets, rate) * k - n * growth
        return logs


ONE_RATE = Mixture(zero_weight=0.0, small_weight=1e-4)  # below 1e8 decisions the small bets cost less than 1e-6
TWO_RATES = Mixture(zero_weight=1.0, small_weight=0.05)


def _per_bet(values: Floats, rate: Floats) -> Floats:
    return values.reshape(-1, *(1 for _ in rate.shape))

"""Evidence that a rule has been broken *since some point*, for many detectors at once.

For each detector and alternative i, with block e-value ``e_i``, and ``n`` decisions that came since its last bet:

    log R_i <- log e_i + logaddexp(log R_i, log n)       Shiryaev-Roberts: any start is possible
    log M_i <- log M_i + log e_i                         e-process: the start is fixed
    W_i     <- max(W_i, 0) + log e_i                     CUSUM: its last rise from 0 dates the change

The mean over alternatives, ``log R = logsumexp(log R_i) - log K``, is the statistic. As long as the rule is kept,
``R - (decisions counted so far)`` is a supermartingale, so an alarm at ``R >= c`` with a restart after it comes at most
once in ``c`` decisions on average, however often one looks and however the rates drift. ``n``, the *start weight*, may
count any decisions that are known before the outcomes of the block: the bound is per decision counted. ``log M`` sinks
while the rule is kept; it answers "since a fixed date" only.

Source: Shin, Ramdas and Rinaldo 2024, "E-detectors: a nonparametric framework for sequential change detection", which
permits any predictable start weights; Page 1954 (CUSUM).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints, Rows

NO_EVIDENCE = -1e300  # instead of minus infinity, whose differences are not a number
NO_ONSET_S = -1


@dataclass
class ShiryaevRoberts:
    """State of many detectors; every array but ``n_seen`` has shape (alternatives, detectors).

    Attributes:
        design_effect: Divides the start weight, as it divides the counts of a block.
        log_r: Shiryaev-Roberts statistic; ``NO_EVIDENCE`` before the first bet.
        log_m: e-process; 0 before the first bet.
        cusum: Log likelihood of the last rise; ``NO_EVIDENCE`` before the first bet.
        onset_s: Start of the period in which the last rise began; ``NO_ONSET_S`` before the first bet.
        n_used: Decisions that had come at the last bet or restart, and are part of the statistic.
        n_seen: Decisions that have come, shape (detectors,).
    """

    design_effect: float
    log_r: Floats
    log_m: Floats
    cusum: Floats
    onset_s: Ints
    n_used: Ints
    n_seen: Ints

    @classmethod
    def none_yet(cls, n_alternatives: int, n_detectors: int, design_effect: float = 1.0) -> Self:
        """Return the state before any decision."""
        shape = (n_alternatives, n_detectors)
        return cls(
            design_effect=design_effect,
            log_r=np.full(shape, NO_EVIDENCE),
            log_m=np.zeros(shape),
            cusum=np.full(shape, NO_EVIDENCE),
            onset_s=np.full(shape, NO_ONSET_S, dtype=np.int64),
            n_used=np.zeros(shape, dtype=np.int64),
            n_seen=np.zeros(n_detectors, dtype=np.int64),
        )

    def count(self, n: Ints | int) -> None:
        """Count decisions towards the start weight of each detector's next bet.

        Args:
            n: Decisions of a period, >= 0, of all detectors or of each, shape (detectors,).
        """
        self.n_seen += n

    def add(self, rows: Rows, log_e: Floats, is_bet: Bools, start_s: int) -> None:
        """Take in one block of each of some detectors; where there is no bet, nothing changes.

        Args:
            rows: Detectors, each at most once, with a decision counted since their last bet, shape (m,).
            log_e: Log e-value of each alternative, shape (alternatives, m).
            is_bet: Where an alternative bets, shape (alternatives, m).
            start_s: Start of the period.
        """
        log_r, log_m, cusum, onset_s, n_used = (
            array[:, rows] for array in (self.log_r, self.log_m, self.cusum, self.onset_s, self.n_used)
        )
        log_n = np.log((self.n_seen[rows] - n_used) / self.design_effect)
        is_new_rise = is_bet & (cusum <= 0)
        self.onset_s[:, rows] = np.where(is_new_rise, start_s, onset_s)
        self.cusum[:, rows] = np.where(is_new_rise, log_e, np.where(is_bet, cusum + log_e, cusum))
        self.log_r[:, rows] = np.where(is_bet, log_e + np.logaddexp(log_r, log_n), log_r)
        self.log_m[:, rows] = np.where(is_bet, log_m + log_e, log_m)
        self.n_used[:, rows] = np.where(is_bet, self.n_seen[rows], n_used)

    def restart(self, rows: Rows) -> None:
        """Forget the evidence of some detectors, as after an alarm."""
        self.log_r[:, rows] = NO_EVIDENCE
        self.log_m[:, rows] = 0.0
        self.cusum[:, rows] = NO_EVIDENCE
        self.onset_s[:, rows] = NO_ONSET_S
        self.n_used[:, rows] = self.n_seen[rows]

    def best_onset_s(self, rows: Rows) -> Ints:
        """Return the onset of the alternative with the highest CUSUM, shape (m,); ``NO_ONSET_S`` before any bet."""
        best = np.argmax(self.cusum[:, rows], axis=0)
        onset_s: Ints = self.onset_s[best, rows]
        return onset_s


def log_mean(log_values: Floats, log_count: Floats | float) -> Floats:
    """Return ``logsumexp`` over the first axis minus ``log_count``: always finite.

    The sum runs in a fixed order, so that a detector's value does not depend, bit for bit, on the others.

    >>> log_mean(np.full((5, 1), NO_EVIDENCE), np.log(5.0)) == NO_EVIDENCE
    array([ True])
    """
    highest = log_values.max(axis=0)
    total = np.add.accumulate(np.exp(log_values - highest), axis=0)[-1]
    result: Floats = highest + np.log(total) - log_count
    return result

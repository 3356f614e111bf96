"""Evidence that a rule has been broken *since some point*, for many detectors at once.

For each detector and alternative i, with ``n`` decisions in a block and block e-value ``e_i``:

    log R_i <- log e_i + logaddexp(log R_i, log n)       Shiryaev-Roberts: any start is possible
    log M_i <- log M_i + log e_i                         e-process: the start is fixed
    W_i     <- max(W_i, 0) + log e_i                     CUSUM: its last rise from 0 dates the change

The mean over alternatives, ``log R = logsumexp(log R_i) - log K``, is the statistic. As long as the rule is kept,
``R - (decisions so far)`` is a supermartingale, so an alarm at ``R >= c`` with a restart after it comes at most once
in ``c`` decisions on average, however often one looks and however the rates drift. ``log M`` sinks while the rule is
kept; it answers "since a fixed date" only.

Source: Shin, Ramdas and Rinaldo 2024, "E-detectors: a nonparametric framework for sequential change detection";
Page 1954 (CUSUM).
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
    """State of many detectors; every array has shape (alternatives, detectors).

    Attributes:
        log_r: Shiryaev-Roberts statistic; ``NO_EVIDENCE`` before the first bet.
        log_m: e-process; 0 before the first bet.
        cusum: Log likelihood of the last rise; ``NO_EVIDENCE`` before the first bet.
        onset_s: Start of the pane in which the last rise began; ``NO_ONSET_S`` before the first bet.
    """

    log_r: Floats
    log_m: Floats
    cusum: Floats
    onset_s: Ints

    @classmethod
    def none_yet(cls, n_alternatives: int, n_detectors: int) -> Self:
        """Return the state before any decision."""
        shape = (n_alternatives, n_detectors)
        return cls(
            log_r=np.full(shape, NO_EVIDENCE),
            log_m=np.zeros(shape),
            cusum=np.full(shape, NO_EVIDENCE),
            onset_s=np.full(shape, NO_ONSET_S, dtype=np.int64),
        )

    def add(self, rows: Rows, log_e: Floats, is_bet: Bools, n: Floats, first_pane_s: Ints) -> None:
        """Take in one block of each of some detectors; where there is no bet, nothing changes.

        Args:
            rows: Detectors, each at most once, shape (m,).
            log_e: Log e-value of each alternative, shape (alternatives, m).
            is_bet: Where an alternative bets, shape (alternatives, m).
            n: Decisions in the block, > 0, shape (m,).
            first_pane_s: Start of the first pane of the block, shape (m,).
        """
        log_r, log_m, cusum, onset_s = (array[:, rows] for array in (self.log_r, self.log_m, self.cusum, self.onset_s))
        is_new_rise = is_bet & (cusum <= 0)
        self.onset_s[:, rows] = np.where(is_new_rise, first_pane_s, onset_s)
        self.cusum[:, rows] = np.where(is_new_rise, log_e, np.where(is_bet, cusum + log_e, cusum))
        self.log_r[:, rows] = np.where(is_bet, log_e + np.logaddexp(log_r, np.log(n)), log_r)
        self.log_m[:, rows] = np.where(is_bet, log_m + log_e, log_m)

    def restart(self, rows: Rows) -> None:
        """Forget the evidence of some detectors, as after an alarm."""
        self.log_r[:, rows] = NO_EVIDENCE
        self.log_m[:, rows] = 0.0
        self.cusum[:, rows] = NO_EVIDENCE
        self.onset_s[:, rows] = NO_ONSET_S

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

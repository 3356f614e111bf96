"""The contract of the banks of sequential tests: evidence by row, periods in order of time, a complete state.

A bank is fed period by period. ``shiryaev_roberts`` has the statistic; what a row tests, and when it reports, is up to
the bank that derives from this one: ``bank.DetectorBank`` (rules about pairs), ``rate_bank.RateBank`` (single rates).
Both keep these laws: a period is taken once and in order, or rejected with ``ValueError``; without decisions nothing
changes; a row does not depend, bit for bit, on the rows beside it; after an alarm its evidence restarts; a snapshot has
a length that depends on the configuration only, and restores bit for bit into the same configuration and no other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stream_app.core.arrays import Ints, Rows
from stream_app.core.detection.array_bytes import pack, unpack
from stream_app.core.detection.shiryaev_roberts import NO_EVIDENCE, NO_ONSET_S, ShiryaevRoberts


class EvidenceBank(ABC):
    """Sequential tests in rows, each with evidence of its own.

    Args:
        fingerprint: Identifies its configuration.
        n_alternatives: Alternatives of each test, >= 1.
        n_rows: Tests.
        design_effect: Divides the decisions that the bound on false alarms counts.

    Attributes:
        log_sr: Statistic of each row after the last update; -1e300 before any evidence.
        log_eproc: e-process since the last restart.
        onset_s: Start of the period since which the test has its evidence; -1 without any.
    """

    def __init__(self, fingerprint: bytes, n_alternatives: int, n_rows: int, design_effect: float = 1.0) -> None:
        self._fingerprint = fingerprint
        self._evidence = ShiryaevRoberts.none_yet(n_alternatives, n_rows, design_effect)
        self._log_r = np.full(n_rows, NO_EVIDENCE)
        self._last_period_s = np.full(1, np.iinfo(np.int64).min)
        self.log_sr = np.full(n_rows, NO_EVIDENCE)
        self.log_eproc = np.zeros(n_rows)
        self.onset_s = np.full(n_rows, NO_ONSET_S, dtype=np.int64)

    def snapshot(self) -> bytes:
        """Return the complete state; its length depends on the configuration only."""
        return pack(self._fingerprint, self._state())

    def restore(self, data: bytes) -> None:
        """Continue, bit for bit, where ``snapshot`` was taken.

        Raises:
            ValueError: Another configuration or version wrote it, or it is truncated; nothing is changed then.
        """
        unpack(self._fingerprint, data, self._state())

    def continue_rows(self, former: Self, rows: Rows, former_rows: Rows) -> None:
        """Continue the evidence of rows of another bank: a policy may add, remove and reorder tests.

        Args:
            former: A bank of the same kind.
            rows: Rows of this bank, shape (m,).
            former_rows: Rows of the other one that test the same, shape (m,).
        """
        for mine, theirs in zip(self._by_row(), former._by_row(), strict=True):
            mine[rows] = theirs[former_rows]
        np.maximum(self._last_period_s, former._last_period_s, out=self._last_period_s)

    def _by_row(self) -> tuple[NDArray[Any], ...]:
        """Return every array that a row has a part of, rows first."""
        evidence = self._evidence
        by_alternative = (evidence.log_r, evidence.log_m, evidence.cusum, evidence.onset_s, evidence.n_used)
        own = (evidence.n_seen, self._log_r, self.log_sr, self.log_eproc, self.onset_s)
        return (*(array.T for array in by_alternative), *own)

    @abstractmethod
    def _state(self) -> tuple[NDArray[Any], ...]:
        """Return every array that a restart needs, in the order of the snapshot."""

    def _check_order(self, period_start_s: int) -> None:
        if period_start_s <= self._last_period_s[0]:
            raise ValueError("a period must be later than the one before: evidence is never taken twice")

    def _restart(self, rows: Rows) -> None:
        """Forget the evidence of some rows, as after an alarm."""
        self._evidence.restart(rows)
        self._log_r[rows] = NO_EVIDENCE
        self.log_eproc[rows] = 0.0


def own_or_model_n(own: Ints, n_model: int | None) -> Ints | int:
    """Return the decisions that count towards the start weight of each row in a period.

    Args:
        own: Decisions of each row, shape (rows,).
        n_model: All decisions of the model; None to count for each row its own.

    Raises:
        ValueError: A row has more decisions than the model.
    """
    if n_model is None:
        return own
    if own.size and n_model < own.max():
        raise ValueError("a model has at least as many decisions as each of its tests")
    return n_model

"""What every bank of sequential tests has: evidence by row, panes in order of time, and a state that is whole.

A bank is fed pane by pane. ``shiryaev_roberts`` has the statistic; what a row tests, and when it reports, is said by
the bank that derives from this one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream_app.core.detection.array_bytes import pack, unpack
from stream_app.core.detection.shiryaev_roberts import NO_EVIDENCE, NO_ONSET_S, Rows, ShiryaevRoberts


class EvidenceBank(ABC):
    """Sequential tests in rows, each with evidence of its own.

    Args:
        fingerprint: What tells its configuration from another.
        n_alternatives: Alternatives of each test, >= 1.
        n_rows: Tests.

    Attributes:
        log_sr: Statistic of each row after the last update; -1e300 before any evidence.
        log_eproc: e-process since the last new start.
        onset_s: Start of the pane since which the test has its evidence; -1 without any.
    """

    def __init__(self, fingerprint: bytes, n_alternatives: int, n_rows: int) -> None:
        self._fingerprint = fingerprint
        self._evidence = ShiryaevRoberts.none_yet(n_alternatives, n_rows)
        self._log_r = np.full(n_rows, NO_EVIDENCE)
        self._last_pane_s = np.full(1, np.iinfo(np.int64).min)
        self.log_sr = np.full(n_rows, NO_EVIDENCE)
        self.log_eproc = np.zeros(n_rows)
        self.onset_s = np.full(n_rows, NO_ONSET_S, dtype=np.int64)

    def snapshot(self) -> bytes:
        """Return the whole state; its length depends on the configuration only."""
        return pack(self._fingerprint, self._state())

    def restore(self, data: bytes) -> None:
        """Continue, bit for bit, where ``snapshot`` was taken.

        Raises:
            ValueError: Another configuration or version wrote it, or it is cut; nothing is changed then.
        """
        unpack(self._fingerprint, data, self._state())

    @abstractmethod
    def _state(self) -> tuple[NDArray[Any], ...]:
        """Return every array that a restart needs, in the order of the snapshot."""

    def _check_order(self, pane_start_s: int) -> None:
        if pane_start_s <= self._last_pane_s[0]:
            raise ValueError("a pane must be later than the one before: evidence is never taken twice")

    def _begin_anew(self, rows: Rows) -> None:
        """Forget the evidence of some rows, as after an alarm."""
        self._evidence.begin_anew(rows)
        self._log_r[rows] = NO_EVIDENCE
        self.log_eproc[rows] = 0.0

"""What is wrong with how long topics keep records: asked once an hour, and known to this process only."""

from __future__ import annotations

import time
from typing import NamedTuple

from stream_app.core.inspection.retention import DAY_MS, RetentionReport
from stream_app.errors import FairStreamError
from stream_app.policy import Policy
from stream_app.programs.retention import FLAGGED, read_reports
from stream_app.settings import Settings
from stream_app.web_app.policies.repeated import Repeated

MAX_DAYS = 365  # of records about persons, as ``fairstream privacy retention`` has it
_EVERY_S = 3600.0


class RetentionFindings(NamedTuple):
    """What was found.

    Attributes:
        at_s: When; 0 before anything was asked.
        flagged: The topics that keep records too long, forever, or not long enough.
        n_right: How many do neither.
        n_missing: How many do not exist.
        fault: Why nothing is known; empty where it is.
    """

    at_s: float
    flagged: tuple[RetentionReport, ...]
    n_right: int
    n_missing: int
    fault: str


_newest = [RetentionFindings(0.0, (), 0, 0, "")]


class RetentionReader(Repeated):
    """Asks Kafka again and again.

    Args:
        settings: The connection, and the prefix of changelog topics.
        policy: What is monitored.
    """

    def __init__(self, settings: Settings, policy: Policy) -> None:
        super().__init__("retention of topics", _EVERY_S, self._read)
        self._settings, self._policy = settings, policy

    def _read(self) -> None:
        settings = self._settings
        try:
            found = read_reports(settings.connection, self._policy, settings.app_id, most_ms=MAX_DAYS * DAY_MS)
        except FairStreamError as error:
            note(RetentionFindings(time.time(), (), 0, 0, error.message))
            return
        flagged = tuple(report for report in found if report.verdict in FLAGGED)
        n_missing = sum(report.verdict == "missing" for report in found)
        note(RetentionFindings(time.time(), flagged, len(found) - len(flagged) - n_missing, n_missing, ""))


def note(findings: RetentionFindings) -> None:
    """Remember what was found."""
    _newest[0] = findings


def findings() -> RetentionFindings:
    """Return what was found at the newest attempt of this process."""
    return _newest[0]

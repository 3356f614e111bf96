"""What the API of this process has: its settings, the counts of its limits, the queries; set once at the start."""

from __future__ import annotations

import logging

from stream_app.errors import FairStreamError
from stream_app.programs.audit.events import append_event
from stream_app.settings import Settings
from stream_app.web_app.api.access.rates import Buckets
from stream_app.web_app.api.scoring.observed import ObservedQueries, Suspicion

log = logging.getLogger(__name__)

_ANONYMOUS_PER_MIN = 60  # requests without a valid token, of one address


class Running:
    """Settings and counts of one process.

    Args:
        settings: The settings of the web application.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.reads = Buckets(settings.api_reads_per_min)
        self.writes = Buckets(settings.api_writes_per_min)
        self.anonymous = Buckets(_ANONYMOUS_PER_MIN)
        self.queries = ObservedQueries(settings.api_scores_per_day, self._report)

    def _report(self, suspicion: Suspicion) -> None:
        """Put a suspicion into the log of the process and into the audit log; the scores are given in any case."""
        token, signal, n, pattern = suspicion
        log.warning("model extraction suspected token=%s signal=%s different=%d", token, signal, pattern.n_different)
        percent = {f"{name}_percent": round(100 * share) for name, share in pattern.shares.items()}
        facts = {"token": token, "signal": str(signal), "n": n, "n_different": pattern.n_different, **percent}
        try:
            append_event(self.settings, "model-extraction-suspected", facts)
        except FairStreamError as error:
            log.error("suspicion not in the audit log token=%s fault=%s", token, error.message)  # noqa: TRY400  # no trace


_running: list[Running] = []


def start_api(settings: Settings) -> None:
    """Begin to count under these settings."""
    _running[:] = [Running(settings)]


def running() -> Running:
    """Return what ``start_api`` has made."""
    return _running[0]

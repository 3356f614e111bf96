"""Which published records are from before a checkpoint: what the state of the judge says about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_app.core.windows.tally_changes import CLOCK, TOTAL, WindowKey
from stream_app.pipeline.judge.state import StoredEntries
from stream_app.pipeline.judge.stored.stored_tally import StoredClock, StoredTotal, StoredWindow, read_entry
from stream_app.pipeline.records.alerts import decode_alert_record
from stream_app.pipeline.records.outcome_results import decode_every_result
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.topics import FAIRNESS_ALERTS


@dataclass(frozen=True)
class PublishedBefore:
    """The results and alerts that a judge had published when a checkpoint was made.

    Attributes:
        closed_before_s: Windows that end by this event time had closed.
        tested_before_s: Comparison periods that end by this event time had been tested; None before the first.
        total_end_s: End of the running totals; None before the first.
        revisions: Revision of each window that could still change.
    """

    closed_before_s: int | None
    tested_before_s: int | None
    total_end_s: int | None
    revisions: Mapping[WindowKey, int]

    @classmethod
    def of(cls, stored: StoredEntries) -> PublishedBefore:
        """Read it from the state of the judge.

        Raises:
            StateError: the state cannot be read.
        """
        clock, total = read_entry(stored, CLOCK, StoredClock), read_entry(stored, TOTAL, StoredTotal)
        windows = {(str(entry[1]), int(entry[2])): entry for entry in stored if entry[0] == "window"}
        revisions = {key: read_entry(stored, entry, StoredWindow).revision for key, entry in windows.items()}
        return cls(clock.closed_before_s, clock.tested_before_s, total.end_s, revisions)

    def includes(self, topic: str, value: bytes) -> bool:
        """Return whether a result or an alert, a record of its topic, was published by then."""
        if topic == FAIRNESS_ALERTS:
            at_s = decode_alert_record(value).at_s
            return at_s is None or _is_until(at_s, self.tested_before_s)
        return self._includes_result(value)

    def _includes_result(self, value: bytes) -> bool:
        result = decode_every_result(value)
        if result.window == TOTAL_WINDOW:
            return _is_until(result.end_s, self.total_end_s)
        newest = self.revisions.get((result.window, result.start_s), result.revision)  # a forgotten one never changes
        return _is_until(result.end_s, self.closed_before_s) and result.revision <= newest


def _is_until(time_s: int, until_s: int | None) -> bool:
    return until_s is not None and time_s <= until_s

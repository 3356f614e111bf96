"""Which published records a verification compares."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from stream_app.errors import ConfigError
from stream_app.pipeline.records.alerts import Alert, AnyAlert, SealedAlert, decode_alert_record
from stream_app.pipeline.records.outcome_results import AnyResult, decode_every_result
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.verify.recomputation import RecomputedRecord
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS


class ComparedRange(msgspec.Struct, frozen=True):
    """The range of event time whose results and alerts are compared: those that end in it.

    Running totals and journal entries are about all time: they are compared only when the range is open at both ends.

    Attributes:
        from_s: Its start, not included; None for the beginning.
        to_s: Its end, included; None for the end.
    """

    from_s: int | None = None
    to_s: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether every record is compared."""
        return self.from_s is None and self.to_s is None

    def includes_alert(self, alert: AnyAlert) -> bool:
        """Return whether an alert, or a restart of monitoring, is compared."""
        return self.is_all if alert.at_s is None else self._contains(alert.at_s)

    def includes_result(self, result: AnyResult) -> bool:
        """Return whether a result is compared."""
        return self.is_all or (result.window != TOTAL_WINDOW and self._contains(result.end_s))

    def includes_record(self, record: RecomputedRecord) -> bool:
        """Return whether a recomputed record is compared."""
        if record.topic == FAIRNESS_ALERTS:
            return self.includes_alert(decode_alert_record(record.value))
        if self.is_all:
            return True
        return record.topic == FAIRNESS_RESULTS and self.includes_result(decode_every_result(record.value))

    def _contains(self, end_s: int) -> bool:
        return (self.from_s is None or end_s > self.from_s) and (self.to_s is None or end_s <= self.to_s)


def range_of_alert(model: str, alert_id: str, alerts: Iterable[AnyAlert]) -> ComparedRange:
    """Return the range that an alert describes, the alert itself included.

    Args:
        model: Name of the model, for the message.
        alert_id: Id of the alert.
        alerts: All alerts of the model, and of its outcomes where those are wanted.

    Raises:
        ConfigError: there is no such alert.
    """
    for alert in alerts:
        if isinstance(alert, Alert) and alert.id == alert_id:
            return ComparedRange(alert.start_s, alert.at_s)
        if isinstance(alert, SealedAlert) and alert.id == alert_id:
            raise ConfigError(
                f"Alert {alert_id} is sealed, so its time range is not known",
                action="Open it (fairstream alerts decrypt), and give its range with --from and --to",
            )
    raise ConfigError(f"No alert {alert_id!r} of model {model!r}", action="See: fairstream alerts list")

"""An alert as a log record of OpenTelemetry: an event whose time is event time, with disclosure control applied."""

from __future__ import annotations

import msgspec
from opentelemetry._logs import LogRecord, SeverityNumber

from stream_app.edges.otlp.alert_queue import ReportedAlert
from stream_app.pipeline.records.alerts import MonitoringRestart, SealedAlert

_SEVERITIES = {
    "breach": SeverityNumber.ERROR,
    "restart": SeverityNumber.WARN,
    "recovery": SeverityNumber.INFO,
}
_PREFIX = "fairstream.alert."
_HIDDEN = "Numbers suppressed: fewer than k decisions."
_SEALED = "Sealed: only auditors can read it."
_NS = 1_000_000_000


def alert_log(reported: ReportedAlert) -> LogRecord:
    """Return the log record of an alert.

    Its name is ``fairstream.alert.breach``, ``.recovery`` or ``.restart``, its body the sentence of the alert, and its
    attributes are the fields that have one value, ``fairstream.alert.<field>``. An alert that is reported again after
    a crash has the same ``fairstream.alert.id``.
    """
    alert = reported.alert
    severity = _SEVERITIES[alert.change]
    fields = msgspec.to_builtins(alert) | {"id": alert.id}
    if isinstance(alert, SealedAlert):  # which has no id here
        fields = {name: value for name, value in fields.items() if value}
    sentence = fields.pop("sentence", _SEALED) or _HIDDEN
    attributes = {_PREFIX + name: value for name, value in fields.items() if isinstance(value, str | int | float)}
    if isinstance(alert, MonitoringRestart):
        attributes |= {_PREFIX + "n_open": len(alert.open_breaches), _PREFIX + "n_ended": len(alert.ended_breaches)}
    observed_ns = int(reported.observed_s * _NS)
    return LogRecord(
        timestamp=observed_ns if alert.at_s is None else alert.at_s * _NS,
        observed_timestamp=observed_ns,
        severity_number=severity,
        severity_text=severity.name,
        body=sentence,
        attributes=attributes,
        event_name=_PREFIX + alert.change,
    )

"""Reads what the live judge published about a time range, disclosed like a run."""

from __future__ import annotations

from stream_app.edges.kafka.readers.judge_records import read_alerts, read_results
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.replay.scenarios.results import ScenarioResults, disclose_live
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy
from stream_app.settings import Settings


def read_live(settings: Settings, model: ModelPolicy, time_range: TimeRange, *, k: int) -> ScenarioResults:
    """Read results and alerts of a time range; the newest revision of a window counts.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
    """
    results = (result for _, result in read_results(settings.connection, model.name))
    alerts = (alert for _, alert in read_alerts(settings.connection, model.name) if isinstance(alert, Alert))
    return disclose_live(results, alerts, time_range, k=k)

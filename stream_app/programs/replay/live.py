"""What the live judge says about a stretch of event time, disclosed like a run."""

from __future__ import annotations

from stream_app.edges.kafka.readers.judge_records import read_alerts, read_results
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.replay.ranges.comparison import ScenarioResults
from stream_app.pipeline.replay.ranges.range_replay import TimeRange
from stream_app.policy import ModelPolicy
from stream_app.settings import Settings

LIVE = "live"


def read_live(settings: Settings, model: ModelPolicy, time_range: TimeRange, *, k: int) -> ScenarioResults:
    """Read results and alerts of a stretch; the newest revision of a window counts.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
    """
    newest = {own.key: own for _, own in read_results(settings.kafka, model.name)}
    alerts = [own for _, own in read_alerts(settings.kafka, model.name)]
    return ScenarioResults(
        LIVE,
        [disclose_result(own, k) for own in newest.values() if time_range.holds(own.start_s, own.end_s)],
        [disclose_alert(own, k) for own in alerts if time_range.holds(own.pane_s, own.at_s)],
    )

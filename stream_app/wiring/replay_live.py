"""What the live judge says about a stretch of event time, disclosed like a run."""

from __future__ import annotations

from stream_app.edges.kafka.told import read_alerts, read_results
from stream_app.pipeline.judge.disclosed import disclose_result
from stream_app.pipeline.judge.disclosed_alert import disclose_alert
from stream_app.pipeline.replay.deltas import Said
from stream_app.pipeline.replay.ranges import Stretch
from stream_app.policy import ModelPolicy
from stream_app.settings import Settings

LIVE = "live"


def read_live(settings: Settings, model: ModelPolicy, stretch: Stretch, *, k: int) -> Said:
    """Read results and alerts of a stretch; the newest revision of a window counts.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
    """
    newest = {own.key: own for _, own in read_results(settings.kafka, model.name)}
    alerts = [own for _, own in read_alerts(settings.kafka, model.name)]
    return Said(
        LIVE,
        [disclose_result(own, k) for own in newest.values() if stretch.holds(own.start_s, own.end_s)],
        [disclose_alert(own, k) for own in alerts if stretch.holds(own.pane_s, own.at_s)],
    )

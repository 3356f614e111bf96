"""What is pushed about a model that is sealed everywhere."""

from __future__ import annotations

from stream_app.edges.otlp.alert_logs import alert_log
from stream_app.edges.otlp.alert_queue import ReportedAlert
from stream_app.pipeline.disclosure.sealing import sealed_notice
from tests.support.sample_alert import ALERT


def test_a_sealed_alert_is_pushed_without_group_rate_and_cause() -> None:
    log = alert_log(ReportedAlert(sealed_notice(ALERT), 7.0))
    assert (log.event_name, log.body) == ("fairstream.alert.breach", "Sealed: only auditors can read it.")
    assert set(log.attributes or {}) == {
        f"fairstream.alert.{name}"
        for name in ("schema", "sealed", "model", "change", "at_s", "policy_hash", "code_version")
    }

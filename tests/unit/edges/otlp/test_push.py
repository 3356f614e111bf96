"""What arrives at a collector that decodes the requests, and what happens when there is none."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Self

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from stream_app import __version__
from stream_app.edges.host.ports import free_port
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.edges.otlp.options import OtlpOptions
from stream_app.edges.otlp.push import OtlpPush, load_senders
from stream_app.errors import DependencyMissingError
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.records.alerts import MonitoringRestart
from stream_app.policy import load_policy
from tests.support.alarm_stage import AlarmStage, unfair_to
from tests.support.sample_alert import ALERT
from tests.support.servers.alerting import wait_until
from tests.support.servers.otlp_receiver import OtlpReceiver, Row, labels_of, metrics_of, rows_of

POLICY = load_policy("loans")
MODELS = {model.name: model for model in POLICY.models}
QUICK = OtlpOptions(metrics_every_s=0.05, alerts_every_s=0.05)
RESTART = MonitoringRestart(
    model="loans",
    at_s=None,
    former_policy_hash="a",
    policy_hash="b",
    n_kept=1,
    n_restarted=2,
    open_breaches=(),
    ended_breaches=(),
    sentence="Two tests start without evidence.",
    offsets={},
    code_version="v",
)


class Pushing:
    """A push of the metrics of a process."""

    def __init__(self, registry: CollectorRegistry | None = None, options: OtlpOptions = QUICK) -> None:
        self.registry = registry or CollectorRegistry()
        self.metrics = Metrics(CollectorRegistry(), POLICY, max_series=10_000)
        if registry is None:
            self.registry.register(self.metrics)
        self.push = OtlpPush(options, load_senders(options, "worker-1:9464"), self.registry, self.metrics.pushed)

    def __enter__(self) -> Self:
        self.push.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.push.stop()

    def n_pushed(self, signal: str, result: str) -> float:
        families = {family.name: family for family in self.metrics.collect()}
        rows = families["fairstream_otlp_pushes"].samples
        return sum(row.value for row in rows if row.labels == {"signal": signal, "result": result})


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        yield receiver


def exposed_rows(registry: CollectorRegistry) -> dict[Row, float]:
    """Return every number of the exposition."""
    text = generate_latest(registry).decode()  # type: ignore[no-untyped-call]  # prometheus_client's
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]  # prometheus_client's
    rows: dict[Row, float] = {}
    for sample in (sample for family in families for sample in family.samples):
        labels = {name: str(float(text)) if name == "le" else text for name, text in sample.labels.items()}
        rows[sample.name, tuple(sorted(labels.items()))] = sample.value
    return rows


def test_the_push_and_the_exposition_have_the_same_series_and_numbers(receiver: OtlpReceiver) -> None:
    stage = AlarmStage(seed=1)
    stage.minutes(20, unfair_to("female"))
    stage.metrics.transaction_ended("judge", 0.25, is_committed=True)
    with Pushing(stage.registry):
        pushed = rows_of(receiver.wait_for_metrics())
    exposed = exposed_rows(stage.registry)
    assert len(exposed) > 500
    assert max(value for (name, _), value in exposed.items() if name == "fairstream_alert_level") == 3
    assert pushed == exposed


def test_metrics_keep_name_and_kind_and_say_what_they_are_about(receiver: OtlpReceiver) -> None:
    with Pushing():
        request = receiver.wait_for_metrics()
    metrics = {metric.name: metric for metric in metrics_of(request)}
    decisions = metrics["fairstream_decisions_total"].sum
    assert (decisions.is_monotonic, decisions.aggregation_temporality) == (True, 2)  # cumulative
    assert 0 < decisions.data_points[0].start_time_unix_nano <= decisions.data_points[0].time_unix_nano
    assert metrics["fairstream_build_info"].WhichOneof("data") == "gauge"
    assert metrics["fairstream_event_latency_seconds"].unit == "s"
    resource = dict(labels_of(request.resource_metrics[0].resource.attributes))
    assert (
        resource.items()
        >= {
            "service.name": "fairstream",
            "service.version": __version__,
            "service.instance.id": "worker-1:9464",
        }.items()
    )


def test_the_standard_variables_name_service_headers_and_compression(
    receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "loan-fairness")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test,service.instance.id=a")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20t0ken")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    with Pushing():
        request = receiver.wait_for_metrics()
    resource = dict(labels_of(request.resource_metrics[0].resource.attributes))
    expected = {"service.name": "loan-fairness", "service.instance.id": "a", "deployment.environment": "test"}
    assert resource.items() >= expected.items()
    headers = receiver.received.headers[-1]
    assert (headers["authorization"], headers["content-encoding"]) == ("Bearer t0ken", "gzip")
    assert headers["content-type"] == "application/x-protobuf"


def test_alerts_arrive_once_as_log_records_in_event_time(receiver: OtlpReceiver) -> None:
    breach = msgspec.structs.replace(ALERT, sentence="Women are approved less often.")
    recovery = msgspec.structs.replace(ALERT, change="recovery", sentence="Back.")
    with Pushing() as pushing:
        pushing.push.judged(JudgeReport({"loans": ModelReport(alerts=[breach])}, policies=MODELS))
        pushing.push.judged(
            JudgeReport({"loans/outcomes": ModelReport(alerts=[recovery], restarts=[RESTART])}, policies=MODELS)
        )
        receiver.wait_for_logs(3)
    first, second, third = receiver.received.log_records
    assert pushing.n_pushed("logs", "delivered") == 3
    assert [one.event_name.rpartition(".")[2] for one in (first, second, third)] == ["breach", "recovery", "restart"]
    assert [one.severity_text for one in (first, second, third)] == ["ERROR", "INFO", "WARN"]
    assert first.body.string_value == "Women are approved less often."
    assert first.time_unix_nano == ALERT.at_s * 10**9 < first.observed_time_unix_nano
    assert third.time_unix_nano == third.observed_time_unix_nano
    attributes = dict(labels_of(first.attributes))
    assert attributes["fairstream.alert.id"] == breach.id
    assert attributes["fairstream.alert.group"] == "female"
    numbers = {pair.key: pair.value.double_value for pair in first.attributes}
    assert numbers["fairstream.alert.disparate_impact_ratio"] == ALERT.disparate_impact_ratio


def test_an_alert_about_few_decisions_has_no_numbers(receiver: OtlpReceiver) -> None:
    small = msgspec.structs.replace(ALERT, n=1, favorable=1, sentence="One woman was denied.")
    with Pushing() as pushing:
        pushing.push.judged(JudgeReport({"loans": ModelReport(alerts=[small])}, policies=MODELS))
        [record] = receiver.wait_for_logs(1)
    names = {pair.key.rpartition(".")[2] for pair in record.attributes}
    assert not names & {"n", "n_reference", "rate", "gap", "disparate_impact_ratio", "sentence"}
    assert record.body.string_value == "Numbers suppressed: fewer than k decisions."


def test_a_collector_that_is_away_costs_a_counted_drop_and_one_line_and_is_used_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="stream_app")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    with OtlpReceiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        receiver.received.status = HTTPStatus.SERVICE_UNAVAILABLE
        with Pushing() as pushing:
            pushing.push.judged(JudgeReport({"loans": ModelReport(alerts=[ALERT, ALERT])}, policies=MODELS))
            wait_until(
                lambda: pushing.n_pushed("logs", "dropped") == 2 and pushing.n_pushed("metrics", "dropped") >= 2,
                lambda: str(pushing.n_pushed("logs", "dropped")),
            )
            receiver.received.status = HTTPStatus.OK
            pushing.push.judged(JudgeReport({"loans": ModelReport(alerts=[ALERT])}, policies=MODELS))
            receiver.wait_for_logs(1)
            receiver.wait_for_metrics()
    assert pushing.n_pushed("metrics", "delivered") >= 1
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("stream_app")]
    for signal in ("metrics", "logs"):
        assert lines.count(f"The OTLP collector does not accept, dropping: signal={signal}") == 1
        assert lines.count(f"The OTLP collector accepts again: signal={signal}") == 1


def test_a_full_queue_drops_what_comes_and_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    pushing = Pushing(options=OtlpOptions(max_queued=3))  # not started: as if the collector took for ever
    report = JudgeReport({"loans": ModelReport(alerts=[ALERT, ALERT])}, policies=MODELS)
    for _ in range(3):
        pushing.push.judged(report)
    assert pushing.n_pushed("logs", "dropped") == 3


@pytest.mark.timeout(60)
def test_a_collector_that_never_answers_holds_up_neither_the_lanes_nor_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "3600")  # longer than this test may take
    with socket.create_server(("127.0.0.1", 0)) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.getsockname()[1]}")
        report = JudgeReport({"loans": ModelReport(alerts=[ALERT])}, policies=MODELS)
        with Pushing(options=OtlpOptions(metrics_every_s=0.05, alerts_every_s=0.05, max_queued=2)) as pushing:
            pushing.push.judged(report)
            connections = [collector.accept()[0], collector.accept()[0]]  # a snapshot and an alert are on their way
            for _ in range(5):
                pushing.push.judged(report)
        for connection in connections:
            connection.close()
    assert pushing.n_pushed("logs", "dropped") >= 3


def test_what_waits_is_sent_at_the_end(receiver: OtlpReceiver) -> None:
    with Pushing(options=OtlpOptions()) as pushing:  # a minute, and a second, until the next push
        pushing.push.judged(JudgeReport({"loans": ModelReport(alerts=[ALERT])}, policies=MODELS))
    assert len(receiver.received.log_records) == 1
    assert len(receiver.received.metrics) == 1


def test_a_missing_sdk_is_an_error_that_names_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)
    with pytest.raises(DependencyMissingError, match="pip install 'opentelemetry-sdk"):
        load_senders(OtlpOptions(), "worker-1:9464")

"""From a decision on the broker to a notification: real workers, Prometheus and Alertmanager, the shipped rules."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.notify.notification import describe_notification
from stream_app.edges.servers.shipped import MonitoringIntervals
from stream_app.policy import SHIPPED
from tests.support.servers.alerting import Alerting, complaints_about_metrics, need_servers, open_alerting
from tests.support.servers.otlp_receiver import OtlpReceiver, labels_of
from tests.support.servers.sites import Site, open_site

# Long enough to bridge a handover: session timeout and loading of the state.
_PACE = MonitoringIntervals(hold_s=60)
_DRIFT_FROM_S = 15  # event time after the start
_WINDOWS = 'windows = [{ name = "10s", size_s = 10 }, { name = "30s", size_s = 30 }]'  # a breach ends in all of them
_TIMEOUT_S = 400.0


@pytest.mark.timeout(900)
def test_a_drift_is_reported_survives_the_death_of_a_worker_and_is_resolved(kafka: str, tmp_path: Path) -> None:
    need_servers()
    policy = re.sub(r"^windows = .*$", _WINDOWS, (SHIPPED / "demo.toml").read_text("utf-8"), flags=re.MULTILINE)
    site = open_site(kafka, tmp_path, f"it-{uuid.uuid4().hex[:8]}", policy)
    ports = [free_port(), free_port()]
    with ExitStack() as parts:
        collector = parts.enter_context(OtlpReceiver())
        pushing = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_METRIC_EXPORT_INTERVAL": "2000"}
        workers = {
            port: parts.enter_context(site.worker(FAIRSTREAM_METRICS_PORT=str(port), **pushing)) for port in ports
        }
        alerting = parts.enter_context(open_alerting(tmp_path, [f"127.0.0.1:{port}" for port in ports], _PACE))
        start_s = int(time.time()) + 1
        unfair = parts.enter_context(decisions(site, start_s, f"0@0,0.8@{_DRIFT_FROM_S}s", seed=42))

        site.wait_until("the breach is reported", lambda: bool(breaches(alerting, "firing")), timeout_s=_TIMEOUT_S)
        notification, alert = next(
            (notification, alert)
            for notification, alert in alerting.reported("FairnessBreach", "firing")
            if alert.labels["attribute"] == "gender"
        )
        assert notification.receiver == "fairness-page"
        assert set(alert.labels) == {"about", "alertname", "attribute", "job", "model", "severity", "team"}
        text = describe_notification(notification, time.time())
        assert re.search(r"female approved \d\d% as often as male; limit 80%|rate of female \d+ percentage", text)
        assert re.search(r"evidence 10\^[\d.]+ against the limit \(10\^[\d.]+ needed\)", text)
        assert re.search(r"Since: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(event time", text)
        assert "error expanding template" not in text
        assert start_s <= since(alert.annotations["since"]) <= time.time()

        site.wait_until("one worker judges", lambda: owner_of_the_judge(alerting) != 0)
        dying = owner_of_the_judge(alerting)
        assert complaints_about_metrics(f"127.0.0.1:{dying}") == ""

        replay = site.command(*shlex.split(alert.annotations["replay"])[1:])
        assert replay.returncode == 0, replay.stdout + replay.stderr

        workers.pop(dying).kill()
        site.wait_until("the other worker judges", lambda: owner_of_the_judge(alerting) not in {dying, 0})
        alerting.wait_for_evaluations()
        assert not breaches(alerting, "resolved")
        assert len(breaches(alerting, "firing")) == 1

        unfair.stop()  # only now: the breach must not end before the other worker has taken it over
        parts.enter_context(decisions(site, int(time.time()) + 1, "0", seed=43))
        site.wait_until("the recovery is reported", lambda: bool(breaches(alerting, "resolved")), timeout_s=_TIMEOUT_S)

        def changes() -> set[str]:
            return {alert["change"] for alert in pushed_alerts(collector) if alert["group"] == "female"}

        def instances() -> set[str]:
            return {pushed_instance(request) for request in collector.received.metrics}

        site.wait_until("the recovery is pushed", lambda: changes() == {"breach", "recovery"})
        site.wait_until(
            "both have pushed metrics", lambda: instances() == {f"{socket.gethostname()}:{port}" for port in ports}
        )
        pushed = pushed_alerts(collector)
        listed = [
            json.loads(line) for line in site.command("alerts", "list", "--last", "0", "--json").stdout.splitlines()
        ]
        assert len({alert["id"] for alert in pushed}) == len(pushed)  # each once, though the judge moved
        assert {alert["id"] for alert in pushed} <= {alert["id"] for alert in listed}


def pushed_alerts(collector: OtlpReceiver) -> list[dict[str, str]]:
    return [pushed_alert(record) for record in collector.received.log_records]


def pushed_alert(record: LogRecord) -> dict[str, str]:
    """Return the texts of a pushed alert by field."""
    return {name.rpartition(".")[2]: text for name, text in labels_of(record.attributes)}


def pushed_instance(request: ExportMetricsServiceRequest) -> str:
    return dict(labels_of(request.resource_metrics[0].resource.attributes))["service.instance.id"]


def breaches(alerting: Alerting, status: str) -> list[dict[str, str]]:
    """Return the labels of each reported breach about gender, once for each start."""
    alerts = [alert for _, alert in alerting.reported("FairnessBreach", status)]
    alerts = [alert for alert in alerts if alert.labels["attribute"] == "gender"]
    return list({alert.starts_at: alert.labels for alert in alerts}.values())


def owner_of_the_judge(alerting: Alerting) -> int:
    """Return the port of the worker that exports verdicts; 0 while none does."""
    found = alerting.prometheus.query("count by (instance) (fairstream_alert_level)")
    return int(found[0]["metric"]["instance"].rpartition(":")[2]) if len(found) == 1 else 0


def since(text: str) -> float:
    return datetime.fromisoformat(text.split(maxsplit=1)[0]).timestamp()


@contextmanager
def decisions(site: Site, start_s: int, drift: str, *, seed: int) -> Iterator[BoundProcess]:
    """Send simulated decisions at the pace of the clock."""
    start = datetime.fromtimestamp(start_s, UTC).isoformat()
    arguments = ["--drift", drift, "--start", start, "--rate", "400", "--seed", str(seed)]
    command = [sys.executable, "-m", "stream_app", "produce", "loans", *arguments]
    with BoundProcess(command, site.folder / "producer.log", env={**os.environ, **site.environ}) as producer:
        yield producer

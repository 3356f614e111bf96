"""Values on a /metrics page become notifications: real Prometheus, real Alertmanager, the shipped rules and routes.

All tests share the servers; each uses its own model. To see that something is *not* reported, a test raises a marker
afterwards: once the marker is reported, anything raised before it would have been reported too.
"""

from __future__ import annotations

import itertools
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from stream_app.edges.notify.notification import describe_notification
from tests.support.fairness_rows import (
    AGE_LIMIT_S,
    BREACH,
    GAP,
    MEAN,
    OK,
    RATIO,
    WARNING,
    hours_rows,
    level_rows,
    model_rows,
    process_rows,
)
from tests.support.servers.alerting import WEB_URL, Alerting, Exporter, need_servers, need_tool, open_alerting

_KEEP_FIRING_EVALUATIONS = 15  # longer than any `keep_firing_for` of the test's pace


class Setup:
    """Two exporters instead of two workers, and the servers that monitor them."""

    def __init__(self, first: Exporter, second: Exporter, alerting: Alerting) -> None:
        self.first, self.second, self.alerting = first, second, alerting
        self._numbers = itertools.count()

    def reported(self, name: str, status: str, model: str) -> list[dict[str, str]]:
        """Return the annotations of each notification of an alert about a model."""
        return [
            alert.annotations for _, alert in self.alerting.reported(name, status) if alert.labels.get("model") == model
        ]

    def wait_until_reported(self, name: str, status: str, model: str) -> None:
        self.alerting.wait_until(lambda: self.reported(name, status, model), f"{name} {status} about {model}")

    def wait_until_firing(self, name: str, model: str) -> None:
        def is_firing() -> bool:
            firing = [alert["labels"] for alert in self.alerting.prometheus.firing()]
            return any((labels["alertname"], labels.get("model")) == (name, model) for labels in firing)

        self.alerting.wait_until(is_firing, f"{name} to fire for {model}")

    def raise_marker(self) -> None:
        """Raise a breach, wait until it is reported, then remove it."""
        marker = f"marker{next(self._numbers)}"
        self.first.show(marker, model_rows(marker, level=BREACH))
        self.wait_until_reported("FairnessBreach", "firing", marker)
        self.first.hide(marker)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    need_servers()
    folder = tmp_path_factory.mktemp("alerting")
    first, second = Exporter(folder, "worker-1"), Exporter(folder, "worker-2")
    for exporter in (first, second):
        exporter.show("process", process_rows())
    first.show("patrols", hours_rows("patrols", ratios={"High": 4.09, "Middle": 1.67, "Upper": 1.2}))
    with (
        first.running(),
        second.running(),
        open_alerting(folder, [first.address, second.address]) as alerting,
    ):
        yield Setup(first, second, alerting)


def test_a_breach_is_reported_with_labels_and_text_through_the_routing_tree_and_resolves(setup: Setup) -> None:
    setup.first.show("credit", model_rows("credit", level=BREACH))
    setup.wait_until_reported("FairnessBreach", "firing", "credit")
    notification, alert = next(
        (notification, alert)
        for notification, alert in setup.alerting.reported("FairnessBreach", "firing")
        if alert.labels["model"] == "credit"
    )
    assert notification.receiver == "fairness-page"
    incident = {"alertname": "FairnessBreach", "model": "credit", "attribute": "gender", "about": "decisions"}
    assert notification.group_labels == incident
    assert alert.labels == incident | {
        "job": "fairstream",
        "severity": "critical",
        "team": "fairness",
    }
    text = describe_notification(notification, time.time())
    for fact in (
        "[FIRING:1] FairnessBreach credit/gender",
        "credit: female approved 62% as often as male; limit 80% [critical]",
        "Confidence: evidence 10^23.9 against the limit (10^8.7 needed); ratio 0.620, 95% interval 0.551 to 0.699",
        "n >= 1,000",
        "Cause: mainly different decisions within the same segment (-21.6 percentage points), most in home (-12.0)",
        "Also affected: female & black: 40% as often as male & white",
        "0123abcd",
    ):
        assert fact in text
    assert "1.01" not in text  # of the newest window, which ended before the breach
    assert setup.first.hide("credit")
    setup.wait_until_reported("FairnessBreach", "resolved", "credit")
    assert len(setup.reported("FairnessBreach", "firing", "credit")) == 1


def test_onset_and_replay_command_are_in_event_time(setup: Setup) -> None:
    rows = model_rows("onset", level=BREACH)
    end_s = rows["fairstream_window_end_timestamp_seconds"][0][1]
    setup.first.show("onset", rows)
    setup.wait_until_reported("FairnessBreach", "firing", "onset")
    annotations = setup.reported("FairnessBreach", "firing", "onset")[0]
    onset = f"{iso(end_s - 900)} (event time, 99% interval {iso(end_s - 960)} to {iso(end_s - 900)})"
    assert annotations["since"] == f"{onset}, detected {iso(end_s - 60)}"
    command = "fairstream replay verify --published --model onset --policy loans"
    assert annotations["replay"] == f"{command} --from {iso(end_s - 1500)} --to {iso(end_s - 59)}"
    link = f"{WEB_URL}/cases/about?model=onset&attribute=gender&about=decisions"
    assert annotations["case_url"] == link
    assert f"&var-window=5m&from={1000 * (int(end_s) - 2700)}&to=now" in annotations["dashboard_url"]
    setup.first.hide("onset")


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        (GAP, "approval rate of female 27 percentage points below male; limit 20"),
        (GAP, "difference -0.266, 95% interval -0.301 to -0.231"),
        ("score", "share of high scores of female"),
        (MEAN, "female worse off: mean rate 0.703 higher than male; limit 0.25"),
        (MEAN, "difference +0.703, 95% interval +0.532 to +0.873"),
    ],
)
def test_each_kind_of_limit_is_reported_with_its_own_values(setup: Setup, kind: str, fact: str) -> None:
    model = f"kind-{kind}"
    setup.first.show(model, model_rows(model, level=BREACH, kind=kind))
    setup.wait_until_reported("FairnessBreach", "firing", model)
    annotations = setup.reported("FairnessBreach", "firing", model)[0]
    assert fact in " ".join(annotations.values())
    assert "error expanding template" not in " ".join(annotations.values())
    setup.first.hide(model)


def test_a_resolved_message_says_when_the_breach_ended_and_how_long_it_lasted(setup: Setup) -> None:
    rows = model_rows("over", level=BREACH)
    end_s = rows["fairstream_window_end_timestamp_seconds"][0][1]
    setup.first.show("over", rows)
    setup.wait_until_reported("FairnessBreach", "firing", "over")
    labels = {"model": "over", "attribute": "gender", "kind": RATIO}
    recovery: Any = {"fairstream_alert_recovery_timestamp_seconds": [(labels, end_s)]}
    gone: Any = {name: [] for name in rows if "_breach_" in name}
    setup.first.show("over", level_rows("over", level=OK) | recovery | gone)
    setup.wait_until_reported("FairnessBreach", "resolved", "over")
    annotations = setup.reported("FairnessBreach", "resolved", "over")[0]
    assert annotations["ended"] == f"{iso(end_s)} (event time), after 15m 0s"
    assert annotations["summary"] == "over: female approved 62% as often as male; limit 80%"
    assert len(setup.reported("FairnessBreach", "firing", "over")) == 1
    setup.first.hide("over")


def test_a_breach_that_becomes_a_warning_is_resolved_and_the_warning_reported(setup: Setup) -> None:
    setup.first.show("muted", model_rows("muted", level=BREACH))
    setup.wait_until_reported("FairnessBreach", "firing", "muted")
    setup.first.show("muted", level_rows("muted", level=WARNING))
    setup.wait_until_reported("FairnessWarning", "firing", "muted")
    setup.wait_until_reported("FairnessBreach", "resolved", "muted")  # through another route, so perhaps later
    setup.first.hide("muted")


def test_a_silence_mutes_a_breach_until_it_expires(setup: Setup) -> None:
    amtool = [need_tool("amtool"), f"--alertmanager.url={setup.alerting.alertmanager.url}", "silence"]
    add = [*amtool, "add", "--comment=known", "--author=test", "--duration=1h", "model=silent"]
    silence = subprocess.run(add, capture_output=True, text=True, check=True).stdout.strip()
    setup.first.show("silent", model_rows("silent", level=BREACH))
    setup.wait_until_firing("FairnessBreach", "silent")
    setup.raise_marker()
    assert not setup.reported("FairnessBreach", "firing", "silent")
    subprocess.run([*amtool, "expire", silence], check=True)
    setup.wait_until_reported("FairnessBreach", "firing", "silent")
    setup.first.hide("silent")


def test_a_handover_between_workers_neither_resolves_a_breach_nor_reports_it_again(setup: Setup) -> None:
    setup.first.show("moving", model_rows("moving", level=BREACH))
    setup.wait_until_reported("FairnessBreach", "firing", "moving")
    rows = setup.first.hide("moving")
    setup.alerting.wait_until(
        lambda: not setup.alerting.prometheus.query('fairstream_incident_level{model="moving"}'),
        "the rows to disappear",
    )
    setup.second.show("moving", rows)
    setup.alerting.wait_for_evaluations(_KEEP_FIRING_EVALUATIONS)
    setup.raise_marker()
    assert len(setup.reported("FairnessBreach", "firing", "moving")) == 1
    assert not setup.reported("FairnessBreach", "resolved", "moving")
    setup.second.hide("moving")
    setup.wait_until_reported("FairnessBreach", "resolved", "moving")


def test_stale_values_raise_an_alert_of_their_own_and_no_breach(setup: Setup) -> None:
    setup.first.show("old", model_rows("old", level=BREACH, age_s=AGE_LIMIT_S + 60))
    setup.wait_until_reported("FairnessDataStale", "firing", "old")
    notification, alert = next(
        (notification, alert)
        for notification, alert in setup.alerting.reported("FairnessDataStale", "firing")
        if alert.labels["model"] == "old"
    )
    assert notification.receiver == "fairness-chat"
    assert "1.1 times as old as allowed" in alert.annotations["description"]
    setup.raise_marker()
    assert not setup.reported("FairnessBreach", "firing", "old")
    setup.first.hide("old")
    setup.wait_until_reported("FairnessDataStale", "resolved", "old")


def test_a_disparity_of_hours_is_reported_once_for_all_its_levels(setup: Setup) -> None:
    setup.wait_until_reported("HoursDisparity", "firing", "patrols")  # since the servers started
    [notification] = {
        notification.receiver: notification
        for notification, alert in setup.alerting.reported("HoursDisparity", "firing")
        if alert.labels["model"] == "patrols"
    }.values()
    assert notification.receiver == "fairness-chat"
    assert {alert.labels["group"] for alert in notification.alerts} == {"High", "Middle"}
    text = describe_notification(notification, time.time())
    for fact in (
        "HoursDisparity patrols/income",
        "patrols: hours per resident of income High are beyond the limit",
        "are above 1.5. Ratio of the means of areas by window: 5m 4.09",
        "fairstream replay verify --published --model patrols",
    ):
        assert fact in text
    annotations = [alert.annotations for alert in notification.alerts]
    assert all(each["runbook_url"].endswith("/runbooks/HoursDisparity") for each in annotations)


def test_the_watchdog_reaches_the_sink(setup: Setup) -> None:
    def states() -> list[str]:
        return [event["state"] for event in setup.alerting.events() if event["event"] == "watchdog"]

    setup.alerting.wait_until(states, "the Watchdog")
    assert states() == ["alive"]


def test_the_link_of_a_notification_leads_to_its_runbook(setup: Setup) -> None:
    setup.raise_marker()
    _, alert = setup.alerting.reported("FairnessBreach", "firing")[0]
    link = alert.annotations["runbook_url"]
    assert link.startswith(f"{setup.alerting.sink_url}/runbooks/")
    with urllib.request.urlopen(link, timeout=60) as answer:  # noqa: S310  # the sink's own address
        assert answer.read().decode().startswith("# FairnessBreach\n")


def iso(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Values on a /metrics page become notifications: real Prometheus, real Alertmanager, the shipped rules and routes.

All tests share the servers; each watches a model of its own. That something is *not* told is seen by raising a marker
afterwards: once the marker is told, whatever was raised before it would have been told too.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stream_app.edges.notify.notification import describe_notification
from stream_app.edges.servers.shipped import alertmanager_dir
from tests.support.fairness_rows import AGE_LIMIT_S, level_rows, model_rows, process_rows
from tests.support.servers.alerting import Alerting, Exporter, need_servers, need_tool, open_alerting

_KEEP_FIRING_EVALUATIONS = 15  # longer than any `keep_firing_for` of the test's pace


class House:
    """Two exporters in the place of two workers, and the servers that watch them."""

    def __init__(self, first: Exporter, second: Exporter, alerting: Alerting) -> None:
        self.first, self.second, self.alerting = first, second, alerting
        self._numbers = itertools.count()

    def told(self, alert: str, status: str, model: str) -> list[dict[str, str]]:
        """Return the annotations of each time that an alert about a model was told."""
        return [one.annotations for _, one in self.alerting.told(alert, status) if one.labels.get("model") == model]

    def wait_until_told(self, alert: str, status: str, model: str) -> None:
        self.alerting.wait_until(lambda: self.told(alert, status, model), f"{alert} {status} about {model}")

    def wait_until_firing(self, alert: str, model: str) -> None:
        def is_firing() -> bool:
            found = [one["labels"] for one in self.alerting.prometheus.firing()]
            return any((labels["alertname"], labels.get("model")) == (alert, model) for labels in found)

        self.alerting.wait_until(is_firing, f"{alert} to fire for {model}")

    def raise_marker(self) -> None:
        """Raise a breach and wait until it is told, then take it away."""
        marker = f"marker{next(self._numbers)}"
        self.first.show(marker, model_rows(marker, disparate_impact_ratio=3.0))
        self.wait_until_told("FairnessBreach", "firing", marker)
        self.first.hide(marker)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    need_servers()
    folder = tmp_path_factory.mktemp("alerting")
    first, second = Exporter(folder, "worker-1"), Exporter(folder, "worker-2")
    for exporter in (first, second):
        exporter.show("process", process_rows())
    with (
        first.running(),
        second.running(),
        open_alerting(folder, [first.address, second.address]) as alerting,
    ):
        yield House(first, second, alerting)


def test_a_breach_is_told_with_labels_and_text_along_the_real_tree_and_resolves(house: House) -> None:
    house.first.show("credit", model_rows("credit", disparate_impact_ratio=3.0))
    house.wait_until_told("FairnessBreach", "firing", "credit")
    notification, alert = next(
        (whole, one)
        for whole, one in house.alerting.told("FairnessBreach", "firing")
        if one.labels["model"] == "credit"
    )
    assert notification.receiver == "fairness-page"
    assert notification.group_labels == {"alertname": "FairnessBreach", "model": "credit", "attribute": "gender"}
    assert alert.labels == {
        "alertname": "FairnessBreach",
        "attribute": "gender",
        "job": "fairstream",
        "kind": "disparate_impact_ratio",
        "model": "credit",
        "severity": "critical",
        "team": "fairness",
    }
    text = describe_notification(notification, time.time())
    for fact in (
        "[FIRING:1] FairnessBreach credit/gender",
        "ratio of approval rates 0.620, between 0.551 and 0.699 (rule: 0.8)",
        "n: 1,000 or more",
        "approved 0.434",
        "Reference male, window 5m: approved 0.700",
        "10^8.2 against the rule being kept (female, test ratio_low); the bar is 10^5.0",
        "The whole interval of a group breaks the rule",
        "-0.216 because like cases are decided otherwise (rate)",
        "segment home, rate -0.120",
        "credit_score -0.20 standard deviations",
        "sha256:0123abcd",
    ):
        assert fact in text
    assert house.first.hide("credit")
    house.wait_until_told("FairnessBreach", "resolved", "credit")
    assert len(house.told("FairnessBreach", "firing", "credit")) == 1


def test_onset_and_replay_command_are_in_event_time(house: House) -> None:
    rows = model_rows("onset", disparate_impact_ratio=3.0)
    end_s = rows["fairstream_window_end_timestamp_seconds"][0][1]
    house.first.show("onset", rows)
    house.wait_until_told("FairnessBreach", "firing", "onset")
    told = house.told("FairnessBreach", "firing", "onset")[0]
    assert told["since"] == f"{iso(end_s - 900)} (event time)"
    assert told["replay"] == f"fairstream replay verify --model onset --from {iso(end_s - 1500)} --to {iso(end_s + 1)}"
    house.first.hide("onset")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("gap", "gap of approval rates -0.266, between -0.301 and -0.231 (rule: 0.2)"),
        ("score", "No sequential evidence is exported for this rule"),
    ],
)
def test_each_kind_of_rule_is_told_with_its_own_values(house: House, kind: str, name: str) -> None:
    model = f"kind-{kind}"
    house.first.show(model, model_rows(model, **{kind: 3.0}))
    house.wait_until_told("FairnessBreach", "firing", model)
    told = house.told("FairnessBreach", "firing", model)[0]
    assert name in " ".join(told.values())
    assert "error expanding template" not in " ".join(told.values())
    house.first.hide(model)


def test_a_breach_mutes_the_warning_about_the_same_attribute_until_it_ends(house: House) -> None:
    house.first.show("muted", model_rows("muted", disparate_impact_ratio=3.0, gap=2.0))
    house.wait_until_told("FairnessBreach", "firing", "muted")
    house.wait_until_firing("FairnessWarning", "muted")
    house.raise_marker()
    assert not house.told("FairnessWarning", "firing", "muted")
    house.first.show("muted", level_rows("muted", disparate_impact_ratio=0.0, gap=2.0))
    house.wait_until_told("FairnessWarning", "firing", "muted")
    house.wait_until_told("FairnessBreach", "resolved", "muted")  # on a way of its own, so perhaps later
    house.first.hide("muted")


def test_a_silence_holds_a_breach_back_until_it_expires(house: House) -> None:
    amtool = [need_tool("amtool"), f"--alertmanager.url={house.alerting.alertmanager.url}", "silence"]
    add = [*amtool, "add", "--comment=known", "--author=test", "--duration=1h", "model=silent"]
    silence = subprocess.run(add, capture_output=True, text=True, check=True).stdout.strip()
    house.first.show("silent", model_rows("silent", disparate_impact_ratio=3.0))
    house.wait_until_firing("FairnessBreach", "silent")
    house.raise_marker()
    assert not house.told("FairnessBreach", "firing", "silent")
    subprocess.run([*amtool, "expire", silence], check=True)
    house.wait_until_told("FairnessBreach", "firing", "silent")
    house.first.hide("silent")


def test_a_handover_between_workers_neither_resolves_a_breach_nor_tells_it_again(house: House) -> None:
    house.first.show("moving", model_rows("moving", disparate_impact_ratio=3.0))
    house.wait_until_told("FairnessBreach", "firing", "moving")
    rows = house.first.hide("moving")
    house.alerting.wait_until(
        lambda: not house.alerting.prometheus.query('fairstream_alert_level{model="moving"}'), "the rows to be gone"
    )
    house.second.show("moving", rows)
    house.alerting.wait_for_evaluations(_KEEP_FIRING_EVALUATIONS)
    house.raise_marker()
    assert len(house.told("FairnessBreach", "firing", "moving")) == 1
    assert not house.told("FairnessBreach", "resolved", "moving")
    house.second.hide("moving")
    house.wait_until_told("FairnessBreach", "resolved", "moving")


def test_values_that_are_old_raise_an_alert_of_their_own_and_no_breach(house: House) -> None:
    house.first.show("old", model_rows("old", age_s=AGE_LIMIT_S + 60, disparate_impact_ratio=3.0))
    house.wait_until_told("FairnessDataStale", "firing", "old")
    notification, alert = house.alerting.told("FairnessDataStale", "firing")[0]
    assert notification.receiver == "fairness-chat"
    assert "1.1 times as old as it may be" in alert.annotations["description"]
    house.raise_marker()
    assert not house.told("FairnessBreach", "firing", "old")
    house.first.hide("old")
    house.wait_until_told("FairnessDataStale", "resolved", "old")


def test_the_watchdog_reaches_the_sink(house: House) -> None:
    def states() -> list[str]:
        return [event["state"] for event in house.alerting.events() if event["event"] == "watchdog"]

    house.alerting.wait_until(states, "the Watchdog")
    assert states() == ["alive"]


def test_the_link_of_a_notification_leads_to_its_runbook(house: House) -> None:
    house.raise_marker()
    _, alert = house.alerting.told("FairnessBreach", "firing")[0]
    link = alert.annotations["runbook_url"]
    assert link.startswith(f"{house.alerting.sink_url}/runbooks/")
    with urllib.request.urlopen(link, timeout=10) as answer:  # noqa: S310  # the sink's own address
        assert answer.read().decode().startswith("# FairnessBreach\n")


def test_the_templates_for_chat_and_mail_tell_the_same_as_the_sink(house: House, tmp_path: Path) -> None:
    house.raise_marker()
    notification = next(one for one in house.alerting.events() if one["event"] == "notification")["notification"]
    rendered = render(notification, tmp_path)
    assert rendered.startswith(f"[FIRING:{len(notification['alerts'])}] {notification['groupLabels']['alertname']}")
    for alert in notification["alerts"]:
        for name in ("summary", "description", "groups", "evidence", "since", "cause", "replay", "runbook_url"):
            assert alert["annotations"].get(name, "") in rendered


def render(notification: dict[str, Any], folder: Path) -> str:
    """Put a notification through the shipped templates with Alertmanager's own tool."""
    data = folder / "data.json"
    common = notification["alerts"][0]["labels"] | notification["groupLabels"]
    data.write_text(json.dumps(notification | {"commonLabels": common}), "utf-8")
    templates = alertmanager_dir() / "templates" / "*.tmpl"
    text = '{{ template "fairstream.title" . }}\n{{ template "fairstream.text" . }}'
    command = [need_tool("amtool"), "template", "render", f"--template.glob={templates}", f"--template.data={data}"]
    return subprocess.run([*command, f"--template.text={text}"], capture_output=True, text=True, check=True).stdout


def iso(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""The shipped files of Prometheus and Alertmanager, checked by the servers' own tools."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stream_app.edges.servers.shipped import (
    MonitoringIntervals,
    WebTarget,
    alertmanager_dir,
    prometheus_dir,
    runbooks,
    write_alertmanager_files,
    write_prometheus_files,
)
from tests.programs.alert_rules import Rule, read_alerts
from tests.support.paths import ROOT
from tests.support.servers.alerting import need_tool

RULES = sorted((prometheus_dir() / "rules").glob("*.yml"))
TESTS = sorted((ROOT / "deploy" / "prometheus" / "tests").glob("*_test.yml"))
ALERTMANAGER = alertmanager_dir() / "alertmanager.yml"
RECEIVERS = {"critical": "page", "warning": "chat"}


def test_prometheus_accepts_its_files() -> None:
    answer = ask("promtool", "check", "config", str(prometheus_dir() / "prometheus.yml"))
    assert f"{len(RULES)} rule files found" in answer
    ask("promtool", "check", "rules", "--lint=all", "--lint-fatal", *map(str, RULES))


def test_prometheus_accepts_the_job_of_the_web_application(tmp_path: Path) -> None:
    token = tmp_path / "a token's file"
    token.write_text("fs_x", "utf-8")
    options: dict[str, Any] = {"address": "127.0.0.1:9", "alertmanager": None, "sink_url": None, "pace": None}
    web = WebTarget("127.0.0.1:8600", token)
    main = write_prometheus_files(tmp_path / "etc", workers=["127.0.0.1:9464"], web=web, **options)
    ask("promtool", "check", "config", str(main))
    (job,) = [job for job in load(main)["scrape_configs"] if job["job_name"] == "fairstream-web"]
    assert (job["metrics_path"], job["static_configs"]) == ("/api/metrics", [{"targets": ["127.0.0.1:8600"]}])
    assert job["authorization"]["credentials_file"] == str(token)
    without = write_prometheus_files(tmp_path / "other", workers=["127.0.0.1:9464"], **options)
    assert "fairstream-web" not in without.read_text("utf-8")


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(path: Path) -> None:
    ask("promtool", "test", "rules", str(path))


def test_an_onset_that_is_certain_to_a_moment_has_no_interval(tmp_path: Path) -> None:
    promtool = need_tool("promtool")
    shutil.copytree(prometheus_dir() / "rules", tmp_path / "rules")
    text = next(path for path in TESTS if path.stem == "fairness_test").read_text("utf-8")
    interval = ", 99% interval 1970-01-01T00:10:40Z to 1970-01-01T00:11:40Z"
    assert text.count(interval) == 3
    certain = re.sub(r"(onset_earliest_.* )640(x\d+)", r"\g<1>700\2", text.replace(interval, ""))
    (tmp_path / "tests").mkdir()
    for name, tested, code in (("certain.yml", certain, 0), ("vague.yml", text.replace(interval, ""), 1)):
        path = tmp_path / "tests" / name
        path.write_text(tested, "utf-8")
        assert subprocess.run([promtool, "test", "rules", path], capture_output=True, check=False).returncode == code


@pytest.mark.parametrize("alert", [alert.name for alert in read_alerts()])
def test_every_alert_is_tested_both_ways(alert: str) -> None:
    queries = [query for path in TESTS for test in load(path)["tests"] for query in test.get("promql_expr_test", [])]
    about = [query for query in queries if is_about(query["expr"], alert)]
    assert any(query.get("exp_samples") for query in about)
    assert alert == "Watchdog" or any(not query.get("exp_samples") for query in about)


def test_alertmanager_accepts_its_files() -> None:
    answer = ask("amtool", "check-config", str(ALERTMANAGER))
    assert "1 templates" in answer


@pytest.mark.parametrize("alert", read_alerts(), ids=lambda alert: alert.name)
def test_each_alert_reaches_its_receiver(alert: Rule) -> None:
    severity, team = alert.labels["severity"], alert.labels["team"]
    receiver = {"none": "deadman", "info": "ticket"}.get(severity) or f"{team}-{RECEIVERS[severity]}"
    assert route(alertname=alert.name, severity=severity, team=team) == receiver


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"alertname": "Own", "severity": "critical", "team": "fairness"}, "fairness-page"),
        ({"alertname": "Own", "severity": "critical", "team": "fairness", "attribute": "gender+race"}, "fairness-page"),
        ({"alertname": "Own", "severity": "warning", "team": "fairness", "attribute": "gender+race"}, "fairness-chat"),
        ({"alertname": "Own", "severity": "warning", "team": "privacy"}, "privacy-chat"),
        ({"alertname": "Own", "severity": "info", "team": "pipeline"}, "ticket"),
        ({"alertname": "Own", "severity": "critical"}, "ticket"),
        ({"alertname": "Watchdog", "severity": "none", "team": "pipeline"}, "deadman"),
    ],
)
def test_further_alerts_follow_severity_and_team(labels: dict[str, str], receiver: str) -> None:
    assert route(**labels) == receiver


def test_a_wrong_route_would_be_noticed() -> None:
    wrong = [need_tool("amtool"), "config", "routes", "test", f"--config.file={ALERTMANAGER}"]
    answer = subprocess.run(
        [*wrong, "--verify.receivers=ticket", "severity=critical", "team=fairness"], capture_output=True, check=False
    )
    assert answer.returncode == 1


def test_copies_for_this_machine_are_valid_and_differ_in_addresses_and_times_only(tmp_path: Path) -> None:
    main = write_prometheus_files(
        tmp_path / "prometheus",
        workers=["127.0.0.1:1", "127.0.0.1:2"],
        address="127.0.0.1:3",
        alertmanager="127.0.0.1:4",
        sink_url="http://127.0.0.1:5",
        pace=MonitoringIntervals(),
    )
    ask("promtool", "check", "config", str(main))
    ask(
        "amtool",
        "check-config",
        str(write_alertmanager_files(tmp_path, sink_url="http://127.0.0.1:5", pace=MonitoringIntervals())),
    )
    for path in RULES:
        assert calm(path.read_text("utf-8")) == calm((main.parent / "rules" / path.name).read_text("utf-8"))
    assert calm(ALERTMANAGER.read_text("utf-8")) == calm((tmp_path / "alertmanager.yml").read_text("utf-8"))


def test_the_examples_of_the_page_are_valid(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "alerting.md").read_text("utf-8")
    examples = YAML(typ="safe").load(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0])["receivers"]
    config = load(ALERTMANAGER)
    receivers = [*config["receivers"], *examples]
    replaced = {receiver["name"]: receiver for receiver in receivers}
    config |= {"receivers": list(replaced.values()), "templates": [str(alertmanager_dir() / "templates" / "*.tmpl")]}
    YAML(typ="safe").dump(config, tmp_path / "alertmanager.yml")
    assert len(replaced) == len(load(ALERTMANAGER)["receivers"])
    ask("amtool", "check-config", str(tmp_path / "alertmanager.yml"))


def test_an_installed_fairstream_has_the_files_too(tmp_path: Path) -> None:
    builder = Path(sys.executable).with_name("hatchling")
    subprocess.run([builder, "build", "-t", "wheel", "-d", str(tmp_path)], cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "prometheus/prometheus.yml",
        "prometheus/scrapes/web.yml",
        "alertmanager/alertmanager.yml",
        "alertmanager/templates/fairstream.tmpl",
    }
    wanted |= {f"prometheus/rules/{path.name}" for path in RULES} | {f"runbooks/{name}.md" for name in runbooks()}
    assert {f"stream_app/deploy/{name}" for name in wanted} <= inside


def ask(tool: str, *arguments: str) -> str:
    """Run a tool and return its output; its failure fails the test."""
    completed = subprocess.run([need_tool(tool), *arguments], capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stdout + completed.stderr
    return completed.stdout


def route(**labels: str) -> str:
    """Return the receiver to which the shipped tree sends an alert."""
    matchers = [f"{name}={value}" for name, value in labels.items()]
    return ask("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *matchers).strip()


def is_about(expr: str, alert: str) -> bool:
    """Return whether a query selects an alert."""
    match = re.search(r'alertname(=~?)"([^"]*)"', expr)
    if match is None:
        return False
    return re.fullmatch(match[2] if match[1] == "=~" else re.escape(match[2]), alert) is not None


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(path)
    return loaded


def calm(text: str) -> str:
    """Replace addresses and times by placeholders."""
    text = re.sub(r"http://(127\.0\.0\.1:(5|9099)|notify-sink:9099)", "SINK", text)
    names = "for|keep_firing_for|interval|group_wait|group_interval|repeat_interval"
    text = re.sub(r"((?:last|max)_over_time\([^\[\n]*)\[(?:10m|20s|10s|5s)\]", r"\1[TIME]", text)
    return re.sub(rf"\b({names}): \d+[smhd]\b", r"\1: TIME", text)

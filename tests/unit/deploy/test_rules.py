"""Every rule follows the conventions: labels, texts, runbooks, known metrics, and no series of a single worker."""

from __future__ import annotations

import re
import shlex

import pytest

from stream_app.cli import load_commands, walk_commands
from stream_app.edges.servers.shipped import runbooks
from stream_app.programs.incidents import KINDS
from stream_app.web_app.api.metrics import LABELS, SUSPECTED
from tests.programs.alert_rules import PAGE, RUNBOOKS, Rule, read_alerts, read_rules, write_page
from tests.support.boards.metric_scenario import scenario
from tests.support.servers.command_lines import parse

ALERTS = read_alerts()
RECORDED = {rule.name for rule in read_rules() if not rule.is_alert}
# What a worker exports or has agreed to export, with its labels; and metrics of the servers themselves.
OF_WORKERS = {series.name: set(series.labels) | {"run"} for series in scenario(0)}
OF_WEB_APPLICATION = {SUSPECTED: set(LABELS)}
EXPORTED = OF_WORKERS | OF_WEB_APPLICATION
OF_SERVERS = {"up", "prometheus_rule_evaluation_failures_total", "alertmanager_notifications_failed_total"}
INCIDENTS = sorted(kind.runbook for kind in KINDS.values())
COMING = {"replay run"}  # runbooks mention it already
HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]

_SERIES = re.compile(r"(?<![\w:])((?:fairstream|prometheus|alertmanager)_\w+|up)(?![\w:(]|\s*\()(\{[^}]*\})?")
_AGGREGATION = re.compile(r"\b(?:max|min|sum|count|absent)\s*(?:(without|by)\s*\(([^)]*)\)\s*)?\($")


def by_name(rule: Rule) -> str:
    return rule.name


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_an_alert_has_severity_team_texts_and_links(alert: Rule) -> None:
    assert alert.labels["severity"] in {"critical", "warning", "info", "none"}
    assert alert.labels["team"] in {"fairness", "privacy", "pipeline"}
    assert alert.annotations["summary"].strip()
    assert alert.annotations["description"].strip().endswith(".")
    assert alert.annotations["runbook_url"] == f"http://127.0.0.1:9099/runbooks/{alert.name}"
    assert re.match(r"http://127\.0\.0\.1:3000/d/fairstream-[a-z]+", alert.annotations["dashboard_url"])


def test_names_of_alerts_are_unique() -> None:
    names = [alert.name for alert in ALERTS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_an_alert_compares_something(alert: Rule) -> None:
    bare = re.sub(r"\{[^}]*\}", "", alert.expr)
    assert re.search(r"[<>]=?|==|\bunless\b|absent\(|^vector\(1\)$", bare)


@pytest.mark.parametrize("rule", read_rules(), ids=by_name)
def test_a_rule_reads_metrics_that_exist_by_labels_that_they_have(rule: Rule) -> None:
    for metric, matchers in series_in(rule.expr):
        if metric in OF_SERVERS:
            continue
        assert metric in EXPORTED
        assert set(re.findall(r"(\w+)[!=]~?=?", re.sub(r'"[^"]*"', "", matchers))) <= EXPORTED[metric] | {"job"}
    for recorded in re.findall(r"\b[a-z_]+:\w+:\w+", rule.expr):
        assert recorded in RECORDED


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_texts_query_only_metrics_that_exist(alert: Rule) -> None:
    texts = " ".join(alert.annotations.values())
    names = set(re.findall(r"\b(fairstream_\w+)(?=[{)\"])", texts)) - {"fairstream_"}
    assert names <= set(EXPORTED)


@pytest.mark.parametrize("rule", read_rules(), ids=by_name)
def test_no_rule_keeps_the_name_of_a_worker(rule: Rule) -> None:
    for match in _SERIES.finditer(rule.expr):
        assert is_rolled_up(rule.expr, match.start()), f"{match[0]} is not aggregated over instance and pod"


def test_a_rule_that_keeps_the_name_of_a_worker_would_be_noticed() -> None:
    for expr in (
        "fairstream_alert_level >= 3",
        "max without (pod) (fairstream_alert_level) >= 3",
        "max by (instance) (fairstream_alert_level) >= 3",
        "max without (instance, pod) (fairstream_alert_level) >= 3 and fairstream_alert_level",
    ):
        starts = [match.start() for match in _SERIES.finditer(expr)]
        assert not all(is_rolled_up(expr, start) for start in starts)


def test_fairness_alerts_use_fresh_values() -> None:
    level = next(rule for rule in read_rules() if rule.name == "model_attribute_about:fairstream_incident_level:max")
    assert "(model:fairstream_window_age:ratio <= 1)" in level.expr
    for name in ("FairnessBreach", "FairnessWarning"):
        assert level.name in next(alert for alert in ALERTS if alert.name == name).expr


def test_every_alert_and_incident_has_a_runbook_and_every_runbook_one_of_them() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {*(alert.name for alert in ALERTS), *INCIDENTS}
    assert set(runbooks()) == {path.stem for path in RUNBOOKS.glob("*.md")}


@pytest.mark.parametrize("name", [*(alert.name for alert in ALERTS), *INCIDENTS])
def test_a_runbook_has_all_sections_and_a_replay_command(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    diagnosis = text.partition("## Diagnosis")[2].partition("## Mitigation")[0]
    assert "fairstream replay " in diagnosis
    for link in re.findall(r"\]\((\w+\.md)\)", text):
        assert (RUNBOOKS / link).exists()


@pytest.mark.parametrize("name", [*(alert.name for alert in ALERTS), *INCIDENTS])
def test_the_commands_of_a_runbook_are_valid(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    commands = re.findall(r"(?:`|^\s*)(fairstream [a-z][^`\n]*)", text, re.MULTILINE)
    known = {name.removeprefix("fairstream ") for name, _ in walk_commands(load_commands())}
    assert commands
    for command in commands:
        words = shlex.split(re.sub(r"\b(FROM|TO)\b", "2026-01-01T00:00:00Z", command))[1:]
        if " ".join(words[:2]) not in COMING - known:
            parse(words)


@pytest.mark.parametrize("alert", [alert for alert in ALERTS if "replay" in alert.annotations], ids=by_name)
def test_the_command_of_a_notification_is_valid(alert: Rule) -> None:
    pieces = re.sub(r"\{\{-? (range|with|end|else|if|\$of).*?\}\}", "", alert.annotations["replay"], flags=re.DOTALL)
    command = re.sub(r"\{\{ \(toTime.*?\}\}", "2026-01-01T00:00:00Z", pieces)
    command = command.replace("{{ .Labels.policy }}", "loans")
    words = shlex.split(re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"\1", command))[1:]
    assert words[:2] == ["replay", "verify"]
    assert {"--model", "--from", "--to", "--published"} <= set(words)
    parse(words)


def test_the_page_about_alerts_is_generated_from_the_rules() -> None:
    assert PAGE.read_text("utf-8") == write_page(), "python -m tests.programs.alert_rules"


def series_in(expr: str) -> list[tuple[str, str]]:
    """Return name and matchers of the raw series of an expression."""
    return [(match[1], match[2] or "") for match in _SERIES.finditer(expr)]


def is_rolled_up(expr: str, place: int) -> bool:
    """Return whether a place in an expression is inside an aggregation that drops the worker."""
    depth_starts: list[int] = []
    for index, sign in enumerate(re.sub(r'"[^"]*"', lambda text: "_" * len(text[0]), expr[:place])):
        if sign == "(":
            depth_starts.append(index)
        elif sign == ")":
            depth_starts.pop()
    return any(_drops_worker(expr[: start + 1]) for start in depth_starts)


def _drops_worker(before: str) -> bool:
    match = _AGGREGATION.search(before)
    if match is None:
        return False
    names = set(re.findall(r"\w+", match[2] or ""))
    return {"instance", "pod"} <= names if match[1] == "without" else "instance" not in names

"""The worst subgroup is the same one wherever a person looks: results, report, boards and notifications.

In each of 20 random scenarios one subgroup of three attributes is decided differently, beside smaller differences. The
judge, its metrics and a Prometheus are real; each scenario has a time of its own in the samples. What a person is sent
about four of them comes from a Prometheus that scrapes them, through Alertmanager and the shipped rules and routes.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector
from ruamel.yaml import YAML

from stream_app.cli.show.result_table import result_table
from stream_app.edges.metrics.health import Health
from stream_app.edges.metrics.server import MetricsServer
from stream_app.edges.notify.notification import NotifiedAlert
from stream_app.edges.servers.shipped import MonitoringIntervals
from stream_app.errors import DependencyMissingError
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.results import DisclosedResult, disclose_result
from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.render.report.subgroups import write_subgroups
from tests.programs.page_check.messages import open_inbox
from tests.support.alarm_stage import LABELS, RATE, AlarmStage, Chance
from tests.support.boards.board_checks import Source
from tests.support.boards.pictures.page import View, draw
from tests.support.paths import ROOT
from tests.support.servers.alerting import need_servers
from tests.support.servers.recorded_prometheus import RecordedPrometheus
from tests.support.tiers import skip_or_fail

N_SCENARIOS, APART_S = 20, 3600
SENT = (0, 6, 12, 18)  # scenarios about which notifications are sent
SENT_WITHIN_S = 240
PACE = MonitoringIntervals(scrape_s=1, evaluation_s=1, group_s=1, hold_s=8)
PER_MINUTE, MINUTES = 20_000, 3
INTERSECTIONS = "fairstream-intersections"
REFERENCES = {"male", "white", "30-44"}
RULES = YAML(typ="safe").load(ROOT / "deploy/prometheus/rules/fairness.yml")


@dataclass(frozen=True)
class Scenario:
    """What was judged, and the same as a person finds it in Prometheus.

    Attributes:
        worst: The subgroup that is treated worst.
        stage: The judge with its results and metrics.
        at_s: The time of its samples.
    """

    worst: str
    stage: AlarmStage
    at_s: int

    def results(self) -> list[DisclosedResult]:
        """Return what `results --json` prints of the intersections in the newest smallest windows."""
        k = self.stage.lane.model.privacy.k
        own = [result for result in self.stage.lane.results if result.window == "1m" and CROSS in result.attribute]
        newest_s = max(result.end_s for result in own)
        return [disclose_result(result, k) for result in own if result.end_s == newest_s]


def random_scenario(seed: int, at_s: int) -> Scenario:
    """Judge some minutes in which one random subgroup has far lower chances than all others."""
    rng = np.random.default_rng(seed)
    worst = [str(rng.choice(sorted(set(labels) - REFERENCES))) for labels in LABELS[:3]]
    effects = {label: rng.uniform(0.95, 1.0) for labels in LABELS[:3] for label in labels}
    share = rng.uniform(0.1, 0.3)

    def chance(combination: tuple[str, ...]) -> float:
        others = float(np.prod([effects[label] for label in combination[:3]]))
        return RATE * others * (share if set(worst) <= set(combination) else 1.0)

    return Scenario(" & ".join(worst), judged(seed, chance), at_s)


def judged(seed: int, chance: Chance) -> AlarmStage:
    stage = AlarmStage(seed, start_s=(int(time.time()) // 3600 + 2) * 3600, n=PER_MINUTE)  # ahead, so never stale
    stage.minutes(MINUTES, chance)
    return stage


@pytest.fixture(scope="module")
def scenarios() -> list[Scenario]:
    start_s = int(time.time()) // 60 * 60 - N_SCENARIOS * APART_S
    return [random_scenario(seed, start_s + seed * APART_S) for seed in range(N_SCENARIOS)]


@pytest.fixture(scope="module")
def server(scenarios: Sequence[Scenario], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedPrometheus]:
    """Return a Prometheus with what a scrape of each scenario finds."""
    server = RecordedPrometheus(tmp_path_factory.mktemp("prometheus"))
    try:
        server.record(as_openmetrics(scenarios))
        with server:
            yield server
    except DependencyMissingError as missing:
        skip_or_fail(str(missing))


def as_openmetrics(scenarios: Sequence[Scenario]) -> str:
    """Return all samples, a series after the other."""
    samples: dict[str, dict[str, list[str]]] = {}
    for scenario in scenarios:
        for family in scenario.stage.registry.collect():
            for sample in family.samples:
                labels = {"job": "fairstream", "instance": "worker:9464", **sample.labels}
                written = ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items())
                line = f"{sample.name}{{{written}}} {sample.value!r} {scenario.at_s}"
                samples.setdefault(sample.name, {}).setdefault(written, []).append(line)
    lines = []
    for name, series in samples.items():
        lines += [f"# TYPE {name} unknown", *(line for own in series.values() for line in own)]
    return "\n".join([*lines, "# EOF"]) + "\n"


@pytest.mark.parametrize("seed", range(N_SCENARIOS))
def test_every_surface_names_the_worst_subgroup(
    scenarios: Sequence[Scenario], server: RecordedPrometheus, seed: int
) -> None:
    scenario = scenarios[seed]
    source = Source(server.api, scenario.at_s - 240, scenario.at_s + 60)
    assert {
        "results --json": worst_of_json(scenario),
        "results": worst_of_table(scenario),
        "report": worst_of_report(scenario),
        "board, table": first_row(draw(source, View(INTERSECTIONS, rows=("Worst",)))),
        "board, bars": first_bar(draw(source, View(INTERSECTIONS, rows=("Worst",)))),
        "notification": worst_of_notification(scenario, source),
    } == dict.fromkeys(
        ("results --json", "results", "report", "board, table", "board, bars", "notification"), scenario.worst
    )


class RenamedModels(Collector):
    """The metrics of several scenarios as those of one worker, each under a model of its own."""

    def __init__(self, stages: Mapping[str, AlarmStage]) -> None:
        self._stages = stages

    def collect(self) -> Iterator[Metric]:
        """Return the series that belong to a model, family by family."""
        merged: dict[str, Metric] = {}
        for model, stage in self._stages.items():
            for family in stage.registry.collect():
                own = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    if "model" in sample.labels:
                        own.add_sample(sample.name, sample.labels | {"model": model}, sample.value)
        yield from merged.values()


@pytest.fixture(scope="module")
def sent(scenarios: Sequence[Scenario], tmp_path_factory: pytest.TempPathFactory) -> list[NotifiedAlert]:
    """Return the breaches in the notifications that arrived about some scenarios."""
    need_servers()
    stages = {f"loans-{seed}": scenarios[seed].stage for seed in SENT}
    registry = CollectorRegistry()
    registry.register(RenamedModels(stages))
    worker = MetricsServer(registry, Health(), "127.0.0.1", 0)
    worker.start()
    try:
        with open_inbox(tmp_path_factory.mktemp("sent"), f"127.0.0.1:{worker.port}", PACE) as inbox:
            wanted = {
                (model, labels["incident"])
                for model, stage in stages.items()
                for labels, _ in stage.rows("breach_rank")
            }
            deadline_s = time.monotonic() + SENT_WITHIN_S
            alerts: list[NotifiedAlert] = []
            while not wanted <= {(alert.labels["model"], alert.labels["attribute"]) for alert in alerts}:
                assert time.monotonic() < deadline_s, f"{len(alerts)} of {len(wanted)} incidents were reported"
                time.sleep(0.2)
                received = [alert for message in inbox.messages() for alert in message.notification.alerts]
                alerts = [alert for alert in received if alert.labels["alertname"] == "FairnessBreach"]
            return alerts
    finally:
        worker.stop()


@pytest.mark.parametrize("seed", SENT)
def test_the_notification_that_is_sent_names_the_worst_subgroup_first(
    scenarios: Sequence[Scenario], sent: Sequence[NotifiedAlert], seed: int
) -> None:
    worst = scenarios[seed].worst
    lists = [subgroups_of(alert) for alert in sent if alert.labels["model"] == f"loans-{seed}"]
    assert {subgroups[0] for subgroups in lists if worst in subgroups} == {worst}


def subgroups_of(alert: NotifiedAlert) -> list[str]:
    """Return the subgroups that the text names: that of the verdict, where no other can be inside it, and the list."""
    verdict = alert.annotations["summary"].partition(": ")[2].partition(" approved ")[0]
    listed = [line.strip().partition(": ")[0] for line in alert.annotations["groups"].splitlines()]
    return [verdict, *listed] if verdict.count(" & ") == len(LABELS[:3]) - 1 else listed


def worst_of_json(scenario: Scenario) -> str:
    """Return the worst group of what is printed, by state and by how far the ratio is from 1."""
    order = ("ok", "insufficient", "warning", "breach")
    printed = json.loads(msgspec.json.encode(scenario.results()))
    rows = [row for result in printed for row in result["groups"] if row["disparate_impact_ratio"] is not None]

    def rank(row: dict[str, object]) -> tuple[int, float]:
        ratio = float(str(row["disparate_impact_ratio"]))
        return order.index(str(row["state"])), -(min(ratio, 1 / ratio) if ratio else 0.0)

    return str(max((row for row in rows if row["evidence"]), key=rank)["group"])


def worst_of_table(scenario: Scenario) -> str:
    """Return the first group that the terminal lists of the intersection of all three attributes."""
    listing = result_table(scenario.results(), scenario.stage.lane.model.rules)
    (section,) = [section for section in listing.sections if section.title.count(CROSS) >= 2]
    return str(section.rows[0][0])


def worst_of_report(scenario: Scenario) -> str:
    """Return the first intersection of the report's list."""
    model = scenario.stage.lane.model
    alerts = [disclose_alert(alert, model.privacy.k) for alert in scenario.stage.lane.alerts]
    results = [disclose_result(result, model.privacy.k) for result in scenario.stage.lane.results]
    text = write_subgroups(ScenarioResults("original", results, alerts), model.rules)
    return html.unescape(re.findall(r">([^<>]* &amp; [^<>]*) vs\. ", text)[0])


def worst_of_notification(scenario: Scenario, source: Source) -> str:
    """Return the first intersection in the text of the incident that names it, as the template sorts it."""
    (rule,) = [rule for rule in RULES["groups"][0]["rules"] if rule.get("alert") == "FairnessBreach"]
    assert 'query (printf "sort(%s > 1 <= 6)" $own)' in rule["annotations"]["groups"]
    own = 'fairstream_breach_rank{run="",kind="disparate_impact_ratio"}'
    rows = source.api.instant(f"sort({own})", scenario.at_s)
    incident = next(row["metric"]["incident"] for row in rows if row["metric"]["group"] == scenario.worst)
    listed = [row["metric"] for row in rows if row["metric"]["incident"] == incident]
    return str(next(row["group"] for row in listed if row["attribute"] != incident or incident.count(CROSS) == 2))


def first_row(page: str) -> str:
    """Return the group in the first row of the first table."""
    cells = re.findall(r'<span class="fits">(?:<a>)?([^<]*)', page.partition("</tr>")[2])
    return html.unescape(cells[1])


def first_bar(page: str) -> str:
    """Return the group of the first bar."""
    return html.unescape(re.findall(r'class="name"[^>]*>([^<]*) vs\. ', page)[0])

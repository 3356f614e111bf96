"""The committed dashboards equal the code, are valid for Grafana's own models and follow the conventions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from ruamel.yaml import YAML

from dashboards import store
from dashboards.board import without_placement
from dashboards.boards import BOARDS as CODE
from dashboards.links import REPLAY_COMMANDS, RUNBOOKS
from stream_app.cli import load_commands, walk_commands
from tests.support.boards.board_queries import BOARDS, LABEL_VALUES, QUERY_RESULT, expressions, panels, variables
from tests.support.paths import ROOT
from tests.support.servers.command_lines import parse

UIDS = {
    "fairstream-fairness": "fairness",
    "fairstream-explanation": "fairness",
    "fairstream-intersections": "fairness",
    "fairstream-outcomes": "fairness",
    "fairstream-errors": "fairness",
    "fairstream-amounts": "fairness",
    "fairstream-privacy": "privacy",
    "fairstream-camera": "privacy",
    "fairstream-pipeline": "pipeline",
    "fairstream-replay": "replay",
}
RULE_FILES = [YAML(typ="safe").load(path) for path in sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))]
ALERTS = [rule for file in RULE_FILES for group in file["groups"] for rule in group["rules"] if "alert" in rule]


def all_panels() -> list[Any]:
    """Return each panel with the uid of its dashboard."""
    return [pytest.param(panel, id=f"{uid}: {panel['title']}") for uid in BOARDS for panel in panels(BOARDS[uid])]


def test_the_committed_files_equal_the_code() -> None:
    assert store.stale() == []
    checked = subprocess.run(
        [sys.executable, "-m", "dashboards", "--check"], cwd=ROOT, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_a_file_that_differs_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    assert len(store.stale()) == len(CODE)
    store.write()
    assert store.stale() == []
    (tmp_path / "replay" / "replay.json").write_text("{}", "utf-8")
    (tmp_path / "old.json").write_text("{}", "utf-8")
    assert [path.name for path in store.stale()] == ["old.json", "replay.json"]
    store.write()
    assert store.stale() == []


def test_no_dashboard_changes_its_identity_or_folder() -> None:
    assert {board.uid: board.folder for board in CODE} == UIDS
    assert len({board["title"] for board in BOARDS.values()}) == len(UIDS)
    assert set(BOARDS) == set(UIDS)


@pytest.mark.parametrize("uid", BOARDS)
def test_the_models_of_grafana_read_and_write_the_same_document(uid: str) -> None:
    register_default_plugins()
    again = json.loads(json.dumps(Dashboard.from_json(BOARDS[uid]), cls=JSONEncoder))
    for panel in panels(again):
        panel["options"].pop("perPage", None)  # the SDK writes its default where the file has none
    assert without_placement(again) == BOARDS[uid]


@pytest.mark.parametrize("uid", BOARDS)
def test_panels_fill_the_grid_and_do_not_overlap(uid: str) -> None:
    boxes = [panel["gridPos"] for panel in BOARDS[uid]["panels"]]
    for box in boxes:
        assert box["x"] + box["w"] <= 24
        assert box["w"] >= 4
    for one, other in combinations(boxes, 2):
        is_beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        is_above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert is_beside or is_above, (one, other)
    area = sum(box["w"] * box["h"] for box in boxes)
    assert area == 24 * max(box["y"] + box["h"] for box in boxes), "a hole in the grid"
    assert [one["y"] <= other["y"] for one, other in pairwise(boxes)] == [True] * (len(boxes) - 1)


@pytest.mark.parametrize("panel", all_panels())
def test_each_panel_has_a_title_a_description_and_units(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert len(panel["description"]) > 15
    assert len(panel["title"]) <= 18 or panel["gridPos"]["w"] > 4, "truncated at this width"
    assert len(re.sub(r"\$\w+: ", "", panel["title"]).split()) <= 5
    if panel["type"] == "text":
        return
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["noValue"]
    assert defaults["unit"]
    assert all(target["datasource"]["uid"] == "$datasource" for target in panel["targets"])
    assert [target["refId"] for target in panel["targets"]] == list("ABCDEFGHIJKL")[: len(panel["targets"])]


@pytest.mark.parametrize("panel", all_panels())
def test_pitfalls_of_the_sdk_are_avoided(panel: dict[str, Any]) -> None:
    assert panel["id"] > 0
    assert "placement" not in json.dumps(panel.get("links", []))
    if panel["type"] in ("timeseries", "state-timeline"):
        assert panel["options"]["legend"]["showLegend"] is True
        assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False, "a gap must stay a gap"
    if panel["type"] == "state-timeline":
        assert not panel["options"].get("perPage")
        assert panel["fieldConfig"]["defaults"]["color"]["mode"]
    if panel["type"] == "table":
        assert all(re.search(r"(max|min|sum|count) by \(", target["expr"]) for target in panel["targets"])
    assert panel["type"] not in ("piechart", "graph", "status-history")
    if panel["type"] == "bargauge":
        assert panel["fieldConfig"]["defaults"]["min"] == 0, "a bar would begin at the lowest value"
        assert panel["options"]["namePlacement"] == "left", "a single bar would have no name"
    if panel["type"] == "barchart":  # for values of both signs: bars to either side of 0
        assert panel["options"]["stacking"] == "normal"
        assert panel["fieldConfig"]["defaults"]["custom"]["axisCenteredZero"] is True


def test_a_repeated_panel_has_its_row_of_the_grid_to_itself() -> None:
    for board in BOARDS.values():
        repeated = [panel for panel in panels(board) if panel.get("repeat")]
        assert all(panel["gridPos"]["w"] == 24 and f"${panel['repeat']}" in panel["title"] for panel in repeated)
        assert {panel["repeat"] for panel in repeated} <= {one["name"] for one in variables(board)}


@pytest.mark.parametrize("uid", BOARDS)
def test_every_variable_that_is_asked_for_is_declared_before_it(uid: str) -> None:
    declared = {"datasource"}
    for variable in variables(BOARDS[uid]):
        form = LABEL_VALUES.fullmatch(variable["query"]) or QUERY_RESULT.fullmatch(variable["query"])
        assert form, "in the form that Grafana parses"
        assert set(re.findall(r"\$(\w+)", variable["query"])) - {"__range"} <= declared
        declared.add(variable["name"])
    asked = {target["expr"] for panel in panels(BOARDS[uid]) for target in panel.get("targets", [])}
    used = {name for expr in asked for name in re.findall(r"\$([a-z_]\w*)", expr)} - {"__rate_interval", "__range"}
    assert used <= declared
    assert declared - {"datasource"} <= used, "a variable without effect"


def test_every_band_is_between_its_own_lower_and_upper_series() -> None:
    n_bands = 0
    for board in BOARDS.values():
        for panel in panels(board):
            legends = {target.get("legendFormat") for target in panel.get("targets", [])}
            for override in panel.get("fieldConfig", {}).get("overrides", []):
                for one in override["properties"]:
                    if one["id"] == "custom.fillBelowTo":
                        n_bands += 1
                        assert {one["value"], override["matcher"]["options"]} <= legends
    assert n_bands == 3


def test_links_lead_to_dashboards_and_variables_that_are_there() -> None:
    urls = set(re.findall(r'"url": "(/d/[^"]+)"', json.dumps(list(BOARDS.values()))))
    assert len(urls) >= 2
    for url in urls:
        parts = urlsplit(url.replace("${", "{"))
        names = {one["name"] for one in variables(BOARDS[parts.path.removeprefix("/d/")])}
        assert {name.removeprefix("var-") for name in parse_qs(parts.query) if name.startswith("var-")} <= names
        assert set(re.findall(r"\{(\w+):queryparam\}", parts.query)) - {"datasource"} <= names


def test_every_runbook_link_names_an_alert_that_the_rules_have() -> None:
    linked = set(re.findall(re.escape(RUNBOOKS) + r'([^"]*)"', json.dumps(list(BOARDS.values()))))
    assert len(linked) >= 10
    assert linked <= {rule["alert"] for rule in ALERTS}
    bases = {rule["annotations"]["runbook_url"].rpartition("/")[0] + "/" for rule in ALERTS}
    assert bases == {RUNBOOKS}


def test_every_alert_leads_to_a_dashboard_that_is_there() -> None:
    for rule in ALERTS:
        url = urlsplit(rule["annotations"]["dashboard_url"])
        names = {one["name"] for one in variables(BOARDS[url.path.removeprefix("/d/")])}
        assert {name.removeprefix("var-") for name in parse_qs(url.query)} <= names | {"from", "to"}, rule["alert"]


def test_the_replay_command_of_the_dashboards_is_that_of_the_notifications() -> None:
    (command,) = {
        rule["annotations"]["replay"].split("{{")[0].strip() for rule in ALERTS if "replay" in rule["annotations"]
    }
    assert command == "fairstream replay verify --published --model"
    assert f"{command} ${{model:text}}" in REPLAY_COMMANDS


@pytest.mark.parametrize("command", re.findall(r"^fairstream (replay .*)$", REPLAY_COMMANDS, re.MULTILINE))
def test_a_replay_command_is_one_that_fairstream_understands(command: str) -> None:
    words = " ".join(["fairstream", *command.split()[:2]])
    if words not in {known for known, _ in walk_commands(load_commands())}:
        pytest.skip(f"{words} is not built yet")
    filled = re.sub(r"\$\{__\w+:date:iso\}", "2026-01-01T00:00:00Z", command.replace("${model:text}", "loans"))
    parse(filled.split())


@pytest.mark.parametrize("metric", ["approval_ratio", "disparate_impact_ratio", "alert_level", "evidence_log10"])
def test_values_that_move_between_workers_are_joined_over_all_of_them(metric: str) -> None:
    inner = r"(?:count by \(run\) \()?(?:last_over_time\()?"
    joins = re.compile(rf"(?:max|count|min|group)(?: by \([\w, ]+\))? ?\({inner}fairstream_{metric}{{")
    read = [expr for expr in expressions() if f"fairstream_{metric}{{" in expr and "label_values" not in expr]
    assert read
    for expr in read:
        assert len(joins.findall(expr)) == expr.count(f"fairstream_{metric}{{"), expr


@pytest.mark.parametrize("panel", all_panels())
def test_a_link_uses_columns_and_labels_that_its_panel_has(panel: dict[str, Any]) -> None:
    overrides = panel.get("fieldConfig", {}).get("overrides", [])
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    of_columns = [one["value"] for override in overrides for one in override["properties"] if one["id"] == "links"]
    urls = [link["url"] for links in (*of_columns, defaults.get("links", [])) for link in links]
    renamed = [
        title for step in panel.get("transformations", []) for title in step["options"].get("renameByName", {}).values()
    ]
    exprs = " ".join(target["expr"] for target in panel.get("targets", []))
    for url in urls:
        assert set(re.findall(r"__data\.fields\.(\w+)", url)) <= set(renamed)
        if panel["type"] == "timeseries":  # a click on a limit leads to all groups
            assert all(f"{label}" in exprs for label in re.findall(r"__field\.labels\.(\w+)", url))
    columns = {override["matcher"]["options"] for override in overrides if override["matcher"]["id"] == "byName"}
    assert panel["type"] != "table" or columns == set(renamed), "a column without its settings"

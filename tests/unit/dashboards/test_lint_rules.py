"""The rules of grafana/dashboard-linter without the program: it is written in Go and not installed here.

Each rule returns the places that break it. ``dashboards/.lint`` says which are meant so; both must agree exactly.
Where ours is stricter, it is so on purpose: the linter looks at some types of panels only, and at units of a panel only
where no column has its own.

Source: github.com/grafana/dashboard-linter, docs/index.md and lint/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.boards.board_queries import BOARDS, LABEL_VALUES, QUERY_RESULT, panels, variables
from tests.support.paths import ROOT

Place = tuple[str, str]  # dashboard and panel; the latter is empty for a dashboard as a whole
Board = dict[str, Any]

LINT = YAML(typ="safe").load(ROOT / "dashboards" / ".lint")["exclusions"]
SELECTOR = re.compile(r"\b(?:fairstream_\w+|up)\b(?:\{([^}]*)\})?")
# The rule whose question only a server can answer: every query of every panel is asked of a real Prometheus.
ASKED_OF_PROMETHEUS = {"target-promql-rule": "tests/e2e/test_boards_on_prometheus.py"}
DOCS = ROOT / "docs" / "how-to" / "dashboards.md"
# Of the ids that Grafana knows (categories of its value formats), those that are used here.
UNITS = {"none", "locale", "percentunit", "s", "eps", "recps", "ops", "dateTimeAsIso", "suffix: SD"}


def targets(board: Board) -> Iterator[tuple[Place, str]]:
    """Yield place and query of each panel."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            yield (board["title"], panel["title"]), target["expr"]


def selectors(board: Board) -> Iterator[tuple[Place, str]]:
    """Yield place and matchers of each selector."""
    for place, expr in targets(board):
        for found in SELECTOR.finditer(expr):
            yield place, found[1] or ""


def template_datasource_rule(board: Board) -> Iterator[Place]:
    first = board["templating"]["list"][0]
    if (first["type"], first["name"], first["label"], first["query"]) != (
        "datasource",
        "datasource",
        "Data source",
        "prometheus",
    ):
        yield board["title"], ""


def template_job_rule(board: Board) -> Iterator[Place]:
    yield from _is_templated(board, "job")


def template_instance_rule(board: Board) -> Iterator[Place]:
    yield from _is_templated(board, "instance")


def _is_templated(board: Board, name: str) -> Iterator[Place]:
    found = [one for one in variables(board) if one["name"] == name]
    wanted = {"label": name, "multi": True, "includeAll": True, "allValue": ".+"}
    if not found or {key: found[0][key] for key in wanted} != wanted or found[0]["datasource"]["uid"] != "$datasource":
        yield board["title"], ""


def template_label_promql_rule(board: Board) -> Iterator[Place]:
    queries = [one["query"] for one in variables(board)]
    if not all(LABEL_VALUES.fullmatch(query) or QUERY_RESULT.fullmatch(query) for query in queries):
        yield board["title"], ""


def template_on_time_change_reload_rule(board: Board) -> Iterator[Place]:
    if any(one["refresh"] != 2 for one in variables(board)):
        yield board["title"], ""


def uneditable_dashboard(board: Board) -> Iterator[Place]:
    if board["editable"]:
        yield board["title"], ""


def panel_datasource_rule(board: Board) -> Iterator[Place]:
    for panel in panels(board):
        if panel["type"] != "text" and panel["datasource"]["uid"] not in ("$datasource", "${datasource}"):
            yield board["title"], panel["title"]


def panel_title_description_rule(board: Board) -> Iterator[Place]:
    for panel in panels(board):
        if not panel["title"] or not panel["description"]:
            yield board["title"], panel["title"]


def panel_units_rule(board: Board) -> Iterator[Place]:
    for panel in panels(board):
        config = panel.get("fieldConfig", {})
        own = [one for override in config.get("overrides", []) for one in override["properties"]]
        units = [one["value"] for one in own if one["id"] == "unit"]
        units += [config["defaults"]["unit"]] if panel["type"] != "text" else []
        if not UNITS.issuperset(units):
            yield board["title"], panel["title"]


def panel_no_targets_rule(board: Board) -> Iterator[Place]:
    for panel in panels(board):
        if panel["type"] != "text" and not panel["targets"]:
            yield board["title"], panel["title"]


def target_rate_interval_rule(board: Board) -> Iterator[Place]:
    for place, expr in targets(board):
        if any(found != "$__rate_interval" for found in re.findall(r"\bi?rate\([^\]]*\[([^\]]+)\]", expr)):
            yield place


def target_counter_agg_rule(board: Board) -> Iterator[Place]:
    for place, expr in targets(board):
        for found in re.finditer(r"\bfairstream_\w+_total\b", expr):
            if not re.search(r"\b(?:rate|irate|increase)\($", expr[: found.start()]):
                yield place


def target_logql_rule(board: Board) -> Iterator[Place]:
    """There is no Loki: what asks for logs breaks this rule, and with it the one about their ranges."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            if target["datasource"]["type"] != "prometheus":
                yield board["title"], panel["title"]


def target_logql_auto_rule(board: Board) -> Iterator[Place]:
    yield from (place for place, expr in targets(board) if "$__auto" in expr or "|=" in expr)


def target_job_rule(board: Board) -> Iterator[Place]:
    yield from (place for place, matchers in selectors(board) if 'job=~"$job"' not in matchers)


def target_instance_rule(board: Board) -> Iterator[Place]:
    yield from (place for place, matchers in selectors(board) if 'instance=~"$instance"' not in matchers)


RULES: list[Callable[[Board], Iterator[Place]]] = [
    template_datasource_rule,
    template_job_rule,
    template_instance_rule,
    template_label_promql_rule,
    template_on_time_change_reload_rule,
    uneditable_dashboard,
    panel_datasource_rule,
    panel_title_description_rule,
    panel_units_rule,
    panel_no_targets_rule,
    target_rate_interval_rule,
    target_counter_agg_rule,
    target_logql_rule,
    target_logql_auto_rule,
    target_job_rule,
    target_instance_rule,
]


def exceptions(rule: str) -> set[Place]:
    """Return what ``.lint`` allows; an entry without panel allows every panel."""
    return {(entry["dashboard"], entry.get("panel", "")) for entry in LINT.get(rule, {}).get("entries", [])}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_is_followed_except_where_an_exception_is_declared(rule: Callable[[Board], Iterator[Place]]) -> None:
    allowed = exceptions(rule.__name__.replace("_", "-"))
    broken = {place for board in BOARDS.values() for place in rule(board)}
    assert {(title, panel) for title, panel in broken if not {(title, panel), (title, "")} & allowed} == set()
    needed = broken | {(title, "") for title, _ in broken}
    assert allowed <= needed, "an exception that nothing needs"


def test_every_rule_of_the_linter_is_checked_somewhere_and_documented() -> None:
    ours = {rule.__name__.replace("_", "-") for rule in RULES}
    known = set(
        re.findall(r"^\| `([a-z-]+)` \|", DOCS.read_text("utf-8").partition("dashboard-linter")[2], re.MULTILINE)
    )
    assert known == ours | ASKED_OF_PROMETHEUS.keys()
    assert len(known) == 17
    for path in ASKED_OF_PROMETHEUS.values():
        assert path in DOCS.read_text("utf-8")


def test_each_exception_has_its_reason_and_names_its_place() -> None:
    assert LINT
    for rule, exclusion in LINT.items():
        assert rule.replace("-", "_") in {known.__name__ for known in RULES}
        assert len(exclusion["reason"]) > 20
        assert exclusion["entries"]


def test_a_dashboard_that_breaks_a_rule_would_be_noticed() -> None:
    board: Board = {
        "title": "x",
        "editable": True,
        "templating": {"list": [{"type": "query", "name": "job", "label": "Job", "query": "up", "refresh": 1}]},
        "panels": [
            {
                "type": "stat",
                "title": "",
                "description": "",
                "datasource": {"uid": "prometheus"},
                "fieldConfig": {"defaults": {"unit": "furlongs"}},
                "targets": [
                    {
                        "expr": "sum(fairstream_decisions_total) / rate(fairstream_x{}[5m]) |= [$__auto]",
                        "datasource": {"type": "loki"},
                    }
                ],
            },
            {
                "type": "stat",
                "title": "y",
                "description": "z",
                "datasource": {"uid": "$datasource"},
                "fieldConfig": {"defaults": {"unit": "s"}},
                "targets": [],
            },
        ],
    }
    for one in board["templating"]["list"]:
        one |= {"multi": False, "includeAll": False, "allValue": None}
    assert [rule.__name__ for rule in RULES if not list(rule(board))] == []

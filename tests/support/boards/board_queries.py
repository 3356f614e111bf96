"""The queries of the dashboards, read from their committed JSON as Grafana reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.paths import ROOT

FOLDER = ROOT / "dashboards" / "json"
BOARDS: dict[str, dict[str, Any]] = {
    document["uid"]: document
    for document in (json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.rglob("*.json")))
}
LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), (?P<label>\w+)\)")
QUERY_RESULT = re.compile(r"query_result\((?P<expr>.+)\)")
_RATE_INTERVAL, _INTERVAL, _RANGE = "1m", "15s", "30m"


@dataclass(frozen=True)
class Asked:
    """One query of a panel.

    Attributes:
        board: uid of the dashboard.
        panel: Title of the panel.
        expr: PromQL with Grafana's variables.
        legend: Template of the names of its series.
        is_instant: Whether only the latest value is queried.
        repeat: Variable for each value of which the panel is repeated; empty if it is not.
        is_table: Whether each series is a row, so that the legend names a column.
    """

    board: str
    panel: str
    expr: str
    legend: str
    is_instant: bool
    repeat: str
    is_table: bool = False

    @property
    def legend_labels(self) -> set[str]:
        """Labels that the legend shows."""
        return set(re.findall(r"{{(\w+)}}", self.legend))

    def __str__(self) -> str:
        """Name a test."""
        return f"{self.board}: {self.panel}: {self.legend or self.expr[:60]}"


def panels(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the panels of a dashboard without the headings of its rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def variables(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the variables that query Prometheus, in order."""
    return [variable for variable in board["templating"]["list"] if variable["type"] == "query"]


def asked() -> list[Asked]:
    """Return every query of every panel."""
    return [
        Asked(
            uid,
            panel["title"],
            target["expr"],
            target.get("legendFormat", ""),
            target.get("instant", False),
            panel.get("repeat", "") or "",
            is_table=target.get("format") == "table",
        )
        for uid, board in BOARDS.items()
        for panel in panels(board)
        for target in panel.get("targets", [])
    ]


def marks() -> Iterator[tuple[str, str, str]]:
    """Yield dashboard, name and query of every annotation."""
    for uid, board in BOARDS.items():
        for mark in board["annotations"]["list"]:
            yield uid, mark["name"], mark["expr"]


def expressions() -> Iterator[str]:
    """Yield all expressions of the dashboards: panels, annotations, variables."""
    yield from (query.expr for query in asked())
    yield from (expr for _, _, expr in marks())
    yield from (variable["query"] for board in BOARDS.values() for variable in variables(board))


def fill(expr: str, values: Mapping[str, str]) -> str:
    """Replace Grafana's variables; a missing one is an error.

    >>> fill('rate(x{job=~"$job"}[$__rate_interval])', {"job": ".+"})
    'rate(x{job=~".+"}[1m])'
    """
    known = {"__rate_interval": _RATE_INTERVAL, "__interval": _INTERVAL, "__range": _RANGE, **values}
    return re.sub(r"\$([a-z_]\w*)", lambda match: known[match[1]], expr)


def metric_names(expr: str) -> set[str]:
    """Return the metrics of FairStream in an expression."""
    return set(re.findall(r"\bfairstream_\w+", expr))

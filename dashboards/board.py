"""One dashboard: its variables, annotations, links and rows, and the JSON that Grafana reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    Panel,
    VariableHide,
    VariableRefresh,
    VariableSort,
)

from dashboards import promql
from dashboards.panels import SOURCE

TAG = "fairstream"


@dataclass(frozen=True)
class Variable:
    """One variable that the reader selects above the panels.

    Attributes:
        name: Name of the variable.
        query: ``label_values(...)``, or ``query_result(...)`` whose order is kept.
        label: Its label.
        is_multi: Whether several values, or all, can be selected at once.
        regex: Values that are offered; all if empty.
        all_value: Meaning of "All" in a query; None: the offered values.
        is_in_menu: Whether it is in the menu of controls instead of above the panels.
    """

    name: str
    query: str
    label: str
    is_multi: bool = True
    regex: str = ""
    all_value: str | None = ".+"
    is_in_menu: bool = False


@dataclass(frozen=True)
class Annotation:
    """Times that are marked on every panel by a thin line.

    Attributes:
        name: Name of the switch above the panels.
        expr: A query whose values are times in milliseconds or, if ``is_sample``, one that has a sample at each time.
        title: First line of a mark.
        text: Second line of a mark, with labels.
        color: Color of the line.
        is_sample: Whether the times are those of the samples. Samples in a row would be shown as an area that covers
            the values, so that a query must have one sample only at each time (``promql.begins``).
    """

    name: str
    expr: str
    title: str
    text: str
    color: str
    is_sample: bool = False


@dataclass(frozen=True)
class Board:
    """One dashboard.

    Attributes:
        uid: Identity; never changes.
        folder: Folder in Grafana and under ``json/``.
        title: Name.
        description: The question that it answers.
        variables: Selections after data source and job.
        rows: Headings with their panels, from top to bottom.
        annotations: Times marked on every panel.
    """

    uid: str
    folder: str
    title: str
    description: str
    variables: Sequence[Variable]
    rows: Sequence[tuple[str, Sequence[Builder[Panel]]]]
    annotations: Sequence[Annotation] = field(default=())

    def to_json(self) -> str:
        """Return what Grafana provisions: version 1 of its format, panels numbered, in a stable order of keys."""
        document = json.loads(json.dumps(self._build().build(), cls=JSONEncoder))
        for number, panel in enumerate(document["panels"], start=1):
            panel["id"] = number
        return json.dumps(without_placement(document), indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def _build(self) -> Dashboard:
        board = (
            Dashboard(self.title)
            .uid(self.uid)
            .description(self.description)
            .tags([TAG])
            .readonly()
            .timezone("utc")
            .time("now-1h", "now")
            .refresh("30s")
            .tooltip(DashboardCursorSync.CROSSHAIR)
            .link(_other_dashboards())
            .with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus").hide(_MENU))
        )
        for variable in (JOB, *self.variables):
            board.with_variable(_build_variable(variable))
        for annotation in self.annotations:
            board.annotation(_build_annotation(annotation))
        for heading, panels in self.rows:
            board.with_row(Row(heading))
            for panel in panels:
                board.with_panel(panel)
        return board


def _build_variable(variable: Variable) -> QueryVariable:
    built = (
        QueryVariable(variable.name)
        .label(variable.label)
        .datasource(SOURCE)
        .query(variable.query)
        .definition(variable.query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.DISABLED if variable.query.startswith("query_result") else VariableSort.ALPHABETICAL_ASC)
        .multi(variable.is_multi)
        .include_all(variable.is_multi)
        .regex(variable.regex)
        .hide(_MENU if variable.is_in_menu else VariableHide.DONT_HIDE)
    )
    return built if variable.all_value is None or not variable.is_multi else built.all_value(variable.all_value)


def _build_annotation(annotation: Annotation) -> AnnotationQuery:
    return (
        AnnotationQuery()
        .name(annotation.name)
        .datasource(SOURCE)
        .enable(True)
        .icon_color(annotation.color)
        .expr(annotation.expr)
        .title_format(annotation.title)
        .text_format(annotation.text)
        .use_value_for_time(not annotation.is_sample)
        .step("30s")
    )


def _other_dashboards() -> DashboardLink:
    return (
        DashboardLink("FairStream")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )


def without_placement(value: Any) -> Any:
    """Remove a key that the SDK adds and that moves annotations and links into a menu."""
    if isinstance(value, dict):
        return {
            key: without_placement(member) for key, member in value.items() if key != "placement" or member in _LEGENDS
        }
    return [without_placement(item) for item in value] if isinstance(value, list) else value


_LEGENDS = ("bottom", "right")
_MENU = VariableHide.IN_CONTROLS_MENU  # earlier versions of Grafana show them above the panels

JOB = Variable("job", "label_values(fairstream_build_info, job)", "job", is_in_menu=True)
INSTANCE = Variable("instance", f"label_values(fairstream_build_info{{{promql.JOB}}}, instance)", "instance")

"""What all panels have in common: title, description, queries, links and the text for a missing value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from grafana_foundation_sdk.builders import barchart, bargauge, common, heatmap, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef, LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, Threshold, ThresholdsMode

from dashboards.links import Link, runbook

SOURCE = DataSourceRef(type_val="prometheus", uid="$datasource")
NOT_YET = "not reported yet"
SUPPRESSED = "suppressed, or no window yet"
NO_RATES = "suppressed, none yet, or amounts are decided"
FULL, HALF, THIRD, QUARTER = 24, 12, 8, 6

Panel = TypeVar(
    "Panel",
    timeseries.Panel,
    stat.Panel,
    statetimeline.Panel,
    bargauge.Panel,
    barchart.Panel,
    table.Panel,
    heatmap.Panel,
)


@dataclass(frozen=True)
class About:
    """Title, description and links of a panel.

    Attributes:
        title: At most five words; a panel of width 4 shows about 18 letters.
        description: What is shown, and how to read it.
        unit: Unit id of Grafana.
        alert: Alert whose runbook is linked; none if empty.
        leads_to: Targets of a click on a value.
        missing: What is shown instead of a missing value: why there is none.
        decimals: Digits after the decimal point; None: as many as Grafana thinks right.
    """

    title: str
    description: str
    unit: str = "none"
    alert: str = ""
    leads_to: tuple[Link, ...] = ()
    missing: str = NOT_YET
    decimals: int | None = None


@dataclass(frozen=True)
class Query:
    """One query of a panel.

    Attributes:
        expr: PromQL, with variables.
        legend: Name of its series, with ``{{labels}}``; in a table the name of its column.
    """

    expr: str
    legend: str = ""


def dress(panel: Panel, about: About, queries: Sequence[Query], width: int, height: int) -> Panel:
    """Give a panel its title, unit, size, queries over time and links."""
    panel.title(about.title).description(about.description).unit(about.unit).no_value(about.missing)
    panel.datasource(SOURCE).span(width).height(height)
    if about.decimals is not None:
        panel.decimals(about.decimals)
    for place, query in enumerate(queries):
        panel.with_target(to_target(query, ref_of(place)).range())
    if about.alert:
        panel.links([to_link(Link("Runbook", runbook(about.alert)))])
    if about.leads_to:
        panel.data_links([to_link(link) for link in about.leads_to])
    return panel


def to_target(query: Query, ref: str) -> Dataquery:
    """Return a query as Grafana reads it."""
    return Dataquery().expr(query.expr).legend_format(query.legend).ref_id(ref).datasource(SOURCE)


def ref_of(place: int) -> str:
    """Return the letter of the first, second, ... query of a panel."""
    return chr(ord("A") + place)


def to_link(link: Link) -> DashboardLink:
    """Return a link as Grafana reads it."""
    return DashboardLink(link.title).url(link.url).target_blank(True)


def link_property(link: Link) -> DynamicConfigValue:
    """Make the values of a column links."""
    return DynamicConfigValue("links", [{"title": link.title, "url": link.url, "targetBlank": False}])


def legend() -> common.VizLegendOptions:
    """Return a legend below the panel."""
    return (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )


def no_thresholds() -> ThresholdsConfig:
    """Return no thresholds: a limit is a series that the policy sets, never a number in this code."""
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([Threshold(value=None, color="text")])

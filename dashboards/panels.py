"""Panel types with common conventions: a gap stays a gap, missing values are labeled, and legends are always shown.

By default the SDK omits legends, splits timelines into pages and truncates labels; the settings here prevent that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, heatmap, stat, statetimeline, table, text, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    DataSourceRef,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    LineInterpolation,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    ValueMapping,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

from dashboards import palette
from dashboards.links import Link, runbook

SOURCE = DataSourceRef(type_val="prometheus", uid="$datasource")
MISSING = "suppressed or no data"
Panel = TypeVar("Panel", timeseries.Panel, stat.Panel, statetimeline.Panel, bargauge.Panel, table.Panel, heatmap.Panel)
FULL, HALF, THIRD, QUARTER, SIXTH = 24, 12, 8, 6, 4
DASHED = DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]})
NO_FILL = DynamicConfigValue("custom.fillOpacity", 0)


@dataclass(frozen=True)
class About:
    """Title, description and links of a panel.

    Attributes:
        title: At most five words; a panel of width 4 shows about 18 letters.
        description: What is shown, and how to read it.
        unit: Unit id of Grafana.
        alert: Alert whose runbook is linked; none if empty.
        leads_to: Targets of a click on a value.
    """

    title: str
    description: str
    unit: str = "none"
    alert: str = ""
    leads_to: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Query:
    """One query of a panel.

    Attributes:
        expr: PromQL, with variables.
        legend: Name of its series, with ``{{labels}}``; in a table the name of its column.
    """

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a table: its query, and the unit of its values."""

    title: str
    expr: str
    unit: str = "none"
    mapping: ValueMapping | None = None


def lines(
    about: About,
    queries: Sequence[Query],
    *,
    width: int = HALF,
    bars: bool = False,
    stacked: bool = False,
    soft_min: float | None = 0,
) -> timeseries.Panel:
    """Show values over time."""
    panel = (
        timeseries.Panel()
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .color_scheme(palette.by_name())
        .draw_style(GraphDrawStyle.BARS if bars else GraphDrawStyle.LINE)
        .line_interpolation(LineInterpolation.STEP_AFTER)  # a value is valid until the next window closes
        .line_width(0 if bars else 2)
        .fill_opacity(60 if bars else 0)
        .show_points(VisibilityMode.NEVER)
        .span_nulls(False)
        .stacking(common.StackingConfig().mode(StackingMode.NORMAL if stacked else StackingMode.NONE).group("A"))
    )
    if soft_min is not None:
        panel.axis_soft_min(soft_min)
    return _dress(panel, about, queries, width, 8)


def dashed(panel: timeseries.Panel, regexp: str, color: str | None = palette.LIMIT) -> timeseries.Panel:
    """Draw the series whose names match as dashed lines: a limit, or a replay next to live values."""
    properties = [DASHED, NO_FILL] if color is None else [DASHED, NO_FILL, palette.colored(color)]
    return panel.override_by_regexp(f"/^{regexp}$/", properties)


def band(about: About, value: str, lower: str, upper: str, limits: Sequence[Query], *, repeat: str) -> timeseries.Panel:
    """Show one value with the band of its interval and the lines of its limits, once for each value of a variable."""
    queries = [Query(value, "value"), Query(lower, "lower bound (95%)"), Query(upper, "upper bound (95%)"), *limits]
    panel = lines(about, queries, width=FULL, soft_min=None)
    bound = [DynamicConfigValue("custom.lineWidth", 0), palette.colored(palette.VALUE)]
    panel.override_by_name("value", [palette.colored(palette.VALUE)])
    panel.override_by_name("lower bound (95%)", bound)
    filled = DynamicConfigValue("custom.fillBelowTo", "lower bound (95%)")
    panel.override_by_name("upper bound (95%)", [*bound, filled, DynamicConfigValue("custom.fillOpacity", 15)])
    return dashed(panel, "(lower|upper) limit").repeat(repeat).repeat_direction("h").max_per_row(3)


def number(
    about: About,
    expr: str,
    *,
    width: int = SIXTH,
    mapping: ValueMapping | None = None,
    missing: str = MISSING,
    decimals: int | None = None,
) -> stat.Panel:
    """Show the latest value in large type; colored only if a mapping gives the color a word."""
    panel = (
        stat.Panel()
        .color_mode(BigValueColorMode.NONE if mapping is None else BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .color_scheme(palette.fixed("text"))
        .thresholds(_no_thresholds())
    )
    if mapping is not None:
        panel.mappings([mapping])
    if decimals is not None:
        panel.decimals(decimals)
    _dress(panel, about, [], width, 4)
    return panel.no_value(missing).with_target(_query(Query(expr), "A").instant())


def states(about: About, queries: Sequence[Query], *, height: int = 9) -> statetimeline.Panel:
    """Show states over time."""
    panel = (
        statetimeline.Panel()
        .mappings([palette.state_mapping()])
        .color_scheme(palette.by_name())
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.SINGLE))
        .show_value(VisibilityMode.AUTO)
        .merge_values(True)
        .row_height(0.8)
        .span_nulls(False)
        .disable_pagination()
    )
    return _dress(panel, about, queries, FULL, height)


def bars(about: About, queries: Sequence[Query], *, width: int = HALF, height: int = 8) -> bargauge.Panel:
    """Show the latest values as bars, one per series, with name and number."""
    panel = (
        bargauge.Panel()
        .display_mode(BarGaugeDisplayMode.BASIC)
        .orientation(VizOrientation.HORIZONTAL)
        .show_unfilled(False)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .color_scheme(palette.fixed(palette.VALUE))
        .thresholds(_no_thresholds())
    )
    _dress(panel, about, [], width, height)
    for place, query in enumerate(queries):
        panel.with_target(_query(query, _ref(place)).instant())
    return panel


def grid(about: About, columns: Sequence[Column], labels: Sequence[str], *, width: int = FULL) -> table.Panel:
    """Show the latest values as a table: a row for each combination of labels, a column for each query.

    Every query must keep exactly these labels; otherwise the rows are not joined.
    """
    shown = {f"Value #{_ref(place)}" if len(columns) > 1 else "Value": column for place, column in enumerate(columns)}
    order = {name: place for place, name in enumerate((*labels, *shown))}
    renamed = {name: column.title for name, column in shown.items()} | {label: label.capitalize() for label in labels}
    panel = (
        table.Panel()
        .filterable(True)
        .with_transformation(DataTransformerConfig("merge", options={}))
        .with_transformation(
            DataTransformerConfig(
                "organize", options={"excludeByName": {"Time": True}, "indexByName": order, "renameByName": renamed}
            )
        )
        .color_scheme(palette.fixed("text"))
        .thresholds(_no_thresholds())
    )
    _dress(panel, about, [], width, 9)
    for place, column in enumerate(columns):
        panel.with_target(_query(Query(column.expr), _ref(place)).instant().format(PromQueryFormat.TABLE))
        properties = [DynamicConfigValue("unit", column.unit)]
        if column.mapping is not None:
            properties.append(DynamicConfigValue("mappings", [column.mapping]))
            properties.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
        panel.override_by_name(column.title, properties)
    return panel


def warmth(about: About, expr: str, *, width: int = HALF) -> heatmap.Panel:
    """Show the buckets of a histogram over time."""
    panel = heatmap.Panel().calculate(False).show_legend().cell_gap(1).y_axis(heatmap.YAxisConfig().unit(about.unit))
    _dress(panel, about, [], width, 8)
    panel.color(heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Blues").exponent(0.5).steps(32))
    return panel.with_target(_query(Query(expr, "{{le}}"), "A").range().format(PromQueryFormat.HEATMAP))


def note(title: str, description: str, content: str) -> text.Panel:
    """Show text in which Grafana replaces variables."""
    panel = text.Panel().mode(TextMode.MARKDOWN).content(content)
    return panel.title(title).description(description).span(FULL).height(8)


def _dress(panel: Panel, about: About, queries: Sequence[Query], width: int, height: int) -> Panel:
    panel.title(about.title).description(about.description).unit(about.unit).no_value(MISSING)
    panel.datasource(SOURCE).span(width).height(height)
    for place, query in enumerate(queries):
        panel.with_target(_query(query, _ref(place)).range())
    if about.alert:
        panel.links([_link(Link("Runbook", runbook(about.alert)))])
    if about.leads_to:
        panel.data_links([_link(link) for link in about.leads_to])
    return panel


def _query(query: Query, ref: str) -> Dataquery:
    return Dataquery().expr(query.expr).legend_format(query.legend).ref_id(ref).datasource(SOURCE)


def _ref(place: int) -> str:
    return chr(ord("A") + place)


def _link(link: Link) -> DashboardLink:
    return DashboardLink(link.title).url(link.url).target_blank(True)


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )


def _no_thresholds() -> ThresholdsConfig:
    """Return no thresholds: a limit is a series that the policy sets, never a number in this code."""
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([Threshold(value=None, color="text")])

"""Panels over time: lines, bands, states and heatmaps."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import common, heatmap, statetimeline, timeseries
from grafana_foundation_sdk.models.common import (
    GraphDrawStyle,
    LineInterpolation,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards import palette
from dashboards.panels.describe import FULL, HALF, About, Query, dress, legend, to_target
from dashboards.promql import placed

DASHED = DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]})
NO_FILL = DynamicConfigValue("custom.fillOpacity", 0)
_PER_SECOND = ("eps", "recps", "ops")
_NAME_OF_GROUP = DynamicConfigValue("displayName", "${__field.labels.attribute} ${__field.labels.group}")


def lines(
    about: About,
    queries: Sequence[Query],
    *,
    width: int = HALF,
    bars: bool = False,
    stacked: bool = False,
    soft_min: float | None = 0,
    soft_max: float | None = None,
    points: bool = False,
) -> timeseries.Panel:
    """Show values over time.

    Args:
        about: Title, description and unit.
        queries: What is drawn.
        width: Of 24.
        bars: Whether values are bars and not lines.
        stacked: Whether bars are put on top of each other.
        soft_min: Where the axis begins, unless a value is lower; None: at the lowest value.
        soft_max: Where the axis ends, unless a value is higher, so that an axis of zeros has a scale.
        points: Whether single values are drawn as points, for values with gaps between them.
    """
    panel = (
        timeseries.Panel()
        .legend(legend())
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .color_scheme(palette.by_place())
        .draw_style(GraphDrawStyle.BARS if bars else GraphDrawStyle.LINE)
        .line_interpolation(LineInterpolation.STEP_AFTER)  # a value is valid until the next window closes
        .line_width(0 if bars else 2)
        .fill_opacity(60 if bars else 0)
        .show_points(VisibilityMode.ALWAYS if points else VisibilityMode.NEVER)
        .span_nulls(False)
        .stacking(common.StackingConfig().mode(StackingMode.NORMAL if stacked else StackingMode.NONE).group("A"))
    )
    if soft_min is not None:
        panel.axis_soft_min(soft_min)
    if soft_max is None and about.unit in _PER_SECOND:
        soft_max = 1
    if soft_max is not None:
        panel.axis_soft_max(soft_max)
    return dress(panel, about, queries, width, 8)


def lines_by_group(
    about: About,
    expr: str,
    others: Sequence[Query] = (),
    *,
    width: int = HALF,
    soft_min: float | None = 0,
    soft_max: float | None = None,
) -> timeseries.Panel:
    """Show a value of each group: each group has its own color on every panel, reference groups are gray and dashed.

    Args:
        about: Title, description and unit.
        expr: Values with the labels attribute and group.
        others: What is drawn beside them: limits.
        width: Of 24.
        soft_min: Where the axis begins, unless a value is lower.
        soft_max: Where the axis ends, unless a value is higher.
    """
    queries = [Query(placed(expr), "{{position}} {{attribute}} {{group}}"), *others]
    panel = lines(about, queries, width=width, soft_min=soft_min, soft_max=soft_max)
    panel.override_by_regexp("/^0 .*$/", [_NAME_OF_GROUP, palette.colored(palette.REFERENCE), DASHED])
    for place, color in enumerate(palette.GROUPS):
        positions = "|".join(str(place + 1 + turn * len(palette.GROUPS)) for turn in range(palette.N_TURNS))
        panel.override_by_regexp(f"/^({positions}) .*$/", [_NAME_OF_GROUP, palette.colored(color)])
    return panel


def dashed(panel: timeseries.Panel, regexp: str, color: str | None = palette.LIMIT) -> timeseries.Panel:
    """Draw the series whose names match as dashed lines: a limit, or a replay next to live values."""
    properties = [DASHED, NO_FILL] if color is None else [DASHED, NO_FILL, palette.colored(color)]
    return panel.override_by_regexp(f"/^{regexp}$/", properties)


def band(about: About, value: str, lower: str, upper: str, limits: Sequence[Query], *, repeat: str) -> timeseries.Panel:
    """Show one value with the band of its interval and the lines of its limits, once for each value of a variable."""
    queries = [Query(value, "value"), Query(lower, "lower bound (95%)"), Query(upper, "upper bound (95%)"), *limits]
    panel = lines(about, queries, width=FULL, soft_min=None)
    hidden = DynamicConfigValue("custom.hideFrom", {"legend": True, "tooltip": False, "viz": False})
    bound = [DynamicConfigValue("custom.lineWidth", 0), palette.colored(palette.VALUE), hidden]
    panel.override_by_name("value", [palette.colored(palette.VALUE)])
    panel.override_by_name("lower bound (95%)", bound)
    filled = DynamicConfigValue("custom.fillBelowTo", "lower bound (95%)")
    panel.override_by_name("upper bound (95%)", [*bound, filled, DynamicConfigValue("custom.fillOpacity", 25)])
    return dashed(panel, "(lower|upper) limit").repeat(repeat).repeat_direction("h").max_per_row(3)


def states(about: About, queries: Sequence[Query], *, height: int = 9) -> statetimeline.Panel:
    """Show states over time."""
    panel = (
        statetimeline.Panel()
        .mappings([palette.state_mapping()])
        .color_scheme(palette.fixed("text"))
        .legend(legend())
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.SINGLE))
        .show_value(VisibilityMode.AUTO)
        .merge_values(True)
        .row_height(0.8)
        .span_nulls(False)
        .disable_pagination()
    )
    return dress(panel, about, queries, FULL, height)


def warmth(about: About, expr: str, *, width: int = HALF) -> heatmap.Panel:
    """Show the buckets of a histogram over time."""
    panel = heatmap.Panel().calculate(False).show_legend().cell_gap(1).y_axis(heatmap.YAxisConfig().unit(about.unit))
    dress(panel, about, [], width, 8)
    panel.color(heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Blues").exponent(0.5).steps(32))
    return panel.with_target(to_target(Query(expr, "{{le}}"), "A").range().format(PromQueryFormat.HEATMAP))

"""Bars of the latest values: bars that begin at 0, and bars of both signs that are made of parts."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import barchart, bargauge, common
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BarGaugeNamePlacement,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards import palette
from dashboards.panels.describe import HALF, About, Query, dress, legend, no_thresholds, ref_of, to_target


def bars(
    about: About, queries: Sequence[Query], *, width: int = HALF, height: int = 8, top: float | None = None
) -> bargauge.Panel:
    """Show the latest values, none of them negative, as bars from 0 on, one per series, with name and number.

    Args:
        about: Title, description and unit.
        queries: Instant queries.
        width: Of 24.
        height: In rows of the grid.
        top: Value of a full bar; None: the highest value.
    """
    panel = (
        bargauge.Panel()
        .display_mode(BarGaugeDisplayMode.BASIC)
        .orientation(VizOrientation.HORIZONTAL)
        .name_placement(BarGaugeNamePlacement.LEFT)
        .show_unfilled(False)
        .min(0)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .color_scheme(palette.fixed(palette.VALUE))
        .thresholds(no_thresholds())
    )
    if top is not None:
        panel.max(top)
    dress(panel, about, [], width, height)
    for place, query in enumerate(queries):
        panel.with_target(to_target(query, ref_of(place)).instant())
    return panel


def split_bars(
    about: About,
    name: str,
    parts: Sequence[tuple[Query, str]],
    *,
    width: int = HALF,
    height: int = 10,
    is_repeated: bool = False,
) -> barchart.Panel:
    """Show latest values of both signs as bars to either side of 0, made of parts that are stacked.

    Args:
        about: Title, description and unit.
        name: The only label of the queries: what each bar is about.
        parts: An instant query and a color for each part; its legend is the name of the part.
        width: Of 24.
        height: In rows of the grid.
        is_repeated: Whether every bar has one part only, so that a legend would repeat the title.
    """
    values = {f"Value #{ref_of(place)}" if len(parts) > 1 else "Value": query for place, (query, _) in enumerate(parts)}
    renamed = {value: query.legend for value, query in values.items()} | {name: name.capitalize()}
    organized = {"excludeByName": {"Time": True}, "indexByName": {name: 0}, "renameByName": renamed}
    sort = {"fields": {}, "sort": [{"field": parts[-1][0].legend, "desc": False}]}
    panel = (
        barchart.Panel()
        .orientation(VizOrientation.HORIZONTAL)
        .x_field(name.capitalize())
        .stacking(StackingMode.NORMAL)
        .show_value(VisibilityMode.NEVER if len(parts) > 1 else VisibilityMode.ALWAYS)
        .bar_width(0.8)
        .group_width(0.8)
        .fill_opacity(90)
        .line_width(0)
        .axis_centered_zero(True)
        .x_tick_label_max_length(40)
        .legend(legend().show_legend(not is_repeated))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .thresholds(no_thresholds())
        .with_transformation(DataTransformerConfig("merge", options={}))
        .with_transformation(DataTransformerConfig("organize", options=organized))
        .with_transformation(DataTransformerConfig("sortBy", options=sort))
    )
    dress(panel, about, [], width, height)
    for place, (query, color) in enumerate(parts):
        panel.with_target(to_target(query, ref_of(place)).instant().format(PromQueryFormat.TABLE))
        panel.override_by_name(query.legend, [palette.colored(color)])
    return panel

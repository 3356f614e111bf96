"""Tiles: one number or one word, and sentences."""

from __future__ import annotations

from grafana_foundation_sdk.builders import common, stat
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import ValueMapping

from dashboards import palette
from dashboards.panels.describe import FULL, THIRD, About, Query, dress, no_thresholds, to_target


def number(about: About, expr: str, *, width: int = THIRD, mapping: ValueMapping | None = None) -> stat.Panel:
    """Show the latest value in large type; colored only if a mapping gives the color a word."""
    panel = _tile(mapping)
    dress(panel, about, [], width, 4)
    return panel.with_target(to_target(Query(expr), "A").instant())


def sentence(about: About, query: Query, *, height: int = 4) -> stat.Panel:
    """Show the name of each series, which is a sentence, in the color of its state; the value is a state."""
    panel = _tile(palette.state_mapping()).text_mode(BigValueTextMode.NAME).orientation(VizOrientation.HORIZONTAL)
    dress(panel, about, [], FULL, height)
    return panel.with_target(to_target(query, "A").instant())


def _tile(mapping: ValueMapping | None) -> stat.Panel:
    panel = (
        stat.Panel()
        .color_mode(BigValueColorMode.NONE if mapping is None else BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .color_scheme(palette.fixed("text" if mapping is None else palette.UNDECIDED))
        .thresholds(no_thresholds())
    )
    return panel if mapping is None else panel.mappings([mapping])

"""Panel types with common conventions: a gap stays a gap, missing values say why, and legends are always shown.

By default the SDK omits legends, splits timelines into pages and truncates labels; the settings here prevent that.
``describe`` has what all panels have (title, queries, links), ``charts`` lines, bands, states and heatmaps over time,
``bars`` bars of the latest values, ``numbers`` tiles and sentences, ``tables`` tables and texts.
"""

from dashboards.panels.bars import bars, split_bars
from dashboards.panels.charts import band, dashed, lines, lines_by_group, states, warmth
from dashboards.panels.describe import (
    FULL,
    HALF,
    NO_RATES,
    NOT_YET,
    QUARTER,
    SOURCE,
    SUPPRESSED,
    THIRD,
    About,
    Query,
)
from dashboards.panels.numbers import number, sentence
from dashboards.panels.tables import Column, Label, grid, note, time_column

__all__ = [
    "FULL",
    "HALF",
    "NOT_YET",
    "NO_RATES",
    "QUARTER",
    "SOURCE",
    "SUPPRESSED",
    "THIRD",
    "About",
    "Column",
    "Label",
    "Query",
    "band",
    "bars",
    "dashed",
    "grid",
    "lines",
    "lines_by_group",
    "note",
    "number",
    "sentence",
    "split_bars",
    "states",
    "time_column",
    "warmth",
]

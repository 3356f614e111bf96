"""Tables of the latest values, and texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, table, text
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, ValueMapping
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

from dashboards import palette
from dashboards.links import Link
from dashboards.panels.describe import (
    FULL,
    About,
    Query,
    dress,
    link_property,
    no_thresholds,
    ref_of,
    to_target,
)

NO_CELL = "–"  # a cell without a value; a column says why, or the state of the row does


@dataclass(frozen=True)
class Column:
    """One column of a table: its query, and how its values are shown.

    Attributes:
        title: Heading.
        expr: Instant query; keeps the labels of the table.
        unit: Unit id of Grafana.
        decimals: Digits after the decimal point.
        mapping: Words and colors of its values.
        missing: What is shown where a row has no value.
        width: In pixels; 0: as wide as there is room.
    """

    title: str
    expr: str
    unit: str = "none"
    decimals: int | None = None
    mapping: ValueMapping | None = None
    missing: str = NO_CELL
    width: int = 0


def time_column(title: str, expr: str, missing: str = NO_CELL) -> Column:
    """Return a column of times, from seconds, wide enough for date and time."""
    return Column(title, f"1000 * {expr}", "dateTimeAsIso", missing=missing, width=150)


@dataclass(frozen=True)
class Label:
    """One column of a table that has a label.

    Attributes:
        name: The label; its heading begins with a capital letter.
        words: Words for its values.
        link: Target of a click on it.
        width: In pixels; 0: as wide as there is room.
        is_sentence: Whether it is shown in several lines.
    """

    name: str
    words: ValueMapping | None = None
    link: Link | None = None
    width: int = 0
    is_sentence: bool = False

    @property
    def title(self) -> str:
        """Heading of the column."""
        return self.name.replace("_", " ").capitalize()


def grid(
    about: About,
    columns: Sequence[Column],
    labels: Sequence[Label | str],
    *,
    width: int = FULL,
    height: int = 9,
    sort: Sequence[tuple[str, bool]] = (),
    order: str = "",
) -> table.Panel:
    """Show the latest values as a table: a row for each combination of labels, a column for each query.

    Args:
        about: Title and description.
        columns: Every query keeps the same labels, or some of them that are unique to a row; otherwise rows are not
            joined.
        labels: The labels that are shown, in order.
        width: Of 24.
        height: In rows of the grid.
        sort: Headings by which the rows are sorted, each with whether the highest value comes first.
        order: Instead of headings, a query with the labels of the table whose highest value is the first row; it is not
            shown.
    """
    columns = [*columns, Column("Order", order)] if order else columns
    named = [label if isinstance(label, Label) else Label(label) for label in labels]
    shown = {f"Value #{ref_of(place)}" if len(columns) > 1 else "Value": column for place, column in enumerate(columns)}
    places = {name: place for place, name in enumerate((*(label.name for label in named), *shown))}
    renamed = {name: column.title for name, column in shown.items()} | {label.name: label.title for label in named}
    last = list(shown)[-1]
    hidden = {"Time": True} | ({last: True} if order else {})
    organized = {"excludeByName": hidden, "indexByName": places, "renameByName": renamed}
    panel = table.Panel().with_transformation(DataTransformerConfig("merge", options={}))
    if order:
        by_order = {"fields": {}, "sort": [{"field": last, "desc": True}]}
        panel.with_transformation(DataTransformerConfig("sortBy", options=by_order))
    panel = (
        panel.with_transformation(DataTransformerConfig("organize", options=organized))
        .color_scheme(palette.fixed("text"))
        .thresholds(no_thresholds())
        .min_width(50)  # all columns are in sight at 900 pixels
        .sort_by([common.TableSortByFieldState().display_name(name).desc(is_down) for name, is_down in sort])
    )
    dress(panel, about, [], width, height)
    for place, column in enumerate(columns):
        panel.with_target(to_target(Query(column.expr), ref_of(place)).instant().format(PromQueryFormat.TABLE))
        panel.override_by_name(column.title, _properties_of(column))
    for label in named:
        if properties := _properties_of_label(label):
            panel.override_by_name(label.title, properties)
    return panel


def note(title: str, description: str, content: str, *, height: int = 8) -> text.Panel:
    """Show text in which Grafana replaces variables."""
    panel = text.Panel().mode(TextMode.MARKDOWN).content(content)
    return panel.title(title).description(description).span(FULL).height(height)


def _properties_of(column: Column) -> list[DynamicConfigValue]:
    properties = [DynamicConfigValue("unit", column.unit), DynamicConfigValue("noValue", column.missing)]
    if column.width:
        properties.append(DynamicConfigValue("custom.width", column.width))
    if column.decimals is not None:
        properties.append(DynamicConfigValue("decimals", column.decimals))
    if column.mapping is not None:
        properties.append(DynamicConfigValue("mappings", [column.mapping]))
        properties.append(DynamicConfigValue("custom.cellOptions", {"type": "color-background", "mode": "basic"}))
    return properties


def _properties_of_label(label: Label) -> list[DynamicConfigValue]:
    properties = []
    if label.words is not None:
        properties.append(DynamicConfigValue("mappings", [label.words]))
    if label.link is not None:
        properties.append(link_property(label.link))
    if label.width:
        properties.append(DynamicConfigValue("custom.width", label.width))
    if label.is_sentence:
        properties.append(DynamicConfigValue("custom.cellOptions", {"type": "auto", "wrapText": True}))
    return properties

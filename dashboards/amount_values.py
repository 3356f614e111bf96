"""Means and quantiles of amounts as numbers, with their intervals."""

from __future__ import annotations

from grafana_foundation_sdk.builders import table

from dashboards.panels import SUPPRESSED, About, Column, grid
from dashboards.promql import OF_WINDOW, owned

UNIT, IN_UNIT = "locale", "In the unit of the amount."
_PAIR = "attribute, group"
_DECIMALS = 3


def interval_columns(title: str, name: str, *of: str) -> list[Column]:
    """Return the columns of a value and of both ends of its interval, a row for each group.

    Args:
        title: Heading of the value.
        name: Its metric, without the prefix.
        of: Matchers.
    """
    ends = ((title, name), (f"{title} ≥", f"{name}_lower"), (f"{title} ≤", f"{name}_upper"))
    return [Column(heading, owned(metric, _PAIR, *of), UNIT, _DECIMALS) for heading, metric in ends]


def _quantile_table(title: str, heading: str, quantile: str, share: str) -> table.Panel:
    """Return the table of a quantile, and of its difference from that of the reference group."""
    return grid(
        About(
            title,
            f"Latest window: the amount that {share} decisions are below. {IN_UNIT} Known to the width of a bin.",
            missing=SUPPRESSED,
        ),
        [
            Column(heading, owned(f"{quantile}_amount", _PAIR, *OF_WINDOW), UNIT, _DECIMALS),
            *interval_columns("Diff.", f"{quantile}_difference_amount", *OF_WINDOW),
        ],
        ["attribute", "group"],
        sort=[(heading, True)],
    )


VALUES = (
    grid(
        About("Means", f"Latest window, with 95% intervals. {IN_UNIT}", missing=SUPPRESSED),
        interval_columns("Mean", "mean_amount", *OF_WINDOW),
        ["attribute", "group"],
        sort=[("Mean", True)],
    ),
    _quantile_table("Medians", "Median", "p50", "half of the"),
    _quantile_table("Highest tenth", "90% below", "p90", "nine of ten"),
)

"""Means and quantiles of amounts as numbers, with their intervals."""

from __future__ import annotations

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


VALUES = (
    grid(
        About("Means", f"Latest window, with 95% intervals. {IN_UNIT}", missing=SUPPRESSED),
        interval_columns("Mean", "mean_amount", *OF_WINDOW),
        ["attribute", "group"],
        sort=[("Mean", True)],
    ),
    grid(
        About(
            "Medians",
            f"Latest window: the amount that half of the decisions are below. {IN_UNIT} Known to the width of a bin.",
            missing=SUPPRESSED,
        ),
        [
            Column("Median", owned("p50_amount", _PAIR, *OF_WINDOW), UNIT, 3),
            *interval_columns("Diff.", "p50_difference_amount", *OF_WINDOW),
        ],
        ["attribute", "group"],
        sort=[("Median", True)],
    ),
    grid(
        About(
            "Highest tenth",
            f"Latest window: the amount that nine of ten decisions are below. {IN_UNIT} Known to the width of a bin.",
            missing=SUPPRESSED,
        ),
        [
            Column("90% below", owned("p90_amount", _PAIR, *OF_WINDOW), UNIT, 3),
            *interval_columns("Diff.", "p90_difference_amount", *OF_WINDOW),
        ],
        ["attribute", "group"],
        sort=[("90% below", True)],
    ),
)

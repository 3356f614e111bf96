"""The row of decisions that are amounts: means, quantiles and the evidence of their differences."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.evidence import AMOUNTS, evidence, recovery
from dashboards.links import REPLAY_LINK
from dashboards.panels import FULL, About, Column, Query, dashed, grid, lines_by_group
from dashboards.promql import OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, OF_WINDOW, owned, series

_PAIR = "attribute, group"
_LEADS_TO = (REPLAY_LINK,)
_NO_AMOUNTS = "the decision of this model is no amount"
_OF_MEANS = 'kind="mean_difference"'
_LIMIT = f"max({series('threshold_ratio', *OF_ATTRIBUTE, _OF_MEANS)})"
_MEANS = (
    ("Mean", "mean_amount"),
    ("Mean ≥", "mean_amount_lower"),
    ("Mean ≤", "mean_amount_upper"),
    ("Difference", "mean_difference_amount"),
    ("Difference ≥", "mean_difference_amount_lower"),
    ("Difference ≤", "mean_difference_amount_upper"),
    ("Ratio", "mean_ratio"),
)
_QUANTILES = (
    ("Median", "p50_amount"),
    ("Difference", "p50_difference_amount"),
    ("Difference ≥", "p50_difference_amount_lower"),
    ("Difference ≤", "p50_difference_amount_upper"),
    ("90% below", "p90_amount"),
    ("Difference of 90%", "p90_difference_amount"),
    ("of 90% ≥", "p90_difference_amount_lower"),
    ("of 90% ≤", "p90_difference_amount_upper"),
)
_BREACHES = (
    ("Mean", "breach_mean_amount"),
    ("Reference mean", "breach_reference_mean_amount"),
    ("Difference", "breach_mean_difference_amount"),
    ("Difference ≥", "breach_mean_difference_amount_lower"),
    ("Difference ≤", "breach_mean_difference_amount_upper"),
    ("Ratio", "breach_mean_ratio"),
)


def _columns(values: Sequence[tuple[str, str]], *matchers: str) -> list[Column]:
    return [Column(title, owned(metric, _PAIR, *matchers), "none", 3) for title, metric in values]


AMOUNT_ROWS = (
    dashed(
        lines_by_group(
            About(
                "Difference of means by group",
                "Mean amount of a group − that of the reference group, in the unit of the amount: above 0 a group "
                "pays, or gets, more.",
                alert="FairnessBreach",
                leads_to=_LEADS_TO,
                missing=_NO_AMOUNTS,
                decimals=3,
            ),
            owned("mean_difference_amount", _PAIR, *OF_GROUP),
            [Query(_LIMIT, "upper limit"), Query(f"-{_LIMIT}", "lower limit")],
            soft_min=None,
        ),
        ".*limit",
    ),
    lines_by_group(
        About(
            "Mean amount by group",
            "Mean amount of the decisions of a window, reference groups too.",
            leads_to=_LEADS_TO,
            missing=_NO_AMOUNTS,
            decimals=3,
        ),
        owned("mean_amount", _PAIR, *OF_WINDOW),
        soft_min=None,
    ),
    evidence("Evidence of worse means", AMOUNTS, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
    recovery("Recovery of means", AMOUNTS, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
    grid(
        About("Means", "Newest window, in the unit of the amount, with 95% intervals.", missing=_NO_AMOUNTS),
        _columns(_MEANS, *OF_WINDOW),
        ["attribute", "group"],
        width=FULL,
        sort=[("Difference", True)],
    ),
    grid(
        About(
            "Quantiles",
            "Newest window, in the unit of the amount: the median, and what nine of ten decisions are below. Known to "
            "the width of a bin.",
            missing=_NO_AMOUNTS,
        ),
        _columns(_QUANTILES, *OF_WINDOW),
        ["attribute", "group"],
        width=FULL,
        sort=[("Difference", True)],
    ),
    grid(
        About(
            "Open breaches of means",
            "Means from the onset to the alarm, and their difference with its 95% interval.",
            alert="FairnessBreach",
            missing="no mean is in breach",
        ),
        _columns(_BREACHES, *OF_ANY_WINDOW),
        ["attribute", "group"],
        width=FULL,
        sort=[("Difference", True)],
    ),
)

"""Errors of decisions, for models whose outcomes are known for rejected cases too."""

from __future__ import annotations

from dashboards import links
from dashboards.board import Board, Variable
from dashboards.evidence import ERRORS, evidence, recovery
from dashboards.links import REPLAY_LINK
from dashboards.panels import About, Column, Query, band, dashed, grid, lines_by_group
from dashboards.promql import JOB_LIVE, OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, owned, series
from dashboards.selections import ALERTS, ATTRIBUTE, BREACHES, GROUP, POLICY_CHANGES, RECOVERIES, WINDOW

_PAIR = "attribute, group"
_LEADS_TO = (REPLAY_LINK,)
_NONE = "no outcomes yet"
_RULE = 'kind="equal_opportunity"'
# Without the outcomes of rejected cases nothing here can be formed: such models are not offered.
_MODEL = Variable(
    "model", f"label_values({series('threshold_ratio', *JOB_LIVE, _RULE)}, model)", "model", is_multi=False
)


def _limits(kind: str) -> list[Query]:
    of_kind = f'kind="{kind}"'
    limit = f"max({series('threshold_ratio', *OF_ATTRIBUTE, of_kind)})"
    return [Query(limit, "upper limit"), Query(f"-{limit}", "lower limit")]


def _interval(title: str, name: str) -> list[Column]:
    return [
        Column(title, owned(name, _PAIR, *OF_GROUP), "percentunit", 1),
        Column(f"{title} ≥", owned(f"{name}_lower", _PAIR, *OF_GROUP), "percentunit", 1),
        Column(f"{title} ≤", owned(f"{name}_upper", _PAIR, *OF_GROUP), "percentunit", 1),
    ]


OVER_TIME = (
    dashed(
        lines_by_group(
            About(
                "Equal opportunity by group",
                "True positive rate: group − reference group; negative: the group is worse off. Dashed: the limits.",
                "percentunit",
                alert="FairnessBreach",
                leads_to=_LEADS_TO,
                missing=_NONE,
                decimals=1,
            ),
            owned("equal_opportunity_difference_ratio", _PAIR, *OF_GROUP),
            _limits("equal_opportunity"),
            soft_min=None,
        ),
        ".*limit",
    ),
    dashed(
        lines_by_group(
            About(
                "Average odds by group",
                "Mean of the differences in true and false positive rate: group − reference group.",
                "percentunit",
                leads_to=_LEADS_TO,
                missing=_NONE,
                decimals=1,
            ),
            owned("average_odds_difference_ratio", _PAIR, *OF_GROUP),
            _limits("false_positive_rate"),
            soft_min=None,
        ),
        ".*limit",
    ),
    evidence("Evidence of worse errors", ERRORS, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
    recovery("Evidence of recovery", ERRORS, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
)

VALUES = (
    grid(
        About(
            "Differences with intervals",
            "Group − reference group, with the ends of the 95% intervals, in the latest window. TPR: true positive "
            "rate (equal opportunity). Odds: average odds.",
            missing=_NONE,
        ),
        [
            *_interval("TPR", "equal_opportunity_difference_ratio"),
            *_interval("Odds", "average_odds_difference_ratio"),
        ],
        ["attribute", "group"],
        sort=[("TPR", False)],
    ),
    grid(
        About(
            "Equal opportunity ratio",
            "True positive rate: group / reference group, with 95% interval; below 1: the group is worse off.",
            missing=_NONE,
        ),
        [
            Column("Ratio", owned("equal_opportunity_ratio", _PAIR, *OF_GROUP), decimals=3),
            Column("Lower (95%)", owned("equal_opportunity_ratio_lower", _PAIR, *OF_GROUP), decimals=3),
            Column("Upper (95%)", owned("equal_opportunity_ratio_upper", _PAIR, *OF_GROUP), decimals=3),
        ],
        ["attribute", "group"],
        sort=[("Ratio", False)],
    ),
)

INTERVALS = (
    band(
        About(
            "$group: equal opportunity",
            "True positive rate: group − reference group, with 95% interval; negative: the group is worse off.",
            "percentunit",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
            missing=_NONE,
            decimals=1,
        ),
        owned("equal_opportunity_difference_ratio", _PAIR, *OF_GROUP),
        owned("equal_opportunity_difference_ratio_lower", _PAIR, *OF_GROUP),
        owned("equal_opportunity_difference_ratio_upper", _PAIR, *OF_GROUP),
        _limits("equal_opportunity"),
        repeat="group",
    ),
)

BOARD = Board(
    uid=links.ERRORS,
    folder="fairness",
    title="Fairness: errors",
    description="Are errors fair? For models whose outcomes are known for rejected cases too; others are not offered.",
    variables=(_MODEL, ATTRIBUTE, WINDOW, GROUP),
    rows=(("Errors over time", OVER_TIME), ("Values", VALUES), ("Intervals", INTERVALS)),
    annotations=(BREACHES, RECOVERIES, ALERTS, POLICY_CHANGES),
)

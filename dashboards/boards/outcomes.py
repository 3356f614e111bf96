"""Outcomes of decisions, and changes of scores."""

from __future__ import annotations

from grafana_foundation_sdk.builders.timeseries import Panel

from dashboards import links
from dashboards.board import Board
from dashboards.evidence import drift_evidence, evidence
from dashboards.links import REPLAY_LINK
from dashboards.panels import FULL, THIRD, About, Column, Query, band, dashed, grid, lines
from dashboards.promql import OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, OF_MODEL, OF_WINDOW, owned, series, speed
from dashboards.selections import ALERTS, ATTRIBUTE, GROUP, MODEL, POLICY_CHANGES, WINDOW

_PAIR = "attribute, group"
_LEADS_TO = (REPLAY_LINK,)


def _limit(kind: str) -> str:
    of_kind = f'kind="{kind}"'
    return f"max({series('threshold_ratio', *OF_ATTRIBUTE, of_kind)})"


def _difference(title: str, metric: str, description: str, kind: str) -> Panel:
    about = About(title, description, "percentunit", leads_to=_LEADS_TO)
    queries = [
        Query(owned(metric, _PAIR, *OF_GROUP), "{{attribute}} {{group}}"),
        Query(_limit(kind), "upper limit"),
        Query(f"-{_limit(kind)}", "lower limit"),
    ]
    return dashed(lines(about, queries, width=THIRD, soft_min=None), ".*limit")


COMING_IN = (
    lines(
        About(
            "Outcomes by disposition",
            "Received outcomes: matched with a decision, or why not.",
            "cps",
        ),
        [Query(speed("outcomes_total", "disposition", *OF_MODEL), "{{disposition}}")],
    ),
    lines(
        About(
            "Decisions without outcome",
            "Share of decisions whose outcome has not arrived yet. If groups differ here, the values below are not "
            "comparable.",
            "percentunit",
        ),
        [
            Query(
                owned("decisions_without_outcome_ratio", _PAIR, *OF_ANY_WINDOW),
                "{{attribute}} {{group}}",
            )
        ],
    ),
)

OPPORTUNITY = (
    band(
        About(
            "Equal opportunity: $group",
            "True positive rate: group − reference group, with 95% interval; negative: the group is worse off.",
            "percentunit",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        owned("equal_opportunity_difference_ratio", _PAIR, *OF_GROUP),
        owned("equal_opportunity_difference_ratio_lower", _PAIR, *OF_GROUP),
        owned("equal_opportunity_difference_ratio_upper", _PAIR, *OF_GROUP),
        [Query(_limit("equal_opportunity"), "upper limit"), Query(f"-{_limit('equal_opportunity')}", "lower limit")],
        repeat="group",
    ),
)

DIFFERENCES = (
    _difference(
        "Average odds difference",
        "average_odds_difference_ratio",
        "Mean of the differences in true and false positive rate: group − reference group.",
        "false_positive_rate",
    ),
    _difference(
        "Predictive parity difference",
        "predictive_parity_difference_ratio",
        "Share of good outcomes among approved cases: group − reference group. Available even if only approved cases "
        "have an outcome.",
        "favorable_outcome",
    ),
    lines(
        About(
            "Calibration error",
            "Mean difference between scores and outcomes of a group; 0 is perfect calibration.",
            "percentunit",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("calibration_error_ratio", _PAIR, *OF_GROUP), "{{attribute}} {{group}}")],
        width=THIRD,
    ),
)

TABLES = (
    grid(
        About("Differences with intervals", "Group − reference group, with 95% intervals, in the latest window."),
        [
            Column("Average odds", owned("average_odds_difference_ratio", _PAIR, *OF_GROUP), "percentunit"),
            Column("lower", owned("average_odds_difference_ratio_lower", _PAIR, *OF_GROUP), "percentunit"),
            Column("upper", owned("average_odds_difference_ratio_upper", _PAIR, *OF_GROUP), "percentunit"),
            Column("Predictive parity", owned("predictive_parity_difference_ratio", _PAIR, *OF_GROUP), "percentunit"),
            Column("lower ", owned("predictive_parity_difference_ratio_lower", _PAIR, *OF_GROUP), "percentunit"),
            Column("upper ", owned("predictive_parity_difference_ratio_upper", _PAIR, *OF_GROUP), "percentunit"),
        ],
        ["attribute", "group"],
        width=FULL,
    ),
    grid(
        About(
            "Equal opportunity ratio",
            "True positive rate: group / reference group, with 95% interval; below 1: the group is worse off.",
        ),
        [
            Column("Ratio", owned("equal_opportunity_ratio", _PAIR, *OF_GROUP)),
            Column("lower", owned("equal_opportunity_ratio_lower", _PAIR, *OF_GROUP)),
            Column("upper", owned("equal_opportunity_ratio_upper", _PAIR, *OF_GROUP)),
        ],
        ["attribute", "group"],
        width=FULL,
    ),
    grid(
        About(
            "Good outcomes among approved",
            "A group that has to be better than others to be approved has a higher share here.",
        ),
        [
            Column("Share", owned("favorable_outcome_ratio", _PAIR, *OF_WINDOW), "percentunit"),
            Column("lower", owned("favorable_outcome_ratio_lower", _PAIR, *OF_WINDOW), "percentunit"),
            Column("upper", owned("favorable_outcome_ratio_upper", _PAIR, *OF_WINDOW), "percentunit"),
        ],
        ["attribute", "group"],
        width=FULL,
    ),
)

SCORES = (
    lines(
        About(
            "Score stability index",
            "Population stability index of a group's scores against its own baseline: below 0.1 stable, above 0.25 "
            "shifted.",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("score_stability_index", _PAIR, *OF_WINDOW), "{{attribute}} {{group}}")],
    ),
    drift_evidence("Evidence of score drift", OF_ANY_WINDOW, OF_ATTRIBUTE, _LEADS_TO),
    evidence("Evidence of lower scores", "score", OF_ANY_WINDOW, OF_ATTRIBUTE, _LEADS_TO),
    evidence("Evidence of worse outcomes", "tpr|fpr|outcome", OF_ANY_WINDOW, OF_ATTRIBUTE, _LEADS_TO),
)

BOARD = Board(
    uid=links.OUTCOMES,
    folder="fairness",
    title="Fairness: outcomes and scores",
    description="Are errors and scores fair, once the outcomes are known?",
    variables=(MODEL, ATTRIBUTE, WINDOW, GROUP),
    rows=(
        ("Incoming outcomes", COMING_IN),
        ("Equal opportunity", OPPORTUNITY),
        ("Other differences", DIFFERENCES),
        ("Values", TABLES),
        ("Scores and evidence", SCORES),
    ),
    annotations=(ALERTS, POLICY_CHANGES),
)

"""What became of the decisions, and how scores move."""

from __future__ import annotations

from grafana_foundation_sdk.builders.timeseries import Panel

from dashboards import links
from dashboards.board import Board
from dashboards.evidence import drift_evidence, evidence
from dashboards.links import ASK_THE_LOG
from dashboards.panels import FULL, THIRD, About, Column, Query, band, dashed, grid, lines
from dashboards.promql import OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, OF_MODEL, OF_WINDOW, owned, series, speed
from dashboards.selections import ALERTS, ATTRIBUTE, GROUP, MODEL, POLICY_CHANGES, WINDOW

_PAIR = "attribute, group"
_LEADS_TO = (ASK_THE_LOG,)


def _rule(kind: str) -> str:
    of_kind = f'kind="{kind}"'
    return f"max({series('threshold_ratio', *OF_ATTRIBUTE, of_kind)})"


def _difference(title: str, metric: str, description: str, kind: str) -> Panel:
    about = About(title, description, "percentunit", leads_to=_LEADS_TO)
    queries = [
        Query(owned(metric, _PAIR, *OF_GROUP), "{{attribute}} {{group}}"),
        Query(_rule(kind), "rule"),
        Query(f"-{_rule(kind)}", "rule, other way"),
    ]
    return dashed(lines(about, queries, width=THIRD, soft_min=None), "rule.*")


COMING_IN = (
    lines(
        About(
            "Outcomes",
            "Outcomes that arrived, by what became of them: joined with a decision, or why not.",
            "cps",
        ),
        [Query(speed("outcomes_total", "disposition", *OF_MODEL), "{{disposition}}")],
    ),
    lines(
        About(
            "Decisions without outcome",
            "Share of decisions whose outcome has not arrived (yet). Where groups differ here, the values below "
            "compare unlike things.",
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
            "Approval rate among the deserving: group − reference group, with its interval; negative is harm.",
            "percentunit",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        owned("equal_opportunity_difference_ratio", _PAIR, *OF_GROUP),
        owned("equal_opportunity_difference_ratio_lower", _PAIR, *OF_GROUP),
        owned("equal_opportunity_difference_ratio_upper", _PAIR, *OF_GROUP),
        [Query(_rule("equal_opportunity"), "rule"), Query(f"-{_rule('equal_opportunity')}", "rule, other way")],
        repeat="group",
    ),
)

DIFFERENCES = (
    _difference(
        "Average odds",
        "average_odds_difference_ratio",
        "Mean of the differences in true and false positive rate: group − reference group.",
        "false_positive_rate",
    ),
    _difference(
        "Predictive parity",
        "predictive_parity_difference_ratio",
        "Share of good outcomes among the approved: group − reference group. Only approved ones have an outcome, so "
        "this sees what the decisions let through.",
        "favorable_outcome",
    ),
    lines(
        About(
            "Calibration error",
            "How far scores and outcomes of a group are apart, on average; 0 is perfect.",
            "percentunit",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("calibration_error_ratio", _PAIR, *OF_GROUP), "{{attribute}} {{group}}")],
        width=THIRD,
    ),
)

TABLES = (
    grid(
        About("Differences with their intervals, now", "Group − reference group, in the last closed window."),
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
            "Good outcomes among the approved, now",
            "A group that must be better than others to be approved has a higher share here.",
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
            "Stability of scores",
            "Population stability index of a group's scores against its own past: below 0.1 calm, above 0.25 moved.",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("score_stability_index", _PAIR, *OF_WINDOW), "{{attribute}} {{group}}")],
    ),
    drift_evidence("Evidence that scores left their own past", OF_ANY_WINDOW, OF_ATTRIBUTE, _LEADS_TO),
    evidence("Evidence that scores are lower", "score", OF_ANY_WINDOW, OF_ATTRIBUTE, _LEADS_TO),
    evidence("Evidence that errors or outcomes are worse", "tpr|fpr|outcome", OF_ANY_WINDOW, OF_ATTRIBUTE, _LEADS_TO),
)

BOARD = Board(
    uid=links.OUTCOMES,
    folder="fairness",
    title="Fairness: outcomes and scores",
    description="Are errors and scores spread fairly, once the outcomes are known?",
    variables=(MODEL, ATTRIBUTE, WINDOW, GROUP),
    rows=(
        ("What arrives", COMING_IN),
        ("Equal opportunity", OPPORTUNITY),
        ("Other differences", DIFFERENCES),
        ("Values", TABLES),
        ("Scores and evidence", SCORES),
    ),
    marks=(ALERTS, POLICY_CHANGES),
)

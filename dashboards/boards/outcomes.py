"""Outcomes of approved cases, and changes of scores."""

from __future__ import annotations

from dashboards import links
from dashboards.board import Board, Variable
from dashboards.evidence import OUTCOMES, SCORES, drift_evidence, evidence, recovery
from dashboards.links import REPLAY_LINK
from dashboards.panels import FULL, About, Column, Query, dashed, grid, lines, lines_by_group
from dashboards.promql import JOB_LIVE, OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, OF_MODEL, OF_WINDOW, owned, series, speed
from dashboards.selections import ALERTS, ATTRIBUTE, BREACHES, GROUP, POLICY_CHANGES, RECOVERIES, WINDOW

_PAIR = "attribute, group"
_LEADS_TO = (REPLAY_LINK,)
_NO_OUTCOMES, _NO_SCORES = "no outcomes yet", "no scores, or no baseline yet"
_RULES = 'kind=~"equal_opportunity|favorable_outcome|score"'
_MODEL = Variable(  # models with outcomes or scores
    "model", f"label_values({series('threshold_ratio', *JOB_LIVE, _RULES)}, model)", "model", is_multi=False
)


def _limit(kind: str) -> str:
    of_kind = f'kind="{kind}"'
    return f"max({series('threshold_ratio', *OF_ATTRIBUTE, of_kind)})"


COMING_IN = (
    lines(
        About(
            "Outcomes by disposition",
            "Received outcomes: matched with a decision, or why not.",
            "recps",
            missing=_NO_OUTCOMES,
        ),
        [Query(speed("outcomes_total", "disposition", *OF_MODEL), "{{disposition}}")],
        soft_max=1,
    ),
    lines_by_group(
        About(
            "Decisions without outcome",
            "Share of decisions whose outcome has not arrived yet. If groups differ here, the values below are not "
            "comparable.",
            "percentunit",
            missing=_NO_OUTCOMES,
            decimals=1,
        ),
        owned("decisions_without_outcome_ratio", _PAIR, *OF_ANY_WINDOW),
        soft_max=1,
    ),
)

OUTCOMES_OF_APPROVED = (
    dashed(
        lines_by_group(
            About(
                "Predictive parity by group",
                "Share of good outcomes among approved cases: group − reference group. Available even if only approved "
                "cases have an outcome; it has a limit only then.",
                "percentunit",
                alert="FairnessBreach",
                leads_to=_LEADS_TO,
                missing=_NO_OUTCOMES,
                decimals=1,
            ),
            owned("predictive_parity_difference_ratio", _PAIR, *OF_GROUP),
            [
                Query(_limit("favorable_outcome"), "upper limit"),
                Query(f"-{_limit('favorable_outcome')}", "lower limit"),
            ],
            soft_min=None,
        ),
        ".*limit",
    ),
    lines_by_group(
        About(
            "Calibration error",
            "Mean difference between scores and outcomes of a group; 0 is perfect calibration.",
            "percentunit",
            leads_to=_LEADS_TO,
            missing=_NO_OUTCOMES,
            decimals=1,
        ),
        owned("calibration_error_ratio", _PAIR, *OF_WINDOW),
        soft_max=0.1,
    ),
    evidence("Evidence of worse outcomes", OUTCOMES, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
    recovery("Recovery of outcomes", OUTCOMES, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
    grid(
        About(
            "Good outcomes among approved",
            "A group that has to be better than others to be approved has a higher share here.",
            missing=_NO_OUTCOMES,
        ),
        [
            Column("Share", owned("favorable_outcome_ratio", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Lower (95%)", owned("favorable_outcome_ratio_lower", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Upper (95%)", owned("favorable_outcome_ratio_upper", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Difference", owned("predictive_parity_difference_ratio", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column(
                "Difference ≥",
                owned("predictive_parity_difference_ratio_lower", _PAIR, *OF_WINDOW),
                "percentunit",
                1,
            ),
            Column(
                "Difference ≤",
                owned("predictive_parity_difference_ratio_upper", _PAIR, *OF_WINDOW),
                "percentunit",
                1,
            ),
        ],
        ["attribute", "group"],
        width=FULL,
        sort=[("Share", True)],
    ),
)

SCORE_CHANGES = (
    lines_by_group(
        About(
            "Score stability index",
            "Population stability index of a group's scores against its own baseline: below 0.1 stable, above 0.25 "
            "shifted.",
            leads_to=_LEADS_TO,
            missing=_NO_SCORES,
            decimals=3,
        ),
        owned("score_stability_index", _PAIR, *OF_WINDOW),
        soft_max=0.25,
    ),
    drift_evidence("Evidence of score drift", OF_ANY_WINDOW, OF_ATTRIBUTE, _LEADS_TO),
    evidence("Evidence of lower scores", SCORES, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
    recovery("Recovery of scores", SCORES, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
)

BOARD = Board(
    uid=links.OUTCOMES,
    folder="fairness",
    title="Fairness: outcomes and scores",
    description="Are outcomes and scores fair, once the outcomes are known?",
    variables=(_MODEL, ATTRIBUTE, WINDOW, GROUP),
    rows=(
        ("Incoming outcomes", COMING_IN),
        ("Outcomes of approved cases", OUTCOMES_OF_APPROVED),
        ("Scores", SCORE_CHANGES),
    ),
    annotations=(BREACHES, RECOVERIES, ALERTS, POLICY_CHANGES),
)

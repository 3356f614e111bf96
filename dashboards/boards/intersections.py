"""Subgroups of several attributes at once: the worst of them, and those in watch or breach."""

from __future__ import annotations

from dashboards import links
from dashboards.board import Board
from dashboards.evidence import evidence
from dashboards.links import ASK_THE_LOG
from dashboards.panels import FULL, HALF, About, Column, Query, bars, dashed, grid, lines, number, states
from dashboards.promql import CROSSED, OF_ATTRIBUTE, OF_MODEL, OF_WINDOW, owned, series
from dashboards.selections import ALERTS, CROSSED_ATTRIBUTE, MODEL, POLICY_CHANGES, WINDOW

_PAIR = "attribute, group"
_CROSSED, _ANY_CROSSED = (*OF_WINDOW, CROSSED), (*OF_ATTRIBUTE, CROSSED)
_LEADS_TO = (ASK_THE_LOG,)
_RATIO_RULE = 'kind="disparate_impact_ratio"'
_RATIO = owned("disparate_impact_ratio", _PAIR, *_CROSSED)
_RULE = f"max({series('threshold_ratio', *OF_MODEL, _RATIO_RULE)})"

NOW = (
    number(
        About(
            "Subgroups shown",
            "Every subgroup is watched; shown are the few worst, and those in watch or breach. Which ones are shown "
            "changes with the data.",
        ),
        f"count({_RATIO})",
        width=8,
    ),
    number(
        About("Worst ratio of a subgroup", "Lowest disparate impact ratio in the chosen window."),
        f"min({_RATIO})",
        width=8,
        decimals=3,
    ),
    number(
        About(
            "Subgroups in breach",
            "Intersections with a pair in breach. The error rate is held over all subgroups together.",
            alert="FairnessBreach",
        ),
        f"count({owned('alert_level', 'attribute, kind', *OF_ATTRIBUTE, CROSSED)} == 3) or vector(0)",
        width=8,
    ),
)

WORST = (
    bars(
        About(
            "Ten worst subgroups",
            "Disparate impact ratio against the subgroup of the reference groups, lowest first.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        [Query(f"bottomk(10, {_RATIO})", "{{group}}")],
        height=9,
    ),
    dashed(
        lines(
            About(
                "Ratio over time",
                "The subgroups that are shown. A line that begins or ends: the subgroup came among the worst, or left.",
                leads_to=_LEADS_TO,
            ),
            [Query(_RATIO, "{{group}}"), Query(_RULE, "rule")],
        ).height(9),
        "rule",
    ),
    states(
        About(
            "State of the intersections",
            "ok, insufficient data, watch, breach; each state has its word.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("alert_level", "attribute, kind", *OF_ATTRIBUTE, CROSSED), "{{attribute}} {{kind}}")],
        height=6,
    ),
)

VALUES = (
    grid(
        About("Subgroups, now", "Decisions is the lower end of a band, so that single persons cannot be counted."),
        [
            Column("Ratio", _RATIO),
            Column("Ratio, lower", owned("disparate_impact_ratio_lower", _PAIR, *_CROSSED)),
            Column("Ratio, upper", owned("disparate_impact_ratio_upper", _PAIR, *_CROSSED)),
            Column("Gap", owned("approval_gap_ratio", _PAIR, *_CROSSED), "percentunit"),
            Column("Decisions, at least", owned("window_decisions", _PAIR, *_CROSSED), "short"),
        ],
        ["attribute", "group"],
        width=FULL,
    ),
    evidence("Evidence", "ratio|gap", _ANY_CROSSED, _ANY_CROSSED, _LEADS_TO),
    lines(
        About("Gap", "Approval rate of the subgroup − that of its reference.", "percentunit", leads_to=_LEADS_TO),
        [Query(owned("approval_gap_ratio", _PAIR, *_CROSSED), "{{group}}")],
        width=HALF,
        soft_min=None,
    ),
)

BOARD = Board(
    uid=links.INTERSECTIONS,
    folder="fairness",
    title="Fairness: intersections",
    description="Which subgroup of several attributes is worst off?",
    variables=(MODEL, CROSSED_ATTRIBUTE, WINDOW),
    rows=(("Now", NOW), ("Worst", WORST), ("Values", VALUES)),
    marks=(ALERTS, POLICY_CHANGES),
)

"""Subgroups of several attributes at once: the worst of them, and those in warning or breach."""

from __future__ import annotations

from dashboards import links
from dashboards.board import Board
from dashboards.evidence import evidence
from dashboards.links import REPLAY_LINK
from dashboards.panels import FULL, HALF, About, Column, Query, bars, dashed, grid, lines, number, states
from dashboards.promql import CROSSED, OF_ATTRIBUTE, OF_MODEL, OF_WINDOW, owned, series
from dashboards.selections import ALERTS, CROSSED_ATTRIBUTE, MODEL, POLICY_CHANGES, WINDOW

_PAIR = "attribute, group"
_CROSSED, _ANY_CROSSED = (*OF_WINDOW, CROSSED), (*OF_ATTRIBUTE, CROSSED)
_LEADS_TO = (REPLAY_LINK,)
_RATIO_RULE = 'kind="disparate_impact_ratio"'
_RATIO = owned("disparate_impact_ratio", _PAIR, *_CROSSED)
_BESIDE = (
    f"{_RATIO} * on (attribute) group_left (reference) {owned('reference_info', 'attribute, reference', *OF_MODEL)}"
)
_RULE = f"max({series('threshold_ratio', *OF_MODEL, _RATIO_RULE)})"

NOW = (
    number(
        About(
            "Subgroups shown",
            "Every subgroup is monitored; only the worst ones, and those in warning or breach, are shown. Which ones "
            "those are changes with the data.",
        ),
        f"count({_RATIO})",
        width=8,
    ),
    number(
        About("Worst subgroup ratio", "Lowest disparate impact ratio in the selected window."),
        f"min({_RATIO})",
        width=8,
        decimals=3,
    ),
    number(
        About(
            "Subgroups in breach",
            "Subgroups in breach of the ratio limit, listed or not. The false-alarm budget covers all of them.",
            alert="FairnessBreach",
        ),
        f"sum({owned('breach_groups', 'attribute', *OF_ATTRIBUTE, CROSSED, _RATIO_RULE)}) or vector(0)",
        width=8,
    ),
)

WORST = (
    bars(
        About(
            "Ten worst subgroups",
            "Disparate impact ratio relative to the subgroup of the reference groups, lowest first.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        [Query(f"bottomk(10, {_BESIDE})", "{{group}} vs. {{reference}}")],
        height=9,
    ),
    dashed(
        lines(
            About(
                "Impact ratio over time",
                "A line begins when a subgroup gets among the worst, and ends when it leaves them. Dashed: the limit.",
                leads_to=_LEADS_TO,
            ),
            [Query(_RATIO, "{{group}}"), Query(_RULE, "limit")],
        ).height(9),
        "limit",
    ),
    states(
        About(
            "States of intersections",
            "ok, insufficient data, warning or breach; each state is labeled.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("alert_level", "attribute, kind", *OF_ATTRIBUTE, CROSSED), "{{attribute}} {{kind}}")],
        height=6,
    ),
)

VALUES = (
    grid(
        About(
            "Subgroups (latest window)",
            "Decisions is the lower end of a band, so that no single person can be counted.",
        ),
        [
            Column("Ratio", _RATIO),
            Column("Ratio, lower", owned("disparate_impact_ratio_lower", _PAIR, *_CROSSED)),
            Column("Ratio, upper", owned("disparate_impact_ratio_upper", _PAIR, *_CROSSED)),
            Column("Gap", owned("approval_gap_ratio", _PAIR, *_CROSSED), "percentunit"),
            Column("Decisions (at least)", owned("window_decisions", _PAIR, *_CROSSED), "short"),
        ],
        ["attribute", "group"],
        width=FULL,
    ),
    evidence("Evidence of adverse impact", "ratio|gap", _ANY_CROSSED, _ANY_CROSSED, _LEADS_TO),
    lines(
        About(
            "Approval gap by subgroup",
            "Approval rate of the subgroup − that of its reference.",
            "percentunit",
            leads_to=_LEADS_TO,
        ),
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
    annotations=(ALERTS, POLICY_CHANGES),
)

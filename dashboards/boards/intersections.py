"""Subgroups of several attributes at once: the worst of them, and those in warning or breach."""

from __future__ import annotations

from dashboards import links, palette
from dashboards.board import Board
from dashboards.evidence import DECISIONS, evidence, recovery
from dashboards.links import REPLAY_LINK
from dashboards.panels import (
    FULL,
    NO_RATES,
    About,
    Column,
    Label,
    Query,
    bars,
    dashed,
    grid,
    lines,
    number,
    states,
)
from dashboards.promql import (
    CROSSED,
    OF_ATTRIBUTE,
    OF_MODEL,
    OF_WINDOW,
    in_words,
    owned,
    series,
    smallest_window,
    worse_side,
)
from dashboards.selections import BREACHES, CROSSED_ATTRIBUTE, MODEL, POLICY_CHANGES, RECOVERIES, WINDOW

_PAIR = "attribute, group"
_CROSSED, _ANY_CROSSED = (*OF_WINDOW, CROSSED), (*OF_ATTRIBUTE, CROSSED)
_LEADS_TO = (REPLAY_LINK,)
_RATIO_RULE = 'kind="disparate_impact_ratio"'
_RATIO, _GAP = owned("disparate_impact_ratio", _PAIR, *_CROSSED), owned("approval_gap_ratio", _PAIR, *_CROSSED)
_REFERENCE = owned("reference_info", "attribute, reference", *OF_MODEL)
_BESIDE = f"on (attribute) group_left (reference) {_REFERENCE}"
_RULE = f"max({series('threshold_ratio', *OF_MODEL, _RATIO_RULE)})"
_OF_BREACH = owned("breach_disparate_impact_ratio", _PAIR, *_ANY_CROSSED, _RATIO_RULE)
# Of an intersection the facts of five groups are exported; each that is in breach has a test for its recovery.
_RECOVERING = 'test=~"(ratio|gap)_.*_recovery"'
_STATE = (
    f"{owned('breach_rank', _PAIR, *_ANY_CROSSED)} * 0 + 3 "
    f"or {owned('evidence_log10', _PAIR, *_ANY_CROSSED, _RECOVERING)} * 0 + 3 "
    f"or ({_RATIO} < scalar({_RULE}) or {_RATIO} > 1 / scalar({_RULE})) * 0 + 2 or {_RATIO} * 0"
)

NOW = (
    number(
        About(
            "Subgroups in breach",
            "Subgroups of the selected attributes that violate the ratio limit, listed or not. The false-alarm budget "
            "covers all of them.",
            missing="no verdict yet, or amounts are decided",
            decimals=0,
        ),
        f"sum({owned('breach_groups', 'attribute', *_ANY_CROSSED, _RATIO_RULE)})",
    ),
    number(
        About(
            "Worst subgroup ratio",
            "Lowest disparate impact ratio of a subgroup in the latest of the smallest windows.",
            missing=NO_RATES,
            decimals=3,
        ),
        f"min({smallest_window(owned('disparate_impact_ratio', 'attribute, group, window', *_ANY_CROSSED))})",
    ),
    number(
        About(
            "Subgroups shown",
            "Every subgroup is monitored; only the worst ones, and those in breach, are shown. Which ones those are "
            "changes with the data.",
            missing=NO_RATES,
            decimals=0,
        ),
        f"count({owned('disparate_impact_ratio', _PAIR, *_ANY_CROSSED)})",
    ),
)

WORST = (
    grid(
        About(
            "Subgroups, worst first",
            "Subgroups in breach first, then by the ratio in the latest window, with its 95% interval. Alarm: from "
            "the onset to the alarm. Not proven: the window is beyond the "
            "limit, the sequential test has not confirmed it. n is the lower end of a band, so that no single "
            "person can be counted.",
            alert="FairnessBreach",
            missing=NO_RATES,
        ),
        [
            Column("State", f"({_STATE}) * {_BESIDE}", mapping=palette.group_state_mapping(), width=130),
            Column("Alarm", _OF_BREACH, decimals=3),
            Column("Ratio", _RATIO, decimals=3),
            Column("Lower", owned("disparate_impact_ratio_lower", _PAIR, *_CROSSED), decimals=3),
            Column("Upper", owned("disparate_impact_ratio_upper", _PAIR, *_CROSSED), decimals=3),
            Column("n ≥", owned("window_decisions", _PAIR, *_CROSSED), "locale", 0),
        ],
        [
            Label("attribute", width=135),
            Label("group", width=130, is_sentence=True),
            Label("reference", width=110, is_sentence=True),
        ],
        width=FULL,
        height=12,
        order=f"({_STATE}) * 10 - {worse_side(_RATIO)} or ({_STATE}) * 10",
    ),
    bars(
        About(
            "Ten worst subgroups",
            "Disparate impact ratio in the latest window, relative to the subgroup of the reference groups, lowest "
            "first. A full bar is 1.25.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
            missing=NO_RATES,
            decimals=3,
        ),
        [Query(f"bottomk(10, {_RATIO} * {_BESIDE})", "{{group}} vs. {{reference}}")],
        height=10,
        top=1.25,
    ),
    dashed(
        lines(
            About(
                "Impact ratio over time",
                "A line begins when a subgroup gets among the worst, and ends when it leaves them; in a breach it "
                "stays. Dashed: the limit.",
                leads_to=_LEADS_TO,
                missing=NO_RATES,
                decimals=3,
            ),
            [Query(_RATIO, "{{group}}"), Query(_RULE, "limit")],
        ).height(10),
        "limit",
    ),
)

OVER_TIME = (
    states(
        About(
            "States of intersections",
            "ok, insufficient data, warning or breach; each state is labeled.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
            missing="no verdict yet, or amounts are decided",
        ),
        [Query(in_words(owned("alert_level", "attribute, kind", *_ANY_CROSSED)), "{{attribute}}, {{kind}}")],
        height=6,
    ),
    evidence("Evidence of adverse impact", DECISIONS, _ANY_CROSSED, _LEADS_TO),
    recovery("Evidence of recovery", DECISIONS, _ANY_CROSSED, _LEADS_TO),
    lines(
        About(
            "Approval gap by subgroup",
            "Approval rate of the subgroup − that of its reference.",
            "percentunit",
            leads_to=_LEADS_TO,
            missing=NO_RATES,
            decimals=1,
        ),
        [Query(_GAP, "{{group}}")],
        width=FULL,
        soft_min=None,
    ),
)

BOARD = Board(
    uid=links.INTERSECTIONS,
    folder="fairness",
    title="Fairness: intersections",
    description="Which subgroup of several attributes is worst off?",
    variables=(MODEL, CROSSED_ATTRIBUTE, WINDOW),
    rows=(("Now", NOW), ("Worst", WORST), ("Over time", OVER_TIME)),
    annotations=(BREACHES, RECOVERIES, POLICY_CHANGES),
)

"""Why there is a gap: the mix of applications, or different decisions about similar ones."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from dashboards import links, palette
from dashboards.board import Board
from dashboards.links import REPLAY_LINK
from dashboards.open_breaches import SINCE_ONSET
from dashboards.panels import (
    HALF,
    NO_RATES,
    About,
    Column,
    Query,
    grid,
    lines,
    lines_by_group,
    note,
    number,
    split_bars,
)
from dashboards.promql import OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, owned, series
from dashboards.selections import ALERTS, ATTRIBUTE, BREACHES, GROUP, MODEL, POLICY_CHANGES, RECOVERIES, WINDOW

_PAIR = "attribute, group"
_LEADS_TO = (REPLAY_LINK,)
_NO_GAP = "no gap to explain, or amounts are decided"
_SHOWN = 0.001  # a tenth of a percentage point; less is not drawn


def _of_segments(part: str) -> str:
    of_part = f'part="{part}"'
    values = owned("cause_segment_ratio", "group, segment", *OF_GROUP, of_part)
    return f'max by (part) (label_join({values}, "part", ": ", "group", "segment"))'


_LARGE = f"(abs({_of_segments('mix')}) > {_SHOWN} or abs({_of_segments('rate')}) > {_SHOWN})"


_FEATURES = owned("feature_difference_ratio", "group, feature", *OF_GROUP)
_BREACH = "attribute, kind, group"
_RATIO_RULE = 'kind="disparate_impact_ratio"'
_RATIO_LIMIT = f"max({series('threshold_ratio', *OF_ATTRIBUTE, _RATIO_RULE)})"
_SHORT_OF = (
    f"scalar({_RATIO_LIMIT}) * {owned('breach_reference_favorable_ratio', _BREACH, *OF_ANY_WINDOW, _RATIO_RULE)} "
    f"- {owned('breach_favorable_ratio', _BREACH, *OF_ANY_WINDOW, _RATIO_RULE)}"
)

PARTS = (
    lines(
        About(
            "$group: gap decomposition",
            "The approval gap to the reference group is the sum of two parts. Mix: a different mix of segments. Rate: "
            "different decisions within the same segment. Bars below zero: the group is worse off. At most two groups "
            "of an attribute are explained, those with most evidence; for the others only the gap is shown.",
            "percentunit",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
            missing=_NO_GAP,
            decimals=1,
        ),
        [
            Query(owned("cause_mix_ratio", _PAIR, *OF_GROUP), "mix"),
            Query(owned("cause_rate_ratio", _PAIR, *OF_GROUP), "rate"),
            Query(owned("approval_gap_ratio", _PAIR, *OF_GROUP), "gap"),
        ],
        width=24,
        bars=True,
        stacked=True,
        soft_min=None,
    )
    .override_by_name("mix", [palette.colored(palette.MIX)])
    .override_by_name("rate", [palette.colored(palette.RATE)])
    .override_by_name(
        "gap",
        [
            palette.colored("text"),
            DynamicConfigValue("custom.drawStyle", "line"),
            DynamicConfigValue("custom.lineWidth", 2),
            DynamicConfigValue("custom.fillOpacity", 0),
            DynamicConfigValue("custom.stacking", {"mode": "none", "group": "A"}),
        ],
    )
    .repeat("group")
    .repeat_direction("h")
    .max_per_row(3),
)

WHERE = (
    split_bars(
        About(
            "Contribution by segment",
            "Contribution of each segment to the gap in the latest window, in points of the approval rate. Mix: a "
            "different mix of segments. Rate: different decisions within the same segment. All parts of a group add up "
            "to its gap. To the left of 0: the group is worse off. Segments with less than 0.1 points are not shown.",
            "percentunit",
            leads_to=_LEADS_TO,
            missing=_NO_GAP,
            decimals=1,
        ),
        "part",
        [
            (Query(f"{_of_segments('mix')} and {_LARGE}", "Mix"), palette.MIX),
            (Query(f"{_of_segments('rate')} and {_LARGE}", "Rate"), palette.RATE),
        ],
        height=12,
    ),
    split_bars(
        About(
            "Feature differences",
            "Mean of a feature in the group − mean in the reference group, in pooled standard deviations (SD). A "
            "difference is a hint where to look, not a cause.",
            "suffix: SD",
            leads_to=_LEADS_TO,
            missing="no gap to explain, or no features",
            decimals=2,
        ),
        "part",
        [
            (
                Query(f'max by (part) (label_join({_FEATURES}, "part", ": ", "group", "feature"))', "Difference"),
                palette.VALUE,
            )
        ],
        height=12,
        is_repeated=True,
    ),
)

SHORTFALL = (
    number(
        About(
            "Missing approvals since onset",
            "Approvals that the groups in breach lack to reach the limit of the ratio, from the onset to the alarm.",
            "locale",
            missing="no breach of the ratio",
            decimals=0,
        ),
        f"sum(({_SHORT_OF}) * {owned('breach_decisions', _BREACH, *OF_ANY_WINDOW, _RATIO_RULE)} > 0)",
        width=HALF,
    ),
    number(
        About(
            "Largest shortfall (share)",
            "Of the latest window: approvals that a group lacks to reach the limit of the ratio, as a share of its "
            "decisions.",
            "percentunit",
            missing=NO_RATES,
            decimals=1,
        ),
        f"max({owned('shortfall_ratio', _PAIR, *OF_GROUP)})",
        width=HALF,
    ),
    lines_by_group(
        About(
            "Approval shortfall (share)",
            "Approvals that a group lacks to reach the limit of the ratio, as a share of its decisions. The alerts "
            "FairnessBurnFast and FairnessBurnSlow are based on it.",
            "percentunit",
            alert="FairnessBurnFast",
            leads_to=_LEADS_TO,
            missing=NO_RATES,
            decimals=1,
        ),
        owned("shortfall_ratio", _PAIR, *OF_GROUP),
        soft_max=0.1,
    ),
    lines_by_group(
        About(
            "Approval shortfall (count)",
            "The same in decisions: share × decisions in the window.",
            "locale",
            alert="FairnessBurnSlow",
            leads_to=_LEADS_TO,
            missing=NO_RATES,
            decimals=0,
        ),
        f"{owned('shortfall_ratio', _PAIR, *OF_GROUP)} * {owned('window_decisions', _PAIR, *OF_GROUP)}",
        soft_max=10,
    ),
)

_ESTIMATED = f"on (attribute) {owned('proxy_info', 'attribute', *OF_ATTRIBUTE)}"

ESTIMATED = (
    grid(
        About(
            "Groups estimated from probabilities",
            "Nobody's group is known here. Least and most are what the ratio can be if groups are decided differently "
            "among people with the same probabilities; the estimate itself misses that and usually understates a harm. "
            "Empty where the policy has no proxies.",
            missing="no estimated groups",
        ),
        [
            Column(
                "Ratio (estimate)", f"{owned('disparate_impact_ratio', _PAIR, *OF_GROUP)} and {_ESTIMATED}", decimals=3
            ),
            Column("Least", owned("proxy_disparate_impact_ratio_lower", _PAIR, *OF_GROUP), decimals=3),
            Column("Most", owned("proxy_disparate_impact_ratio_upper", _PAIR, *OF_GROUP), decimals=3),
        ],
        ["attribute", "group"],
    ),
)

EVIDENCE = (
    grid(
        About(
            "Evidence of all tests",
            "log10 e-value of each test. The first part of a name is what is tested; low: the group is worse off, "
            "high: the reference group is; recovery: in a breach, the test whether it has ended.",
        ),
        [Column("Evidence (log10)", owned("evidence_log10", f"{_PAIR}, test", *OF_ANY_WINDOW), decimals=1)],
        ["attribute", "group", "test"],
        height=12,
        sort=[("Evidence (log10)", True)],
    ),
    grid(
        About(
            "Test thresholds",
            "Evidence above its threshold is a breach, or its end (recovery). All thresholds follow from one "
            "false-alarm budget.",
        ),
        [Column("Threshold (log10)", owned("evidence_threshold_log10", "attribute, test", *OF_ATTRIBUTE), decimals=1)],
        ["attribute", "test"],
        height=12,
    ),
)

BOARD = Board(
    uid=links.EXPLANATION,
    folder="fairness",
    title="Fairness: explanation",
    description="What causes a gap: a different mix of applications, or different decisions about similar ones?",
    variables=(MODEL, ATTRIBUTE, WINDOW, GROUP),
    rows=(
        ("Open breaches, since their onset", SINCE_ONSET),
        ("Latest window", WHERE),
        ("Gap over time", PARTS),
        ("Shortfall", SHORTFALL),
        ("Estimated groups", ESTIMATED),
        ("Evidence", EVIDENCE),
        ("Investigate", (note("Replay commands", "For the selected model and time range.", links.REPLAY_COMMANDS),)),
    ),
    annotations=(BREACHES, RECOVERIES, ALERTS, POLICY_CHANGES),
)

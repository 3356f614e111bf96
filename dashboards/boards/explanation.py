"""Why there is a gap: the mix of applications, or different decisions about similar ones."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from dashboards import links, palette
from dashboards.board import Board
from dashboards.links import REPLAY_LINK
from dashboards.open_breaches import CAUSES
from dashboards.panels import About, Column, Query, bars, grid, lines, note
from dashboards.promql import OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, owned
from dashboards.selections import ALERTS, ATTRIBUTE, GROUP, MODEL, POLICY_CHANGES, WINDOW

_PAIR = "attribute, group"
_LEADS_TO = (REPLAY_LINK,)
_SEGMENTS = owned("cause_segment_ratio", "group, segment, part", *OF_GROUP)

PARTS = (
    lines(
        About(
            "Gap decomposition: $group",
            "The approval gap to the reference group is the sum of two parts. Mix: a different mix of segments. Rate: "
            "different decisions within the same segment. Bars below zero: the group is worse off. At most two groups "
            "of an attribute are explained, those with most evidence; for the others only the gap is shown.",
            "percentunit",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
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
    bars(
        About(
            "Contribution by segment",
            "Contribution of each segment to the gap, in points of the approval rate, by mix and by rate. All parts of "
            "a group add up to its gap; the 12 lowest and the 12 highest of the selected groups are shown.",
            "percentunit",
            leads_to=_LEADS_TO,
        ),
        [
            Query(
                f"sort(bottomk(12, {_SEGMENTS}) or topk(12, {_SEGMENTS}))",
                "{{group}}: {{segment}}, {{part}}",
            )
        ],
        height=12,
    ),
    bars(
        About(
            "Feature differences",
            "Mean of a feature in the group − mean in the reference group, in pooled standard deviations. A difference "
            "is a hint where to look, not a cause.",
            leads_to=_LEADS_TO,
        ),
        [
            Query(
                f"sort_desc({owned('feature_difference_ratio', 'group, feature', *OF_GROUP)})", "{{group}}: {{feature}}"
            )
        ],
        height=12,
    ),
)

SHORTFALL = (
    lines(
        About(
            "Approval shortfall (share)",
            "Approvals that a group lacks to reach the limit of the ratio, as a share of its decisions. The alerts "
            "FairnessBurnFast and FairnessBurnSlow are based on it.",
            "percentunit",
            alert="FairnessBurnFast",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("shortfall_ratio", _PAIR, *OF_GROUP), "{{attribute}} {{group}}")],
    ),
    lines(
        About(
            "Approval shortfall (count)",
            "The same in decisions: share × decisions in the window.",
            "short",
            alert="FairnessBurnSlow",
            leads_to=_LEADS_TO,
        ),
        [
            Query(
                f"{owned('shortfall_ratio', _PAIR, *OF_GROUP)} * {owned('window_decisions', _PAIR, *OF_GROUP)}",
                "{{attribute}} {{group}}",
            )
        ],
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
            leads_to=_LEADS_TO,
        ),
        [
            Column("Ratio (estimate)", f"{owned('disparate_impact_ratio', _PAIR, *OF_GROUP)} and {_ESTIMATED}"),
            Column("Least", owned("proxy_disparate_impact_ratio_lower", _PAIR, *OF_GROUP)),
            Column("Most", owned("proxy_disparate_impact_ratio_upper", _PAIR, *OF_GROUP)),
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
        [Column("Evidence (log10)", owned("evidence_log10", f"{_PAIR}, test", *OF_ANY_WINDOW))],
        ["attribute", "group", "test"],
        width=12,
    ),
    grid(
        About(
            "Test thresholds",
            "Evidence above its threshold is a breach, or its end (recovery). All thresholds follow from one "
            "false-alarm budget.",
        ),
        [Column("Threshold (log10)", owned("evidence_threshold_log10", "attribute, test", *OF_ATTRIBUTE))],
        ["attribute", "test"],
        width=12,
    ),
)

BOARD = Board(
    uid=links.EXPLANATION,
    folder="fairness",
    title="Fairness: explanation",
    description="What causes a gap: a different mix of applications, or different decisions about similar ones?",
    variables=(MODEL, ATTRIBUTE, WINDOW, GROUP),
    rows=(
        ("Gap decomposition", PARTS),
        ("Segments and features", WHERE),
        ("Open breaches", CAUSES),
        ("Shortfall", SHORTFALL),
        ("Estimated groups", ESTIMATED),
        ("Evidence", EVIDENCE),
        ("Investigate", (note("Replay commands", "For the selected model and time range.", links.REPLAY_COMMANDS),)),
    ),
    annotations=(ALERTS, POLICY_CHANGES),
)

"""Why a gap is there: who applies, or how they are treated."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from dashboards import links, palette
from dashboards.board import Board
from dashboards.links import ASK_THE_LOG
from dashboards.panels import About, Column, Query, bars, grid, lines, note
from dashboards.promql import OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, owned
from dashboards.selections import ALERTS, ATTRIBUTE, GROUP, MODEL, POLICY_CHANGES, WINDOW

_PAIR = "attribute, group"
_LEADS_TO = (ASK_THE_LOG,)
_SEGMENTS = owned("cause_segment_ratio", "group, segment, part", *OF_GROUP)

PARTS = (
    lines(
        About(
            "Parts of the gap: $group",
            "The gap between the group and the reference group is the sum of two parts. Mix: the group applies in "
            "other segments. Rate: it is approved less in the same segments. Bars below zero are harm. At most two "
            "remarkable groups of an attribute are explained; of the others only the gap is shown.",
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
            "Segments that make the gap",
            "Each segment's share of the gap, in points of the approval rate; mix and rate parts apart. All parts of "
            "a group add up to its gap; shown are the 12 lowest and the 12 highest of the chosen groups.",
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
            "Features that differ",
            "Mean of a declared feature in the group − that in the reference group, in standard deviations. A "
            "difference is a hint where to look, not a cause.",
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
            "Shortfall",
            "Favorable decisions that a group lacks to meet the ratio rule, as a share of its decisions. This is what "
            "the alerts FairnessBurnFast and FairnessBurnSlow spend.",
            "percentunit",
            alert="FairnessBurnFast",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("shortfall_ratio", _PAIR, *OF_GROUP), "{{attribute}} {{group}}")],
    ),
    lines(
        About(
            "Missing approvals",
            "The same in decisions: share × decisions of the window.",
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

EVIDENCE = (
    grid(
        About(
            "Every test, now",
            "log10 of the e-value of each test. The first part of a name is what is tested, low: the group is worse "
            "off, high: the reference group is; clear: in a breach, the test whether it has ended.",
        ),
        [Column("Evidence (log10)", owned("evidence_log10", f"{_PAIR}, test", *OF_ANY_WINDOW))],
        ["attribute", "group", "test"],
        width=12,
    ),
    grid(
        About(
            "Thresholds of the tests",
            "Evidence above its threshold is a breach, or its end (clear); all follow from one dial.",
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
    description="Where does a gap come from: other applications, or other decisions about the same ones?",
    variables=(MODEL, ATTRIBUTE, WINDOW, GROUP),
    rows=(
        ("Parts of the gap", PARTS),
        ("Where", WHERE),
        ("How much is missing", SHORTFALL),
        ("Evidence", EVIDENCE),
        ("Look closer", (note("Replay", "Commands for the model and time above.", links.REPLAY_COMMANDS),)),
    ),
    marks=(ALERTS, POLICY_CHANGES),
)

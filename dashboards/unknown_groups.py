"""Decisions about unknown groups, and what they could change; rates, gaps and transitions as numbers."""

from __future__ import annotations

from dashboards import palette
from dashboards.links import EXPLAIN, REPLAY_LINK
from dashboards.panels import FULL, NO_RATES, About, Column, Label, Query, bars, dashed, grid, lines, time_column
from dashboards.promql import OF_ATTRIBUTE, OF_GROUP, OF_WINDOW, in_words, owned, series

_LEADS_TO = (EXPLAIN, REPLAY_LINK)
_PAIR = "attribute, group"
_RATIO_RULE = 'kind="disparate_impact_ratio"'
_NO_UNKNOWN = "no unknown groups"
_NO_ALLOCATION = "no unknown groups, or amounts are decided"

_ENTERED = in_words(
    f"sum by (attribute, kind, to) (increase({series('alert_transitions_total', *OF_ATTRIBUTE)}[$__range]))"
)


def _onset(end: str) -> str:
    return owned(f"alert_onset_{end}timestamp_seconds", "attribute, kind", *OF_ATTRIBUTE)


UNKNOWN = (
    lines(
        About(
            "Share of unknown groups",
            "Share of the decisions in the latest window whose group is unknown or not in the policy (__other__). They "
            "are tested for nobody unless the policy counts them at their worst. A gap: none, or too few to be shown.",
            "percentunit",
            missing=_NO_UNKNOWN,
            decimals=1,
            alert="UnknownGroups",
            leads_to=(REPLAY_LINK,),
        ),
        [Query(owned("undeclared_ratio", _PAIR, *OF_WINDOW), "{{attribute}} {{group}}")],
    ),
    dashed(
        lines(
            About(
                "Ratio over every allocation",
                "Lowest and highest ratio in the latest window over every way to allocate the decisions of unknown "
                "groups to the groups. Both on one side of the limit: the verdict does not depend on who they are.",
                alert="UnknownGroups",
                leads_to=_LEADS_TO,
                missing=_NO_ALLOCATION,
                decimals=3,
            ),
            [
                Query(owned("disparate_impact_worst_case_ratio_lower", _PAIR, *OF_GROUP), "{{group}}, lowest"),
                Query(owned("disparate_impact_worst_case_ratio_upper", _PAIR, *OF_GROUP), "{{group}}, highest"),
                Query(f"max({series('threshold_ratio', *OF_ATTRIBUTE, _RATIO_RULE)})", "lower limit"),
            ],
            soft_min=None,
        ),
        ".*limit",
    ),
    grid(
        About(
            "Values over every allocation",
            "Lowest and highest value in the latest window over every way to allocate the decisions of unknown groups "
            "to the groups. Chance is not included. No row: no such decisions, or too few to be shown.",
            missing=_NO_ALLOCATION,
        ),
        [
            Column("Rate ≥", owned("approval_worst_case_ratio_lower", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Rate ≤", owned("approval_worst_case_ratio_upper", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Ratio ≥", owned("disparate_impact_worst_case_ratio_lower", _PAIR, *OF_WINDOW), decimals=3),
            Column("Ratio ≤", owned("disparate_impact_worst_case_ratio_upper", _PAIR, *OF_WINDOW), decimals=3),
            Column("Gap ≥", owned("approval_gap_worst_case_ratio_lower", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Gap ≤", owned("approval_gap_worst_case_ratio_upper", _PAIR, *OF_WINDOW), "percentunit", 1),
        ],
        ["attribute", "group"],
        sort=[("Ratio ≥", False)],
    ),
)

VALUES = (
    grid(
        About(
            "Intervals of the latest window",
            "95% intervals of rates and gaps. A reference group has a rate and no gap.",
            missing=NO_RATES,
        ),
        [
            Column("Rate", owned("approval_ratio", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Rate ≥", owned("approval_ratio_lower", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Rate ≤", owned("approval_ratio_upper", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Gap", owned("approval_gap_ratio", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Gap ≥", owned("approval_gap_ratio_lower", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Gap ≤", owned("approval_gap_ratio_upper", _PAIR, *OF_WINDOW), "percentunit", 1),
        ],
        ["attribute", "group"],
        sort=[("Gap", False)],
    ),
    grid(
        About(
            "Estimated onsets",
            "When each open breach or warning is estimated to have begun, with the 99% interval, event time. The most "
            "serious one by attribute and rule.",
            alert="FairnessBreach",
            missing="no breach or warning",
        ),
        [
            time_column("Onset", _onset("")),
            time_column("Earliest (99%)", _onset("earliest_")),
            time_column("Latest (99%)", _onset("latest_")),
        ],
        ["attribute", Label("kind", palette.kind_mapping())],
        height=7,
    ),
    bars(
        About(
            "State transitions",
            "How often a state was entered in the selected time range. Many transitions: a value close to its limit.",
            "locale",
            missing="no transitions",
            decimals=0,
        ),
        [
            Query(
                f"sort_desc(round({_ENTERED}) > 0)",
                "{{attribute}}, {{kind}}: {{to}}",
            )
        ],
        width=FULL,
    ),
)

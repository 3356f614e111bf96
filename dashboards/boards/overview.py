"""Is a model fair now, with what evidence, from which onset."""

from __future__ import annotations

from dashboards import links
from dashboards.board import Board
from dashboards.evidence import evidence
from dashboards.links import EXPLAIN, REPLAY_LINK
from dashboards.open_breaches import FACTS
from dashboards.palette import state_mapping
from dashboards.panels import HALF, About, Column, Query, band, bars, dashed, grid, lines, note, number, states
from dashboards.promql import JOB_LIVE, OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, OF_MODEL, OF_WINDOW, PLAIN, owned, series
from dashboards.selections import ALERTS, ATTRIBUTE, GROUP, MODEL, POLICY_CHANGES, RECOVERIES, VERSIONS, WINDOW

_LEADS_TO = (EXPLAIN, REPLAY_LINK)
_PAIR = "attribute, group"
_OF_GROUPS = (*OF_MODEL, 'attribute!="cell"')


def _limit(kind: str) -> str:
    of_kind = f'kind="{kind}"'
    return f"max({series('threshold_ratio', *OF_ATTRIBUTE, of_kind)})"


def _onset(end: str) -> str:
    return owned(f"alert_onset_{end}timestamp_seconds", "attribute, kind", *OF_ATTRIBUTE) + " * 1000"


NOW = (
    number(
        About(
            "State",
            "Worst state of any attribute under any rule. The judge decides a state from counts, with a bounded false-"
            "alarm rate; it does not depend on this page.",
            alert="FairnessBreach",
        ),
        f"max({series('alert_level', *OF_MODEL, PLAIN)})",
        mapping=state_mapping(),
    ),
    number(
        About(
            "Rules in breach",
            "Pairs of attribute and rule that are in breach, including intersections.",
            alert="FairnessBreach",
        ),
        f"count({owned('alert_level', 'attribute, kind', *OF_MODEL)} == 3) or vector(0)",
    ),
    number(
        About(
            "In breach since", "Estimated onset of the oldest open breach or warning, event time.", "dateTimeFromNow"
        ),
        f"1000 * min({series('alert_onset_timestamp_seconds', *OF_MODEL)})",
        missing="no breach",
    ),
    number(
        About(
            "Worst impact ratio",
            "Lowest disparate impact ratio of any group in the selected window: approval rate of the group / approval "
            "rate of the reference group. The dashed lines below are its limits.",
        ),
        f"min({owned('disparate_impact_ratio', _PAIR, *OF_WINDOW, PLAIN)})",
        decimals=3,
    ),
    number(
        About(
            "Latest window",
            "End of the latest closed window, event time. If it is old, nothing arrives or a partition is delayed.",
            "dateTimeFromNow",
            alert="FairnessDataStale",
        ),
        f"1000 * max({series('window_end_timestamp_seconds', *OF_WINDOW)})",
    ),
    number(
        About(
            "Groups suppressed",
            "Groups of closed windows that were too small to be shown, in the selected time range. They leave gaps.",
            alert="GroupSuppressed",
        ),
        f"sum(increase({series('cells_suppressed_total', *_OF_GROUPS)}[$__range]))",
        decimals=0,
    ),
)

STATES = (
    states(
        About(
            "State of all models",
            "Worst state of each model, independent of the selected one.",
            alert="FairnessBreach",
            leads_to=(REPLAY_LINK,),
        ),
        [Query(owned("alert_level", "model", *JOB_LIVE), "{{model}}")],
        height=5,
    ),
    states(
        About(
            "States by attribute and rule",
            "ok, insufficient data, warning (close to a breach) or breach. Each bar is labeled with its state.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("alert_level", "attribute, kind", *OF_ATTRIBUTE), "{{attribute}} {{kind}}")],
    ),
    grid(
        About(
            "Estimated onsets",
            "When each open breach or warning is estimated to have begun, with the 99% interval, event time. The most "
            "serious one by attribute and rule.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        [
            Column("Onset", _onset(""), "dateTimeAsIso"),
            Column("Earliest (99%)", _onset("earliest_"), "dateTimeAsIso"),
            Column("Latest (99%)", _onset("latest_"), "dateTimeAsIso"),
        ],
        ["attribute", "kind"],
    ),
)

RATIOS = (
    band(
        About(
            "Disparate impact ratio: $group",
            "Approval rate of the group / that of the reference group, with 95% interval. Below the lower limit the "
            "group is worse off, above the upper limit the reference group is. Upper bound below the limit: a "
            "violation at 95% confidence. Only the lower bound below it: a violation cannot be excluded.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        owned("disparate_impact_ratio", _PAIR, *OF_GROUP),
        owned("disparate_impact_ratio_lower", _PAIR, *OF_GROUP),
        owned("disparate_impact_ratio_upper", _PAIR, *OF_GROUP),
        [
            Query(_limit("disparate_impact_ratio"), "lower limit"),
            Query(f"1 / {_limit('disparate_impact_ratio')}", "upper limit"),
        ],
        repeat="group",
    ),
)

RATES = (
    lines(
        About(
            "Approval rate by group",
            "Share of favorable decisions in the latest closed window.",
            "percentunit",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("approval_ratio", _PAIR, *OF_WINDOW), "{{attribute}} {{group}}")],
    ),
    dashed(
        lines(
            About(
                "Approval gap by group",
                "Approval rate of the group − that of the reference group; negative: the group is worse off.",
                "percentunit",
                alert="FairnessBreach",
                leads_to=_LEADS_TO,
            ),
            [
                Query(owned("approval_gap_ratio", _PAIR, *OF_GROUP), "{{attribute}} {{group}}"),
                Query(_limit("gap"), "upper limit"),
                Query(f"-{_limit('gap')}", "lower limit"),
            ],
            soft_min=None,
        ),
        ".*limit",
    ),
    evidence("Evidence of adverse impact", "ratio|gap", OF_ANY_WINDOW, OF_ATTRIBUTE, _LEADS_TO),
    lines(
        About(
            "Decisions per window",
            "Number of decisions about a group in the latest window. A gap: too few to be shown.",
            "short",
            alert="FairnessInsufficientData",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("window_decisions", _PAIR, *OF_WINDOW), "{{attribute}} {{group}}")],
        bars=True,
    ),
)

UNKNOWN = (
    lines(
        About(
            "Share of unknown groups",
            "Share of the decisions in the latest window whose group is unknown or not in the policy (__other__). They "
            "are tested for nobody unless the policy counts them at their worst. A gap: none, or too few to be shown.",
            "percentunit",
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
            ),
            [
                Query(owned("disparate_impact_worst_case_ratio_lower", _PAIR, *OF_GROUP), "{{group}}, lowest"),
                Query(owned("disparate_impact_worst_case_ratio_upper", _PAIR, *OF_GROUP), "{{group}}, highest"),
                Query(_limit("disparate_impact_ratio"), "lower limit"),
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
        ),
        [
            Column("Rate, lowest", owned("approval_worst_case_ratio_lower", _PAIR, *OF_WINDOW), "percentunit"),
            Column("Rate, highest", owned("approval_worst_case_ratio_upper", _PAIR, *OF_WINDOW), "percentunit"),
            Column("Ratio, lowest", owned("disparate_impact_worst_case_ratio_lower", _PAIR, *OF_WINDOW)),
            Column("Ratio, highest", owned("disparate_impact_worst_case_ratio_upper", _PAIR, *OF_WINDOW)),
            Column("Gap, lowest", owned("approval_gap_worst_case_ratio_lower", _PAIR, *OF_WINDOW), "percentunit"),
            Column("Gap, highest", owned("approval_gap_worst_case_ratio_upper", _PAIR, *OF_WINDOW), "percentunit"),
        ],
        ["attribute", "group"],
    ),
)

TABLE = (
    grid(
        About(
            "All groups (latest window)",
            "An empty cell is suppressed or undefined. The reference group has a rate and no ratio.",
        ),
        [
            Column("Rate", owned("approval_ratio", _PAIR, *OF_WINDOW), "percentunit"),
            Column("Rate, lower", owned("approval_ratio_lower", _PAIR, *OF_WINDOW), "percentunit"),
            Column("Rate, upper", owned("approval_ratio_upper", _PAIR, *OF_WINDOW), "percentunit"),
            Column("Ratio", owned("disparate_impact_ratio", _PAIR, *OF_WINDOW)),
            Column("Gap", owned("approval_gap_ratio", _PAIR, *OF_WINDOW), "percentunit"),
            Column("Gap, lower", owned("approval_gap_ratio_lower", _PAIR, *OF_WINDOW), "percentunit"),
            Column("Gap, upper", owned("approval_gap_ratio_upper", _PAIR, *OF_WINDOW), "percentunit"),
            Column("Decisions", owned("window_decisions", _PAIR, *OF_WINDOW), "short"),
        ],
        ["attribute", "group"],
    ),
    grid(
        About("Reference groups", "The group with which the other groups of an attribute are compared."),
        [Column("Declared", owned("reference_info", "attribute, reference", *OF_ATTRIBUTE))],
        ["attribute", "reference"],
        width=HALF,
    ),
    bars(
        About(
            "State transitions",
            "How often a state was entered in the selected time range. Many transitions: a value close to its limit.",
            "short",
        ),
        [
            Query(
                f"sum by (attribute, kind, to) (increase({series('alert_transitions_total', *OF_ATTRIBUTE)}"
                "[$__range])) > 0",
                "{{attribute}} {{kind}}: {{to}}",
            )
        ],
        height=9,
    ),
)

BOARD = Board(
    uid=links.OVERVIEW,
    folder="fairness",
    title="Fairness: overview",
    description="Is the model fair now, with what evidence, from which onset?",
    variables=(MODEL, ATTRIBUTE, WINDOW, GROUP),
    rows=(
        ("Now", NOW),
        ("Open breaches", FACTS),
        ("States", STATES),
        ("Disparate impact by group", RATIOS),
        ("Rates, gaps, evidence, counts", RATES),
        ("Unknown groups", UNKNOWN),
        ("Values", TABLE),
        ("Investigate", (note("Replay commands", "For the selected model and time range.", links.REPLAY_COMMANDS),)),
    ),
    annotations=(ALERTS, RECOVERIES, POLICY_CHANGES, VERSIONS),
)

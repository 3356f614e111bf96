"""Is a model fair now, how sure is that, and since when."""

from __future__ import annotations

from dashboards import links
from dashboards.board import Board
from dashboards.evidence import evidence
from dashboards.links import ASK_THE_LOG, EXPLAIN
from dashboards.palette import state_mapping
from dashboards.panels import HALF, About, Column, Query, band, bars, dashed, grid, lines, note, number, states
from dashboards.promql import JOB_LIVE, OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, OF_MODEL, OF_WINDOW, PLAIN, owned, series
from dashboards.selections import ALERTS, ATTRIBUTE, GROUP, MODEL, POLICY_CHANGES, VERSIONS, WINDOW

_LEADS_TO = (EXPLAIN, ASK_THE_LOG)
_PAIR = "attribute, group"
_NOT_HIDDEN = (*OF_MODEL, 'attribute!="cell"')


def _rule(kind: str) -> str:
    of_kind = f'kind="{kind}"'
    return f"max({series('threshold_ratio', *OF_ATTRIBUTE, of_kind)})"


NOW = (
    number(
        About(
            "State",
            "Worst state of any attribute under any rule. A state is decided from counts by the judge, with bounded "
            "false alarms; it does not depend on this page.",
            alert="FairnessBreach",
        ),
        f"max({series('alert_level', *OF_MODEL, PLAIN)})",
        mapping=state_mapping(),
    ),
    number(
        About(
            "Pairs in breach",
            "How many pairs of attribute and rule are in breach now, intersections among them.",
            alert="FairnessBreach",
        ),
        f"count({owned('alert_level', 'attribute, kind', *OF_MODEL)} == 3) or vector(0)",
    ),
    number(
        About("In alert since", "Event time since when the oldest alert that still holds has held.", "dateTimeFromNow"),
        f"1000 * min({series('alert_onset_timestamp_seconds', *OF_MODEL)})",
        missing="no alert",
    ),
    number(
        About(
            "Worst ratio now",
            "Lowest disparate impact ratio of any group in the chosen window: approval rate of the group / approval "
            "rate of the reference group. The dashed line below is its rule.",
        ),
        f"min({owned('disparate_impact_ratio', _PAIR, *OF_WINDOW, PLAIN)})",
        decimals=3,
    ),
    number(
        About(
            "Data as of",
            "End of the last closed window, in event time. Old: nothing arrives, or a partition is held up.",
            "dateTimeFromNow",
            alert="FairnessDataStale",
        ),
        f"1000 * max({series('window_end_timestamp_seconds', *OF_WINDOW)})",
    ),
    number(
        About(
            "Groups hidden",
            "Groups of closed windows that were too small to be shown, in the time above. A hidden group makes a gap.",
            alert="GroupSuppressed",
        ),
        f"sum(increase({series('cells_suppressed_total', *_NOT_HIDDEN)}[$__range]))",
        decimals=0,
    ),
)

STATES = (
    states(
        About(
            "All models",
            "Worst state of each model, whichever is chosen above.",
            alert="FairnessBreach",
            leads_to=(ASK_THE_LOG,),
        ),
        [Query(owned("alert_level", "model", *JOB_LIVE), "{{model}}")],
        height=5,
    ),
    states(
        About(
            "State of each attribute under each rule",
            "ok, insufficient data, watch (leaning to a breach), breach. Each state has its word in the bar.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("alert_level", "attribute, kind", *OF_ATTRIBUTE), "{{attribute}} {{kind}}")],
    ),
)

RATIOS = (
    band(
        About(
            "Disparate impact ratio: $group",
            "Approval rate of the group / that of the reference group, with its interval. Below the dashed rule the "
            "group is worse off, above the upper one the reference is. Upper bound below the rule: a sure violation. "
            "Only the lower bound below it: cannot be excluded.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
        ),
        owned("disparate_impact_ratio", _PAIR, *OF_GROUP),
        owned("disparate_impact_ratio_lower", _PAIR, *OF_GROUP),
        owned("disparate_impact_ratio_upper", _PAIR, *OF_GROUP),
        [
            Query(_rule("disparate_impact_ratio"), "rule"),
            Query(f"1 / {_rule('disparate_impact_ratio')}", "rule, other way"),
        ],
        repeat="group",
    ),
)

RATES = (
    lines(
        About(
            "Approval rate",
            "Share of favorable decisions in the last closed window.",
            "percentunit",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("approval_ratio", _PAIR, *OF_WINDOW), "{{attribute}} {{group}}")],
    ),
    dashed(
        lines(
            About(
                "Gap to the reference group",
                "Approval rate of the group − that of the reference group; negative is harm.",
                "percentunit",
                alert="FairnessBreach",
                leads_to=_LEADS_TO,
            ),
            [
                Query(owned("approval_gap_ratio", _PAIR, *OF_GROUP), "{{attribute}} {{group}}"),
                Query(_rule("gap"), "rule"),
                Query(f"-{_rule('gap')}", "rule, other way"),
            ],
            soft_min=None,
        ),
        "rule.*",
    ),
    evidence("Evidence that the group is worse off", "ratio|gap", OF_ANY_WINDOW, OF_ATTRIBUTE, _LEADS_TO),
    lines(
        About(
            "Decisions in the window",
            "How many decisions about a group the values stand on. A gap: too few to be shown.",
            "short",
            alert="FairnessInsufficientData",
            leads_to=_LEADS_TO,
        ),
        [Query(owned("window_decisions", _PAIR, *OF_WINDOW), "{{attribute}} {{group}}")],
        bars=True,
    ),
)

TABLE = (
    grid(
        About(
            "Every group, now",
            "The values of the last closed window. An empty cell: suppressed, or not to be formed. The reference group "
            "has a rate and no ratio.",
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
        About("Reference groups", "The group that every other group of an attribute is compared with."),
        [Column("Declared", owned("reference_info", "attribute, reference", *OF_ATTRIBUTE))],
        ["attribute", "reference"],
        width=HALF,
    ),
    bars(
        About(
            "Changes of state",
            "How often a state was entered in the time above. Many changes: a value close to its rule.",
            "short",
        ),
        [
            Query(
                f"sum by (attribute, kind, to) (increase({series('alert_transitions_total', *OF_WINDOW)}"
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
    description="Is the model fair now, how sure is that, and since when?",
    variables=(MODEL, ATTRIBUTE, WINDOW, GROUP),
    rows=(
        ("Now", NOW),
        ("States", STATES),
        ("Each group beside the reference group", RATIOS),
        ("Rates, gaps, evidence, numbers", RATES),
        ("Values", TABLE),
        ("Look closer", (note("Replay", "Commands for the model and time above.", links.REPLAY_COMMANDS),)),
    ),
    marks=(ALERTS, POLICY_CHANGES, VERSIONS),
)

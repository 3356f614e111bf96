"""Decisions that are amounts: who is worse off, by how much, with what evidence, from which onset."""

from __future__ import annotations

from dashboards import links, palette
from dashboards.amount_values import IN_UNIT, UNIT, VALUES, interval_columns
from dashboards.board import Board, Variable
from dashboards.evidence import AMOUNTS, evidence, recovery
from dashboards.links import REPLAY_LINK
from dashboards.open_breaches import verdict
from dashboards.panels import (
    SUPPRESSED,
    About,
    Column,
    Label,
    Query,
    band,
    dashed,
    grid,
    lines_by_group,
    note,
    number,
    sentence,
    time_column,
)
from dashboards.promql import (
    CROSSED,
    JOB_LIVE,
    OF_ANY_WINDOW,
    OF_ATTRIBUTE,
    OF_GROUP,
    OF_MODEL,
    OF_WINDOW,
    PLAIN,
    WINDOW,
    level,
    owned,
    series,
    smallest_window,
)
from dashboards.selections import ALERTS, ATTRIBUTE, BREACHES, GROUP, POLICY_CHANGES, RECOVERIES
from dashboards.selections import WINDOW as WINDOWS

_PAIR = "attribute, group"
_LEADS_TO = (REPLAY_LINK,)
_CROSSED = (*OF_MODEL, WINDOW, CROSSED)
_MODEL = Variable("model", f"label_values({series('amount_info', *JOB_LIVE)}, model)", "model", is_multi=False)
_GROUP = Variable(
    "group", f"label_values({series('mean_difference_amount', *OF_WINDOW)}, group)", "group", regex=GROUP.regex
)
_OF_DIFFERENCE, _OF_RATIO = 'kind="mean_difference"', 'kind="mean_ratio"'
_LIMIT = f"max({series('threshold_ratio', *OF_MODEL, _OF_DIFFERENCE)})"
_RATIO_LIMIT = f"max({series('threshold_ratio', *OF_MODEL, _OF_RATIO)})"  # of models that limit the ratio, too
_LIMITS = [Query(_LIMIT, "upper limit"), Query(f"-{_LIMIT}", "lower limit")]
_REFERENCE = owned("reference_info", "attribute, reference", *OF_MODEL)
_BESIDE = f"on (attribute) group_left (reference) {_REFERENCE}"
_ABOVE_0 = "Mean of the group − that of its reference group; above 0: amounts of the group are higher."


def _state(difference: str, ratio: str, *of: str) -> str:
    """Return the state of each group: in breach, beyond a limit in the latest window, or within all."""
    beyond_ratio = f"{ratio} < scalar({_RATIO_LIMIT}) or {ratio} > 1 / scalar({_RATIO_LIMIT})"
    beyond = f"(abs({difference}) > scalar({_LIMIT}) or {beyond_ratio}) * 0 + 2"
    return f"{owned('breach_rank', _PAIR, *of)} * 0 + 3 or {beyond} or abs({difference}) * 0"


def _worst_first(state: str, difference: str) -> str:
    """Return the order of a table: by state, then by the difference relative to the limit."""
    return f"({state}) * 1000 + clamp_max(abs({difference}) / scalar({_LIMIT}), 900) or ({state}) * 1000"


def _says(favorable: str, way: str) -> str:
    """Return a series whose label says which amounts are bad, for models where the others are good."""
    of_side = f'favorable="{favorable}"'
    info = series("amount_info", *OF_MODEL, of_side)
    return f'max by (says) (label_replace({info}, "says", "A {way} $1 is worse for people", "amount", "(.*)") * 0 - 1)'


_DIFFERENCE = owned("mean_difference_amount", _PAIR, *OF_WINDOW)
_OF_CROSSED = owned("mean_difference_amount", _PAIR, *_CROSSED)
_RATIO, _RATIO_OF_CROSSED = (owned("mean_ratio", _PAIR, *of) for of in (OF_WINDOW, _CROSSED))
_PLAIN_REFERENCE = owned("reference_info", "attribute, reference", *OF_ATTRIBUTE)
_UNKNOWN = owned("undeclared_ratio", _PAIR, *OF_WINDOW)
_GROUP_STATE = (
    f"{_state(_DIFFERENCE, _RATIO, *OF_ATTRIBUTE)} or {_UNKNOWN} * 0 - 3 or max by ({_PAIR}) "
    f'(label_replace({_PLAIN_REFERENCE}, "group", "$1", "reference", "(.*)")) * 0 - 2'
)
_CROSSED_STATE = _state(_OF_CROSSED, _RATIO_OF_CROSSED, *OF_MODEL, CROSSED)
_NEWEST = owned("mean_difference_amount", "attribute, group, window", *OF_MODEL, PLAIN)

NOW = (
    sentence(
        About("Which amounts are worse", "Of the selected model, as its policy says.", missing="No model of amounts"),
        Query(f"{_says('low', 'higher')} or {_says('high', 'lower')}", "{{says}}"),
        height=3,
    ),
    number(
        About(
            "State",
            "Worst state of any attribute. The judge decides it from counts, with a bounded false-alarm rate.",
            missing="no model reports",
        ),
        f"max({level('model', *OF_MODEL)})",
        mapping=palette.state_mapping(),
    ),
    number(
        About(
            "Widest difference",
            f"Widest difference of means of any group in the latest of the smallest windows. {IN_UNIT}",
            UNIT,
            missing=SUPPRESSED,
            decimals=3,
        ),
        f"max(abs({smallest_window(_NEWEST)}))",
    ),
    number(
        About(
            "Limit",
            f"The widest difference of means that the policy permits. {IN_UNIT}",
            UNIT,
            missing="no model reports",
            decimals=3,
        ),
        _LIMIT,
    ),
)

GROUPS = (
    grid(
        About(
            "Groups, worst first",
            "Means in the latest window, in the unit of the amount. Diff.: mean of the group − that of its "
            "reference group, ≥ and ≤: its 95% interval. Ratio: mean of the group / that of its reference group, where "
            "it is limited. Not proven: the window is beyond a limit, the sequential "
            "test has not confirmed it, so chance is not excluded.",
            alert="FairnessBreach",
            missing="no window has closed yet",
        ),
        [
            Column(
                "State",
                f"({_GROUP_STATE}) * on (attribute) group_left (reference) {_PLAIN_REFERENCE}",
                mapping=palette.group_state_mapping(),
                width=145,
            ),
            Column("Mean", owned("mean_amount", _PAIR, *OF_WINDOW), UNIT, 3),
            *interval_columns("Diff.", "mean_difference_amount", *OF_WINDOW),
            Column("Ratio", _RATIO, decimals=3),
            Column("n", owned("window_decisions", _PAIR, *OF_WINDOW), "locale", 0),
        ],
        [
            Label("attribute", width=85),
            Label("group", palette.group_mapping(), width=85),
            Label("reference", width=85),
        ],
        height=12,
        order=_worst_first(_GROUP_STATE, _DIFFERENCE),
    ),
)

OPEN = (
    grid(
        About(
            "Open breaches of means",
            "Means from the onset to the alarm, as the alert says them; they stay the same until the recovery. Ref.: "
            "mean of the reference group. Of intersections the means are not shown.",
            alert="FairnessBreach",
            missing="no open breach",
        ),
        [
            Column("Mean", owned("breach_mean_amount", _PAIR, *OF_MODEL), UNIT, 3),
            Column("Ref.", owned("breach_reference_mean_amount", _PAIR, *OF_MODEL), UNIT, 3),
            *interval_columns("Diff.", "breach_mean_difference_amount", *OF_MODEL),
            Column("Ratio", owned("breach_mean_ratio", _PAIR, *OF_MODEL), decimals=3),
            Column("n", owned("breach_decisions", _PAIR, *OF_MODEL), "locale", 0),
            time_column("Since", owned("breach_onset_timestamp_seconds", _PAIR, *OF_MODEL), "no onset estimated"),
        ],
        [Label("attribute", width=135, is_sentence=True), Label("group", width=105, is_sentence=True)],
        height=8,
        order=f"0 - {owned('breach_rank', _PAIR, *OF_MODEL)}",
    ),
)

OVER_TIME = (
    dashed(
        lines_by_group(
            About(
                "Difference of means by group",
                f"{_ABOVE_0} Dashed: the limits. {IN_UNIT}",
                UNIT,
                alert="FairnessBreach",
                leads_to=_LEADS_TO,
                missing=SUPPRESSED,
                decimals=3,
            ),
            owned("mean_difference_amount", _PAIR, *OF_GROUP),
            _LIMITS,
            soft_min=None,
        ),
        ".*limit",
    ),
    lines_by_group(
        About(
            "Mean amount by group",
            f"Mean of the decisions in the latest closed window. Gray: reference groups. {IN_UNIT}",
            UNIT,
            leads_to=_LEADS_TO,
            missing=SUPPRESSED,
            decimals=3,
        ),
        owned("mean_amount", _PAIR, *OF_WINDOW),
        soft_min=None,
    ),
    evidence("Evidence of worse means", AMOUNTS, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
    recovery("Recovery of means", AMOUNTS, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
)

INTERVALS = (
    band(
        About(
            "$group: difference of means",
            f"With 95% interval. {_ABOVE_0} All of the band beyond a limit: a violation at 95% confidence. Only an end "
            "of it beyond: a violation cannot be excluded.",
            UNIT,
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
            missing=SUPPRESSED,
            decimals=3,
        ),
        owned("mean_difference_amount", _PAIR, *OF_GROUP),
        owned("mean_difference_amount_lower", _PAIR, *OF_GROUP),
        owned("mean_difference_amount_upper", _PAIR, *OF_GROUP),
        _LIMITS,
        repeat="group",
    ),
)

SUBGROUPS = (
    grid(
        About(
            "Subgroups, worst first",
            f"Intersections of several attributes in the latest window: the worst three of each, and those in breach. "
            f"{IN_UNIT}",
            alert="FairnessBreach",
            missing=SUPPRESSED,
        ),
        [
            Column("State", f"({_CROSSED_STATE}) * {_BESIDE}", mapping=palette.group_state_mapping(), width=145),
            *interval_columns("Diff.", "mean_difference_amount", *_CROSSED),
            Column("Ratio", _RATIO_OF_CROSSED, decimals=3),
        ],
        [Label("group", is_sentence=True), Label("reference", is_sentence=True)],
        height=10,
        order=_worst_first(_CROSSED_STATE, _OF_CROSSED),
    ),
)

BOARD = Board(
    uid=links.AMOUNTS,
    folder="fairness",
    title="Fairness: amounts",
    description="Are prices, rates and limits fair? For models whose decision is an amount; others are not offered.",
    variables=(_MODEL, ATTRIBUTE, WINDOWS, _GROUP),
    rows=(
        ("Verdict", (*verdict(), *NOW)),
        ("Groups", GROUPS),
        ("Open breaches", OPEN),
        ("Over time", OVER_TIME),
        ("Intervals", INTERVALS),
        ("Values", VALUES),
        ("Intersections", SUBGROUPS),
        ("Investigate", (note("Replay commands", "For the selected model and time range.", links.AMOUNT_COMMANDS),)),
    ),
    annotations=(BREACHES, RECOVERIES, ALERTS, POLICY_CHANGES),
)

"""Each group of a model: a table with the worst first, and values over time."""

from __future__ import annotations

from dashboards import palette
from dashboards.evidence import ANY_DECISIONS, evidence, recovery
from dashboards.links import EXPLAIN, EXPLAIN_ROW, REPLAY_LINK
from dashboards.panels import NO_RATES, SUPPRESSED, About, Column, Label, Query, band, dashed, grid, lines_by_group
from dashboards.promql import OF_ANY_WINDOW, OF_ATTRIBUTE, OF_GROUP, OF_WINDOW, owned, series, worse_side

_LEADS_TO = (EXPLAIN, REPLAY_LINK)
_PAIR = "attribute, group"
_COMPARED = ("disparate_impact_ratio", "mean_difference_amount")
_RATIO = owned("disparate_impact_ratio", _PAIR, *OF_WINDOW)
_GAP = owned("approval_gap_ratio", _PAIR, *OF_WINDOW)
_OF_MEANS = owned("mean_difference_amount", _PAIR, *OF_WINDOW)  # of a model that decides amounts, which has no rates
_MEAN_RATIO = owned("mean_ratio", _PAIR, *OF_WINDOW)  # of its means, where it is limited


def _limit(kind: str) -> str:
    of_kind = f'kind="{kind}"'
    return f"max({series('threshold_ratio', *OF_ATTRIBUTE, of_kind)})"


def _end(end: str) -> str:
    """Return an end of the interval of the ratio, or of the difference of means."""
    ratio, difference = (owned(f"{name}_{end}", _PAIR, *OF_WINDOW) for name in _COMPARED)
    return f"{ratio} or {difference}"


_RATIO_LIMIT, _GAP_LIMIT, _MEAN_LIMIT = _limit("disparate_impact_ratio"), _limit("gap"), _limit("mean_difference")
_MEAN_RATIO_LIMIT = _limit("mean_ratio")
_RATIO_LIMITS = [Query(_RATIO_LIMIT, "lower limit"), Query(f"1 / {_RATIO_LIMIT}", "upper limit")]

_UNKNOWN = owned("undeclared_ratio", _PAIR, *OF_WINDOW)
_BEYOND = (
    f"{_RATIO} < scalar({_RATIO_LIMIT}) or {_RATIO} > 1 / scalar({_RATIO_LIMIT}) or abs({_GAP}) > scalar({_GAP_LIMIT}) "
    f"or abs({_OF_MEANS}) > scalar({_MEAN_LIMIT}) "
    f"or {_MEAN_RATIO} < scalar({_MEAN_RATIO_LIMIT}) or {_MEAN_RATIO} > 1 / scalar({_MEAN_RATIO_LIMIT})"
)
_REFERENCE = owned("reference_info", "attribute, reference", *OF_ATTRIBUTE)
_GROUP_STATE = (
    f"{owned('breach_rank', _PAIR, *OF_ATTRIBUTE)} * 0 + 3 or {_UNKNOWN} * 0 - 3 or ({_BEYOND}) * 0 + 2 "
    f"or {_RATIO} * 0 or abs({_OF_MEANS}) * 0 or max by ({_PAIR}) "
    f'(label_replace({_REFERENCE}, "group", "$1", "reference", "(.*)")) * 0 - 2'
)

WORST_FIRST = (
    grid(
        About(
            "Groups, worst first",
            "Groups in breach first, then by the ratio in the latest window, with its 95% interval; of amounts by the "
            "difference of means, in the unit of the amount. Not proven: the window is beyond a limit, the sequential "
            "test has not confirmed it, so chance is not excluded.",
            alert="FairnessBreach",
            missing="no window has closed yet",
        ),
        [
            Column(
                "State",
                f"({_GROUP_STATE}) * on (attribute) group_left (reference) {_REFERENCE}",
                mapping=palette.group_state_mapping(),
                width=145,
            ),
            Column("Ratio", _RATIO, decimals=3),
            Column("Mean", owned("mean_amount", _PAIR, *OF_WINDOW), "locale", 3),
            Column("Diff.", _OF_MEANS, "locale", 3),
            Column("Lower", _end("lower"), "locale", 3),
            Column("Upper", _end("upper"), "locale", 3),
            Column(
                "Limit",
                f"{_RATIO} * 0 + scalar({_RATIO_LIMIT}) or {_OF_MEANS} * 0 + scalar({_MEAN_LIMIT})",
                "locale",
                2,
            ),
            Column("Rate", owned("approval_ratio", _PAIR, *OF_WINDOW), "percentunit", 1),
            Column("Gap", _GAP, "percentunit", 1),
            Column("n", owned("window_decisions", _PAIR, *OF_WINDOW), "locale", 0),
        ],
        [
            Label("attribute", width=85),
            Label("group", palette.group_mapping(), EXPLAIN_ROW, width=85),
            Label("reference", width=85),
        ],
        height=12,
        order=f"({_GROUP_STATE}) * 10 - {worse_side(_RATIO)} "
        f"or ({_GROUP_STATE}) * 10 + clamp_max(abs({_OF_MEANS}) / scalar({_MEAN_LIMIT}), 9) or ({_GROUP_STATE}) * 10",
    ),
)

OVER_TIME = (
    dashed(
        lines_by_group(
            About(
                "Impact ratio by group",
                "Approval rate of the group / that of the reference group. Dashed: the limits.",
                alert="FairnessBreach",
                leads_to=_LEADS_TO,
                missing=NO_RATES,
                decimals=3,
            ),
            owned("disparate_impact_ratio", _PAIR, *OF_GROUP),
            _RATIO_LIMITS,
            soft_min=None,
        ),
        ".*limit",
    ),
    evidence("Evidence of adverse impact", ANY_DECISIONS, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
    lines_by_group(
        About(
            "Approval rate by group",
            "Share of favorable decisions in the latest closed window. Gray: reference groups.",
            "percentunit",
            leads_to=_LEADS_TO,
            missing=NO_RATES,
            decimals=1,
        ),
        owned("approval_ratio", _PAIR, *OF_WINDOW),
        soft_min=None,
    ),
    recovery("Evidence of recovery", ANY_DECISIONS, OF_ANY_WINDOW, _LEADS_TO, of_limits=OF_ATTRIBUTE),
    dashed(
        lines_by_group(
            About(
                "Approval gap by group",
                "Approval rate of the group − that of the reference group; negative: the group is worse off.",
                "percentunit",
                alert="FairnessBreach",
                leads_to=_LEADS_TO,
                missing=NO_RATES,
                decimals=1,
            ),
            owned("approval_gap_ratio", _PAIR, *OF_GROUP),
            [Query(_GAP_LIMIT, "upper limit"), Query(f"-{_GAP_LIMIT}", "lower limit")],
            soft_min=None,
        ),
        ".*limit",
    ),
    lines_by_group(
        About(
            "Decisions per window",
            "Number of decisions about a group in the latest window. A gap: too few to be shown.",
            "locale",
            alert="FairnessInsufficientData",
            leads_to=_LEADS_TO,
            missing=SUPPRESSED,
            decimals=0,
        ),
        owned("window_decisions", _PAIR, *OF_WINDOW),
    ),
)

INTERVALS = (
    band(
        About(
            "$group: impact ratio",
            "With 95% interval. Below the lower limit the group is worse off, above the upper limit the reference "
            "group is. Upper bound below the limit: a violation at 95% confidence. Only the lower bound below it: a "
            "violation cannot be excluded.",
            alert="FairnessBreach",
            leads_to=_LEADS_TO,
            missing=NO_RATES,
            decimals=3,
        ),
        owned("disparate_impact_ratio", _PAIR, *OF_GROUP),
        owned("disparate_impact_ratio_lower", _PAIR, *OF_GROUP),
        owned("disparate_impact_ratio_upper", _PAIR, *OF_GROUP),
        _RATIO_LIMITS,
        repeat="group",
    ),
)

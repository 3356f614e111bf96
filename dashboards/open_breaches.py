"""Panels about what is in breach now, made from the facts of the alarms: they stay the same until the recovery."""

from __future__ import annotations

from grafana_foundation_sdk.builders.stat import Panel

from dashboards import palette
from dashboards.links import EXPLAIN_ROW
from dashboards.panels import About, Column, Label, Query, grid, sentence, split_bars, states, time_column
from dashboards.promql import OF_ANY_WINDOW, OF_MODEL, PLAIN, in_words, level, owned, series

_BREACH = "attribute, kind, group"
_ATTRIBUTE = Label("attribute", width=135, is_sentence=True)
_NARROW_ATTRIBUTE = Label("attribute", width=110, is_sentence=True)  # beside many numbers
_GROUP = Label("group", link=EXPLAIN_ROW, width=105, is_sentence=True)
_KIND = Label("kind", palette.kind_mapping(), width=105)
_NONE = "no open breach"


def _fact(name: str) -> str:
    return owned(f"breach_{name}", _BREACH, *OF_MODEL)


def _first(labels: str) -> str:
    """Return the first breach of each incident, as a state."""
    return f"max by (attribute, about, {labels}) ({series('breach_rank', *OF_MODEL)} == 1) + 2"


_STATE = f"max({level('model', *OF_MODEL)})"
_SENTENCES = {
    3: "A limit is violated; too few cases to show numbers",
    2: "Close to a limit: evidence of a violation is growing",
    1: "No limit is violated as far as is known; some groups have too few decisions",
    0: "No limit is violated",
    -1: "No verdict yet: no window has closed",
}
_OTHERWISE = " or on () ".join(
    f'label_replace({_STATE} == {state}, "verdict", "{text}", "", "")' for state, text in _SENTENCES.items()
)

_CAUSES = _first("cause").replace("{", '{cause!="", ', 1)
_NO_CAUSE = (
    f'label_replace({_STATE} == 3, "cause", "The gap was not split by segments", "", "") '
    f'or on () label_replace(({_STATE} >= 0) * 0 - 1, "cause", "No gap to explain", "", "") '
    f'or on () label_replace({_STATE} == -1, "cause", "Not known yet", "", "")'
)


def verdict() -> tuple[Panel, ...]:
    """Return what is known in words: panels of their own for each dashboard, which places them."""
    return (
        sentence(
            About(
                "Verdict",
                "Of the selected model: the worst of each open breach in words, or that there is none. The judge "
                "decides by a sequential test with a bounded false-alarm rate. Independent of attribute, window and "
                "time range.",
                alert="FairnessBreach",
                missing="No model reports",
            ),
            Query(f"{_first('verdict')} or on () {_OTHERWISE}", "{{verdict}}"),
        ),
        sentence(
            About("Cause", "What the gap of each open breach consists of.", missing="No model reports"),
            Query(f"{_CAUSES} or on () {_NO_CAUSE}", "{{cause}}"),
            height=3,
        ),
    )


FACTS = (
    grid(
        About(
            "Open breaches",
            "What is in breach now, of all attributes, in the order in which to read it. The limit is part of the "
            "verdict. Evidence and what was needed: log10 e-values; 6 is a million to one.",
            alert="FairnessBreach",
            missing=_NONE,
        ),
        [
            Column("Rank", owned("breach_rank", "attribute, kind, group, verdict", *OF_MODEL), decimals=0, width=50),
            Column("Evidence", _fact("evidence_log10"), decimals=1, width=80),
            Column("Needed", _fact("evidence_threshold_log10"), decimals=1, width=70),
            time_column("Since", _fact("onset_timestamp_seconds"), "no onset estimated"),
        ],
        [_ATTRIBUTE, _KIND, _GROUP, Label("verdict", is_sentence=True)],
        height=8,
        sort=[("Rank", False)],
    ),
    grid(
        About(
            "Facts of open breaches",
            "From the onset to the alarm, as the alert says them, with the ends of their 95% intervals. They stay the "
            "same until the recovery. Ratio and Diff. of amounts: of the means. Beyond: distance from the limit, in "
            "its unit.",
            alert="FairnessBreach",
            missing=_NONE,
        ),
        [
            Column("Ratio", f"{_fact('disparate_impact_ratio')} or {_fact('mean_ratio')}", decimals=3),
            Column("Ratio ≥", _fact("disparate_impact_ratio_lower"), decimals=3),
            Column("Ratio ≤", _fact("disparate_impact_ratio_upper"), decimals=3),
            Column("Gap", _fact("gap_ratio"), "percentunit", 1),
            Column("Gap ≥", _fact("gap_ratio_lower"), "percentunit", 1),
            Column("Gap ≤", _fact("gap_ratio_upper"), "percentunit", 1),
            Column("Diff.", _fact("mean_difference_amount"), "locale", 3),
            Column("Diff. ≥", _fact("mean_difference_amount_lower"), "locale", 3),
            Column("Diff. ≤", _fact("mean_difference_amount_upper"), "locale", 3),
            Column("Beyond", _fact("distance_ratio"), "locale", 3),
            Column("n", _fact("decisions"), "locale", 0),
        ],
        [_NARROW_ATTRIBUTE, _KIND, _GROUP],
        height=8,
        sort=[("Beyond", True)],
    ),
    grid(
        About(
            "Onsets of open breaches",
            "When each open breach was detected, and earliest and latest estimated onset (99% interval), event time.",
            missing=_NONE,
        ),
        [
            time_column("Detected", _fact("detected_timestamp_seconds")),
            time_column("Earliest", _fact("onset_earliest_timestamp_seconds")),
            time_column("Latest", _fact("onset_latest_timestamp_seconds")),
        ],
        [_ATTRIBUTE, _KIND, _GROUP],
        height=6,
    ),
    states(
        About(
            "Incidents",
            "State of each attribute with its intersections. A breach of an attribute and of its intersections is one "
            "incident; it ends when the attribute has recovered.",
            alert="FairnessBreach",
            missing="no verdict yet",
        ),
        [Query(owned("incident_level", "attribute, about", *OF_MODEL, PLAIN), "{{attribute}}, {{about}}")],
        height=6,
    ),
)


def _of_group(name: str) -> str:
    return owned(f"breach_{name}", _BREACH, *OF_ANY_WINDOW)


def _bars_of(metric: str, name: str, *matchers: str) -> str:
    """Return the values of the decomposition by the group and what it is about, in one label."""
    values = owned(metric, f"group, {name}", *OF_ANY_WINDOW, *matchers)
    return f'max by (part) (label_join({values}, "part", ": ", "group", "{name}"))'


SINCE_ONSET = (
    split_bars(
        About(
            "Segments since the onset",
            "Contribution of each segment to the gap of an open breach, from the onset to the alarm. Mix: a different "
            "mix of segments. Rate: different decisions within the same segment. To the left of 0: the group is worse "
            "off.",
            "percentunit",
            missing="no gap to explain, or amounts are decided",
            decimals=1,
        ),
        "part",
        [
            (Query(_bars_of("breach_cause_segment_ratio", "segment", 'part="mix"'), "Mix"), palette.MIX),
            (Query(_bars_of("breach_cause_segment_ratio", "segment", 'part="rate"'), "Rate"), palette.RATE),
        ],
    ),
    split_bars(
        About(
            "Features since the onset",
            "Difference of features of an open breach, from the onset to the alarm, in pooled standard deviations "
            "(SD).",
            "suffix: SD",
            missing="no gap to explain, or amounts are decided",
            decimals=2,
        ),
        "part",
        [(Query(_bars_of("breach_feature_difference_ratio", "feature"), "Difference"), palette.VALUE)],
        is_repeated=True,
    ),
    grid(
        About(
            "Breaches since their onset",
            "Rates and parts of the gap of each open breach, from the onset to the alarm. Ref.: the reference group.",
            alert="FairnessBreach",
            missing="no open breach, or amounts are decided",
        ),
        [
            Column("Rate", _of_group("favorable_ratio"), "percentunit", 1),
            Column("Ref. rate", _of_group("reference_favorable_ratio"), "percentunit", 1),
            Column("Gap", _of_group("gap_ratio"), "percentunit", 1),
            Column("By mix", _of_group("cause_mix_ratio"), "percentunit", 1),
            Column("By rate", _of_group("cause_rate_ratio"), "percentunit", 1),
            Column("n", _of_group("decisions"), "locale", 0),
            Column("Ref. n", _of_group("reference_decisions"), "locale", 0),
        ],
        [_ATTRIBUTE, _KIND, Label("group", width=105)],
        height=6,
        sort=[("Gap", False)],
    ),
)

STATES = (
    states(
        About(
            "States by attribute and rule",
            "ok, insufficient data, warning (close to a breach) or breach. Each bar is labeled with its state.",
            alert="FairnessBreach",
            missing="no verdict yet",
        ),
        [Query(in_words(level("attribute, kind", *OF_ANY_WINDOW[:-1])), "{{attribute}}, {{kind}}")],
    ),
)

"""Panels about what is in breach now, made from the facts of the alarms: they stay the same until the recovery."""

from __future__ import annotations

from dashboards.panels import About, Column, Query, bars, grid, states
from dashboards.promql import OF_ANY_WINDOW, OF_MODEL, PLAIN, owned

_BREACH = "attribute, kind, group"


def _fact(name: str) -> str:
    return owned(f"breach_{name}", _BREACH, *OF_MODEL)


FACTS = (
    grid(
        About(
            "Open breaches",
            "What is in breach now, of all attributes. Rank: the order in which to read them, 1 first. The limit is "
            "part of the verdict.",
            alert="FairnessBreach",
        ),
        [Column("Rank", owned("breach_rank", "attribute, reference, verdict, cause", *OF_MODEL))],
        ["attribute", "reference", "verdict", "cause"],
    ),
    grid(
        About(
            "Facts of open breaches",
            "From the onset to the alarm, as the alert says them. They stay the same until the recovery.",
            alert="FairnessBreach",
        ),
        [
            Column("Ratio", _fact("disparate_impact_ratio")),
            Column("Ratio, lower", _fact("disparate_impact_ratio_lower")),
            Column("Ratio, upper", _fact("disparate_impact_ratio_upper")),
            Column("Gap", _fact("gap_ratio"), "percentunit"),
            Column("Gap, lower", _fact("gap_ratio_lower"), "percentunit"),
            Column("Gap, upper", _fact("gap_ratio_upper"), "percentunit"),
            Column("Beyond the limit by", _fact("distance_ratio")),
            Column("Cases", _fact("decisions"), "short"),
        ],
        ["attribute", "kind", "group"],
    ),
    grid(
        About(
            "Evidence and onsets",
            "Evidence with which each open breach was detected, and its estimated onset with the 99% interval.",
            alert="FairnessBreach",
        ),
        [
            Column("Evidence (log10)", _fact("evidence_log10")),
            Column("Needed (log10)", _fact("evidence_threshold_log10")),
            Column("Onset", _fact("onset_timestamp_seconds") + " * 1000", "dateTimeAsIso"),
            Column("Earliest (99%)", _fact("onset_earliest_timestamp_seconds") + " * 1000", "dateTimeAsIso"),
            Column("Latest (99%)", _fact("onset_latest_timestamp_seconds") + " * 1000", "dateTimeAsIso"),
            Column("Detected", _fact("detected_timestamp_seconds") + " * 1000", "dateTimeAsIso"),
        ],
        ["attribute", "kind", "group"],
    ),
    states(
        About(
            "Incidents",
            "State of each attribute with its intersections. A breach of an attribute and of its intersections is one "
            "incident; it ends when the attribute has recovered.",
            alert="FairnessBreach",
        ),
        [Query(owned("incident_level", "attribute, about", *OF_MODEL, PLAIN), "{{attribute}} {{about}}")],
        height=5,
    ),
)

_FOUND = owned("breach_cause_segment_ratio", "group, segment, part", *OF_ANY_WINDOW)


def _of_group(name: str) -> str:
    return owned(f"breach_{name}", _BREACH, *OF_ANY_WINDOW)


CAUSES = (
    grid(
        About(
            "Breaches since their onset",
            "Rates and parts of the gap of each open breach, from the onset to the alarm. Mix: a different mix of "
            "segments. Rate: different decisions within the same segment.",
            alert="FairnessBreach",
        ),
        [
            Column("Rate of the group", _of_group("favorable_ratio"), "percentunit"),
            Column("Rate of the reference", _of_group("reference_favorable_ratio"), "percentunit"),
            Column("Cases of the reference", _of_group("reference_decisions"), "short"),
            Column("Mix", _of_group("cause_mix_ratio"), "percentunit"),
            Column("Rate", _of_group("cause_rate_ratio"), "percentunit"),
        ],
        ["attribute", "kind", "group"],
    ),
    bars(
        About(
            "Segments since the onset",
            "Contribution of each segment to the gap of an open breach, from the onset to the alarm.",
            "percentunit",
        ),
        [Query(f"sort(bottomk(12, {_FOUND}) or topk(12, {_FOUND}))", "{{group}}: {{segment}}, {{part}}")],
    ),
    bars(
        About(
            "Features since the onset",
            "Difference of features of an open breach, from the onset to the alarm, in pooled standard deviations.",
        ),
        [
            Query(
                f"sort_desc({owned('breach_feature_difference_ratio', 'group, feature', *OF_ANY_WINDOW)})",
                "{{group}}: {{feature}}",
            )
        ],
    ),
)

"""The series of an open breach, from the moment of the breach in the scenario on."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.boards.series import BREACH_S, Labels, Series, from_breach_on

# Shares of the gap, by mix and by rate.
SEGMENTS = {"home": (0.05, 0.4), "personal": (0.05, 0.2), "auto": (0.2, 0.15), "card": (-0.05, 0.0)}
FEATURES = {"credit_score": -0.4, "income": -0.15, "debt_ratio": 0.2}


def open_breach(
    labels: Labels, start_s: int, rates: tuple[float, float], n: float, threshold: float
) -> Iterator[Series]:
    """Yield the facts of an open breach.

    Args:
        labels: Of the pair; of an intersection fewer facts are exported.
        start_s: Start of the scenario.
        rates: Of the group and of the reference.
        n: Cases of each.
        threshold: Evidence that was needed, log10.
    """
    rate, rate_reference = rates
    ratio, gap = rate / rate_reference, rate - rate_reference
    is_crossed, group = "+" in labels["attribute"], labels["group"]
    reference = "male & white" if is_crossed else "male"
    info = {"about": "decisions", "incident": "gender", "reference": reference, "test": "ratio_low", "policy_hash": "a"}
    verdict = f"{group} approved {100 * ratio:.0f}% as often as {reference}; limit 80%"
    cause = "" if is_crossed else "mainly different decisions within the same segment (-24.0 percentage points)"
    rank = 2.0 if is_crossed else 1.0
    yield Series("breach_rank", {**labels, **info, "verdict": verdict, "cause": cause}, from_breach_on(rank))
    facts = {
        "evidence_log10": 23.9,
        "evidence_threshold_log10": threshold,
        "distance_ratio": 0.8 - ratio,
        "decisions": n,
        "onset_timestamp_seconds": start_s + BREACH_S - 60.0,
        "detected_timestamp_seconds": float(start_s + BREACH_S),
    }
    for name, value in (("disparate_impact_ratio", ratio), ("gap_ratio", gap)):
        facts |= {name: value, f"{name}_lower": value - 0.05, f"{name}_upper": value + 0.05}
    if not is_crossed:
        facts |= {
            "favorable_ratio": rate,
            "reference_favorable_ratio": rate_reference,
            "reference_decisions": n,
            "onset_earliest_timestamp_seconds": start_s + BREACH_S - 120.0,
            "onset_latest_timestamp_seconds": start_s + BREACH_S - 60.0,
            "cause_mix_ratio": 0.25 * gap,
            "cause_rate_ratio": 0.75 * gap,
        }
        yield from _cause(labels, gap)
    for name, value in facts.items():
        yield Series(f"breach_{name}", labels, from_breach_on(value))


def _cause(labels: Labels, gap: float) -> Iterator[Series]:
    for segment, shares in SEGMENTS.items():
        for part, share in zip(("mix", "rate"), shares, strict=True):
            of_part = {**labels, "segment": segment, "part": part}
            yield Series("breach_cause_segment_ratio", of_part, from_breach_on(share * gap))
    for feature, difference in FEATURES.items():
        yield Series("breach_feature_difference_ratio", {**labels, "feature": feature}, from_breach_on(difference))
